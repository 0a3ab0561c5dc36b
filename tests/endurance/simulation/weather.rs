//! What goes wrong, how often, and by chance: but always the same for a seed.

use std::ops::RangeBounds;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use relay::clock::Chance;

use super::faults::{Fault, KINDS};
use super::time::Time;

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
    /// By fault: until when what it is about is unavailable.
    down: [Option<Timestamp>; KINDS],
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
                down: [None; KINDS],
                late: Vec::new(),
            }),
            trace,
        })
    }

    /// From now on nothing goes wrong any more.
    pub fn calm(&self) {
        let mut sky = self.sky.lock().unwrap();
        sky.rates = [0; KINDS];
        sky.down = [None; KINDS];
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

    /// Whether that is unavailable now, which may begin now and lasts for minutes.
    pub fn is_down(&self, what: Fault) -> bool {
        let now = self.time.now();
        if self.sky.lock().unwrap().down[what as usize] > Some(now) {
            return true;
        }
        let begins = self.strikes(what);
        if begins {
            let end = now + self.up_to(300);
            self.sky.lock().unwrap().down[what as usize] = Some(end);
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

    /// Whatever was to take effect later is gone with its disk.
    pub fn forget_late(&self) {
        self.sky.lock().unwrap().late.clear();
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
