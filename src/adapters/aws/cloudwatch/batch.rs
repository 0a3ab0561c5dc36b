//! Cuts records into the batches that `PutLogEvents` takes.
//!
//! Source of the limits: the CloudWatch Logs API reference, `PutLogEvents`.

use aws_sdk_cloudwatchlogs::types::InputLogEvent;

/// Bytes of all messages in UTF-8, with [`OVERHEAD`] for each.
pub const MOST_BYTES: usize = 1_048_576;
pub const OVERHEAD: usize = 26;
pub const MOST_EVENTS: usize = 10_000;
/// Between the first and the last event, in milliseconds.
pub const MOST_SPAN: i64 = 24 * 60 * 60 * 1000;

/// One event is larger than a whole batch may be. No record comes near; it would have to carry
/// thousands of candidates.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an audit record of {0} bytes is more than CloudWatch Logs takes")]
pub struct TooLarge(pub usize);

/// The events in as few batches as their order allows. Each is in chronological order, as
/// `PutLogEvents` demands; events of the same instant keep their order.
pub fn batches(mut events: Vec<InputLogEvent>) -> Result<Vec<Vec<InputLogEvent>>, TooLarge> {
    events.sort_by_key(InputLogEvent::timestamp);
    let mut batches: Vec<Vec<InputLogEvent>> = Vec::new();
    let mut bytes = 0;
    for event in events {
        let size = event.message.len() + OVERHEAD;
        if size > MOST_BYTES {
            return Err(TooLarge(event.message.len()));
        }
        match batches.last_mut() {
            Some(batch)
                if bytes + size <= MOST_BYTES
                    && batch.len() < MOST_EVENTS
                    && event.timestamp - batch[0].timestamp <= MOST_SPAN =>
            {
                bytes += size;
                batch.push(event);
            }
            _ => {
                bytes = size;
                batches.push(vec![event]);
            }
        }
    }
    Ok(batches)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn event(at: i64, message: String) -> InputLogEvent {
        let event = InputLogEvent::builder().timestamp(at).message(message);
        event.build().unwrap()
    }

    fn of_size(at: i64, bytes: usize) -> InputLogEvent {
        event(at, "x".repeat(bytes))
    }

    fn sizes(events: Vec<InputLogEvent>) -> Vec<usize> {
        batches(events).unwrap().iter().map(Vec::len).collect()
    }

    #[test]
    fn a_batch_is_filled_to_the_byte_and_no_further() {
        let half = MOST_BYTES / 2 - OVERHEAD;
        assert_eq!(sizes(vec![of_size(0, half), of_size(0, half)]), [2]);
        assert_eq!(sizes(vec![of_size(0, half), of_size(0, half + 1)]), [1, 1]);
        assert_eq!(sizes(vec![of_size(0, MOST_BYTES - OVERHEAD)]), [1]);
        let too_large = MOST_BYTES - OVERHEAD + 1;
        assert_eq!(
            batches(vec![of_size(0, too_large)]),
            Err(TooLarge(too_large))
        );
    }

    #[test]
    fn a_batch_holds_ten_thousand_events_and_one_day() {
        let many: Vec<_> = (0..10_001).map(|at| of_size(at, 1)).collect();
        assert_eq!(sizes(many), [10_000, 1]);
        assert_eq!(sizes(vec![of_size(0, 1), of_size(MOST_SPAN, 1)]), [2]);
        assert_eq!(
            sizes(vec![of_size(0, 1), of_size(MOST_SPAN + 1, 1)]),
            [1, 1]
        );
    }

    #[test]
    fn bytes_are_counted_not_characters() {
        let emoji = "🚐".repeat((MOST_BYTES - OVERHEAD) / 4 + 1);
        assert!(batches(vec![event(0, emoji)]).is_err());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_limit_kept(
            sizes in vec((0..3 * MOST_SPAN, prop_oneof![0..2_000usize, 0..=MOST_BYTES - OVERHEAD]), 0..40)
        ) {
            let distinct = |(n, (at, bytes)): (usize, &(i64, usize))| {
                event(*at, format!("{n:02}{}", "x".repeat(bytes.saturating_sub(2))))
            };
            let events: Vec<_> = sizes.iter().enumerate().map(distinct).collect();
            let batches = batches(events.clone()).unwrap();
            for batch in &batches {
                prop_assert!(!batch.is_empty() && batch.len() <= MOST_EVENTS);
                let bytes: usize = batch.iter().map(|e| e.message.len() + OVERHEAD).sum();
                prop_assert!(bytes <= MOST_BYTES);
                prop_assert!(batch.is_sorted_by_key(|e| e.timestamp));
                prop_assert!(batch[batch.len() - 1].timestamp - batch[0].timestamp <= MOST_SPAN);
            }
            let mut expected = events;
            expected.sort_by_key(|e| e.timestamp);
            prop_assert_eq!(batches.concat(), expected);
        }
    }
}
