use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde::Serialize;

use super::rows::{Meant, Row, Rows};
use super::{STREAM, topics};
use crate::app::audit::records;
use crate::app::ports::store::Store;
use crate::cli::by_hand::ByHand;
use crate::cli::completions;
use crate::cli::output::{note, tell};
use crate::cli::show;
use crate::domain::phone::PhoneNumber;
use crate::domain::subscriber::{Change, Subscriber, To, Unchanged};
use crate::printable::printable;

#[derive(clap::Args)]
pub struct Import {
    /// The CSV file
    file: PathBuf,
    /// The topic of rows that name none, by its name or keyword; rows of others are mistakes
    #[arg(long, value_name = "TOPIC", add = completions::topics())]
    topic: Option<String>,
    /// A column to leave out, by its name; may be repeated
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,
    /// Import nothing if any row is a mistake
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    by_hand: ByHand,
}

/// How many rows are put into the store at once.
const BATCH: usize = 500;

/// How many mistakes the JSON holds; all are counted.
const MOST_LISTED: usize = 1000;

/// Somebody who watches hears this often how far it is.
const PROGRESS: Duration = Duration::from_secs(2);

#[derive(Serialize, Default)]
struct Imported {
    line: String,
    rows: usize,
    /// Who gets a topic's notices now and did not before.
    joined: u64,
    /// Who did before, or stands in the list more than once.
    already: u64,
    /// Who left, after which the list does not say that they agreed.
    had_left: u64,
    /// Who has not agreed, or wants no texts, as the list says.
    declined: u64,
    bad_rows: usize,
    /// The first of them.
    bad: Vec<Bad>,
    /// How many joined each topic.
    #[serde(skip)]
    by_topic: BTreeMap<String, u64>,
    /// Of those who want none: who was in a topic until now.
    #[serde(skip)]
    taken_out: Vec<Subscriber>,
}

#[derive(Serialize)]
struct Bad {
    line: u64,
    problem: String,
}

impl Import {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let opened = self.by_hand.open(STREAM).await?;
        let line = &opened.line;
        let meant = Meant {
            line,
            lines: &opened.lines,
            // If there is but one, that is it; otherwise each row has to say.
            topic: match topics(line, self.topic.as_deref())?[..] {
                [topic] => Some(&topic.name),
                _ => None,
            },
            now,
        };
        let mut rows = Rows::open(&self.file, &self.ignore)?;
        let mut declined = BTreeSet::new();
        if self.strict || rows.says_who_agreed() {
            let mut check = Importing::new(&self, &meant);
            check.is_quiet = !self.strict;
            while let Some(row) = rows.next()? {
                let change = check.change(row).map(|(_, change)| change);
                let out = change.filter(|change| matches!(change.to, To::Out(_)));
                declined.extend(out.map(|change| (change.topic, change.number)));
            }
            if self.strict && check.imported.bad_rows > 0 {
                return self.print(&check.imported);
            }
        }
        let mut importing = Importing::new(&self, &meant);
        importing.declined = declined;
        let done = importing.all(opened.store.as_ref()).await;
        let imported = importing.imported;
        // Also of what was imported before an error.
        let by_topic = imported.by_topic.iter();
        let joined = by_topic.map(|(topic, joined)| records::imported(line, topic, *joined, now));
        let left = imported.taken_out.iter();
        let left = left.map(|subscriber| records::subscribed_by_hand(line, subscriber, now));
        let records: Vec<_> = joined.chain(left).collect();
        opened.put_on_record(&records).await?;
        done.with_context(|| {
            format!(
                "{} of {} rows were imported; to import the file again does no harm",
                imported.joined, imported.rows
            )
        })?;
        if imported.rows == 0 {
            bail!(
                "{}: there is no row under the one with the columns' names, so nothing was imported",
                self.file.display()
            );
        }
        self.print(&imported)
    }

    fn print(&self, imported: &Imported) -> anyhow::Result<ExitCode> {
        show::print(imported, self.by_hand.json, |imported| {
            tell!("{}: {}", imported.line, self.in_words(imported))
        })?;
        Ok(ExitCode::from(u8::from(imported.bad_rows > 0)))
    }

    fn in_words(&self, imported: &Imported) -> String {
        let bad = show::count(imported.bad_rows, "row");
        if self.strict && imported.bad_rows > 0 {
            return format!("nothing was imported, for {bad} cannot be read");
        }
        let mut said = format!("{} joined", imported.joined);
        if imported.already > 0 {
            said += &format!(", {} had before", imported.already);
        }
        if imported.had_left > 0 {
            said += &format!(", {} had left and stay out", imported.had_left);
        }
        if imported.declined > 0 {
            said += &format!(", {} did not agree", imported.declined);
        }
        if !imported.taken_out.is_empty() {
            said += &format!(" (of whom {} left)", imported.taken_out.len());
        }
        if imported.bad_rows > 0 {
            said += &format!("; {bad} could not be read");
        }
        said
    }
}

