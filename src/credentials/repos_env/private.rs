//! Files for their owner alone, in a folder in which nobody else can exchange them.
//!
//! Everything goes by way of the opened folder and the opened file: what a path leads to can change
//! between a look and a use.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Mode, OFlags, openat, renameat, unlinkat};
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
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let place = || path.display().to_string();
        match openat(rustix::fs::CWD, path, flags, Mode::empty()) {
            Ok(handle) => Ok(Self {
                handle: handle.into(),
                path: path.to_owned(),
            }),
            Err(Errno::NOENT | Errno::NOTDIR) => Err(BadEnvFile::NoFolder(place())),
            Err(error) => Err(BadEnvFile::Unreadable(place(), error.into())),
        }
    }

    /// Who may write to a folder can put another file in place of ours, unless it is sticky.
    pub fn defect(&self) -> Result<Option<BadEnvFile>, BadEnvFile> {
        let folder = self.path.display().to_string();
        let mode = match self.handle.metadata() {
            Ok(metadata) => metadata.permissions().mode() & 0o7777,
            Err(error) => return Err(BadEnvFile::Unreadable(folder, error)),
        };
        let is_open = mode & 0o022 != 0 && mode & 0o1000 == 0;
        Ok(is_open.then_some(BadEnvFile::OpenFolder { folder, mode }))
    }

    /// A file's place for messages: as it was named.
    pub fn place(&self, name: &OsStr) -> String {
        let bare = self.path == Path::new(".");
        let path = if bare {
            PathBuf::from(name)
        } else {
            self.path.join(name)
        };
        path.display().to_string()
    }

    pub fn read(&self, name: &OsStr) -> Result<Found, BadEnvFile> {
        let place = self.place(name);
        // Without NONBLOCK, opening a named pipe would wait for somebody to write.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = openat(&self.handle, name, flags, Mode::empty());
        let file = match opened {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Err(BadEnvFile::Missing(place)),
            Err(Errno::LOOP) => return Err(BadEnvFile::Symlink(place)),
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
        let _ = handle.set_permissions(std::fs::Permissions::from_mode(0o600));
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
        let mut new = Temporary::create(self, name).map_err(failed)?;
        new.write(content).map_err(failed)?;
        last_look()?;
        renameat(&self.handle, &new.name, &self.handle, name).map_err(|e| failed(e.into()))?;
        new.is_renamed = true;
        // The new name lasts once the folder is on the disk, too.
        self.handle.sync_all().map_err(failed)
    }

    /// What a command left that was killed while it wrote. Nobody writes now: the lock is ours.
    fn remove_leftovers(&self, name: &OsStr) -> io::Result<()> {
        for leftover in self
            .names()?
            .iter()
            .filter(|other| is_leftover(name, other))
        {
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

/// A new file beside the one that it will replace; removed unless it did.
struct Temporary<'a> {
    folder: &'a Folder,
    name: OsString,
    handle: File,
    is_renamed: bool,
}

impl<'a> Temporary<'a> {
    /// It is ours alone from the moment at which it exists.
    fn create(folder: &'a Folder, name: &OsStr) -> io::Result<Self> {
        let random = getrandom::u64().map_err(io::Error::other)?;
        let name = beside(name, &format!("{random:016x}.tmp"));
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = File::from(openat(&folder.handle, &name, flags, OURS_ALONE)?);
        Ok(Self {
            folder,
            name,
            handle,
            is_renamed: false,
        })
    }

    fn write(&mut self, content: &[u8]) -> io::Result<()> {
        // An umask may have taken the owner's own rights away.
        self.handle
            .set_permissions(std::fs::Permissions::from_mode(0o600))?;
        self.handle.write_all(content)?;
        self.handle.sync_all()
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.is_renamed {
            let _ = unlinkat(&self.folder.handle, &self.name, AtFlags::empty());
        }
    }
}

fn defects(place: &str, metadata: &Metadata) -> Vec<BadEnvFile> {
    let mut defects = Vec::new();
    let (owner, us) = (metadata.uid(), rustix::process::geteuid().as_raw());
    let place = || place.to_owned();
    if owner != us {
        defects.push(BadEnvFile::ForeignOwner {
            place: place(),
            owner,
            us,
        });
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        defects.push(BadEnvFile::Exposed {
            place: place(),
            mode,
        });
    }
    let links = metadata.nlink();
    if links > 1 {
        defects.push(BadEnvFile::HardLinked {
            place: place(),
            links,
        });
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
