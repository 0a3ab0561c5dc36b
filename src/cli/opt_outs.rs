use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use super::by_hand::{Opened, Whom};
use super::output::tell;
use super::show::{self, Listing};
use crate::app::audit::records;
use crate::app::ports::store::Store;
use crate::clock::{Clock, SystemClock};
use crate::domain::line::Line;
use crate::domain::opt_out::{Cause, Change, OptOut};
use crate::domain::phone::PhoneNumber;

/// List who opted out of a line's texts; put numbers on the list or take them off
///
/// Who writes STOP, or whom Twilio refuses to text because they did (error 21610), gets no texts
/// until they write START. Twilio keeps a list of its own: taking a number off this one does not
/// take it off that.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay optouts list
  relay optouts add 858-555-0107
  relay optouts remove 858-555-0107
  relay optouts list --stack relay --json")]
pub struct OptOuts {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List who opted out, since when and how
    #[command(after_help = "Examples:
  relay optouts list
  relay optouts list --numbers --json")]
    List(Listing),
    /// Put a number on the list: the line texts it no more
    #[command(after_help = "Example:
  relay optouts add 858-555-0107")]
    Add(Whom),
    /// Take a number off the list
    #[command(after_help = "Examples:
  relay optouts remove 858-555-0107
  relay optouts remove 858-555-0107 --stack relay")]
    Remove(Whom),
}

impl OptOuts {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        let (since, by) = (now, Cause::Hand);
        match self.command {
            Command::List(listing) => list(&listing).await,
            Command::Add(whom) => change(&whom, Some(OptOut { since, by }), now).await,
            Command::Remove(whom) => change(&whom, None, now).await,
        }
    }
}

async fn list(listing: &Listing) -> anyhow::Result<ExitCode> {
    let numbers = async |store: &dyn Store, line: &Line| {
        let opt_outs = store.opt_outs(&line.number).await?.0;
        let since_and_by = |(number, OptOut { since, by })| (number, (since, by));
        Ok(opt_outs.into_iter().map(since_and_by).collect())
    };
    listing
        .print("nobody opted out of its texts", numbers)
        .await
}

#[derive(Serialize)]
struct Changed {
    line: String,
    number: String,
    opted_out: bool,
    /// Whether that is new.
    changed: bool,
}

async fn change(whom: &Whom, to: Option<OptOut>, now: Timestamp) -> anyhow::Result<ExitCode> {
    let (opened, number) = whom.open("relay-optouts").await?;
    let changed = Changed {
        line: opened.line.name.clone(),
        number: number.expose().to_owned(),
        opted_out: to.is_some(),
        changed: put(&opened, number, to, now).await?,
    };
    show::print(&changed, whom.by_hand.json, |changed| {
        tell!("{}: {} {}", changed.line, changed.number, in_words(changed))
    })
}

/// Puts a number on the line's list, or takes it off, and says so in the audit; `false` if that is nothing new.
pub async fn put(
    opened: &Opened,
    number: PhoneNumber,
    to: Option<OptOut>,
    now: Timestamp,
) -> anyhow::Result<bool> {
    let line = &opened.line;
    let change = Change {
        of_person: line.person_with(&number).is_some(),
        number,
        to,
    };
    let changed = opened.store.change_opt_out(&line.number, &change).await?;
    if changed {
        let record = records::opted_out_by_hand(line, &change, now);
        opened.put_on_record(&[record]).await?;
    }
    Ok(changed)
}

fn in_words(changed: &Changed) -> &'static str {
    match (changed.opted_out, changed.changed) {
        (true, true) => "gets no more texts",
        (true, false) => "is on the list already",
        (false, true) => {
            "gets texts again, if Twilio does not have it on its own list; they get off that by \
             texting START"
        }
        (false, false) => "is not on the list",
    }
}
