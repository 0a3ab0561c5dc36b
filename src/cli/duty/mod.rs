mod check;
mod set;
pub mod show;

use std::process::ExitCode;

use clap::Subcommand;

use super::schedule::Schedule;
use crate::clock::{Clock, SystemClock};
use crate::domain::duty::Presence;

/// Show who is available and why; set people away or on duty; check the schedule
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay duty show --at \"Sat 02:00\"
  relay duty away Sergio --until 5pm
  relay duty on Sergio --until \"Mon 8:00\"
  relay duty clear Sergio
  relay duty check --config relay.toml")]
pub struct Duty {
    #[command(subcommand)]
    command: Command,
}

/// Whose schedule is looked at, and as of when.
#[derive(clap::Args)]
struct AsOf {
    #[command(flatten)]
    schedule: Schedule,
    /// As of another time: RFC 3339, or such as "Sat 02:00" on the line's clock
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Show who is available, and why
    #[command(after_help = "Example:\n  relay duty show --at \"Sat 02:00\"")]
    Show(AsOf),
    /// Set a person away, whatever the hours say, on every line that they are in
    #[command(after_help = "Example:\n  relay duty away Sergio --until 5pm")]
    Away(set::Set),
    /// Set a person on duty, whatever the hours say, on every line that they are in
    #[command(after_help = "Example:\n  relay duty on Sergio --until \"Mon 8:00\"")]
    On(set::Set),
    /// Let the hours decide again about a person, on every line that they are in
    #[command(after_help = "Example:\n  relay duty clear Sergio")]
    Clear(set::Whose),
    /// Look for gaps, forgotten overrides and nights on which clocks change
    #[command(after_help = "Example:\n  relay duty check --config relay.toml")]
    Check(AsOf),
}

impl Duty {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        match self.command {
            Command::Show(as_of) => show::run(as_of, now).await,
            Command::Away(set) => set.run(Presence::Away, now).await,
            Command::On(set) => set.run(Presence::On, now).await,
            Command::Clear(whose) => whose.clear(now).await,
            Command::Check(as_of) => check::run(as_of, now).await,
        }
    }
}
