//! Whether a database's pages still fit together. Looked at before it is opened, and again and again
//! while it is open: what is not read shows no damage by itself.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::bail;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::watch;

use super::checkpoints::LOCKED_AT_MOST;

/// How long the start waits for the first look. A GiB takes some three seconds from memory, and
/// minutes from a slow disk.
const START_WAITS: Duration = Duration::from_secs(2);

/// The pause between two looks, at least.
const PAUSE: Duration = Duration::from_secs(4);

/// How many times as long as a look the pause after it is, so that looks cost little of a processor.
const PAUSES: u32 = 50;

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// The first look has not come to its end.
    Unknown,
    Sound,
    Damaged,
}

/// A thread that looks, as long as this lives.
pub struct Integrity {
    found: watch::Receiver<Pages>,
    _lives: mpsc::Sender<()>,
}

impl Integrity {
    /// Begins to look. If the first look takes long, it goes on in the background. A file that is
    /// not there yet is sound.
    pub fn of(path: &Path) -> anyhow::Result<Self> {
        Self::waiting(path, START_WAITS)
    }

    fn waiting(path: &Path, at_most: Duration) -> anyhow::Result<Self> {
        let (finds, found) = watch::channel(Pages::Unknown);
        let (lives, ends) = mpsc::channel();
        let (looked, first) = mpsc::channel();
        let path = PathBuf::from(path);
        let of_thread = path.clone();
        let work = move || {
            loop {
                let began = Instant::now();
                match look(&of_thread) {
                    Ok(found) => {
                        let changes = finds.send_replace(found.state()) != found.state();
                        if let Some(found) = found.0.filter(|_| changes) {
                            tracing::error!(found, "the database is damaged");
                        }
                    }
                    // That says nothing about its pages.
                    Err(error) => tracing::debug!(%error, "the database could not be checked"),
                }
                let _ = looked.send(());
                let pause = PAUSE.max(PAUSES * began.elapsed());
                if ends.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        std::thread::Builder::new()
            .name("integrity".into())
            .spawn(work)?;
        // If it is not over by then, it goes on.
        let _ = first.recv_timeout(at_most);
        if *found.borrow() == Pages::Damaged {
            bail!(
                "the database {} is damaged, and going on with it would lose more: put a copy of it \
                 back, or move it away with the files -wal and -shm beside it to begin anew",
                path.display()
            );
        }
        let _lives = lives;
        Ok(Self { found, _lives })
    }

    pub fn found(&self) -> Pages {
        *self.found.borrow()
    }

    /// Returns once the thread has ended.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut found = self.found.clone();
        async move { while found.changed().await.is_ok() {} }
    }
}

/// What does not fit together, if something does not.
struct Found(Option<String>);

impl Found {
    fn state(&self) -> Pages {
        match self.0 {
            None => Pages::Sound,
            Some(_) => Pages::Damaged,
        }
    }
}

fn look(path: &Path) -> rusqlite::Result<Found> {
    if !path.exists() {
        return Ok(Found(None));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let checked = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(LOCKED_AT_MOST)?;
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
    });
    match checked {
        Ok(found) => Ok(Found(Some(found).filter(|found| found != "ok"))),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Ok(Found(Some(error.to_string())))
            }
            _ => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::os::unix::fs::FileExt;

    use super::*;

    /// A database of some pages, and the folder that it is in.
    fn database() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relay.db");
        let connection = Connection::open(&path).unwrap();
        let notes = "CREATE TABLE notes (note TEXT);
             WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
             INSERT INTO notes SELECT hex(zeroblob(100)) FROM n;";
        connection.execute_batch(notes).unwrap();
        (folder, path)
    }

    fn damage(path: &Path, page: u64) {
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(&[0xa5; 4096], page * 4096).unwrap();
    }

    #[test]
    fn a_damaged_database_is_refused_with_what_to_do() {
        for page in [0, 3] {
            let (_folder, path) = database();
            assert_eq!(Integrity::of(&path).unwrap().found(), Pages::Sound);
            damage(&path, page);
            let error = Integrity::of(&path).err().expect("it is refused");
            let error = format!("{error:#}");
            assert!(error.contains("is damaged"), "page {page}: {error}");
            assert!(error.contains("put a copy of it back"), "{error}");
        }
    }

    #[test]
    fn a_large_database_is_checked_while_the_relay_starts() {
        let (_folder, path) = database();
        let mut integrity = Integrity::waiting(&path, Duration::ZERO).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let found = async {
            *integrity
                .found
                .wait_for(|found| *found != Pages::Unknown)
                .await
                .unwrap()
        };
        assert_eq!(runtime.unwrap().block_on(found), Pages::Sound);
    }

    #[test]
    fn what_is_not_there_yet_is_sound() {
        let folder = tempfile::tempdir().unwrap();
        let integrity = Integrity::of(&folder.path().join("relay.db")).unwrap();
        assert_eq!(integrity.found(), Pages::Sound);
    }
}
