//! The fuzz targets in the test command: their seeds, some thousand random changes of them, and
//! what was thought of in advance. `make fuzz` searches for longer, guided by coverage.

mod extremes;
mod mutations;
mod targets;

use std::panic::catch_unwind;
use std::path::Path;

use fastrand::Rng;

use targets::Target;

const CHANGED: usize = 1500;

#[test]
fn every_target_holds_for_its_seeds_and_thousands_of_changes_of_them() {
    for target in targets::ALL {
        let seeds = (target.seeds)();
        let mut rng = Rng::with_seed(1);
        let changed = (0..CHANGED).map(|_| mutations::changed(&seeds, target.words, &mut rng));
        for input in seeds.iter().cloned().chain(changed) {
            holds(&target, &input);
        }
    }
}

fn holds(target: &Target, input: &[u8]) {
    let check = target.check;
    if catch_unwind(|| check(input)).is_err() {
        let shown = input.escape_ascii();
        panic!("target {} does not hold for b\"{shown}\"", target.name);
    }
}

/// A target of which nothing can go wrong would find nothing either.
#[test]
fn the_changes_reach_what_is_accepted_and_what_is_refused() {
    let mut accepted = 0;
    let seeds = (targets::form::TARGET.seeds)();
    let mut rng = Rng::with_seed(1);
    for _ in 0..CHANGED {
        let input = mutations::changed(&seeds, targets::form::TARGET.words, &mut rng);
        accepted += usize::from(relay::twilio::form::Form::parse(&input).is_ok());
    }
    assert!(
        (CHANGED / 10..CHANGED * 9 / 10).contains(&accepted),
        "{accepted}"
    );
}

#[test]
fn every_target_is_a_program_of_the_package_for_libfuzzer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/endurance/fuzz");
    let package = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for Target { name, .. } in targets::ALL {
        let program = format!("bins/{name}.rs");
        assert!(package.contains(&program), "{program} is not in Cargo.toml");
        let text = std::fs::read_to_string(folder.join(&program)).unwrap();
        assert!(text.contains(&format!("targets::{name}::TARGET")), "{text}");
    }
}
