//! Many runs on all processors, and what came of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZero;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Run;
use super::check::Endings;
use super::faults::{Fault, KINDS};

/// How many violations of a kind are told in full; of the others only the seeds.
const MOST_TOLD: usize = 10;

/// How often it is said how far it is.
const TELLS_EVERY: Duration = Duration::from_secs(2);

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
        Self::watched(seeds, run, |_, _| {})
    }

    /// Runs each of the seeds and says on standard error how far it is.
    pub fn told(seeds: Range<u64>, run: impl Fn(u64) -> Run + Sync) -> Self {
        let (began, all) = (Instant::now(), seeds.end - seeds.start);
        let told = Mutex::new(began);
        let run = |seed| {
            let run = run(seed);
            if let Some(first) = run.violations.first() {
                eprintln!("{first} (make simulate SEED={seed})");
            }
            run
        };
        Self::watched(seeds, run, |done, violations| {
            let Ok(mut told) = told.try_lock() else {
                return;
            };
            if told.elapsed() < TELLS_EVERY {
                return;
            }
            *told = Instant::now();
            let seconds = began.elapsed().as_secs();
            eprintln!("{done} of {all} schedules in {seconds} s, {violations} with violations");
        })
    }

    fn watched(
        seeds: Range<u64>,
        run: impl Fn(u64) -> Run + Sync,
        watch: impl Fn(u64, u64) + Sync,
    ) -> Self {
        let began = Instant::now();
        let next = AtomicU64::new(seeds.start);
        let (done, violations) = (AtomicU64::new(0), AtomicU64::new(0));
        let work = || {
            let mut report = Self::blank();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seeds.end <= seed {
                    return report;
                }
                let run = run(seed);
                let is_wrong = u64::from(!run.violations.is_empty());
                report.add(run);
                watch(
                    done.fetch_add(1, Ordering::Relaxed) + 1,
                    violations.fetch_add(is_wrong, Ordering::Relaxed) + is_wrong,
                );
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
            "{} texts: {} acknowledged, of {} others only Twilio knows",
            self.texts, self.acknowledged, self.endings.only_twilio_knows
        )?;
        writeln!(
            f,
            "endings: {} delivered, {} of all after a hand-over, {} given up, {} answers with Twilio",
            self.endings.delivered,
            self.endings.handed_over,
            self.endings.given_up,
            self.endings.with_twilio
        )?;
        writeln!(
            f,
            "{} were slowed, {} told people of others; {} deliveries over which a handler died before it could \
             report",
            self.endings.slowed, self.endings.tellings, self.endings.audit_gaps
        )?;
        let Endings {
            answers,
            asked,
            astray,
            ..
        } = self.endings;
        if answers > 0 {
            let of_answers = |count: usize| count as f64 / answers as f64;
            writeln!(
                f,
                "{answers} answers of people: {asked} asked about ({:.1} in 100), {astray} at another customer \
                 ({:.1} in 100,000)",
                100.0 * of_answers(asked),
                100_000.0 * of_answers(astray)
            )?;
        }
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
            let others = violations.iter().skip(MOST_TOLD).map(|(seed, _)| seed);
            let others: BTreeSet<_> = others.collect();
            if !others.is_empty() {
                write!(f, "\n    and, with make simulate SEED=:")?;
                others.iter().try_for_each(|seed| write!(f, " {seed}"))?;
            }
        }
        Ok(())
    }
}