/// A list that is being imported.
struct Importing<'i> {
    import: &'i Import,
    meant: &'i Meant<'i>,
    imported: Imported,
    /// Who wants no texts by any row of the list, and of which topic.
    declined: BTreeSet<(String, PhoneNumber)>,
    /// Whether mistakes are said later.
    is_quiet: bool,
    progress_told: Instant,
}

impl<'i> Importing<'i> {
    fn new(import: &'i Import, meant: &'i Meant<'i>) -> Self {
        Self {
            import,
            meant,
            imported: Imported {
                line: meant.line.name.clone(),
                ..Imported::default()
            },
            declined: BTreeSet::new(),
            is_quiet: false,
            progress_told: Instant::now(),
        }
    }

    async fn all(&mut self, store: &dyn Store) -> anyhow::Result<()> {
        let mut rows = Rows::open(&self.import.file, &self.import.ignore)?;
        let (mut lines, mut changes) = (Vec::new(), Vec::new());
        loop {
            let row = rows.next()?;
            let is_last = row.is_none();
            match row.and_then(|row| self.change(row)) {
                Some((_, change)) if self.is_declined(&change) => self.imported.declined += 1,
                Some((line, change)) => {
                    lines.push(line);
                    changes.push(change);
                }
                None => {}
            }
            if changes.len() >= BATCH || is_last {
                let made = store.change_subscribers(&self.meant.line.number, &changes);
                let changed = changes.iter().zip(made.await?);
                for (line, (change, made)) in lines.iter().zip(changed) {
                    self.count(*line, change, made);
                }
                lines.clear();
                changes.clear();
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Whether it takes somebody in of whom another row says that they want no texts.
    fn is_declined(&self, change: &Change) -> bool {
        let whose = (change.topic.clone(), change.number.clone());
        matches!(change.to, To::In(_)) && self.declined.contains(&whose)
    }

    /// What a row asks for, with its line; `None` if it is a mistake, which is said.
    fn change(&mut self, row: Row) -> Option<(u64, Change)> {
        self.imported.rows += 1;
        if !self.is_quiet && self.progress_told.elapsed() >= PROGRESS {
            self.progress_told = Instant::now();
            note!("{} rows so far", self.imported.rows);
        }
        let line = row.line;
        match row.fields.and_then(|fields| fields.read(self.meant)) {
            Ok(change) => Some((line, change)),
            Err(problem) => {
                if !self.is_quiet {
                    self.note(line, &problem);
                }
                self.imported.bad_rows += 1;
                if self.imported.bad.len() < MOST_LISTED {
                    self.imported.bad.push(Bad { line, problem });
                }
                None
            }
        }
    }

    /// Counts what a row came to.
    fn count(&mut self, line: u64, change: &Change, made: Result<Subscriber, Unchanged>) {
        let topic = &change.topic;
        if let To::Out(_) = change.to {
            self.imported.declined += 1;
            self.imported.taken_out.extend(made);
            return;
        }
        match made {
            Ok(_) => {
                self.imported.joined += 1;
                *self.imported.by_topic.entry(topic.clone()).or_default() += 1;
            }
            Err(Unchanged::LeftSince(left)) => {
                self.imported.had_left += 1;
                let left = self.meant.line.time_zone.show(left);
                self.note(
                    line,
                    &format!(
                        "they left {topic} on {left} and stay out; if they agreed anew, write when \
                         in a column called since"
                    ),
                );
            }
            Err(Unchanged::IsIn | Unchanged::IsOut) => self.imported.already += 1,
        }
    }

    /// What is wrong with a row; JSON has it in the end.
    fn note(&self, line: u64, what: &str) {
        if !self.import.by_hand.json {
            let file = self.import.file.display().to_string();
            note!("{}:{line}: {}", printable(&file), printable(what));
        }
    }
}
