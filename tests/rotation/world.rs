//! A file in memory, a secret on moto, a Twilio in this process, and a fuse that ends the program at
//! any of the things it does.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use relay::clock::{Clock, ManualClock};
use relay::credentials::exchange::{EditableFile, Exchange};
use relay::credentials::notes::Notes;
use relay::credentials::rotation;
use relay::credentials::rotation::{
    DRAIN, Journal, Places, Slots, Subject, Twilio, TwoPlaces, Wait,
};
use relay::credentials::secrets_manager::SecretStore;
use relay::credentials::values::Values;
use relay::domain::credentials::Callers;
use relay::domain::credentials::{
    ACCOUNT_SID, API_KEY, API_SECRET, AUTH_TOKEN, ApiKey, Credentials, Secret,
};
use relay::sandbox::{InProcess, Sandbox};
use relay::twilio::access::{Access, KeyType};
use relay::twilio::api::Login;
use relay::twilio::api::{NoAnswer, Transport};
use serde_json::json;

use crate::moto;

/// Ends the program at one of the things it does: before it is done, or after.
#[derive(Default)]
pub struct Fuse {
    left: AtomicI64,
    after: AtomicBool,
    blown: AtomicBool,
}

impl Fuse {
    /// After `left` more things.
    pub fn set(&self, left: i64, after: bool) {
        self.left.store(left, Ordering::Relaxed);
        self.after.store(after, Ordering::Relaxed);
        self.blown.store(false, Ordering::Relaxed);
    }

    pub fn is_blown(&self) -> bool {
        self.blown.load(Ordering::Relaxed)
    }

    /// Does a thing, or not.
    fn around<T>(&self, thing: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let now = self.begin()?;
        let done = thing();
        self.end(now)?;
        done
    }

    fn begin(&self) -> anyhow::Result<bool> {
        anyhow::ensure!(!self.is_blown(), "the program has ended");
        let now = self.left.fetch_sub(1, Ordering::Relaxed) == 0;
        if now && !self.after.load(Ordering::Relaxed) {
            self.blown.store(true, Ordering::Relaxed);
            anyhow::bail!("the program ends here");
        }
        Ok(now)
    }

    fn end(&self, now: bool) -> anyhow::Result<()> {
        if now {
            self.blown.store(true, Ordering::Relaxed);
            anyhow::bail!("the program ends here");
        }
        Ok(())
    }
}

struct MemoryFile {
    values: Mutex<Values>,
    fuse: Arc<Fuse>,
}

impl EditableFile for MemoryFile {
    fn place(&self) -> String {
        "repos.env".to_owned()
    }

    fn values(&self) -> anyhow::Result<Values> {
        Ok(self.values.lock().unwrap().duplicate())
    }

    fn edit(
        &self,
        change: &mut dyn FnMut(&mut dyn Slots) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.fuse.around(|| {
            let mut values = self.values.lock().unwrap();
            let mut changed = values.duplicate();
            change(&mut changed)?;
            *values = changed;
            Ok(())
        })
    }
}

struct Fused(InProcess, Arc<Fuse>);

#[async_trait]
impl Transport for Fused {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let ended = |error: anyhow::Error| NoAnswer::Unknown(error.to_string());
        let now = self.1.begin().map_err(ended)?;
        let answer = self.0.send(request).await;
        self.1.end(now).map_err(ended)?;
        answer
    }
}

/// Time passes at once.
struct AtOnce(Arc<ManualClock>);

#[async_trait]
impl Wait for AtOnce {
    async fn until(&self, until: Timestamp, _: &Journal) {
        self.0.set(until);
    }
}

/// [`TwoPlaces`], of which every note may be the last thing that is done.
struct FusedPlaces<'a>(&'a TwoPlaces, &'a Fuse);

#[async_trait]
impl Places for FusedPlaces<'_> {
    async fn values(&self) -> anyhow::Result<Values> {
        self.0.values().await
    }
    async fn keep_pending(&self, subject: Subject, values: &[Secret]) -> anyhow::Result<()> {
        self.0.keep_pending(subject, values).await
    }
    async fn undo_pending(&self, subject: Subject) -> anyhow::Result<()> {
        self.0.undo_pending(subject).await
    }
    async fn switch(&self, subject: Subject) -> anyhow::Result<()> {
        let now = self.1.begin()?;
        self.0.switch(subject).await?;
        self.1.end(now)
    }
    async fn forget(&self, subject: Subject) -> anyhow::Result<()> {
        let now = self.1.begin()?;
        self.0.forget(subject).await?;
        self.1.end(now)
    }
    async fn note(&self, journal: &Journal) -> anyhow::Result<()> {
        let now = self.1.begin()?;
        self.0.note(journal).await?;
        self.1.end(now)
    }
    async fn close(&self) -> anyhow::Result<()> {
        let now = self.1.begin()?;
        self.0.close().await?;
        self.1.end(now)
    }
    async fn wait(&self, until: Timestamp, journal: &Journal) {
        self.0.wait(until, journal).await;
    }
}

