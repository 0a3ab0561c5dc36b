//! What the audit says of the last hour: how many texts came, how many reached somebody, and how fast.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Page;
use super::row::{Began, reached_after, seconds};
use super::tail;
use crate::app::ports::audit::{Kind, Record};
use crate::domain::ids::message_sid::MessageSid;

/// The most bytes that are read for it: some tens of thousands of records.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// The last hour of one line.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LastHour {
    /// Texts that came in.
    pub came: usize,
    /// Those of them that reached a person or, as an answer, the customer.
    pub reached: usize,
    pub p50: Option<String>,
    pub p95: Option<String>,
    /// How often a text was handed to the next person, by the error.
    pub handed_over: Vec<(String, usize)>,
    /// More happened than is read.
    pub is_part: bool,
}

/// The last hour of each line, by its name.
pub type LastHours = BTreeMap<String, LastHour>;

/// How long what was read is shown: of a busy relay it is some megabytes.
const READ_EVERY: SignedDuration = SignedDuration::from_secs(5);

impl Page {
    /// The last hour of each line; `None` if the audit cannot be read.
    pub async fn last_hour(&self) -> Option<LastHours> {
        let now = self.now();
        let known = self.last_hour.lock();
        let known = known.unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, known)) = known
            && (at..at + READ_EVERY).contains(&now)
        {
            return Some(known);
        }
        let path = self.audit();
        let reading = tokio::task::spawn_blocking(move || read(&path, now));
        let read = reading.await.ok()?.ok()?;
        let mut known = self
            .last_hour
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *known = Some((now, read.clone()));
        Some(read)
    }
}

fn read(path: &Path, now: Timestamp) -> std::io::Result<LastHours> {
    let since = now - SignedDuration::from_hours(1);
    let found = tail::before(path, None, MOST_BYTES, |line| {
        let record: Result<When, _> = serde_json::from_slice(&line.bytes);
        record.is_ok_and(|record| record.at < since)
    })?;
    let records = found
        .lines
        .iter()
        .filter_map(|line| serde_json::from_slice::<Record>(&line.bytes).ok());
    let records: Vec<Record> = records.filter(|record| since <= record.at).collect();
    let is_all = found.start.is_none()
        || found
            .lines
            .first()
            .and_then(|line| serde_json::from_slice::<When>(&line.bytes).ok())
            .is_some_and(|first| first.at < since);
    Ok(of(&records, !is_all))
}

#[derive(serde::Deserialize)]
struct When {
    at: Timestamp,
}

#[derive(Default)]
struct Counted<'a> {
    came: BTreeSet<&'a MessageSid>,
    reached: BTreeSet<&'a MessageSid>,
    took: Vec<f64>,
    handed_over: BTreeMap<String, usize>,
}

fn of(records: &[Record], is_part: bool) -> LastHours {
    let mut began = Began::default();
    let mut lines: BTreeMap<&str, Counted> = BTreeMap::new();
    for record in records {
        let line = lines.entry(&record.line).or_default();
        let took = reached_after(record, &mut began);
        match (record.kind, &record.message_sid) {
            (Kind::Decision | Kind::DecidedAnew, Some(sid)) => {
                line.came.insert(sid);
            }
            (Kind::NotKept, Some(sid)) => {
                line.came.remove(sid);
            }
            (Kind::HandOver, _) => {
                let code = record.error_code;
                let why = code.map_or_else(|| "no error".to_owned(), |code| code.to_string());
                *line.handed_over.entry(why).or_default() += 1;
            }
            (_, Some(sid)) if took.is_some() && line.reached.insert(sid) => {
                line.took.extend(took);
            }
            _ => {}
        }
    }
    let lines = lines.into_iter().map(|(name, mut line)| {
        line.took.sort_by(f64::total_cmp);
        let reached = line.reached.intersection(&line.came).count();
        let shown = LastHour {
            came: line.came.len(),
            reached,
            p50: quantile(&line.took, 50),
            p95: quantile(&line.took, 95),
            handed_over: line.handed_over.into_iter().collect(),
            is_part,
        };
        (name.to_owned(), shown)
    });
    lines.collect()
}

/// The least of the sorted times within which so many in a hundred are.
fn quantile(sorted: &[f64], percent: usize) -> Option<String> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().map(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_once_and_timed_from_when_they_came() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let mut records = Vec::new();
        for n in 1..=20_u8 {
            let sid = MessageSid::parse(&format!("SM{n:032x}")).unwrap();
            let of = |kind, second: i64, outcome: &str| Record {
                message_sid: Some(sid.clone()),
                delivery: Some(crate::domain::ids::DeliveryId::of_inbound(&sid)),
                attempt: Some(1),
                ..Record::new(kind, "qdn", at(second)).with_outcome(outcome)
            };
            records.push(of(Kind::Decision, 0, ""));
            records.push(of(Kind::Attempt, 0, ""));
            // The last one reaches nobody.
            if n < 20 {
                records.push(of(Kind::Outcome, i64::from(n), "delivered"));
                records.push(of(Kind::Outcome, 60, "delivered"));
            }
        }
        records.push(Record {
            error_code: Some(30003),
            ..Record::new(Kind::HandOver, "qdn", at(9))
        });
        let hour = &of(&records, false)["qdn"];
        assert_eq!((hour.came, hour.reached), (20, 19));
        assert_eq!(
            (hour.p50.as_deref(), hour.p95.as_deref()),
            (Some("10 s"), Some("19 s"))
        );
        assert_eq!(hour.handed_over, [("30003".to_owned(), 1)]);
        assert_eq!(quantile(&[], 50), None);
    }
}
