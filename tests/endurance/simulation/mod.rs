//! The whole relay in one process, with virtual time and a seed: handlers, state machine, worker
//! and sandbox, with faults at every I/O, workers that interleave at every await and die at any.
//! After each run the phones and the audit are looked at. A seed always makes the same run.
//!
//! `make simulate SEEDS=100000` runs many, `make simulate SEED=7` one with a trace.

mod calls;
mod check;
mod faults;
mod faulty;
mod lines;
mod mistakes;
mod network;
mod notices;
mod people;
mod reply_numbers;
mod report;
mod restores;
mod script;
mod time;
mod troubles;
mod weather;
mod world;

use check::Endings;
use faults::KINDS;
use mistakes::Mistake;
use report::Report;
use world::World;

/// What became of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub seed: u64,
    pub texts: usize,
    pub acknowledged: usize,
    pub faults: [u64; KINDS],
    pub endings: Endings,
    pub violations: Vec<String>,
}

fn run(seed: u64, mistake: Option<Mistake>, trace: bool) -> Run {
    let mut world = World::new(seed, mistake, trace);
    world.run();
    seen(seed, &world, trace)
}

/// What a run that is over did wrong. With a trace, all that it left behind is printed.
fn seen(seed: u64, world: &World, trace: bool) -> Run {
    let (violations, endings) = check::check(world);
    if trace {
        for delivery in world.store.deliveries() {
            println!("{delivery:#?}");
        }
        for record in world.audit() {
            println!(
                "{}",
                serde_json::to_string(&record).expect("a record is JSON")
            );
        }
    }
    Run {
        seed,
        texts: world.texts,
        acknowledged: world.acknowledged.len(),
        faults: world.weather.counts(),
        endings,
        violations,
    }
}

#[test]
fn the_promise_is_kept_in_a_thousand_runs() {
    let report = Report::of(0..1_000, |seed| run(seed, None, false));
    assert!(report.violations.is_empty(), "{report}");
    for (fault, count) in report.faults() {
        assert!(count > 0, "it never happened: {fault}\n{report}");
    }
}

#[test]
fn a_seed_always_makes_the_same_run() {
    for seed in 0..20 {
        assert_eq!(run(seed, None, false), run(seed, None, false));
    }
}

/// What `make simulate` runs: `SEEDS` runs from `FIRST_SEED` on, or the one run of `SEED` with a
/// trace.
#[test]
#[ignore = "runs as long as it is asked to"]
fn as_many_runs_as_asked_for() {
    let report = as_many(run);
    println!("{report}");
    assert!(report.violations.is_empty(), "the promise was broken");
}

fn as_many(run: impl Fn(u64, Option<Mistake>, bool) -> Run + Sync) -> Report {
    let variable = |name| {
        let value = std::env::var(name).ok().filter(|value| !value.is_empty());
        value.map(|value| {
            value
                .parse::<u64>()
                .unwrap_or_else(|_| panic!("{name}={value} is no number"))
        })
    };
    match variable("SEED") {
        Some(seed) => Report::of(seed..seed + 1, |seed| run(seed, None, true)),
        None => {
            let first = variable("FIRST_SEED").unwrap_or(0);
            let seeds = variable("SEEDS").unwrap_or(10_000);
            Report::told(first..first + seeds, |seed| run(seed, None, false))
        }
    }
}
