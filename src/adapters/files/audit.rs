//! The audit as files of a month each, one JSON object a line.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::adapters::files::private_folder::{append_whole, open_to_append};
use crate::app::ports::audit::{Audit, Record};

/// Appends to a file that only its owner may read. Once a month is over, in UTC, its file gets the month's
/// name, such as `audit-2026-11.jsonl`. Whoever moves the file away, as logrotate does, has the next records
/// in a new one.
pub struct FileAudit {
    file: Mutex<Appended>,
    path: PathBuf,
}

struct Appended {
    path: PathBuf,
    file: File,
    /// How long the file was after its last whole line from here.
    whole_up_to: Option<u64>,
    /// The month of its first record, once that is known.
    month: Option<Date>,
}

impl FileAudit {
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = Appended::open(path)
            .with_context(|| format!("cannot open the audit {}", path.display()))?;
        Ok(Self {
            file: Mutex::new(file),
            path: path.into(),
        })
    }
}

#[async_trait]
impl Audit for FileAudit {
    async fn write(&self, records: &[Record]) -> anyhow::Result<()> {
        let Some(latest) = records.iter().map(|record| record.at).max() else {
            return Ok(());
        };
        let mut lines = Vec::new();
        for record in records {
            serde_json::to_writer(&mut lines, record)?;
            lines.push(b'\n');
        }
        // After a write that panicked the file's length says whether its last line is whole.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.append(lines, month_of(latest))
            .with_context(|| format!("cannot write to the audit {}", self.path.display()))
    }
}

impl Appended {
    fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self {
            path: path.into(),
            file: open_to_append(path)?,
            whole_up_to: None,
            month: None,
        })
    }

    /// Adds whole lines or nothing, one process at a time.
    fn append(&mut self, mut lines: Vec<u8>, month: Date) -> std::io::Result<()> {
        let length = self.lock_for(month)?;
        let file = &self.file;
        // Whoever wrote before may have been killed in the middle of a line.
        if self.whole_up_to != Some(length) && !ends_a_line(file, length)? {
            lines.insert(0, b'\n');
        }
        let written = append_whole(file, length, |mut file| file.write_all(&lines));
        let new_length = length + lines.len() as u64;
        self.whole_up_to = written.is_ok().then_some(new_length);
        // Closing the file unlocks it as well.
        let _ = file.unlock();
        written
    }

    /// Locks the file that has the name now and is of this month. Returns its length.
    fn lock_for(&mut self, month: Date) -> std::io::Result<u64> {
        loop {
            self.file.lock()?;
            let found = self.file.metadata()?;
            let named = match std::fs::metadata(&self.path) {
                Ok(named) => Some((named.dev(), named.ino())),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            if named != Some((found.dev(), found.ino())) {
                *self = Self::open(&self.path)?;
                continue;
            }
            if self.month.is_none() && found.len() > 0 {
                self.month = first_month(&self.file)?;
            }
            match self.month {
                Some(own) if own < month && found.len() > 0 => {
                    std::fs::rename(&self.path, free_name(&self.path, own))?;
                    *self = Self::open(&self.path)?;
                }
                _ => {
                    self.month = Some(self.month.unwrap_or(month));
                    return Ok(found.len());
                }
            }
        }
    }
}

/// Deletes the files of the months that were over before `keep`. Returns how many.
pub fn remove_old(path: &Path, keep: Duration, now: Timestamp) -> anyhow::Result<usize> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let Ok(oldest) = now.checked_sub(keep) else {
        return Ok(0);
    };
    let mut removed = 0;
    for entry in std::fs::read_dir(folder)? {
        let file = entry?.path();
        let month = month_in_name(path, &file);
        if month.is_some_and(|month| month.saturating_add(1.month()) <= day_of(oldest)) {
            std::fs::remove_file(&file)
                .with_context(|| format!("cannot delete {}", file.display()))?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
}

fn month_of(at: Timestamp) -> Date {
    day_of(at).first_of_month()
}

/// The month that a file beside `path` has in its name.
fn month_in_name(path: &Path, file: &Path) -> Option<Date> {
    let (own, name) = (path.file_stem()?.to_str()?, file.file_name()?.to_str()?);
    let rest = name.strip_prefix(own)?.strip_prefix('-')?;
    let (month, rest) = rest.split_at_checked(7)?;
    let is_one = rest.starts_with(['.', '-']) && rest.ends_with(".jsonl");
    is_one.then(|| format!("{month}-01").parse().ok())?
}

/// One of that month may be there already, after the clock was set back.
fn free_name(path: &Path, month: Date) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{stem}-{}", month.strftime("%Y-%m"));
    let further = (2..).map(|n| path.with_file_name(format!("{name}-{n}.jsonl")));
    let mut names = std::iter::once(path.with_file_name(format!("{name}.jsonl"))).chain(further);
    names
        .find(|name| !name.exists())
        .unwrap_or_else(|| path.with_extension("old"))
}

/// The month of the first record that is legible at the file's beginning.
fn first_month(file: &File) -> std::io::Result<Option<Date>> {
    let mut beginning = [0; 4096];
    let length = file.read_at(&mut beginning, 0)?;
    let text = String::from_utf8_lossy(&beginning[..length]);
    let times = text.lines().filter_map(|line| {
        let (at, _) = line.strip_prefix("{\"at\":\"")?.split_once('"')?;
        at.parse::<Timestamp>().ok()
    });
    Ok(times.map(month_of).next())
}

