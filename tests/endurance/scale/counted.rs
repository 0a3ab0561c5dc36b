//! What one text asks of AWS: counted on the deployed relay, with the keys that it really uses. A key is kept
//! as a pattern, so that other lines, customers and texts have keys of their own exactly where the relay's do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use relay::app::ports::queue::Group;
use relay::domain::ids::MessageSid;
use relay::domain::phone::PhoneNumber;
use relay::sandbox::Pace;
use serde_json::json;

use crate::deployed::border::Made;
use crate::deployed::world::{BACKUP, LINE, SERGIO, World, eventually};
use crate::support::proxy::{Call, longest_chain};

/// What one text, from the webhook to the last callback, and the reminder of it, come to.
#[derive(Debug, Clone)]
pub struct Counted {
    /// inbound-sms takes the first text of a customer.
    pub webhook: Step,
    /// The worker sends it.
    pub sends: Step,
    /// The worker finds that all phones have had too many texts, and gives it a turn later.
    pub waits: Step,
    /// The worker is woken for what is settled: reports that came, a reminder of what is answered.
    pub settled: Step,
    /// delivery-status takes one of Twilio's callbacks.
    pub callback: Step,
    /// How many callbacks there are.
    pub callbacks: usize,
    /// The sweep wakes one reminder.
    pub swept: Step,
}

/// What an invocation, or a message of its batch, asks of AWS.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// The patterns of the partition keys, and of the index's shards.
    pub keys: Vec<Units>,
    /// The operations that wait for one another.
    pub chain: Vec<String>,
    pub requests: f64,
    /// How many of them are to the audit.
    pub audits: f64,
    /// Whose group each message is in that the step sends, and how many seconds it waits.
    pub messages: Vec<(Sender, u64)>,
}

#[derive(Debug, Clone)]
pub struct Units {
    pub key: String,
    pub writes: f64,
    pub reads: f64,
}

/// Whose group a message is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    Line,
    Sweep,
    /// It is a group of its own.
    Nobody,
}

impl Step {
    fn of(made: &[Made], names: &Names, count: usize) -> Self {
        let mut keys = BTreeMap::<String, (f64, f64)>::new();
        for (pk, _, writes, reads) in made.iter().flat_map(|made| &made.keys) {
            let units = keys.entry(names.pattern(pk)).or_default();
            units.0 += writes / count as f64;
            units.1 += reads / count as f64;
        }
        let audits = made
            .iter()
            .filter(|made| operation(&made.call) == "PutLogEvents");
        let calls: Vec<Call> = made.iter().map(|made| made.call.clone()).collect();
        let chain = longest_chain(&calls).into_iter();
        let chain = chain.map(|call| operation(call).to_owned());
        let chain: Vec<String> = chain.collect();
        let length = chain.len().div_ceil(count);
        let keys = keys.into_iter();
        Self {
            keys: keys
                .map(|(key, (writes, reads))| Units { key, writes, reads })
                .collect(),
            chain: chain.into_iter().take(length).collect(),
            requests: made.len() as f64 / count as f64,
            audits: audits.count() as f64 / count as f64,
            messages: made.iter().flat_map(|made| names.senders(made)).collect(),
        }
    }

    pub fn writes(&self) -> f64 {
        self.keys.iter().fold(0.0, |sum, units| sum + units.writes)
    }

    pub fn reads(&self) -> f64 {
        self.keys.iter().fold(0.0, |sum, units| sum + units.reads)
    }
}

fn operation(call: &Call) -> &str {
    call.operation.rsplit('.').next().unwrap_or_default()
}

/// What the parts of a key are called in its pattern.
struct Names {
    customers: Vec<String>,
}

impl Names {
    fn pattern(&self, key: &str) -> String {
        let mut pattern = key.replace(LINE, "{line}");
        for person in [SERGIO, BACKUP] {
            pattern = pattern.replace(person, "{person}");
        }
        for customer in &self.customers {
            pattern = pattern.replace(customer, "{customer}");
            let digits = &customer[customer.len() - 4..];
            if let Some(before) = pattern.strip_suffix(digits) {
                pattern = format!("{before}{{digits}}");
            }
        }
        if let Some(shard) = pattern.strip_prefix("due ") {
            let is_number = shard.parse::<u8>().is_ok();
            return if is_number {
                "due {shard}".to_owned()
            } else {
                pattern
            };
        }
        // A SID of Twilio's; others stand for themselves, and all texts share them.
        let sid = |at: usize| {
            let digits = pattern.get(at + 2..at + 34)?;
            let is_sid = digits.bytes().all(|b| b.is_ascii_hexdigit());
            is_sid.then_some(at)
        };
        match pattern.match_indices("SM").find_map(|(at, _)| sid(at)) {
            Some(at) => format!("{}{{text}}{}", &pattern[..at], &pattern[at + 34..]),
            None => pattern,
        }
    }

