//! `repos.env`: the one file in which a team keeps its credentials, read by Python, Node, Bash and
//! Go programs with their ordinary dotenv loading.

mod document;
mod errors;
mod grammar;
mod history;
mod keys;
mod place;
mod private;
mod quoting;
mod writing;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jiff::Timestamp;
use zeroize::Zeroizing;

use self::private::{Folder, Found, beside, is_leftover};
use super::cache::Fetch;
use super::exchange::{self, CredentialsFile};
use super::keyed_hash::{keyed_hash, random_hex};
use super::values::Values;
use crate::domain::credentials::{Callers, Credentials, PREVIOUS, Secret, end_of, is_over};

pub use self::document::{Change, Document};
pub use self::errors::{BadEnvFile, quoted};
pub use self::grammar::{BadLine, Entry, Problem, parse};
pub use self::history::History;
pub use self::keys::{is_key, is_reserved};
pub use self::place::{NoPlace, find};
pub use self::quoting::Class;
pub use self::writing::Unwritable;

/// The note of when variables were given their values.
const HISTORY: &str = "history";

/// Reads Twilio's credentials and the callers' keys; other services' variables need only be well
/// formed.
pub fn read(path: &Path, now: Timestamp) -> Result<Credentials, BadEnvFile> {
    let file = EnvFile::at(path);
    let document = file.read()?;
    let values = document.values();
    let is_over = |name: &str| {
        let end = PREVIOUS.iter().find(|(previous, _)| *previous == name);
        let Some((_, end)) = end.filter(|_| values.get(name).is_some()) else {
            return false;
        };
        match end_of(values.get(end).map(Secret::expose)) {
            Ok(until) => is_over(until, file.written(name), now),
            Err(wrong) => {
                tracing::warn!("{end} {wrong}; {name} is not accepted");
                true
            }
        }
    };
    let value = |name: &str| {
        let value = values.get(name).filter(|_| !is_over(name));
        value.map(Secret::duplicate)
    };
    let mut credentials = Credentials::from_values(&file.place(), value)?;
    let callers = Callers::among(values.texts());
    credentials.callers = callers.without_ended(|variable| file.written(variable), now);
    let key = credentials.auth_token.expose().as_bytes();
    credentials.version = Some(keyed_hash(key, [document.text()]));
    Ok(credentials)
}

/// A `repos.env` by its path.
#[derive(Debug, Clone)]
pub struct EnvFile {
    path: PathBuf,
}

/// Everything that can be said about a file.
pub struct Examined {
    /// What speaks against using the file; empty if nothing does.
    pub defects: Vec<BadEnvFile>,
    /// What can be read of it.
    pub entries: Vec<Entry>,
    /// When anything in it was changed last.
    pub modified: Option<Timestamp>,
    pub history: Option<History>,
    /// Files beside it that look like copies of it.
    pub copies: Vec<PathBuf>,
}

impl Examined {
    /// When a variable was given its value, or at the latest the file.
    pub fn written(&self, variable: &str) -> Option<Timestamp> {
        let entry = self.entries.iter().find(|entry| entry.key == variable)?;
        let history = self.history.as_ref();
        history.and_then(|h| h.changed(entry)).or(self.modified)
    }

    /// What was found, if nothing speaks against using the file.
    pub fn sound(mut self) -> Result<Self, BadEnvFile> {
        if self.defects.is_empty() {
            return Ok(self);
        }
        Err(self.defects.swap_remove(0))
    }
}

impl EnvFile {
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file is, for a message.
    pub fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// The variables, if nothing speaks against using the file.
    pub fn read(&self) -> Result<Document, BadEnvFile> {
        let (folder, name) = self.safe_folder()?;
        self.parse(&usable(folder.read(&name)?)?.bytes)
    }

    /// Has `change` edit the file, or create it. No other command changes it meanwhile, and
    /// whenever this is cut off, the file is the old one or the new one. If `change` fails or
    /// changes nothing, nothing is written.
    pub fn edit<T, E: From<BadEnvFile>>(
        &self,
        now: Timestamp,
        change: impl FnOnce(&mut Document) -> Result<T, E>,
    ) -> Result<T, E> {
        let (folder, name) = self.safe_folder()?;
        let _lock = folder.lock(&name)?;
        let old = read_if_there(&folder, &name)?;
        let bytes = old.as_deref().map_or(&[][..], Vec::as_slice);
        let (before, mut document) = (self.parse(bytes)?, self.parse(bytes)?);
        let done = change(&mut document)?;
        if document.text() == before.text() {
            return Ok(done);
        }
        // Editors do not know about the lock.
        let last_look = || {
            if read_if_there(&folder, &name)? == old {
                return Ok(());
            }
            Err(BadEnvFile::ChangedMeanwhile(self.place()))
        };
        folder.replace(&name, document.text().as_bytes(), last_look)?;
        // The change has been made; without a note of it, its age is unknown and no more.
        let _ = self.note_changes(&before, &document, now);
        Ok(done)
    }

    fn note_changes(
        &self,
        before: &Document,
        after: &Document,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let file: &dyn CredentialsFile = self;
        let mut history = match file.read_note(HISTORY) {
            Ok(Some(history)) => history,
            _ => History::new(random_hex()?),
        };
        history.note(before.entries(), after.entries(), now);
        file.write_note(HISTORY, &history)
    }

