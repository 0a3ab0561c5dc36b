use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use super::by_hand::{ByHand, Whom};
use super::output::tell;
use super::show::{self, Listing};
use super::{WrongUsage, confirms};
use crate::app::audit::records;
use crate::app::blocks;
use crate::app::ports::store::Store;
use crate::clock::{Clock, SystemClock};
use crate::domain::conversation::{self, Blocker};
use crate::domain::line::Line;
use crate::printable::printable;

/// Block a customer: their texts to the line are kept and reach nobody, their calls are refused, until somebody unblocks them
///
/// They get no answers either. Notices that they subscribed to go on; `relay optouts add` ends those. A
/// person of the line does the same by the text BLOCK 0107.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  relay block 858-555-0107
  relay block 858-555-0107 --line shop --yes
  relay block list
  relay block remove 858-555-0107"
)]
pub struct Block {
    #[command(subcommand)]
    command: Option<Command>,
    /// The number, as people in the line's country write it
    number: Option<String>,
    #[command(flatten)]
    by_hand: ByHand,
    /// Do not ask; needed where there is no terminal
    #[arg(long)]
    yes: bool,
}

#[derive(Subcommand)]
enum Command {
    /// List who is blocked, since when and by whom
    #[command(after_help = "Examples:
  relay block list
  relay block list --numbers --json")]
    List(Listing),
    /// Have a customer's texts reach people again
    #[command(after_help = "Examples:
  relay block remove 858-555-0107
  relay block remove 858-555-0107 --stack relay")]
    Remove(Whom),
}

impl Block {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        match (self.command, self.number) {
            (Some(Command::List(listing)), _) => list(&listing).await,
            (Some(Command::Remove(whom)), _) => change(&whom, false, true, now).await,
            (None, Some(number)) => {
                let by_hand = self.by_hand;
                change(&Whom { number, by_hand }, true, self.yes, now).await
            }
            (None, None) => Err(WrongUsage("say whom: relay block NUMBER".to_owned()).into()),
        }
    }
}

async fn list(listing: &Listing) -> anyhow::Result<ExitCode> {
    let numbers = async |store: &dyn Store, line: &Line| {
        let blocked = store.blocked(&line.number).await?;
        let since_and_by = |(number, conversation::Block { since, by })| (number, (since, by));
        Ok(blocked.into_iter().map(since_and_by).collect())
    };
    listing.print("nobody is blocked", numbers).await
}

#[derive(Serialize)]
struct Changed {
    line: String,
    number: String,
    blocked: bool,
    /// Whether that is new.
    changed: bool,
}

async fn change(whom: &Whom, blocks: bool, yes: bool, now: Timestamp) -> anyhow::Result<ExitCode> {
    let (opened, number) = whom.open("relay-block").await?;
    let line = &opened.line;
    if let Some(person) = line.person_with(&number).filter(|_| blocks) {
        let (person, line) = (&person.name, &line.name);
        let why = format!("that is {person}, one of the people of {line}, who cannot be blocked");
        return Err(WrongUsage(why).into());
    }
    let question = || {
        let (number, line) = (number.expose(), printable(&line.name));
        format!("Texts and calls of {number} to {line} reach nobody from then on.")
    };
    if blocks && !confirms(yes, &question())? {
        anyhow::bail!("nobody was blocked");
    }
    let block = blocks.then_some(conversation::Block {
        since: now,
        by: Blocker::Hand,
    });
    let store = opened.store.as_ref();
    let changed = blocks::set(store, &line.number, &number, block.as_ref(), now).await?;
    if changed {
        let record = records::blocked_by_hand(line, &number, block.as_ref(), now);
        opened.put_on_record(&[record]).await?;
    }
    let changed = Changed {
        line: line.name.clone(),
        number: number.expose().to_owned(),
        blocked: blocks,
        changed,
    };
    show::print(&changed, whom.by_hand.json, |changed| {
        tell!("{}: {} {}", changed.line, changed.number, in_words(changed))
    })
}

fn in_words(changed: &Changed) -> &'static str {
    match (changed.blocked, changed.changed) {
        (true, true) => "is blocked: their texts and calls reach nobody",
        (true, false) => "is blocked already",
        (false, true) => "is not blocked any more",
        (false, false) => "is not blocked",
    }
}
