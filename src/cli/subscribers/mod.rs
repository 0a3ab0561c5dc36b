mod change;
mod consent;
mod encoding;
mod export;
mod import;
mod list;
mod rows;

use std::process::ExitCode;

use clap::Subcommand;

use super::{WrongUsage, meant};
use crate::app::ports::store::Store;
use crate::clock::{Clock, SystemClock};
use crate::domain::line::{Line, Topic};
use crate::domain::subscriber::Subscriber;

/// List who subscribed to a line's topics; put numbers in or take them out, one or a whole list
///
/// People subscribe by texting a topic's keyword to the line and leave by texting STOP and the
/// keyword. When and how each of them agreed is on record, also after they left. Whoever opted out
/// of the line's texts gets no notices either, until they write START.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay subscribers list
  relay subscribers add 858-555-0107 --topic events --how \"asked at the counter\"
  relay subscribers import people.csv --topic events
  relay subscribers export --topic events --stack relay")]
pub struct Subscribers {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List who gets a topic's notices, since when and how they agreed
    #[command(after_help = "Examples:
  relay subscribers list
  relay subscribers list --topic events --numbers --json")]
    List(list::List),
    /// Put a number in: it gets the topic's notices
    ///
    /// Whoever left a topic comes back by a consent that they gave later.
    #[command(after_help = "Examples:
  relay subscribers add 858-555-0107 --topic events
  relay subscribers add 858-555-0107 --topic events --since 2026-11-02 --how \"form on paper\"")]
    Add(change::Add),
    /// Take a number out: it gets no more notices of the topic, or of any
    #[command(after_help = "Examples:
  relay subscribers remove 858-555-0107 --topic events
  relay subscribers remove 858-555-0107 --stack relay")]
    Remove(change::Remove),
    /// Put the numbers of a CSV file in
    ///
    /// The first row names the columns: number, and if you like topic, since (when they agreed: a
    /// date, with a time of day if you like) and how. Columns such as sms_consent, opt_out or status are
    /// honoured: whoever did not agree does not join, and is taken out. Other columns stop the import
    /// unless --ignore names them. Rows that cannot be read are reported with their line and left
    /// out; the exit code is 1 then. Whoever left the topic comes back only by a row with a later
    /// `since`. To import a file again does no harm.
    #[command(after_help = "Examples:
  relay subscribers import people.csv --topic events
  relay subscribers import people.csv --topic events --ignore name --ignore email
  relay subscribers import people.csv --topic events --strict --json")]
    Import(import::Import),
    /// Write who gets a topic's notices as CSV
    #[command(after_help = "Examples:
  relay subscribers export --topic events > people.csv
  relay subscribers export --out people.csv")]
    Export(export::Export),
}

impl Subscribers {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        match self.command {
            Command::List(list) => list.run().await,
            Command::Add(add) => add.run(now).await,
            Command::Remove(remove) => remove.run(now).await,
            Command::Import(import) => import.run(now).await,
            Command::Export(export) => export.run().await,
        }
    }
}

/// The topics of a line, or the one of this name or keyword; at least one.
fn topics<'l>(line: &'l Line, wanted: Option<&str>) -> Result<Vec<&'l Topic>, WrongUsage> {
    let topics = &line.notices.topics;
    let is_wanted = |topic: &&Topic| {
        wanted.is_none_or(|wanted| {
            let wanted = wanted.to_lowercase();
            topic.name.to_lowercase() == wanted || topic.keyword.to_lowercase() == wanted
        })
    };
    let chosen: Vec<&Topic> = topics.iter().filter(is_wanted).collect();
    match wanted {
        _ if topics.is_empty() => Err(WrongUsage(format!(
            "the line {} has no topics; add a [[line.topic]] to its configuration",
            line.name
        ))),
        Some(wanted) if chosen.is_empty() => Err(WrongUsage(format!(
            "the line {} has no topic {wanted:?}; it has {}{}",
            line.name,
            names(topics),
            meant(wanted, topics.iter().map(|topic| topic.name.as_str()))
        ))),
        _ => Ok(chosen),
    }
}

/// The only topic of a line, or the one of this name or keyword.
fn topic<'l>(line: &'l Line, wanted: Option<&str>) -> Result<&'l Topic, WrongUsage> {
    let topics = topics(line, wanted)?;
    match topics[..] {
        [topic] => Ok(topic),
        _ => Err(WrongUsage(format!(
            "the line {} has several topics; say which one with --topic: {}",
            line.name,
            names(topics)
        ))),
    }
}

fn names<'l>(topics: impl IntoIterator<Item = &'l Topic>) -> String {
    let names: Vec<&str> = topics
        .into_iter()
        .map(|topic| topic.name.as_str())
        .collect();
    names.join(", ")
}

/// What the stream of the audit's records is named after.
const STREAM: &str = "relay-subscribers";

/// How many are read at once.
const PAGE: usize = 500;

/// Does something with each page of those who get a topic's notices; returns how many they are.
async fn for_each_page(
    store: &dyn Store,
    line: &Line,
    topic: &Topic,
    mut then: impl FnMut(&[Subscriber]) -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    let (mut count, mut last) = (0, None);
    loop {
        let page = store.subscribers(&line.number, &topic.name, last.as_ref(), PAGE);
        let page = page.await?;
        then(&page)?;
        count += page.len();
        if page.len() < PAGE {
            return Ok(count);
        }
        last = page.last().map(|subscriber| subscriber.number.clone());
    }
}
