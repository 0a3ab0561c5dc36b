//! What happens in a run besides faults: who texts when, and what the owner does.

use std::time::Duration;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use relay::domain::duty::{Override, Presence};
use relay::domain::line::Line;
use relay::domain::phone::{PhoneNumber, Sender};
use relay::sandbox::Text;

use super::lines::{self, PUBLIC_URL};

pub struct Script {
    pub start: Timestamp,
    pub lines: Vec<Line>,
    /// What Twilio is told to call, with its way of repeating what failed.
    pub sms_url: String,
    pub platform: Platform,
    /// By how much the relay's clock is wrong at the start.
    pub ahead: SignedDuration,
    /// How long things go wrong.
    pub bad_for: Duration,
    pub events: Vec<(Duration, Event)>,
    /// How often the owner replays what is dead once all is at rest.
    pub replays: u32,
}

/// Where the relay runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Each handler dies by itself, at its time limit at the latest; the queue waits 15 minutes at
    /// most.
    Lambda,
    /// All die together, and nothing has a time limit.
    OneMachine,
}

pub enum Event {
    Text {
        from: Sender,
        to: PhoneNumber,
        text: Text,
    },
    Override {
        line: PhoneNumber,
        person: String,
        to: Option<Override>,
    },
    /// The owner pushes another configuration of the line.
    Push(Box<Line>),
}

impl Script {
    pub fn write(dice: &mut Rng) -> Self {
        let start = pick(
            dice,
            &[
                "2026-11-23T18:00:00Z", // a Monday morning in San Diego
                "2026-11-24T01:58:00Z", // the end of the day's duty
                "2026-11-22T23:59:30Z", // a Sunday, and midnight in Twilio's time
                "2026-11-01T08:55:00Z", // clocks go back
            ],
        );
        let start: Timestamp = start.parse().expect("an instant");
        let lines = lines::write(dice);
        let retries = pick(dice, &["", "", "#rc=2&rp=all", "#rc=5&rp=ct,rt,5xx"]);
        let ahead = match dice.u32(0..10) {
            0..6 => 0,
            6..9 => dice.i64(-120..=120),
            _ => dice.i64(-600..=600),
        };
        let texting = Duration::from_secs(pick(dice, &[1, 20, 180]));
        let mut events = texts(dice, &lines, texting);
        events.extend(the_owners(dice, &lines, start, texting));
        Self {
            start,
            sms_url: format!("{PUBLIC_URL}/twilio/sms{retries}"),
            lines,
            platform: pick(dice, &[Platform::Lambda, Platform::OneMachine]),
            ahead: SignedDuration::from_secs(ahead),
            bad_for: Duration::from_secs(60 * pick(dice, &[4, 10, 25, 75])),
            events,
            replays: pick(dice, &[0, 0, 1, 2]),
        }
    }
}

fn texts(dice: &mut Rng, lines: &[Line], within: Duration) -> Vec<(Duration, Event)> {
    let texts = pick(dice, &[1, 1, 2, 3, 5]);
    let mut events = Vec::new();
    let mut at = Duration::ZERO;
    for n in 0..texts {
        at += within.mul_f64(dice.f64() / f64::from(texts));
        let line = pick(dice, lines);
        let from = match dice.u32(0..20) {
            0..9 => "+16195550107",
            9..17 => "+18585550108",
            17 => "22395",
            18 => line.people[0].number.expose(),
            _ => "ACME",
        };
        let is_person = line.people[0].number.expose() == from;
        let event = Event::Text {
            from: Sender::parse(from),
            to: line.number.clone(),
            text: if is_person && dice.u32(0..2) == 0 {
                Text::new(pick(dice, &["STOP", "STOP", "START"]))
            } else {
                text(dice, n)
            },
        };
        events.push((at, event));
    }
    events
}

fn text(dice: &mut Rng, n: u32) -> Text {
    let words = match dice.u32(0..10) {
        // The same words again, as people do who wait for an answer.
        0..3 => "Are you open?".to_owned(),
        3 => format!("Text {n}. {}", "All about it, at length. ".repeat(140)),
        _ => format!("Text {n}"),
    };
    let media = vec!["https://media.example.com/van.jpg".to_owned()];
    let text = match dice.u32(0..16) {
        0 => Text::new("").media(media),
        1 => Text::new(words).media(media),
        _ => Text::new(words),
    };
    text.copies(if dice.u32(0..12) == 0 { 2 } else { 1 })
}

/// Somebody goes away or comes back, or is somebody else.
fn the_owners(
    dice: &mut Rng,
    lines: &[Line],
    start: Timestamp,
    within: Duration,
) -> Vec<(Duration, Event)> {
    let mut events = Vec::new();
    if dice.u32(0..4) == 0 {
        let line = pick(dice, lines);
        let presence = pick(dice, &[Presence::Away, Presence::On]);
        let until = Some(start + Duration::from_secs(600));
        let event = Event::Override {
            person: pick(dice, &line.people).name,
            line: line.number,
            to: pick(dice, &[None, Some(Override { presence, until })]),
        };
        events.push((within.mul_f64(dice.f64()), event));
    }
    if dice.u32(0..6) == 0 {
        let line = pick(dice, lines);
        let push = Event::Push(Box::new(lines::change(dice, line)));
        events.push((within.mul_f64(2.0 * dice.f64()), push));
    }
    events
}

pub fn pick<T: Clone>(dice: &mut Rng, from: &[T]) -> T {
    from[dice.usize(..from.len())].clone()
}
