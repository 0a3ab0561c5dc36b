//! The one worker that sends, the first attempt included: wakes deliveries and carries out what
//! their next step asks for.

mod conversation_checks;
mod guards;
mod media;
mod outbound_checks;
mod reply_numbers;
mod sweep;

pub use sweep::sweep;

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, bail};
use futures::StreamExt;
use futures::channel::mpsc;
use jiff::Timestamp;

use crate::app::ports::audit::{HashKey, Record};
use crate::app::ports::credentials::RefreshReason;
use crate::app::ports::queue::{Message, WakeUp};
use crate::app::relay::Relay;
use crate::app::{delivery_status, notices};
use crate::domain::credentials::Credentials;
use crate::domain::delivery::{
    Answer, Attempt, Delivery, Effect, Event, Failed, Failure, State, Status,
};
use crate::domain::ids::message_sid::MessageSid;
use crate::twilio::access::UNKNOWN_CREDENTIALS;
use crate::twilio::client::{Listed, NewMessage};

/// A wake-up may overtake the record of its delivery, but not by more than this.
const RECORD_WITHIN: Duration = Duration::from_secs(60);

/// When to look the first time again for a delivery that is not recorded yet.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// No wake-up needs nearly as many steps; a bound keeps a mistake from going on for ever.
const MOST_STEPS: usize = 100;

/// Works on what a queue brought. An error means that it has to come again.
pub async fn work_on(relay: &Relay, message: &Message) -> anyhow::Result<()> {
    match message {
        Message::Delivery(wake_up) => wake(relay, wake_up).await,
        Message::Page(turn) => notices::turn_page(relay, turn).await,
    }
}

/// Works on one wake-up until nothing is left to do now. An error means that the wake-up has to
/// come again.
pub async fn wake(relay: &Relay, wake_up: &WakeUp) -> anyhow::Result<()> {
    let (records, mut to_report) = mpsc::unbounded();
    let work = step_by_step(relay, wake_up, records);
    // The audit is written beside the work and in its order: a slow one delays no text.
    let report = async {
        while let Some(records) = to_report.next().await {
            relay.report(records).await;
        }
    };
    futures::join!(work, report).0
}

async fn step_by_step(
    relay: &Relay,
    wake_up: &WakeUp,
    records: mpsc::UnboundedSender<Vec<Record>>,
) -> anyhow::Result<()> {
    let Some(mut delivery) = relay.store.delivery(&wake_up.delivery).await? else {
        return not_recorded_yet(relay, wake_up).await;
    };
    let waits_for_order = delivery.waits_for_order();
    if !waits_for_order && is_outdated(wake_up, &delivery, relay.now()) {
        return Ok(());
    }
    let credentials = relay.credentials.current().await?;
    let key = HashKey::of(&credentials);
    let first = if waits_for_order {
        Event::TurnCame
    } else {
        Event::Woken
    };
    let mut events = VecDeque::from([first]);
    for _ in 0..MOST_STEPS {
        let Some(event) = events.front() else {
            return Ok(());
        };
        let event = match event {
            Event::Woken => guards::woken(relay, &delivery, &key).await?,
            event => event.clone(),
        };
        let Some(advanced) = relay.advance(&delivery, event).await? else {
            let saved = relay.store.delivery(&wake_up.delivery).await?;
            delivery = saved.with_context(|| format!("delivery {} is gone", wake_up.delivery))?;
            continue;
        };
        // Fails only if nobody listens any more, and `wake` listens as long as this runs.
        let _ = records.unbounded_send(relay.record_step(&advanced, &key).await);
        delivery = advanced.delivery;
        events.pop_front();
        events.extend(carry_out(relay, &credentials, &delivery, &advanced.effects).await?);
    }
    bail!(
        "delivery {} takes more than {MOST_STEPS} steps",
        wake_up.delivery
    )
}

