//! A person's PIN for commands, since anybody can forge the number that a text comes from.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{PersonState, is_ahead};
use crate::domain::line::pin::Pin;

/// How many wrong PINs in a row are too many.
pub const TRIES: u32 = 3;

/// For how long after too many of them no PIN is looked at.
const LOCKED_FOR: SignedDuration = SignedDuration::from_mins(15);

/// Wrong PINs in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongPins {
    pub count: u32,
    pub last: Timestamp,
}

impl WrongPins {
    fn still_count(&self, now: Timestamp) -> bool {
        now < self.last + LOCKED_FOR && !is_ahead(self.last, now)
    }
}

/// What a command shows of its writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// They need no PIN, or gave the right one.
    Enough,
    /// The PIN is missing.
    Missing,
    /// It is wrong; so many more may be.
    Wrong { left: u32 },
    /// Too many were wrong: none is looked at until then. `now_locked`: this was the last of them.
    Locked { until: Timestamp, now_locked: bool },
}

impl PersonState {
    /// Whether the last of too many wrong PINs came now.
    pub fn is_locked_now(&self, now: Timestamp) -> bool {
        let wrong = self.wrong_pins.as_ref();
        wrong.is_some_and(|wrong| wrong.count == TRIES && wrong.last == now)
    }

    /// Looks at the PIN that the person gave, and counts a wrong one.
    pub fn prove(&mut self, pin: Option<&Pin>, given: Option<&str>, now: Timestamp) -> Proof {
        let Some(pin) = pin else { return Proof::Enough };
        let wrong = self.wrong_pins.filter(|wrong| wrong.still_count(now));
        let count = wrong.map_or(0, |wrong| wrong.count);
        if let Some(wrong) = wrong.filter(|wrong| wrong.count >= TRIES) {
            return Proof::Locked {
                until: wrong.last + LOCKED_FOR,
                now_locked: false,
            };
        }
        let Some(given) = given else {
            return Proof::Missing;
        };
        if pin.is(given) {
            self.wrong_pins = None;
            return Proof::Enough;
        }
        self.wrong_pins = Some(WrongPins {
            count: count + 1,
            last: now,
        });
        match TRIES - count - 1 {
            0 => Proof::Locked {
                until: now + LOCKED_FOR,
                now_locked: true,
            },
            left => Proof::Wrong { left },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap()
    }

    #[test]
    fn three_wrong_pins_in_a_row_lock_commands_for_a_while() {
        let pin = Pin::parse("4711").unwrap();
        let mut state = PersonState::default();
        let mut gives = |given, minute| state.prove(Some(&pin), Some(given), at(minute));
        assert_eq!(gives("0000", 0), Proof::Wrong { left: 2 });
        assert_eq!(gives("4711", 1), Proof::Enough, "and it counts anew");
        assert_eq!(gives("0000", 2), Proof::Wrong { left: 2 });
        assert_eq!(gives("47111", 3), Proof::Wrong { left: 1 });
        let locked = |now_locked| Proof::Locked {
            until: at(19),
            now_locked,
        };
        assert_eq!(gives("1174", 4), locked(true));
        assert_eq!(gives("4711", 5), locked(false));
        assert_eq!(gives("4711", 18), locked(false));
        assert_eq!(gives("4711", 19), Proof::Enough);
    }

    #[test]
    fn a_clock_that_was_ahead_for_a_moment_locks_nobody_out() {
        let pin = Pin::parse("4711").unwrap();
        for ahead in [24 * 60, 10 * 365 * 24 * 60] {
            let mut state = PersonState::default();
            for _ in 0..3 {
                state.prove(Some(&pin), Some("0000"), at(ahead));
            }
            assert_eq!(state.prove(Some(&pin), Some("4711"), at(0)), Proof::Enough);
        }
    }

    #[test]
    fn whoever_has_a_pin_has_to_give_it() {
        let pin = Pin::parse("4711").unwrap();
        let mut state = PersonState::default();
        assert_eq!(state.prove(Some(&pin), None, at(0)), Proof::Missing);
        assert_eq!(state.prove(None, None, at(0)), Proof::Enough);
        assert_eq!(state, PersonState::default());
    }

    #[test]
    fn a_pin_never_prints_itself() {
        let pin = Pin::parse("4711").unwrap();
        assert_eq!(format!("{pin:?}"), "[redacted]");
        for text in ["", "123", "123456789", "12a4", "-123", "１２３４"] {
            assert!(Pin::parse(text).is_err(), "{text}");
        }
    }
}
