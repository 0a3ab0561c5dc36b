//! What shows while a database is open that something is wrong with its files or their disk.

use std::ffi::OsString;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rusqlite::ErrorCode;

/// An error that is not about what was to be written or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Damaged,
    /// The disk is full or broken, or the files may not be written.
    Unwritable,
}

/// The last trouble, and when it was.
#[derive(Default)]
pub(super) struct LastTrouble(Mutex<Option<(Trouble, Instant)>>);

impl LastTrouble {
    pub fn get(&self) -> Option<(Trouble, Instant)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn note(&self, error: &rusqlite::Error) {
        let trouble = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Trouble::Damaged,
            Some(
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen,
            ) => Trouble::Unwritable,
            _ => return,
        };
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((trouble, Instant::now()));
    }

    /// The same for an error of SQLite's within another.
    pub fn note_cause(&self, error: &anyhow::Error) {
        let causes = error.chain().filter_map(|cause| cause.downcast_ref());
        causes.for_each(|cause| self.note(cause));
    }
}

/// What became of the files that were opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilesNow {
    Same,
    /// One was deleted or moved: what is written to it is lost once it is closed.
    Gone,
    /// There is another one in the place of one.
    Others,
}

/// The database and the two files beside it, as they were when they were opened.
pub(super) struct Files(Vec<(PathBuf, Id)>);

/// Device and number of a file, which it keeps under another name.
type Id = (u64, u64);

impl Files {
    pub fn of(database: &Path) -> Self {
        let files = ["", "-wal", "-shm"].into_iter().filter_map(|end| {
            let mut path = OsString::from(database);
            path.push(end);
            let id = id(&std::fs::metadata(&path).ok()?);
            Some((path.into(), id))
        });
        Self(files.collect())
    }

    pub fn now(&self) -> FilesNow {
        let state = |(path, opened): &(PathBuf, Id)| match std::fs::metadata(path) {
            Ok(file) if id(&file) == *opened => FilesNow::Same,
            Ok(_) => FilesNow::Others,
            Err(_) => FilesNow::Gone,
        };
        let mut states = self.0.iter().map(state);
        states
            .find(|state| *state != FilesNow::Same)
            .unwrap_or(FilesNow::Same)
    }
}

fn id(file: &Metadata) -> Id {
    (file.dev(), file.ino())
}
