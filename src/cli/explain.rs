use std::process::ExitCode;

/// Tell the story of one text
#[derive(clap::Args)]
pub struct Explain {}

impl Explain {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        todo!()
    }
}
