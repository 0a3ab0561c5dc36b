//! The lines of a run and the people behind them.

use std::time::Duration;

use fastrand::Rng;
use relay::domain::line::policy::Retry;
use relay::domain::line::{Hours, Window};
use relay::domain::line::{Line, Person, Policy};
use relay::domain::phone::PhoneNumber;
use relay::domain::time_zone::TimeZone;

use super::script::pick;

pub const PUBLIC_URL: &str = "https://relay.example.com";

/// One line, or two of which some people are behind both.
pub fn write(dice: &mut Rng) -> Vec<Line> {
    let mut first = vec![
        person("Sergio", "+16195550110", some_hours(dice)),
        person("Backup", "+16195550111", Hours::Always),
    ];
    if dice.u32(0..3) == 0 {
        first.insert(1, person("María", "+16195550112", day()));
    }
    let policy = policy(dice);
    let mut lines = vec![line("qdn", "+16195550100", first, &policy)];
    if dice.u32(0..4) == 0 {
        let people = vec![
            person("Ana", "+16195550113", some_hours(dice)),
            person("Backup", "+16195550111", Hours::Always),
        ];
        lines.push(line("harbour", "+16195550101", people, &policy));
    }
    lines
}

/// The line with other people behind it.
pub fn change(dice: &mut Rng, mut line: Line) -> Line {
    let last = line.people.len() - 1;
    match dice.u32(0..5) {
        4 => line.policy = policy(dice),
        0 => line.people[0].number = number("+16195550120"),
        1 => line.people[last].number = number("+16195550121"),
        2 => line
            .people
            .insert(last, person("Lucía", "+16195550122", Hours::Always)),
        _ => drop(line.people.remove(0)),
    }
    line
}

/// How hard the lines try, and whether the owner has a number for alerts.
fn policy(dice: &mut Rng) -> Policy {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    // The owner's own phone, or the backup's.
    let alert = pick(
        dice,
        &[
            None,
            Some("+16195550130"),
            Some("+16195550130"),
            Some("+16195550111"),
        ],
    );
    Policy {
        hand_over_after: pick(dice, &[minutes(3), minutes(3), minutes(1), minutes(10)]),
        deliver_within: pick(dice, &[minutes(60), minutes(60), minutes(20)]),
        alert: alert.map(number),
        sender_limit: pick(dice, &[20, 20, 20, 1, 2]),
        // The simulation of people has customers who wait for answers.
        answer_within: None,
        retry: Retry {
            first: Duration::from_secs(pick(dice, &[5, 5, 1, 30])),
            longest: minutes(pick(dice, &[15, 15, 1])),
        },
        ..Policy::default()
    }
}

fn line(name: &str, at: &str, people: Vec<Person>, policy: &Policy) -> Line {
    Line {
        name: name.to_owned(),
        number: number(at),
        country: "US".to_owned(),
        language: Default::default(),
        time_zone: TimeZone::named("America/Los_Angeles").expect("a zone"),
        public_url: PUBLIC_URL.to_owned(),
        people,
        policy: policy.clone(),
        notices: Default::default(),
        retention: Default::default(),
        auto_reply: None,
        voice: None,
        reply_numbers: Vec::new(),
    }
}

fn some_hours(dice: &mut Rng) -> Hours {
    pick(dice, &[day(), Hours::Always])
}

fn day() -> Hours {
    Hours::Weekly(vec![
        Window::parse("Mon-Fri 08:00-18:00").expect("a window"),
    ])
}

fn person(name: &str, at: &str, hours: Hours) -> Person {
    Person {
        name: name.to_owned(),
        number: number(at),
        hours,
        pin: None,
        may_write_first: false,
        calls: Default::default(),
        unscreened: false,
    }
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).expect("a number in E.164 form")
}