fn ends_a_line(file: &File, length: u64) -> std::io::Result<bool> {
    let Some(last) = length.checked_sub(1) else {
        return Ok(true);
    };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte == *b"\n")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn audit(path: &Path) -> Appended {
        Appended::open(path).unwrap()
    }

    fn month(text: &str) -> Date {
        format!("{text}-01").parse().unwrap()
    }

    fn line(at: &str) -> Vec<u8> {
        format!("{{\"at\":\"{at}T10:00:00Z\"}}\n").into_bytes()
    }

    fn names(folder: &Path) -> Vec<String> {
        let files = std::fs::read_dir(folder).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// Two processes write, and each finds the other's new file.
    #[test]
    fn a_month_that_is_over_gets_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let (mut one, mut other) = (audit(&path), audit(&path));
        one.append(line("2026-11-29"), month("2026-11")).unwrap();
        other.append(line("2026-11-30"), month("2026-11")).unwrap();
        one.append(line("2026-12-01"), month("2026-12")).unwrap();
        other.append(line("2026-12-02"), month("2026-12")).unwrap();
        // The clock was set back.
        other.append(line("2026-11-30"), month("2026-11")).unwrap();
        assert_eq!(names(folder.path()), ["audit-2026-11.jsonl", "audit.jsonl"]);
        let read = |name| std::fs::read(folder.path().join(name)).unwrap();
        let november = [line("2026-11-29"), line("2026-11-30")].concat();
        assert_eq!(read("audit-2026-11.jsonl"), november);
        let december = ["2026-12-01", "2026-12-02", "2026-11-30"]
            .map(line)
            .concat();
        assert_eq!(read("audit.jsonl"), december);
        // A later process reads in the file which month it is.
        audit(&path)
            .append(line("2027-01-01"), month("2027-01"))
            .unwrap();
        let all = ["audit-2026-11.jsonl", "audit-2026-12.jsonl", "audit.jsonl"];
        assert_eq!(names(folder.path()), all);
    }

    #[test]
    fn no_file_of_a_month_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        std::fs::write(folder.path().join("audit-2026-11.jsonl"), "before\n").unwrap();
        let mut file = audit(&path);
        file.append(line("2026-11-29"), month("2026-11")).unwrap();
        file.append(line("2026-12-01"), month("2026-12")).unwrap();
        let read = |name| std::fs::read(folder.path().join(name)).unwrap();
        assert_eq!(read("audit-2026-11.jsonl"), b"before\n");
        assert_eq!(read("audit-2026-11-2.jsonl"), line("2026-11-29"));
    }

    #[test]
    fn a_file_that_was_moved_away_is_followed_by_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let mut file = audit(&path);
        file.append(line("2026-11-29"), month("2026-11")).unwrap();
        std::fs::rename(&path, folder.path().join("audit.jsonl.1")).unwrap();
        file.append(line("2026-11-30"), month("2026-11")).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), line("2026-11-30"));
    }

    #[test]
    fn months_that_were_over_long_ago_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        for name in [
            "audit.jsonl",
            "audit-2026-01.jsonl",
            "audit-2026-01-2.jsonl",
            "audit-2026-02.jsonl",
            "audit-of-mine.jsonl",
            "audit-2026-01.jsonl.gz",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let keep = Duration::from_secs(100 * 24 * 60 * 60);
        // 100 days before are the first of February, and the first of March.
        for (now, gone) in [
            ("2026-05-11T23:59:59Z", 0),
            ("2026-05-12T00:00:00Z", 2),
            ("2026-06-09T00:00:00Z", 1),
        ] {
            let removed = remove_old(&path, keep, now.parse().unwrap()).unwrap();
            assert_eq!(removed, gone, "{now}");
        }
        let left = [
            "audit-2026-01.jsonl.gz",
            "audit-of-mine.jsonl",
            "audit.jsonl",
        ];
        assert_eq!(names(folder.path()), left);
    }

    const SMALL: &str = "RELAY_TEST_SMALL_AUDIT";
    const NAME: &str = "a_full_disk_takes_no_part_of_a_line";

    /// The limit on a file's size acts like a full disk: it takes a part of the last write.
    #[test]
    fn a_full_disk_takes_no_part_of_a_line() {
        let (line, at) = (b"0123456789abcdefghijklm\n", month("2026-11"));
        if let Some(path) = std::env::var_os(SMALL) {
            let mut file = audit(Path::new(&path));
            let wrote = (0..1000).map_while(|_| file.append(line.to_vec(), at).ok());
            assert!((1..1000).contains(&wrote.count()), "the file is limited");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let test = std::env::current_exe().unwrap();
        let (_, module) = module_path!().split_once("::").unwrap();
        let limited = Command::new("sh")
            .args(["-c", r#"trap "" XFSZ; ulimit -f 2; exec "$0" --exact "$1""#])
            .arg(test)
            .arg(format!("{module}::{NAME}"))
            .env(SMALL, &path)
            .output()
            .unwrap();
        assert!(limited.status.success(), "{limited:?}");

        let kept = std::fs::read(&path).unwrap();
        assert!(!kept.is_empty() && kept.len().is_multiple_of(line.len()));
        audit(&path).append(b"after\n".to_vec(), at).unwrap();
        let now = std::fs::read(&path).unwrap();
        assert_eq!(now, [kept.as_slice(), b"after\n"].concat());
    }

    #[test]
    fn a_line_that_broke_off_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        std::fs::write(&path, "whole\nbroken o").unwrap();
        let (mut file, at) = (audit(&path), month("2026-11"));
        file.append(b"next\n".to_vec(), at).unwrap();
        file.append(b"last\n".to_vec(), at).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "whole\nbroken o\nnext\nlast\n"
        );
    }
}
