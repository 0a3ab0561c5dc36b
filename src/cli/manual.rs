use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use super::output::tell;

/// Write the manual pages, one for each command
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  relay manual /usr/local/share/man/man1")]
pub struct Manual {
    /// The folder to write them to
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Manual {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let place = self.folder.display();
        std::fs::create_dir_all(&self.folder).with_context(|| format!("cannot make {place}"))?;
        clap_mangen::generate_to(super::command(), &self.folder)
            .with_context(|| format!("cannot write to {place}"))?;
        tell!("wrote the manual pages to {place}")?;
        Ok(ExitCode::SUCCESS)
    }
}