pub struct World {
    pub sandbox: Arc<Sandbox>,
    pub clock: Arc<ManualClock>,
    pub fuse: Arc<Fuse>,
    pub secret: SecretStore,
    pub places: TwoPlaces,
    pub access: Access,
    /// What somebody read before the rotation and has kept.
    pub kept: Credentials,
    folder: tempfile::TempDir,
}

const NEVER: i64 = i64::MAX / 2;

fn sid(prefix: &str) -> String {
    prefix.to_owned() + &"0".repeat(32)
}

fn account() -> Credentials {
    Credentials {
        account_sid: sid("AC"),
        auth_token: Secret::new("a0".repeat(16)),
        next_auth_token: None,
        previous_auth_token: None,
        api_key: Some(ApiKey {
            sid: sid("SK"),
            secret: Secret::new("Zz".repeat(16)),
        }),
        callers: Callers::default(),
        version: None,
    }
}

impl World {
    pub async fn new() -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-23T12:00:00Z".parse().unwrap()));
        let sandbox = Arc::new(Sandbox::new(Arc::new(account()), clock.clone()));
        let fuse = Arc::new(Fuse::default());
        fuse.set(NEVER, false);
        let values = json!({
            ACCOUNT_SID: sid("AC"), AUTH_TOKEN: "a0".repeat(16),
            API_KEY: sid("SK"), API_SECRET: "Zz".repeat(16), "OTHER": "of another service",
        });
        let config = moto::config(moto::url()).await;
        let id = moto::secret(&config, &values.to_string()).await;
        let secret = SecretStore::new(aws_sdk_secretsmanager::Client::new(&config), id);
        let folder = tempfile::tempdir().unwrap();
        let file = MemoryFile {
            values: Mutex::new(Values::parse(&values.to_string()).unwrap()),
            fuse: fuse.clone(),
        };
        let places = TwoPlaces {
            file: Arc::new(file),
            secret: Some(secret.clone()),
            notes: Notes::of(&folder.path().join("repos.env")).unwrap(),
            wait: Arc::new(AtOnce(clock.clone())),
        };
        let transport = Fused(InProcess(sandbox.clone()), fuse.clone());
        Self {
            access: Access::new(Box::new(transport), "https://api.twilio.com"),
            sandbox,
            clock,
            fuse,
            secret,
            places,
            kept: account(),
            folder,
        }
    }

    /// The command, begun or resumed.
    pub async fn rotate(&self, subject: Subject) -> anyhow::Result<()> {
        let journal = match self.places.unfinished()? {
            Some(journal) => journal,
            None => {
                let now = self.clock.now();
                self.places.begin(subject, &self.twilio(), now).await?
            }
        };
        let places = FusedPlaces(&self.places, &self.fuse);
        let twilio = self.twilio();
        rotation::run(&twilio, &places, &*self.clock, DRAIN, journal).await
    }

    pub fn twilio(&self) -> Twilio<'_> {
        Twilio {
            access: &self.access,
            key_type: KeyType::Standard,
        }
    }

    pub fn mend(&self) {
        self.fuse.set(NEVER, false);
    }

    pub fn exchange(&self) -> Exchange<'_> {
        Exchange {
            file: &*self.places.file,
            secret: &self.secret,
            notes: &self.places.notes,
        }
    }

    pub fn in_file(&self) -> Credentials {
        credentials(&self.places.file.values().unwrap())
    }

    pub async fn in_secret(&self) -> Credentials {
        credentials(&self.secret.current().await.unwrap().values)
    }

    /// Whether texts can be sent with these.
    pub async fn sends(&self, credentials: &Credentials) -> bool {
        let access = Access::new(Box::new(InProcess(self.sandbox.clone())), "https://x");
        let (user, password) = credentials.basic_auth();
        let login = Login { user, password };
        access
            .accepts(login, &credentials.account_sid)
            .await
            .unwrap()
    }

    /// Whether webhooks that Twilio signs now are let in by whoever has these.
    pub fn lets_in(&self, credentials: &Credentials) -> bool {
        let primary = self.sandbox.auth_token();
        let mut tokens = credentials.signing_tokens();
        tokens.any(|token| token.expose() == primary.expose())
    }

    /// The names in the folder of the file.
    pub fn left_behind(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.ends_with(".synced")).collect()
    }
}

fn credentials(values: &Values) -> Credentials {
    let copy = |value: &Secret| Secret::new(value.expose());
    Credentials::from_values("a test", |name| values.get(name).map(copy)).unwrap()
}
