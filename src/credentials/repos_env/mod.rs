//! `repos.env`: the one file in which a team keeps its credentials, read by Python, Node, Bash and
//! Go programs with their ordinary dotenv loading.

mod document;
mod errors;
mod grammar;
mod history;
mod keys;
mod place;
mod private;
mod writing;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use zeroize::Zeroizing;

use self::private::{Folder, Found, beside, is_leftover};
use crate::domain::credentials::{Callers, Credentials, Secret};

pub use self::document::{Change, Document};
pub use self::errors::{BadEnvFile, quoted};
pub use self::grammar::{BadLine, Entry, Problem, parse};
pub use self::history::History;
pub use self::keys::{is_key, is_reserved};
pub use self::place::{NoPlace, find};
pub use self::writing::{Class, Unwritable};

/// Reads Twilio's credentials and the callers' keys; other services' variables need only be well
/// formed.
pub fn read(path: &Path) -> Result<Credentials, BadEnvFile> {
    let file = EnvFile::at(path);
    let document = file.read()?;
    let value = |name: &str| document.get(name).map(Secret::duplicate);
    let mut credentials = Credentials::from_values(&file.place(), value)?;
    let entries = document.entries().iter();
    credentials.callers = Callers::among(entries.map(|entry| (entry.key.as_str(), &entry.value)));
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
        let (folder, name) = self.open()?;
        refuse_if(folder.defect()?)?;
        let found = usable(folder.read(&name)?)?;
        self.parse(found.bytes)
    }

    /// When each variable was given its value, as far as it is known.
    pub fn history(&self) -> Option<History> {
        let (folder, name) = self.open().ok()?;
        read_history(&folder, &name)
    }

    /// Has `change` edit the file, or create it. No other command changes it meanwhile, and
    /// whenever this is cut off, the file is the old one or the new one. If `change` fails or
    /// changes nothing, nothing is written.
    pub fn edit<T, E: From<BadEnvFile>>(
        &self,
        now: Timestamp,
        change: impl FnOnce(&mut Document) -> Result<T, E>,
    ) -> Result<T, E> {
        let (folder, name) = self.open()?;
        refuse_if(folder.defect()?)?;
        let _lock = folder.lock(&name)?;
        let old = read_if_there(&folder, &name)?;
        let before = match &old {
            Some(bytes) => self.parse(bytes.clone())?,
            None => Document::empty(),
        };
        let mut document = match &old {
            Some(bytes) => self.parse(bytes.clone())?,
            None => Document::empty(),
        };
        let done = change(&mut document)?;
        if document.text() == before.text() {
            return Ok(done);
        }
        // Editors do not know about the lock.
        let last_look = || match read_if_there(&folder, &name)? == old {
            true => Ok(()),
            false => Err(BadEnvFile::ChangedMeanwhile(self.place())),
        };
        folder.replace(&name, document.text().as_bytes(), last_look)?;
        // The change has been made; without a note of it, its age is unknown and no more.
        let _ = note(&folder, &name, &before, &document, now);
        Ok(done)
    }

    /// Looks at all there is to complain about, where `read` stops at the first.
    pub fn examine(&self) -> Result<Examined, BadEnvFile> {
        let (folder, name) = self.open()?;
        let found = folder.read(&name)?;
        let modified = found.metadata.modified().ok();
        let mut examined = Examined {
            defects: found.defects,
            entries: Vec::new(),
            modified: modified.and_then(|at| Timestamp::try_from(at).ok()),
            history: read_history(&folder, &name),
            copies: self.copies(&folder, &name),
        };
        examined.defects.extend(folder.defect()?);
        match std::str::from_utf8(&found.bytes) {
            Ok(text) => {
                let (entries, mistakes) = grammar::scan(text);
                let mistakes = mistakes.into_iter();
                let mistakes = mistakes.map(|bad| BadEnvFile::Syntax(self.place(), bad));
                examined.defects.extend(mistakes);
                examined.entries = entries;
            }
            Err(error) => examined.defects.push(self.not_utf8(&found.bytes, &error)),
        }
        Ok(examined)
    }

    /// Files whose names hold the file's name, as editors and careful people leave them.
    fn copies(&self, folder: &Folder, name: &OsStr) -> Vec<PathBuf> {
        let own = ["lock", "history", "rotation", "synced"].map(|what| beside(name, what));
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

    fn open(&self) -> Result<(Folder, OsString), BadEnvFile> {
        match (self.path.parent(), self.path.file_name()) {
            (Some(folder), Some(name)) => Ok((Folder::open(folder)?, name.to_owned())),
            _ => Err(BadEnvFile::NotAFile(self.place())),
        }
    }

    fn parse(&self, bytes: Zeroizing<Vec<u8>>) -> Result<Document, BadEnvFile> {
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => Zeroizing::new(text.to_owned()),
            Err(error) => return Err(self.not_utf8(&bytes, &error)),
        };
        Document::parse(text).map_err(|bad| BadEnvFile::Syntax(self.place(), bad))
    }

    fn not_utf8(&self, bytes: &[u8], error: &std::str::Utf8Error) -> BadEnvFile {
        let before = &bytes[..error.valid_up_to()];
        BadEnvFile::Syntax(self.place(), BadLine::after(before, Problem::NotUtf8))
    }
}

fn refuse_if(defect: Option<BadEnvFile>) -> Result<(), BadEnvFile> {
    defect.map_or(Ok(()), Err)
}

fn usable(mut found: Found) -> Result<Found, BadEnvFile> {
    refuse_if(found.defects.drain(..).next())?;
    Ok(found)
}

fn read_if_there(folder: &Folder, name: &OsStr) -> Result<Option<Zeroizing<Vec<u8>>>, BadEnvFile> {
    match folder.read(name).and_then(usable) {
        Ok(found) => Ok(Some(found.bytes)),
        Err(BadEnvFile::Missing(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_history(folder: &Folder, name: &OsStr) -> Option<History> {
    let found = folder
        .read(&beside(name, "history"))
        .and_then(usable)
        .ok()?;
    serde_json::from_slice(&found.bytes).ok()
}

fn note(
    folder: &Folder,
    name: &OsStr,
    before: &Document,
    after: &Document,
    now: Timestamp,
) -> Result<(), BadEnvFile> {
    let place = || folder.place(name);
    let mut history = match read_history(folder, name) {
        Some(history) => history,
        None => {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt)
                .map_err(|error| BadEnvFile::NotWritten(place(), std::io::Error::other(error)))?;
            History::new(salt)
        }
    };
    history.note(before.entries(), after.entries(), now);
    let json = serde_json::to_string_pretty(&history)
        .map_err(|error| BadEnvFile::NotWritten(place(), error.into()))?;
    folder.replace(&beside(name, "history"), json.as_bytes(), || Ok(()))
}

#[cfg(test)]
mod tests;
