mod drop;
mod letter;
mod list;
mod replay;
mod show;

pub use letter::Letter;
pub use list::all;
pub use show::{Shows, shown};

use std::fmt::Display;
use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use super::deployment::{Part, RelayFlags};
use super::output::{Unwritten, note};
use super::schedule::wrong_time;
use super::show::{counts, print};
use super::{RED, WrongUsage, confirms};
use crate::app::dead_letters::Wanted;
use crate::clock::{Clock, SystemClock};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::when::option;
use crate::printable::printable;

/// List texts that reached nobody, look at them, have them tried again or drop them
///
/// A text becomes a dead letter when the relay gives up on it: the deadline passed, nobody is left in
/// the cascade, or Twilio does not want it. It is kept until somebody has it replayed or drops it. A wake-up
/// becomes one when it was brought too often in vain; the sweep wakes its delivery all the same.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay dead list
  relay dead show SM…
  relay dead replay SM…
  relay dead replay --all --error 30007 --dry-run
  relay dead drop SM… --reason 'called them back'
  relay dead list --stack relay")]
pub struct Dead {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the texts that reached nobody, longest dead first
    #[command(after_help = "Examples:
  relay dead list
  relay dead list --older-than 2h --error 30007 --json")]
    List(list::List),
    /// Show one of them: why it reached nobody, every attempt, and who would get it now
    #[command(after_help = "Examples:
  relay dead show SM…
  relay dead show SM… --numbers --body")]
    Show(show::Show),
    /// Have them tried again, with the people who are on duty now
    #[command(after_help = "Examples:
  relay dead replay SM…
  relay dead replay --all --older-than 2h --dry-run
  relay dead replay --all --error 30007 --yes
  relay dead replay --all --stack relay")]
    Replay(replay::Replay),
    /// Take some off the list that were dealt with in another way, such as by telephone
    #[command(after_help = "Examples:
  relay dead drop SM… --reason 'called them back'
  relay dead drop SM… SM… --yes --stack relay")]
    Drop(drop::Drop),
}

impl Dead {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        match self.command {
            Command::List(list) => list.run(now).await,
            Command::Show(show) => show.run(now).await,
            Command::Replay(replay) => replay.run(now).await,
            Command::Drop(drop) => drop.run().await,
        }
    }
}

/// Which of the dead letters.
#[derive(clap::Args)]
struct Filter {
    /// Only those that have been dead for longer than that: 90m, 2h, 3d
    #[arg(long, value_name = "AGE")]
    older_than: Option<String>,
    /// Only texts whose last error has this code of Twilio's
    #[arg(long, value_name = "CODE")]
    error: Option<u32>,
}

impl Filter {
    fn wanted(&self, now: Timestamp) -> anyhow::Result<Wanted> {
        let before = match &self.older_than {
            Some(age) => Some(option::ago(age, now).map_err(wrong_time)?),
            None => None,
        };
        let error = self.error;
        Ok(Wanted { before, error })
    }
}

/// How something is done with dead letters.
#[derive(clap::Args)]
struct ByHand {
    /// Do not ask; needed where there is no terminal
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    relay: RelayFlags,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl ByHand {
    const NEEDED: [Part; 2] = [Part::Queue, Part::Audit];

    /// Asks, with a row for each dead letter.
    fn confirms(&self, rows: &[impl Display], question: &str) -> anyhow::Result<bool> {
        if !self.yes {
            for row in rows {
                note!("{row}");
            }
        }
        confirms(self.yes, question)
    }

    /// Prints what was `done`, and what failed to be; the exit code says whether anything did.
    fn show<T: Serialize>(
        &self,
        all: &T,
        failed: &[Failed],
        done: &str,
        in_words: impl FnOnce(&T) -> Result<(), Unwritten>,
    ) -> anyhow::Result<ExitCode> {
        print(all, self.json, |all| {
            in_words(all)?;
            for Failed { delivery, error } in failed {
                note!("{RED}not {done}:{RED:#} {delivery}: {}", printable(error));
            }
            Ok(())
        })?;
        Ok(ExitCode::from(u8::from(!failed.is_empty())))
    }
}

#[derive(Serialize)]
struct Failed {
    delivery: DeliveryId,
    error: String,
}

impl Failed {
    fn of(delivery: DeliveryId, error: &anyhow::Error) -> Self {
        let error = format!("{error:#}");
        Self { delivery, error }
    }
}

fn ids(texts: &[String]) -> Result<Vec<DeliveryId>, WrongUsage> {
    texts.iter().map(|text| id(text)).collect()
}

/// Reads the id of a delivery, or the SID of the customer's text that it carries.
fn id(text: &str) -> Result<DeliveryId, WrongUsage> {
    if let Ok(sid) = MessageSid::parse(text) {
        return Ok(DeliveryId::of_inbound(&sid));
    }
    DeliveryId::parse(text).map_err(|_| {
        WrongUsage(format!(
            "{text:?} is neither the SID of a text (SM or MM and 32 hexadecimal digits) nor a \
             delivery's id; `relay dead list` has both"
        ))
    })
}

/// Such as `2 texts and 1 wake-up`.
fn count(texts: usize, wake_ups: usize) -> String {
    match &counts([(texts, "text"), (wake_ups, "wake-up")])[..] {
        [] => "nothing".to_owned(),
        counted => counted.join(" and "),
    }
}
