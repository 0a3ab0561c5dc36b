//! The data folder of a one-machine relay. It belongs to one Twilio account: texts of another one would go
//! out through the wrong one. And one process works on it at a time: the worker of a second one would take
//! texts from the first.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::private_folder::create_data;

/// The account that the folder belongs to.
const ACCOUNT: &str = "account";
/// Held for as long as a process works on the folder; it says which.
const LOCK: &str = "lock";

/// A data folder while this process works on it.
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if there is none. `files` are those that may be in it.
    pub fn open(path: &Path, files: &[&str]) -> anyhow::Result<Self> {
        create_data(path)
            .with_context(|| format!("cannot make the data folder {}", path.display()))?;
        check(path, files)?;
        let lock = lock(path)?;
        let path = path.to_owned();
        Ok(Self { path, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder this account's, if it is nobody's yet.
    pub fn belongs_to(&self, account_sid: &str) -> anyhow::Result<()> {
        let (folder, file) = (self.path.display(), self.path.join(ACCOUNT));
        let named = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file);
        match named {
            Ok(mut file) => {
                writeln!(file, "{account_sid}")?;
                file.sync_all()?;
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let owner = std::fs::read_to_string(&file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                let owner = owner.trim();
                // Whoever was killed while it was written had not begun to work.
                if owner.is_empty() {
                    std::fs::write(&file, format!("{account_sid}\n"))?;
                } else if owner != account_sid {
                    bail!(
                        "the data folder {folder} belongs to another Twilio account (its SID ends in {}, \
                         the one of the credentials in {}); name another folder with --data, or delete {} \
                         if the account's texts are to go on under these credentials",
                        end(owner),
                        end(account_sid),
                        file.display()
                    );
                }
                Ok(())
            }
            Err(error) => Err(error).with_context(|| format!("cannot make {}", file.display())),
        }
    }
}

fn end(sid: &str) -> &str {
    let characters = sid.char_indices().rev();
    characters.take(4).last().map_or(sid, |(at, _)| &sid[at..])
}

/// Refuses a folder in which others could exchange files, and files that are not in it. Whoever could only
/// look at their names cannot any more.
pub fn check(folder: &Path, files: &[&str]) -> anyhow::Result<()> {
    let place = folder.display();
    let found = std::fs::metadata(folder)
        .with_context(|| format!("cannot look at the data folder {place}"))?;
    let (owner, us) = (found.uid(), rustix::process::geteuid().as_raw());
    let mode = found.permissions().mode() & 0o7777;
    if mode & 0o022 != 0 {
        bail!(
            "others may exchange the files in the data folder {place} (mode {mode:03o}); look whether \
             they are yours, then run `chmod 700 {place}`"
        );
    }
    // Root works on others' folders, too, such as a service's.
    if owner != us && us != 0 {
        bail!(
            "the data folder {place} belongs to another user (uid {owner}, this is uid {us}); run this as \
             that user, or name another folder with --data"
        );
    }
    if mode & 0o077 != 0 && owner == us {
        std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    for name in files.iter().chain(&[ACCOUNT, LOCK]) {
        for name in [
            (*name).to_owned(),
            format!("{name}-wal"),
            format!("{name}-shm"),
        ] {
            let file = folder.join(name);
            let is_strange = std::fs::symlink_metadata(&file).is_ok_and(|found| !found.is_file());
            if is_strange {
                bail!(
                    "{} is a symbolic link or no file at all; put the file itself there, or move it away",
                    file.display()
                );
            }
        }
    }
    Ok(())
}

fn lock(folder: &Path) -> anyhow::Result<File> {
    let (place, file) = (folder.display(), folder.join(LOCK));
    let mut lock = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&file)
        .with_context(|| format!("cannot open {}", file.display()))?;
    match lock.try_lock() {
        Ok(()) => {
            lock.set_len(0)?;
            writeln!(lock, "{}", std::process::id())?;
            Ok(lock)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            lock.rewind()?;
            let _ = lock.take(20).read_to_string(&mut holder);
            let holder = match holder.trim() {
                "" => String::new(),
                process => format!(" (process {process})"),
            };
            bail!(
                "another relay{holder} works on the data folder {place}; stop it, or name another folder \
                 with --data"
            )
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", file.display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 1] = ["relay.db"];

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
    }

    fn refused(folder: &Path) -> String {
        match DataFolder::open(folder, &FILES) {
            Err(error) => format!("{error:#}"),
            Ok(_) => panic!("{} was opened", folder.display()),
        }
    }

    #[test]
    fn one_process_at_a_time_works_on_it() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("data");
        let first = DataFolder::open(&folder, &FILES).expect("it is free");
        let error = refused(&folder);
        let process = format!("another relay (process {})", std::process::id());
        assert!(error.contains(&process), "{error}");
        drop(first);
        DataFolder::open(&folder, &FILES).expect("it is free again");
    }

    #[test]
    fn it_stays_one_accounts() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = DataFolder::open(place.path(), &FILES).expect("it is free");
        let (ours, other) = ("AC-made-up-1111", "AC-made-up-2222");
        folder.belongs_to(ours).expect("it is nobody's");
        folder.belongs_to(ours).expect("it is ours");
        let error = format!("{:#}", folder.belongs_to(other).expect_err("it is ours"));
        assert!(error.contains("ends in 1111"), "{error}");
        assert!(!error.contains("made-up"), "{error}");
        std::fs::remove_file(place.path().join(ACCOUNT)).expect("it is there");
        folder.belongs_to(other).expect("it is nobody's again");
    }

    #[test]
    fn nobody_else_can_exchange_its_files() {
        let place = tempfile::tempdir().expect("a folder");
        for mode in [0o777, 0o770, 0o722, 0o1777] {
            set_mode(place.path(), mode);
            let error = refused(place.path());
            assert!(error.contains("chmod 700"), "{error}");
        }
        set_mode(place.path(), 0o755);
        DataFolder::open(place.path(), &FILES).expect("others cannot write to it");
        let mode = place.path().metadata().expect("it is there").mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn its_files_are_in_it() {
        for name in ["relay.db", "relay.db-wal", ACCOUNT, LOCK] {
            let place = tempfile::tempdir().expect("a folder");
            let elsewhere = place.path().join("elsewhere");
            std::fs::write(&elsewhere, "").expect("it is ours");
            std::os::unix::fs::symlink(&elsewhere, place.path().join(name)).expect("it is ours");
            let error = refused(place.path());
            assert!(error.contains("symbolic link"), "{name}: {error}");
        }
    }
}
