use std::process::ExitCode;

use super::Place;
use super::check::age;
use crate::cli::candidates::DIM;
use crate::cli::output::tell;
use crate::cli::show;
use crate::clock::{Clock, SystemClock};
use crate::credentials::inspection;

/// Show the variables: name, what it is, a fingerprint that changes with the value, age
///
/// The fingerprint is keyed with random bytes of this machine: it tells whether a value is still the
/// same here, and nothing to anybody else.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay secrets list
  relay secrets list --file repos.env --json")]
pub struct List {
    #[command(flatten)]
    place: Place,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let examined = self.place.find()?.examine()?.sound()?;
        let known = inspection::known(&examined, SystemClock.now());
        show::print(&known, self.json, |known| {
            let widths = known.iter().map(|known| known.name.len());
            let width = widths.max().unwrap_or(0);
            for known in known {
                let (name, kind) = (&known.name, known.kind.unwrap_or("of another service"));
                let print = known.fingerprint.as_deref().unwrap_or("-");
                let age = age(known);
                tell!("{name:width$}  {kind:19}  {print:8}  {DIM}{age}{DIM:#}")?;
            }
            Ok(())
        })
    }
}
