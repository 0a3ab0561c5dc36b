use std::collections::BTreeMap;
use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use super::candidates::{BOLD, DIM, YELLOW};
use super::output::{Unwritten, tell};
use super::show::{self, Listing};
use crate::app::ports::store::{MOST_CUSTOMERS, Store};
use crate::clock::{Clock, SystemClock};
use crate::domain::conversation::{Conversation, PersonState, Question};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::printable::printable;

/// List customers' conversations: who has each, who waits for an answer, and what persons are asked
///
/// Those that wait come first, then the latest: of each person as many as 50. A person's text goes to
/// the customer who waits, or to the one whose last digits stand in front, such as "0107 on my way".
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay conversations
  relay conversations --numbers --body
  relay conversations --stack relay --json")]
pub struct Conversations {
    #[command(flatten)]
    listing: Listing,
    /// Show the beginning of what customers wrote last
    #[arg(long)]
    body: bool,
}

/// The conversations of a line, as `--json` shows them.
#[derive(Serialize)]
struct Shown {
    line: String,
    at: Timestamp,
    conversations: Vec<ConversationShown>,
    /// What persons are asked.
    questions: Vec<QuestionShown>,
}

#[derive(Serialize)]
struct ConversationShown {
    customer: String,
    /// How people name it.
    tag: String,
    /// The person who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    has: Option<String>,
    /// The others who can answer it.
    others: Vec<String>,
    /// The numbers from which these people get its texts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reply_numbers: Vec<ReplyNumberShown>,
    opened: Timestamp,
    /// When a text of it was last written.
    active: Timestamp,
    /// Since when the customer waits for an answer.
    waits_since: Option<Timestamp>,
    /// Since when the customer's texts reach nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_since: Option<Timestamp>,
    /// The texts that were written last.
    texts: Vec<MessageSid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
}

#[derive(Serialize)]
struct ReplyNumberShown {
    person: String,
    number: String,
}

#[derive(Serialize)]
struct QuestionShown {
    message_sid: MessageSid,
    person: String,
    asked: Timestamp,
    /// When it is reported that nothing was sent.
    until: Timestamp,
    tags: Vec<String>,
}

impl Conversations {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let (store, lines) = self.listing.lines.open().await?;
        let now = SystemClock.now();
        let mut all = Vec::new();
        for line in &lines {
            all.push(self.shown(store.as_ref(), line, now).await?);
        }
        show::print(&all, self.listing.json, |all| {
            let mut lines = lines.iter().zip(all);
            lines.try_for_each(|(line, shown)| print(line, shown))
        })
    }

    async fn shown(&self, store: &dyn Store, line: &Line, now: Timestamp) -> anyhow::Result<Shown> {
        let mut known: BTreeMap<PhoneNumber, Conversation> = BTreeMap::new();
        let (mut questions, mut states) = (Vec::new(), BTreeMap::new());
        for person in &line.people {
            let customers = store
                .customers_of(&line.number, &person.number, MOST_CUSTOMERS)
                .await?;
            for conversation in store.conversations(&line.number, &customers).await? {
                known.insert(conversation.customer.clone(), conversation);
            }
            let state = store.person_state(&line.number, &person.number).await?;
            let open = state.question.clone().filter(|open| open.is_open(now));
            questions.extend(open.map(|question| asked(question, &person.name)));
            states.insert(person.name.as_str(), state);
        }
        let mut known: Vec<Conversation> = known.into_values().collect();
        known.sort_by_key(|conversation| std::cmp::Reverse(conversation.rank()));
        Ok(Shown {
            line: line.name.clone(),
            at: now,
            conversations: known
                .iter()
                .map(|c| ConversationShown {
                    reply_numbers: self.reply_numbers(c, line, &states),
                    ..self.conversation(c, line)
                })
                .collect(),
            questions,
        })
    }

    fn reply_numbers(
        &self,
        conversation: &Conversation,
        line: &Line,
        states: &BTreeMap<&str, PersonState>,
    ) -> Vec<ReplyNumberShown> {
        let shown = states.iter().filter_map(|(person, state)| {
            let number = state.reply_number(&conversation.customer, &line.reply_numbers)?;
            Some(ReplyNumberShown {
                person: (*person).to_owned(),
                number: show::number(number, self.listing.numbers),
            })
        });
        shown.collect()
    }

    fn conversation(&self, conversation: &Conversation, line: &Line) -> ConversationShown {
        let name = |number: &PhoneNumber| Some(line.person_with(number)?.name.clone());
        let has = conversation.has.as_ref();
        let others = conversation
            .participants
            .iter()
            .filter(|p| p.left.is_none());
        let others = others.filter(|p| Some(&p.person) != has);
        ConversationShown {
            customer: show::number(&conversation.customer, self.listing.numbers),
            tag: conversation.tag.clone(),
            has: has.and_then(name),
            others: others.filter_map(|p| name(&p.person)).collect(),
            reply_numbers: Vec::new(),
            opened: conversation.opened,
            active: conversation.active,
            waits_since: conversation.waits.map(|waits| waits.since),
            blocked_since: conversation.blocked.as_ref().map(|block| block.since),
            texts: conversation.texts.clone(),
            words: self.body.then(|| conversation.words.0.clone()),
        }
    }
}

fn asked(question: Question, person: &str) -> QuestionShown {
    QuestionShown {
        message_sid: question.sid.clone(),
        person: person.to_owned(),
        asked: question.asked,
        until: question.ends(),
        tags: question
            .choices
            .into_iter()
            .map(|choice| choice.tag)
            .collect(),
    }
}

fn print(line: &Line, shown: &Shown) -> Result<(), Unwritten> {
    let clock = |at: Timestamp| show::time(line, at);
    show::head(line, shown.at)?;
    if shown.conversations.is_empty() {
        tell!("  no customer has written")?;
    }
    for conversation in &shown.conversations {
        let waits = match (conversation.waits_since, conversation.blocked_since) {
            (_, Some(since)) => format!("blocked since {}", clock(since)),
            (Some(since), None) => format!(
                "{YELLOW}has waited for an answer since {}{YELLOW:#}",
                clock(since)
            ),
            (None, None) => "answered".to_owned(),
        };
        tell!(
            "  {BOLD}{}{BOLD:#} {}  {}  {waits}  {DIM}last text {}{DIM:#}",
            conversation.tag,
            conversation.customer,
            people(conversation),
            clock(conversation.active)
        )?;
        for ReplyNumberShown { person, number } in &conversation.reply_numbers {
            tell!(
                "      {DIM}on {}'s phone: {number}{DIM:#}",
                printable(person)
            )?;
        }
        if let Some(words) = &conversation.words {
            tell!("      {DIM}│{DIM:#} {}", printable(words))?;
        }
    }
    for question in &shown.questions {
        tell!(
            "  {YELLOW}{} waits{YELLOW:#}: {} is to say whether it is for {}, until {}",
            question.message_sid,
            printable(&question.person),
            question.tags.join(", "),
            clock(question.until)
        )?;
    }
    Ok(())
}

/// Such as `Sergio has it (Backup can answer)`.
fn people(conversation: &ConversationShown) -> String {
    let has = match &conversation.has {
        Some(person) => format!("{} has it", printable(person)),
        None => "nobody has it".to_owned(),
    };
    if conversation.others.is_empty() {
        return has;
    }
    let others: Vec<_> = conversation
        .others
        .iter()
        .map(|name| printable(name))
        .collect();
    format!("{has} ({} can answer)", others.join(", "))
}
