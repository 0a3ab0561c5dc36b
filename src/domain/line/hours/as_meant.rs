//! Hours that are not written as `relay.toml` has them, but that leave no doubt: for the advice.

use super::{DAYS, Window};

/// `Monday to Friday, 8am-6pm` and the like.
pub(super) fn window(text: &str) -> Option<Window> {
    let text = plain(text);
    let at = text
        .find(|c: char| c.is_ascii_digit())
        .or_else(|| text.find("noon"))
        .or_else(|| text.find("midnight"));
    let (days, span) = text.split_at(at.unwrap_or(text.len()));
    let days = days.trim_matches(|c: char| c.is_whitespace() || ",:;.".contains(c));
    let days = days_named(days.strip_suffix(" from").unwrap_or(days))?;
    let written = match at {
        Some(_) => format!("{days} {}", times(span)?),
        None => days,
    };
    Window::strict(&written).ok()
}

/// `8am-6pm` as `08:00-18:00`.
pub(super) fn times(text: &str) -> Option<String> {
    let text = plain(text);
    let (from, to) = text.trim().split_once('-')?;
    let (from, to) = (Time::read(from.trim())?, Time::read(to.trim())?);
    let (mut start, mut end) = (from.minutes(), to.minutes());
    match (from.half, to.half) {
        // One to six in the evening is in the afternoon, eight to six is not.
        (None, Some(Half::Afternoon)) if start < 12 * 60 && start + 12 * 60 < end => {
            start += 12 * 60;
        }
        (None, None) if !from.is_exact && !to.is_exact && end <= start && start < 12 * 60 => {
            end += 12 * 60;
        }
        _ => {}
    }
    Some(format!("{}-{}", clock(start), clock(end)))
}

/// `8am` as `08:00`.
pub(super) fn time(text: &str) -> Option<String> {
    Time::read(plain(text).trim()).map(|time| clock(time.minutes()))
}

fn clock(minutes: u16) -> String {
    super::Clock(minutes).to_string()
}

/// In small letters, with one sign for all dashes and the words that stand for one.
fn plain(text: &str) -> String {
    let text = text.to_lowercase().replace(['–', '—', '−', '‐', '‑'], "-");
    [" to ", " until ", " till ", " through ", " thru "]
        .iter()
        .fold(text, |text, word| text.replace(word, "-"))
}

#[rustfmt::skip]
const NAMES: [[&str; 2]; 7] = [
    ["mondays", "lunes"], ["tuesdays", "martes"], ["wednesdays", "miércoles"], ["thursdays", "jueves"],
    ["fridays", "viernes"], ["saturdays", "sábados"], ["sundays", "domingos"],
];

fn days_named(days: &str) -> Option<String> {
    let days = match days {
        "weekdays" | "weekday" | "workdays" => "mon-fri",
        "weekend" | "weekends" => "sat-sun",
        "daily" | "every day" | "everyday" | "all days" => "mon-sun",
        other => other,
    };
    let days: Option<Vec<_>> = days.split('-').map(|day| one_day(day.trim())).collect();
    Some(days?.join("-"))
}

fn one_day(name: &str) -> Option<&'static str> {
    let name = name.trim_end_matches('.');
    let is_long = 3 <= name.chars().count();
    let meant = NAMES
        .iter()
        .position(|names| names.iter().any(|full| full.starts_with(name)));
    meant.filter(|_| is_long).map(|day| DAYS[day].0)
}

#[derive(Clone, Copy, PartialEq)]
enum Half {
    Morning,
    Afternoon,
}

struct Time {
    hour: u16,
    minute: u16,
    half: Option<Half>,
    /// Whether it has minutes, and so can hardly be of the 12-hour clock.
    is_exact: bool,
}

impl Time {
    fn read(text: &str) -> Option<Self> {
        let at = |hour| Time {
            hour,
            minute: 0,
            half: None,
            is_exact: true,
        };
        match text {
            "noon" => return Some(at(12)),
            "midnight" => return Some(at(24)),
            _ => {}
        }
        let text = text.replace('.', ":");
        let text = text.trim_end_matches(':');
        let (digits, half) = match text.find(['a', 'p']) {
            None => (text, None),
            Some(at) => {
                let half = match &text[at..] {
                    "am" | "a:m" | "a" => Half::Morning,
                    "pm" | "p:m" | "p" => Half::Afternoon,
                    _ => return None,
                };
                (text[..at].trim_end(), Some(half))
            }
        };
        let digits = digits.replace('h', ":");
        let digits = digits.trim_end_matches(':');
        let (hour, minute) = match digits.split_once(':') {
            Some(parts) => parts,
            None if digits.len() == 4 => digits.split_at(2),
            None => (digits, "0"),
        };
        let is_exact = digits.len() > 2;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        let most = if half.is_some() { 12 } else { 24 };
        let is_time = hour <= most && minute < 60 && !(hour == 24 && minute != 0);
        (is_time && !(hour == 0 && half.is_some())).then_some(Time {
            hour,
            minute,
            half,
            is_exact,
        })
    }

    fn minutes(&self) -> u16 {
        let hour = match self.half {
            Some(Half::Morning) => self.hour % 12,
            Some(Half::Afternoon) => self.hour % 12 + 12,
            None => self.hour,
        };
        hour * 60 + self.minute
    }
}
