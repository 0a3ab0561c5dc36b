use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
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
use crate::domain::subscriber::{Change, Unchanged};
use crate::printable::printable;

#[derive(clap::Args)]
pub struct Import {
    /// The CSV file
    file: PathBuf,
    /// The topic of rows that name none, by its name or keyword; rows of others are mistakes
    #[arg(long, value_name = "TOPIC", add = completions::topics())]
    topic: Option<String>,
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
    bad_rows: usize,
    /// The first of them.
    bad: Vec<Bad>,
    /// How many joined each topic.
    #[serde(skip)]
    by_topic: BTreeMap<String, u64>,
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
        if self.strict {
            let mut check = Importing::new(&self, &meant);
            let mut rows = Rows::open(&self.file)?;
            while let Some(row) = rows.next()? {
                check.change(row);
            }
            if check.imported.bad_rows > 0 {
                return self.print(&check.imported);
            }
        }
        let mut importing = Importing::new(&self, &meant);
        let done = importing.all(opened.store.as_ref()).await;
        let imported = importing.imported;
        // Also of what was imported before an error.
        let by_topic = imported.by_topic.iter();
        let records: Vec<_> = by_topic
            .map(|(topic, joined)| records::imported(line, topic, *joined, now))
            .collect();
        opened.put_on_record(&records).await?;
        done.with_context(|| {
            format!(
                "{} of {} rows were imported; to import the file again does no harm",
                imported.joined, imported.rows
            )
        })?;
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
            progress_told: Instant::now(),
        }
    }

    async fn all(&mut self, store: &dyn Store) -> anyhow::Result<()> {
        let mut rows = Rows::open(&self.import.file)?;
        let (mut lines, mut changes) = (Vec::new(), Vec::new());
        loop {
            let row = rows.next()?;
            let is_last = row.is_none();
            if let Some((line, change)) = row.and_then(|row| self.change(row)) {
                lines.push(line);
                changes.push(change);
            }
            if changes.len() >= BATCH || is_last {
                let made = store.change_subscribers(&self.meant.line.number, &changes);
                let changed = changes.iter().zip(made.await?);
                for (line, (change, made)) in lines.iter().zip(changed) {
                    self.count(*line, change, made.err());
                }
                lines.clear();
                changes.clear();
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// What a row asks for, with its line; `None` if it is a mistake, which is said.
    fn change(&mut self, row: Row) -> Option<(u64, Change)> {
        self.imported.rows += 1;
        if self.progress_told.elapsed() >= PROGRESS {
            self.progress_told = Instant::now();
            note!("{} rows so far", self.imported.rows);
        }
        let line = row.line;
        match row.fields.and_then(|fields| fields.read(self.meant)) {
            Ok(change) => Some((line, change)),
            Err(problem) => {
                self.note(line, &problem);
                self.imported.bad_rows += 1;
                if self.imported.bad.len() < MOST_LISTED {
                    self.imported.bad.push(Bad { line, problem });
                }
                None
            }
        }
    }

    /// Counts what a row came to.
    fn count(&mut self, line: u64, change: &Change, unchanged: Option<Unchanged>) {
        let topic = &change.topic;
        match unchanged {
            None => {
                self.imported.joined += 1;
                *self.imported.by_topic.entry(topic.clone()).or_default() += 1;
            }
            Some(Unchanged::LeftSince(left)) => {
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
            Some(Unchanged::IsIn | Unchanged::IsOut) => self.imported.already += 1,
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
