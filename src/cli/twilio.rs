use std::process::ExitCode;

/// Sign a webhook request or check a signature
#[derive(clap::Args)]
pub struct Twilio {}

impl Twilio {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        todo!()
    }
}
