//! What commands remember beside `repos.env`: how far a rotation is, and what the file had in common
//! with the secret. Names, times and hashes, no values; for the file's owner alone all the same.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The notes that belong to a file.
#[derive(Debug, Clone)]
pub struct Notes {
    folder: PathBuf,
    name: String,
}

impl Notes {
    /// Beside the file at `path`.
    pub fn of(path: &Path) -> anyhow::Result<Self> {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name else {
            bail!("{} is no file's name", path.display());
        };
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(Self {
            folder,
            name: name.to_owned(),
        })
    }

    /// Where the note of this kind is: `.repos.env.KIND`.
    pub fn path(&self, kind: &str) -> PathBuf {
        self.folder.join(format!(".{}.{kind}", self.name))
    }

    pub fn read<T: DeserializeOwned>(&self, kind: &str) -> anyhow::Result<Option<T>> {
        let path = self.path(kind);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let note = serde_json::from_str(&text);
        let note = note.with_context(|| format!("{} is damaged", path.display()))?;
        Ok(Some(note))
    }

    /// The note is the old one or the new one, whenever this is cut off.
    pub fn write(&self, kind: &str, note: &impl Serialize) -> anyhow::Result<()> {
        let path = self.path(kind);
        let written = || -> anyhow::Result<()> {
            let json = serde_json::to_vec_pretty(note)?;
            let beside = self.path(&format!("{kind}.new-{}", std::process::id()));
            let _ = std::fs::remove_file(&beside);
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&beside)?;
            file.write_all(&json)?;
            file.sync_all()?;
            std::fs::rename(&beside, &path)?;
            Ok(File::open(&self.folder)?.sync_all()?)
        };
        written().with_context(|| format!("cannot write {}", path.display()))
    }

    pub fn remove(&self, kind: &str) -> anyhow::Result<()> {
        let path = self.path(kind);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", path.display()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_note_is_for_its_owner_alone_and_goes_without_a_trace() {
        let folder = tempfile::tempdir().unwrap();
        let notes = Notes::of(&folder.path().join("repos.env")).unwrap();
        assert_eq!(notes.read::<u32>("rotation").unwrap(), None);
        for number in [1, 2] {
            notes.write("rotation", &number).unwrap();
            assert_eq!(notes.read("rotation").unwrap(), Some(number));
        }
        let mode = std::fs::metadata(notes.path("rotation")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        notes.remove("rotation").unwrap();
        notes.remove("rotation").unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        std::fs::write(notes.path("rotation"), "{").unwrap();
        let error = notes.read::<u32>("rotation").unwrap_err().to_string();
        assert!(error.contains("is damaged"), "{error}");
    }
}
