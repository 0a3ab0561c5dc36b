//! Copies of a one-machine relay, each a folder that can be looked at: the database, the texts that wait to be
//! taken in, the audit, `relay.toml`, and a manifest that says what has to be in there. Credentials are in none.

mod keep;
mod manifest;
mod restore;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;

pub use self::keep::{BadKeep, Keep};
pub use self::manifest::{Counts, Manifest, Sum};
pub use self::restore::{Restorable, lost_with_the_disk};
use crate::adapters::sqlite::snapshot;

/// The names within a data folder, which a copy keeps.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    pub database: &'static str,
    pub audit: &'static str,
    pub kept_texts: &'static str,
}

/// What is copied.
pub struct Source<'s> {
    pub data: &'s Path,
    pub names: Names,
    /// The configuration, if there is one.
    pub config: Option<&'s Path>,
    /// Which relay makes the copy.
    pub version: &'s str,
}

/// A copy that was opened, and in which everything was found.
#[derive(Debug)]
pub struct Made {
    pub path: PathBuf,
    pub manifest: Manifest,
}

/// What the file is called in which a data folder says whose it is.
const ACCOUNT: &str = "account";

/// How often a copy is begun anew because so much changed while it was counted.
const MOST_TRIES: usize = 3;

/// Makes a copy in `into` while the relay goes on, opens it, and counts what is in there. Only then it has its
/// name. Of one that fails nothing stays.
pub fn make(source: &Source, into: &Path, now: Timestamp) -> anyhow::Result<Made> {
    let made = make_in(source, into, now);
    made.with_context(|| format!("no backup was made in {}", into.display()))
}

fn make_in(source: &Source, into: &Path, now: Timestamp) -> anyhow::Result<Made> {
    let database = source.data.join(source.names.database);
    ensure!(
        database.exists(),
        "there is no relay in {}; name its data folder with --data",
        source.data.display()
    );
    create_private(into, true)?;
    let name = manifest::name(now);
    let path = into.join(&name);
    ensure!(!path.exists(), "{} is there already", path.display());
    let partial = into.join(format!(".{name}.partial-{}", std::process::id()));
    create_private(&partial, false)?;
    let made = fill(source, &partial, now).and_then(|manifest| {
        std::fs::rename(&partial, &path)
            .with_context(|| format!("cannot name it {}", path.display()))?;
        sync_folder(into)?;
        Ok(Made { path, manifest })
    });
    if made.is_err() {
        let _ = std::fs::remove_dir_all(&partial);
    }
    made
}

fn fill(source: &Source, partial: &Path, now: Timestamp) -> anyhow::Result<Manifest> {
    let Names {
        database,
        audit,
        kept_texts,
    } = source.names;
    // First the texts that wait: one that is taken in meanwhile is then in both, and not in none.
    copy_lines(source.data, partial, kept_texts)?;
    copy_database(&source.data.join(database), &partial.join(database))?;
    let mut last_audit = None;
    for name in segments(source.data, audit)? {
        let last = copy_lines(source.data, partial, &name)?;
        if name == audit || last_audit.is_none() {
            last_audit = last.or(last_audit);
        }
    }
    copy_file(&source.data.join(ACCOUNT), &partial.join(ACCOUNT))?;
    if let Some(config) = source.config {
        copy_file(config, &partial.join(CONFIG))?;
    }
    let found = snapshot::examine(&partial.join(database))?;
    let manifest = Manifest {
        format: manifest::FORMAT,
        made: now,
        relay: source.version.to_owned(),
        schema: found.schema,
        counts: found
            .counts
            .into_iter()
            .map(|(table, rows)| (table.to_owned(), rows))
            .collect(),
        last_audit,
        files: manifest::sums(partial)?,
        verified: true,
    };
    manifest.write(partial)?;
    sync_folder(partial)?;
    Ok(manifest)
}

/// What `relay.toml` is called in a copy.
pub const CONFIG: &str = "relay.toml";

