//! The audit as a file, one JSON object a line.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, anyhow};
use async_trait::async_trait;

use super::{Audit, Record};

/// Appends to a file that only its owner may read.
pub struct FileAudit {
    file: Mutex<File>,
    path: PathBuf,
}

impl FileAudit {
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
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
        let mut lines = Vec::new();
        for record in records {
            serde_json::to_writer(&mut lines, record)?;
            lines.push(b'\n');
        }
        // One write for all: appended lines of two processes do not mix.
        let mut file = self
            .file
            .lock()
            .map_err(|_| anyhow!("a write to the audit panicked"))?;
        file.write_all(&lines)
            .with_context(|| format!("cannot write to the audit {}", self.path.display()))
    }
}
