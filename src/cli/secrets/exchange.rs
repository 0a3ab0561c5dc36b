use std::process::ExitCode;

use super::Place;
use crate::cli::deployment::SecretFlags;
use crate::cli::output::tell;
use crate::credentials::exchange::Exchange;

// Of `seed` and `pull`; what each does is said where they are listed.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    secret: SecretFlags,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Arguments {
    pub async fn seed(self) -> anyhow::Result<ExitCode> {
        self.run(true).await
    }

    pub async fn pull(self) -> anyhow::Result<ExitCode> {
        self.run(false).await
    }

    async fn run(self, seeds: bool) -> anyhow::Result<ExitCode> {
        let (file, secret) = (self.place.find()?, self.secret.open().await?);
        let exchange = Exchange {
            file: &file,
            secret: &*secret,
        };
        let (changed, done) = if seeds {
            (secret.id().to_owned(), exchange.seed(self.dry_run).await?)
        } else {
            (file.place(), exchange.pull(self.dry_run).await?)
        };
        let would = if self.dry_run { "would be: " } else { "" };
        tell!("{changed}: {would}{done}")?;
        Ok(ExitCode::SUCCESS)
    }
}
