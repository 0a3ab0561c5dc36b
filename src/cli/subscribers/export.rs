use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::rows::COLUMNS;
use super::{for_each_page, topics};
use crate::cli::completions;
use crate::cli::deployment::RelayFlags;
use crate::cli::output::{self, note};
use crate::cli::schedule::choose_one;

#[derive(clap::Args)]
pub struct Export {
    #[command(flatten)]
    relay: RelayFlags,
    /// Which line, by its name or number; needed if there are several
    #[arg(long, value_name = "LINE", add = completions::lines())]
    line: Option<String>,
    /// Only this topic, by its name or keyword
    #[arg(long, value_name = "TOPIC", add = completions::topics())]
    topic: Option<String>,
    /// Write to this file, which must be new, and that only its owner can read
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let store = self.relay.store().await?;
        let line = choose_one(store.lines().await?, self.line.as_deref())?;
        let topics = topics(&line, self.topic.as_deref())?;
        let mut out = match self.out {
            Some(path) => Some((create(&path)?, path)),
            None => None,
        };
        let mut count = 0;
        let mut rows = csv::Writer::from_writer(Vec::new());
        rows.write_record(COLUMNS.map(|(name, _)| name))?;
        for topic in topics {
            let written = for_each_page(store.as_ref(), &line, topic, |page| {
                for subscriber in page {
                    rows.write_record(COLUMNS.map(|(_, value)| value(subscriber)))?;
                }
                let page = std::mem::replace(&mut rows, csv::Writer::from_writer(Vec::new()));
                let page = String::from_utf8(page.into_inner()?)?;
                match &mut out {
                    Some((file, path)) => file
                        .write_all(page.as_bytes())
                        .with_context(|| format!("cannot write {}", path.display())),
                    None => Ok(output::print(format_args!("{page}"))?),
                }
            });
            count += written.await?;
        }
        if let Some((_, path)) = out {
            note!("{}: {count} of {}", path.display(), line.name);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn create(path: &Path) -> anyhow::Result<File> {
    let mut new = OpenOptions::new();
    let new = new.write(true).create_new(true).mode(0o600).open(path);
    new.with_context(|| {
        format!(
            "cannot make {}; name a file that is not there yet, in a folder that is",
            path.display()
        )
    })
}
