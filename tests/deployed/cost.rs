//! What one of each thing costs on AWS: counted on the deployed relay, and priced from one table.

use std::fmt;

use relay::sandbox::Text;
use serde_json::{Value, json};

use super::border::Spent;
use super::notices::{lift, subscribe};
use super::world::{CUSTOMER, FUNCTIONS, SERGIO, World, eventually};

/// US dollars for a million, in us-east-1. Lambda's time is for arm64.
///
/// Source: AWS's price lists as third parties give them in 2025 and 2026: DynamoDB on demand by
/// Airbyte, Lambda by lambda_local_runner, HTTP API by EaseCloud, SQS by CloudBurn, CloudWatch by
/// FactualMinds and SigNoz. Free tiers are left out.
const WRITE_UNIT: f64 = 0.625;
const READ_UNIT: f64 = 0.125;
const HTTP_REQUEST: f64 = 1.00;
const INVOCATION: f64 = 0.20;
const GIGABYTE_SECOND: f64 = 13.3334;
const SQS_REQUEST: f64 = 0.40;
/// Half a dollar a gigabyte.
const LOG_BYTE: f64 = 0.000_5;

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
const MOST_FOR_REMINDERS: f64 = 11.5;
const MOST_FOR_RECIPIENT: f64 = 31.0;

/// What something took, and what that costs.
#[derive(Default)]
struct Bill {
    write_units: f64,
    read_units: f64,
    http_requests: f64,
    invocations: f64,
    gigabyte_seconds: f64,
    sqs_requests: f64,
    log_bytes: f64,
    audit_bytes: f64,
}

impl Bill {
    fn positions(&self) -> [(&'static str, f64, f64); 8] {
        [
            ("DynamoDB write units", self.write_units, WRITE_UNIT),
            ("DynamoDB read units", self.read_units, READ_UNIT),
            ("HTTP API requests", self.http_requests, HTTP_REQUEST),
            ("Lambda invocations", self.invocations, INVOCATION),
            (
                "Lambda GB-seconds (assumed)",
                self.gigabyte_seconds,
                GIGABYTE_SECOND,
            ),
            ("SQS requests", self.sqs_requests, SQS_REQUEST),
            ("bytes of logs", self.log_bytes, LOG_BYTE),
            ("bytes of audit", self.audit_bytes, LOG_BYTE),
        ]
    }

    fn dollars_a_million(&self) -> f64 {
        self.positions()
            .iter()
            .map(|(_, count, price)| count * price)
            .sum()
    }
}

impl Bill {
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
        for (what, count, price) in self.positions() {
            writeln!(f, "  {what:<28} {count:>10.3}  ${:>6.2}", count * price)?;
        }
        write!(
            f,
            "  {:<28} {:>10}  ${:>6.2} a million",
            "",
            "",
            self.dollars_a_million()
        )
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
            bill.add(name, invocations as f64, bytes, &spent);
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
            bill.add_all(&more);
            delayed.extend(later);
        }
        bill
    }
}

impl Bill {
    fn add(&mut self, function: &str, invocations: f64, log_bytes: usize, spent: &Spent) {
        let takes = TAKES.iter().find(|(name, _)| *name == function);
        let by_http = ["inbound-sms", "delivery-status", "outbound-notifier"].contains(&function);
        let sent = ["SendMessage", "SendMessageBatch"].map(|name| spent.requests.get(name));
        let sent: u32 = sent.into_iter().flatten().sum();
        let lines = if by_http { ACCESS_LINE + OF_A_LINE } else { 0 } + LAMBDAS_LINES;
        self.write_units += spent.write_units;
        self.read_units += spent.read_units;
        self.http_requests += if by_http { invocations } else { 0.0 };
        self.invocations += invocations;
        self.gigabyte_seconds += invocations * MEMORY * takes.map_or(0.0, |(_, seconds)| *seconds);
        // A message of a queue is received and deleted. No batch has a second one here.
        self.sqs_requests += f64::from(sent) + if by_http { 0.0 } else { 2.0 * invocations };
        self.log_bytes += log_bytes as f64 + invocations * lines as f64;
        self.audit_bytes += spent.audit_bytes as f64;
    }

    fn for_each_of(&self, count: usize) -> Self {
        let share = 1.0 / count as f64;
        Self {
            write_units: self.write_units * share,
            read_units: self.read_units * share,
            http_requests: self.http_requests * share,
            invocations: self.invocations * share,
            gigabyte_seconds: self.gigabyte_seconds * share,
            sqs_requests: self.sqs_requests * share,
            log_bytes: self.log_bytes * share,
            audit_bytes: self.audit_bytes * share,
        }
    }

    fn add_all(&mut self, other: &Bill) {
        self.write_units += other.write_units;
        self.read_units += other.read_units;
        self.http_requests += other.http_requests;
        self.invocations += other.invocations;
        self.gigabyte_seconds += other.gigabyte_seconds;
        self.sqs_requests += other.sqs_requests;
        self.log_bytes += other.log_bytes;
        self.audit_bytes += other.audit_bytes;
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
        world.make_overdue().await;
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
