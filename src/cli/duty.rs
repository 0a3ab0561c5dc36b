use std::process::ExitCode;

/// Show who is available and why; set people away or on duty; check the schedule
#[derive(clap::Args)]
pub struct Duty {}

impl Duty {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        todo!()
    }
}
