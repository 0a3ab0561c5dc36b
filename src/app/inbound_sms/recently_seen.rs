//! Threads that a person gave away, and of which something may still have reached them: a text that was
//! on its way already, a reminder, or the news that one moved on.

use futures::future::try_join;
use jiff::Timestamp;

use super::text::Text;
use crate::app::relay::Relay;
use crate::domain::delivery::{Attempt, Chased, Delivery, Outcome};
use crate::domain::ids::DeliveryId;
use crate::domain::line::{Line, Person};
use crate::domain::phone::PhoneNumber;
use crate::domain::thread::{CROSSING, Standing, Thread, Threads, Times};

/// How many of a thread's texts are looked at, the last first.
const MOST_TEXTS: usize = 8;

/// The customers of whose threads whoever wrote the text may just have read something. They are looked
/// for only if the person has one live thread and gave another away, and so would not be asked.
pub async fn just_read(
    relay: &Relay,
    line: &Line,
    threads: &Threads,
    text: &Text,
) -> anyhow::Result<Vec<PhoneNumber>> {
    let number = text.sms.from.phone();
    let Some(person) = number.and_then(|number| line.person_with(number)) else {
        return Ok(Vec::new());
    };
    let times = Times::of(&line.policy, text.now);
    let seats = threads.of_person(&person.name, times);
    let live = seats.iter().filter(|(.., s)| *s == Standing::Live).count();
    let turns = (person, line.people.len());
    let mut read = Vec::new();
    for (thread, _, standing) in seats {
        let is_given_away = matches!(standing, Standing::GivenAway { .. });
        if live == 1 && is_given_away && reached(relay, thread, turns, text.received).await? {
            read.push(thread.customer.clone());
        }
    }
    Ok(read)
}

/// Whether something of the thread may have reached the person shortly before `written`.
async fn reached(
    relay: &Relay,
    thread: &Thread,
    (person, most_turns): (&Person, usize),
    written: Timestamp,
) -> anyhow::Result<bool> {
    let is_read = |delivery: &Delivery| {
        let mut attempts = delivery.attempts.iter();
        attempts.any(|attempt| may_just_be_read(attempt, person, written))
    };
    let mut next = thread.last_in.clone();
    for _ in 0..MOST_TEXTS {
        let Some(id) = next else { return Ok(false) };
        let Some(delivery) = relay.store.delivery(&id).await? else {
            return Ok(false);
        };
        if is_read(&delivery) {
            return Ok(true);
        }
        let (told, reminders) = try_join(
            relay.deliveries(told_of(&delivery, person)),
            relay.deliveries(reminders_of(&delivery, most_turns)),
        )
        .await?;
        let is_told = |told: &Delivery| told.due().is_some() || is_read(told);
        if told.iter().any(is_told) || reminders.iter().any(is_read) {
            return Ok(true);
        }
        next = delivery.in_thread.and_then(|thread| thread.after);
    }
    Ok(false)
}

/// It reached the person a moment ago, or nobody knows whether it has.
fn may_just_be_read(attempt: &Attempt, person: &Person, written: Timestamp) -> bool {
    let is_theirs = attempt.to.person == person.name;
    is_theirs
        && match attempt.outcome {
            Outcome::Pending | Outcome::Unknown | Outcome::Accepted | Outcome::Sent => true,
            Outcome::Delivered => written < attempt.since + CROSSING,
            Outcome::Absent | Outcome::Refused { .. } | Outcome::Undelivered { .. } => false,
        }
}

/// What may have told the person that the text went on to somebody else.
fn told_of(delivery: &Delivery, person: &Person) -> Vec<DeliveryId> {
    let hand_overs = delivery.handed_over.iter().zip(1..);
    let theirs = hand_overs.filter(|(hand_over, _)| hand_over.from.person == person.name);
    theirs
        .map(|(_, number)| DeliveryId::told(&delivery.id, number))
        .collect()
}

/// What may have reminded somebody to answer the text, whose turn it was among so many.
fn reminders_of(delivery: &Delivery, most_turns: usize) -> Vec<DeliveryId> {
    let sid = delivery.message_sid.iter();
    sid.flat_map(|sid| {
        (1..=most_turns).map(|turn| DeliveryId::follow_up(sid, Chased::Remind.name(), turn))
    })
    .collect()
}
