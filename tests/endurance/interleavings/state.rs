//! How things stand between two steps, and what may come next.

use std::collections::{BTreeSet, hash_map::DefaultHasher};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use http::Request;
use jiff::Timestamp;
use relay::app::delivery_status;
use relay::app::inbound_sms;
use relay::app::ports::alerts::NoAlerts;
use relay::app::ports::audit::HashKey;
use relay::app::ports::event_bus::NoBus;
use relay::app::ports::queue::WakeUp;
use relay::app::ports::store::Store;
use relay::app::relay::{PublicUrls, Relay};
use relay::app::retry_worker;
use relay::clock::{FixedChance, ManualClock};
use relay::domain::credentials::Credentials;
use relay::domain::delivery::{Class, Delivery, Failure, Outcome, Status};
use relay::domain::ids::DeliveryId;
use relay::domain::reconciliation::News;
use relay::sandbox::demo_account;
use relay::twilio::client::Client;
use relay::twilio::form::Form;
use relay::twilio::signature::{self, Signed};

use super::parts::{Carrier, Life, Mistake, NoAudit, Older, Phones, WakeUps};
use super::texts::{LINE, PUBLIC_URL, Script, Text, Written, sid};
use crate::support::hooked_store::HookedStore;
use crate::support::memory::{MemoryStore, Tables};
use crate::support::world::{IN_HOURS, example};

/// Longer than a text may have crossed with another, and than a worker has for an attempt.
const PAUSE: Duration = Duration::from_secs(5 * 60);

const MOMENT: Duration = Duration::from_nanos(1);

/// When everything is over that was set up for later: a question is open for an hour.
const OVER_AFTER: Duration = Duration::from_secs(3 * 60 * 60);

#[derive(Clone)]
pub struct State {
    script: Script,
    mistake: Option<Mistake>,
    now: Timestamp,
    tables: Arc<Tables>,
    pub phones: Phones,
    pub texts: Vec<Progress>,
    /// Webhooks that have read and not decided yet.
    webhooks: Vec<Webhook>,
    account: Arc<Credentials>,
    /// What happens once, and whether it is still to come.
    pub once: Once,
    to_come: Option<Once>,
    /// What went wrong on the way.
    pub violations: Vec<String>,
}

/// What happens once in a schedule, anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Once {
    /// A webhook is posted twice.
    Twice,
    /// A handler dies between two of its effects.
    Death,
    /// Nothing happens for minutes.
    Pause,
}

/// How a text stands.
#[derive(Clone, Default, Hash)]
pub struct Progress {
    pub written: Option<Written>,
    /// Its webhook is with the relay.
    is_posted: bool,
    pub is_acknowledged: bool,
}

#[derive(Clone)]
struct Webhook {
    text: usize,
    /// It is posted once more than Twilio had to.
    is_copy: bool,
    read: Arc<Tables>,
    /// Of what it read.
    digest: u64,
}

impl State {
    pub fn at_first(script: Script, once: Once, mistake: Option<Mistake>) -> Self {
        let store = MemoryStore::default();
        let put = store.put_line(&example()).now_or_never();
        put.expect("memory does not wait")
            .expect("it does not fail");
        Self {
            script,
            mistake,
            now: IN_HOURS.parse().expect("an instant"),
            tables: Arc::new(store.copy()),
            phones: Phones::default(),
            texts: vec![Progress::default(); script.len()],
            webhooks: Vec::new(),
            account: Arc::new(demo_account()),
            once,
            to_come: Some(once),
            violations: Vec::new(),
        }
    }

