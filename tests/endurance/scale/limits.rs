//! What AWS, Twilio and the relay's own parameters let through in a second.

use std::collections::HashMap;

use super::counted::Step;

/// What one partition key takes in a second.
///
/// Source: Amazon DynamoDB Developer Guide, "Burst and adaptive capacity": a partition takes 1,000 write and
/// 3,000 read units a second at most, and items that are asked for often are isolated on partitions of their
/// own. So a key has that, however busy its neighbours are; that DynamoDB may also split a key's items over
/// several partitions, nobody promises, and it is not assumed here.
const KEY_WRITES: f64 = 1_000.0;
const KEY_READS: f64 = 3_000.0;

/// How many environments a function may get in ten seconds. Source: AWS Lambda Developer Guide,
/// "Lambda scaling behavior".
const NEW_ENVIRONMENTS: f64 = 1_000.0;

/// What a log group takes. Source: CloudWatch Logs quotas, `PutLogEvents`: 5,000 a second for an account and
/// region.
const LOG_REQUESTS: f64 = 5_000.0;

/// A mapping begins with five batches at once and gets 300 more a minute. Source: AWS Lambda Developer Guide,
/// "Configuring scaling behavior for SQS event source mappings".
pub const FIRST_BATCHES: f64 = 5.0;
pub const MORE_BATCHES: f64 = 5.0;
/// For how long it has grown already, in seconds: a load that is sustained has not begun this moment.
pub const GREW_FOR: f64 = 60.0;

/// The parameters of the deployment, and the account's limits.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    pub name: &'static str,
    /// Lambda's concurrent executions.
    pub account: usize,
    pub worker: usize,
    pub bulk: usize,
    pub twilio: usize,
    pub requests_per_second: f64,
    pub warm_writes: f64,
    pub warm_reads: f64,
    pub warm_index_writes: f64,
    pub shards: u64,
}

/// As `template.yaml` has it, in an account whose quota was not raised, with a new table.
pub const AS_SHIPPED: Setup = Setup {
    name: "as shipped, ten invocations at once",
    account: 10,
    worker: 3,
    bulk: 2,
    twilio: 80,
    requests_per_second: 500.0,
    warm_writes: 4_000.0,
    warm_reads: 12_000.0,
    warm_index_writes: 4_000.0,
    shards: 8,
};

/// The same with the quota that is free, and what the guide says to that.
pub const QUOTA_RAISED: Setup = Setup {
    name: "1000 invocations, `WorkerConcurrency=10 BulkConcurrency=5`",
    account: 1_000,
    worker: 10,
    bulk: 5,
    ..AS_SHIPPED
};

/// With the quota that is free, and the table warmed; Twilio's limit as every account has it.
pub const GROWN: Setup = Setup {
    name: "grown: 80 calls at once to Twilio",
    account: 1_000,
    worker: 76,
    bulk: 4,
    requests_per_second: 3_000.0,
    warm_writes: 30_000.0,
    warm_reads: 30_000.0,
    warm_index_writes: 12_000.0,
    shards: 16,
    ..AS_SHIPPED
};

/// The same where Twilio has raised the account's limit.
pub const TWILIO_RAISED: Setup = Setup {
    name: "grown further: 200 calls at once",
    worker: 95,
    bulk: 5,
    twilio: 200,
    ..GROWN
};

/// So much a second, and so much saved up.
#[derive(Debug, Clone)]
struct Bucket {
    rate: f64,
    most: f64,
    left: f64,
    at: f64,
}

impl Bucket {
    /// With a second's worth saved up.
    fn new(rate: f64) -> Self {
        Self::saving(rate, rate)
    }

    fn saving(rate: f64, most: f64) -> Self {
        Self {
            rate,
            most,
            left: most,
            at: 0.0,
        }
    }

    fn has(&mut self, now: f64) -> bool {
        self.left = self.most.min(self.left + (now - self.at) * self.rate);
        self.at = now;
        self.left > 0.0
    }
}

pub struct Limits {
    buckets: Vec<(String, Bucket)>,
    /// The buckets of keys that several texts share, by the hash of the key.
    keys: HashMap<u64, usize>,
    shards: u64,
}