/// Does what the effects of a step ask for. Returns what happened next.
async fn carry_out(
    relay: &Relay,
    credentials: &Credentials,
    delivery: &Delivery,
    effects: &[Effect],
) -> anyhow::Result<Vec<Event>> {
    let now = relay.now();
    let mut events = Vec::new();
    for effect in effects {
        match effect {
            Effect::Send { attempt } => {
                let mut answer = send(
                    relay,
                    credentials,
                    delivery,
                    attempt_of(delivery, *attempt)?,
                )
                .await;
                if let Answer::Accepted { sid } = &answer
                    && !relay
                        .store
                        .claim_message(&delivery.id, sid, relay.now())
                        .await?
                {
                    // Another delivery with the same words had lost sight of its own message and
                    // took this one for it. If that one exists, it is free to be taken.
                    answer = Answer::Unknown;
                }
                tracing::info!(delivery = %delivery.id, attempt, to = delivery.to.person, %answer, "asked Twilio to send a text");
                events.push(Event::Answered {
                    attempt: *attempt,
                    answer,
                });
            }
            Effect::Ask { attempt } => {
                let attempt = attempt_of(delivery, *attempt)?;
                events.push(ask(relay, credentials, delivery, attempt).await?);
            }
            Effect::AskAfter { attempt } => {
                events.extend(ask_after(relay, credentials, delivery, *attempt).await);
            }
            Effect::Wake { due } if *due <= now => events.push(Event::Woken),
            Effect::Wake { due } => {
                let wake_up = WakeUp::of(delivery, *due, now);
                relay.queue.send(&wake_up, now).await?;
            }
            Effect::TellInviter => {
                if let Some(failed) = Failed::of(delivery) {
                    relay.bus.tell(&failed).await?;
                }
                events.push(Event::Told);
            }
            Effect::Report { .. }
            | Effect::ReportHandOver { .. }
            | Effect::ReportHandBack { .. }
            | Effect::ReportArrived { .. }
            | Effect::ReportHandedOn { .. }
            | Effect::FollowUp
            | Effect::Tell { .. }
            | Effect::WakeNext(_)
            | Effect::ReportGivenUp { .. }
            | Effect::ReportSlowed(_)
            | Effect::ReportWithheld { .. } => {}
        }
    }
    Ok(events)
}

fn attempt_of(delivery: &Delivery, number: u32) -> anyhow::Result<&Attempt> {
    delivery
        .attempt(number)
        .with_context(|| format!("delivery {} has no attempt {number}", delivery.id))
}

async fn send(
    relay: &Relay,
    credentials: &Credentials,
    delivery: &Delivery,
    attempt: &Attempt,
) -> Answer {
    let answer = send_with(relay, credentials, delivery, attempt).await;
    if !is_unknown(&answer) {
        return answer;
    }
    // A rotation may have been faster than the news of it. Nothing was sent, so it may be sent.
    match relay
        .credentials
        .newer(credentials, RefreshReason::Refused)
        .await
    {
        Some(newer) => send_with(relay, &newer, delivery, attempt).await,
        None => answer,
    }
}

async fn send_with(
    relay: &Relay,
    credentials: &Credentials,
    delivery: &Delivery,
    attempt: &Attempt,
) -> Answer {
    let part = &delivery.parts[attempt.part];
    let media = match media::addresses(relay, credentials, delivery, &part.media).await {
        Ok(media) => media,
        Err(answer) => return answer,
    };
    if !attempt.may_be_sent(relay.now()) {
        return Answer::NotSent;
    }
    let callback = delivery_status::callback_url(delivery, attempt);
    let message = NewMessage {
        from: delivery.sent_from(attempt),
        to: &attempt.to.number,
        body: &part.body,
        media: &media,
        status_callback: &callback,
        // Twilio does not bring it once it is the next person's.
        validity: delivery
            .stage_end()
            .duration_since(relay.now())
            .try_into()
            .unwrap_or_default(),
    };
    relay.twilio.create_message(credentials, &message).await
}

/// Whether Twilio does not know the credentials. Other refusals, such as of what a key's policy does
/// not allow, say nothing against them.
fn is_unknown(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Refused {
            http_status: 401,
            failure: Failure {
                code: Some(UNKNOWN_CREDENTIALS),
                ..
            },
        }
    )
}