/// Copies the database until its copy holds as much as it did before and after.
fn copy_database(from: &Path, to: &Path) -> anyhow::Result<()> {
    for _ in 0..MOST_TRIES {
        let before = snapshot::counts(from)?;
        // SQLite would make the file for everybody to read.
        drop(create_new(to)?);
        snapshot::copy(from, to)?;
        File::open(to)?.sync_all()?;
        let (copied, after) = (snapshot::examine(to)?.counts, snapshot::counts(from)?);
        let is_whole = copied.iter().all(|(table, rows)| {
            let count = |counts: &[(&str, u64)]| {
                let found = counts.iter().find(|(name, _)| name == table);
                found.map_or(0, |(_, rows)| *rows)
            };
            let (one, other) = (count(&before), count(&after));
            (one.min(other)..=one.max(other)).contains(rows)
        });
        if is_whole {
            return Ok(());
        }
        std::fs::remove_file(to)?;
    }
    bail!("the copy never held as much as the database; look at the disk")
}

/// The audit of this month, and the last one of a month that is over.
fn segments(data: &Path, audit: &str) -> anyhow::Result<Vec<String>> {
    let stem = audit.strip_suffix(".jsonl").unwrap_or(audit);
    let mut over = Vec::new();
    for entry in std::fs::read_dir(data)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_one = name.strip_prefix(stem).is_some_and(|n| n.starts_with('-'));
        if is_one && name.ends_with(".jsonl") {
            over.push(name);
        }
    }
    over.sort();
    Ok(over.pop().into_iter().chain([audit.to_owned()]).collect())
}

/// Copies the whole lines of a file, if it is there. Returns the time of the last one.
fn copy_lines(from: &Path, to: &Path, name: &str) -> anyhow::Result<Option<Timestamp>> {
    let Some(mut lines) = read(&from.join(name))? else {
        return Ok(None);
    };
    // Somebody may be writing a further one.
    let whole = lines.iter().rposition(|byte| *byte == b'\n');
    lines.truncate(whole.map_or(0, |end| end + 1));
    write(&to.join(name), &lines)?;
    let last = lines.split(|byte| *byte == b'\n').rev();
    let mut times = last.filter_map(|line| {
        let line: serde_json::Value = serde_json::from_slice(line).ok()?;
        line.get("at")?.as_str()?.parse().ok()
    });
    Ok(times.next())
}

fn copy_file(from: &Path, to: &Path) -> anyhow::Result<()> {
    match read(from)? {
        Some(bytes) => write(to, &bytes),
        None => Ok(()),
    }
}

fn read(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = create_new(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.with_context(|| format!("cannot write {}{}", path.display(), DISK))
}

/// What to look at if a file cannot be written.
const DISK: &str = " (is the disk full? see `df`)";

fn create_new(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    options
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))
}

fn create_private(folder: &Path, with_parents: bool) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    let made = builder.mode(0o700).recursive(with_parents).create(folder);
    made.with_context(|| {
        format!(
            "cannot make the folder {} (this user must be allowed to write there)",
            folder.display()
        )
    })
}

fn sync_folder(folder: &Path) -> anyhow::Result<()> {
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// The copies in a folder, the oldest first.
pub fn list(folder: &Path) -> anyhow::Result<Vec<(Timestamp, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(made) = name.and_then(manifest::time_of) {
            found.push((made, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Removes the copies that are too old to be kept. Returns how many.
pub fn remove_old(folder: &Path, keep: &Keep, now: Timestamp) -> anyhow::Result<usize> {
    let found = list(folder)?;
    let times: Vec<_> = found.iter().map(|(made, _)| *made).collect();
    let kept = keep.of(&times, now);
    let mut removed = 0;
    for (made, path) in found {
        // What is no copy is nobody's to remove.
        if !kept.contains(&made) && path.join(manifest::MANIFEST).exists() {
            std::fs::remove_dir_all(&path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests;
