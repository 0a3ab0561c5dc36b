use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Instant;

use anyhow::{Context, anyhow, ensure};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::{Notify, oneshot, watch};

use super::checkpoints::{self, Checkpoints, LOCKED_AT_MOST};
use super::condition::{Files, LastTrouble};
pub use super::condition::{FilesNow, Trouble};
use crate::adapters::files::private_folder::leave_to_owner;

/// The one-machine mode's SQLite file. All writes go through one thread, which puts whatever waits
/// into one transaction: each write is on disk before it is acknowledged, and a busy relay pays for
/// one `fsync` per group instead of one per text.
#[derive(Clone)]
pub struct Database {
    writer: mpsc::Sender<Job>,
    // A read takes microseconds from the page cache; a hop to another thread would cost more.
    reader: Arc<Mutex<Connection>>,
    path: Arc<PathBuf>,
    /// Rings when something was committed.
    bell: Arc<Notify>,
    /// Closed once the thread that writes has ended.
    threads: watch::Receiver<()>,
    files: Arc<Files>,
    trouble: Arc<LastTrouble>,
}

/// Does its writes and returns who waits to hear whether they were committed; if the transaction
/// could not begin, hears why instead.
type Job = Box<dyn FnOnce(Result<&Connection, &str>) -> Option<Reply> + Send>;

type Reply = Box<dyn FnOnce(Result<(), &str>)>;

/// The most writes in one transaction.
const GROUP: usize = 512;

/// How many of its pages a connection keeps, in KiB. The tree of SIDs, which come in no order, is
/// what is read most.
const CACHE: i64 = 16 * 1024;

/// More than there are different statements.
const STATEMENTS: usize = 64;

impl Database {
    /// Opens the file, or creates it with all tables. Only its owner may read it.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let at = |error: rusqlite::Error| {
            let advice = advice(&error);
            let what = format!("cannot open the database {}{advice}", path.display());
            anyhow::Error::from(error).context(what)
        };
        create(path).with_context(|| {
            let path = path.display();
            format!(
                "cannot make the database {path} (this user must be allowed to write its folder)"
            )
        })?;
        let writer = Connection::open(path).map_err(at)?;
        prepare(&writer).map_err(at)?;
        let shape = create_tables(&writer).map_err(at)?;
        ensure!(
            shape == SHAPE,
            "the database {} was made by another version of the relay (its tables have shape \
             {shape}, this version reads shape {SHAPE}): run that version, or move the folder away \
             to begin anew",
            path.display()
        );
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(path, flags).map_err(at)?;
        reader.busy_timeout(LOCKED_AT_MOST)?;
        for connection in [&writer, &reader] {
            // Otherwise a query whose plan may depend on a value is compiled anew for every value.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            connection.pragma_update(None, "cache_size", -CACHE)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
        }
        let checkpoints = Checkpoints::beside(&writer, path).map_err(at)?;
        let (sender, jobs) = mpsc::channel();
        let bell = Arc::new(Notify::new());
        let committed = Arc::clone(&bell);
        let (lives, threads) = watch::channel(());
        let trouble = Arc::new(LastTrouble::default());
        let noted = Arc::clone(&trouble);
        let work = move || {
            let _lives = lives;
            write_groups(&writer, &jobs, checkpoints, &committed, &noted);
        };
        std::thread::Builder::new()
            .name("database".into())
            .spawn(work)?;
        Ok(Self {
            writer: sender,
            reader: Arc::new(Mutex::new(reader)),
            path: Arc::new(path.into()),
            bell,
            threads,
            files: Arc::new(Files::of(path)),
            trouble,
        })
    }

    /// Returns once the thread that writes has ended, after which nothing can be written.
    pub async fn ended(&self) {
        let mut threads = self.threads.clone();
        while threads.changed().await.is_ok() {}
    }

    /// Writes what is there already, to see whether that is possible.
    pub async fn probe(&self) -> anyhow::Result<()> {
        self.write(|connection| connection.pragma_update(None, "user_version", SHAPE))
            .await
    }

    /// Brings all of the log into the database and empties it, so that nothing that was removed stays in
    /// there. Other writes wait only for what is written meanwhile.
    pub async fn truncate_log(&self) -> anyhow::Result<()> {
        let path = Arc::clone(&self.path);
        tokio::task::spawn_blocking(move || checkpoints::truncate(&path))
            .await?
            .with_context(|| format!("cannot empty the log of {}", self.path.display()))
    }

    /// Writes the whole file anew and empties the log. Nobody else can write meanwhile.
    pub async fn rewrite(&self) -> anyhow::Result<()> {
        let path = Arc::clone(&self.path);
        tokio::task::spawn_blocking(move || checkpoints::rewrite(&path))
            .await?
            .with_context(|| format!("cannot write {} anew", self.path.display()))
    }

    /// What became of the files since they were opened.
    pub fn files(&self) -> FilesNow {
        self.files.now()
    }

    /// The last error of SQLite's that says something about the file or its disk, and when it was.
    pub fn trouble(&self) -> Option<(Trouble, Instant)> {
        self.trouble.get()
    }

    /// Returns once this process has committed something since the last time.
    pub async fn changed(&self) {
        self.bell.notified().await;
    }

    /// Writes; returns when it is on disk. An error means that nothing was written.
    pub async fn write<T: Send + 'static, E: Into<anyhow::Error>>(
        &self,
        write: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> anyhow::Result<T> {
        let (reply, answer) = oneshot::channel();
        let trouble = Arc::clone(&self.trouble);
        let job: Job = Box::new(move |connection| match connection {
            Err(error) => {
                let _ = reply.send(Err(anyhow!("{error}")));
                None
            }
            Ok(connection) => {
                let done =
                    in_savepoint(connection, |connection| write(connection).map_err(E::into));
                if let Err(error) = &done {
                    trouble.note_cause(error);
                }
                Some(Box::new(move |committed| {
                    let committed = || committed.map_err(|error| anyhow!("{error}"));
                    let _ = reply.send(done.and_then(|done| committed().map(|()| done)));
                }))
            }
        });
        self.writer
            .send(job)
            .map_err(|_| anyhow!("the database is closed"))?;
        answer
            .await?
            .with_context(|| format!("cannot write to the database {}", self.path.display()))
    }

    pub fn read<T, E: Into<anyhow::Error>>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> anyhow::Result<T> {
        // A read that panicked leaves the connection as it was.
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        read(&reader)
            .map_err(E::into)
            .inspect_err(|error| self.trouble.note_cause(error))
            .with_context(|| format!("cannot read the database {}", self.path.display()))
    }
}

