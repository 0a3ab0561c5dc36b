use std::process::ExitCode;

use super::Place;
use super::cloud::Cloud;
use crate::cli::output::tell;
use crate::credentials::exchange::Exchange;
use crate::credentials::notes::Notes;

/// Put what is newer in the file into the secret in Secrets Manager
///
/// Twilio's variables and the keys of callers; what else the secret has stays. Refuses if the secret was changed since
/// the last time, as a rotation in the cloud does: a deleted key never comes back.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay secrets seed --secret-id relay/twilio --dry-run
  relay secrets seed --secret-id relay/twilio")]
pub struct Seed {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    cloud: Cloud,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Seed {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let file = self.place.find()?;
        let (notes, secret) = (Notes::of(file.path())?, self.cloud.store().await?);
        let exchange = Exchange {
            file: &file,
            secret: &secret,
            notes: &notes,
        };
        let done = exchange.seed(self.dry_run).await?;
        let would = if self.dry_run { "would be: " } else { "" };
        tell!("{}: {would}{done}", secret.id())?;
        Ok(ExitCode::SUCCESS)
    }
}
