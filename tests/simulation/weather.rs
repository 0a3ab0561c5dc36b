//! What goes wrong, how often, and by chance: but always the same for a seed.

use std::fmt;
use std::ops::RangeBounds;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use relay::clock::Chance;

use super::time::Time;

macro_rules! faults {
    ($($fault:ident $rarity:literal $name:literal,)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault {
            $($fault,)+
        }

        impl Fault {
            pub const ALL: &[Fault] = &[$(Fault::$fault),+];

            /// How many times rarer than others it is for the same rate: some have more occasions.
            fn rarity(self) -> u32 {
                match self {
                    $(Fault::$fault => $rarity,)+
                }
            }
        }

        impl fmt::Display for Fault {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Fault::$fault => $name,)+
                })
            }
        }
    };
}

faults! {
    SlowAnswer 1 "any of them: a slow answer",
    CredentialsError 2 "credentials: error",
    StoreError 1 "store: error before the effect",
    StoreTimeout 1 "store: error after the effect",
    StoreLate 1 "store: error, and the effect seconds later",
    StoreDown 20 "store: unavailable for a while",
    QueueError 1 "queue: error before the effect",
    QueueTimeout 1 "queue: error after the effect",
    WakeUpLost 1 "queue: wake-up lost",
    WakeUpTwice 1 "queue: wake-up doubled",
    WakeUpLate 1 "queue: wake-up late, and so out of order",
    WakeUpAgain 1 "queue: wake-up brought again although acknowledged",
    WakeUpShared 1 "queue: wake-up brought to two workers",
    AuditError 1 "audit: error before the effect",
    AuditTimeout 1 "audit: error after the effect",
    WorkerCrash 8 "worker: crash",
    WebhookCrash 8 "webhook handler: crash",
    SweepCrash 2 "sweep: crash",
    TimeLimit 1 "function: killed at its time limit",
    Suspended 1 "machine: suspended and resumed",
    ClockJump 1 "machine: clock jumps forward",
    NoConnection 1 "Twilio: no connection",
    RequestLost 1 "Twilio: request lost",
    RequestLate 1 "Twilio: request arrives when nobody waits any more",
    AnswerLost 1 "Twilio: answer lost",
    Refused 1 "Twilio: refusal",
    TooMany 1 "Twilio: 429 with Retry-After",
    ServerError 1 "Twilio: 5xx without accepting",
    ErrorAfterAccept 1 "Twilio: 5xx after accepting",
    AskRefused 1 "Twilio: look-up refused",
    Undeliverable 1 "carrier: undeliverable",
    Held 1 "carrier: held in the queue",
    Unreported 1 "carrier: delivered but not reported",
    PhoneOff 1 "phone: switched off",
    PhoneSilent 1 "phone: silent",
    CallbackLost 1 "callback: lost",
    CallbackTwice 1 "callback: doubled",
    CallbackLate 1 "callback: late, and so out of order",
    WebhookUnreachable 1 "webhook: no connection",
    WebhookTwice 1 "webhook: doubled",
    WebhookAnswerLost 1 "webhook: answer lost",
}

pub const KINDS: usize = Fault::ALL.len();

/// A write that takes effect later.
pub type Late = Box<dyn FnOnce() + Send>;

pub struct Weather {
    pub time: Arc<Time>,
    dice: Mutex<Rng>,
    sky: Mutex<Sky>,
    trace: bool,
}

struct Sky {
    /// By fault, in a thousand.
    rates: [u32; KINDS],
    counts: [u64; KINDS],
    store_down: Option<Timestamp>,
    late: Vec<(Timestamp, Late)>,
}

impl Weather {
    pub fn new(time: Arc<Time>, mut dice: Rng, trace: bool) -> Arc<Self> {
        let mut rates = [0; KINDS];
        for rate in &mut rates {
            *rate = match dice.u32(0..100) {
                0..55 => 0,
                55..80 => 15,
                80..95 => 70,
                _ => 250,
            };
        }
        Arc::new(Self {
            time,
            dice: Mutex::new(dice),
            sky: Mutex::new(Sky {
                rates,
                counts: [0; KINDS],
                store_down: None,
                late: Vec::new(),
            }),
            trace,
        })
    }

    /// From now on nothing goes wrong any more.
    pub fn calm(&self) {
        let mut sky = self.sky.lock().unwrap();
        sky.rates = [0; KINDS];
        sky.store_down = None;
    }

    /// Whether the fault happens now; if so it is counted.
    pub fn strikes(&self, fault: Fault) -> bool {
        let rate = self.sky.lock().unwrap().rates[fault as usize];
        let struck = rate > 0 && self.draw(0..1000 * fault.rarity()) < rate;
        if struck {
            self.count(fault);
        }
        struck
    }

    pub fn count(&self, fault: Fault) {
        self.sky.lock().unwrap().counts[fault as usize] += 1;
        self.tell(|| format!("  ! {fault}"));
    }

    pub fn counts(&self) -> [u64; KINDS] {
        self.sky.lock().unwrap().counts
    }

    /// A line of the trace.
    pub fn tell(&self, what: impl FnOnce() -> String) {
        if self.trace {
            println!("{:.3} {}", self.time.now(), what());
        }
    }

    pub fn draw(&self, range: impl RangeBounds<u32>) -> u32 {
        self.dice.lock().unwrap().u32(range)
    }

    pub fn one_in(&self, n: u32) -> bool {
        self.draw(0..n) == 0
    }

    pub fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[self.dice.lock().unwrap().usize(..from.len())]
    }

    /// A time of up to so many seconds.
    pub fn up_to(&self, seconds: u32) -> Duration {
        Duration::from_millis(self.draw(0..=1000 * seconds).into())
    }

    /// How long a request or an answer is under way.
    pub fn latency(&self) -> Duration {
        if self.strikes(Fault::SlowAnswer) {
            self.up_to(4)
        } else if self.one_in(3) {
            self.up_to(1) / 20
        } else {
            Duration::ZERO
        }
    }

    /// Whether the store is down, which may begin now.
    pub fn store_is_down(&self) -> bool {
        let now = self.time.now();
        if self.sky.lock().unwrap().store_down > Some(now) {
            return true;
        }
        let begins = self.strikes(Fault::StoreDown);
        if begins {
            let end = now + self.up_to(300);
            self.sky.lock().unwrap().store_down = Some(end);
        }
        begins
    }

    /// Lets a write take effect after a while.
    pub fn later(&self, write: Late) {
        let at = self.time.now() + self.up_to(5);
        self.sky.lock().unwrap().late.push((at, write));
    }

    /// Lets the writes take effect whose time has come.
    pub fn write_late(&self) {
        let now = self.time.now();
        let due: Vec<_> = {
            let mut sky = self.sky.lock().unwrap();
            sky.late.extract_if(.., |(at, _)| *at <= now).collect()
        };
        for (_, write) in due {
            write();
            self.tell(|| "a late write takes effect".to_owned());
        }
    }

    pub fn next_late(&self) -> Option<Timestamp> {
        let sky = self.sky.lock().unwrap();
        sky.late.iter().map(|(at, _)| *at).min()
    }
}

impl Chance for Weather {
    fn draw(&self) -> f64 {
        self.dice.lock().unwrap().f64()
    }
}