/// Asks Twilio what became of an attempt whose answer was lost. Twilio has no idempotency key for
/// messages, so the message is recognised by recipient, time and body, and by nobody else's having
/// it.
async fn ask(
    relay: &Relay,
    credentials: &Credentials,
    delivery: &Delivery,
    attempt: &Attempt,
) -> anyhow::Result<Event> {
    let listed = match listed(relay, credentials, delivery, attempt).await {
        Ok(listed) => listed,
        Err(error) => {
            tracing::warn!(delivery = %delivery.id, attempt = attempt.number, error = format!("{error:#}"), "Twilio did not say what became of an attempt");
            return Ok(Event::NoAnswer);
        }
    };
    let body = delivery.parts[attempt.part].body.trim();
    let known = |sid: &MessageSid| {
        delivery
            .attempts
            .iter()
            .any(|a| a.sid.as_ref() == Some(sid))
    };
    // The oldest is the likeliest: a later one with the same words is a later text's.
    let mut listed: Vec<_> = listed.into_iter().rev().collect();
    if attempt.is_look() {
        // The relay before went on after a failure.
        let words = |message: &Listed| message.body.as_deref().unwrap_or_default().trim() != body;
        let failed = |message: &Listed| message.status().is_some_and(Status::is_failure);
        listed.sort_by_key(|message| (words(message), failed(message)));
    }
    for message in listed {
        let words = message.body.as_deref().unwrap_or_default().trim();
        let is_same =
            words == body || (attempt.is_look() && delivery.was_brought_by(attempt.part, words));
        if is_same
            && !known(&message.sid)
            && relay
                .store
                .claim_message(&delivery.id, &message.sid, relay.now())
                .await?
        {
            return Ok(Event::Status {
                attempt: attempt.number,
                status: message.status().unwrap_or(Status::Accepted),
                failure: message.failure(),
                sid: message.sid,
            });
        }
    }
    Ok(Event::Absent {
        attempt: attempt.number,
    })
}

/// What Twilio has for the attempt's recipient since it began, the newest first.
async fn listed(
    relay: &Relay,
    credentials: &Credentials,
    delivery: &Delivery,
    attempt: &Attempt,
) -> anyhow::Result<Vec<Listed>> {
    let (to, clock) = (&attempt.to.number, &*relay.clock);
    let Some(since) = attempt.since_backup else {
        let from = delivery.sent_from(attempt);
        let listed = relay
            .twilio
            .list_messages(credentials, to, from, attempt.began, clock);
        return Ok(listed.await?);
    };
    // Before the restore it may have come from any of the line's numbers.
    let line = relay.store.line(&delivery.from).await?;
    let numbers = line.map_or_else(
        || vec![delivery.from.clone()],
        |line| line.numbers().cloned().collect(),
    );
    let mut all = Vec::new();
    for from in &numbers {
        let listed = relay
            .twilio
            .list_messages(credentials, to, from, since, clock);
        all.extend(listed.await?);
    }
    Ok(all)
}

/// Asks Twilio what became of a message that it took, because no callback told.
async fn ask_after(
    relay: &Relay,
    credentials: &Credentials,
    delivery: &Delivery,
    number: u32,
) -> Option<Event> {
    let sid = delivery.attempt(number)?.sid.clone()?;
    match relay.twilio.message(credentials, &sid).await {
        Ok(message) => Some(Event::Status {
            attempt: number,
            sid,
            status: message.as_ref()?.status()?,
            failure: message?.failure(),
        }),
        Err(error) => {
            tracing::warn!(delivery = %delivery.id, attempt = number, error = format!("{error:#}"), "Twilio did not say what became of a message");
            None
        }
    }
}

/// Whether a wake-up has nothing to do because the delivery changed between its being asked for and
/// its being wanted, or is due later than the wake-up was for: whoever changed it has asked for
/// another one, and if that was lost, the sweep finds the delivery. Without this, a text that is
/// tried again and again would have more wake-ups from time to time, each of which goes round, and
/// with a queue that doubles them soon thousands.
///
/// Only who sends or asks may be gone without having done so.
fn is_outdated(wake_up: &WakeUp, delivery: &Delivery, now: Timestamp) -> bool {
    let due = delivery.due();
    if due.is_some_and(|due| due <= now) {
        return false;
    }
    let changed = delivery.changed();
    let was_replaced = wake_up.asked < changed && changed < wake_up.due;
    let is_busy = matches!(
        delivery.state,
        State::Sending { .. } | State::Unknown { .. }
    );
    was_replaced || (!is_busy && due.is_some_and(|due| wake_up.due < due))
}

async fn not_recorded_yet(relay: &Relay, wake_up: &WakeUp) -> anyhow::Result<()> {
    let now = relay.now();
    // A clock that was set back makes it look asked for in the future.
    let age = now.duration_since(wake_up.asked).unsigned_abs();
    if RECORD_WITHIN < age {
        tracing::warn!(delivery = %wake_up.delivery, "a wake-up for a delivery that was never recorded");
        return Ok(());
    }
    // Each pause is as long as all before it. With more of them, a queue that doubles wake-ups, or
    // says of some that they failed, would have thousands of them within the minute.
    let pause = age.max(LOOK_AGAIN);
    relay
        .queue
        .send(
            &WakeUp {
                due: now + pause,
                ..wake_up.clone()
            },
            now,
        )
        .await
}
