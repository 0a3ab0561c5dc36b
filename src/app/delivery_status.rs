//! Twilio's news of a message that was sent: kept, and only ever moving the delivery forward.

use bytes::Bytes;
use futures::future::try_join;
use http::{Request, Response};

use crate::app::ports::audit::HashKey;
use crate::app::ports::credentials::verify;
use crate::app::probe;
use crate::app::relay::Relay;
use crate::domain::delivery::{Attempt, Delivery};
use crate::domain::ids::DeliveryId;
use crate::domain::reconciliation::News;
use crate::twilio::answer::{WebhookError, answer_to};
use crate::twilio::webhook::{self, Refusal, Unverified};

/// The path that status callbacks come to, before the delivery's id and the attempt's number.
const PATH: &str = "/twilio/status/";

/// Answers `POST /twilio/status/{delivery}/{attempt}`: 200 once the news is kept, 5xx if it could
/// not be.
pub async fn handle(relay: &Relay, request: Request<Bytes>) -> Response<String> {
    let path = request.uri().path();
    match Unverified::read(&request) {
        Ok(webhook) if webhook.probe().is_some() => probe::of_relay(relay, webhook).await,
        read => answer_to(path, receive(relay, path, read).await),
    }
}

async fn receive(
    relay: &Relay,
    path: &str,
    read: Result<Unverified, Refusal>,
) -> Result<(), WebhookError> {
    let (id, attempt) = named_in(path).ok_or(Refusal::UnknownDelivery)?;
    let webhook = read?;
    let (credentials, delivery) =
        try_join(relay.credentials.current(), relay.store.delivery(&id)).await?;
    let delivery = delivery.ok_or(Refusal::UnknownDelivery)?;
    let source = &*relay.credentials;
    let verified = verify(webhook, source, &credentials, &delivery.public_url);
    let report = webhook::status(verified.await?)?;
    let key = HashKey::of(&credentials);
    let Some(status) = report.status else {
        return Ok(());
    };

    // Of the relay before a restore, which had an attempt of this number.
    let looks = delivery.attempt(attempt).filter(|a| a.is_look());
    if looks.is_some_and(|look| look.sid.is_none()) {
        return Ok(());
    }
    let is_known = delivery.attempt(attempt).is_none_or(|a| a.sid.is_some());
    if !is_known
        && !relay
            .store
            .claim_message(&id, &report.sid, relay.now())
            .await?
    {
        // Another delivery with the same words took this message for its own lost one.
        return Ok(());
    }
    let news = News {
        attempt,
        sid: report.sid.clone(),
        status,
        failure: report.failure,
    };
    match tell(relay, delivery, &news, &key).await? {
        Some(_) => Ok(()),
        None => Err(Refusal::UnknownDelivery.into()),
    }
}

/// Tells a delivery what Twilio says of one of its attempts. Returns how the delivery stands then;
/// `None` if there is no such delivery any more.
pub async fn tell(
    relay: &Relay,
    delivery: Delivery,
    news: &News,
    key: &HashKey,
) -> anyhow::Result<Option<Delivery>> {
    let id = delivery.id.clone();
    let settled = relay.settle(delivery, key, |_| Some(news.event())).await?;
    // The others are as many again, and say nothing that anybody waits for.
    if news.status.is_final() {
        tracing::info!(delivery = %id, attempt = news.attempt, status = ?news.status, code = news.failure.code, "Twilio told what became of a text");
    }
    Ok(settled)
}

/// Where Twilio reports what becomes of an attempt's message. What stands after the `#` stays with
/// Twilio and is not signed: up to three more tries when the relay cannot be reached, does not
/// answer in time, or answers 5xx. Without it Twilio tries again only if it could not connect.
///
/// Source: Twilio, "Webhooks: connection overrides".
pub fn callback_url(delivery: &Delivery, attempt: &Attempt) -> String {
    format!(
        "{}{PATH}{}/{}#rc=3&rp=ct,rt,5xx",
        delivery.public_url, delivery.id, attempt.number
    )
}

fn named_in(path: &str) -> Option<(DeliveryId, u32)> {
    let name = path.strip_prefix(PATH)?;
    let (id, attempt) = name.strip_suffix('/').unwrap_or(name).split_once('/')?;
    Some((DeliveryId::parse(id).ok()?, attempt.parse().ok()?))
}
