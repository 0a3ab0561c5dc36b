//! Texts to the deployed relay on a virtual clock: API Gateway, Lambda, SQS, DynamoDB and Twilio by their
//! limits, the relay by what was counted. The same seed makes the same run.

mod outcome;
mod worker;

pub use outcome::{Load, Outcome};

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use relay::hosts::lambda::settings::calls_at_once;

use super::counted::{Counted, Sender, Step};
use super::limits::{Limits, One, Setup, Whose};
use super::queue::{Message, Queue, What};

/// What is assumed, not counted. Milliseconds; each is drawn anew between half of it and one and a half of
/// it, and one in a hundred takes ten times as long.
const OPERATIONS: [(&str, f64); 6] = [
    ("TransactWriteItems", 12.0),
    ("PutItem", 6.0),
    ("UpdateItem", 6.0),
    ("SendMessage", 8.0),
    ("PutLogEvents", 15.0),
    ("", 5.0),
];
/// API Gateway, and Lambda's handing over of the event.
const ON_THE_WAY: f64 = 12.0;
/// A poller's long poll and invocation.
const POLLED: f64 = 15.0;
/// Twilio's answer to a new message, with a new connection.
const TWILIO: f64 = 150.0;
/// A new environment, with all connections opened.
const START: f64 = 250.0;
/// A request to AWS takes so much of a whole processor, and one to Twilio over a new connection so much more.
/// A function of 256 MB has a seventh of one. Source: AWS Lambda Developer Guide, "Configure Lambda function
/// memory": 1,769 MB have one.
const OF_A_REQUEST: f64 = 0.4;
const OF_TWILIO: f64 = 2.5;
const PROCESSOR: f64 = 256.0 / 1769.0;

/// For how long the relay tries a write again that is throttled (PATIENCE in adapters/aws/dynamodb/table.rs),
/// and its pauses.
const PATIENCE: u64 = 4 * SECOND;
const BATCH: usize = 10;

/// One text in 3 s for a phone after 10 at once (PAIR in domain/pace), and two phones a line.
const INTERVAL: u64 = 3 * SECOND;
const AHEAD: u64 = 9 * INTERVAL;
const PHONES: u64 = 2;
/// The longest that the queue waits.
const MOST_DELAY: u64 = 900 * SECOND;

const SECOND: u64 = 1_000_000;
/// Environments and pollers grow first; acknowledgements count from then on.
const WARM_UP: u64 = 5 * SECOND;
const SWEEP: u64 = u64::MAX;

#[derive(Debug, Clone, Copy)]
enum Event {
    Text(u32),
    Webhook {
        text: u32,
        since: u64,
        tries: u32,
    },
    Acknowledged {
        text: u32,
        since: u64,
    },
    Arrives {
        text: u32,
        what: What,
        group: u64,
    },
    Record {
        record: Record,
        tries: u32,
    },
    /// With what is left to wait for afterwards.
    Call(Record, u64),
    Called(Record, u64),
    Done(Record),
    Callback {
        text: u32,
    },
    Status {
        text: u32,
        since: u64,
        tries: u32,
    },
    Ended(usize),
    Swept {
        text: u32,
        tries: u32,
    },
    Poll,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepOf {
    Sends,
    Waits,
    Settled,
}

/// A record of a batch that is worked on.
#[derive(Debug, Clone, Copy)]
struct Record {
    batch: u32,
    group: u64,
    text: u32,
    step: StepOf,
    since: u64,
}

#[derive(Default)]
struct Batch {
    left: VecDeque<(u64, Message)>,
    working: usize,
    /// Until when its processor has work.
    busy: u64,
    /// How many calls to Twilio are under way, and what waits for one of them.
    calling: usize,
    to_call: VecDeque<(Record, u64)>,
}

struct Run<'c> {
    counted: &'c Counted,
    setup: Setup,
    load: Load,
    limits: Limits,
    events: BinaryHeap<Reverse<(u64, u64, usize)>>,
    payloads: Vec<Event>,
    now: u64,
    random: fastrand::Rng,
    calls_at_once: usize,
    /// Environments that wait, by function.
    idle: [usize; 3],
    running: usize,
    queue: Queue,
    batches: HashMap<u32, Batch>,
    next_batch: u32,
    lines: Vec<u64>,
    /// By line and phone, when the next text is due if all came evenly.
    turns: HashMap<(u64, u64), u64>,
    calls: usize,
    outcome: Outcome,
}

const INBOUND: usize = 0;
const WORKER: usize = 1;
const STATUS: usize = 2;

