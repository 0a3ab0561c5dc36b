//! The same schedules on one machine that is lost at some moment, and another that goes on from a backup of a
//! moment before: nobody is texted twice, and nobody's text is lost without somebody being told.
//!
//! `make simulate-restores` runs 10,000.

use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;

use super::mistakes::Mistake;
use super::report::Report;
use super::script::{Platform, Script};
use super::world::World;
use super::{Run, as_many, check};

fn run(seed: u64, is_naive: bool, trace: bool) -> (Run, usize) {
    let mut dice = Rng::with_seed(seed);
    let script = Script {
        platform: Platform::OneMachine,
        replays: 0,
        ..Script::write(&mut dice)
    };
    let mut world = World::of(script, dice, None, trace);
    world.plan_backup(is_naive);
    world.run();
    let (violations, endings) = check::check_restored(&world);
    if trace {
        for message in world.sandbox.messages() {
            println!(
                "{} {} to {} is {:?}: {:.80?} {:?}",
                message.created,
                message.sid,
                message.to,
                message.status,
                message.body,
                message.status_callback
            );
        }
        for delivery in world.store.deliveries() {
            println!("{delivery:#?}");
        }
    }
    let run = Run {
        seed,
        texts: world.texts,
        acknowledged: world.acknowledged.len(),
        faults: world.weather.counts(),
        endings,
        violations,
    };
    (run, world.backup.missing)
}

#[test]
fn nobody_is_texted_twice_and_no_text_is_lost_in_two_hundred_restores() {
    let missing = AtomicUsize::new(0);
    let report = Report::of(0..200, |seed| {
        let (run, lacks) = run(seed, false, false);
        missing.fetch_add(lacks, Ordering::Relaxed);
        run
    });
    assert!(report.violations.is_empty(), "{report}");
    let missing = missing.into_inner();
    assert!(missing > 40, "the backups lacked {missing} texts");
}

/// What the check is worth.
#[test]
fn a_relay_that_does_not_know_of_its_restore_texts_people_twice() {
    let report = Report::of(0..40, |seed| run(seed, true, false).0);
    let found = report.violations.iter().flat_map(|(_, what)| what);
    let twice = found.filter(|what| what.starts_with("twice")).count();
    assert!(twice > 3, "{report}");
}

/// What `make simulate-restores` runs: `SEEDS` runs from `FIRST_SEED` on, or the one run of `SEED` with a
/// trace.
#[test]
#[ignore = "runs as long as it is asked to"]
fn as_many_runs_as_asked_for() {
    let report = as_many(|seed, _: Option<Mistake>, trace| run(seed, false, trace).0);
    println!("{report}");
    assert!(report.violations.is_empty(), "the promise was broken");
}
