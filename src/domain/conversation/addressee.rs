//! Whom a person's text goes to. The rules stand in their order: the first one that fits decides.
//! Each ends in exactly one of: sent, asked, executed, refused with words.

use jiff::{SignedDuration, Timestamp};

use super::addressed::{addressed, behind_and};
use super::question::{LATE_ANSWERS, Reply, Written};
use super::{
    CROSSING, Candidate, Choice, Conversation, OnReplyNumber, PersonState, Question, Stranger,
    What, Words, wording,
};
use crate::domain::automatic_text::{automatic_reply, reaction};
use crate::domain::command::near_miss::{forced, near_miss};
use crate::domain::command::pin_in_text;
use crate::domain::command::{COMMANDS, Command, Given, Unclear, says_back};
use crate::domain::delivery::{Delivery, OnPhone};
use crate::domain::inbound::InboundSms;
use crate::domain::language::Language;
use crate::domain::line::{Line, Person};
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Rule;
use crate::domain::sms::{self, MOST_CHARACTERS};

/// A person's text, and all that is known when it is decided.
pub struct PersonText<'a> {
    pub line: &'a Line,
    pub person: &'a Person,
    pub sms: &'a InboundSms,
    /// When it reached Twilio.
    pub written: Timestamp,
    pub now: Timestamp,
    /// The conversations of the person, those that wait first, the latest first.
    pub conversations: &'a [Candidate],
    /// Those whose customer's number ends in the digits that the text begins with.
    pub named: &'a [Conversation],
    /// The number that it names, if nobody of that number has written.
    pub stranger: Option<&'a Stranger>,
    /// Those that the open question offers, and those of the reply number that it came to.
    pub offered: &'a [Conversation],
    /// What it came to, if that is a reply number that stands for a conversation on this phone.
    pub on_number: Option<&'a OnReplyNumber>,
    pub state: &'a PersonState,
    /// Whether the person said that they are away.
    pub is_away: bool,
    /// The command that it is, if it is one.
    pub given: Option<Given<'a>>,
}

/// What a person's text is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// Words go to these customers.
    Send {
        to: Vec<PhoneNumber>,
        texts: Vec<Written>,
        rule: Rule,
        because: String,
        /// What the writer hears of it, if anything.
        receipt: Option<String>,
    },
    /// Something else is done to these conversations.
    Do {
        what: What,
        of: Vec<PhoneNumber>,
        because: String,
    },
    /// It has to be asked for which customer.
    Ask {
        what: What,
        among: Vec<Choice>,
        command: Option<Command>,
        because: String,
    },
    /// The open question is asked once more.
    AskAgain {
        because: String,
    },
    /// Whoever wrote it is asked for nothing any more, and nothing is sent.
    Drop {
        because: String,
    },
    Command(Result<Command, Unclear>),
    /// What was asked about was the command.
    Chosen(Command),
    /// A phone's automatic reply, of which its owner hears once.
    Automatic(Option<String>),
    /// A customer's text was seen by the person.
    Seen(PhoneNumber),
    /// It goes to nobody, and its writer hears why.
    Refuse {
        rule: Rule,
        because: String,
        answer: String,
    },
}