    pub fn script(&self) -> Script {
        self.script
    }

    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.now, &self.phones, &self.texts).hash(&mut hasher);
        (self.to_come, &self.violations).hash(&mut hasher);
        self.tables.digest().hash(&mut hasher);
        for webhook in &self.webhooks {
            (webhook.text, webhook.is_copy, webhook.digest).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// All that may come next; nothing if all is done.
    pub fn next(&self) -> Vec<(String, State)> {
        let mut next = Vec::new();
        for text in 0..self.texts.len() {
            let progress = &self.texts[text];
            if !progress.is_posted && !progress.is_acknowledged {
                next.push((format!("{text} reads"), self.reads(text, false)));
            }
            if progress.written.is_some() && self.to_come == Some(Once::Twice) {
                next.push((format!("{text} reads again"), self.reads(text, true)));
            }
        }
        for at in 0..self.webhooks.len() {
            let Webhook { text, is_copy, .. } = self.webhooks[at];
            let what = format!("{text}{} keeps", if is_copy { " again" } else { "" });
            self.each_way(&what, &mut next, |life| self.keeps(at, life));
        }
        for id in self.waiting() {
            self.each_way(&format!("{id} leaves"), &mut next, |life| {
                self.leaves(&id, life)
            });
        }
        // No webhook takes so long.
        let may_pause = self.to_come == Some(Once::Pause) && self.webhooks.is_empty();
        if may_pause && !next.is_empty() {
            next.push(("a pause".to_owned(), self.pauses()));
        }
        next
    }

    /// A handler goes on to its end, or dies between two of its effects.
    fn each_way(
        &self,
        what: &str,
        next: &mut Vec<(String, State)>,
        run: impl Fn(&Arc<Life>) -> State,
    ) {
        let life = Life::of(usize::MAX);
        next.push((what.to_owned(), run(&life)));
        if self.to_come != Some(Once::Death) {
            return;
        }
        for effects in 0..=life.effects() {
            let mut state = run(&Life::of(effects));
            state.to_come = None;
            next.push((format!("{what} and dies after {effects} effects"), state));
        }
    }

    /// A webhook comes, and all is read that its text needs.
    fn reads(&self, text: usize, is_copy: bool) -> State {
        let mut state = self.clone();
        let progress = &mut state.texts[text];
        if progress.written.is_none() {
            let sender = self.script[text].sender();
            let screen: Vec<&str> = self.screen(sender).collect();
            let own = self.written_by(sender);
            progress.written = Some(self.script[text].written(text, &screen, &own));
        }
        if is_copy {
            state.to_come = None;
        } else {
            progress.is_posted = true;
        }
        let (sender, sid) = (self.script[text].sender(), sid(text));
        let digest = match self.script[text] {
            Text::Asks(_) => self.tables.digest_of_customer(sender, &sid),
            _ => self.tables.digest_of_persons(&sid),
        };
        state.webhooks.push(Webhook {
            text,
            is_copy,
            read: Arc::clone(&self.tables),
            digest,
        });
        state
            .webhooks
            .sort_by_key(|webhook| (webhook.text, webhook.is_copy));
        state
    }

    /// A webhook is decided by what was read for it, and kept.
    fn keeps(&self, at: usize, life: &Arc<Life>) -> State {
        let mut state = self.clone();
        let Webhook {
            text,
            is_copy,
            read,
            ..
        } = state.webhooks.remove(at);
        let machine = Machine::of(&state, Some(&read), life);
        let request = self.request(text);
        let answered = inbound_sms::handle(&machine.relay, request).now_or_never();
        let status = answered.map(|response| response.status().as_u16());
        if let Some(status) = status.filter(|status| *status != 200) {
            state
                .violations
                .push(format!("refused: text {text}, {status}"));
        }
        if !is_copy {
            state.texts[text].is_posted = false;
            state.texts[text].is_acknowledged = !life.is_over() && status == Some(200);
        }
        state.goes_on_from(machine)
    }

    /// The webhook of a text.
    fn request(&self, text: usize) -> Request<Bytes> {
        let written = self.texts[text].written.as_ref().expect("it was written");
        let form = Form::from_fields([
            ("MessageSid", sid(text).as_str()),
            ("AccountSid", &self.account.account_sid),
            ("From", self.script[text].sender()),
            ("To", LINE),
            ("Body", &written.body),
            ("NumMedia", "0"),
        ]);
        let (token, url) = (&self.account.auth_token, format!("{PUBLIC_URL}/twilio/sms"));
        Request::post("/twilio/sms")
            .header("content-type", "application/x-www-form-urlencoded")
            .header(
                signature::HEADER,
                signature::sign(token, &url, Signed::Form(&form)),
            )
            .body(form.encode().into())
            .expect("a request")
    }

    /// A customer's text is sent to a person's phone.
    fn leaves(&self, id: &DeliveryId, life: &Arc<Life>) -> State {
        let machine = Machine::of(self, None, life);
        machine.works_on(id);
        self.clone().goes_on_from(machine)
    }

    fn pauses(&self) -> State {
        let mut state = self.clone();
        state.to_come = None;
        state.now += PAUSE;
        let machine = Machine::of(&state, None, &Life::of(usize::MAX));
        state.goes_on_from(machine)
    }

    /// Everything that is due leaves at once, but for customers' texts to phones.
    fn goes_on_from(mut self, machine: Machine) -> State {
        machine.life.begins_anew();
        let waits: BTreeSet<DeliveryId> = self.relayed().collect();
        while let Some(id) = machine.due().into_iter().find(|id| !waits.contains(id)) {
            machine.works_on(&id);
        }
        (self.tables, self.phones) = machine.left();
        self
    }

    /// All that was set up for later happens, and whatever is left.
    pub fn over(&self) -> State {
        let mut state = self.clone();
        let machine = Machine::of(&state, None, &Life::of(usize::MAX));
        let (mut now, end) = (self.now, self.now + OVER_AFTER);
        while let Some(next) = machine.store.next_due().filter(|due| *due <= end) {
            now = now.max(next);
            machine.clock.set(now);
            machine.due().iter().for_each(|id| machine.works_on(id));
            // Whoever puts off what is due now would do so for ever.
            now += Duration::from_millis(1);
        }
        (state.tables, state.phones) = machine.left();
        state
    }

    /// Customers' texts that can leave now.
    fn waiting(&self) -> Vec<DeliveryId> {
        let due = self.tables.due_before(self.now + MOMENT);
        self.relayed().filter(|id| due.contains(id)).collect()
    }

    /// What relays customers' texts.
    fn relayed(&self) -> impl Iterator<Item = DeliveryId> {
        let texts = self.script.iter().enumerate();
        let asks = texts.filter(|(_, text)| matches!(text, Text::Asks(_)));
        asks.map(|(number, _)| DeliveryId::of_inbound(&sid(number)))
    }

    /// What somebody has written so far.
    fn written_by(&self, sender: &str) -> Vec<Text> {
        let all = self.script.iter().zip(&self.texts);
        let theirs = all.filter(|(text, it)| text.sender() == sender && it.written.is_some());
        theirs.map(|(text, _)| *text).collect()
    }

    fn screen<'s>(&'s self, phone: &'s str) -> impl Iterator<Item = &'s str> {
        let all = self.phones.values().flatten();
        all.filter(move |shown| shown.to == phone)
            .map(|shown| shown.body.as_str())
    }
}