pub fn run(counted: &Counted, setup: Setup, load: Load, seed: u64) -> Outcome {
    let variables = |name: &str| {
        let number = match name {
            "WORKER_CONCURRENCY" => setup.worker,
            "BULK_CONCURRENCY" => setup.bulk,
            "TWILIO_CONCURRENCY" => setup.twilio,
            _ => return None,
        };
        Some(number.to_string())
    };
    let mut run = Run {
        counted,
        setup,
        load,
        limits: Limits::of(&setup),
        events: BinaryHeap::new(),
        payloads: Vec::new(),
        now: 0,
        random: fastrand::Rng::with_seed(seed),
        calls_at_once: calls_at_once(variables).unwrap().unwrap(),
        idle: [0; 3],
        running: 0,
        queue: Queue::default(),
        batches: HashMap::new(),
        next_batch: 0,
        lines: Vec::new(),
        turns: HashMap::new(),
        calls: 0,
        outcome: Outcome::default(),
    };
    run.arrivals();
    run.live();
    run.outcome
}

impl<'c> Run<'c> {
    fn arrivals(&mut self) {
        let end = (self.load.seconds * SECOND) as f64;
        for (rate, of_flood) in [(self.load.rate, false), (self.load.flood, true)] {
            if rate == 0.0 {
                continue;
            }
            let mut at = 0.0;
            loop {
                at += -self.random.f64().max(1e-12).ln() / rate * SECOND as f64;
                if at >= end {
                    break;
                }
                let line = if of_flood {
                    0
                } else {
                    self.random.u64(0..self.load.lines)
                };
                let text = self.lines.len() as u32;
                self.lines.push(line);
                self.at(at as u64, Event::Text(text));
            }
        }
        self.outcome.texts = self.lines.len();
        for second in 0..self.load.seconds {
            self.at(second * SECOND, Event::Poll);
        }
    }

    fn live(&mut self) {
        let end = self.load.seconds * SECOND;
        while let Some(Reverse((at, _, payload))) = self.events.pop() {
            if at > end {
                break;
            }
            self.now = at;
            self.happens(self.payloads[payload]);
        }
        let oldest = self.queue.oldest().unwrap_or(end);
        self.outcome.backlog = end.saturating_sub(oldest);
        self.outcome.worker_busy = self.batches.len() >= self.setup.worker;
    }

    fn at(&mut self, at: u64, event: Event) {
        let n = self.payloads.len();
        self.payloads.push(event);
        self.events.push(Reverse((at, n as u64, n)));
    }

    fn seconds(&self) -> f64 {
        self.now as f64 / SECOND as f64
    }

    /// Milliseconds as they may come out, in microseconds.
    fn draw(&mut self, ms: f64) -> u64 {
        let factor = 0.5 + self.random.f64();
        let tail = if self.random.u32(0..100) == 0 {
            10.0
        } else {
            1.0
        };
        (ms * 1000.0 * factor * tail) as u64
    }

    fn processor(step: &Step) -> u64 {
        (step.requests * OF_A_REQUEST / PROCESSOR * 1000.0) as u64
    }

    /// How long the requests take that wait for one another.
    fn waiting(&mut self, step: &Step) -> u64 {
        let chain = step.chain.iter().map(|operation| {
            let of = OPERATIONS.iter().find(|(name, _)| *name == operation);
            of.or(OPERATIONS.last()).map_or(0.0, |(_, ms)| *ms)
        });
        let chain: Vec<f64> = chain.collect();
        chain.into_iter().map(|ms| self.draw(ms)).sum()
    }

    fn whose(&self, text: u32) -> Whose {
        let line = self.lines[text as usize];
        Whose {
            line,
            person: line * PHONES + u64::from(text) % PHONES,
            text: text.into(),
        }
    }

    /// Starts an environment, or says why there is none.
    fn start(&mut self, function: usize) -> Result<u64, String> {
        if self.running >= self.setup.account {
            return Err("invocations at once of the account".to_owned());
        }
        let start = if self.idle[function] > 0 {
            self.idle[function] -= 1;
            0
        } else {
            let new = [One::NewInbound, One::NewWorker, One::NewStatus][function];
            self.limits.take(new, 1.0, self.seconds())?;
            self.draw(START)
        };
        self.running += 1;
        Ok(start)
    }

    fn end(&mut self, function: usize) {
        self.idle[function] += 1;
        self.running -= 1;
    }

    fn refuse(&mut self, because: String) {
        *self.outcome.refused.entry(because).or_default() += 1;
    }

    fn meet(&mut self, limit: &str) {
        *self.outcome.met.entry(limit.to_owned()).or_default() += 1;
    }

