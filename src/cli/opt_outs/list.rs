use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::candidates::{BOLD, DIM};
use crate::cli::output::{self, Unwritten, tell};
use crate::cli::schedule::choose;
use crate::cli::target::Target;
use crate::domain::line::Line;
use crate::domain::opt_out::{Cause, OptOut};
use crate::domain::phone::PhoneNumber;
use crate::printable::printable;

#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    target: Target,
    /// Only this line, by its name or number
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
    /// Show telephone numbers in full
    #[arg(long)]
    numbers: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listed {
    line: String,
    number: String,
    /// Whose number it is, if it is one of the line's people.
    person: Option<String>,
    since: Timestamp,
    /// How the relay knows, in a form for programs and as words.
    by: Cause,
    because: String,
}

impl List {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let store = self.target.store().await?;
        let mut all = Vec::new();
        for line in choose(store.lines().await?, self.line.as_deref())? {
            let opt_outs = store.opt_outs(&line.number).await?.0.into_iter();
            let listed: Vec<Listed> = opt_outs
                .map(|(number, opt_out)| self.listed(&line, &number, opt_out))
                .collect();
            if !self.json {
                print(&line, &listed)?;
            }
            all.extend(listed);
        }
        if self.json {
            output::json(&all)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn listed(&self, line: &Line, number: &PhoneNumber, opt_out: OptOut) -> Listed {
        Listed {
            line: line.name.clone(),
            number: match self.numbers {
                true => number.expose().to_owned(),
                false => number.masked().to_string(),
            },
            person: line.person_with(number).map(|person| person.name.clone()),
            since: opt_out.since,
            because: opt_out.by.to_string(),
            by: opt_out.by,
        }
    }
}

fn print(line: &Line, listed: &[Listed]) -> Result<(), Unwritten> {
    tell!("{BOLD}{}{BOLD:#}", printable(&line.name))?;
    if listed.is_empty() {
        tell!("  nobody opted out of its texts")?;
    }
    for entry in listed {
        let person = entry
            .person
            .as_deref()
            .map(|name| format!(" {}", printable(name)));
        tell!(
            "  {}{}  {DIM}since {} {}{DIM:#}",
            entry.number,
            person.unwrap_or_default(),
            line.time_zone.show(entry.since),
            printable(&entry.because)
        )?;
    }
    Ok(())
}
