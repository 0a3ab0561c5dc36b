//! What one of each thing costs on AWS: counted on the deployed relay, and priced from one table.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use relay::sandbox::Text;
use serde_json::{Value, json};

use super::border::Spent;
use super::notices::{lift, subscribe};
use super::world::{CUSTOMER, FUNCTIONS, SERGIO, World, eventually};

/// What AWS bills, and US dollars for a million of it in us-east-1. Lambda's time is for arm64; a gigabyte
/// of logs is half a dollar.
///
/// Source: AWS's price lists as third parties give them in 2025 and 2026: DynamoDB on demand by
/// Airbyte, Lambda by lambda_local_runner, HTTP API by EaseCloud, SQS by CloudBurn, CloudWatch by
/// FactualMinds and SigNoz. Free tiers are left out.
const PRICES: [(&str, f64); 8] = [
    ("DynamoDB write units", 0.625),
    ("DynamoDB read units", 0.125),
    ("HTTP API requests", 1.00),
    ("Lambda invocations", 0.20),
    ("Lambda GB-seconds (assumed)", 13.3334),
    ("SQS requests", 0.40),
    ("bytes of logs", 0.000_5),
    ("bytes of audit", 0.000_5),
];

/// How long an invocation takes, in seconds. Assumed, not measured: the worker waits for Twilio.
const TAKES: [(&str, f64); 3] = [
    ("inbound-sms", 0.040),
    ("retry-worker", 0.150),
    ("delivery-status", 0.040),
];
const MEMORY: f64 = 0.25;

/// What Lambda itself writes for an invocation, `platform.start` and `platform.report`, and a line of
/// the API's access log. Source: "Lambda JSON logging event schema", with the values of such a line;
/// `AccessLogSettings` in template.yaml.
const LAMBDAS_LINES: usize = 430;
const ACCESS_LINE: usize = 270;
/// What CloudWatch adds to each line.
const OF_A_LINE: usize = 26;

/// What each may cost, in US dollars a million. A change that costs more has to say why.
const MOST_FOR_TEXT: f64 = 34.5;
const MOST_FOR_ANSWER: f64 = 32.0;
const MOST_FOR_REMINDERS: f64 = 6.0;
const MOST_FOR_RECIPIENT: f64 = 31.0;

/// How much something took of each of [`PRICES`].
#[derive(Default)]
struct Bill([f64; PRICES.len()]);

impl Bill {
    fn of(function: &str, invocations: f64, log_bytes: usize, spent: &Spent) -> Self {
        let takes = TAKES.iter().find(|(name, _)| *name == function);
        let by_http = ["inbound-sms", "delivery-status", "outbound-notifier"].contains(&function);
        let sent = ["SendMessage", "SendMessageBatch"].map(|name| spent.requests.get(name));
        let sent: u32 = sent.into_iter().flatten().sum();
        let lines = if by_http { ACCESS_LINE + OF_A_LINE } else { 0 } + LAMBDAS_LINES;
        Self([
            spent.write_units,
            spent.read_units,
            if by_http { invocations } else { 0.0 },
            invocations,
            invocations * MEMORY * takes.map_or(0.0, |(_, seconds)| *seconds),
            // A message of a queue is received and deleted. No batch has a second one here.
            f64::from(sent) + if by_http { 0.0 } else { 2.0 * invocations },
            log_bytes as f64 + invocations * lines as f64,
            spent.audit_bytes as f64,
        ])
    }

    fn add(&mut self, other: &Bill) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }

    fn for_each_of(&self, count: usize) -> Self {
        Self(self.0.map(|amount| amount / count as f64))
    }

    /// What it is, how much of it, and what a million times that costs.
    fn positions(&self) -> impl Iterator<Item = (&'static str, f64, f64)> {
        let priced = PRICES.into_iter().zip(self.0);
        priced.map(|((what, price), amount)| (what, amount, amount * price))
    }

    fn dollars_a_million(&self) -> f64 {
        self.positions().map(|(_, _, dollars)| dollars).sum()
    }

    fn holds(&self, what: &str, most: f64) {
        println!("{what}\n{self}\n");
        assert!(
            self.dollars_a_million() <= most,
            "{what} costs more than ${most} a million:\n{self}"
        );
    }
}

impl fmt::Display for Bill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, amount, dollars) in self.positions() {
            writeln!(f, "  {what:<28} {amount:>10.3}  ${dollars:>6.2}")?;
        }
        let sum = self.dollars_a_million();
        write!(f, "  {:<28} {:>10}  ${sum:>6.2} a million", "", "")
    }
}

