//! Files for their owner alone, in a folder in which nobody else can exchange them.
//!
//! Everything goes by way of the opened folder and the opened file: what a path leads to can change
//! between a look and a use.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Mode, OFlags, openat, readlinkat, renameat, unlinkat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::BadEnvFile;

const MOST_BYTES: u64 = 1024 * 1024;
/// How long another command may take to change a file.
const PATIENCE: Duration = Duration::from_secs(10);
const OURS_ALONE: Mode = Mode::RUSR.union(Mode::WUSR);

pub struct Folder {
    handle: File,
    path: PathBuf,
}

/// A file's content, and what speaks against using it.
pub struct Found {
    pub bytes: Zeroizing<Vec<u8>>,
    pub metadata: Metadata,
    /// Wrong mode, foreign owner, hard links.
    pub defects: Vec<BadEnvFile>,
}

/// While it lives, no other command changes the file.
pub struct Lock {
    _handle: File,
}

impl Folder {
    pub fn open(path: &Path) -> Result<Self, BadEnvFile> {
        let is_here = path.as_os_str().is_empty();
        let path = if is_here { Path::new(".") } else { path };
        let place = path.display().to_string();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match openat(rustix::fs::CWD, path, flags, Mode::empty()) {
            Ok(handle) => Ok(Self {
                handle: handle.into(),
                path: path.to_owned(),
            }),
            Err(Errno::NOENT | Errno::NOTDIR) => Err(BadEnvFile::NoFolder(place)),
            Err(error) => Err(BadEnvFile::Unreadable(place, error.into())),
        }
    }

    /// Who may write to a folder can put another file in place of ours, unless it is sticky.
    pub fn defect(&self) -> Option<BadEnvFile> {
        let folder = self.path.display().to_string();
        let mode = match self.handle.metadata() {
            Ok(metadata) => metadata.permissions().mode() & 0o7777,
            Err(error) => return Some(BadEnvFile::Unreadable(folder, error)),
        };
        let is_open = mode & 0o022 != 0 && mode & 0o1000 == 0;
        is_open.then_some(BadEnvFile::OpenFolder { folder, mode })
    }

    /// A file's place for messages: as it was named.
    pub fn place(&self, name: &OsStr) -> String {
        let is_here = self.path == Path::new(".");
        let folder = if is_here { Path::new("") } else { &self.path };
        folder.join(name).display().to_string()
    }

    pub fn read(&self, name: &OsStr) -> Result<Found, BadEnvFile> {
        let place = self.place(name);
        // Without NONBLOCK, opening a named pipe would wait for somebody to write.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = openat(&self.handle, name, flags, Mode::empty());
        let file = match opened {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Err(BadEnvFile::Missing(place)),
            Err(Errno::LOOP) => {
                let target = readlinkat(&self.handle, name, Vec::new());
                let target = target.unwrap_or_default();
                return Err(of_link(place, target.to_bytes()));
            }
            Err(Errno::NXIO) => return Err(BadEnvFile::NotAFile(place)),
            Err(error) => return Err(BadEnvFile::Unreadable(place, error.into())),
        };
        let unreadable = |error| BadEnvFile::Unreadable(place.clone(), error);
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(BadEnvFile::NotAFile(place));
        }
        if metadata.len() > MOST_BYTES {
            return Err(BadEnvFile::TooLarge(place));
        }
        // All the room at once: a buffer that grows leaves copies behind that nobody wipes.
        let length = metadata.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(length as usize + 64));
        let read = file.take(length + 1).read_to_end(&mut bytes);
        if read.map_err(unreadable)? as u64 > length {
            return Err(BadEnvFile::ChangedMeanwhile(place));
        }
        Ok(Found {
            bytes,
            defects: defects(&place, &metadata),
            metadata,
        })
    }

    /// Waits until no other command changes the file. The lock is a file of its own beside it,
    /// which stays: the file itself is another one after every change.
    pub fn lock(&self, name: &OsStr) -> Result<Lock, BadEnvFile> {
        let lock = beside(name, "lock");
        let place = self.place(name);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = match openat(&self.handle, &lock, flags, OURS_ALONE) {
            Ok(handle) => File::from(handle),
            Err(error) => return Err(BadEnvFile::NotWritten(place, error.into())),
        };
        // An umask may have kept the next command of ours from opening it.
        let _ = handle.set_permissions(Permissions::from_mode(0o600));
        let began = Instant::now();
        loop {
            match handle.try_lock() {
                Ok(()) => return Ok(Lock { _handle: handle }),
                Err(TryLockError::Error(error)) => {
                    return Err(BadEnvFile::NotWritten(place, error));
                }
                Err(TryLockError::WouldBlock) if began.elapsed() > PATIENCE => {
                    return Err(BadEnvFile::Busy(place, self.place(&lock)));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Puts `content` in the file's place, at once and for good: whenever this is cut off, the file
    /// is the old one or the new one. `last_look` can still keep it from happening. Only who holds
    /// the lock may call this.
    pub fn replace(
        &self,
        name: &OsStr,
        content: &[u8],
        last_look: impl FnOnce() -> Result<(), BadEnvFile>,
    ) -> Result<(), BadEnvFile> {
        let failed = |error: io::Error| BadEnvFile::NotWritten(self.place(name), error);
        self.remove_leftovers(name).map_err(failed)?;
        let random = getrandom::u64().map_err(|error| failed(io::Error::other(error)))?;
        let new = beside(name, &format!("{random:016x}.tmp"));
        let written = self.write_new(&new, content).map_err(failed);
        let renamed = written.and_then(|()| last_look()).and_then(|()| {
            let renamed = renameat(&self.handle, &new, &self.handle, name);
            renamed.map_err(|error| failed(error.into()))
        });
        if renamed.is_err() {
            let _ = unlinkat(&self.handle, &new, AtFlags::empty());
        }
        renamed?;
        // The new name lasts once the folder is on the disk, too.
        self.handle.sync_all().map_err(failed)
    }

    /// Writes a file that is not there yet. It is ours alone from the moment at which it exists.
    fn write_new(&self, name: &OsStr, content: &[u8]) -> io::Result<()> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.handle, name, flags, OURS_ALONE)?);
        // An umask may have taken the owner's own rights away.
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(content)?;
        file.sync_all()
    }

    /// Removes a file, if it is there.
    pub fn remove(&self, name: &OsStr) -> Result<(), BadEnvFile> {
        match unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(BadEnvFile::NotWritten(self.place(name), error.into())),
        }
    }

    /// What a command left that was killed while it wrote. Nobody writes now: the lock is ours.
    fn remove_leftovers(&self, name: &OsStr) -> io::Result<()> {
        let names = self.names()?;
        for leftover in names.iter().filter(|other| is_leftover(name, other)) {
            unlinkat(&self.handle, leftover, AtFlags::empty())?;
        }
        Ok(())
    }

    /// The names of all that is in the folder.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let entries = std::fs::read_dir(&self.path)?;
        entries.map(|entry| Ok(entry?.file_name())).collect()
    }
}

