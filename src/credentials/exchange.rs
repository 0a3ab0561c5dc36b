//! Bringing `repos.env` and its secret in Secrets Manager together: `relay secrets seed` and `pull`.

use std::fmt;

use anyhow::{Context, bail};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keyed_hash::{random_audit_key, random_hex};
use super::rotation_record::RotationRecord;
use super::sync::{SyncState, SyncStatus, compare};
use super::values::Values;
use crate::domain::credentials::{AUDIT_KEY, Credentials, Secret};

/// The note of what both had in common.
pub const SYNCED: &str = "synced";
/// The note of an unfinished rotation.
pub const ROTATION: &str = "rotation";

/// `repos.env`, and the notes beside it: names, times and hashes, no values.
pub trait CredentialsFile: Send + Sync {
    /// What the file is, for a message.
    fn place(&self) -> String;
    fn values(&self) -> anyhow::Result<Values>;
    /// Changes the file wholly or not at all.
    fn edit(&self, change: &mut dyn FnMut(&mut Values)) -> anyhow::Result<()>;
    /// The JSON of a note.
    fn note(&self, kind: &str) -> anyhow::Result<Option<String>>;
    /// Writes a note, wholly or not at all, or removes it.
    fn set_note(&self, kind: &str, json: Option<&str>) -> anyhow::Result<()>;
}

impl dyn CredentialsFile + '_ {
    pub fn read_note<T: DeserializeOwned>(&self, kind: &str) -> anyhow::Result<Option<T>> {
        let json = self.note(kind)?;
        let note = json.map(|json| serde_json::from_str(&json)).transpose();
        note.with_context(|| format!("the note `{kind}` beside {} is damaged", self.place()))
    }

    pub fn write_note(&self, kind: &str, note: &impl Serialize) -> anyhow::Result<()> {
        self.set_note(kind, Some(&serde_json::to_string_pretty(note)?))
    }
}

/// The secret in Secrets Manager that holds the same as the file.
#[async_trait]
pub trait VersionedSecret: Send + Sync {
    fn id(&self) -> &str;
    /// The version in force.
    async fn current(&self) -> anyhow::Result<Stored>;
    /// Makes `values` the current version if `seen` still is; its id. Putting the same into the
    /// place of the same again is no further version.
    async fn replace(&self, seen: &str, values: &Values) -> Result<String, NotStored>;
}

/// A version of the secret.
#[derive(Debug)]
pub struct Stored {
    pub version: String,
    pub values: Values,
    pub stages: Vec<String>,
    pub created: Option<Timestamp>,
}

/// Why a new version is not the current one.
#[derive(Debug, thiserror::Error)]
pub enum NotStored {
    #[error(
        "somebody else changed the secret {0} meanwhile; nothing of theirs was overwritten. Look at it with `relay secrets diff`, and do it again"
    )]
    ChangedMeanwhile(String),
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// A file and its secret.
pub struct Exchange<'a> {
    pub file: &'a dyn CredentialsFile,
    pub secret: &'a dyn VersionedSecret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Puts what is newer in the file into the secret. Refuses if anything is newer there, such as
    /// after a rotation in the cloud: the old key would come back.
    Seed,
    /// Puts what is newer in the secret into the file.
    Pull,
}

/// What bringing them together did, or would do: names, no values.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Exchanged {
    pub set: Vec<String>,
    pub removed: Vec<String>,
    /// What is newer on the other side and was left alone.
    pub left: Vec<String>,
}

impl Exchanged {
    pub fn is_nothing(&self) -> bool {
        self.set.is_empty() && self.removed.is_empty()
    }

    fn apply(&self, from: &Values, to: &mut Values) {
        for name in self.set.iter().chain(&self.removed) {
            to.copy_from(from, name);
        }
    }
}

impl fmt::Display for Exchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (what, names) in [
            ("set", &self.set),
            ("removed", &self.removed),
            ("left alone", &self.left),
        ] {
            if !names.is_empty() {
                parts.push(format!("{what} {}", names.join(", ")));
            }
        }
        if parts.is_empty() {
            return f.write_str("nothing to do");
        }
        f.write_str(&parts.join("; "))
    }
}

