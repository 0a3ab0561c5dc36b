use std::process::ExitCode;

/// Put a configuration where the Lambdas read it, fetch it, or compare
#[derive(clap::Args)]
pub struct Config {}

impl Config {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        todo!()
    }
}
