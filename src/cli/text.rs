use std::process::ExitCode;

/// Send a customer's text in a running sandbox
#[derive(clap::Args)]
pub struct Text {}

impl Text {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        todo!()
    }
}