impl PersonText<'_> {
    /// What the text is for.
    pub fn intent(&self) -> Intent {
        self.holds_the_pin()
            .or_else(|| self.comes_to_a_reply_number())
            .or_else(|| self.names_whom_to_call())
            .or_else(|| self.names_a_customer())
            .or_else(|| self.answers_a_question())
            .or_else(|| self.is_a_reaction())
            .or_else(|| self.is_an_automatic_reply())
            .or_else(|| self.is_a_command())
            .or_else(|| self.says_back_while_away())
            .or_else(|| self.is_nearly_a_command())
            .or_else(|| self.cannot_be_sent())
            .or_else(|| self.comes_before_the_answer())
            .unwrap_or_else(|| self.by_what_was_read())
    }

    /// A PIN goes to nobody, whatever else the text says.
    fn holds_the_pin(&self) -> Option<Intent> {
        let pin = self.person.pin.as_ref()?;
        let is_in_front = self
            .given
            .as_ref()
            .is_some_and(|given| given.pin.is_some() && given.command.is_some());
        (!is_in_front && pin_in_text::contains_pin(&self.sms.body, pin.expose())).then(|| {
            Intent::Refuse {
                rule: Rule::WrongPin,
                because: "it holds the person's PIN and is no command".to_owned(),
                answer: wording::pin_and_no_command(self.line.language),
            }
        })
    }

    /// The person's PIN and a command, whoever else's number ends in the same digits.
    fn is_command_with_pin(&self) -> bool {
        let pin = self.person.pin.as_ref();
        self.given.as_ref().is_some_and(|given| {
            given.command.is_some()
                && given
                    .pin
                    .is_some_and(|said| pin.is_some_and(|p| p.is(said)))
        })
    }

    /// It begins with a tag or a number: there, whatever else it says, also when the conversation is
    /// long over. Bare digits are a tag only of a customer whom it may be for anyway: "1230 works for
    /// me" is an hour of the day.
    pub(super) fn names_a_customer(&self) -> Option<Intent> {
        let (digits, words) = addressed(&self.sms.body)?;
        let (is_marked, digits) = (digits.is_marked, digits.ascii());
        if !is_marked && self.is_command_with_pin() {
            return None;
        }
        let named = self.named.iter().filter(|c| c.is_named(&digits));
        let named: Vec<&Conversation> = named.collect();
        let [one] = named[..] else {
            return self.names_nobody_or_several(is_marked, &digits, words, &named);
        };
        if let Some(refused) = self.names_another_too(one, words) {
            return Some(refused);
        }
        let customer = one.customer.clone();
        if words.is_empty() && self.sms.media.is_empty() {
            let is_tag = is_marked || self.candidates().any(|c| c.customer == customer);
            let answers = self.open_question().is_some();
            return (is_tag && !answers).then(|| Intent::Refuse {
                rule: Rule::UnknownTag,
                because: "there are no words for the customer".to_owned(),
                answer: wording::no_words(self.line.language, &digits),
            });
        }
        if let Some(refused) = self.is_to_blocked(one) {
            return Some(refused);
        }
        if !is_marked && self.candidates().all(|c| c.customer != customer) {
            let because = "it begins with digits that may name an older customer".to_owned();
            return Some(self.ask(self.whole_text(), vec![choice(one)], because));
        }
        Some(Intent::Send {
            to: vec![customer],
            texts: vec![self.written_as(words)],
            rule: Rule::TaggedAnswer,
            because: "it names its customer".to_owned(),
            receipt: None,
        })
    }

    /// Another customer's tag follows, as in `0107 0108 yes` or on a line of its own: neither of them may read
    /// it.
    fn names_another_too(&self, first: &Conversation, words: &str) -> Option<Intent> {
        let further = words.lines().skip(1);
        let named = [behind_and(words)].into_iter().chain(further);
        let named: Vec<String> = named
            .filter_map(addressed)
            .map(|(digits, _)| digits.ascii())
            .collect();
        let theirs = self.conversations.iter().map(|c| &c.conversation);
        let mut others = theirs.filter(|c| c.customer != first.customer);
        let other = others.find(|c| named.iter().any(|digits| c.is_named(digits)))?;
        Some(Intent::Refuse {
            rule: Rule::UnknownTag,
            because: "it names two customers".to_owned(),
            answer: wording::names_two(self.line.language, &first.tag, &other.tag),
        })
    }

    fn names_nobody_or_several(
        &self,
        is_marked: bool,
        digits: &str,
        words: &str,
        named: &[&Conversation],
    ) -> Option<Intent> {
        if named.is_empty() {
            // A number alone may be what a customer asked for.
            let is_number = words.is_empty() && digits.len() > 6;
            let says = !words.is_empty() || !self.sms.media.is_empty();
            if let Some(stranger) = self.stranger.filter(|_| says) {
                return Some(self.writes_first(stranger, words));
            }
            // So many digits with words behind them are hardly anything but a number with a slip in it.
            let is_mistyped = !is_marked && says && digits.len() > 6 && self.given.is_none();
            let answer = if is_mistyped {
                wording::unknown_number(self.line.language, digits, &self.latest())
            } else {
                wording::unknown_tag(self.line.language, digits, &self.latest())
            };
            return (is_mistyped || is_marked && !is_number).then(|| Intent::Refuse {
                rule: Rule::UnknownTag,
                because: "no customer's number ends so".to_owned(),
                answer,
            });
        }
        let among = named.iter().map(|c| choice(c)).collect();
        let what = What::Send(vec![self.written_as(words)]);
        Some(self.ask(what, among, "several customers' numbers end so".to_owned()))
    }

    /// The answer to the open question, which it can be only if it was written after the question.
    fn answers_a_question(&self) -> Option<Intent> {
        let Some(question) = self
            .open_question()
            .filter(|q| !self.sms.has_attachments() && q.asked < self.written)
        else {
            return self.answers_a_question_that_is_over();
        };
        match question.read(&self.sms.body) {
            Reply::Else => None,
            Reply::NoSuch => self.chooses_the_command(question).or_else(|| {
                Some(Intent::AskAgain {
                    because: "no such choice was offered".to_owned(),
                })
            }),
            Reply::Nobody => Some(Intent::Drop {
                because: "the person wants it sent to nobody".to_owned(),
            }),
            // Each goes to somebody else, with its own texts.
            Reply::For(of, _)
                if of.len() > 1
                    && matches!(question.what, What::Pass(_) | What::Block | What::Call) =>
            {
                Some(Intent::AskAgain {
                    because: "it is done for one at a time".to_owned(),
                })
            }
            Reply::For(of, "") => Some(Intent::Do {
                what: question.what.clone(),
                of,
                because: "the person said for whom".to_owned(),
            }),
            // Words behind the choice go there too.
            Reply::For(of, words) => {
                let mut what = question.what.clone();
                if let What::Send(texts) = &mut what {
                    texts.push(self.written_as(words));
                }
                let because = "the person said for whom".to_owned();
                Some(Intent::Do { what, of, because })
            }
        }
    }

    /// A digit alone, for as long as somebody may still answer an earlier question: it is no text.
    fn answers_a_question_that_is_over(&self) -> Option<Intent> {
        let settled = self.state.settled.iter().map(|settled| settled.at);
        let question = self.state.question.as_ref();
        let expired = question.filter(|question| !question.is_open(self.now));
        let mut ends = settled.chain(expired.map(Question::ends));
        let was_asked = ends.any(|end| self.written < end + LATE_ANSWERS);
        let number = self.number().filter(|number| *number < 100)?;
        (was_asked && self.open_question().is_none()).then(|| Intent::Refuse {
            rule: Rule::Choice,
            because: "the question that it answers is over".to_owned(),
            answer: wording::question_is_over(self.line.language, number),
        })
    }

    fn chooses_the_command(&self, question: &Question) -> Option<Intent> {
        let number = self.number()?;
        let command = question.command.clone()?;
        (number == question.last_number() + 1).then_some(Intent::Chosen(command))
    }

    /// The number that the text is, if it is nothing else.
    fn number(&self) -> Option<usize> {
        let body = self.sms.body.trim().trim_end_matches('.');
        body.parse().ok()
    }

    /// The words of a reaction to a text are never sent. They say that the person has read it.
    pub(super) fn is_a_reaction(&self) -> Option<Intent> {
        let reaction = reaction::read(&self.sms.body)?;
        let quoted = |candidate: &&Candidate| {
            candidate
                .texts
                .iter()
                .any(|text| reaction::quotes(&reaction, &text.body))
        };
        let seen = match self.on_number {
            // Under a reply number stand texts of this customer alone.
            Some(own) if reaction.kind != reaction::Kind::Unsure => Some(&own.is),
            Some(own) => Some(&own.is).filter(quoted),
            None => self.conversations.iter().find(quoted),
        };
        if seen.is_none() && reaction.kind == reaction::Kind::Unsure {
            return None;
        }
        Some(match seen {
            Some(candidate) => Intent::Seen(candidate.conversation.customer.clone()),
            None => Intent::Refuse {
                rule: Rule::Reaction,
                because: "it is a phone's reaction to a text".to_owned(),
                answer: String::new(),
            },
        })
    }

    /// Whole texts that phones write by themselves. Should a person have written one, they read how to
    /// send it, once: a phone may answer what it is answered, too, and the iPhone's reply is two texts.
    pub(super) fn is_an_automatic_reply(&self) -> Option<Intent> {
        if !automatic_reply::is_automatic_reply(&self.sms.body) {
            return None;
        }
        let before = self
            .state
            .automatic_reply
            .map(|at| self.now.duration_since(at));
        let is_another = before.is_some_and(|ago| ago < SignedDuration::from_mins(10));
        let own = self.on_number.map(|own| &own.is);
        let latest = own.or(self.conversations.first());
        let tag = latest.map_or("0107", |latest| &latest.conversation.tag);
        Some(Intent::Automatic(
            (!is_another).then(|| wording::automatic_reply(self.line.language, tag)),
        ))
    }

    /// A command; but while a customer waits, words that people also say to customers are asked about.
    fn is_a_command(&self) -> Option<Intent> {
        let given = self.given.as_ref()?;
        let command = match given.command.clone()? {
            Ok(command) => command,
            unclear => return Some(Intent::Command(unclear)),
        };
        // Also who was answered just now may be told when somebody is back.
        let says_when = given.begins_with_back() && command != Command::Back;
        let waiting: Vec<Choice> = self
            .candidates()
            .filter(|conversation| conversation.waits.is_some() || says_when)
            .map(choice)
            .collect();
        let has_proof = self.person.pin.is_none() || given.pin.is_some();
        let is_said = command.is_conversational() || says_when || given.is_place();
        let may_be_words = is_said && !given.is_forced && !waiting.is_empty();
        if may_be_words && command.needs_pin() && !has_proof {
            // Without the PIN they can be words for the customer alone.
            return None;
        }
        let is_open = self.candidates().next().is_some();
        if let Command::Call(which) = &command
            && !given.is_forced
            && self.tells_a_number_to_call(which.as_deref())
        {
            // The customer is to call it.
            return None;
        }
        if command == Command::Claim(None) && !given.is_forced && is_open {
            // The customer reads it, and the person has the conversation.
            return None;
        }
        let is_done = given.is_listo() && !given.is_forced && is_open && waiting.is_empty();
        if is_done && self.on_number.is_none() {
            // Nobody waits: it is news for the customer.
            return None;
        }
        // What is written while a question is open goes to no customer, so it can only be meant for the relay.
        let is_held = self.open_question().is_some() && command.says_or_shows_duty();
        if may_be_words && !is_held && !is_flood(&command, waiting.len()) {
            return Some(Intent::Ask {
                what: self.whole_text(),
                among: waiting,
                command: Some(command),
                because: "it may be a command or for the customer".to_owned(),
            });
        }
        Some(self.by_command(command))
    }

    /// What a command is for.
    pub(super) fn by_command(&self, command: Command) -> Intent {
        match command {
            Command::Pass { to, which } => self.about_one(What::Pass(to), which),
            Command::Claim(which) => self.about_one(What::Claim, which),
            Command::Done(which) => self.about_one(What::Done, which),
            Command::Block(which) => self.about_block(What::Block, which),
            Command::Unblock(which) => self.about_block(What::Unblock, which),
            Command::Call(which) => self.about_call(which),
            command => Intent::Command(Ok(command)),
        }
    }

    /// Who is away and says that they are back means the relay, and perhaps a customer. With a PIN it is said how
    /// to write it.
    fn says_back_while_away(&self) -> Option<Intent> {
        let is_meant = self.is_away && !self.sms.has_attachments() && says_back(&self.sms.body);
        if !is_meant {
            return None;
        }
        if self.person.pin.is_some() {
            return Some(Intent::Refuse {
                rule: Rule::NearMiss,
                because: "it is nearly BACK".to_owned(),
                answer: wording::near_miss(self.line.language, self.back_in_words()),
            });
        }
        let open: Vec<Choice> = self.candidates().map(choice).collect();
        if open.is_empty() || self.open_question().is_some() {
            return Some(self.by_command(Command::Back));
        }
        Some(Intent::Ask {
            what: self.whole_text(),
            among: open,
            command: Some(Command::Back),
            because: "it may say that the person is back, or be for the customer".to_owned(),
        })
    }

    fn back_in_words(&self) -> &'static str {
        match self.line.language {
            Language::English => "BACK",
            Language::Spanish => "VOLVI",
        }
    }

    /// A customer would read what was meant for the relay.
    pub(super) fn is_nearly_a_command(&self) -> Option<Intent> {
        if self.sms.has_attachments() {
            return None;
        }
        let body = forced(&self.sms.body).unwrap_or(&self.sms.body);
        let command = near_miss(body, &COMMANDS)?;
        Some(Intent::Refuse {
            rule: Rule::NearMiss,
            because: format!("it is nearly {command}"),
            answer: wording::near_miss(self.line.language, command),
        })
    }

    /// A command about one conversation: the one that it names, or the only one.
    fn about_one(&self, what: What, which: Option<String>) -> Intent {
        if let What::Pass(Some(name)) = &what
            && *name == self.person.name
        {
            let mut others = self.line.people.iter();
            let other = others.find(|person| person.name != self.person.name);
            return Intent::Refuse {
                rule: rule_of(&what),
                because: "the person passes it to themselves".to_owned(),
                answer: wording::passed_to_oneself(
                    self.line.language,
                    other.map(|other| other.name.to_uppercase()).as_deref(),
                ),
            };
        }
        let among: Vec<Choice> = match &which {
            Some(digits) => {
                let named = self.candidates().filter(|c| c.is_named(digits));
                named.map(choice).collect()
            }
            None => match self.on_number {
                Some(own) => vec![choice(&own.is.conversation)],
                None => self.candidates().map(choice).collect(),
            },
        };
        let is_own = which.is_none() && matches!(what, What::Pass(_));
        let own = self.on_number.filter(|_| is_own);
        if let Some(given_away) =
            own.and_then(|own| self.is_given_away(&what, &own.is.conversation))
        {
            return given_away;
        }
        match (among.as_slice(), which) {
            ([one], _) => Intent::Do {
                what,
                of: vec![one.customer.clone()],
                because: "it is the only one that it can be about".to_owned(),
            },
            ([], Some(digits)) => {
                let theirs = self.conversations.iter().map(|c| &c.conversation);
                let mut named = theirs.filter(|c| c.is_named(&digits));
                named
                    .find_map(|c| {
                        self.is_to_blocked(c)
                            .or_else(|| self.is_given_away(&what, c))
                    })
                    .unwrap_or_else(|| Intent::Refuse {
                        rule: Rule::UnknownTag,
                        because: "the person has no such conversation".to_owned(),
                        answer: wording::not_yours(self.line.language, &digits, &self.latest()),
                    })
            }
            ([], None) => Intent::Refuse {
                rule: rule_of(&what),
                because: "the person has no open conversation".to_owned(),
                answer: wording::nothing_open_to(self.line.language, &what).to_owned(),
            },
            (_, _) => self.ask(
                what,
                among,
                "the person has several conversations".to_owned(),
            ),
        }
    }

    /// The person gave it away before, and it is not theirs to give away again.
    fn is_given_away(&self, what: &What, conversation: &Conversation) -> Option<Intent> {
        let own = conversation.participant(&self.person.number)?;
        own.left?;
        let has = conversation.has.as_ref();
        let has = has.and_then(|has| self.line.person_with(has));
        Some(Intent::Refuse {
            rule: rule_of(what),
            because: "the person has given it away".to_owned(),
            answer: wording::passed_on_before(
                self.line.language,
                &conversation.tag,
                has.map(|has| has.name.as_str()),
            ),
        })
    }

    /// There is nothing in it, or too much.
    pub(super) fn cannot_be_sent(&self) -> Option<Intent> {
        let body = self.sms.body.trim();
        if body.is_empty() && self.sms.media.is_empty() {
            return Some(Intent::Refuse {
                rule: Rule::FromPerson,
                because: "there is nothing in it to be sent".to_owned(),
                answer: wording::nothing_to_send(self.line.language, self.sms.media_left_out),
            });
        }
        (MOST_CHARACTERS < sms::size(body)).then(|| Intent::Refuse {
            rule: Rule::TooLong,
            because: "more than fits into one text".to_owned(),
            answer: wording::too_long(
                self.line.language,
                body.chars().count().max(MOST_CHARACTERS + 1),
            ),
        })
    }

    /// While a question is open, whatever else is written is not sent: it may be for somebody else, and
    /// its writer may not have read the question yet.
    fn comes_before_the_answer(&self) -> Option<Intent> {
        let question = self.open_question()?;
        Some(Intent::Refuse {
            rule: Rule::Asked,
            because: "an earlier text waits for the person's word".to_owned(),
            answer: wording::answer_first(self.line.language, question),
        })
    }

    /// By what was on the phone when it was written.
    fn by_what_was_read(&self) -> Intent {
        match self.meant() {
            Ok((one, true)) => self.send_to(one, None),
            Ok((one, false)) => {
                let receipt = wording::sent_to(self.line.language, &one.conversation.tag);
                self.send_to(one, Some(receipt))
            }
            Err(none) if none.is_empty() => self.nobody_to_send_to(),
            Err(several) => {
                let among = several.iter().map(|c| choice(&c.conversation)).collect();
                let because = "it may be for several customers".to_owned();
                self.ask(self.whole_text(), among, because)
            }
        }
    }

    /// The conversation that a text without a tag is certainly for, and whether it is the only one; otherwise those
    /// that it may be for.
    pub(super) fn meant(&self) -> Result<(&Candidate, bool), Vec<&Candidate>> {
        let open: Vec<&Candidate> = self.open_candidates().collect();
        let given_away = self.conversations.iter();
        let given_away = given_away.filter(|c| {
            c.conversation.blocked.is_none() && self.may_be_meant(c, open.first().copied())
        });
        let may_be: Vec<&Candidate> = open.iter().copied().chain(given_away).collect();
        match (open.as_slice(), may_be.as_slice()) {
            ([one], [_]) if self.has_read(one) && !self.has_own_number(one) => Ok((one, true)),
            (_, []) => Err(Vec::new()),
            _ => match self.the_one_that_waits(&open) {
                Some(one) => Ok((one, false)),
                None => Err(may_be),
            },
        }
    }

    /// Its last text came from a reply number, and this one went elsewhere: whoever wrote it looked at other
    /// texts.
    fn has_own_number(&self, candidate: &Candidate) -> bool {
        let person = &self.person.number;
        let is_there = |text: &&Delivery| text.on_phone(person, self.written) != OnPhone::No;
        let last = candidate.texts.iter().rev().find(is_there);
        let last = last.or(candidate.texts.last());
        last.is_some_and(|text| text.came_from_reply_number(person))
    }

    fn has_read(&self, candidate: &Candidate) -> bool {
        candidate.conversation.texts.len() > 1 || self.on_phone(candidate) != OnPhone::No
    }

    /// A conversation that the person gave away: just now, or a text of it came to their phone since, and
    /// none of the other after it.
    fn may_be_meant(&self, given_away: &Candidate, other: Option<&Candidate>) -> bool {
        let participant = given_away.conversation.participant(&self.person.number);
        let Some(left) = participant.and_then(|participant| participant.left) else {
            return false;
        };
        let other = other.map_or(OnPhone::No, |other| self.on_phone(other));
        let came_since = match (self.on_phone(given_away), other) {
            (OnPhone::No, _) => false,
            (OnPhone::Perhaps, _) => true,
            (OnPhone::Since(at), OnPhone::Since(after)) if at < after => false,
            (OnPhone::Since(at), _) => left <= at,
        };
        came_since || self.written < left + CROSSING
    }

    /// Exactly one customer waits, the person read their last text, not just now, nothing of another
    /// conversation came to the phone after it, and nothing was just written in another one.
    fn the_one_that_waits<'c>(&self, candidates: &[&'c Candidate]) -> Option<&'c Candidate> {
        let mut waiting = candidates.iter().filter(|c| c.conversation.waits.is_some());
        let (one, None) = (waiting.next()?, waiting.next()) else {
            return None;
        };
        let OnPhone::Since(read) = self.on_phone(one) else {
            return None;
        };
        let is_settled = read + CROSSING <= self.written && !self.has_own_number(one);
        let came_after = |other: &Candidate| match self.on_phone(other) {
            OnPhone::No => false,
            OnPhone::Perhaps => true,
            OnPhone::Since(at) => read <= at,
        };
        // Who has just written to another customer may have more to say to that one.
        let may_go_on = |other: &Candidate| self.written < other.conversation.active + CROSSING;
        let others = self.conversations.iter();
        let mut others = others.filter(|c| c.conversation.customer != one.conversation.customer);
        (is_settled && !others.any(|other| came_after(other) || may_go_on(other))).then_some(one)
    }

    fn send_to(&self, one: &Candidate, receipt: Option<String>) -> Intent {
        let because = match receipt {
            None => "it is the only conversation that it can be for",
            Some(_) => "of several, only this customer waits",
        };
        Intent::Send {
            to: vec![one.conversation.customer.clone()],
            texts: vec![self.written_as(self.sms.body.trim())],
            rule: Rule::Answer,
            because: because.to_owned(),
            receipt,
        }
    }

    fn nobody_to_send_to(&self) -> Intent {
        let among = self.latest();
        let because = "nobody waits, and nothing was written for long".to_owned();
        if among.is_empty() {
            return Intent::Refuse {
                rule: Rule::FromPerson,
                because,
                answer: wording::no_conversation(self.line.language).to_owned(),
            };
        }
        self.ask(self.whole_text(), among, because)
    }

    pub(super) fn ask(&self, what: What, among: Vec<Choice>, because: String) -> Intent {
        Intent::Ask {
            what,
            among,
            command: None,
            because,
        }
    }

    /// The conversations that a text without a tag may be for.
    fn open_candidates(&self) -> impl Iterator<Item = &Candidate> {
        let conversation_for = self.line.policy.conversation_for;
        self.conversations.iter().filter(move |candidate| {
            let conversation = &candidate.conversation;
            let participant = conversation.participant(&self.person.number);
            participant.is_some_and(|p| p.left.is_none())
                && conversation.is_candidate(conversation_for, self.now)
        })
    }

    pub(super) fn candidates(&self) -> impl Iterator<Item = &Conversation> {
        self.open_candidates()
            .map(|candidate| &candidate.conversation)
    }

    /// The person's last customers, to be named where none can be meant.
    pub(super) fn latest(&self) -> Vec<Choice> {
        let theirs = self.conversations.iter().map(|c| &c.conversation);
        let latest = theirs.filter(|c| c.blocked.is_none()).map(choice);
        latest.take(2).collect()
    }

    /// The last text about it that was on the phone when this one was written.
    fn on_phone(&self, candidate: &Candidate) -> OnPhone {
        let texts = candidate.texts.iter();
        let texts = texts.map(|text| text.on_phone(&self.person.number, self.written));
        let is_in_doubt = texts.clone().any(|text| text == OnPhone::Perhaps);
        match texts.filter(|text| matches!(text, OnPhone::Since(_))).max() {
            _ if is_in_doubt => OnPhone::Perhaps,
            Some(last) => last,
            None => OnPhone::No,
        }
    }

    fn open_question(&self) -> Option<&Question> {
        self.state
            .question
            .as_ref()
            .filter(|question| question.is_open(self.now))
    }

    pub(super) fn whole_text(&self) -> What {
        What::Send(vec![self.written_as(self.sms.body.trim())])
    }

    pub(super) fn written_as(&self, words: &str) -> Written {
        Written {
            sid: self.sms.sid.clone(),
            body: Words(words.to_owned()),
            media: self
                .sms
                .media
                .iter()
                .map(|media| media.url.clone())
                .collect(),
        }
    }
}

/// With so many waiting customers, hardly one of them is told these words, and whoever says them wants to
/// know at once.
fn is_flood(command: &Command, waiting: usize) -> bool {
    waiting > 3 && matches!(command, Command::Who | Command::Status)
}

pub(super) fn rule_of(what: &What) -> Rule {
    match what {
        What::Send(_) => Rule::Answer,
        What::Pass(_) => Rule::Passed,
        What::Claim => Rule::Claimed,
        What::Done => Rule::Done,
        What::Block | What::Unblock => Rule::BlockByText,
        What::Call => Rule::CallByText,
    }
}

pub(super) fn choice(conversation: &Conversation) -> Choice {
    Choice {
        customer: conversation.customer.clone(),
        tag: conversation.tag.clone(),
        words: conversation.words.clone(),
    }
}
