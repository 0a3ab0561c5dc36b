//! What a notice would come to, without sending anything.

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::fan_out::{held_until, recipients};
use super::supersede::Before;
use crate::app::relay::Relay;
use crate::domain::line::{Dollars, Line};
use crate::domain::notice::{Notice, RecipientDecision, Skipped, pause_after, segments};
use crate::domain::phone::Masked;

/// How many recipients are looked at in one go.
const AT_ONCE: usize = 500;

/// How many of those who are skipped are named.
const NAMED: usize = 100;

// Its schema is published without a description of the whole.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Estimate {
    #[schemars(with = "Value", extend("const" = true))]
    pub dry_run: bool,
    /// What every recipient would read.
    pub text: String,
    /// What those would read who were still to hear of it by an earlier notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub text_if_unheard: Option<String>,
    /// How many would get it.
    pub recipients: u64,
    /// Of one text; of the longer one if there are two.
    pub segments_each: u64,
    /// Of all texts.
    pub segments: u64,
    /// What Twilio asks for them in US dollars, without the carriers' fees.
    #[schemars(with = "String")]
    pub cost: Dollars,
    /// When the first one would go out.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub begins: Timestamp,
    /// The line's, as the IANA names it.
    pub time_zone: String,
    /// How long it would take at the line's pace, quiet hours not counted.
    #[serde(serialize_with = "in_seconds")]
    #[schemars(with = "u64")]
    pub seconds: Duration,
    /// How many would not get it, by the reason.
    #[schemars(with = "Map<String, Value>", extend("additionalProperties" = {"type": "integer"}))]
    pub skipped: Skipped,
    /// Some of these, and why.
    pub skipped_numbers: Vec<Skipping>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Skipping {
    /// Masked.
    #[schemars(with = "String")]
    pub number: Masked,
    /// Why.
    pub because: &'static str,
}

pub(super) async fn estimate(
    relay: &Relay,
    line: &Line,
    notice: &Notice,
) -> anyhow::Result<Estimate> {
    let now = relay.now();
    let own = segments(&notice.text);
    let unheard = notice.text_if_unheard.as_deref().map_or(own, segments);
    let (mut recipients_in_all, mut segments_in_all) = (0, 0);
    let mut skipped = Skipped::default();
    let mut skipped_numbers = Vec::new();
    let before = Before::of(relay, notice).await?;
    let mut after = None;
    loop {
        let numbers = recipients(relay, notice, after.as_ref(), AT_ONCE).await?;
        let decided = before.decide(relay, line, notice, &numbers).await?;
        for (number, decision) in numbers.iter().zip(decided) {
            let segments = match decision {
                RecipientDecision::Text => own,
                RecipientDecision::TextIfUnheard => unheard,
                RecipientDecision::Skip(skip) => {
                    skipped.count(skip);
                    let (number, because) = (number.masked(), skip.in_words());
                    skipped_numbers.push(Skipping { number, because });
                    continue;
                }
            };
            recipients_in_all += 1;
            segments_in_all += segments;
        }
        skipped_numbers.truncate(NAMED);
        if numbers.len() < AT_ONCE {
            break;
        }
        after = numbers.last().cloned();
    }
    let pause = pause_after(line, &notice.text);
    Ok(Estimate {
        dry_run: true,
        text: notice.text.clone(),
        text_if_unheard: notice.text_if_unheard.clone(),
        recipients: recipients_in_all,
        segments_each: own.max(unheard),
        segments: segments_in_all,
        cost: line.notices.price_per_segment.times(segments_in_all),
        begins: held_until(notice, line, now).unwrap_or(now),
        time_zone: line.time_zone.name().to_owned(),
        seconds: pause * u32::try_from(recipients_in_all).unwrap_or(u32::MAX),
        skipped,
        skipped_numbers,
    })
}

fn in_seconds<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(time.as_secs())
}
