mod check;
mod set;
mod show;

use std::process::ExitCode;

use clap::Subcommand;

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

#[derive(Subcommand)]
enum Command {
    /// Show who is available, and why
    #[command(after_help = "Example:\n  relay duty show --at \"Sat 02:00\"")]
    Show(show::Show),
    /// Set a person away, whatever the hours say
    #[command(after_help = "Example:\n  relay duty away Sergio --until 5pm")]
    Away(set::Set),
    /// Set a person on duty, whatever the hours say
    #[command(after_help = "Example:\n  relay duty on Sergio --until \"Mon 8:00\"")]
    On(set::Set),
    /// Let the hours decide again
    #[command(after_help = "Example:\n  relay duty clear Sergio")]
    Clear(set::Clear),
    /// Look for gaps, forgotten overrides and nights on which clocks change
    #[command(after_help = "Example:\n  relay duty check --config relay.toml")]
    Check(check::Check),
}

impl Duty {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        match self.command {
            Command::Show(show) => show.run(now).await,
            Command::Away(set) => set.run(Presence::Away, now).await,
            Command::On(set) => set.run(Presence::On, now).await,
            Command::Clear(clear) => clear.run(now).await,
            Command::Check(check) => check.run(now).await,
        }
    }
}
