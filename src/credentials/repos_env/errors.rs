use std::borrow::Cow;
use std::io;

use super::{BadLine, Unwritable};
use crate::domain::credentials::BadCredentials;

/// Why a `repos.env` is not read or not written. Says what to do; never carries a value.
#[derive(Debug, thiserror::Error)]
pub enum BadEnvFile {
    #[error(
        "there is no {0}; create it with `relay secrets add --file {q} TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN TWILIO_API_KEY TWILIO_API_SECRET`, or name another file",
        q = quoted(.0)
    )]
    Missing(String),
    #[error("there is no folder {0}; run `mkdir -p -m 700 {q}`", q = quoted(.0))]
    NoFolder(String),
    #[error("{0} cannot be read: {1}; check its owner and mode with `ls -l {q}`", q = quoted(.0))]
    Unreadable(String, io::Error),
    #[error("{0} is not a regular file; name the file that holds the credentials")]
    NotAFile(String),
    #[error(
        "{0} is a symbolic link, which somebody could turn elsewhere; name the file that it leads to (`readlink -f {q}`)",
        q = quoted(.0)
    )]
    Symlink(String),
    #[error(
        "{place} belongs to another user (user ID {owner}, this is {us}); run `sudo chown {us} {q}`, or work as its owner",
        q = quoted(.place)
    )]
    ForeignOwner { place: String, owner: u32, us: u32 },
    #[error(
        "{place} has {links} names in the file system (hard links), and each would keep the values; find them with `find / -xdev -samefile {q}` and leave one",
        q = quoted(.place)
    )]
    HardLinked { place: String, links: u64 },
    #[error(
        "{place} can be read or changed by others (mode {mode:03o}); run `chmod 600 {q}`",
        q = quoted(.place)
    )]
    Exposed { place: String, mode: u32 },
    #[error(
        "{place} is a secret that was mounted into a container, which everybody in it can read (mode {mode:03o}); start the relay with a copy of its own (`install -m 600 {q} repos.env`), or mount it with mode 0400 for user ID {us}",
        q = quoted(.place)
    )]
    Mounted { place: String, mode: u32, us: u32 },
    #[error(
        "others may exchange the files in the folder {folder} (mode {mode:03o}); run `chmod go-w {q}`",
        q = quoted(.folder)
    )]
    OpenFolder { folder: String, mode: u32 },
    #[error("{0} is larger than 1 MiB; name the file that holds the credentials")]
    TooLarge(String),
    #[error("{0}:{1}")]
    Syntax(String, BadLine),
    #[error(
        "another command has been changing {0} for 10 s; wait for it, or look for it with `fuser {q}`",
        q = quoted(.1)
    )]
    Busy(String, String),
    #[error("{0} was changed by something else meanwhile, and stays as it is; try again")]
    ChangedMeanwhile(String),
    #[error("{0} cannot be written and stays as it was: {1}")]
    NotWritten(String, io::Error),
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    #[error(transparent)]
    Credentials(#[from] BadCredentials),
}

impl BadEnvFile {
    /// What it is, for programs.
    pub fn class(&self) -> &'static str {
        match self {
            BadEnvFile::Missing(_) => "missing_file",
            BadEnvFile::NoFolder(_) => "missing_folder",
            BadEnvFile::Unreadable(..) => "unreadable",
            BadEnvFile::NotAFile(_) => "not_a_file",
            BadEnvFile::Symlink(_) => "symlink",
            BadEnvFile::ForeignOwner { .. } => "foreign_owner",
            BadEnvFile::HardLinked { .. } => "hard_linked",
            BadEnvFile::Exposed { .. } => "exposed",
            BadEnvFile::Mounted { .. } => "mounted",
            BadEnvFile::OpenFolder { .. } => "open_folder",
            BadEnvFile::TooLarge(_) => "too_large",
            BadEnvFile::Syntax(..) => "syntax",
            BadEnvFile::Busy(..) => "busy",
            BadEnvFile::ChangedMeanwhile(_) => "changed_meanwhile",
            BadEnvFile::NotWritten(..) => "not_written",
            BadEnvFile::Unwritable(_) => "unwritable",
            BadEnvFile::Credentials(_) => "credentials",
        }
    }
}

/// A word for a shell.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "_./:@%+,=-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', "'\\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_advised_can_be_pasted() {
        let mode = 0o644;
        let place = "/home/o'neil/my repos.env".to_owned();
        let error = BadEnvFile::Exposed { place, mode }.to_string();
        assert!(
            error.ends_with(r"(mode 644); run `chmod 600 '/home/o'\''neil/my repos.env'`"),
            "{error}"
        );
    }
}
