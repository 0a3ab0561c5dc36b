//! What happens in a run besides faults: who is behind the line, who texts, when.

use std::time::Duration;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use relay::duty::{Hours, Override, Presence, Window};
use relay::line::{Line, Person, TimeZone};
use relay::phone::{PhoneNumber, Sender};
use relay::twilio::sandbox::Text;

pub const LINE: &str = "+16195550100";
pub const PUBLIC_URL: &str = "https://relay.example.com";

pub struct Script {
    pub start: Timestamp,
    pub line: Line,
    /// What Twilio is told to call, with its way of repeating what failed.
    pub sms_url: String,
    pub platform: Platform,
    /// By how much the relay's clock is wrong at the start.
    pub ahead: SignedDuration,
    /// How long things go wrong.
    pub bad_for: Duration,
    pub events: Vec<(Duration, Event)>,
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
    Text(Sender, Text),
    Override(String, Option<Override>),
}

pub fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a number in E.164 form")
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
        let line = line(dice);
        let retries = pick(dice, &["", "", "#rc=2&rp=all", "#rc=5&rp=ct,rt,5xx"]);
        let ahead = match dice.u32(0..10) {
            0..6 => 0,
            6..9 => dice.i64(-120..=120),
            _ => dice.i64(-600..=600),
        };
        let texting = pick(dice, &[1, 20, 180]);
        let events = events(dice, &line, start, Duration::from_secs(texting));
        Self {
            start,
            sms_url: format!("{PUBLIC_URL}/twilio/sms{retries}"),
            line,
            platform: pick(dice, &[Platform::Lambda, Platform::OneMachine]),
            ahead: SignedDuration::from_secs(ahead),
            bad_for: Duration::from_secs(60 * pick(dice, &[4, 10, 25, 75])),
            events,
        }
    }
}

fn line(dice: &mut Rng) -> Line {
    let hours = Hours::Weekly(vec![
        Window::parse("Mon-Fri 08:00-18:00").expect("a window"),
    ]);
    let mut people = vec![
        person(
            "Sergio",
            "+16195550110",
            pick(dice, &[hours.clone(), Hours::Always]),
        ),
        person("Backup", "+16195550111", Hours::Always),
    ];
    if dice.u32(0..3) == 0 {
        people.insert(1, person("María", "+16195550112", hours));
    }
    Line {
        name: "qdn".to_owned(),
        number: number(LINE),
        country: "US".to_owned(),
        time_zone: TimeZone::named("America/Los_Angeles").expect("a zone"),
        public_url: PUBLIC_URL.to_owned(),
        people,
        policy: Default::default(),
    }
}

fn person(name: &str, at: &str, hours: Hours) -> Person {
    Person {
        name: name.to_owned(),
        number: number(at),
        hours,
    }
}

/// Texts, and now and then somebody who goes away or comes back.
fn events(
    dice: &mut Rng,
    line: &Line,
    start: Timestamp,
    within: Duration,
) -> Vec<(Duration, Event)> {
    let texts = pick(dice, &[1, 1, 2, 3, 5]);
    let mut events = Vec::new();
    let mut at = Duration::ZERO;
    for n in 0..texts {
        at += within.mul_f64(dice.f64() / f64::from(texts));
        let from = match dice.u32(0..20) {
            0..9 => "+16195550107",
            9..17 => "+18585550108",
            17 => "22395",
            18 => line.people[0].number.expose(),
            _ => "ACME",
        };
        let from = Sender::parse(from);
        let body = match dice.u32(0..10) {
            // The same words again, as people do who wait for an answer.
            0..3 => "Are you open?".to_owned(),
            3 => format!("Text {n}. {}", "All about it, at length. ".repeat(140)),
            _ => format!("Text {n}"),
        };
        let copies = if dice.u32(0..12) == 0 { 2 } else { 1 };
        let text = match dice.u32(0..12) {
            0 => Text::new("").media(vec!["https://media.example.com/van.jpg".to_owned()]),
            _ => Text::new(body),
        };
        events.push((at, Event::Text(from, text.copies(copies))));
    }
    if dice.u32(0..4) == 0 {
        let who = pick(dice, &line.people).name.clone();
        let presence = pick(dice, &[Presence::Away, Presence::On]);
        let until = Some(start + Duration::from_secs(600));
        let to = pick(dice, &[None, Some(Override { presence, until })]);
        events.push((within.mul_f64(dice.f64()), Event::Override(who, to)));
    }
    events
}

fn pick<T: Clone>(dice: &mut Rng, from: &[T]) -> T {
    from[dice.usize(..from.len())].clone()
}
