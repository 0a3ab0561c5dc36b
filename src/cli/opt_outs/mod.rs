mod change;
mod list;

use std::process::ExitCode;

use clap::Subcommand;

use crate::clock::{Clock, SystemClock};

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
  relay optouts list --table relay-Table-1A2B3C --json")]
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
    List(list::List),
    /// Put a number on the list: the line texts it no more
    #[command(after_help = "Example:
  relay optouts add 858-555-0107")]
    Add(change::Add),
    /// Take a number off the list
    #[command(after_help = "Examples:
  relay optouts remove 858-555-0107
  relay optouts remove 858-555-0107 --table relay-Table-1A2B3C --log-group relay-AuditLog-1A2B3C")]
    Remove(change::Remove),
}

impl OptOuts {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        match self.command {
            Command::List(list) => list.run().await,
            Command::Add(add) => add.run(now).await,
            Command::Remove(remove) => remove.run(now).await,
        }
    }
}
