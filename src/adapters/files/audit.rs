//! The audit as a file, one JSON object a line.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use async_trait::async_trait;

use crate::adapters::files::private_folder::{append_whole, open_to_append};
use crate::app::ports::audit::{Audit, Record};

/// Appends to a file that only its owner may read.
pub struct FileAudit {
    file: Mutex<Appended>,
    path: PathBuf,
}

struct Appended {
    file: File,
    /// How long the file was after its last whole line from here.
    whole_up_to: Option<u64>,
}

impl FileAudit {
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = open_to_append(path)
            .with_context(|| format!("cannot open the audit {}", path.display()))?;
        Ok(Self {
            file: Mutex::new(Appended {
                file,
                whole_up_to: None,
            }),
            path: path.into(),
        })
    }
}

#[async_trait]
impl Audit for FileAudit {
    async fn write(&self, records: &[Record]) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        for record in records {
            serde_json::to_writer(&mut lines, record)?;
            lines.push(b'\n');
        }
        // After a write that panicked the file's length says whether its last line is whole.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.append(lines)
            .with_context(|| format!("cannot write to the audit {}", self.path.display()))
    }
}

impl Appended {
    /// Adds whole lines or nothing, one process at a time.
    fn append(&mut self, mut lines: Vec<u8>) -> std::io::Result<()> {
        let file = &self.file;
        file.lock()?;
        let length = file.metadata()?.len();
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
        FileAudit::open(path).unwrap().file.into_inner().unwrap()
    }

    const SMALL: &str = "RELAY_TEST_SMALL_AUDIT";
    const NAME: &str = "a_full_disk_takes_no_part_of_a_line";

    /// The limit on a file's size acts like a full disk: it takes a part of the last write.
    #[test]
    fn a_full_disk_takes_no_part_of_a_line() {
        let line = b"0123456789abcdefghijklm\n";
        if let Some(path) = std::env::var_os(SMALL) {
            let mut file = audit(Path::new(&path));
            let wrote = (0..1000).map_while(|_| file.append(line.to_vec()).ok());
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
        audit(&path).append(b"after\n".to_vec()).unwrap();
        let now = std::fs::read(&path).unwrap();
        assert_eq!(now, [kept.as_slice(), b"after\n"].concat());
    }

    #[test]
    fn a_line_that_broke_off_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        std::fs::write(&path, "whole\nbroken o").unwrap();
        let mut file = audit(&path);
        file.append(b"next\n".to_vec()).unwrap();
        file.append(b"last\n".to_vec()).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "whole\nbroken o\nnext\nlast\n"
        );
    }
}