impl Exchange<'_> {
    pub async fn run(&self, direction: Direction, dry_run: bool) -> anyhow::Result<Exchanged> {
        if let Some(record) = self.file.read_note::<RotationRecord>(ROTATION)? {
            bail!(
                "a rotation of the {} is under way since {}; finish it with `relay secrets rotate --resume` first",
                record.subject.name(),
                record.began
            );
        }
        let file = self.file.values()?;
        if direction == Direction::Seed {
            // Whatever reads the secret would refuse to work with less.
            let value = |name: &str| file.get(name).map(Secret::duplicate);
            Credentials::from_values(&self.file.place(), value)?;
        }
        let current = self.secret.current().await?;
        let file = match direction {
            Direction::Seed if !dry_run => self.with_audit_key(file, &current.values)?,
            _ => file,
        };
        let state: Option<SyncState> = self.file.read_note(SYNCED)?;
        let mut done = Exchanged::default();
        let mut conflicts = Vec::new();
        for (name, status) in compare(&file, &current.values, state.as_ref()) {
            match (status, direction) {
                (SyncStatus::Same, _) => {}
                (SyncStatus::NewerInFile, Direction::Seed)
                | (SyncStatus::NewerInSecret, Direction::Pull) => done.set.push(name),
                (SyncStatus::GoneFromFile, Direction::Seed)
                | (SyncStatus::GoneFromSecret, Direction::Pull) => done.removed.push(name),
                (SyncStatus::Conflict, _) => conflicts.push(name),
                _ => done.left.push(name),
            }
        }
        if direction == Direction::Seed && state.is_some() && !done.left.is_empty() {
            bail!(
                "{} changed in the secret {} since the file was last brought together with it, by a rotation or by somebody; nothing was changed. Fetch it with `relay secrets pull`",
                done.left.join(" and "),
                self.secret.id()
            );
        }
        if !conflicts.is_empty() {
            bail!(
                "{} stands in {} and in the secret {} with different values, and which is the newer one is not known; nothing was changed. See `relay secrets check --live`, take the wrong one out of the file and run `relay secrets pull`, or make both alike by hand",
                conflicts.join(" and "),
                self.file.place(),
                self.secret.id()
            );
        }
        if dry_run {
            return Ok(done);
        }
        let mut values = current.values;
        match direction {
            _ if done.is_nothing() => {}
            Direction::Seed => {
                done.apply(&file, &mut values);
                self.secret.replace(&current.version, &values).await?;
            }
            Direction::Pull => self.file.edit(&mut |file| done.apply(&values, file))?,
        }
        self.remember(&values)?;
        Ok(done)
    }

    /// The file's values, with an audit key if neither place has one yet.
    fn with_audit_key(&self, file: Values, secret: &Values) -> anyhow::Result<Values> {
        if file.has(AUDIT_KEY) || secret.has(AUDIT_KEY) {
            return Ok(file);
        }
        let key = random_audit_key()?;
        self.file
            .edit(&mut |values| values.set(AUDIT_KEY, key.duplicate()))?;
        self.file.values()
    }

    /// Notes what the file has in common with the secret now.
    pub fn remember(&self, secret: &Values) -> anyhow::Result<()> {
        let mut state = match self.file.read_note(SYNCED)? {
            Some(state) => state,
            None => SyncState::new(random_hex()?),
        };
        state.update(&self.file.values()?, secret);
        self.file.write_note(SYNCED, &state)
    }

    /// Whether file and secret hold the same, of what both are to hold.
    pub async fn agree(&self) -> anyhow::Result<bool> {
        let (file, current) = (self.file.values()?, self.secret.current().await?);
        let all = compare(&file, &current.values, None);
        Ok(all.iter().all(|(_, status)| *status == SyncStatus::Same))
    }
}
