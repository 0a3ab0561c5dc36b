//! What a notice would come to, without sending anything.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::fan_out::{held_until, recipients};
use super::supersede::Before;
use crate::app::relay::Relay;
use crate::domain::line::{Dollars, Line};
use crate::domain::notice::skip::Skip;
use crate::domain::notice::{Fate, Notice, Pacing, Skipped, Words, fate};
use crate::domain::phone::Masked;
use crate::domain::sms;

/// How many recipients are looked at in one go.
const AT_ONCE: usize = 500;

/// How many of those who are skipped are named.
const NAMED: usize = 100;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    pub text: String,
    /// What those read who were still to hear of it by an earlier notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_if_unheard: Option<String>,
    pub recipients: u64,
    /// Of one text; of the longer one if there are two.
    pub segments_each: u64,
    pub segments: u64,
    /// What Twilio asks for them, without the carriers' fees.
    pub cost: Dollars,
    /// When the first one goes out.
    pub begins: Timestamp,
    /// The line's, for whoever shows that to people.
    pub time_zone: String,
    /// How long it takes at the line's pace, quiet hours not counted.
    #[serde(serialize_with = "in_seconds")]
    pub seconds: Duration,
    pub skipped: Skipped,
    /// Some of these, and why.
    pub skipped_numbers: Vec<Skipping>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Skipping {
    pub number: Masked,
    pub because: &'static str,
}

pub(super) async fn estimate(
    relay: &Relay,
    line: &Line,
    notice: &Notice,
) -> anyhow::Result<Estimate> {
    let now = relay.now();
    let each = |text: &str| -> u64 {
        let parts = sms::parts(text, &[]);
        parts
            .iter()
            .map(|p| sms::segments(&p.body).count as u64)
            .sum()
    };
    let own = each(&notice.text);
    let unheard = notice.text_if_unheard.as_deref().map_or(own, each);
    let (mut recipients_in_all, mut segments) = (0, 0);
    let mut skipped = Skipped::default();
    let mut skipped_numbers = Vec::new();
    let before = Before::of(relay, notice).await?;
    let mut after = None;
    loop {
        let numbers = recipients(relay, notice, after.as_ref(), AT_ONCE).await?;
        let opt_outs = relay.store.opted_out_of(&line.number, &numbers).await?;
        let heard = before.heard_by(relay, &numbers).await?;
        for (number, heard) in numbers.iter().zip(heard) {
            match fate(notice, number, &line.policy, &opt_outs, heard) {
                Fate::Text(words) => {
                    recipients_in_all += 1;
                    segments += match words {
                        Words::Own => own,
                        Words::Unheard => unheard,
                    };
                }
                Fate::Skip(skip) => {
                    skipped.count(skip);
                    if skipped_numbers.len() < NAMED {
                        skipped_numbers.push(skipping(number.masked(), skip));
                    }
                }
            }
        }
        if numbers.len() < AT_ONCE {
            break;
        }
        after = numbers.last().cloned();
    }
    let apart = Pacing::of(line, &notice.text).apart;
    Ok(Estimate {
        text: notice.text.clone(),
        text_if_unheard: notice.text_if_unheard.clone(),
        recipients: recipients_in_all,
        segments_each: own.max(unheard),
        segments,
        cost: line.notices.price_per_segment.times(segments),
        begins: held_until(notice, line, now).unwrap_or(now),
        time_zone: line.time_zone.name().to_owned(),
        seconds: apart * u32::try_from(recipients_in_all).unwrap_or(u32::MAX),
        skipped,
        skipped_numbers,
    })
}

fn skipping(number: Masked, skip: Skip) -> Skipping {
    Skipping {
        number,
        because: skip.in_words(),
    }
}

fn in_seconds<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(time.as_secs())
}