/// SQLite would create the file for everybody to read. The files that it puts beside it have the
/// permissions that the file has.
fn create(path: &Path) -> std::io::Result<()> {
    // A file that is there is not opened: closing it would give up locks on it that this process
    // may have.
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match created {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            for beside in ["", "-wal", "-shm"] {
                let mut file = path.as_os_str().to_owned();
                file.push(beside);
                leave_to_owner(Path::new(&file))?;
            }
            Ok(())
        }
        created => created.map(drop),
    }
}

/// What to do about an error, in brackets.
fn advice(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            " (it is damaged, or no database: put a copy of it back, or move it away to begin anew)"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            " (this user must be allowed to write the file and its folder)"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            " (another process has held it for longer than 2 s: stop that one, or try again)"
        }
        _ => "",
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(LOCKED_AT_MOST)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is removed is overwritten at once. Pages become free seldom, so that this costs nothing else.
    connection.pragma_update(None, "secure_delete", "ON")?;
    Ok(())
}

/// The shape of the tables; to be raised whenever tables.sql changes what is there already.
pub(super) const SHAPE: i32 = 5;

/// Tables that came after the shape: a file gets those that it lacks.
const LATER_TABLES: &str = include_str!("later_tables.sql");

/// Makes the tables in a new file. Returns the shape of those that there are.
fn create_tables(connection: &Connection) -> rusqlite::Result<i32> {
    let shape = || connection.pragma_query_value(None, "user_version", |row| row.get(0));
    if shape()? == SHAPE {
        if !connection.table_exists(None, "claims")? {
            connection.execute_batch(LATER_TABLES)?;
        }
        return Ok(SHAPE);
    }
    // Whoever is killed in the middle leaves nothing behind, and of two at once one does it.
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    if !transaction.table_exists(None, "lines")? {
        transaction.execute_batch(include_str!("tables.sql"))?;
        transaction.execute_batch(LATER_TABLES)?;
        transaction.pragma_update(None, "user_version", SHAPE)?;
    }
    transaction.commit()?;
    shape()
}

