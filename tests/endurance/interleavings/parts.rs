//! What the relay works with here: a store of which a handler may know an older state, a Twilio that keeps
//! what it was asked to send, and handlers that die where they are told to.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use jiff::Timestamp;
use relay::app::ports::audit::{Audit, Record};
use relay::app::ports::queue::{Message, Queue};
use relay::app::ports::store::{ForInbound, Kept, Planned, Result, Store};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::phone::PhoneNumber;
use relay::twilio::api::{NoAnswer, Transport};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::hooked_store::Hook;
use crate::support::memory::{MemoryStore, Tables};

/// What a relay may do wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// Of several customers of a person, only one is known.
    KnowsOneCustomer,
    /// What somebody else has changed meanwhile counts as kept, and is not.
    TakesOutdatedForKept,
    /// A webhook that comes twice is decided twice.
    ForgetsWhatItHas,
    /// Twilio is asked what it has, and the answer is not understood.
    FindsNothing,
}

/// How many effects a handler may have before it dies.
pub struct Life {
    left: AtomicUsize,
    effects: AtomicUsize,
    /// It is another handler's, which does not die.
    is_next: AtomicBool,
}

impl Life {
    pub fn of(effects: usize) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicUsize::new(effects),
            effects: AtomicUsize::default(),
            is_next: AtomicBool::default(),
        })
    }

    /// Before each effect. Whoever dies does not come back from it.
    async fn goes_on(&self) {
        if self.is_next() {
            return;
        }
        let left = |left: usize| left.checked_sub(1);
        let goes_on = (self.left).fetch_update(Ordering::SeqCst, Ordering::SeqCst, left);
        if goes_on.is_err() {
            pending().await
        }
        self.effects.fetch_add(1, Ordering::SeqCst);
    }

    pub fn effects(&self) -> usize {
        self.effects.load(Ordering::SeqCst)
    }

    /// Another handler comes in the place of the one that died.
    pub fn begins_anew(&self) {
        self.is_next.store(true, Ordering::SeqCst);
    }

    fn is_next(&self) -> bool {
        self.is_next.load(Ordering::SeqCst)
    }

    /// Whether it has none left, so that nobody hears what came of the last one.
    pub fn is_over(&self) -> bool {
        !self.is_next() && self.left.load(Ordering::SeqCst) == 0
    }
}

/// Answers by what there was when the handler read, until it keeps something.
pub struct Older {
    now: Arc<MemoryStore>,
    when_read: Arc<MemoryStore>,
    /// What was read is out of date.
    is_read: AtomicBool,
    life: Arc<Life>,
    mistake: Option<Mistake>,
}

impl Older {
    pub fn of(
        now: &Arc<MemoryStore>,
        when_read: Option<&Tables>,
        life: &Arc<Life>,
        mistake: Option<Mistake>,
    ) -> Self {
        Self {
            now: Arc::clone(now),
            when_read: Arc::new(MemoryStore::with(when_read.cloned().unwrap_or_default())),
            is_read: AtomicBool::new(when_read.is_none()),
            life: Arc::clone(life),
            mistake,
        }
    }
}

#[async_trait]
impl Hook for Older {
    type Behind = MemoryStore;

    fn behind(&self) -> &Arc<MemoryStore> {
        if self.is_read.load(Ordering::SeqCst) || self.life.is_next() {
            &self.now
        } else {
            &self.when_read
        }
    }

    async fn write<T: Send>(
        &self,
        _: &str,
        effect: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.life.goes_on().await;
        effect.await
    }

    async fn for_inbound(
        &self,
        line: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound> {
        let mut found = self.behind().for_inbound(line, sid, from).await?;
        match self.mistake {
            Some(Mistake::KnowsOneCustomer) => found.customers.truncate(1),
            Some(Mistake::ForgetsWhatItHas) => found.earlier = None,
            _ => {}
        }
        Ok(found)
    }

    async fn take_in(&self, line: &PhoneNumber, planned: &Planned) -> Result<Kept> {
        self.is_read.store(true, Ordering::SeqCst);
        self.life.goes_on().await;
        if self.mistake == Some(Mistake::ForgetsWhatItHas) {
            self.now.forget(planned);
        }
        let kept = self.now.take_in(line, planned).await?;
        let is_lost = self.mistake == Some(Mistake::TakesOutdatedForKept);
        Ok(match kept {
            Kept::Outdated if is_lost => Kept::New,
            kept => kept,
        })
    }
}

/// A message that Twilio was asked to send: for which delivery and attempt, as the callback says.
pub type Cause = (DeliveryId, u32);

/// What a phone shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shown {
    pub to: String,
    pub body: String,
    pub sid: MessageSid,
}

