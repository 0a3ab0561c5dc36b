use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use super::{Pages, topics};
use crate::app::ports::store::Store;
use crate::cli::candidates::{BOLD, DIM};
use crate::cli::output::{JsonRows, Unwritten, tell};
use crate::cli::schedule::choose;
use crate::cli::target::Target;
use crate::domain::line::{Line, Topic};
use crate::domain::subscriber::{How, Subscriber};
use crate::printable::printable;

#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    target: Target,
    /// Only this line, by its name or number
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
    /// Only this topic, by its name or keyword
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Show telephone numbers in full
    #[arg(long)]
    numbers: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listed<'s> {
    line: &'s str,
    topic: &'s str,
    number: String,
    /// Whose number it is, if it is one of the line's people.
    person: Option<&'s str>,
    since: Timestamp,
    /// How they agreed, in a form for programs and as words.
    how: &'s How,
    because: String,
}

impl List {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let store = self.target.store().await?;
        let mut rows = JsonRows::default();
        for line in choose(store.lines().await?, self.line.as_deref())? {
            if !self.json {
                tell!("{BOLD}{}{BOLD:#}", printable(&line.name))?;
            }
            if line.notices.topics.is_empty() && self.topic.is_none() {
                if !self.json {
                    tell!("  it has no topics; add a [[line.topic]] to its configuration")?;
                }
                continue;
            }
            for topic in topics(&line, self.topic.as_deref())? {
                self.list(store.as_ref(), &line, topic, &mut rows).await?;
            }
        }
        if self.json {
            rows.end()?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn list(
        &self,
        store: &dyn Store,
        line: &Line,
        topic: &Topic,
        rows: &mut JsonRows,
    ) -> anyhow::Result<()> {
        if !self.json {
            let Topic { name, keyword, .. } = topic;
            tell!("  {name} {DIM}({keyword}){DIM:#}")?;
        }
        let (mut pages, mut count) = (Pages::of(store, line, topic), 0);
        while let Some(page) = pages.next().await? {
            count += page.len();
            for subscriber in &page {
                let listed = self.listed(line, subscriber);
                match self.json {
                    true => rows.row(&listed)?,
                    false => print(line, &listed)?,
                }
            }
        }
        if !self.json {
            match count {
                0 => tell!("    nobody subscribed to it")?,
                1 => tell!("    1 subscriber")?,
                _ => tell!("    {count} subscribers")?,
            }
        }
        Ok(())
    }

    fn listed<'s>(&self, line: &'s Line, subscriber: &'s Subscriber) -> Listed<'s> {
        let Subscriber {
            topic,
            number,
            consent,
            ..
        } = subscriber;
        Listed {
            line: &line.name,
            topic,
            number: match self.numbers {
                true => number.expose().to_owned(),
                false => number.masked().to_string(),
            },
            person: line.person_with(number).map(|person| person.name.as_str()),
            since: consent.at,
            how: &consent.how,
            because: consent.how.to_string(),
        }
    }
}

fn print(line: &Line, listed: &Listed) -> Result<(), Unwritten> {
    let person = listed.person.map(|name| format!(" {}", printable(name)));
    tell!(
        "    {}{}  {DIM}since {} {}{DIM:#}",
        listed.number,
        person.unwrap_or_default(),
        line.time_zone.show(listed.since),
        printable(&listed.because)
    )
}