fn write_groups(
    connection: &Connection,
    jobs: &mpsc::Receiver<Job>,
    mut checkpoints: Checkpoints,
    bell: &Notify,
    trouble: &LastTrouble,
) {
    while let Ok(first) = jobs.recv() {
        let group = std::iter::once(first).chain(jobs.try_iter().take(GROUP - 1));
        if let Err(error) = run(connection, "BEGIN IMMEDIATE") {
            trouble.note(&error);
            let error = format!("{error}{}", advice(&error));
            // Whoever asks once it is told has not waited: all who have, before anyone is told.
            let waited: Vec<Job> = group.collect();
            waited.into_iter().for_each(|job| drop(job(Err(&error))));
            continue;
        }
        let mut replies = Vec::new();
        for job in group {
            // A full disk ends the transaction; whoever comes later must not write outside one.
            let transaction = if !(connection.is_autocommit()) {
                Ok(connection)
            } else {
                Err("the disk is full, or the file cannot be written")
            };
            replies.extend(job(transaction));
        }
        let committed = run(connection, "COMMIT").map_err(|error| {
            trouble.note(&error);
            error.to_string()
        });
        if committed.is_err() {
            // If the transaction is over already, there is nothing to undo.
            let _ = run(connection, "ROLLBACK");
        } else {
            bell.notify_one();
        }
        let writes = replies.len();
        for reply in replies {
            reply(committed.as_ref().copied().map_err(String::as_str));
        }
        checkpoints.after(writes, connection);
    }
}

/// Runs a statement that returns nothing, without compiling it each time.
fn run(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}

