use std::process::ExitCode;

use super::Place;
use crate::cli::deployment::SecretFlags;
use crate::cli::output::tell;
use crate::credentials::exchange::{Direction, Exchange};

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
    pub async fn run(self, direction: Direction) -> anyhow::Result<ExitCode> {
        let (file, secret) = (self.place.find()?, self.secret.open().await?);
        let exchange = Exchange {
            file: &file,
            secret: &*secret,
        };
        let done = exchange.run(direction, self.dry_run).await?;
        let changed = match direction {
            Direction::Seed => secret.id().to_owned(),
            Direction::Pull => file.place(),
        };
        let would = if self.dry_run { "would be: " } else { "" };
        tell!("{changed}: {would}{done}")?;
        Ok(ExitCode::SUCCESS)
    }
}
