use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::Place;
use crate::cli::output::{note, print};
use crate::clock::{Clock, SystemClock};
use crate::credentials::{inspection, reference};

/// Write the document that tells the next engineer everything but the values
///
/// Nothing is written if any part of a value, or anything that is shaped like one, would be in it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay secrets reference
  relay secrets reference --out docs/credentials.md --index docs/INDEX.md")]
pub struct Reference {
    #[command(flatten)]
    place: Place,
    /// The document; - prints it
    #[arg(
        long,
        value_name = "FILE",
        default_value = "reference_twilio_credentials.md"
    )]
    out: PathBuf,
    /// A list of documents in which to keep one line about it
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
}

impl Reference {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let file = self.place.find()?;
        let examined = file.examine()?.sound()?;
        let place = std::path::absolute(file.path())?.display().to_string();
        let known = inspection::known(&examined, SystemClock.now());
        let text = reference::document(&place, &known, &examined.entries)?;
        if self.out == Path::new("-") {
            print(format_args!("{text}"))?;
        } else {
            write(&self.out, &text)?;
        }
        if let Some(index) = &self.index {
            let old = match std::fs::read_to_string(index) {
                Ok(old) => old,
                Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
                Err(error) => {
                    return Err(error).context(format!("cannot read {}", index.display()));
                }
            };
            let new = reference::index(&old, &link(&self.out, index));
            write(index, &new)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The document as the index would name it.
fn link(out: &Path, index: &Path) -> String {
    // Of a path with no folder this is empty, and every path begins with nothing.
    let folder = index.parent().unwrap_or(Path::new(""));
    out.strip_prefix(folder)
        .unwrap_or(out)
        .display()
        .to_string()
}

/// Writes a file whole or not at all, unless it says that already.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let name = path.display();
    if std::fs::read_to_string(path).is_ok_and(|old| old == text) {
        note!("{name} says that already");
        return Ok(());
    }
    let failed = || format!("cannot write {name}");
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = std::fs::File::create(&beside).with_context(failed)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    let renamed = written.and_then(|()| std::fs::rename(&beside, path));
    if renamed.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    renamed.with_context(failed)?;
    note!("wrote {name}");
    Ok(())
}
