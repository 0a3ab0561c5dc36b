//! A line's policy: durations, limits and who is alerted, all of which have defaults.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::SignedDuration;
use toml::Spanned;
use toml::de::DeValue;

use super::entries::{Entries, kind, text};
use super::mistakes::Mistakes;
use super::values;
use crate::domain::line::Policy;
use crate::domain::phone::{Country, PhoneNumber, Prefix};

/// The keys of a line's policy, which stand in its `[[line]]`.
pub(super) const KEYS: [&str; 8] = [
    "hand_over_after",
    "deliver_within",
    "alert",
    "allowed_prefixes",
    "sender_limit",
    "thread_for",
    "answer_within",
    "retry",
];

/// A delivery report of a healthy phone takes seconds, but not always; sooner than this, texts
/// would move on from people who have them. And longer than the most that a text may take at all,
/// nobody can keep one.
const HAND_OVER_AFTER: RangeInclusive<Duration> = secs(30)..=secs(36_000);

/// Twilio keeps a message for 10 hours at most (`ValidityPeriod`, 36,000 seconds).
const DELIVER_WITHIN: RangeInclusive<Duration> = secs(60)..=secs(36_000);

/// Shorter, and a carrier in trouble gets all attempts while it is, of which the record of a
/// delivery can hold some hundreds; longer, and a text waits for nothing.
const RETRY_FIRST: RangeInclusive<Duration> = secs(1)..=secs(300);
const RETRY_LONGEST: RangeInclusive<Duration> = secs(60)..=secs(3600);

const SENDER_LIMIT: RangeInclusive<i64> = 1..=1000;

/// Shorter, and nobody can answer; longer, and it is another matter.
const THREAD_FOR: RangeInclusive<Duration> = secs(60)..=secs(7 * 24 * 3600);

const ANSWER_WITHIN: RangeInclusive<Duration> = secs(60)..=secs(24 * 3600);

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// As far as it could be read; what is absent has its default.
#[derive(Default)]
pub(super) struct ReadPolicy {
    hand_over_after: Option<Spanned<Duration>>,
    deliver_within: Option<Spanned<Duration>>,
    pub alert: Option<Spanned<PhoneNumber>>,
    allowed_prefixes: Option<Vec<Prefix>>,
    sender_limit: Option<u32>,
    thread_for: Option<Spanned<Duration>>,
    answer_within: Option<Spanned<Duration>>,
    retry_first: Option<Spanned<Duration>>,
    retry_longest: Option<Spanned<Duration>>,
}

impl ReadPolicy {
    pub fn complete(&self) -> Policy {
        let mut policy = Policy::default();
        let set = |to: &mut Duration, from: &Option<Spanned<Duration>>| {
            if let Some(from) = from {
                *to = *from.get_ref();
            }
        };
        set(&mut policy.hand_over_after, &self.hand_over_after);
        set(&mut policy.deliver_within, &self.deliver_within);
        set(&mut policy.thread_for, &self.thread_for);
        policy.answer_within = self.answer_within.as_ref().map(|time| *time.get_ref());
        set(&mut policy.retry.first, &self.retry_first);
        set(&mut policy.retry.longest, &self.retry_longest);
        policy.alert = self.alert.as_ref().map(|alert| alert.get_ref().clone());
        policy.allowed_prefixes = self.allowed_prefixes.clone().unwrap_or_default();
        if let Some(limit) = self.sender_limit {
            policy.sender_limit = limit;
        }
        policy
    }
}

pub(super) fn read(
    line: &Entries,
    country: Option<Country>,
    mistakes: &mut Mistakes,
) -> ReadPolicy {
    let time = |v: &DeValue, within, example| duration(v, within, example);
    let mut policy = ReadPolicy {
        hand_over_after: line.optional("hand_over_after", mistakes, |v| {
            time(v, HAND_OVER_AFTER, "3m")
        }),
        deliver_within: line.optional("deliver_within", mistakes, |v| {
            time(v, DELIVER_WITHIN, "1h")
        }),
        thread_for: line.optional("thread_for", mistakes, |v| time(v, THREAD_FOR, "4h")),
        answer_within: line.optional("answer_within", mistakes, |v| time(v, ANSWER_WITHIN, "15m")),
        alert: line
            .optional("alert", mistakes, |v| values::number(text(v)?, country))
            .and_then(|alert| {
                let at = alert.span();
                Some(Spanned::new(at, alert.into_inner()?))
            }),
        allowed_prefixes: line
            .optional("allowed_prefixes", mistakes, prefixes)
            .map(Spanned::into_inner)
            .or_else(|| Some(vec![country?.prefix()?])),
        sender_limit: line
            .optional("sender_limit", mistakes, sender_limit)
            .map(Spanned::into_inner),
        ..ReadPolicy::default()
    };
    if let Some(retry) = line.table("retry", "line.retry", mistakes) {
        retry.only(&["first", "longest"], mistakes);
        policy.retry_first = retry.optional("first", mistakes, |v| time(v, RETRY_FIRST, "5s"));
        policy.retry_longest =
            retry.optional("longest", mistakes, |v| time(v, RETRY_LONGEST, "15m"));
    }
    agree(&policy, mistakes);
    policy
}