    fn senders(&self, made: &Made) -> Vec<(Sender, u64)> {
        let line = Group::of_line(&PhoneNumber::parse(LINE).unwrap());
        let messages = made.messages.iter().map(|(group, delay)| {
            let sender = match group.as_deref() {
                Some(group) if group == line.as_str() => Sender::Line,
                Some(group) if group == Group::sweep().as_str() => Sender::Sweep,
                _ => Sender::Nobody,
            };
            (sender, *delay)
        });
        messages.collect()
    }
}

const CUSTOMERS: u32 = 60;

fn customer(n: u32) -> String {
    format!("+16195550{}", 130 + n)
}

/// Another customer's text each time.
struct Counting<'w> {
    world: &'w World,
    client: reqwest::Client,
    next: u32,
}

impl Counting<'_> {
    async fn text(&mut self) {
        assert!(self.next < CUSTOMERS, "no phone gets too many");
        let sid = MessageSid::parse(&format!("SM{:032x}", 0xabc000 + self.next)).unwrap();
        let from = customer(self.next);
        self.next += 1;
        let status = self.world.post_text_of(&from, &sid, &self.client).await;
        assert_eq!(status, 200);
    }

    fn made(&self, function: &str) -> Vec<Made> {
        self.world.border(function).take_spent().requests_made
    }

    async fn wake(&self) {
        assert_eq!(self.world.event_source().poll(5).await, 1);
    }

    fn sent(&self) -> usize {
        self.world.sandbox.messages().len()
    }

    fn callbacks(&self) -> u64 {
        self.world.function("delivery-status").invocations()
    }
}

/// Counted once for all tests of the process.
pub async fn counted() -> &'static Counted {
    static COUNTED: tokio::sync::OnceCell<Counted> = tokio::sync::OnceCell::const_new();
    COUNTED.get_or_init(count).await
}

const CALLBACKS: usize = 3;

async fn count() -> Counted {
    let names = Names {
        customers: (0..CUSTOMERS).map(customer).collect(),
    };
    let world = World::with_silent_queue().await;
    // As with Twilio, the worker has done its work before the first callback comes.
    let moment = std::time::Duration::from_millis(400);
    world.sandbox.set_pace(Pace {
        queued: moment,
        sending: moment,
        carrier: moment,
    });
    let mut counting = Counting {
        world: &world,
        client: crate::deployed::http(),
        next: 0,
    };
    let delivered = async |counting: &Counting<'_>, before: u64| {
        let all = before + CALLBACKS as u64;
        let told = eventually(async || (counting.callbacks() >= all).then_some(()));
        told.await.expect("Twilio calls back three times");
    };
    // Functions that know line and credentials.
    let before = counting.callbacks();
    counting.text().await;
    counting.wake().await;
    delivered(&counting, before).await;

    let before = counting.callbacks();
    for function in ["inbound-sms", "retry-worker", "delivery-status"] {
        counting.made(function);
    }
    counting.text().await;
    let webhook = Step::of(&counting.made("inbound-sms"), &names, 1);
    counting.wake().await;
    delivered(&counting, before).await;
    let spent = world.border("retry-worker").take_spent();
    let sends = Step::of(&spent.requests_made, &names, 1);
    let callbacks = counting.made("delivery-status");
    let callback = Step::of(&callbacks, &names, CALLBACKS);

    // What the queue would bring later.
    let body = spent.delayed.first().expect("a report is waited for");
    let event = json!({"Records": [{"messageId": "m", "body": body, "eventSource": "aws:sqs"}]});
    let worker = world.function("retry-worker");
    worker.invoke(&event).await.unwrap();
    let settled = Step::of(&counting.made("retry-worker"), &names, 1);

    let waits = loop {
        counting.text().await;
        let before = counting.sent();
        counting.wake().await;
        let made = counting.made("retry-worker");
        if counting.sent() == before {
            break Step::of(&made, &names, 1);
        }
    };
    world
        .make_due(Timestamp::now() - std::time::Duration::from_secs(90))
        .await;
    counting.made("retry-worker");
    let woken = world.sweep().await.unwrap()["woken"].as_u64().unwrap();
    let sweep = counting.made("retry-worker");
    // The queries of the shards are the sweep's, however much it finds.
    let for_each: Vec<Made> = sweep
        .into_iter()
        .filter(|made| operation(&made.call) != "Query")
        .collect();
    let swept = Step::of(&for_each, &names, usize::try_from(woken).unwrap());
    Counted {
        webhook,
        sends,
        waits,
        settled,
        callback,
        callbacks: CALLBACKS,
        swept,
    }
}

/// Only for the report.
pub fn summary(counted: &Counted) -> Vec<(&'static str, &Step)> {
    vec![
        ("webhook", &counted.webhook),
        ("wake-up that sends", &counted.sends),
        ("wake-up that waits for its turn", &counted.waits),
        ("wake-up of what is settled", &counted.settled),
        ("callback", &counted.callback),
        ("reminder, in the sweep", &counted.swept),
    ]
}
