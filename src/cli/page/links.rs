//! How `relay page link` gives a running page a key: through two files of the data folder, which only its
//! owner can read. One says where the page is, the other has the digests of keys until the page takes them.

use std::fs::OpenOptions;
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};

use super::keys::Key;

/// Beside the database.
const ADDRESS: &str = "page-address";
const KEYS: &str = "page-keys.jsonl";

/// No list of keys comes near this size.
const MOST_BYTES: u64 = 64 * 1024;

/// Says where the page is.
pub fn announce(data: &Path, address: &str) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(data.join(ADDRESS))?;
    file.write_all(address.as_bytes())?;
    Ok(())
}

/// Puts a key where the page finds it. Returns the page's address.
pub fn leave(data: &Path, key: &Key) -> anyhow::Result<String> {
    let Ok(address) = std::fs::read_to_string(data.join(ADDRESS)) else {
        bail!(
            "no page has run on the relay in {}; start one with `relay serve --page 4001`, or name another folder \
             with --data",
            data.display()
        );
    };
    let mut options = OpenOptions::new();
    let options = options.append(true).create(true).mode(0o600);
    let mut file = options.open(data.join(KEYS))?;
    file.lock()?;
    let line = serde_json::to_string(key)? + "\n";
    file.write_all(line.as_bytes())
        .context("the key could not be left for the page")?;
    Ok(address.trim().to_owned())
}

/// Takes the keys that were left, so that nobody else does.
pub(super) fn take(data: &Path) -> std::io::Result<Vec<Key>> {
    let path = data.join(KEYS);
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    file.lock()?;
    let mut text = String::new();
    (&file).take(MOST_BYTES).read_to_string(&mut text)?;
    file.set_len(0)?;
    file.rewind()?;
    let keys = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    Ok(keys.collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_key_is_taken_once_and_its_secret_is_not_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let now = "2026-11-20T22:02:11Z".parse().unwrap();
        let (secret, key) = Key::new("Maria", true, Duration::from_secs(60), now);
        assert!(leave(folder.path(), &key).is_err(), "no page ran there");
        announce(folder.path(), "http://127.0.0.1:4001").unwrap();
        assert_eq!(leave(folder.path(), &key).unwrap(), "http://127.0.0.1:4001");
        let kept = std::fs::read_to_string(folder.path().join(KEYS)).unwrap();
        assert!(kept.contains("Maria") && !kept.contains(&secret), "{kept}");
        assert_eq!(take(folder.path()).unwrap(), [key]);
        assert_eq!(take(folder.path()).unwrap(), []);
    }
}
