//! Weekly hours, as people write them: `Mon-Fri 08:00-18:00`.

mod as_meant;

use std::fmt;

use jiff::civil::{DateTime, Weekday};
use serde::{Deserialize, Serialize};

use crate::domain::text_form::text_form;

/// When somebody is on duty, by the week, on the line's wall clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    Always,
    Never,
    Weekly(Vec<Window>),
}

/// A span of the day on some days of the week: `Mon-Fri 08:00-18:00`, `Fri 20:00-02:00`, `Sat`.
///
/// It is a span of the wall clock, and the wall clock alone decides. On the night on which clocks
/// go forward, the part of a window inside the hour that is left out does not take place; on the
/// night on which they go back, both runs of the repeated hour belong to the windows that cover it.
/// So nobody whose window runs over the change has to think about it, and the window is an hour
/// shorter or longer. The end is not part of it. `24:00` is the end of the day; a window whose end
/// is not after its beginning runs over midnight, and its days are those on which it begins.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    first: Weekday,
    last: Weekday,
    /// Minutes since midnight.
    from: u16,
    /// Minutes since the midnight that begins the day; above 1440 if it runs over midnight. At
    /// most a day after `from`.
    to: u16,
}

/// What is wrong with a window's text; says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadHours(pub String);

const DAY: u16 = 24 * 60;
const WEEK: u32 = 7 * DAY as u32;

impl Window {
    /// Reads a window. Names of days in any case, `8:00` as well as `08:00`; days without a time
    /// are whole days.
    pub fn parse(text: &str) -> Result<Self, BadHours> {
        Self::strict(text).map_err(|bad| match as_meant::window(text) {
            Some(window) => {
                let window = window.to_string();
                let whole_days = window.strip_suffix(" 00:00-24:00");
                let written = whole_days.unwrap_or(&window);
                BadHours(format!(
                    "{text:?} is not how hours are written here; write \"{written}\""
                ))
            }
            None => bad,
        })
    }

    fn strict(text: &str) -> Result<Self, BadHours> {
        let times_at = text.find(|c: char| c.is_ascii_digit());
        let (days, times) = text.split_at(times_at.unwrap_or(text.len()));
        if days.trim().is_empty() {
            let read = as_meant::times(times);
            let times = match &read {
                Some(read) => read,
                None if times.is_empty() => "08:00-18:00",
                None => times,
            };
            return refuse(format!(
                "{text:?} names no day; write the days first, such as \"Mon-Fri {times}\""
            ));
        }
        if times_at.is_some() && !days.ends_with(char::is_whitespace) {
            return refuse(format!(
                "{text:?} runs days and times together; write \"Mon-Fri 08:00-18:00\""
            ));
        }
        let (first, last) = read_days(days.trim(), times)?;
        let (from, to) = match times_at {
            None => (0, DAY),
            Some(_) => read_times(days.trim(), times.trim())?,
        };
        // All seven days are the same set wherever they begin.
        let (first, last) = if first.previous() == last {
            (Weekday::Monday, Weekday::Sunday)
        } else {
            (first, last)
        };
        Ok(Self {
            first,
            last,
            from,
            to,
        })
    }

    /// Whether a moment of the line's wall clock is inside.
    pub fn contains(&self, local: DateTime) -> bool {
        let minute = local.hour() as u16 * 60 + local.minute() as u16;
        let began_today =
            self.is_on(local.weekday()) && self.from <= minute && minute < self.to.min(DAY);
        let began_yesterday = self.is_on(local.weekday().previous()) && minute + DAY < self.to;
        began_today || began_yesterday
    }

    /// The first span of the week that belongs to both windows, if there is one.
    pub fn overlap(&self, other: &Window) -> Option<Window> {
        self.spans()
            .flat_map(|mine| other.spans().map(move |theirs| common(mine, theirs)))
            .flatten()
            .min()
            .and_then(|(from, to)| Window::of_minutes(from as usize, (to - from) as usize))
    }

    /// The window of one day that begins at a minute of the week, counted from Monday's midnight,
    /// and lasts for `length` minutes; `None` if it would be longer than a window can be.
    pub(crate) fn of_minutes(start: usize, length: usize) -> Option<Window> {
        let day = usize::from(DAY);
        let weekday = Weekday::Monday.wrapping_add((start / day) as i64);
        let from = start % day;
        // A whole day can be written from midnight alone.
        let fits = length < day || (length == day && from == 0);
        fits.then_some(Window {
            first: weekday,
            last: weekday,
            from: from as u16,
            to: (from + length) as u16,
        })
    }

    /// Both windows as one, if `next` is the same span on the day after the last.
    #[cfg(feature = "machine")]
    pub(crate) fn joined(&self, next: &Window) -> Option<Window> {
        let same_span = (self.from, self.to) == (next.from, next.to);
        let next_day = next.first == self.last.next() && next.first != self.first;
        (same_span && next_day).then_some(Window {
            last: next.last,
            ..*self
        })
    }

