use std::process::ExitCode;

/// Run everything on this machine, with a sandbox in place of Twilio
#[derive(clap::Args)]
pub struct Dev {}

impl Dev {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        todo!()
    }
}
