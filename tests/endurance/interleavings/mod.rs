//! A few texts in every order in which the relay can come to work on them: two customers and two people
//! write four texts, one webhook comes twice, or one handler dies between any two of its effects. Every such
//! schedule is walked with the relay's own code, and after each of them the phones are looked at.
//!
//! A webhook's work has two steps, between which all others may go on: it reads, and it decides and keeps.
//! What is kept goes by what was read, however old that is by then. A text to a person's phone is one step.
//! What else the relay sends leaves at once. Schedules that come to the same state are walked on from there
//! once, and counted each.
//!
//! A model checker such as `stateright` walks a model, and would need the relay's handlers rewritten as its
//! actors. The walk itself is `Walk::from`, and short.

mod check;
mod parts;
mod state;
mod texts;

use std::collections::HashMap;
use std::time::Instant;

use parts::Mistake;
use state::{Once, State};
use texts::Script;
use texts::Text::{Answers, Asks, Chooses, Passes, Tags};

/// The schedules from here on.
#[derive(Default)]
struct Walk {
    /// How many there are from each state that was seen.
    seen: HashMap<u64, u128>,
    steps: u64,
    /// The first schedule that went wrong, with what did.
    wrong: Option<(Vec<String>, Vec<String>)>,
}

impl Walk {
    /// How many schedules there are from this state on. Stops where one goes wrong.
    fn from(&mut self, state: &State, so_far: &mut Vec<String>) -> u128 {
        let digest = state.digest();
        if let Some(schedules) = self.seen.get(&digest) {
            return *schedules;
        }
        let steps = state.next();
        if steps.is_empty() {
            let violations = check::check(state);
            if !violations.is_empty() {
                self.wrong = Some((so_far.clone(), violations));
            }
        }
        let mut schedules = u128::from(steps.is_empty());
        for (what, next) in steps {
            self.steps += 1;
            so_far.push(what);
            schedules += self.from(&next, so_far);
            so_far.pop();
            if self.wrong.is_some() {
                break;
            }
        }
        self.seen.insert(digest, schedules);
        schedules
    }

    fn of(script: Script, once: Once, mistake: Option<Mistake>) -> (Self, u128) {
        let mut walk = Self::default();
        let first = State::at_first(script, once, mistake);
        let schedules = walk.from(&first, &mut Vec::new());
        (walk, schedules)
    }
}

/// Walks all schedules of a script and prints how many there were.
#[track_caller]
fn is_kept(script: Script, once: Once, at_least: u128) {
    let began = Instant::now();
    let (walk, schedules) = Walk::of(script, once, None);
    let (states, steps, took) = (walk.seen.len(), walk.steps, began.elapsed());
    println!(
        "{script:?}, {once:?}: {schedules} interleavings, {states} states, {steps} steps, {took:.1?}"
    );
    assert!(walk.wrong.is_none(), "{:#?}", walk.wrong);
    assert!(schedules > at_least, "only {schedules} interleavings");
}

#[track_caller]
fn is_caught(once: Once, mistake: Mistake, as_what: &str) {
    let (walk, _) = Walk::of(ONE_PERSON, once, Some(mistake));
    let Some((schedule, violations)) = walk.wrong else {
        panic!("{mistake:?} was not caught in {} steps", walk.steps);
    };
    println!("{mistake:?}: {schedule:?}: {violations:?}");
    let is_it = violations.iter().any(|what| what.starts_with(as_what));
    assert!(is_it, "{violations:?}");
}

const ONE_PERSON: Script = &[Asks(0), Asks(1), Answers(0, 0), Chooses(0, 0)];
const TWO_PEOPLE: Script = &[Asks(0), Asks(1), Passes(0, 0), Answers(1, 0)];
const TAGGED: Script = &[Asks(0), Asks(1), Answers(0, 0), Tags(0, 1)];

#[test]
fn four_texts_with_a_pause() {
    is_kept(TWO_PEOPLE, Once::Pause, 50_000);
}

#[test]
fn three_texts_with_one_that_comes_twice() {
    is_kept(&[Asks(0), Asks(1), Answers(0, 0)], Once::Twice, 5_000);
    is_kept(&[Asks(0), Passes(0, 0), Answers(1, 0)], Once::Twice, 5_000);
}

#[test]
fn three_texts_with_a_handler_that_dies() {
    is_kept(&[Asks(0), Asks(1), Answers(0, 0)], Once::Death, 5_000);
    is_kept(&[Asks(0), Passes(0, 0), Answers(1, 0)], Once::Death, 5_000);
}

#[test]
#[ignore = "takes minutes: make interleavings"]
fn four_texts_with_all_that_may_happen() {
    for once in [Once::Pause, Once::Twice, Once::Death] {
        for script in [ONE_PERSON, TWO_PEOPLE, TAGGED] {
            is_kept(script, once, 50_000);
        }
    }
}

#[test]
fn a_relay_that_knows_one_customer_is_caught() {
    is_caught(Once::Pause, Mistake::KnowsOneCustomer, "misdelivered");
}

#[test]
fn a_relay_that_takes_for_kept_what_is_outdated_is_caught() {
    is_caught(Once::Pause, Mistake::TakesOutdatedForKept, "lost");
}

#[test]
fn a_relay_that_decides_a_webhook_twice_is_caught() {
    is_caught(Once::Twice, Mistake::ForgetsWhatItHas, "doubled");
}

#[test]
fn a_relay_that_does_not_find_what_it_sent_is_caught() {
    is_caught(Once::Death, Mistake::FindsNothing, "doubled");
}
