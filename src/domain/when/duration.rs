use jiff::{Span, ToSpan};

use super::token::Token::{Number, Sign, Word};
use super::token::{Tokens, number, number_word};

/// Names, days of the calendar and minutes of each unit.
const UNITS: [(&str, f64, f64); 5] = [
    ("m min mins minute minutes", 0.0, 1.0),
    ("h hr hrs hour hours", 0.0, 60.0),
    ("d day days", 1.0, 0.0),
    ("w wk wks week weeks", 7.0, 0.0),
    ("month months", 30.0, 0.0),
];

/// `90m`, `2 hours`, `1.5h`, `1h30`, `an hour and a half`, `a week`. Days are those of the calendar, and
/// may have 23 hours; hours are hours.
pub fn duration(tokens: Tokens) -> Option<Span> {
    let mut rest = match tokens {
        [rest @ .., Word("from"), Word("now")] | [Word("the"), Word("next"), rest @ ..] => rest,
        all => all,
    };
    let (mut days, mut minutes) = (0.0, 0.0);
    if let [Number(alone)] = rest {
        // Minutes: 5 is an hour to everybody, 10 may be either.
        let alone = number(alone, 2).filter(|n| (10..=90).contains(n) && n % 5 == 0)?;
        return 0.days().try_minutes(alone).ok();
    }
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (amount, after) = amount(rest)?;
        let (half, after) = and_a_half(after);
        let [Word(name), after @ ..] = after else {
            return None;
        };
        let is_unit = |unit: &&(&str, f64, f64)| unit.0.split(' ').any(|unit| unit == *name);
        let (_, unit_days, unit_minutes) = UNITS.iter().find(is_unit)?;
        let (more, after) = and_a_half(after);
        let amount = amount + half + more;
        days += unit_days * amount;
        minutes += unit_minutes * amount;
        rest = match after {
            // 1h30; 17h30 is a time.
            [Number(last)] if *name == "h" && last.len() == 2 && amount <= 12.0 => {
                minutes += number(last, 2)? as f64;
                &[]
            }
            [Word("and"), after @ ..] if !after.is_empty() => after,
            after => after,
        };
    }
    let minutes = (minutes + days.fract() * 24.0 * 60.0).round();
    (days.trunc() as i64)
        .days()
        .try_minutes(minutes as i64)
        .ok()
}

fn amount(tokens: Tokens) -> Option<(f64, Tokens)> {
    Some(match tokens {
        [Word("half"), Word("a" | "an"), rest @ ..]
        | [Word("a"), Word("half"), rest @ ..]
        | [Word("half"), rest @ ..] => (0.5, rest),
        [Word("a" | "an"), rest @ ..] => (1.0, rest),
        [Number(whole), Sign('.' | ','), Number(part), rest @ ..] if whole.len() <= 6 => {
            (format!("{whole}.{part}").parse().ok()?, rest)
        }
        [Number(whole), rest @ ..] => (number(whole, 6)? as f64, rest),
        [Word(word), rest @ ..] => (number_word(word)? as f64, rest),
        _ => return None,
    })
}

fn and_a_half(tokens: Tokens) -> (f64, Tokens) {
    match tokens {
        [Word("and"), Word("a"), Word("half"), rest @ ..] => (0.5, rest),
        rest => (0.0, rest),
    }
}
