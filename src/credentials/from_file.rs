//! Credentials of a relay on one machine: `repos.env`, read again when a rotation may have changed
//! it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use super::cache::{Cache, Fetch};
use super::repos_env;
use crate::clock::Clock;
use crate::domain::credentials::{Credentials, Secret};

/// The file that they are read from.
pub struct FromFile(PathBuf);

impl FromFile {
    pub fn kept(path: &Path, clock: Arc<dyn Clock>) -> Cache<Self> {
        Cache::new(Self(path.to_owned()), clock)
    }
}

#[async_trait]
impl Fetch for FromFile {
    async fn fetch(&self, _: Timestamp) -> anyhow::Result<Credentials> {
        let mut credentials = repos_env::read(&self.0)?;
        credentials.version = Some(version(&credentials));
        Ok(credentials)
    }
}

/// Tells one content of the file from another, and nothing more to whoever sees it.
fn version(credentials: &Credentials) -> String {
    let key = credentials.auth_token.expose().as_bytes();
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(credentials.account_sid.as_bytes());
    let api_key = credentials.api_key.as_ref();
    let sid = api_key.map_or("", |key| key.sid.as_str());
    let tokens = [
        &credentials.next_auth_token,
        &credentials.previous_auth_token,
    ];
    let secrets = tokens.map(|token| token.as_ref().map_or("", Secret::expose));
    let secret = api_key.map_or("", |key| key.secret.expose());
    let mut add = |part: &str| {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    };
    for part in [sid, secret, secrets[0], secrets[1]] {
        add(part);
    }
    for caller in credentials.callers.iter() {
        add(&caller.name);
        add(caller.value().expose());
    }
    let hash = mac.finalize().into_bytes();
    hash[..8].iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    use super::*;
    use crate::app::ports::credentials::{RefreshReason, Source};
    use crate::clock::SystemClock;

    fn write(path: &Path, token: &str) {
        let sid = "AC".to_owned() + &"0".repeat(32);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(path).unwrap();
        writeln!(file, "TWILIO_ACCOUNT_SID={sid}\nTWILIO_AUTH_TOKEN={token}").unwrap();
    }

    #[tokio::test]
    async fn a_rotation_of_the_file_is_found_when_twilio_does_not_know_the_old_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("repos.env");
        write(&path, "old");
        let source = FromFile::kept(&path, Arc::new(SystemClock));
        let seen = source.current().await.unwrap();
        write(&path, "new");
        assert_eq!(source.current().await.unwrap().auth_token.expose(), "old");
        let newer = source.newer(&seen, RefreshReason::Refused).await.unwrap();
        assert_eq!(newer.auth_token.expose(), "new");
        assert!(!newer.version.as_deref().unwrap().contains("new"));
        assert!(source.newer(&newer, RefreshReason::Refused).await.is_none());
    }
}
