use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use jiff::Timestamp;
use serde::Serialize;

use super::change::STREAM;
use super::rows::{Meant, Row, Rows};
use super::{topic, topics};
use crate::app::audit::records;
use crate::app::ports::store::Store;
use crate::cli::on_record::OnRecord;
use crate::cli::output::{self, note, tell};
use crate::cli::schedule::choose_one;
use crate::domain::line::Line;
use crate::domain::subscriber::{Change, Unchanged};
use crate::printable::printable;

#[derive(clap::Args)]
pub struct Import {
    /// The CSV file
    file: PathBuf,
    /// The topic of rows that name none, by its name or keyword; rows of others are mistakes
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Import nothing if any row is a mistake
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    relay: OnRecord,
    /// Which line's topics, by the line's name or number; needed if there are several
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
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
    rows: u64,
    /// Who gets a topic's notices now and did not before.
    joined: u64,
    /// Who did before, or stands in the list more than once.
    already: u64,
    /// Who left, after which the list does not say that they agreed.
    had_left: u64,
    bad_rows: u64,
    /// The first of them.
    bad: Vec<Bad>,
}

#[derive(Serialize)]
struct Bad {
    line: u64,
    problem: String,
}

impl Import {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        // Before anything is changed that could not be put on record.
        self.relay.audit(STREAM, now).await?;
        let store = self.relay.target.store().await?;
        let lines = store.lines().await?;
        let line = choose_one(lines.clone(), self.line.as_deref())?;
        let only = match &self.topic {
            Some(wanted) => Some(topic(&line, Some(wanted))?),
            // If there is but one, that is it; otherwise each row has to say.
            None => match topics(&line, None)?[..] {
                [topic] => Some(topic),
                _ => None,
            },
        };
        let meant = Meant {
            line: &line,
            lines: &lines,
            topic: only.map(|topic| topic.name.as_str()),
            now,
        };
        let mut seen = Seen::new(&self, &line);
        if self.strict {
            let mut rows = Rows::open(&self.file)?;
            while let Some(row) = rows.next()? {
                drop(seen.change(row, &meant));
            }
            if seen.imported.bad_rows > 0 {
                return self.say(&seen.imported);
            }
            seen = Seen::new(&self, &line);
        }
        let by_topic = self.import(store.as_ref(), &meant, &mut seen).await;
        let (by_topic, error) = match by_topic {
            (by_topic, Ok(())) => (by_topic, None),
            (by_topic, Err(error)) => (by_topic, Some(error)),
        };
        let joined = by_topic.iter().filter(|(_, joined)| **joined > 0);
        let records: Vec<_> = joined
            .map(|(topic, joined)| records::imported(&line, topic, *joined, now))
            .collect();
        if !records.is_empty() {
            let audit = self.relay.audit(STREAM, now).await?;
            let written = audit.write(&records).await;
            written.context("the list is imported, but the audit did not take the record of it")?;
        }
        match error {
            Some(error) => Err(error.context(format!(
                "{} of {} rows were imported; to import the file again does no harm",
                seen.imported.joined, seen.imported.rows
            ))),
            None => self.say(&seen.imported),
        }
    }

    /// Returns who joined each topic, also if it ends with an error.
    async fn import(
        &self,
        store: &dyn Store,
        meant: &Meant<'_>,
        seen: &mut Seen<'_>,
    ) -> (BTreeMap<String, u64>, anyhow::Result<()>) {
        let mut by_topic = BTreeMap::new();
        let done = async {
            let mut rows = Rows::open(&self.file)?;
            let mut batch: Vec<(u64, Change)> = Vec::new();
            loop {
                let row = rows.next()?;
                let is_last = row.is_none();
                batch.extend(row.and_then(|row| seen.change(row, meant)));
                if batch.len() >= BATCH || is_last {
                    let changes: Vec<Change> = batch.iter().map(|(_, c)| c.clone()).collect();
                    let made = store
                        .change_subscribers(&meant.line.number, &changes)
                        .await?;
                    for ((line, change), made) in batch.drain(..).zip(made) {
                        if seen.came_to(line, &change, made.err()) {
                            *by_topic.entry(change.topic).or_default() += 1;
                        }
                    }
                }
                if is_last {
                    return Ok(());
                }
            }
        };
        let done = done.await;
        (by_topic, done)
    }

    fn say(&self, imported: &Imported) -> anyhow::Result<ExitCode> {
        if self.json {
            output::json(imported)?;
        } else {
            tell!("{}: {}", imported.line, self.said(imported))?;
        }
        Ok(ExitCode::from(u8::from(imported.bad_rows > 0)))
    }

    fn said(&self, imported: &Imported) -> String {
        let Imported {
            joined,
            already,
            had_left,
            bad_rows,
            ..
        } = *imported;
        let rows = |count| match count {
            1 => "1 row".to_owned(),
            count => format!("{count} rows"),
        };
        if self.strict && bad_rows > 0 {
            let bad = rows(bad_rows);
            return format!("nothing was imported, for {bad} cannot be read");
        }
        let mut said = format!("{joined} joined");
        if already > 0 {
            said += &format!(", {already} had before");
        }
        if had_left > 0 {
            said += &format!(", {had_left} had left and stay out");
        }
        if bad_rows > 0 {
            said += &format!("; {} could not be read", rows(bad_rows));
        }
        said
    }
}

/// What came of the rows so far.
struct Seen<'i> {
    import: &'i Import,
    line: &'i Line,
    imported: Imported,
    told: Instant,
}

impl<'i> Seen<'i> {
    fn new(import: &'i Import, line: &'i Line) -> Self {
        let imported = Imported {
            line: line.name.clone(),
            ..Imported::default()
        };
        Self {
            import,
            line,
            imported,
            told: Instant::now(),
        }
    }

    /// What a row asks for, with its line; `None` if it is a mistake, which is said.
    fn change(&mut self, row: Row, meant: &Meant) -> Option<(u64, Change)> {
        self.imported.rows += 1;
        self.tell_progress();
        let line = row.line;
        match row.fields.and_then(|fields| fields.read(meant)) {
            Ok(change) => Some((line, change)),
            Err(problem) => {
                self.imported.bad_rows += 1;
                if !self.import.json {
                    self.note(line, &problem);
                } else if self.imported.bad.len() < MOST_LISTED {
                    self.imported.bad.push(Bad { line, problem });
                }
                None
            }
        }
    }

    /// Counts what a row came to. `true` if somebody joined by it.
    fn came_to(&mut self, line: u64, change: &Change, unchanged: Option<Unchanged>) -> bool {
        match unchanged {
            None => self.imported.joined += 1,
            Some(Unchanged::LeftSince(left)) => {
                self.imported.had_left += 1;
                if !self.import.json {
                    let left = self.line.time_zone.show(left);
                    let topic = &change.topic;
                    self.note(
                        line,
                        &format!(
                            "they left {topic} on {left} and stay out; if they agreed anew, write \
                             when in a column called since"
                        ),
                    );
                }
            }
            Some(Unchanged::IsIn | Unchanged::IsOut) => self.imported.already += 1,
        }
        unchanged.is_none()
    }

    fn note(&self, line: u64, what: &str) {
        let file = self.import.file.display().to_string();
        note!("{}:{line}: {}", printable(&file), printable(what));
    }

    fn tell_progress(&mut self) {
        if self.told.elapsed() >= PROGRESS {
            self.told = Instant::now();
            note!("{} rows so far", self.imported.rows);
        }
    }
}
