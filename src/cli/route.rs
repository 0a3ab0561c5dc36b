use std::process::ExitCode;

/// Show where a text would go, and why; sends nothing
#[derive(clap::Args)]
pub struct Route {}

impl Route {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        todo!()
    }
}