    /// Looks at all there is to complain about, where `read` stops at the first.
    pub fn examine(&self) -> Result<Examined, BadEnvFile> {
        let (folder, name) = self.folder()?;
        let found = folder.read(&name)?;
        let mut defects = found.defects;
        defects.extend(folder.defect());
        let mut entries = Vec::new();
        match self.text(&found.bytes) {
            Ok(text) => {
                let (read, mistakes) = grammar::scan(text);
                let mistakes = mistakes.into_iter();
                defects.extend(mistakes.map(|bad| BadEnvFile::Syntax(self.place(), bad)));
                entries = read;
            }
            Err(error) => defects.push(error),
        }
        let modified = found.metadata.modified().ok();
        let file: &dyn CredentialsFile = self;
        Ok(Examined {
            defects,
            entries,
            modified: modified.and_then(|at| Timestamp::try_from(at).ok()),
            history: file.read_note(HISTORY).ok().flatten(),
            copies: copies(&folder, &name),
        })
    }

    /// When a variable was given its value, or at the latest the file; `None` if that is not known, or while
    /// a rotation is under way, which says itself when the old value ends.
    fn written(&self, variable: &str) -> Option<Timestamp> {
        let file: &dyn CredentialsFile = self;
        if file.note(exchange::ROTATION).ok()?.is_some() {
            return None;
        }
        let examined = self.examine().ok()?;
        examined.written(variable)
    }

    fn folder(&self) -> Result<(Folder, OsString), BadEnvFile> {
        match (self.path.parent(), self.path.file_name()) {
            (Some(folder), Some(name)) => Ok((Folder::open(folder)?, name.to_owned())),
            _ => Err(BadEnvFile::NotAFile(self.place())),
        }
    }

    /// The folder, unless others may exchange the files in it.
    fn safe_folder(&self) -> Result<(Folder, OsString), BadEnvFile> {
        let (folder, name) = self.folder()?;
        match folder.defect() {
            Some(defect) => Err(defect),
            None => Ok((folder, name)),
        }
    }

    fn parse(&self, bytes: &[u8]) -> Result<Document, BadEnvFile> {
        let text = Zeroizing::new(self.text(bytes)?.to_owned());
        Document::parse(text).map_err(|bad| BadEnvFile::Syntax(self.place(), bad))
    }

    fn text<'a>(&self, bytes: &'a [u8]) -> Result<&'a str, BadEnvFile> {
        std::str::from_utf8(bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            BadEnvFile::Syntax(self.place(), BadLine::after(before, Problem::NotUtf8))
        })
    }
}

/// The credentials of a relay on one machine: read again when a rotation may have changed them.
#[async_trait]
impl Fetch for EnvFile {
    async fn fetch(&self, now: Timestamp) -> anyhow::Result<Credentials> {
        Ok(read(&self.path, now)?)
    }
}

/// As rotations and exchanges with Secrets Manager use it.
impl CredentialsFile for EnvFile {
    fn place(&self) -> String {
        EnvFile::place(self)
    }

    fn values(&self) -> anyhow::Result<Values> {
        Ok(self.read()?.values())
    }

    fn edit(&self, change: &mut dyn FnMut(&mut Values)) -> anyhow::Result<()> {
        EnvFile::edit(self, Timestamp::now(), |document| {
            let before = document.values();
            let mut after = before.duplicate();
            change(&mut after);
            for (name, _) in before.texts() {
                if after.get(name).is_none() {
                    document.remove(name);
                }
            }
            for (name, value) in after.texts() {
                if before.get(name) != Some(value) {
                    document.set(name, value)?;
                }
            }
            Ok(())
        })
    }

    fn note(&self, kind: &str) -> anyhow::Result<Option<String>> {
        let (folder, name) = self.safe_folder()?;
        let note = read_if_there(&folder, &beside(&name, kind))?;
        Ok(note.map(|note| String::from_utf8_lossy(&note).into_owned()))
    }

    fn set_note(&self, kind: &str, json: Option<&str>) -> anyhow::Result<()> {
        let (folder, name) = self.safe_folder()?;
        let note = beside(&name, kind);
        match json {
            Some(json) => folder.replace(&note, json.as_bytes(), || Ok(()))?,
            None => folder.remove(&note)?,
        }
        Ok(())
    }
}

/// Files whose names hold the file's name, as editors and careful people leave them.
fn copies(folder: &Folder, name: &OsStr) -> Vec<PathBuf> {
    let own = ["lock", HISTORY, exchange::ROTATION, exchange::SYNCED];
    let own = own.map(|what| beside(name, what));
    let templates = [".example", ".sample", ".template"];
    let own_name = name.to_string_lossy();
    let is_copy = |other: &OsString| {
        let text = other.to_string_lossy();
        other != name
            && text.contains(&*own_name)
            && !own.contains(other)
            && !templates.iter().any(|end| text.ends_with(end))
    };
    let mut names = folder.names().unwrap_or_default();
    names.retain(|other| is_copy(other) || is_leftover(name, other));
    names.sort();
    let places = names.into_iter().map(|other| folder.place(&other).into());
    places.collect()
}

fn usable(mut found: Found) -> Result<Found, BadEnvFile> {
    if found.defects.is_empty() {
        return Ok(found);
    }
    Err(found.defects.swap_remove(0))
}

fn read_if_there(folder: &Folder, name: &OsStr) -> Result<Option<Zeroizing<Vec<u8>>>, BadEnvFile> {
    match folder.read(name).and_then(usable) {
        Ok(found) => Ok(Some(found.bytes)),
        Err(BadEnvFile::Missing(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