/// What must hold between the values.
fn agree(read: &ReadPolicy, mistakes: &mut Mistakes) {
    let policy = read.complete();
    if let Some(at) = span_of(&read.hand_over_after, &read.deliver_within)
        && policy.hand_over_after >= policy.deliver_within
    {
        let message = format!(
            "hand_over_after is {} and deliver_within {}, so that nobody but the first would ever \
             get a text; write a hand_over_after that is shorter than deliver_within",
            in_words(policy.hand_over_after),
            in_words(policy.deliver_within)
        );
        mistakes.add(at, message);
    }
    if let Some(at) = span_of(&read.answer_within, &read.thread_for)
        && let Some(within) = policy.answer_within
        && policy.thread_for < within * 2
    {
        let message = format!(
            "answer_within is {} and thread_for {}, so that a thread would be over before it goes to \
             the next person; write an answer_within of at most half of thread_for",
            in_words(within),
            in_words(policy.thread_for)
        );
        mistakes.add(at, message);
    }
    if let Some(at) = span_of(&read.retry_longest, &read.retry_first)
        && policy.retry.longest < policy.retry.first
    {
        let message = format!(
            "the longest pause, {}, is shorter than the first, {}; write longest = {:?} or longer",
            in_words(policy.retry.longest),
            in_words(policy.retry.first),
            in_words(policy.retry.first)
        );
        mistakes.add(at, message);
    }
}

/// Where either of them stands.
fn span_of<T>(
    one: &Option<Spanned<T>>,
    other: &Option<Spanned<T>>,
) -> Option<std::ops::Range<usize>> {
    one.as_ref().or(other.as_ref()).map(Spanned::span)
}

/// As `relay.toml` has it: `3m`, `1h 30m`.
pub fn in_words(time: Duration) -> String {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    format!("{time:#}")
}

fn duration(
    value: &DeValue,
    within: RangeInclusive<Duration>,
    example: &str,
) -> Result<Duration, String> {
    let bounds = format!(
        "write a time from {} to {}, such as {example:?}",
        in_words(*within.start()),
        in_words(*within.end())
    );
    let seconds = match value {
        DeValue::Integer(number) => number.as_str().parse().map_err(|_| bounds.clone())?,
        DeValue::String(text) => seconds_of(text)
            .ok_or_else(|| format!("{:?} is no time in whole seconds; {bounds}", text.as_ref()))?,
        other => return Err(format!("this is {}; {bounds}", kind(other))),
    };
    let time = u64::try_from(seconds).map(Duration::from_secs).ok();
    match time.filter(|time| within.contains(time)) {
        Some(time) => Ok(time),
        None if seconds <= 0 => Err(format!("this is no time at all; {bounds}")),
        None if seconds < within.start().as_secs() as i64 => {
            Err(format!("this is too short; {bounds}"))
        }
        None => Err(format!("this is too long; {bounds}")),
    }
}

fn seconds_of(text: &str) -> Option<i64> {
    let time: SignedDuration = text.trim().parse().ok()?;
    (time.subsec_nanos() == 0).then_some(time.as_secs())
}

fn sender_limit(value: &DeValue) -> Result<u32, String> {
    let advice = "write a number of texts a minute from 1 to 1000, such as 20";
    let DeValue::Integer(number) = value else {
        return Err(format!("this is {}; {advice}", kind(value)));
    };
    let number: Option<i64> = number.as_str().parse().ok();
    number
        .filter(|number| SENDER_LIMIT.contains(number))
        .and_then(|number| number.try_into().ok())
        .ok_or_else(|| format!("no sender can have that limit; {advice}"))
}

fn prefixes(value: &DeValue) -> Result<Vec<Prefix>, String> {
    let advice = "write what the numbers begin with, such as [\"+1\", \"+52\"]";
    let Some(items) = value.as_array() else {
        return Err(format!("this is {}; {advice}", kind(value)));
    };
    if items.is_empty() {
        return Err(format!("with no prefix nobody could be texted; {advice}"));
    }
    let read = items.iter().map(|item| {
        let text = text(item.get_ref())?;
        Prefix::parse(text).map_err(|bad| format!("{text:?} is {bad}; {advice}"))
    });
    read.collect()
}
