//! A deployed relay with everything around it: a customer, the people's phones, Twilio (the
//! sandbox), and AWS.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use relay::clock::{Clock, SystemClock};
use relay::domain::credentials::Credentials;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::phone::{PhoneNumber, Sender};
use relay::sandbox;
use relay::sandbox::drive::{Resolve, drive};
use relay::sandbox::{Number, Pace, Sandbox, Text};
use relay::twilio::voice::{AWAITED, TOLD};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::aws::Aws;
use super::border::Border;
use super::emulator::{Emulator, Stack};
use super::event_source::EventSource;
use super::http_api::{self, Functions};
use super::lambda::{Failed, Lambda, configuration};
use super::permissions::granted;
use super::serving::Serving;

pub const LINE: &str = "+16195550100";
pub const CUSTOMER: &str = "+16195550107";
pub const SERGIO: &str = "+16195550110";
pub const BACKUP: &str = "+16195550111";

const MOMENT: Duration = Duration::from_millis(10);

/// Function and binary.
pub const FUNCTIONS: [(&str, &str); 9] = [
    ("inbound-sms", env!("CARGO_BIN_EXE_inbound-sms")),
    ("inbound-voice", env!("CARGO_BIN_EXE_inbound-voice")),
    ("inbound-fallback", env!("CARGO_BIN_EXE_inbound-fallback")),
    ("retry-worker", env!("CARGO_BIN_EXE_retry-worker")),
    ("delivery-status", env!("CARGO_BIN_EXE_delivery-status")),
    ("outbound-notifier", env!("CARGO_BIN_EXE_outbound-notifier")),
    ("reconciliation", env!("CARGO_BIN_EXE_reconciliation")),
    ("doctor", env!("CARGO_BIN_EXE_doctor")),
    (
        "rotate-credentials",
        env!("CARGO_BIN_EXE_rotate-credentials"),
    ),
];

pub struct World {
    pub aws: Aws,
    pub stack: Stack,
    pub sandbox: Arc<Sandbox>,
    /// What Twilio calls.
    pub api: Serving,
    functions: Functions,
    borders: BTreeMap<&'static str, Border>,
    twilio: Serving,
    tasks: Vec<JoinHandle<()>>,
}

impl World {
    /// A relay at work: the queues wake their functions.
    pub async fn deployed() -> Self {
        let mut world = Self::with_silent_queue().await;
        world.work();
        world
    }

    /// From now on the queues wake their functions.
    pub fn work(&mut self) {
        let sources = [
            self.event_source(),
            self.kept_texts(),
            self.bulk(),
            self.requests(),
            self.lines(),
        ];
        for source in sources {
            self.tasks.push(tokio::spawn(source.run()));
        }
    }

    /// The same, but the queues wake nobody until the test lets it.
    pub async fn with_silent_queue() -> Self {
        Self::with_twilios_clock_behind(SignedDuration::ZERO).await
    }

    /// The same, but what happens at Twilio happened long ago.
    pub async fn with_twilios_clock_behind(by: SignedDuration) -> Self {
        let seed = async |world: &Self| world.keep_credentials(world.sandbox.account()).await;
        Self::built(sandbox::demo_account(), by, json!({}), seed).await
    }

    /// The same, and the stack has these parameters besides.
    pub async fn with_parameters(by: SignedDuration, parameters: Value) -> Self {
        let seed = async |world: &Self| world.keep_credentials(world.sandbox.account()).await;
        Self::built(sandbox::demo_account(), by, parameters, seed).await
    }

    /// The same for this account, whose credentials `seed` puts into the secret.
    pub async fn seeded_by(account: Credentials, seed: impl AsyncFnOnce(&Self)) -> Self {
        Self::built(account, SignedDuration::ZERO, json!({}), seed).await
    }

    async fn built(
        account: Credentials,
        behind: SignedDuration,
        further: Value,
        seed: impl AsyncFnOnce(&Self),
    ) -> Self {
        let emulator = Emulator::shared();
        let aws = Aws::of(emulator);
        let clock = Arc::new(Behind(behind));
        let sandbox = Arc::new(Sandbox::new(Arc::new(account), clock));
        sandbox.set_pace(Pace {
            queued: MOMENT,
            sending: MOMENT,
            carrier: MOMENT,
        });
        let twilio = Serving::start(sandbox::http::router(Arc::clone(&sandbox))).await;
        let mut parameters = json!({"TwilioApiUrl": twilio.url, "AlarmSet": "all"});
        let further = further.as_object().cloned().unwrap_or_default();
        parameters.as_object_mut().unwrap().extend(further);
        let stack = emulator.deploy(parameters);
        let functions = Functions::default();
        let api = http_api::router(http_api::routes(&stack), functions.clone());
        let api = Serving::start(api).await;
        let mut world = Self {
            aws,
            stack,
            sandbox,
            api,
            functions,
            borders: BTreeMap::new(),
            twilio,
            tasks: Vec::new(),
        };
        seed(&world).await;
        world.set_up().await;
        world
    }