/// The functions' requests, invocations and log lines since the last time.
struct Meter<'w> {
    world: &'w World,
    invocations: [u64; FUNCTIONS.len()],
    lines: [usize; FUNCTIONS.len()],
}

impl<'w> Meter<'w> {
    fn start(world: &'w World) -> Self {
        let mut meter = Self {
            world,
            invocations: Default::default(),
            lines: Default::default(),
        };
        meter.read();
        meter
    }

    fn read(&mut self) -> (Bill, Vec<Value>) {
        let (mut bill, mut delayed) = (Bill::default(), Vec::new());
        for (n, (name, _)) in FUNCTIONS.into_iter().enumerate() {
            let function = self.world.function(name);
            let invocations = function.invocations()
                - std::mem::replace(&mut self.invocations[n], function.invocations());
            let log = function.log();
            let lines = &log[self.lines[n]..];
            let bytes: usize = lines.iter().map(|line| line.len() + OF_A_LINE).sum();
            self.lines[n] = log.len();
            let mut spent = self.world.border(name).take_spent();
            delayed.append(&mut spent.delayed);
            bill.add(&Bill::of(name, invocations as f64, bytes, &spent));
        }
        (bill, delayed)
    }

    /// The bill of `what`, with that of the wake-ups that it leaves for later.
    async fn bill(&mut self, what: impl AsyncFnOnce(&World)) -> Bill {
        what(self.world).await;
        let (mut bill, mut delayed) = self.read();
        // They come to what is settled, and bring no other.
        while let Some(body) = delayed.pop() {
            let event = json!({"Records": [{"messageId": "m", "body": body, "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": "1"}}]});
            self.world
                .function("retry-worker")
                .invoke(&event)
                .await
                .unwrap();
            let (more, later) = self.read();
            bill.add(&more);
            delayed.extend(later);
        }
        bill
    }
}

/// Waits until so many texts are on record as delivered and nothing is left to do at once.
async fn delivered(world: &World, count: usize) {
    let group = world.stack.output("AuditLogGroup");
    let all = async || {
        let audit = world.aws.audit(group).await;
        let delivered = audit
            .iter()
            .filter(|record| record["outcome"] == "delivered");
        (delivered.count() >= count).then_some(())
    };
    eventually(all).await.expect("all texts are delivered");
    world.settles().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_text_and_an_answer_cost() {
    let world = World::deployed().await;
    // A conversation under way, and functions that know line and credentials.
    world.customer_texts(Text::new("Are you open?"));
    world.receives(SERGIO, 1).await;
    delivered(&world, 1).await;
    world.texts(SERGIO, Text::new("Until six"));
    world.receives(CUSTOMER, 1).await;
    delivered(&world, 2).await;

    let mut meter = Meter::start(&world);
    let text = meter.bill(async |world| {
        world.customer_texts(Text::new("Do you have diesel?"));
        delivered(world, 3).await;
    });
    text.await.holds("a customer's text", MOST_FOR_TEXT);
    let answer = meter.bill(async |world| {
        world.texts(SERGIO, Text::new("Two cans, at the pump"));
        delivered(world, 4).await;
    });
    answer.await.holds("a person's answer", MOST_FOR_ANSWER);
    // Both texts have a reminder, which is due in an hour and comes to nothing: they are answered.
    let reminders = meter.bill(async |world| {
        // As the sweep finds them that comes next.
        let since = Timestamp::now() - SignedDuration::from_secs(90);
        world.make_due(since).await;
        world.sweep().await.unwrap();
        world.settles().await;
    });
    reminders
        .await
        .holds("two reminders of what is answered", MOST_FOR_REMINDERS);
}

/// Many enough that the notice itself, which is shared, counts little.
const SUBSCRIBERS: usize = 21;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_notice_costs_for_each_recipient() {
    let world = World::deployed().await;
    subscribe(&world, "maintenance", SUBSCRIBERS);
    let mut meter = Meter::start(&world);
    let all = meter.bill(async |world| {
        let (status, accepted) = world.call("POST", "/v1/notices", &lift()).await;
        assert_eq!(status, 202, "{accepted}");
        delivered(world, SUBSCRIBERS).await;
    });
    let each = all.await.for_each_of(SUBSCRIBERS);
    each.holds("a recipient of a notice to 21", MOST_FOR_RECIPIENT);
}
