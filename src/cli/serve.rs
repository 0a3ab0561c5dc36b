use std::process::ExitCode;

/// Run the relay on this machine with the real Twilio
#[derive(clap::Args)]
pub struct Serve {}

impl Serve {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        todo!()
    }
}
