//! What becomes of a load.

use std::collections::BTreeMap;
use std::fmt;

/// For how long the oldest message may have waited at the end, in microseconds.
const BACKLOG: u64 = 2_000_000;

/// A load: so many texts a second to so many lines.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub lines: u64,
    pub rate: f64,
    /// Texts a second to the first line besides.
    pub flood: f64,
    pub seconds: u64,
}

/// What became of it.
#[derive(Debug, Default)]
pub struct Outcome {
    pub texts: usize,
    pub acknowledged: usize,
    pub sent: usize,
    /// Texts that wait for their phone's turn, as they should.
    pub have_to_wait: usize,
    /// What limit was met, and how often; what waited for it went on later.
    pub met: BTreeMap<String, usize>,
    /// What Twilio was refused because of it.
    pub refused: BTreeMap<String, usize>,
    pub most_calls: usize,
    pub(super) acks: Times,
    /// How long new texts waited on the queue: of the flood's line, and of the others.
    pub(super) waited: [Times; 2],
    pub(super) backlog: u64,
    pub(super) worker_busy: bool,
}

/// Microseconds.
#[derive(Default)]
pub struct Times(pub(super) Vec<u64>);

impl Times {
    fn p99_ms(&self) -> u64 {
        let mut times = self.0.clone();
        times.sort_unstable();
        let at = times.len() * 99 / 100;
        times.get(at).copied().unwrap_or_default() / 1000
    }
}

impl fmt::Debug for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} times, p99 {} ms", self.0.len(), self.p99_ms())
    }
}

impl Outcome {
    pub fn p99_ms(&self) -> u64 {
        self.acks.p99_ms()
    }

    pub fn waited_p99_ms(&self, of_flood: bool) -> u64 {
        self.waited[usize::from(!of_flood)].p99_ms()
    }

    /// Whether it can go on like that. Twilio tries a refused webhook again, so one in a thousand is no end.
    pub fn is_sustained(&self) -> bool {
        let refused: usize = self.refused.values().sum();
        1000 * refused <= self.texts && self.backlog < BACKLOG
    }

    /// What ends it: what refuses most, or what is waited for.
    pub fn ended_by(&self) -> String {
        let most = |counts: &BTreeMap<String, usize>| {
            let most = counts.iter().max_by_key(|(_, count)| **count);
            most.map(|(name, _)| name.clone())
        };
        most(&self.refused)
            .or_else(|| {
                self.worker_busy
                    .then(|| "the worker's batches are all at work".to_owned())
            })
            .or_else(|| most(&self.met))
            .unwrap_or_else(|| "nothing".to_owned())
    }
}