    /// The minutes of the week, counted from Monday's midnight, at which it begins and ends. A span
    /// over the end of the week comes in two pieces.
    fn spans(&self) -> impl Iterator<Item = (u32, u32)> {
        let days = 0..=self.last.since(self.first) as u32;
        let monday = self.first.to_monday_zero_offset() as u32;
        days.flat_map(move |day| {
            let midnight = (monday + day) % 7 * u32::from(DAY);
            let (from, to) = (
                midnight + u32::from(self.from),
                midnight + u32::from(self.to),
            );
            let after_sunday = (WEEK < to).then(|| (0, to - WEEK));
            std::iter::once((from, to.min(WEEK))).chain(after_sunday)
        })
    }

    fn is_on(&self, day: Weekday) -> bool {
        day.since(self.first) <= self.last.since(self.first)
    }
}

fn common(a: (u32, u32), b: (u32, u32)) -> Option<(u32, u32)> {
    let (from, to) = (a.0.max(b.0), a.1.min(b.1));
    (from < to).then_some((from, to))
}

fn refuse<T>(message: String) -> Result<T, BadHours> {
    Err(BadHours(message))
}

fn read_days(days: &str, times: &str) -> Result<(Weekday, Weekday), BadHours> {
    if let Some((one, _)) = days.split_once([',', '&', '/', '+']) {
        return refuse(format!(
            "{days:?} lists several days; write one entry for each, such as \"{} {times}\"",
            one.trim()
        ));
    }
    match days.split_once('-') {
        Some((first, last)) => Ok((read_day(first.trim())?, read_day(last.trim())?)),
        None => read_day(days).map(|day| (day, day)),
    }
}

const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

/// A day of the week by its three letters, in any case.
fn weekday(name: &str) -> Option<Weekday> {
    DAYS.iter()
        .find(|(day, _)| day.eq_ignore_ascii_case(name))
        .map(|(_, weekday)| *weekday)
}

fn read_day(name: &str) -> Result<Weekday, BadHours> {
    weekday(name).ok_or_else(|| {
        let meant = DAYS.iter().find(|(day, _)| {
            name.get(..3)
                .is_some_and(|start| start.eq_ignore_ascii_case(day))
                && name.chars().all(char::is_alphabetic)
        });
        BadHours(match meant {
            Some((day, _)) => format!("{name:?} is too long for a day; write \"{day}\""),
            None => format!("{name:?} is no day; write Mon, Tue, Wed, Thu, Fri, Sat or Sun"),
        })
    })
}

fn read_times(days: &str, times: &str) -> Result<(u16, u16), BadHours> {
    let Some((from, to)) = times.split_once('-') else {
        return refuse(format!(
            "{times:?} is not a span of time; write its beginning and its end, such as \
             \"{days} 08:00-18:00\""
        ));
    };
    let (from, to) = (minute_of_day(from.trim())?, minute_of_day(to.trim())?);
    if from == to {
        return refuse(format!(
            "{times:?} ends when it begins; for the whole day write \"{days} 00:00-24:00\""
        ));
    }
    if from == DAY {
        return refuse(format!(
            "24:00 is the end of a day; a span that begins at midnight begins at 00:00 of the next \
             day, so write {:?}",
            format!("00:00-{}", Clock(to))
        ));
    }
    Ok((from, if to <= from { to + DAY } else { to }))
}

/// A time of the wall clock, in minutes since midnight; 24:00 is the end of the day.
pub(crate) fn minute_of_day(text: &str) -> Result<u16, BadHours> {
    let two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    let minutes = text.split_once(':').and_then(|(hour, minute)| {
        let hour_is_fine =
            two(hour) || (hour.len() == 1 && hour.bytes().all(|b| b.is_ascii_digit()));
        if !(hour_is_fine && two(minute)) {
            return None;
        }
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        let minutes = hour * 60 + minute;
        (minute < 60 && minutes <= DAY).then_some(minutes)
    });
    minutes.ok_or_else(|| {
        BadHours(match as_meant::time(text) {
            Some(time) => format!("{text:?} is not a time of day as it is written here; write {time}"),
            None => format!(
                "{text:?} is not a time of day; write hours and minutes from 00:00 to 24:00, such as \
                 08:00 or 17:30"
            ),
        })
    })
}

/// A span of a day that leaves no doubt, as it is to be written.
pub(crate) fn span_meant(text: &str) -> Option<String> {
    as_meant::times(text)
}

/// Minutes since midnight as a clock shows them; only the end of a day is 24:00.
struct Clock(u16);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// The canonical form, which reads back as the same window.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |day: Weekday| DAYS[day.to_monday_zero_offset() as usize].0;
        f.write_str(name(self.first))?;
        if self.first != self.last {
            write!(f, "-{}", name(self.last))?;
        }
        let to = if self.to > DAY {
            self.to - DAY
        } else {
            self.to
        };
        write!(f, " {}-{}", Clock(self.from), Clock(to))
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

text_form!(Window, BadHours, Self::parse, |window| window.to_string());

#[cfg(test)]
mod tests;
