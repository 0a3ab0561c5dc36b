//! A file in memory, a secret on moto, a Twilio in this process, and a fuse that ends the program at
//! any of the things it does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use jiff::Timestamp;
use relay::clock::ManualClock;
use relay::credentials::exchange::{CredentialsFile, Exchange, NotStored, Stored, VersionedSecret};
use relay::credentials::rotation::{DRAIN, RotationRecord, Step, Subject, Twilio, TwoPlaces, Wait};
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

use crate::support::moto;

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

/// A file and its notes, of which every change may be the last thing that is done.
struct MemoryFile {
    values: Mutex<Values>,
    notes: Mutex<BTreeMap<String, String>>,
    fuse: Arc<Fuse>,
}

impl CredentialsFile for MemoryFile {
    fn place(&self) -> String {
        "repos.env".to_owned()
    }

    fn values(&self) -> anyhow::Result<Values> {
        Ok(self.values.lock().unwrap().duplicate())
    }

    fn edit(&self, change: &mut dyn FnMut(&mut Values)) -> anyhow::Result<()> {
        self.fuse.around(|| {
            change(&mut self.values.lock().unwrap());
            Ok(())
        })
    }

    fn note(&self, kind: &str) -> anyhow::Result<Option<String>> {
        Ok(self.notes.lock().unwrap().get(kind).cloned())
    }

    fn set_note(&self, kind: &str, json: Option<&str>) -> anyhow::Result<()> {
        self.fuse.around(|| {
            let mut notes = self.notes.lock().unwrap();
            match json {
                Some(json) => drop(notes.insert(kind.to_owned(), json.to_owned())),
                None => drop(notes.remove(kind)),
            }
            Ok(())
        })
    }
}

/// A secret of which every replacement may be the last thing that is done.
struct FusedSecret(SecretStore, Arc<Fuse>);

#[async_trait]
impl VersionedSecret for FusedSecret {
    fn id(&self) -> &str {
        self.0.id()
    }

    async fn current(&self) -> anyhow::Result<Stored> {
        self.0.current().await
    }

    async fn replace(&self, seen: &str, values: &Values) -> Result<String, NotStored> {
        let now = self.1.begin()?;
        let version = self.0.replace(seen, values).await?;
        self.1.end(now)?;
        Ok(version)
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

/// Time passes at once; what was waited for is noted.
struct AtOnce(Arc<ManualClock>, Arc<Waits>);

type Waits = Mutex<Vec<(Step, Timestamp)>>;

#[async_trait]
impl Wait for AtOnce {
    async fn until(&self, until: Timestamp, record: &RotationRecord) {
        self.1.lock().unwrap().push((record.step, until));
        self.0.set(until);
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
    /// What the rotation waited for, and at which step.
    pub waits: Arc<Waits>,
    file: Arc<MemoryFile>,
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
        webhook_keys: Vec::new(),
        audit_key: None,
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
        let file = Arc::new(MemoryFile {
            values: Mutex::new(Values::parse(&values.to_string()).unwrap()),
            notes: Mutex::default(),
            fuse: fuse.clone(),
        });
        let waits = Arc::new(Waits::default());
        let places = TwoPlaces {
            file: file.clone(),
            secret: Some(Arc::new(FusedSecret(secret.clone(), fuse.clone()))),
            clock: clock.clone(),
            wait: Arc::new(AtOnce(clock.clone(), waits.clone())),
            drain: DRAIN,
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
            waits,
            file,
        }
    }

    /// The command, begun or resumed.
    pub async fn rotate(&self, subject: Subject) -> anyhow::Result<()> {
        let twilio = self.twilio();
        let record = match self.places.unfinished()? {
            Some(record) => record,
            None => self.places.begin(subject, &twilio).await?,
        };
        self.places.run(&twilio, record).await
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

    /// The notes beside the file, but for what it had in common with the secret.
    pub fn left_behind(&self) -> Vec<String> {
        let notes = self.file.notes.lock().unwrap();
        let names = notes.keys().filter(|name| *name != "synced");
        names.cloned().collect()
    }
}

fn credentials(values: &Values) -> Credentials {
    let value = |name: &str| values.get(name).map(Secret::duplicate);
    Credentials::from_values("a test", value).unwrap()
}
