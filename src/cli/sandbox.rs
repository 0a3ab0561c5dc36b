use std::process::ExitCode;

/// Run only the fake Twilio, for any language's tests
#[derive(clap::Args)]
pub struct Sandbox {}

impl Sandbox {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        todo!()
    }
}
