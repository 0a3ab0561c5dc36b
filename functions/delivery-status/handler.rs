//! Twilio's news of a message that was sent: kept, and only ever moving the delivery forward.

use bytes::Bytes;
use futures::future::{join3, try_join, try_join_all};
use http::{Request, Response};

use crate::audit::{HashKey, records};
use crate::delivery::{Attempt, Delivery, DeliveryId, Effect, Event, step};
use crate::queue::WakeUp;
use crate::relay::Relay;
use crate::store::Saved;
use crate::twilio::answer::{Unanswered, answer_to};
use crate::twilio::webhook::{self, Refusal, Unverified};

/// The path that status callbacks come to, before the delivery's id and the attempt's number.
const PATH: &str = "/twilio/status/";

/// How often somebody else may save the delivery first before Twilio is asked to come again.
const MOST_TRIES: usize = 8;

/// Answers `POST /twilio/status/{delivery}/{attempt}`: 200 once the news is kept, 5xx if it could
/// not be.
pub async fn handle(relay: &Relay, request: Request<Bytes>) -> Response<String> {
    answer_to(receive(relay, &request).await)
}

async fn receive(relay: &Relay, request: &Request<Bytes>) -> Result<(), Unanswered> {
    let (id, attempt) = named_in(request.uri().path()).ok_or_else(Refusal::unknown_delivery)?;
    let webhook = Unverified::read(request)?;
    let (credentials, delivery) =
        try_join(relay.credentials.current(), relay.store.delivery(&id)).await?;
    let mut delivery = delivery.ok_or_else(Refusal::unknown_delivery)?;
    let report = webhook::status(webhook.verify(&credentials, &delivery.public_url)?)?;
    let key = HashKey::of(&credentials);
    let Some(status) = report.status else {
        return Ok(());
    };

    for _ in 0..MOST_TRIES {
        let now = relay.now();
        let event = Event::Status {
            attempt,
            sid: report.sid.clone(),
            status,
            code: report.error_code,
        };
        let before = delivery.clone();
        let (mut after, effects) = step(delivery, event, now, relay.chance.draw());
        if after == before {
            return Ok(());
        }
        after.version += 1;
        let wake_ups = effects.iter().filter_map(|effect| match effect {
            Effect::Wake { due } => Some(WakeUp {
                delivery: id.clone(),
                asked: now,
                due: *due,
            }),
            _ => None,
        });
        let (saved, woken, ()) = join3(
            relay.store.save(&after),
            try_join_all(
                wake_ups.map(|wake_up| async move { relay.queue.send(&wake_up, now).await }),
            ),
            relay.report(records::of_step(&after, &effects, now, &key)),
        )
        .await;
        match saved? {
            Saved::Yes => {
                woken?;
                tracing::info!(delivery = %id, attempt, status = ?status, code = report.error_code, "Twilio told how a text stands");
                return Ok(());
            }
            Saved::Outdated => {
                delivery = relay
                    .store
                    .delivery(&id)
                    .await?
                    .ok_or_else(Refusal::unknown_delivery)?;
            }
        }
    }
    Err(anyhow::anyhow!("delivery {id} was saved by others {MOST_TRIES} times in a row").into())
}

/// Where Twilio reports what becomes of an attempt's message.
pub fn callback_url(delivery: &Delivery, attempt: &Attempt) -> String {
    format!(
        "{}{PATH}{}/{}",
        delivery.public_url, delivery.id, attempt.number
    )
}

fn named_in(path: &str) -> Option<(DeliveryId, u32)> {
    let (id, attempt) = path.strip_prefix(PATH)?.split_once('/')?;
    Some((DeliveryId::parse(id).ok()?, attempt.parse().ok()?))
}
