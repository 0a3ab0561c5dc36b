//! The worker's events: batches of wake-ups from SQS, and the scheduled sweep.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsMessage};
use futures::{FutureExt, StreamExt, stream};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::events::{Trigger, failed, serve};
use crate::app::ports::queue::Message;
use crate::app::relay::Relay;

/// How many messages of a batch are worked on side by side.
pub(super) const SIDE_BY_SIDE: usize = 5;

/// How many wake-ups: all of a batch. Most of the time they wait for Twilio, and what limits the calls to it
/// is [`settings::calls_at_once`](super::settings::calls_at_once).
const WAKE_UPS: usize = 10;

/// What working on a wake-up may take: a few round trips to DynamoDB and one to Twilio, each with
/// its time limit.
const LONGEST: Duration = Duration::from_secs(15);

/// Kept free at the end, for the answer to Lambda.
const RESERVE: Duration = Duration::from_millis(500);

/// Answers the events of the worker until Lambda ends it.
pub async fn run(
    relay: &Relay,
    work_on: impl AsyncFn(&Relay, &Message) -> anyhow::Result<()>,
    sweep: impl AsyncFn(&Relay) -> anyhow::Result<usize>,
) -> anyhow::Result<()> {
    let work_on = async |message: &Message| work_on(relay, message).await;
    let answer = async |event: &str, left| match Trigger::of(event) {
        Trigger::Messages(records) => work_on_wake_ups(records, (WAKE_UPS, left), &work_on).await,
        Trigger::Invocation if asks_for_sweep(event) => {
            let woken = sweep(relay).await.context("the sweep failed")?;
            Ok(json!({ "woken": woken }))
        }
        // What it is instead is not quoted: it may have texts in it.
        Trigger::Invocation | Trigger::Http => bail!(
            "the worker takes batches of SQS and {{\"sweep\": true}}, and this event is neither"
        ),
    };
    serve(answer, failed("Worker")).await
}

fn asks_for_sweep(event: &str) -> bool {
    let event: Value = serde_json::from_str(event).unwrap_or_default();
    event["sweep"] == true
}

/// Works on the records' bodies, so many side by side, with `left` until Lambda ends the function, and says
/// which failed: SQS brings those again, and after a few times puts them among the dead letters.
///
/// Whatever is wrong with a record, the others are worked on; `failure` is what it counts as. An
/// error fails the whole batch.
pub(super) async fn work(
    records: Vec<SqsMessage>,
    (side_by_side, left): (usize, Duration),
    failure: &'static str,
    work_on: impl AsyncFn(&str) -> anyhow::Result<()>,
) -> anyhow::Result<Value> {
    if records.iter().any(|record| name(record).is_empty()) {
        // A failure without an identifier would fail the whole batch too, but less plainly.
        bail!("a record of the batch has no messageId");
    }
    let began = Instant::now();
    let end = began + left.saturating_sub(RESERVE);
    let outcomes = stream::iter(&records).map(async |record| {
        let outcome = if may_start(began.elapsed(), left) {
            let body = record.body.as_deref().unwrap_or_default();
            let working = AssertUnwindSafe(work_on(body)).catch_unwind();
            match tokio::time::timeout_at(end, working).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_)) => Err(anyhow!("panicked")),
                Err(_) => Err(anyhow!("not done before the function's time was up")),
            }
        } else {
            Err(anyhow!("no time left to begin"))
        };
        (name(record), outcome)
    });
    let mut outcomes = std::pin::pin!(outcomes.buffer_unordered(side_by_side));
    let mut response = SqsBatchResponse::default();
    while let Some((record, outcome)) = outcomes.next().await {
        if let Err(error) = outcome {
            tracing::error!(
                count = failure,
                record,
                "a message could not be worked on: {error:#}"
            );
            response.add_failure(record);
        }
    }
    Ok(serde_json::to_value(response)?)
}

async fn work_on_wake_ups(
    records: Vec<SqsMessage>,
    limits: (usize, Duration),
    work_on: impl AsyncFn(&Message) -> anyhow::Result<()>,
) -> anyhow::Result<Value> {
    let work_on = async |body: &str| {
        let message =
            serde_json::from_str(body).map_err(|_| anyhow!("the message is no wake-up"))?;
        work_on(&message).await
    };
    work(records, limits, "wake_up_failed", work_on).await
}

fn name(record: &SqsMessage) -> &str {
    record.message_id.as_deref().unwrap_or_default()
}

