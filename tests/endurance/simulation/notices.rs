//! Runs in which a line's subscribers are told of an event, and of what becomes of it: in the same
//! bad weather, and with the checks that matter to them.

use std::time::Duration;

use fastrand::Rng;
use relay::domain::line::Topic;
use relay::domain::phone::{PhoneNumber, Sender};
use relay::domain::request as payload;
use relay::domain::request::NoticeRequest;
use relay::sandbox::Text;
use serde_json::{Value, json};

use super::Run;
use super::check::{Endings, check_notices};
use super::mistakes::{Mistake, is_caught_by};
use super::report::Report;
use super::script::{Event, Script, pick};
use super::world::World;

/// Long after the last fault.
const EXPIRES_AFTER: Duration = Duration::from_secs(135 * 60);

pub fn run(seed: u64, mistake: Option<Mistake>, trace: bool) -> Run {
    let mut dice = Rng::with_seed(seed);
    let mut script = Script::write(&mut dice);
    script.events.clear();
    script.replays = 0;
    script.lines.truncate(1);
    let line = &mut script.lines[0];
    line.notices.quiet_hours = None;
    line.notices.segments_a_minute = pick(&mut dice, &[20, 60, 600, 6_000]);
    line.notices.topics = vec![Topic {
        confirm: false,
        name: "events".to_owned(),
        keyword: "EVENTS".to_owned(),
        about: "new events".to_owned(),
    }];
    let number = line.number.clone();
    let subscribers: Vec<_> = (0..dice.u32(2..9)).map(subscriber).collect();
    for subscriber in &subscribers {
        if dice.u32(0..6) == 0 {
            let stops = Event::Text {
                from: Sender::Phone(subscriber.clone()),
                to: number.clone(),
                text: Text::new("STOP"),
            };
            let at = Duration::from_secs(dice.u64(0..240));
            script.events.push((at, stops));
        }
    }
    let requests = requests(&mut dice, &script);
    let calls_back = dice.u32(0..6) == 0;
    let mut world = World::of(script, dice, mistake, trace);
    world.will_tell(subscribers, requests, calls_back);
    world.run();
    Run {
        seed,
        texts: world.texts,
        acknowledged: world.acknowledged.len(),
        faults: world.weather.counts(),
        endings: Endings::default(),
        violations: check_notices(&world),
    }
}

fn subscriber(n: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("+1619555{:04}", 2_000 + n)).expect("a number")
}

/// An event is published, may change up to twice, and may be called off.
fn requests(dice: &mut Rng, script: &Script) -> Vec<NoticeRequest> {
    let mut templates = vec!["event_published"];
    templates.extend(pick(dice, &[None, Some("event_changed")]));
    templates.extend(pick(dice, &[None, None, Some("event_changed")]));
    templates.extend(pick(dice, &[None, None, Some("event_cancelled")]));
    let mut requests = Vec::new();
    for (n, template) in templates.into_iter().enumerate() {
        let later = pick(dice, &[None, None, Some(300)]);
        let not_before = later.map(|seconds| script.start + Duration::from_secs(seconds));
        requests.push(request(json!({
            "topic": "events", "template": template, "subject": "zurek",
            "data": {"name": "Zurek", "starts": format!("2027-04-{}T18:00:00-07:00", 20 + n)},
            "idempotency_key": format!("zurek-{n}"),
            "not_before": not_before,
            "expires": script.start + EXPIRES_AFTER,
        })));
    }
    requests
}

fn request(mut json: Value) -> NoticeRequest {
    let fields = json.as_object_mut().expect("an object");
    fields.retain(|_, value| !value.is_null());
    payload::notice(json.to_string().as_bytes()).expect("a good request")
}

#[test]
fn subscribers_hear_of_an_event_once_and_rightly_in_five_hundred_runs() {
    let report = Report::of(0..500, |seed| run(seed, None, false));
    assert!(report.violations.is_empty(), "{report}");
}

#[test]
fn a_run_with_notices_is_the_same_for_the_same_seed() {
    for seed in 0..10 {
        assert_eq!(run(seed, None, false), run(seed, None, false));
    }
}

/// What `make simulate-notices` runs: `SEEDS` runs from `FIRST_SEED` on, or the one of `SEED` with a
/// trace.
#[test]
#[ignore = "runs as long as it is asked to"]
fn as_many_runs_as_asked_for() {
    let report = super::as_many(run);
    println!("{report}");
    assert!(
        report.violations.is_empty(),
        "somebody was not told rightly"
    );
}

#[track_caller]
fn is_caught(mistake: Mistake, as_what: &str) {
    is_caught_by(run, mistake, 200, as_what);
}

#[test]
fn a_page_that_makes_its_texts_anew_when_it_is_done_again_is_caught() {
    is_caught(Mistake::SpawnsAgain, "doubled");
}

#[test]
fn a_change_that_does_not_know_what_came_before_it_is_caught() {
    is_caught(Mistake::KnowsNoEarlierNotice, "out of date");
}

#[test]
fn a_fan_out_that_leaves_somebody_out_is_caught() {
    is_caught(Mistake::LeavesOneOut, "missed");
}
