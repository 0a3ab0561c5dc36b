//! Bringing `repos.env` and its secret in Secrets Manager together: `relay secrets seed` and `pull`.

use std::fmt;

use anyhow::{Context, bail};

use super::notes::Notes;
use super::rotation::Slots;
use super::secrets_manager::SecretStore;
use super::sync::{Base, Standing, compare};
use super::values::Values;
use crate::domain::credentials::{Credentials, Secret};

/// The note of what both had in common.
pub const SYNCED_NOTE: &str = "synced";
/// The note of an unfinished rotation.
pub const ROTATION_NOTE: &str = "rotation";

/// A file of variables that one edit changes wholly or not at all.
pub trait EditableFile: Send + Sync {
    /// What the file is, for a message.
    fn place(&self) -> String;
    fn values(&self) -> anyhow::Result<Values>;
    fn edit(
        &self,
        change: &mut dyn FnMut(&mut dyn Slots) -> anyhow::Result<()>,
    ) -> anyhow::Result<()>;
}

/// A file, its secret, and what is remembered of both.
pub struct Exchange<'a> {
    pub file: &'a dyn EditableFile,
    pub secret: &'a SecretStore,
    pub notes: &'a Notes,
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
}

impl fmt::Display for Exchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("set", &self.set),
            ("removed", &self.removed),
            ("left alone", &self.left),
        ];
        let parts: Vec<_> = parts
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("{what} {}", names.join(", ")))
            .collect();
        match parts.is_empty() {
            true => f.write_str("nothing to do"),
            false => f.write_str(&parts.join("; ")),
        }
    }
}

impl Exchange<'_> {
    /// Puts what is newer in the file into the secret. Refuses if anything is newer there, such as
    /// after a rotation in the cloud: the old key would come back.
    pub async fn seed(&self, dry_run: bool) -> anyhow::Result<Exchanged> {
        self.refuse_during_a_rotation()?;
        let file = self.file.values()?;
        let place = self.file.place();
        // Whatever reads the secret would refuse to work with less.
        Credentials::from_values(&place, |name| file.get(name).map(copy))?;
        let current = self.secret.current().await?;
        let base: Option<Base> = self.notes.read(SYNCED_NOTE)?;
        let mut done = Exchanged::default();
        let mut newer_there = Vec::new();
        let mut conflicts = Vec::new();
        let standings = compare(&file, &current.values, base.as_ref());
        for (name, standing) in standings {
            match standing {
                Standing::Same => {}
                Standing::NewerInFile => done.set.push(name),
                Standing::GoneFromFile => done.removed.push(name),
                Standing::NewerInSecret if base.is_none() => done.left.push(name),
                Standing::NewerInSecret | Standing::GoneFromSecret => newer_there.push(name),
                Standing::Conflict => conflicts.push(name),
            }
        }
        if !newer_there.is_empty() {
            bail!(
                "{} changed in the secret {} since the file was last brought together with it, by a rotation or by somebody; nothing was changed. Fetch it with `relay secrets pull`",
                newer_there.join(" and "),
                self.secret.id()
            );
        }
        self.refuse(&conflicts)?;
        if dry_run {
            return Ok(done);
        }
        let mut values = current.values.duplicate();
        for name in &done.set {
            if let Some(value) = file.get(name) {
                values.set(name, copy(value));
            }
        }
        for name in &done.removed {
            values.remove(name);
        }
        let version = match done.is_nothing() {
            true => current.version,
            false => self.secret.replace(&current.version, &values).await?,
        };
        self.remember(&version, &file, &values)?;
        Ok(done)
    }

    /// Puts what is newer in the secret into the file.
    pub async fn pull(&self, dry_run: bool) -> anyhow::Result<Exchanged> {
        self.refuse_during_a_rotation()?;
        let file = self.file.values()?;
        let current = self.secret.current().await?;
        let base: Option<Base> = self.notes.read(SYNCED_NOTE)?;
        let mut done = Exchanged::default();
        let mut conflicts = Vec::new();
        let standings = compare(&file, &current.values, base.as_ref());
        for (name, standing) in standings {
            match standing {
                Standing::Same => {}
                Standing::NewerInSecret => done.set.push(name),
                Standing::GoneFromSecret => done.removed.push(name),
                Standing::NewerInFile | Standing::GoneFromFile => done.left.push(name),
                Standing::Conflict => conflicts.push(name),
            }
        }
        self.refuse(&conflicts)?;
        if dry_run {
            return Ok(done);
        }
        if !done.is_nothing() {
            self.file.edit(&mut |slots| {
                for name in &done.set {
                    if let Some(value) = current.values.get(name) {
                        slots.put(name, value)?;
                    }
                }
                for name in &done.removed {
                    slots.take_out(name);
                }
                Ok(())
            })?;
        }
        self.remember(&current.version, &self.file.values()?, &current.values)?;
        Ok(done)
    }

    /// Notes what both have in common now.
    pub fn remember(&self, version: &str, file: &Values, secret: &Values) -> anyhow::Result<()> {
        let old: Option<Base> = self.notes.read(SYNCED_NOTE)?;
        let base = Base::after(old, version, new_salt()?, file, secret);
        self.notes.write(SYNCED_NOTE, &base)
    }

    /// Whether file and secret hold the same, of what both are to hold.
    pub async fn agree(&self) -> anyhow::Result<bool> {
        let file = self.file.values()?;
        let current = self.secret.current().await?;
        let all = compare(&file, &current.values, None);
        Ok(all.iter().all(|(_, standing)| *standing == Standing::Same))
    }

    fn refuse(&self, conflicts: &[String]) -> anyhow::Result<()> {
        if conflicts.is_empty() {
            return Ok(());
        }
        bail!(
            "{} stands in {} and in the secret {} with different values, and which is the newer one is not known; nothing was changed. See `relay secrets check --live`, take the wrong one out of the file and run `relay secrets pull`, or make both alike by hand",
            conflicts.join(" and "),
            self.file.place(),
            self.secret.id()
        );
    }

    fn refuse_during_a_rotation(&self) -> anyhow::Result<()> {
        if self.notes.path(ROTATION_NOTE).exists() {
            bail!(
                "a rotation is under way ({}); finish it with `relay secrets rotate --resume` first",
                self.notes.path(ROTATION_NOTE).display()
            );
        }
        Ok(())
    }
}

fn copy(value: &Secret) -> Secret {
    Secret::new(value.expose())
}

fn new_salt() -> anyhow::Result<String> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)
        .map_err(anyhow::Error::from)
        .context("there is no randomness for a salt")?;
    Ok(salt.iter().map(|byte| format!("{byte:02x}")).collect())
}