/// Whether a record that begins `elapsed` after the batch came can be done in time. A function with
/// little time still uses half of it.
fn may_start(elapsed: Duration, left: Duration) -> bool {
    elapsed < left.saturating_sub(LONGEST).max(left / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::ports::queue::WakeUp;
    use crate::domain::ids::DeliveryId;

    const LONG: (usize, Duration) = (SIDE_BY_SIDE, Duration::from_secs(30));

    fn record(id: usize, body: &str) -> serde_json::Value {
        json!({"messageId": format!("m{id}"), "body": body, "eventSource": "aws:sqs"})
    }

    fn wake_up(id: usize) -> String {
        let now = "2026-11-23T19:00:00Z".parse().unwrap();
        let delivery = DeliveryId::parse(&format!("in-{id}")).unwrap();
        let wake_up = WakeUp::new(&delivery, now, now);
        serde_json::to_string(&wake_up).unwrap()
    }

    fn batch(records: Vec<serde_json::Value>) -> Vec<SqsMessage> {
        serde_json::from_value(records.into()).unwrap()
    }

    fn failed(response: &Value) -> Vec<&str> {
        let failures = response["batchItemFailures"].as_array().unwrap();
        let mut failed: Vec<_> = failures
            .iter()
            .map(|failure| failure["itemIdentifier"].as_str().unwrap())
            .collect();
        failed.sort_unstable();
        failed
    }

    #[tokio::test]
    async fn a_bad_a_failing_and_a_panicking_record_fail_alone() {
        let mut records: Vec<_> = (0..10).map(|id| record(id, &wake_up(id))).collect();
        records[2] = record(2, r#"{"delivery": "no such shape"}"#);
        records[7] = json!({"messageId": "m7"});
        let seen = std::cell::Cell::new(0);
        let response = work_on_wake_ups(batch(records), LONG, async |message| {
            seen.set(seen.get() + 1);
            match message.name().as_str() {
                "in-3" => bail!("the store does not answer"),
                "in-4" => panic!("a mistake in the code"),
                _ => Ok(()),
            }
        })
        .await
        .unwrap();
        assert_eq!(failed(&response), ["m2", "m3", "m4", "m7"]);
        assert_eq!(seen.get(), 8);
    }

    #[tokio::test]
    async fn all_is_well_with_an_empty_list_of_failures() {
        let response =
            work_on_wake_ups(batch(vec![record(1, &wake_up(1))]), LONG, async |_| Ok(()))
                .await
                .unwrap();
        assert_eq!(response, json!({"batchItemFailures": []}));
    }

    #[tokio::test]
    async fn records_run_side_by_side_but_not_all_at_once() {
        let records = (0..10).map(|id| record(id, &wake_up(id))).collect();
        let (now, most) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
        work_on_wake_ups(batch(records), LONG, async |_| {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            tokio::task::yield_now().await;
            now.set(now.get() - 1);
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(most.get(), SIDE_BY_SIDE);
    }

    #[tokio::test]
    async fn what_cannot_be_done_in_time_is_given_back() {
        let records = batch(vec![record(1, &wake_up(1)), record(2, &wake_up(2))]);
        let response = work_on_wake_ups(records.clone(), (1, Duration::ZERO), async |_| Ok(()))
            .await
            .unwrap();
        assert_eq!(failed(&response), ["m1", "m2"]);

        let moment = RESERVE + Duration::from_millis(1);
        let response = work_on_wake_ups(records, (2, moment), async |message| {
            if message.name() == "in-1" {
                std::future::pending::<()>().await;
            }
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(failed(&response), ["m1"]);
    }

    #[test]
    fn a_record_begins_only_with_time_enough() {
        let seconds = Duration::from_secs;
        assert!(may_start(seconds(0), seconds(30)));
        assert!(may_start(seconds(14), seconds(30)));
        assert!(!may_start(seconds(16), seconds(30)));
        assert!(may_start(seconds(4), seconds(10)));
        assert!(!may_start(seconds(6), seconds(10)));
        assert!(!may_start(seconds(0), seconds(0)));
    }

    #[tokio::test]
    async fn a_batch_with_a_nameless_record_fails_whole() {
        let records = batch(vec![record(1, &wake_up(1)), json!({"body": wake_up(2)})]);
        assert!(
            work_on_wake_ups(records, LONG, async |_| Ok(()))
                .await
                .is_err()
        );
    }

    #[test]
    fn the_schedule_asks_for_a_sweep() {
        assert!(asks_for_sweep(r#"{"sweep": true}"#));
        for event in ["{}", r#"{"sweep": false}"#, "[]", "null"] {
            assert!(!asks_for_sweep(event), "{event}");
        }
    }
}