/// A relay that goes on from a state.
struct Machine {
    relay: Relay,
    store: Arc<MemoryStore>,
    phones: Arc<Mutex<Phones>>,
    queue: Arc<WakeUps>,
    clock: Arc<ManualClock>,
    life: Arc<Life>,
}

impl Machine {
    /// Its first text is decided by what there was when it was read, if that is given.
    fn of(state: &State, read: Option<&Tables>, life: &Arc<Life>) -> Self {
        let store = Arc::new(MemoryStore::with((*state.tables).clone()));
        let phones = Arc::new(Mutex::new(state.phones.clone()));
        let queue = Arc::new(WakeUps::default());
        let clock = Arc::new(ManualClock::at(state.now));
        let carrier = Carrier {
            phones: Arc::clone(&phones),
            life: Arc::clone(life),
            mistake: state.mistake,
        };
        let relay = Relay {
            store: Arc::new(HookedStore(Older::of(&store, read, life, state.mistake))),
            queue: queue.clone(),
            audit: Arc::new(NoAudit),
            credentials: Arc::new(Arc::clone(&state.account)),
            public_urls: PublicUrls::default(),
            twilio: Client::new(Box::new(carrier), "https://api.twilio.com"),
            bus: Arc::new(NoBus),
            alerts: Arc::new(NoAlerts),
            clock: clock.clone(),
            chance: Arc::new(FixedChance(0.5)),
        };
        Self {
            relay,
            store,
            phones,
            queue,
            clock,
            life: Arc::clone(life),
        }
    }

    /// A worker works on a delivery, and if it lives, Twilio reports that the text arrived. What waited for
    /// it follows.
    fn works_on(&self, id: &DeliveryId) {
        let now = self.relay.now();
        let worked = retry_worker::wake(&self.relay, &WakeUp::new(id, now, now)).now_or_never();
        if self.life.is_over() {
            return;
        }
        worked.expect("nobody waits").expect("nothing fails");
        let told = reports(&self.relay, id).now_or_never();
        told.expect("nobody waits").expect("nothing fails");
        let woken = std::mem::take(&mut *self.queue.0.lock().unwrap());
        let tables = self.store.copy();
        let waits = |id: &DeliveryId| tables.delivery(id).is_some_and(Delivery::waits_for_order);
        woken
            .iter()
            .filter(|id| waits(id))
            .for_each(|id| self.works_on(id));
    }

    fn due(&self) -> Vec<DeliveryId> {
        let due = self
            .store
            .due_before(self.relay.now() + MOMENT, 100)
            .now_or_never();
        due.expect("nobody waits").expect("nothing fails")
    }

    /// What it leaves behind.
    fn left(self) -> (Arc<Tables>, Phones) {
        let phones = std::mem::take(&mut *self.phones.lock().unwrap());
        (Arc::new(self.store.copy()), phones)
    }
}

/// Twilio tells of all messages of a delivery that they arrived.
async fn reports(relay: &Relay, id: &DeliveryId) -> anyhow::Result<()> {
    let key = HashKey::of(&*relay.credentials.current().await?);
    let Some(delivery) = relay.store.delivery(id).await? else {
        return Ok(());
    };
    let is_open = |outcome: &Outcome| matches!(outcome, Outcome::Accepted | Outcome::Sent);
    let attempts = delivery.attempts.iter().filter(|a| is_open(&a.outcome));
    for attempt in attempts {
        let news = News {
            attempt: attempt.number,
            sid: attempt.sid.clone().expect("Twilio took it"),
            status: Status::Delivered,
            failure: Failure {
                class: Class::Ambiguous,
                code: None,
                retry_after: None,
            },
        };
        let delivery = relay.store.delivery(id).await?.expect("it is there");
        delivery_status::tell(relay, delivery, &news, &key).await?;
    }
    Ok(())
}
