//! The people behind a line, at their phones: they read what comes, think for a while, and answer. What
//! they mean is known, so that it can be told whether it went where they meant it to go.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::line::Line;
use relay::domain::phone::{PhoneNumber, Sender};
use relay::sandbox::Text;

use super::World;
use super::happenings::Happening;

/// What people did so far, if it is a run with people at their phones.
#[derive(Default)]
pub struct People {
    /// How many texts of each phone were read, of those that are looked at.
    read: BTreeMap<PhoneNumber, usize>,
    /// By its number: for which customer an answer is.
    pub answers: Vec<PhoneNumber>,
    /// By the text that it came in: the number of an answer.
    pub texts: BTreeMap<MessageSid, usize>,
    /// Texts are spread over hours.
    pub takes_long: bool,
    /// While everybody sleeps, nobody reads; then they answer what came, oldest first.
    asleep: Option<(Timestamp, Timestamp)>,
    /// And over such pauses.
    pub pauses: Duration,
}

/// What an iPhone answers by itself while its owner drives: two texts.
const DRIVING: &str = "I'm driving with Do Not Disturb While Driving turned on. I'll see your message \
                       when I get where I'm going.";
const NOT_NOTIFIED: &str = "(I'm not receiving notifications. If this is urgent, reply \"urgent\" to send \
                            a notification through with your original message.)";

/// The number of an answer stands in its words.
pub fn answer(words: &str) -> Option<usize> {
    let (_, rest) = words.split_once("Answer ")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[..digits].parse().ok()
}

impl World {
    /// Everybody behind the lines has their phone at hand, also after so long a pause.
    pub fn will_answer(&mut self, pauses: Duration) {
        let people = self.lines.iter().flat_map(|(_, line)| &line.people);
        self.people.read = people.map(|person| (person.number.clone(), 0)).collect();
        self.people.takes_long = true;
        if self.weather.one_in(3) {
            let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
            let until_bed = self.weather.up_to(120 * 60);
            let night = minutes(60) + self.weather.up_to(8 * 60 * 60);
            let bed = self.time.now() + until_bed;
            self.people.asleep = Some((bed, bed + night));
            self.put_down(until_bed + night, Happening::Wake);
        }
        self.people.pauses = pauses;
    }

    pub(crate) fn look_at_phones(&mut self) {
        let now = self.time.now();
        if self
            .people
            .asleep
            .is_some_and(|(bed, up)| bed <= now && now < up)
        {
            return;
        }
        let phones: Vec<PhoneNumber> = self.people.read.keys().cloned().collect();
        for phone in phones {
            let screen = self.sandbox.screen(&Sender::Phone(phone.clone()));
            let received: Vec<_> = screen.into_iter().filter(|entry| !entry.sent).collect();
            let read = self.people.read.insert(phone.clone(), received.len());
            for entry in received.into_iter().skip(read.unwrap_or_default()) {
                self.reads(&phone, &entry.with, &entry.body);
            }
        }
    }

    /// Where somebody writes who has read something from this number. Under a reply number they put a full
    /// stop in front of commands, or text them to the line; and now and then an answer, too.
    fn place(
        &mut self,
        read: &PhoneNumber,
        words: String,
        is_command: bool,
    ) -> (PhoneNumber, String) {
        let lines = self.lines.iter().map(|(_, line)| line);
        let mut of = lines.filter(|line| line.reply_numbers.contains(read));
        let Some(line) = of.next().map(|line| line.number.clone()) else {
            return (read.clone(), words);
        };
        // A phone's own words go where it got the text.
        let is_phones = words.starts_with("Loved") || words == DRIVING || words == NOT_NOTIFIED;
        match is_command {
            _ if is_phones => (read.clone(), words),
            true if self.weather.one_in(2) => (read.clone(), format!(".{words}")),
            false if !self.weather.one_in(12) => (read.clone(), words),
            _ => (line, words),
        }
    }

    fn reads(&mut self, phone: &PhoneNumber, from: &str, body: &str) {
        let Ok(number) = PhoneNumber::parse(from) else {
            return;
        };
        self.weather.tell(|| {
            format!(
                "{phone:?} reads {}",
                body.chars().take(120).collect::<String>()
            )
        });
        let is_question = body.contains("Text the number");
        let texts = if is_question {
            self.chosen(body).into_iter().collect()
        } else {
            self.meant(body)
        };
        for (words, answer) in texts {
            let thinks = match self.weather.draw(0..10) {
                0..4 => self.weather.up_to(20),
                4..9 => self.weather.up_to(90),
                _ => self.weather.up_to(180),
            };
            let (to, words) = self.place(&number, words, answer.is_none());
            let writes = Happening::Writes {
                from: phone.clone(),
                to,
                words,
                answer,
            };
            self.put_down(thinks, writes);
        }
    }

