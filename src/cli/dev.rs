use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;

use super::serve::{Place, start_log, when_asked_to_stop};
use crate::clock::{Clock, SystemClock};
use crate::line::{Line, config};
use crate::machine::server::Machine;
use crate::twilio::client::{Client, Network};
use crate::twilio::sandbox::{self, Sandbox};

/// Run everything on this machine, with a sandbox in place of Twilio
///
/// The webhooks, the worker and a fake Twilio with virtual phones, on one port. Nothing leaves this
/// machine, and nothing needs to be signed up for.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  relay dev\n  relay text --from 619-555-0107 \"Is the boat ready?\"      # in another shell\n  relay phone 619-555-0110                                 # Sergio's screen"
)]
pub struct Dev {
    /// The lines and the people behind them; without it relay.toml, and without that an example
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

const CONFIG: &str = "relay.toml";

impl Dev {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let listener = self.place.listen().await?;
        let here = format!("http://{}", listener.local_addr()?);
        let (lines, from) = self.lines(listener.local_addr()?.port())?;
        let account = sandbox::demo_account();
        let sandbox = Arc::new(Sandbox::new(account, Arc::new(SystemClock)));
        Ok(ExitCode::SUCCESS)
    }

    /// The lines, and where they come from.
    fn lines(&self, port: u16) -> anyhow::Result<(Vec<Line>, String)> {
        match &self.config {
            Some(file) => Ok((config::read(file)?, file.display().to_string())),
            None if Path::new(CONFIG).exists() => {
                Ok((config::read(Path::new(CONFIG))?, CONFIG.to_owned()))
            }
            None => Ok((config::example(port), "the built-in example".to_owned())),
        }
    }
}
