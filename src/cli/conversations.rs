use std::collections::BTreeMap;
use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use super::candidates::{BOLD, DIM, YELLOW};
use super::explain::moment::Shown;
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
pub struct OfLine {
    pub line: String,
    pub at: Timestamp,
    pub conversations: Vec<ConversationShown>,
    /// What persons are asked.
    pub questions: Vec<QuestionShown>,
}

#[derive(Serialize)]
pub struct ConversationShown {
    /// Whom it is with, as their number may be shown.
    pub customer: String,
    #[serde(skip)]
    pub number: PhoneNumber,
    /// How people name it.
    pub tag: String,
    /// The person who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has: Option<String>,
    /// The others who can answer it.
    pub others: Vec<String>,
    /// The numbers from which these people get its texts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reply_numbers: Vec<ReplyNumberShown>,
    pub opened: Timestamp,
    /// When a text of it was last written.
    pub active: Timestamp,
    /// Since when the customer waits for an answer.
    pub waits_since: Option<Timestamp>,
    /// Since when the customer's texts reach nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_since: Option<Timestamp>,
    /// The texts that were written last.
    pub texts: Vec<MessageSid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

#[derive(Serialize)]
pub struct ReplyNumberShown {
    pub person: String,
    pub number: String,
}

#[derive(Serialize)]
pub struct QuestionShown {
    pub message_sid: MessageSid,
    pub person: String,
    pub asked: Timestamp,
    /// When it is reported that nothing was sent.
    pub until: Timestamp,
    pub tags: Vec<String>,
}

impl Conversations {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let (store, lines) = self.listing.lines.open().await?;
        let now = SystemClock.now();
        let shown = Shown {
            numbers: self.listing.numbers,
            body: self.body,
        };
        let mut all = Vec::new();
        for line in &lines {
            all.push(of_line(store.as_ref(), line, now, shown).await?);
        }
        show::print(&all, self.listing.json, |all| {
            let mut lines = lines.iter().zip(all);
            lines.try_for_each(|(line, shown)| print(line, shown))
        })
    }
}

/// The conversations of a line: those that wait first, then the latest.
pub async fn of_line(
    store: &dyn Store,
    line: &Line,
    now: Timestamp,
    shown: Shown,
) -> anyhow::Result<OfLine> {
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
    Ok(OfLine {
        line: line.name.clone(),
        at: now,
        conversations: known
            .iter()
            .map(|c| ConversationShown {
                reply_numbers: reply_numbers(c, line, &states, shown),
                ..conversation(c, line, shown)
            })
            .collect(),
        questions,
    })
}

fn reply_numbers(
    conversation: &Conversation,
    line: &Line,
    states: &BTreeMap<&str, PersonState>,
    shown: Shown,
) -> Vec<ReplyNumberShown> {
    let numbers = states.iter().filter_map(|(person, state)| {
        let number = state.reply_number(&conversation.customer, &line.reply_numbers)?;
        Some(ReplyNumberShown {
            person: (*person).to_owned(),
            number: shown.number(number),
        })
    });
    numbers.collect()
}

fn conversation(conversation: &Conversation, line: &Line, shown: Shown) -> ConversationShown {
    let name = |number: &PhoneNumber| Some(line.person_with(number)?.name.clone());
    let has = conversation.has.as_ref();
    let others = conversation
        .participants
        .iter()
        .filter(|p| p.left.is_none());
    let others = others.filter(|p| Some(&p.person) != has);
    ConversationShown {
        customer: shown.number(&conversation.customer),
        number: conversation.customer.clone(),
        tag: conversation.tag.clone(),
        has: has.and_then(name),
        others: others.filter_map(|p| name(&p.person)).collect(),
        reply_numbers: Vec::new(),
        opened: conversation.opened,
        active: conversation.active,
        waits_since: conversation.waits.map(|waits| waits.since),
        blocked_since: conversation.blocked.as_ref().map(|block| block.since),
        texts: conversation.texts.clone(),
        words: shown.body.then(|| conversation.words.0.clone()),
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

fn print(line: &Line, shown: &OfLine) -> Result<(), Unwritten> {
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
