//! When a value ends that is accepted beside the one in force: what is left over would be accepted for
//! ever, from whoever has it.

use jiff::{SignedDuration, Timestamp};

/// For how long a previous value is accepted that does not say until when, from when it was written.
pub const WITHOUT_AN_END: SignedDuration = SignedDuration::from_hours(24);

/// What stands in the variable of an end and is no time. It carries nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no time such as 2026-11-23T18:00:00Z")]
pub struct NotATime;

/// The end that stands there, if one does.
pub fn end_of(until: Option<&str>) -> Result<Option<Timestamp>, NotATime> {
    let until = until.filter(|until| !until.is_empty());
    until
        .map(|until| until.parse().map_err(|_| NotATime))
        .transpose()
}

/// Whether a previous value is not accepted any more. Without an end it is for a day after it was
/// `written`; where nobody knows when that was, it is accepted, and `relay secrets check` fails.
pub fn is_over(until: Option<Timestamp>, written: Option<Timestamp>, now: Timestamp) -> bool {
    let end = until.or_else(|| written?.checked_add(WITHOUT_AN_END).ok());
    end.is_some_and(|end| end < now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_previous_value_ends_when_it_says_or_a_day_after_it_was_written() {
        let at = |hour: i64| Timestamp::from_second(1_780_000_000 + hour * 3600).unwrap();
        for (until, written, now, over) in [
            (Some(1), None, 1, false),
            (Some(1), None, 2, true),
            // What is said counts for more than what is known.
            (Some(90), Some(0), 50, false),
            (None, Some(0), 24, false),
            (None, Some(0), 25, true),
            (None, None, 1000, false),
        ] {
            let found = is_over(until.map(at), written.map(at), at(now));
            assert_eq!(found, over, "{until:?} {written:?} {now}");
        }
        assert_eq!(end_of(None), Ok(None));
        assert_eq!(end_of(Some("")), Ok(None));
        assert_eq!(end_of(Some("tomorrow")), Err(NotATime));
    }
}
