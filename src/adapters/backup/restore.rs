//! A copy in the place of a data folder that is gone.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use jiff::{SignedDuration, Timestamp};

use super::manifest::{FORMAT, MANIFEST, Manifest, Sum};
use super::{Names, copy_file, create_private, sync_folder};
use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::snapshot;
use crate::adapters::sqlite::store::SqliteStore;
use crate::adapters::sqlite::store::restore::Marked;
use crate::domain::delivery::Restoration;

/// A clock may have been wrong by that much when the copy was made.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(1);

/// A copy in which everything is as its manifest says.
#[derive(Debug)]
pub struct Restorable {
    folder: PathBuf,
    pub manifest: Manifest,
}

impl Restorable {
    /// Looks at every byte of it. An error names the file that is not as it was.
    pub fn open(folder: &Path, names: Names) -> anyhow::Result<Self> {
        let manifest = Manifest::read(folder).map_err(|error| with_owner(error, folder))?;
        ensure!(
            manifest.format <= FORMAT,
            "the backup {} was made by a newer relay ({}): use that version",
            folder.display(),
            manifest.relay
        );
        ensure!(
            manifest.verified && manifest.files.contains_key(names.database),
            "the backup {} was never verified; take another one",
            folder.display()
        );
        for (name, sum) in &manifest.files {
            is_as_it_was(&folder.join(name), sum)
                .map_err(|error| with_owner(error, &folder.join(name)))?;
        }
        let found = snapshot::examine(&folder.join(names.database))?;
        let counts: BTreeMap<_, _> = found
            .counts
            .into_iter()
            .map(|(table, rows)| (table.to_owned(), rows))
            .collect();
        ensure!(
            counts == manifest.counts,
            "{} does not hold as much as {MANIFEST} says; take another backup",
            folder.join(names.database).display()
        );
        let folder = folder.to_owned();
        Ok(Self { folder, manifest })
    }

    /// Puts it into a folder that is empty or not there yet. Nothing has its name before all is done.
    pub async fn put_into(
        &self,
        data: &Path,
        names: Names,
        now: Timestamp,
    ) -> anyhow::Result<Marked> {
        let place = data.display();
        match std::fs::read_dir(data) {
            Ok(mut found) => ensure!(
                found.next().is_none(),
                "{place} is not empty; name a folder that is, or that is not there yet"
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("cannot look at {place}")),
        }
        let parent = data.parent().filter(|parent| parent.is_dir());
        let parent = parent.unwrap_or(Path::new("."));
        let partial = parent.join(format!(
            ".{}.restoring-{}",
            data.file_name().unwrap_or_default().to_string_lossy(),
            std::process::id()
        ));
        let done = self.fill(&partial, data, names, now).await;
        if done.is_err() {
            let _ = std::fs::remove_dir_all(&partial);
        }
        done.with_context(|| format!("nothing was restored to {place}"))
    }

    async fn fill(
        &self,
        partial: &Path,
        data: &Path,
        names: Names,
        now: Timestamp,
    ) -> anyhow::Result<Marked> {
        create_private(partial, false)?;
        for (name, sum) in &self.manifest.files {
            let copied = partial.join(name);
            copy_file(&self.folder.join(name), &copied)?;
            is_as_it_was(&copied, sum)?;
        }
        let restoration = Restoration {
            since: self.manifest.made - CLOCKS_DIFFER,
            at: now,
        };
        let database = Database::open(&partial.join(names.database))?;
        let store = SqliteStore::on(database.clone());
        let marked = store.mark_restored(restoration).await?;
        database.truncate_log().await?;
        drop((store, database));
        sync_folder(partial)?;
        std::fs::rename(partial, data)
            .with_context(|| format!("cannot name it {}", data.display()))?;
        sync_folder(data)?;
        Ok(marked)
    }
}

fn is_as_it_was(path: &Path, sum: &Sum) -> anyhow::Result<()> {
    let name = path.display();
    let found = match Sum::of(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("{name} is missing; take another backup")
        }
        found => found.with_context(|| format!("cannot read {name}"))?,
    };
    if found.bytes < sum.bytes {
        bail!(
            "{name} is cut off: it has {} of {} bytes; take another backup",
            found.bytes,
            sum.bytes
        );
    }
    ensure!(
        found == *sum,
        "{name} was changed since it was made; take another backup"
    );
    Ok(())
}

/// Of a file that cannot be read: whose it is.
fn with_owner(error: anyhow::Error, path: &Path) -> anyhow::Error {
    let denied = error.chain().any(|cause| {
        let cause = cause.downcast_ref::<std::io::Error>();
        cause.is_some_and(|cause| cause.kind() == ErrorKind::PermissionDenied)
    });
    let us = rustix::process::geteuid().as_raw();
    match std::fs::metadata(path) {
        Ok(found) if denied && found.uid() != us => error.context(format!(
            "the backup belongs to another user (uid {}, this is uid {us}); run this as that user",
            found.uid()
        )),
        _ => error,
    }
}

/// What was set by hand since the backup, by the audit of the relay that is gone: when, and what in a few words.
pub fn lost_with_the_disk(audit: &Path, since: Timestamp) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read(audit).with_context(|| format!("cannot read {}", audit.display()))?;
    let mut lost = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let Ok(record) = serde_json::from_slice::<serde_json::Value>(line) else {
            continue;
        };
        let word = |key: &str| record.get(key).and_then(|value| value.as_str());
        let at: Option<Timestamp> = word("at").and_then(|at| at.parse().ok());
        let Some(at) = at.filter(|at| since < *at) else {
            continue;
        };
        let what = match word("kind") {
            Some("duty_by_text") => "duty",
            Some("block") => "block",
            Some("opt_out") => "opt-out",
            Some("subscribed" | "left") => "subscription",
            Some("dropped" | "replayed") => "dead letter",
            Some("notice" | "notice_cancelled" | "invited") => "notice or invitation",
            _ => continue,
        };
        let rest = [
            word("line"),
            word("to_person"),
            word("rule"),
            word("outcome"),
        ];
        let rest: Vec<&str> = rest.into_iter().flatten().collect();
        lost.push(format!("{at:.0} {what}: {}", rest.join(", ")));
    }
    Ok(lost)
}