pub type Phones = BTreeMap<Cause, Vec<Shown>>;

/// A Twilio that names its messages by what they are for, so that the order in which they come makes no
/// difference.
pub struct Carrier {
    pub phones: Arc<Mutex<Phones>>,
    pub life: Arc<Life>,
    pub mistake: Option<Mistake>,
}

#[async_trait]
impl Transport for Carrier {
    async fn send(
        &self,
        request: Request<Bytes>,
    ) -> std::result::Result<Response<Bytes>, NoAnswer> {
        let answer = if request.method() == Method::POST {
            self.life.goes_on().await;
            json!({ "sid": self.shows(&request).to_string() })
        } else {
            self.lists(&request)
        };
        Ok(Response::new(answer.to_string().into()))
    }
}

impl Carrier {
    fn shows(&self, request: &Request<Bytes>) -> MessageSid {
        let fields: BTreeMap<String, String> = form_urlencoded::parse(request.body())
            .into_owned()
            .collect();
        let cause = cause(&fields["StatusCallback"]);
        let mut phones = self.phones.lock().unwrap();
        let shown = phones.entry(cause.clone()).or_default();
        let name = Sha256::digest(format!("{cause:?} {}", shown.len()));
        let name: String = name[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let sid = MessageSid::parse(&format!("SM{name}")).expect("32 hexadecimal digits");
        shown.push(Shown {
            to: fields["To"].clone(),
            body: fields["Body"].clone(),
            sid: sid.clone(),
        });
        sid
    }

    /// A list of messages, or one of them.
    fn lists(&self, request: &Request<Bytes>) -> serde_json::Value {
        let phones = self.phones.lock().unwrap();
        let all = phones.values().flatten();
        let json =
            |shown: &Shown| json!({"sid": shown.sid, "body": shown.body, "status": "delivered"});
        let path = request.uri().path();
        let mut named = all
            .clone()
            .filter(|shown| path.contains(shown.sid.as_str()));
        if let Some(one) = named.next() {
            return json(one);
        }
        let query = request.uri().query().unwrap_or_default();
        let to = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "To");
        let is_it = |shown: &&Shown| to.as_ref().is_some_and(|(_, to)| **to == *shown.to);
        let is_understood = self.mistake != Some(Mistake::FindsNothing);
        let found: Vec<_> = all
            .filter(|_| is_understood)
            .filter(is_it)
            .map(json)
            .collect();
        json!({ "messages": found, "next_page_uri": null })
    }
}

/// The delivery and the attempt that a callback's URL names.
fn cause(callback: &str) -> Cause {
    let (_, names) = callback.split_once("/twilio/status/").expect("a callback");
    let (delivery, attempt) = names.split_once('/').expect("its attempt");
    let attempt = attempt.split('#').next().unwrap_or_default();
    let delivery = DeliveryId::parse(delivery).expect("a delivery's id");
    (delivery, attempt.parse().expect("a number"))
}

/// Wake-ups, in the order in which they were asked for.
#[derive(Default)]
pub struct WakeUps(pub Mutex<Vec<DeliveryId>>);

#[async_trait]
impl Queue for WakeUps {
    async fn enqueue(&self, messages: &[Message], now: Timestamp) -> anyhow::Result<()> {
        let due = messages.iter().filter(|message| message.due() <= now);
        let due = due.filter_map(|message| message.delivery().cloned());
        self.0.lock().unwrap().extend(due);
        Ok(())
    }
}

/// Nobody looks at it here.
pub struct NoAudit;

#[async_trait]
impl Audit for NoAudit {
    async fn write(&self, _: &[Record]) -> anyhow::Result<()> {
        Ok(())
    }
}