    /// The relay's pause before it asks DynamoDB again.
    fn pause(&mut self, tries: u32) -> u64 {
        let most = 20_u64 << tries.min(5);
        1000 * self.random.u64(0..most)
    }

    fn happens(&mut self, event: Event) {
        let (now, counted) = (self.now, self.counted);
        match event {
            Event::Text(text) => self.request(
                One::Webhooks,
                INBOUND,
                Event::Webhook {
                    text,
                    since: now,
                    tries: 0,
                },
            ),
            Event::Callback { text } => self.request(
                One::Callbacks,
                STATUS,
                Event::Status {
                    text,
                    since: now,
                    tries: 0,
                },
            ),
            Event::Webhook { text, since, tries } => {
                match self.charged(&counted.webhook, text, since, tries) {
                    Ok(takes) => {
                        let takes = takes + Self::processor(&counted.webhook);
                        self.at(now + takes, Event::Acknowledged { text, since });
                    }
                    Err(Some(pause)) => self.at(
                        now + pause,
                        Event::Webhook {
                            text,
                            since,
                            tries: tries + 1,
                        },
                    ),
                    Err(None) => self.end(INBOUND),
                }
            }
            Event::Status { text, since, tries } => {
                match self.charged(&counted.callback, text, since, tries) {
                    Ok(takes) => {
                        let takes = takes + Self::processor(&counted.callback);
                        self.at(now + takes, Event::Ended(STATUS));
                    }
                    Err(Some(pause)) => self.at(
                        now + pause,
                        Event::Status {
                            text,
                            since,
                            tries: tries + 1,
                        },
                    ),
                    Err(None) => self.end(STATUS),
                }
            }
            Event::Ended(function) => self.end(function),
            Event::Acknowledged { text, since } => {
                self.end(INBOUND);
                self.outcome.acknowledged += 1;
                if since > WARM_UP {
                    self.outcome.acks.0.push(now - since);
                }
                self.send(&counted.webhook, text);
                // The reminder of a text of an hour ago.
                self.at(now, Event::Swept { text, tries: 0 });
            }
            Event::Swept { text, tries } => {
                match self
                    .limits
                    .charge(&counted.swept, self.whose(text), self.seconds())
                {
                    Ok(()) => self.arrives(text, What::Settled, SWEEP),
                    Err(limit) => {
                        self.meet(&limit);
                        let pause = self.pause(tries);
                        self.at(
                            now + pause,
                            Event::Swept {
                                text,
                                tries: tries + 1,
                            },
                        );
                    }
                }
            }
            Event::Arrives { text, what, group } => self.arrives(text, what, group),
            Event::Poll => self.poll(),
            Event::Record { record, tries } => self.record(record, tries),
            Event::Call(record, after) => self.wants_to_call(record, after),
            Event::Called(record, after) => self.called(record, after),
            Event::Done(record) => self.done(record),
        }
    }

    /// A request to the HTTP API.
    fn request(&mut self, route: One, function: usize, begun: Event) {
        let seconds = self.seconds();
        let started = self.limits.take(route, 1.0, seconds);
        match started.and_then(|()| self.start(function)) {
            Ok(start) => {
                let at = self.now + start + self.draw(ON_THE_WAY);
                self.at(at, begun);
            }
            Err(limit) => self.refuse(limit),
        }
    }

    /// How long the step takes now that DynamoDB takes its units; if it does not, how long to wait, or nothing
    /// once the relay has lost patience.
    fn charged(
        &mut self,
        step: &Step,
        text: u32,
        since: u64,
        tries: u32,
    ) -> Result<u64, Option<u64>> {
        match self.limits.charge(step, self.whose(text), self.seconds()) {
            Ok(()) => Ok(self.waiting(step)),
            Err(limit) if self.now < since + PATIENCE => {
                self.meet(&limit);
                Err(Some(self.pause(tries)))
            }
            Err(limit) => {
                self.refuse(limit);
                Err(None)
            }
        }
    }

    /// What the step sends to the queue. What is delayed is for the reports that earlier texts wait for, of
    /// which there are as many.
    fn send(&mut self, step: &Step, text: u32) {
        for (n, (sender, delay)) in step.messages.iter().enumerate() {
            let group = match sender {
                Sender::Line => self.lines[text as usize],
                Sender::Sweep => SWEEP,
                Sender::Nobody => (1 << 62) + u64::from(text) * 16 + n as u64,
            };
            let what = if *delay == 0 {
                What::New
            } else {
                What::Settled
            };
            self.arrives(text, what, group);
        }
    }

    fn arrives(&mut self, text: u32, what: What, group: u64) {
        self.queue.push(group, self.now, Message { text, what });
        self.poll();
    }
}
