//! Runs with people at their phones: customers write, whoever is on duty reads, thinks and answers, is
//! asked, changes their mind, passes customers on and goes away, all at once and in the same bad weather.
//! Everybody's intention is known: no answer may reach a customer whom it was not meant for.

use std::time::Duration;

use fastrand::Rng;
use relay::domain::phone::Sender;
use relay::sandbox::Text;

use super::Run;
use super::mistakes::{Mistake, is_caught_by};
use super::reply_numbers;
use super::report::Report;
use super::script::{Event, Script, pick};
use super::world::World;

const MINUTE: Duration = Duration::from_secs(60);

pub fn run(seed: u64, mistake: Option<Mistake>, trace: bool) -> Run {
    let mut dice = Rng::with_seed(seed);
    let mut script = Script::write(&mut dice);
    script.replays = 0;
    for line in &mut script.lines {
        line.policy.conversation_for = MINUTE * pick(&mut dice, &[90, 90, 240]);
        line.policy.answer_within = pick(&mut dice, &[None, None, Some(15 * MINUTE)]);
        line.policy.sender_limit = 20;
    }
    script.bad_for = MINUTE * pick(&mut dice, &[10, 75, 150]);
    script
        .events
        .retain(|(_, event)| !matches!(event, Event::Text { .. }));
    let mut pauses = vec![];
    if seed % 2 == 1 {
        pauses = reply_numbers::give(&mut Rng::with_seed(seed ^ 1), &mut script);
    }
    let bursts = texts(&mut dice, &script, &pauses);
    script.events.extend(bursts);
    let mut world = World::of(script, dice, mistake, trace);
    world.will_answer(pauses.iter().sum());
    world.run();
    super::seen(seed, &world, trace)
}

/// Several customers write within minutes; and again, when earlier conversations are just over, or after
/// one of these pauses.
fn texts(dice: &mut Rng, script: &Script, pauses: &[Duration]) -> Vec<(Duration, Event)> {
    let conversation_for = script.lines[0].policy.conversation_for;
    let mut begin = Duration::from_secs(dice.u64(0..60));
    let mut events = Vec::new();
    for burst in 0..dice.usize(1..4) {
        begin += pauses.get(burst).copied().unwrap_or_default();
        for _ in 0..dice.u32(1..6) {
            let at = begin + Duration::from_secs(dice.u64(0..400));
            let customer = format!("+1858555{:04}", 101 + dice.u32(0..4));
            let text = match dice.u32(0..12) {
                0 => Text::new("").media(vec!["https://media.example.com/van.jpg".to_owned()]),
                1 => Text::new(format!(
                    "Text {}. {}",
                    events.len(),
                    "At length. ".repeat(200)
                )),
                2 | 3 => Text::new("Are you open?"),
                _ => Text::new(format!("Text {}", events.len())),
            };
            let event = Event::Text {
                from: Sender::parse(&customer),
                to: pick(dice, &script.lines).number,
                text: text.copies(if dice.u32(0..12) == 0 { 2 } else { 1 }),
            };
            events.push((at, event));
        }
        begin += match dice.u32(0..3) {
            0 => 10 * MINUTE,
            1 => conversation_for + Duration::from_secs(dice.u64(0..900)),
            _ => conversation_for + Duration::from_secs(dice.u64(0..120)),
        };
    }
    events
}

#[test]
fn answers_reach_whom_they_are_meant_for_in_five_hundred_runs() {
    let report = Report::of(0..500, |seed| run(seed, None, false));
    assert!(report.violations.is_empty(), "{report}");
}

#[test]
fn a_run_with_people_is_the_same_for_the_same_seed() {
    for seed in 0..10 {
        assert_eq!(run(seed, None, false), run(seed, None, false));
    }
}

/// What `make simulate-people` runs: `SEEDS` runs from `FIRST_SEED` on, or the one of `SEED` with a
/// trace.
#[test]
#[ignore = "runs as long as it is asked to"]
fn as_many_runs_as_asked_for() {
    let report = super::as_many(run);
    println!("{report}");
    assert!(report.violations.is_empty(), "an answer went astray");
}

#[track_caller]
fn is_caught(mistake: Mistake, as_what: &str) {
    is_caught_by(run, mistake, 400, as_what);
}

#[test]
fn a_relay_that_forgets_who_waits_is_caught() {
    is_caught(Mistake::ForgetsWhoWaits, "misdelivered");
}

#[test]
fn a_relay_that_sends_reactions_is_caught() {
    is_caught(Mistake::SendsReactions, "misdelivered");
}

#[test]
fn a_reply_number_that_is_another_customers_too_soon_is_caught() {
    is_caught(Mistake::ReusesReplyNumbers, "misdelivered");
}

#[test]
fn a_relay_that_takes_the_first_customer_for_the_only_one_is_caught() {
    is_caught(Mistake::KnowsOneCustomer, "misdelivered");
}

#[test]
fn texts_that_leave_in_any_order_are_caught() {
    is_caught(Mistake::KeepsNoOrder, "out of order");
}

#[test]
fn a_text_that_waits_and_is_forgotten_is_caught() {
    is_caught(Mistake::ForgetsWhatWaits, "misdelivered");
}

#[test]
fn a_reply_number_that_is_taken_for_another_is_caught() {
    is_caught(Mistake::MixesUpReplyNumbers, "misdelivered");
}