/// One job's failure must not undo the others of its group, and its panic must not end the thread.
fn in_savepoint<T>(
    connection: &Connection,
    write: impl FnOnce(&Connection) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    run(connection, "SAVEPOINT job")?;
    // What it has not finished is rolled back, whatever it left.
    let done = catch_unwind(AssertUnwindSafe(|| write(connection))).unwrap_or_else(|_| {
        Err(anyhow!(
            "the write panicked, which is a mistake in the relay"
        ))
    });
    match &done {
        Ok(_) => run(connection, "RELEASE job")?,
        // What went wrong with the write is what matters; the group's end shows the rest.
        Err(_) => drop(run(connection, "ROLLBACK TO job").and(run(connection, "RELEASE job"))),
    }
    done
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    struct Notes(Database, tempfile::TempDir);

    impl Notes {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let database = Database::open(&folder.path().join("relay.db")).unwrap();
            database
                .write(|c| c.execute_batch("CREATE TABLE notes (note TEXT UNIQUE)"))
                .await
                .unwrap();
            Self(database, folder)
        }

        async fn add(&self, note: &str) -> anyhow::Result<usize> {
            let note = note.to_owned();
            self.0
                .write(move |c| c.execute("INSERT INTO notes VALUES (?)", [note]))
                .await
        }

        fn count(&self) -> i64 {
            self.0
                .read(|c| c.query_row("SELECT count(*) FROM notes", [], |row| row.get(0)))
                .unwrap()
        }
    }

    #[tokio::test]
    async fn one_write_that_fails_leaves_the_others_of_its_group() {
        let notes = Notes::new().await;
        let writes = (0..100).map(|n| {
            notes.add(if n % 10 == 0 {
                "same"
            } else {
                ["a", "b"][n % 2]
            })
        });
        let done = futures::future::join_all(writes).await;
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 3);
        assert_eq!(notes.count(), 3);
    }

    #[tokio::test]
    async fn a_job_that_panics_fails_alone() {
        let notes = Notes::new().await;
        let panics = notes.0.write(|c| -> anyhow::Result<()> {
            c.execute("INSERT INTO notes VALUES ('half')", [])?;
            panic!("on purpose")
        });
        let (before, panicked, after) =
            tokio::join!(notes.add("before"), panics, notes.add("after"));
        assert!(before.is_ok() && after.is_ok());
        let error = format!("{:#}", panicked.unwrap_err());
        assert!(error.contains("panicked"), "{error}");
        notes.add("later").await.unwrap();
        assert_eq!(notes.count(), 3, "nothing of it stays");
    }

    #[tokio::test]
    async fn a_read_that_panics_fails_alone() {
        let notes = Notes::new().await;
        let panics = AssertUnwindSafe(|| {
            let read = |_: &Connection| -> anyhow::Result<()> { panic!("on purpose") };
            notes.0.read(read)
        });
        assert!(catch_unwind(panics).is_err());
        notes.add("later").await.unwrap();
        assert_eq!(notes.count(), 1);
    }

    #[tokio::test]
    async fn a_probe_writes_to_the_disk_and_changes_nothing() {
        let notes = Notes::new().await;
        let log = notes.1.path().join("relay.db-wal");
        let before = std::fs::read(&log).unwrap();
        notes.0.probe().await.unwrap();
        assert!(std::fs::read(&log).unwrap() != before);
        let shape =
            |c: &Connection| c.pragma_query_value(None, "user_version", |row| row.get::<_, i32>(0));
        assert_eq!(notes.0.read(shape).unwrap(), SHAPE);
        assert_eq!(notes.count(), 0);
    }

    #[tokio::test]
    async fn files_that_are_gone_or_others_are_noticed() {
        for file in ["relay.db", "relay.db-wal"] {
            let notes = Notes::new().await;
            notes.add("one").await.unwrap();
            assert_eq!(notes.0.files(), FilesNow::Same);
            let path = notes.1.path().join(file);
            let aside = notes.1.path().join("aside");
            std::fs::rename(&path, &aside).unwrap();
            assert_eq!(notes.0.files(), FilesNow::Gone, "{file}");
            std::fs::copy(&aside, &path).unwrap();
            assert_eq!(notes.0.files(), FilesNow::Others, "{file}");
            std::fs::rename(&aside, &path).unwrap();
            assert_eq!(notes.0.files(), FilesNow::Same, "{file}");
        }
    }

    #[tokio::test]
    async fn a_query_is_not_compiled_anew_for_another_value() {
        let notes = Notes::new().await;
        notes.add("one").await.unwrap();
        let compiled_anew = notes.0.read(|connection| {
            let mut query = connection.prepare_cached("SELECT note FROM notes LIMIT ?")?;
            for limit in 1..4 {
                query.exists([limit])?;
            }
            anyhow::Ok(query.get_status(StatementStatus::RePrepare))
        });
        assert_eq!(compiled_anew.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_full_disk_fails_the_write_and_loses_nothing() {
        let notes = Notes::new().await;
        notes.add("before").await.unwrap();
        notes
            .0
            .write(|c| c.execute_batch("PRAGMA max_page_count = 1"))
            .await
            .unwrap();
        let error = notes.add(&"x".repeat(1_000_000)).await.unwrap_err();
        assert!(format!("{error:#}").contains("full"), "{error:#}");
        let noted = notes.0.trouble().map(|(trouble, _)| trouble);
        assert_eq!(noted, Some(Trouble::Unwritable));
        notes
            .0
            .write(|c| c.execute_batch("PRAGMA max_page_count = 100000"))
            .await
            .unwrap();
        notes.add("after").await.unwrap();
        assert_eq!(notes.count(), 2);
    }

    #[tokio::test]
    async fn a_locked_database_fails_the_write_and_works_again_later() {
        let notes = Notes::new().await;
        let other = Connection::open(notes.1.path().join("relay.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let error = notes.add("now").await.unwrap_err();
        assert!(format!("{error:#}").contains("locked"), "{error:#}");
        assert!(format!("{error:#}").contains("try again"), "{error:#}");
        other.execute_batch("COMMIT").unwrap();
        notes.add("later").await.unwrap();
        assert_eq!(notes.count(), 1);
    }

    #[tokio::test]
    async fn whatever_the_folder_allows_only_the_owner_may_read_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let notes = Notes::new().await;
        notes.add("one").await.unwrap();
        let files = || {
            let files = std::fs::read_dir(notes.1.path()).unwrap();
            let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
            files.sort();
            files
        };
        let modes = || -> Vec<u32> {
            let mode = |file: &PathBuf| file.metadata().unwrap().permissions().mode();
            files().iter().map(|file| mode(file) & 0o777).collect()
        };
        assert_eq!(modes(), [0o600; 3], "{:?}", files());

        for file in files() {
            let everybody = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(file, everybody).unwrap();
        }
        let again = Database::open(&notes.1.path().join("relay.db")).unwrap();
        assert_eq!(modes(), [0o600; 3]);
        drop(again);
    }

    #[test]
    fn a_file_that_is_no_database_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relay.db");
        std::fs::write(
            &path,
            "these are not the pages you are looking for".repeat(100),
        )
        .unwrap();
        let error = format!("{:#}", Database::open(&path).err().unwrap());
        assert!(error.contains("relay.db"), "{error}");
        assert!(error.contains("move it away to begin anew"), "{error}");
    }

    #[test]
    fn tables_of_another_version_are_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relay.db");
        drop(Database::open(&path).unwrap());
        drop(Database::open(&path).unwrap());
        let connection = Connection::open(&path).unwrap();
        for other in [0, SHAPE + 1] {
            connection
                .pragma_update(None, "user_version", other)
                .unwrap();
            let error = format!("{:#}", Database::open(&path).err().unwrap());
            let shape = format!("its tables have shape {other}");
            assert!(error.contains(&shape), "{error}");
            assert!(error.contains("to begin anew"), "{error}");
        }
    }
}
