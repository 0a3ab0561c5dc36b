//! Runs in which the lines have reply numbers: some too few of them, some lose one on the way, and in some
//! weeks pass, so that a number becomes another customer's.

use std::time::Duration;

use fastrand::Rng;
use relay::domain::line::Line;
use relay::domain::phone::PhoneNumber;

use super::script::{Event, Script};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Gives the lines of a script reply numbers. Returns how long is waited before each burst of texts.
pub fn give(dice: &mut Rng, script: &mut Script) -> Vec<Duration> {
    let count = dice.u32(1..5);
    for line in &mut script.lines {
        line.reply_numbers = numbers(line, count);
    }
    // Some of the owner's changes leave out all but the first ones.
    for (_, event) in &mut script.events {
        if let Event::Push(line) = event {
            line.reply_numbers = numbers(line, dice.u32(0..count + 1).max(dice.u32(0..count + 1)));
        }
    }
    if dice.u32(0..6) > 0 {
        return Vec::new();
    }
    // The last text under a number may be much younger than the first of its conversation.
    let pause = |dice: &mut Rng| 7 * 24 * HOUR + HOUR * dice.u32(1..30);
    vec![Duration::ZERO, pause(dice), pause(dice)]
}

fn numbers(line: &Line, count: u32) -> Vec<PhoneNumber> {
    let own: u32 = line.number.expose()[8..].parse().expect("digits");
    let numbers = (0..count).map(|n| format!("+1619555{:04}", 150 + 10 * (own - 100) + n));
    let numbers = numbers.map(|number| PhoneNumber::parse(&number).expect("a number"));
    numbers.collect()
}
