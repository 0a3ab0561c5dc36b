//! Many runs on all processors, and what came of them.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Run;
use super::check::Endings;
use super::faults::{Fault, KINDS};

/// How many violations of a kind are told in full.
const MOST_TOLD: usize = 5;

pub struct Report {
    runs: u64,
    texts: usize,
    acknowledged: usize,
    endings: Endings,
    faults: [u64; KINDS],
    /// By seed.
    pub violations: Vec<(u64, Vec<String>)>,
    took: Duration,
}

impl Report {
    /// Runs each of the seeds.
    pub fn of(seeds: Range<u64>, run: impl Fn(u64) -> Run + Sync) -> Self {
        let began = Instant::now();
        let next = AtomicU64::new(seeds.start);
        let work = || {
            let mut report = Self::blank();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seeds.end <= seed {
                    return report;
                }
                report.add(run(seed));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let mut report = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let reports = workers.into_iter().map(|worker| worker.join());
            reports
                .map(|report| report.expect("a run does not panic"))
                .reduce(Self::with)
                .expect("at least one thread")
        });
        report.violations.sort_unstable();
        report.took = began.elapsed();
        report
    }

    fn blank() -> Self {
        Self {
            runs: 0,
            texts: 0,
            acknowledged: 0,
            endings: Endings::default(),
            faults: [0; KINDS],
            violations: Vec::new(),
            took: Duration::ZERO,
        }
    }

    fn add(&mut self, run: Run) {
        let violations = match run.violations.as_slice() {
            [] => Vec::new(),
            _ => vec![(run.seed, run.violations)],
        };
        let other = Self {
            runs: 1,
            texts: run.texts,
            acknowledged: run.acknowledged,
            endings: run.endings,
            faults: run.faults,
            violations,
            took: Duration::ZERO,
        };
        let mine = std::mem::replace(self, Self::blank());
        *self = mine.with(other);
    }

    fn with(mut self, other: Self) -> Self {
        self.runs += other.runs;
        self.texts += other.texts;
        self.acknowledged += other.acknowledged;
        self.endings += other.endings;
        for (mine, more) in self.faults.iter_mut().zip(other.faults) {
            *mine += more;
        }
        self.violations.extend(other.violations);
        self
    }

    /// Violations and the seeds that make them, by the word with which they begin.
    fn by_kind(&self) -> BTreeMap<&str, Vec<(u64, &str)>> {
        let mut kinds: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (seed, violations) in &self.violations {
            for violation in violations {
                let (kind, _) = violation.split_once(':').unwrap_or((violation, ""));
                kinds
                    .entry(kind)
                    .or_default()
                    .push((*seed, violation.as_str()));
            }
        }
        kinds
    }

    pub fn faults(&self) -> impl Iterator<Item = (Fault, u64)> {
        Fault::ALL.iter().copied().zip(self.faults)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        writeln!(
            f,
            "{} schedules in {seconds:.1} s ({:.0} a second)",
            self.runs,
            self.runs as f64 / seconds
        )?;
        writeln!(
            f,
            "{} texts, {} acknowledged: {} delivered, {} given up, {} with Twilio, which said no more",
            self.texts,
            self.acknowledged,
            self.endings.delivered,
            self.endings.given_up,
            self.endings.with_twilio
        )?;
        let all: u64 = self.faults.iter().sum();
        writeln!(f, "{all} faults:")?;
        for (fault, count) in self.faults() {
            writeln!(f, "  {count:>9}  {fault}")?;
        }
        write!(f, "{} schedules with violations", self.violations.len())?;
        for (kind, violations) in self.by_kind() {
            write!(f, "\n  {kind}, {} times:", violations.len())?;
            for (seed, violation) in violations.iter().take(MOST_TOLD) {
                write!(f, "\n    {violation} (make simulate SEED={seed})")?;
            }
        }
        Ok(())
    }
}
