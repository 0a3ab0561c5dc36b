//! Removes what is too old to be kept, every night.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan};
use tokio::sync::watch;

use super::parts::until_asked;
use crate::adapters::files::audit::remove_old;
use crate::adapters::sqlite::store::SqliteStore;
use crate::app::ports::store::Store;
use crate::clock::Clock;
use crate::domain::line::Line;
use crate::domain::time_zone::TimeZone;

/// How often it is looked whether it is time; the relay's clock says so.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(60);

/// A machine that is off every night does it some time after its start, when first things are done.
const AFTER_START: SignedDuration = SignedDuration::from_mins(15);

/// The hour of the first line's night.
const HOUR: i64 = 3;

/// Between two groups of rows: what people wait for is done then.
const PAUSE: Duration = Duration::from_millis(50);

/// What is removed of.
pub(super) struct Kept {
    pub store: SqliteStore,
    pub clock: Arc<dyn Clock>,
    pub look_every: Duration,
    pub audit: PathBuf,
    pub keep_audit: Duration,
}

/// Works until `stop` says so. What is cut off goes on with the next night, or start.
pub(super) async fn run(kept: Kept, stop: watch::Receiver<bool>) {
    let work = async {
        let mut due = kept.clock.now() + AFTER_START;
        loop {
            tokio::time::sleep(kept.look_every).await;
            let now = kept.clock.now();
            if now < due {
                continue;
            }
            match kept.store.remove_old(now, PAUSE).await {
                Ok(removed) => tracing::info!(
                    words = removed.words,
                    texts = removed.texts,
                    deliveries = removed.deliveries,
                    conversations = removed.conversations,
                    notices = removed.notices,
                    calls = removed.calls,
                    voicemails = removed.voicemails,
                    "what is not kept any longer was removed"
                ),
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::error!(error, "what is not kept any longer was not all removed");
                }
            }
            match remove_old(&kept.audit, kept.keep_audit, now) {
                Ok(0) => {}
                Ok(months) => tracing::info!(months, "old months of the audit were deleted"),
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::error!(error, "old months of the audit were not all deleted");
                }
            }
            let lines = kept.store.lines().await.unwrap_or_default();
            due = next_night(&lines, now);
        }
    };
    until_asked(stop, work).await;
}

/// When it is that hour next by the first line's clock.
fn next_night(lines: &[Line], now: Timestamp) -> Timestamp {
    let zone = lines
        .first()
        .map_or_else(TimeZone::default, |line| line.time_zone.clone());
    let today = zone.at(now).date();
    let nights = [today, today.saturating_add(1.day())].map(|day| zone.midnight(day));
    let nights = nights
        .into_iter()
        .flatten()
        .map(|midnight| midnight + SignedDuration::from_hours(HOUR));
    let mut later = nights.filter(|night| now < *night);
    later.next().unwrap_or(now + SignedDuration::from_hours(24))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::sqlite::database::Database;
    use crate::app::ports::store::Notices;
    use crate::clock::ManualClock;
    use crate::domain::delivery::{Delivery, Purpose, Recipient, State};
    use crate::domain::ids::DeliveryId;
    use crate::domain::ids::message_sid::MessageSid;
    use crate::domain::line::config;
    use crate::hosts::server::{AUDIT, DATABASE};

    /// Far longer than anything takes here.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// A text of that time that arrived.
    fn text(line: &Line, n: u32, created: Timestamp) -> Delivery {
        let sid = MessageSid::parse(&format!("SM{n:032x}")).unwrap();
        let (id, to) = (DeliveryId::of_inbound(&sid), Recipient::of(&line.people[0]));
        let words = ("Is it ready?".to_owned(), Vec::new());
        Delivery {
            state: State::Delivered,
            ..Delivery::new(line, id, Purpose::Relay, to, words, created)
        }
    }

    #[tokio::test]
    async fn it_is_done_some_time_after_the_start_and_in_the_night() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join(DATABASE)).unwrap();
        let store = SqliteStore::on(database.clone());
        let line = config::example(4000).remove(0);
        store.put_line(&line).await.unwrap();
        let start: Timestamp = "2026-11-23T12:00:00-08:00".parse().unwrap();
        let days = |n: i64| SignedDuration::from_hours(24 * n);
        let texts = [(1, 401), (2, 400)].map(|(n, age)| text(&line, n, start - days(age)));
        let young = text(&line, 3, start - days(399) - SignedDuration::from_hours(10));
        let all = [&texts[..], std::slice::from_ref(&young)].concat();
        store.spawn(&all).await.unwrap();
        let old_audit = folder.path().join("audit-2016-10.jsonl");
        std::fs::write(&old_audit, "").unwrap();

        let clock = Arc::new(ManualClock::at(start));
        let kept = Kept {
            store: SqliteStore::on(database),
            clock: clock.clone(),
            look_every: Duration::from_millis(1),
            audit: folder.path().join(AUDIT),
            keep_audit: config::File::default().keep_audit,
        };
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(run(kept, stopped));
        let ids: Vec<_> = all.iter().map(|text| text.id.clone()).collect();
        let left = async || store.deliveries(&ids).await.unwrap().len();
        let falls_to = async |count| {
            let falls = async {
                while left().await != count {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(PATIENCE, falls)
                .await
                .expect("it is removed");
        };
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(left().await, 3, "what is urgent comes first");
        clock.advance(Duration::from_secs(15 * 60));
        falls_to(1).await;
        let audit_goes = async {
            while old_audit.exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, audit_goes)
            .await
            .expect("it is deleted");
        // It is old enough an hour before.
        clock.set("2026-11-24T02:59:00-08:00".parse().unwrap());
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(left().await, 1, "it is not time yet");
        clock.set("2026-11-24T03:00:00-08:00".parse().unwrap());
        falls_to(0).await;
        stop.send_replace(true);
        running.await.unwrap();
    }

    #[test]
    fn it_is_done_once_a_night() {
        let lines = config::example(4000);
        for (now, next) in [
            ("2026-11-23T02:59:00-08:00", "2026-11-23T03:00:00-08:00"),
            ("2026-11-23T03:00:00-08:00", "2026-11-24T03:00:00-08:00"),
            ("2026-11-23T23:30:00-08:00", "2026-11-24T03:00:00-08:00"),
        ] {
            let next: Timestamp = next.parse().unwrap();
            assert_eq!(next_night(&lines, now.parse().unwrap()), next, "{now}");
        }
        let now = Timestamp::UNIX_EPOCH;
        assert!(now < next_night(&[], now));
    }
}