    /// The number of the customer that the words of a question were meant for; whoever is asked about a
    /// command takes any.
    fn chosen(&mut self, question: &str) -> Option<(String, Option<usize>)> {
        let (_, options) = question.split_once('?')?;
        if self.weather.one_in(20) {
            return None;
        }
        if self.weather.one_in(20) {
            return Some(("98".to_owned(), None));
        }
        let asked = question.split(" for?").next().unwrap_or_default();
        let Some(answer) = answer(asked) else {
            // A command is what was meant, which is the last choice if it is one.
            let before = match options.rsplit_once(" = ") {
                Some((before, _)) if question.contains("Who is") => before,
                _ => options.split(" = ").next()?,
            };
            let number = before.rsplit([' ', '.']).next();
            return Some((number?.trim().to_owned(), None));
        };
        let customer = self.people.answers.get(answer)?.expose();
        let digits = format!(" = {}", &customer[customer.len() - 4..]);
        // Not among those who are offered.
        let Some((before, _)) = options.split_once(&digits) else {
            return Some(("0".to_owned(), None));
        };
        let number = before.rsplit(' ').next()?.to_owned();
        self.weather
            .tell(|| format!("{number} will be chosen for answer {answer}"));
        Some((number, None))
    }

    /// What somebody wants to say who reads a customer's text.
    fn meant(&mut self, body: &str) -> Vec<(String, Option<usize>)> {
        // What else the relay says of customers is no text of theirs.
        let is_theirs = [
            ": Text",
            ": Are you",
            ": (1 photo",
            " passes +",
            " waits for",
        ];
        let is_theirs = is_theirs.iter().any(|part| body.contains(part));
        // Whoever is to call does not write.
        let is_theirs = is_theirs && !body.contains("please call");
        let number = number_in(body).or_else(|| tagged(body));
        let Some(customer) = number.filter(|number| is_theirs && is_customer(number)) else {
            return Vec::new();
        };
        let command = |words: &str| vec![(words.to_owned(), None)];
        match self.weather.draw(0..24) {
            20 => command(&format!("Loved \u{201c}{body}\u{201d}")),
            21 => vec![(DRIVING.to_owned(), None), (NOT_NOTIFIED.to_owned(), None)],
            22 => command(self.weather.pick(&["awya", "off", "pass anna", "bcak"])),
            0 => command("pass"),
            // Of their texts, the later one may come first.
            1 => vec![self.answers(&customer), ("pass".to_owned(), None)],
            2 => command(&format!(
                "got it {}",
                &customer.expose()[customer.expose().len() - 4..]
            )),
            3 => command(
                self.weather
                    .pick(&["away", "away 10m", "back", "who", "status"]),
            ),
            4 => Vec::new(),
            5..8 => {
                // The digits that they have just read.
                let digits = customer.expose();
                let tag = &digits[digits.len() - 4..];
                let (words, answer) = self.answers(&customer);
                vec![(format!("{tag}: {words}"), answer)]
            }
            8..11 => vec![self.answers(&customer), self.answers(&customer)],
            _ => vec![self.answers(&customer)],
        }
    }

    fn answers(&mut self, customer: &PhoneNumber) -> (String, Option<usize>) {
        let number = self.people.answers.len();
        self.people.answers.push(customer.clone());
        (format!("Answer {number}."), Some(number))
    }

    pub(crate) fn writes(
        &mut self,
        from: PhoneNumber,
        to: &PhoneNumber,
        words: String,
        answer: Option<usize>,
    ) {
        let text = Text::new(words.clone());
        let sid = self.sandbox.text(&Sender::Phone(from.clone()), to, text);
        let sid = sid.expect("a number of the sandbox's");
        self.texts += 1;
        self.weather
            .tell(|| format!("{from:?} writes {words:?}, {sid}"));
        self.people.texts.extend(answer.map(|answer| (sid, answer)));
    }

    /// Whether a text went to a reply number that the owner has taken out.
    pub(crate) fn was_taken_out(&self, sid: &MessageSid) -> bool {
        let messages = self.sandbox.messages();
        let text = messages.iter().find(|message| message.sid == *sid);
        let to = text.and_then(|text| PhoneNumber::parse(&text.to).ok());
        let has = |line: &Line| {
            line.reply_numbers
                .iter()
                .any(|number| Some(number) == to.as_ref())
        };
        let mut lines = self.lines.iter().map(|(_, line)| line);
        let Some(line) = lines.find(|line| has(line)) else {
            return false;
        };
        let mut versions = self.lines.iter().filter(|(_, l)| l.number == line.number);
        versions.any(|(_, version)| !has(version))
    }

    /// Whether people and their timers may still be at it.
    pub(crate) fn over_within(&self, otherwise: Duration) -> Duration {
        if self.people.takes_long {
            Duration::from_secs(24 * 60 * 60) + self.people.pauses
        } else {
            otherwise
        }
    }
}

/// The first number in a text.
fn number_in(body: &str) -> Option<PhoneNumber> {
    let (_, rest) = body.split_once('+')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    PhoneNumber::parse(&format!("+{}", &rest[..digits])).ok()
}

/// The customer of a text that begins with their last four digits.
fn tagged(body: &str) -> Option<PhoneNumber> {
    let (tag, _) = body.split_once(": ")?;
    let is_tag = tag.len() == 4 && tag.bytes().all(|b| b.is_ascii_digit());
    PhoneNumber::parse(&format!("+1858555{tag}"))
        .ok()
        .filter(|_| is_tag)
}

/// In runs with people at their phones all customers are from one place.
fn is_customer(number: &PhoneNumber) -> bool {
    number.expose().starts_with("+1858")
}
