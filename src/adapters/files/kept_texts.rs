//! The spool as a file of the one-machine mode, a JSON object a line. It is not the database, so that
//! a database that is out of order does not matter.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, bail};
use async_trait::async_trait;
use tokio::sync::Notify;

use crate::adapters::files::private_folder::{append_whole, open_to_append};
use crate::app::ports::kept_texts::{FallbackSpool, SpooledText};

/// The most that the file may hold: some 50,000 texts. Whatever fills it, the disk stays free.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Appends, each text on disk before anybody hears that it is kept. Only the owner may read it.
#[derive(Clone)]
pub struct SpoolFile(Arc<Inner>);

struct Inner {
    path: PathBuf,
    most_bytes: u64,
    /// Held by whoever reads or writes.
    lock: Mutex<()>,
    /// Rings when a text was kept.
    bell: Notify,
}

/// A line of the file.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Entry(Vec<u8>);

impl Entry {
    /// `None` if the line cannot be read as a kept text.
    pub fn text(&self) -> Option<SpooledText> {
        serde_json::from_slice(&self.0).ok()
    }
}

impl SpoolFile {
    /// Opens the file, or creates it. What an earlier process was writing when it was killed was
    /// not acknowledged, and is cut off.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        Self::with_room(path, MOST_BYTES)
    }

    /// The same, with room for less.
    pub fn with_room(path: &Path, most_bytes: u64) -> anyhow::Result<Self> {
        prepare(path).with_context(|| format!("cannot open the kept texts {}", path.display()))?;
        Ok(Self(Arc::new(Inner {
            path: path.into(),
            most_bytes,
            lock: Mutex::new(()),
            bell: Notify::new(),
        })))
    }

    /// At most `most` of the kept texts, the oldest first.
    pub async fn oldest(&self, most: usize) -> anyhow::Result<Vec<Entry>> {
        self.held("read", move |inner| {
            let entries = inner.entries()?.take(most);
            Ok(entries.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Forgets texts, now that they are somewhere else. Those of `unusable` go into a file beside
    /// this one, for somebody to look at.
    pub async fn forget(&self, done: Vec<Entry>, unusable: Vec<Entry>) -> anyhow::Result<()> {
        self.held("write", move |inner| {
            if !unusable.is_empty() {
                let mut file = open_to_append(&inner.aside())?;
                file.write_all(&lines(&unusable))?;
                file.sync_all()?;
            }
            let gone: HashSet<_> = done.into_iter().chain(unusable).collect();
            inner.rewrite_without(&gone)
        })
        .await
    }

    /// Where texts go that cannot be used.
    pub fn aside(&self) -> PathBuf {
        self.0.aside()
    }

    /// Returns once a text was kept by this process.
    pub async fn rung(&self) {
        self.0.bell.notified().await;
    }

    /// Does file work on a thread for it, one at a time.
    async fn held<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Inner) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            let _held = inner.lock.lock().unwrap_or_else(|held| held.into_inner());
            work(&inner)
                .with_context(|| format!("cannot {what} the kept texts {}", inner.path.display()))
        })
        .await?
    }
}

#[async_trait]
impl FallbackSpool for SpoolFile {
    async fn add(&self, text: &SpooledText) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(text)?;
        line.push(b'\n');
        let checked = text.checked;
        self.held("write", move |inner| inner.append(&line, checked))
            .await?;
        self.0.bell.notify_one();
        Ok(())
    }
}

impl Inner {
    /// What could not be checked leaves half of the room to what could.
    fn append(&self, line: &[u8], checked: bool) -> anyhow::Result<()> {
        let file = open_to_append(&self.path)?;
        let length = file.metadata()?.len();
        let most = if checked {
            self.most_bytes
        } else {
            self.most_bytes / 2
        };
        if length + line.len() as u64 > most {
            bail!("the file is full: {length} bytes wait for the main path to work again");
        }
        append_whole(&file, length, |mut file| {
            file.write_all(line)?;
            file.sync_all()
        })?;
        Ok(())
    }

    fn entries(&self) -> std::io::Result<impl Iterator<Item = std::io::Result<Entry>>> {
        let file = BufReader::new(open_to_append(&self.path)?);
        Ok(file.split(b'\n').map(|line| line.map(Entry)))
    }

    fn rewrite_without(&self, gone: &HashSet<Entry>) -> anyhow::Result<()> {
        let beside = self.path.with_extension("new");
        let mut new = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        let mut kept = self.entries()?.collect::<Result<Vec<_>, _>>()?;
        kept.retain(|entry| !gone.contains(entry));
        new.write_all(&lines(&kept))?;
        new.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        sync_folder(&self.path)?;
        Ok(())
    }

    fn aside(&self) -> PathBuf {
        aside(&self.path)
    }
}

/// The file of what cannot be used, beside that of the kept texts.
pub fn aside(path: &Path) -> PathBuf {
    path.with_extension("unusable.jsonl")
}

fn lines(entries: &[Entry]) -> Vec<u8> {
    let with_end = |entry: &Entry| [&entry.0[..], b"\n"].concat();
    entries.iter().flat_map(with_end).collect()
}

/// Makes the file with its name on disk, and cuts off a line that has no end.
fn prepare(path: &Path) -> std::io::Result<()> {
    let mut file = open_to_append(path)?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let whole = text
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    if whole < text.len() {
        file.set_len(whole as u64)?;
    }
    file.sync_all()?;
    sync_folder(path)
}

fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
