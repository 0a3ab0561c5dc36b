use jiff::{SignedDuration, Timestamp};

use super::{Command, Unclear};
use crate::domain::line::Line;
use crate::domain::when::{Before, Reading, in_english, read};

/// Nobody remembers for longer that they are away. Clocks may go back in 30 days.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24 + 1);

/// What AWAY with these words behind it asks for. None: they may be anything, as in "away games". What is
/// no time in English may be one in Spanish.
pub(super) fn away(words: &str, now: Timestamp, line: &Line) -> Option<Result<Command, Unclear>> {
    let english = in_english(words);
    match in_english_words(words, now, line) {
        None | Some(Err(Unclear::NoTime)) if english != words => {
            in_english_words(&english, now, line)
        }
        read => read,
    }
}

/// What FUERA with these words behind it asks for: `mar 8` is Tuesday here.
pub(super) fn fuera(words: &str, now: Timestamp, line: &Line) -> Option<Result<Command, Unclear>> {
    // Of what somebody is out of: of the office.
    let is_of = words.split_whitespace().next() == Some("de");
    in_english_words(&in_english(words), now, line).filter(|_| !is_of)
}

fn in_english_words(words: &str, now: Timestamp, line: &Line) -> Option<Result<Command, Unclear>> {
    let words = words.trim();
    if words.is_empty() {
        return Some(Ok(Command::Away(None)));
    }
    let first = words.split(' ').next().unwrap_or_default();
    if let ("in", Some((_, time))) = (first, words.split_once(' ')) {
        let ways = read(time, Before::Nothing, now, line.clock());
        return (!ways.is_empty()).then_some(Err(Unclear::NotYet));
    }
    let is_until = matches!(first, "until" | "till" | "til" | "to");
    let ways = read(words, Before::Nothing, now, line.clock());
    let ends: Vec<_> = ways.iter().map(|way| end(way, is_until, now)).collect();
    let until = match ends[..] {
        // Whoever is "away for lunch" says no more than that.
        [] if is_until && first != "to" || first == "for" => Err(Unclear::NoTime),
        [] if first.starts_with(|c: char| c.is_ascii_digit()) => Err(Unclear::NoTime),
        [] => return None,
        [Ok(one), Ok(other), ..] => Err(Unclear::TwoWays(one, other)),
        [Ok(_), Err(unclear), ..] => Err(unclear),
        [end, ..] => end,
    };
    Some(until.and_then(|until| allowed(until, now)))
}

/// What `back in 10 min` or `back at 5` asks for: to be away until then. None: it is no time.
pub(super) fn back(
    words: &[&str],
    now: Timestamp,
    line: &Line,
) -> Option<Result<Command, Unclear>> {
    let time = match words {
        // Nobody is back in five o'clock.
        ["in", count] if count.bytes().all(|b| b.is_ascii_digit()) => format!("until {count} min"),
        ["in" | "at" | "by", time @ ..] => format!("until {}", time.join(" ")),
        _ => return None,
    };
    let is_time = !read(&time, Before::Nothing, now, line.clock()).is_empty();
    in_english_words(&time, now, line).filter(|_| is_time)
}

/// The same of `vuelvo en 10 min` or `regreso a las 5`.
pub(super) fn vuelvo(
    words: &[&str],
    now: Timestamp,
    line: &Line,
) -> Option<Result<Command, Unclear>> {
    let english = in_english(&words.join(" "));
    let english: Vec<&str> = english.split_whitespace().collect();
    match words {
        ["en" | "dentro" | "a" | "al", ..] => back(&english, now, line),
        // The sea is no Tuesday: "regreso del mar".
        ["de" | "del", ..] | [] => None,
        // El lunes, mañana.
        _ => back(&[&["at"], &english[..]].concat(), now, line),
    }
}

/// When somebody is back who is away from now on. A day that begins later is not meant so.
fn end(way: &Reading, is_until: bool, now: Timestamp) -> Result<Timestamp, Unclear> {
    if is_until || way.from == way.to {
        return Ok(way.at);
    }
    if now < way.from {
        return Err(Unclear::Later(way.to));
    }
    Ok(way.to)
}

fn allowed(until: Timestamp, now: Timestamp) -> Result<Command, Unclear> {
    if until <= now {
        return Err(Unclear::Past);
    }
    if until.duration_since(now) > LONGEST {
        return Err(Unclear::TooLong);
    }
    Ok(Command::Away(Some(until)))
}
