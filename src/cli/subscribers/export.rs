use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::rows::{COLUMNS, how_of};
use super::{Pages, topics};
use crate::cli::output::{self, note};
use crate::cli::schedule::choose_one;
use crate::cli::target::Target;
use crate::domain::subscriber::Subscriber;

#[derive(clap::Args)]
pub struct Export {
    #[command(flatten)]
    target: Target,
    /// Which line, by its name or number; needed if there are several
    #[arg(long, value_name = "LINE")]
    line: Option<String>,
    /// Only this topic, by its name or keyword
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Write to this file, which must be new, and that only its owner can read
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let store = self.target.store().await?;
        let line = choose_one(store.lines().await?, self.line.as_deref())?;
        let topics = topics(&line, self.topic.as_deref())?;
        let mut out = match &self.out {
            Some(file) => Out::File(file, create(file)?),
            None => Out::Terminal,
        };
        out.write(&row(COLUMNS)?)?;
        let mut count = 0;
        for topic in topics {
            let mut pages = Pages::of(store.as_ref(), &line, topic);
            while let Some(page) = pages.next().await? {
                count += page.len();
                let rows = page.iter().map(|subscriber| row(columns(subscriber)));
                out.write(&rows.collect::<anyhow::Result<Vec<_>>>()?.concat())?;
            }
        }
        if let Out::File(file, _) = out {
            note!("{}: {count} of {}", file.display(), line.name);
        }
        Ok(ExitCode::SUCCESS)
    }
}

enum Out<'f> {
    File(&'f Path, std::fs::File),
    Terminal,
}

impl Out<'_> {
    fn write(&mut self, text: &str) -> anyhow::Result<()> {
        match self {
            Out::File(path, file) => file
                .write_all(text.as_bytes())
                .with_context(|| format!("cannot write {}", path.display())),
            Out::Terminal => Ok(output::print(format_args!("{text}"))?),
        }
    }
}

fn create(file: &Path) -> anyhow::Result<std::fs::File> {
    let new = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file);
    new.with_context(|| {
        format!(
            "cannot make {}; name a file that is not there yet, in a folder that is",
            file.display()
        )
    })
}

fn columns(subscriber: &Subscriber) -> [String; 4] {
    let consent = &subscriber.consent;
    [
        subscriber.number.expose().to_owned(),
        subscriber.topic.clone(),
        consent.at.to_string(),
        how_of(&consent.how),
    ]
}

/// One row of CSV, with its end.
fn row<T: AsRef<[u8]>>(columns: [T; 4]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns)?;
    Ok(String::from_utf8(writer.into_inner()?)?)
}