/// The buckets that there is one of, in the order in which they are made.
#[derive(Clone, Copy)]
pub enum One {
    Webhooks,
    Callbacks,
    TableWrites,
    TableReads,
    IndexWrites,
    Logs,
    NewInbound,
    NewWorker,
    NewStatus,
}

/// Whose step it is.
#[derive(Debug, Clone, Copy)]
pub struct Whose {
    pub line: u64,
    pub person: u64,
    pub text: u64,
}

impl Limits {
    pub fn of(setup: &Setup) -> Self {
        let one = |name: &str, rate| (name.to_owned(), Bucket::new(rate));
        let new = |name: &str| {
            let bucket = Bucket::saving(NEW_ENVIRONMENTS / 10.0, NEW_ENVIRONMENTS);
            (name.to_owned(), bucket)
        };
        Self {
            buckets: vec![
                one(
                    "RequestsPerSecond, at the webhook",
                    setup.requests_per_second,
                ),
                one(
                    "RequestsPerSecond, at the callbacks",
                    setup.requests_per_second,
                ),
                one(
                    "writes of the table, which is not warm enough",
                    setup.warm_writes,
                ),
                one(
                    "reads of the table, which is not warm enough",
                    setup.warm_reads,
                ),
                one(
                    "writes of the index, which is not warm enough",
                    setup.warm_index_writes,
                ),
                one("PutLogEvents", LOG_REQUESTS),
                new("new environments of inbound-sms"),
                new("new environments of retry-worker"),
                new("new environments of delivery-status"),
            ],
            keys: HashMap::new(),
            shards: setup.shards,
        }
    }

    /// Takes so much of one limit; what it is called if there is nothing left.
    pub fn take(&mut self, one: One, amount: f64, now: f64) -> Result<(), String> {
        let (name, bucket) = &mut self.buckets[one as usize];
        if bucket.has(now) {
            bucket.left -= amount;
            return Ok(());
        }
        Err(name.clone())
    }

    /// Takes what a step needs, all of it or nothing.
    pub fn charge(&mut self, step: &Step, whose: Whose, now: f64) -> Result<(), String> {
        let mut wanted = Vec::new();
        for units in &step.keys {
            let of_index = units.key.starts_with("due ");
            let (writes, reads) = if of_index {
                (Some(One::IndexWrites), None)
            } else {
                (Some(One::TableWrites), Some(One::TableReads))
            };
            let amounts = [
                (writes, units.writes, KEY_WRITES, "writes"),
                (reads, units.reads, KEY_READS, "reads"),
            ];
            for (one, amount, of_key, what) in amounts {
                if amount == 0.0 {
                    continue;
                }
                wanted.extend(one.map(|one| (one as usize, amount)));
                if let Some(key) = self.shared(&units.key, whose, what, of_key) {
                    wanted.push((key, amount));
                }
            }
        }
        wanted.push((One::Logs as usize, step.audits));
        for (n, _) in &wanted {
            let (name, bucket) = &mut self.buckets[*n];
            if !bucket.has(now) {
                return Err(name.clone());
            }
        }
        for (n, amount) in wanted {
            self.buckets[n].1.left -= amount;
        }
        Ok(())
    }

    /// The bucket of a key, unless only one text or one customer has it.
    fn shared(&mut self, pattern: &str, whose: Whose, what: &str, rate: f64) -> Option<usize> {
        if pattern.contains("{text}") || pattern.contains("{customer}") {
            return None;
        }
        let mut hash = fnv(pattern) ^ fnv(what);
        for (part, value) in [
            ("{line}", whose.line),
            ("{person}", whose.person),
            ("{digits}", whose.text % 10_000),
            ("{shard}", mixed(whose.text) % self.shards),
        ] {
            if pattern.contains(part) {
                hash = mixed(hash ^ mixed(value + 1));
            }
        }
        let next = self.buckets.len();
        let found = *self.keys.entry(hash).or_insert(next);
        if found == next {
            let name = format!("{what} of one key: {pattern}");
            self.buckets.push((name, Bucket::new(rate)));
        }
        Some(found)
    }
}

fn fnv(text: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    text.bytes().fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// As splitmix64 does it.
fn mixed(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