    async fn set_up(&mut self) {
        self.push_configuration("none");
        for (function, _) in FUNCTIONS {
            let role = self
                .stack
                .role(self.function_properties(function)["Role"].as_str().unwrap());
            let border = Border::open(Emulator::shared(), granted(role)).await;
            self.borders.insert(function, border);
            self.start(function).await;
        }
        self.plug(true);
        let sandbox = Arc::clone(&self.sandbox);
        let for_ever = std::future::pending();
        self.tasks
            .push(tokio::spawn(drive(sandbox, Resolve::default(), for_ever)));
    }

    /// Starts an instance of a function, in the place of the one that ran before.
    pub async fn start(&self, function: &str) {
        let name = self.name_of(function);
        let (variables, timeout) = configuration(Emulator::shared(), &name);
        let endpoint = &self.border(function).serving.url;
        let instance = Lambda::start(&name, &binary(function), &variables, timeout, endpoint).await;
        assert!(
            instance.starts().await,
            "{name} does not start: {:#?}",
            instance.log()
        );
        self.functions.put(instance);
    }

    pub fn name_of(&self, function: &str) -> String {
        format!("{}-{function}", self.stack.name)
    }

    /// Where the sandbox is.
    pub fn twilio_url(&self) -> &str {
        &self.twilio.url
    }

    /// The function's properties in the stack.
    pub fn function_properties(&self, function: &str) -> &Value {
        let name = self.name_of(function);
        let mut functions = self.stack.all("AWS::Lambda::Function");
        let found = functions.find(|(_, properties)| properties["FunctionName"] == name);
        found
            .unwrap_or_else(|| panic!("the stack has no function {name}"))
            .1
    }

    pub fn function(&self, function: &str) -> Arc<Lambda> {
        self.functions.get(&self.name_of(function))
    }

    /// All functions, for whoever invokes them by name.
    pub fn functions(&self) -> Functions {
        self.functions.clone()
    }

    pub fn border(&self, function: &str) -> &Border {
        &self.borders[function]
    }

    pub fn event_source(&self) -> EventSource {
        self.polling("DeliveriesQueueUrl")
    }

    /// What brings kept texts to the main path.
    pub fn kept_texts(&self) -> EventSource {
        self.polling("KeptTextsQueueUrl")
    }

    /// What brings notices' wake-ups to the worker.
    pub fn bulk(&self) -> EventSource {
        self.polling("BulkQueueUrl")
    }

    /// What brings events and SNS messages to outbound-notifier.
    pub fn requests(&self) -> EventSource {
        self.polling("RequestsQueueUrl")
    }

    /// What brings lines to reconciliation, one by one, where that is on.
    pub fn lines(&self) -> EventSource {
        self.polling("ReconciliationQueueUrl")
    }

    fn polling(&self, queue: &str) -> EventSource {
        EventSource::of(&self.stack, &self.aws, &self.functions, queue)
    }

    /// Lets the schedule invoke the worker, as it does every minute.
    pub async fn sweep(&self) -> Result<Value, Failed> {
        self.schedule("sweep").await
    }

    /// Everything that somebody has to look at some time has been due for hours.
    pub async fn make_overdue(&self) {
        self.make_due(Timestamp::now() - SignedDuration::from_hours(24))
            .await;
    }

    /// Everything that somebody has to look at some time has been due since then.
    pub async fn make_due(&self, since: Timestamp) {
        let table = self.stack.output("TableName");
        for item in self.aws.items(table).await {
            if item["due_at"].is_null() {
                continue;
            }
            let aged = json!({
                "TableName": table,
                "Key": {"pk": item["pk"], "sk": item["sk"]},
                "UpdateExpression": "SET due_at = :since",
                "ExpressionAttributeValues": {":since": {"N": since.as_millisecond().to_string()}},
            });
            self.aws.call("DynamoDB_20120810.UpdateItem", aged).await;
        }
    }

    /// Lets the schedule of that name invoke its function.
    pub async fn schedule(&self, name: &str) -> Result<Value, Failed> {
        let name = self.name_of(name);
        let mut schedules = self.stack.all("AWS::Scheduler::Schedule");
        let (_, schedule) = schedules.find(|(_, s)| s["Name"] == name.as_str()).unwrap();
        let target = &schedule["Target"];
        let name = target["Arn"].as_str().unwrap().rsplit(':').next().unwrap();
        let event = serde_json::from_str(target["Input"].as_str().unwrap()).unwrap();
        self.functions.get(name).invoke(&event).await
    }

