//! A line's policy: durations, limits and who is alerted, all of which have defaults.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::SignedDuration;
use toml::de::DeValue;

use super::phones::Phones;
use super::table::{Table, integer, list, text, whole_number, wrong_kind};
use super::values;
use crate::domain::line::Policy;
use crate::domain::line::policy::Retry;
use crate::domain::phone::{Country, Prefix};

/// A key whose value is a time, its bounds in seconds, and an example.
pub(super) struct Time(pub &'static str, pub RangeInclusive<u64>, pub &'static str);

/// A delivery report of a healthy phone takes seconds, but not always; sooner than this, texts
/// would move on from people who have them. And longer than the most that a text may take at all,
/// nobody can keep one.
const HAND_OVER_AFTER: Time = Time("hand_over_after", 30..=36_000, "3m");

/// Twilio keeps a message for 10 hours at most (`ValidityPeriod`, 36,000 seconds).
const DELIVER_WITHIN: Time = Time("deliver_within", 60..=36_000, "1h");

/// Shorter, and a carrier in trouble gets all attempts while it is, of which the record of a
/// delivery can hold some hundreds; longer, and a text waits for nothing.
const RETRY_FIRST: Time = Time("first", 1..=300, "5s");
const RETRY_LONGEST: Time = Time("longest", 60..=3600, "15m");

/// Shorter, and nobody can answer; longer, and it is another matter.
const CONVERSATION_FOR: Time = Time("conversation_for", 60..=7 * 24 * 3600, "24h");

const ANSWER_WITHIN: Time = Time("answer_within", 60..=24 * 3600, "15m");

/// What stands in place of a time where nobody is to be reminded.
pub(super) const NEVER: &str = "never";

pub(super) fn read(line: &mut Table, phones: &Phones) -> Policy {
    let country = phones.country;
    let mut policy = Policy {
        allowed_prefixes: country.and_then(Country::prefix).into_iter().collect(),
        ..Policy::default()
    };
    HAND_OVER_AFTER.set(line, &mut policy.hand_over_after);
    DELIVER_WITHIN.set(line, &mut policy.deliver_within);
    line.set("allowed_prefixes", &mut policy.allowed_prefixes, prefixes);
    let alert = line.optional("alert", |v| {
        let number = values::number(text(v)?, country)?;
        let instead = "the number of whoever should hear of it";
        phones.check(number.as_ref(), instead, &policy)?;
        Ok(number)
    });
    policy.alert = alert.flatten();
    line.set("sender_limit", &mut policy.sender_limit, |v| {
        let advice = "write a number of texts a minute from 1 to 1000, such as 20";
        whole_number(v, 1..=1000, advice)
    });
    line.set(
        "most_segments_a_day",
        &mut policy.most_segments_a_day,
        |v| {
            let advice = "write how many segments a day may go out that nobody wrote (notices, \
                          invitations, answers to keywords, automatic replies), from 100 to \
                          10000000, such as 10000";
            whole_number(v, 100..=10_000_000, advice)
        },
    );
    CONVERSATION_FOR.set(line, &mut policy.conversation_for);
    line.set("answer_within", &mut policy.answer_within, |value| {
        if matches!(value, DeValue::String(text) if text == NEVER) {
            return Ok(None);
        }
        let or_never = |why| format!("{why}, or {NEVER:?} if nobody is to be reminded");
        ANSWER_WITHIN.read(value).map(Some).map_err(or_never)
    });
    if let Some(mut retry) = line.table("retry", "line.retry") {
        RETRY_FIRST.set(&mut retry, &mut policy.retry.first);
        RETRY_LONGEST.set(&mut retry, &mut policy.retry.longest);
        retry.refuse_other_keys(&[]);
        let Retry { first, longest } = policy.retry;
        if longest < first {
            let (first, longest) = (in_words(first), in_words(longest));
            let message = format!(
                "the longest pause, {longest}, is shorter than the first, {first}; write longest = \
                 {first:?} or longer"
            );
            retry.wrong(&["longest", "first"], message);
        }
    }
    check_together(&policy, line);
    policy
}

/// What must hold between the times of a policy.
fn check_together(policy: &Policy, line: &Table) {
    if policy.hand_over_after >= policy.deliver_within {
        let message = format!(
            "hand_over_after is {} and deliver_within {}, so that nobody but the first would ever \
             get a text; write a hand_over_after that is shorter than deliver_within",
            in_words(policy.hand_over_after),
            in_words(policy.deliver_within)
        );
        line.wrong(&["hand_over_after", "deliver_within"], message);
    }
}

/// As `relay.toml` has it: `3m`, `1h 30m`.
pub fn in_words(time: Duration) -> String {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    format!("{time:#}")
}

impl Time {
    pub fn set(self, table: &mut Table, place: &mut Duration) {
        table.set(self.0, place, |value| self.read(value));
    }

    fn read(self, value: &DeValue) -> Result<Duration, String> {
        let Self(_, within, example) = self;
        let [least, most] = [*within.start(), *within.end()].map(Duration::from_secs);
        let (from, to) = (in_words(least), in_words(most));
        let advice = format!("write a time from {from} to {to}, such as {example:?}");
        let problem = match u64::try_from(seconds(value, &advice)?).map(Duration::from_secs) {
            Err(_) | Ok(Duration::ZERO) => "no time at all",
            Ok(time) if time < least => "too short",
            Ok(time) if time > most => "too long",
            Ok(time) => return Ok(time),
        };
        Err(format!("this is {problem}; {advice}"))
    }
}

fn seconds(value: &DeValue, advice: &str) -> Result<i64, String> {
    match value {
        DeValue::Integer(number) => integer(number).ok_or_else(|| advice.to_owned()),
        DeValue::String(text) => seconds_of(text)
            .ok_or_else(|| format!("{text:?} is no time in whole seconds; {advice}")),
        other => Err(wrong_kind(other, advice)),
    }
}

fn seconds_of(text: &str) -> Option<i64> {
    let time: SignedDuration = text.trim().parse().ok()?;
    (time.subsec_nanos() == 0).then_some(time.as_secs())
}

fn prefixes(value: &DeValue) -> Result<Vec<Prefix>, String> {
    let advice = "write what the numbers begin with, such as [\"+1\", \"+52\"]";
    let items = list(value, advice)?;
    if items.is_empty() {
        return Err(format!("with no prefix nobody could be texted; {advice}"));
    }
    let read = items.iter().map(|item| {
        let text = text(item.get_ref())?;
        Prefix::parse(text).map_err(|bad| format!("{text:?} is {bad}; {advice}"))
    });
    read.collect()
}
