use std::process::ExitCode;

/// Show a phone's screen in a running sandbox
#[derive(clap::Args)]
pub struct Phone {}

impl Phone {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        todo!()
    }
}
