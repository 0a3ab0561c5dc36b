//! What a copy has to hold.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub const MANIFEST: &str = "manifest.json";

/// To be raised whenever an older relay could not restore what a newer one made.
pub const FORMAT: u32 = 1;

pub type Counts = BTreeMap<String, u64>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    pub made: Timestamp,
    /// Which relay made it.
    pub relay: String,
    /// The shape of the database's tables.
    pub schema: i32,
    /// How many rows each table has.
    pub counts: Counts,
    /// When the last record of the audit was written.
    pub last_audit: Option<Timestamp>,
    pub files: BTreeMap<String, Sum>,
    /// Whether the copy was opened and counted after it was made.
    pub verified: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub bytes: u64,
    pub sha256: String,
}

impl Sum {
    pub fn of(path: &Path) -> std::io::Result<Self> {
        let (mut file, mut hash, mut bytes) = (File::open(path)?, Sha256::new(), 0);
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let read = match file.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read?,
            };
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
            bytes += read as u64;
        }
        let digest = hash.finalize();
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { bytes, sha256 })
    }
}

/// The files of a copy.
pub fn sums(folder: &Path) -> anyhow::Result<BTreeMap<String, Sum>> {
    let mut sums = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        sums.insert(name.into_owned(), Sum::of(&path)?);
    }
    Ok(sums)
}

impl Manifest {
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        super::write(&folder.join(MANIFEST), &text)
    }

    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(MANIFEST);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "{} is no whole backup: it has no {MANIFEST}; take another one",
                folder.display()
            ),
            read => read.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let is = serde_json::from_slice(&text);
        is.with_context(|| format!("{} is damaged; take another backup", path.display()))
    }
}

const PREFIX: &str = "relay-";

/// Such as `relay-20261129T200004Z`.
pub fn name(made: Timestamp) -> String {
    format!("{PREFIX}{}", made.strftime("%Y%m%dT%H%M%SZ"))
}

pub fn time_of(name: &str) -> Option<Timestamp> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix('Z')?;
    let (date, time) = digits.split_once('T')?;
    let is_one = |digits: &str, count| digits.len() == count && digits.is_ascii();
    if !is_one(date, 8) || !is_one(time, 6) {
        return None;
    }
    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
    let (hour, minute, second) = (&time[..2], &time[2..4], &time[4..]);
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z")
        .parse()
        .ok()
}