    /// The line was the relay's long before yesterday.
    pub async fn since_last_week(&self) {
        let now = Timestamp::now().to_zoned_datetime(TimeZone::UTC).date();
        let day = now.saturating_sub(3.days()).to_string();
        let entry = json!({
            "TableName": self.stack.output("TableName"),
            "Item": {
                "pk": {"S": format!("line#{LINE}")},
                "sk": {"S": "reconciled"},
                "day": {"S": day},
            },
        });
        self.aws.call("DynamoDB_20120810.PutItem", entry).await;
    }

    /// From now on Twilio calls the relay for a text, or nobody.
    pub fn plug(&self, in_or_out: bool) {
        let url = |path: &str| in_or_out.then(|| format!("{}{path}", self.api.url));
        let number = Number {
            sms_url: url("/twilio/sms"),
            sms_fallback_url: url("/twilio/fallback"),
            voice_url: url(&format!("/twilio/voice{AWAITED}")),
            voice_fallback_url: url("/twilio/voice/fallback"),
            status_callback: url(&format!("/twilio/voice/end{TOLD}")),
            ..Number::default()
        };
        self.sandbox.set_number(number_of(LINE), number);
    }

    /// The customer texts the line.
    pub fn customer_texts(&self, text: Text) -> MessageSid {
        self.texts(CUSTOMER, text)
    }

    /// Somebody's phone texts the line.
    pub fn texts(&self, from: &str, text: Text) -> MessageSid {
        let from = Sender::parse(from);
        self.sandbox.text(&from, &number_of(LINE), text).unwrap()
    }

    /// The texts that a phone has received so far.
    pub fn received(&self, phone: &str) -> Vec<String> {
        let screen = self.sandbox.screen(&Sender::parse(phone));
        let received = screen.into_iter().filter(|entry| !entry.sent);
        received.map(|entry| entry.body).collect()
    }

    /// Waits until a phone has received `count` texts, and returns them.
    pub async fn receives(&self, phone: &str, count: usize) -> Vec<String> {
        eventually(async || {
            let received = self.received(phone);
            (received.len() >= count).then_some(received)
        })
        .await
        .unwrap_or_else(|| {
            panic!(
                "the phone has {} of {count} texts",
                self.received(phone).len()
            )
        })
    }

    /// Waits until the audit has a record of this kind, and returns it.
    pub async fn recorded(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let group = self.stack.output("AuditLogGroup");
        let found =
            eventually(async || self.aws.audit(group).await.into_iter().find(|r| wanted(r)));
        found.await.expect("the audit has no such record")
    }

    /// Whether a function counts, now or soon, something that the alarm watches. Its log is read beside
    /// its answers.
    pub async fn counts(&self, function: &str, alarm: &str) -> bool {
        let watched = &self.stack.properties(alarm)["Dimensions"][0]["Value"];
        let counted = eventually(async || {
            let log = self.function(function).log();
            let lines = log.iter();
            let mut lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
            lines.find(|line| line["count"] == *watched)
        });
        counted.await.is_some()
    }

    /// Waits until nothing on the queue is due any more and nobody works on it. What is delayed are
    /// wake-ups for reports, which do nothing once those have come.
    pub async fn settles(&self) {
        let queue = self.stack.output("DeliveriesQueueUrl");
        let settled = async || {
            let [waiting, _, worked_on] = self.aws.queue(queue).await;
            (waiting == 0 && worked_on == 0).then_some(())
        };
        eventually(settled)
            .await
            .expect("messages are left on the queue");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        if std::thread::panicking() {
            return;
        }
        for (function, border) in &self.borders {
            let refused = border.refused();
            assert!(refused.is_empty(), "{function} is not granted {refused:?}");
        }
    }
}

/// Twilio's clock.
struct Behind(SignedDuration);

impl Clock for Behind {
    fn now(&self) -> Timestamp {
        SystemClock.now() - self.0
    }
}

/// The function's binary: this build's, or a release build's from the folder that
/// `RELAY_TEST_FUNCTIONS` names (`make bench-start` does).
fn binary(function: &str) -> String {
    if let Ok(folder) = std::env::var("RELAY_TEST_FUNCTIONS") {
        return format!("{folder}/{function}/bootstrap");
    }
    FUNCTIONS
        .into_iter()
        .find(|(name, _)| *name == function)
        .unwrap()
        .1
        .to_owned()
}

pub fn number_of(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

/// A SID that only this test has.
pub fn sid(digit: char) -> MessageSid {
    MessageSid::parse(&("SM".to_owned() + &digit.to_string().repeat(32))).unwrap()
}

/// Asks again and again until there is an answer, for as long as is reasonable on a busy machine.
/// The functions live by the real clock, so there is no other one to move.
pub async fn eventually<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        if deadline < Instant::now() {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
