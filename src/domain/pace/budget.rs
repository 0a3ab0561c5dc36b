//! How many segments may go out on one day that nobody of the line wrote: what strangers and programs
//! can make a line spend has an end.

use jiff::{SignedDuration, Timestamp};

use super::Key;
use crate::domain::phone::PhoneNumber;
use crate::domain::time_zone::TimeZone;

/// A day's segments, by the line's clock. The next day has a key of its own, so that nothing has to be
/// set back, and a clock that is wrong for a moment spends of another day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    pub key: Key,
    pub most: u32,
    /// When the next day begins.
    pub until: Timestamp,
}

/// What asking for segments came to. `used` is with those that were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    Yes {
        used: u32,
    },
    /// It would have been more than the day's: nothing was taken.
    Not {
        used: u32,
    },
}

impl Budget {
    /// What a line sends without anybody's hand: notices, invitations, answers to keywords, automatic
    /// replies.
    pub fn line(line: &PhoneNumber, most: u32, zone: &TimeZone, now: Timestamp) -> Self {
        Self::of(&format!("line#{}", line.expose()), most, zone, now)
    }

    /// What one program asks for over HTTP.
    pub fn caller(name: &str, most: u32, zone: &TimeZone, now: Timestamp) -> Self {
        Self::of(&format!("caller#{name}"), most, zone, now)
    }

    fn of(whose: &str, most: u32, zone: &TimeZone, now: Timestamp) -> Self {
        let day = zone.at(now).date();
        let until = day.tomorrow().and_then(|day| zone.midnight(day));
        let in_a_day = || now.checked_add(SignedDuration::from_hours(24));
        Self {
            key: Key(format!("spent#{whose}#{day}")),
            most,
            until: until.or_else(|_| in_a_day()).unwrap_or(Timestamp::MAX),
        }
    }

    /// What is used with these segments, unless that would be too much.
    pub fn with(&self, used: u32, segments: u32) -> Spent {
        match used.checked_add(segments) {
            Some(used) if used <= self.most => Spent::Yes { used },
            _ => Spent::Not { used },
        }
    }

    /// Whether whoever looks after the line is to be told: these segments were those that brought it to
    /// four fifths, or there are not enough left though it is not that far yet.
    pub fn is_to_be_told(&self, segments: u32, spent: Spent) -> bool {
        let is_far = |used: u32| u64::from(used) * 5 >= u64::from(self.most) * 4;
        match spent {
            Spent::Yes { used } => is_far(used) && !is_far(used.saturating_sub(segments)),
            Spent::Not { used } => !is_far(used),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(most: u32, now: &str) -> Budget {
        let line = PhoneNumber::parse("+16195550100").unwrap();
        let zone = TimeZone::named("America/Los_Angeles").unwrap();
        Budget::line(&line, most, &zone, now.parse().unwrap())
    }

    #[test]
    fn a_day_is_the_lines_and_ends_at_its_midnight() {
        let evening = budget(100, "2026-11-21T07:59:59Z");
        let midnight = budget(100, "2026-11-21T08:00:00Z");
        assert_eq!(evening.until, "2026-11-21T08:00:00Z".parse().unwrap());
        assert_eq!(midnight.until, "2026-11-22T08:00:00Z".parse().unwrap());
        assert!(evening.key != midnight.key);
        assert!(evening.key.expose().ends_with("#2026-11-20"));
    }

    #[test]
    fn no_more_than_the_days_is_given() {
        let budget = budget(100, "2026-11-20T18:00:00Z");
        assert_eq!(budget.with(98, 2), Spent::Yes { used: 100 });
        assert_eq!(budget.with(98, 3), Spent::Not { used: 98 });
        assert_eq!(budget.with(u32::MAX, 1), Spent::Not { used: u32::MAX });
    }

    #[test]
    fn the_owner_is_told_once_when_four_fifths_are_reached() {
        let budget = budget(100, "2026-11-20T18:00:00Z");
        let mut used = 0;
        let told: Vec<u32> = (0..50)
            .filter_map(|_| {
                let spent = budget.with(used, 3);
                let is_told = budget.is_to_be_told(3, spent);
                if let Spent::Yes { used: now } = spent {
                    used = now;
                }
                is_told.then_some(used)
            })
            .collect();
        assert_eq!(told, [81], "not again at the end");
        let too_long = budget.with(70, 40);
        assert!(budget.is_to_be_told(40, too_long));
    }
}