/// Kubernetes mounts the files of a secret as links into `..data`, a link to the folder of their version.
///
/// Source: Kubernetes, "Secrets", mounted secrets are updated automatically; `atomic_writer.go`.
fn of_link(place: String, target: &[u8]) -> BadEnvFile {
    if target.starts_with(b"..data/") {
        let us = rustix::process::geteuid().as_raw();
        return BadEnvFile::Mounted {
            place,
            mode: 0o644,
            us,
        };
    }
    BadEnvFile::Symlink(place)
}

/// Docker mounts secrets as files of root, which nobody may write and everybody may read.
///
/// Source: Docker, "Manage sensitive data with Docker secrets": mode 0444 by default.
fn is_mounted(owner: u32, mode: u32) -> bool {
    owner == 0 && mode & 0o222 == 0 && mode & 0o077 != 0
}

fn defects(place: &str, metadata: &Metadata) -> Vec<BadEnvFile> {
    let mut defects = Vec::new();
    let place = || place.to_owned();
    let (owner, us) = (metadata.uid(), rustix::process::geteuid().as_raw());
    let mode = metadata.permissions().mode() & 0o777;
    if is_mounted(owner, mode) {
        let place = place();
        return vec![BadEnvFile::Mounted { place, mode, us }];
    }
    if owner != us {
        let place = place();
        defects.push(BadEnvFile::ForeignOwner { place, owner, us });
    }
    if mode & 0o077 != 0 {
        let place = place();
        defects.push(BadEnvFile::Exposed { place, mode });
    }
    let links = metadata.nlink();
    if links > 1 {
        let place = place();
        defects.push(BadEnvFile::HardLinked { place, links });
    }
    defects
}

/// A file that belongs to `name`: `.repos.env.lock` to `repos.env`.
pub fn beside(name: &OsStr, what: &str) -> OsString {
    let mut own = OsString::from(".");
    own.push(name);
    own.push(".");
    own.push(what);
    own
}

pub fn is_leftover(name: &OsStr, other: &OsStr) -> bool {
    let (own, other) = (beside(name, ""), other.as_encoded_bytes());
    other
        .strip_prefix(own.as_encoded_bytes())
        .and_then(|rest| rest.strip_suffix(b".tmp"))
        .is_some_and(|random| random.len() == 16 && random.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_a_container_is_said_to_be_one() {
        for (owner, mode, mounted) in [
            (0, 0o444, true),
            (0, 0o440, true),
            (0, 0o555, true),
            (0, 0o400, false),
            (0, 0o644, false),
            (1000, 0o444, false),
        ] {
            assert_eq!(is_mounted(owner, mode), mounted, "{owner} {mode:o}");
        }
        let link = |target: &[u8]| of_link("/etc/relay/repos.env".to_owned(), target);
        assert_eq!(link(b"..data/repos.env").class(), "mounted");
        assert_eq!(link(b"../repos.env").class(), "symlink");
        let said = link(b"..data/repos.env").to_string();
        assert!(
            said.contains("`install -m 600 /etc/relay/repos.env repos.env`"),
            "{said}"
        );
    }
}
