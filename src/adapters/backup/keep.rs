//! Which copies are kept, by their age.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Such as `24h,7d,12m`: one for each of the last 24 hours, of the last 7 days, of the last 12 months. Of an
/// hour, a day or a month (in UTC) the last copy is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep(Vec<(u32, Each)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Each {
    Hour,
    Day,
    Month,
}

#[derive(Debug, thiserror::Error)]
#[error("not how many copies are kept; write such as 24h,7d,12m: hours, days and months")]
pub struct BadKeep;

impl FromStr for Keep {
    type Err = BadKeep;

    fn from_str(text: &str) -> Result<Self, BadKeep> {
        let each = |part: &str| {
            let part = part.trim();
            let unit = part.chars().next_back().ok_or(BadKeep)?;
            let count: u32 = part[..part.len() - unit.len_utf8()]
                .parse()
                .map_err(|_| BadKeep)?;
            let each = match unit {
                'h' => Each::Hour,
                'd' => Each::Day,
                'm' => Each::Month,
                _ => return Err(BadKeep),
            };
            (count > 0).then_some((count, each)).ok_or(BadKeep)
        };
        text.split(',')
            .map(each)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Each {
    /// Counts the hours, days or months.
    fn number(self, at: Timestamp) -> i64 {
        let hours = at.as_second().div_euclid(3600);
        let date = at.to_zoned_datetime(TimeZone::UTC).date();
        match self {
            Each::Hour => hours,
            Each::Day => hours.div_euclid(24),
            Each::Month => i64::from(date.year()) * 12 + i64::from(date.month()),
        }
    }
}

impl Keep {
    /// Of the copies of these times those that are kept; the last one always is, and so is one that is ahead
    /// of the clock.
    pub fn of(&self, made: &[Timestamp], now: Timestamp) -> BTreeSet<Timestamp> {
        let mut kept: BTreeSet<Timestamp> = made.iter().copied().filter(|at| now < *at).collect();
        kept.extend(made.iter().max());
        for (count, each) in &self.0 {
            let oldest = each.number(now) - i64::from(*count);
            let mut made = made.to_vec();
            made.sort_unstable();
            let mut number = None;
            for at in made.into_iter().rev() {
                let own = each.number(at);
                if oldest < own && number != Some(own) {
                    kept.insert(at);
                }
                number = Some(own);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_year_of_hourly_copies_comes_down_to_forty_odd() {
        let (now, hour) = (at("2026-12-01T12:30:00Z"), SignedDuration::from_hours(1));
        let mut made: Vec<Timestamp> = Vec::new();
        let keep: Keep = "24h,7d,12m".parse().expect("it is one");
        // As it goes on: what was removed once does not come back.
        let mut time = now - hour * (24 * 400);
        while time <= now {
            made.push(time);
            let kept = keep.of(&made, time);
            made.retain(|at| kept.contains(at));
            time += hour;
        }
        let within = |from: &str| made.iter().filter(|made| at(from) <= **made).count();
        assert_eq!(within("2026-11-30T13:00:00Z"), 24);
        assert_eq!(within("2026-11-25T00:00:00Z"), 24 + 5, "{made:?}");
        assert_eq!(made.len(), 24 + 5 + 10, "{made:?}");
        let months: BTreeSet<_> = made.iter().map(|at| Each::Month.number(*at)).collect();
        assert_eq!(months.len(), 12);
    }

    #[test]
    fn the_last_copy_stays_however_old_it_is() {
        let keep: Keep = "2h".parse().expect("it is one");
        let made = [at("2020-01-01T00:00:00Z"), at("2020-01-02T00:00:00Z")];
        let kept = keep.of(&made, at("2026-12-01T00:00:00Z"));
        assert_eq!(kept, BTreeSet::from([made[1]]));
    }

    #[test]
    fn a_clock_that_was_ahead_removes_nothing_of_now() {
        let keep: Keep = "1d".parse().expect("it is one");
        let made = [at("2026-12-01T00:00:00Z"), at("2030-01-01T00:00:00Z")];
        let kept = keep.of(&made, at("2026-12-01T01:00:00Z"));
        assert_eq!(kept, BTreeSet::from(made));
    }

    #[test]
    fn other_words_are_refused() {
        for text in ["", "24", "h", "24h,", "7w", "0h", "-1d", "24h 7d"] {
            assert!(text.parse::<Keep>().is_err(), "{text}");
        }
    }
}
