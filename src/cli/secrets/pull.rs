use std::process::ExitCode;

use super::Place;
use super::cloud::Cloud;
use crate::cli::output::tell;
use crate::credentials::exchange::Exchange;
use crate::credentials::notes::Notes;

/// Put what is newer in Secrets Manager into the file, as after a rotation in the cloud
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay secrets pull --secret-id relay/twilio --dry-run
  relay secrets pull --secret-id relay/twilio")]
pub struct Pull {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    cloud: Cloud,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Pull {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let file = self.place.find()?;
        let (notes, secret) = (Notes::of(file.path())?, self.cloud.store().await?);
        let exchange = Exchange {
            file: &file,
            secret: &secret,
            notes: &notes,
        };
        let done = exchange.pull(self.dry_run).await?;
        let would = if self.dry_run { "would be: " } else { "" };
        tell!("{}: {would}{done}", file.place())?;
        Ok(ExitCode::SUCCESS)
    }
}
