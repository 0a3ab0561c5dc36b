//! A text to the line: verified, decided, kept, and set on its way.

mod deliveries;
mod from_customer;
mod from_fallback;
mod from_owner;
mod from_person;
mod opted_out;
pub mod persons_view;
mod plan;
mod subscription;
pub mod text;

pub use from_fallback::take_kept;
pub use from_person::PersonsView;
pub use plan::{Plan, plan};
pub use text::{Talk, Text};

use anyhow::{Context, bail};
use bytes::Bytes;
use futures::future::{join3, try_join, try_join_all};
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};

use crate::app::audit::records;
use crate::app::outgoing_call::call_if_asked;
use crate::app::ports::audit::{HashKey, Record};
use crate::app::ports::credentials::verify;
use crate::app::ports::queue::{Group, WakeUp};
use crate::app::ports::store::{ForInbound, Kept, Planned, Recorded};
use crate::app::probe;
use crate::app::relay::Relay;
use crate::domain::credentials::Credentials;
use crate::domain::delivery::Delivery;
use crate::domain::ids::DeliveryId;
use crate::domain::inbound_record::{ByFallback, InboundRecord};
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::domain::reconciliation::Message;
use crate::domain::routing::Decision;
use crate::twilio::answer::{WebhookError, answer_to};
use crate::twilio::webhook::{self, Refusal, Unverified};

/// Answers `POST /twilio/sms`: 200 once the text is kept, 4xx if it is not Twilio's or not for this
/// relay, and 503 if it could not be kept, so that Twilio turns to the fallback URL.
pub async fn handle(relay: &Relay, request: Request<Bytes>) -> Response<String> {
    let done = match Unverified::read(&request) {
        Ok(webhook) if webhook.probe().is_some() => return probe::of_relay(relay, webhook).await,
        Ok(webhook) => receive(relay, webhook, None).await,
        Err(refusal) => Err(refusal.into()),
    };
    answer_to(request.uri().path(), done)
}

/// Two round trips in sequence: everything that the decision needs, then everything that follows
/// from it side by side. The signature is checked before them where the line's public URL is known.
async fn receive(
    relay: &Relay,
    webhook: Unverified,
    by_fallback: Option<ByFallback>,
) -> Result<(), WebhookError> {
    let (number, sid) = (webhook.line()?, webhook.message_sid()?);
    let phone = webhook.phone();
    let now = relay.now();
    let source = &*relay.credentials;
    let read = relay.store.for_inbound(&number, &sid, phone.as_ref());
    let (credentials, verified, mut stored) = match relay.public_urls.of(&number, now) {
        Some(url) => {
            let credentials = source.current().await?;
            let verified = verify(webhook, source, &credentials, &url).await?;
            (credentials, verified, read.await?)
        }
        None => {
            let (credentials, stored) = try_join(source.current(), read).await?;
            let line = stored.line.as_ref().ok_or(Refusal::UnknownLine)?;
            let verified = verify(webhook, source, &credentials, &line.public_url).await?;
            (credentials, verified, stored)
        }
    };
    let line = stored.line.as_ref().ok_or(Refusal::UnknownLine)?;
    relay.public_urls.keep(&number, line, now);
    let sms = webhook::inbound(verified)?;
    let key = HashKey::of(&credentials);

    if let Some(earlier) = stored.earlier.take() {
        // A wake-up of the first time may be missing; one too many does no harm.
        let record = Record {
            fallback: by_fallback,
            ..records::repeated(&earlier, now, &key)
        };
        let (woken, ()) = futures::join!(
            wake_at_once(relay, &line.number, &earlier.deliveries, now),
            relay.report(vec![record])
        );
        woken?;
        return Ok(Box::pin(call_if_asked(relay, line, &earlier)).await?);
    }
    let text = Text {
        received: by_fallback.map_or(now, |by| by.received),
        by_fallback,
        ..Text::of(sms.into_inner(), now)
    };
    keep(relay, stored, text, &key).await?;
    Ok(())
}

/// Fetches a text that Twilio lists and of which no webhook came, and takes it in. If it is known
/// already, nothing happens.
pub async fn take_in_late(
    relay: &Relay,
    credentials: &Credentials,
    line: &Line,
    listed: &Message,
) -> anyhow::Result<Recorded> {
    let sms = relay.twilio.received(credentials, &listed.sid).await?;
    let sms = sms.context("Twilio lists a text and does not have it")?;
    let stored = relay
        .store
        .for_inbound(&line.number, &sms.sid, sms.from.phone())
        .await?;
    let gone = || format!("there is no line {} any more", line.name);
    stored.line.as_ref().with_context(gone)?;
    if stored.earlier.is_some() {
        return Ok(Recorded::Already);
    }
    let text = Text {
        received: listed.at,
        is_found: true,
        ..Text::of(sms.into_inner(), relay.now())
    };
    keep(relay, stored, text, &HashKey::of(credentials)).await
}

/// Takes in what people are told of a call, under the call's name. If it is known already, nothing happens.
pub async fn take_in_call(
    relay: &Relay,
    stored: ForInbound,
    text: Text,
    key: &HashKey,
) -> anyhow::Result<()> {
    keep(relay, stored, text, key).await?;
    Ok(())
}

/// How often a text is planned anew because somebody else changed what it changes.
const MOST_PLANS: usize = 12;

/// Keeps what is planned, sets it on its way and puts it on record, all side by side.
async fn keep(
    relay: &Relay,
    mut stored: ForInbound,
    mut text: Text,
    key: &HashKey,
) -> anyhow::Result<Recorded> {
    text.since_backup = since_backup(relay, &text).await?;
    let sid = text.sms.sid.clone();
    for again in 0..MOST_PLANS {
        let line = stored.line.clone().context("the line is gone")?;
        let planned = planned(relay, &line, &stored, &text).await?;
        let mut records = records_of(&planned, &line, key);
        if again > 0 {
            records[0] = records::decided_anew(&planned.record, key);
        }
        let (kept, woken, ()) = join3(
            relay.store.take_in(&line.number, &planned),
            wake(relay, &planned.deliveries, text.now),
            relay.report(records),
        )
        .await;
        let record = planned.record;
        match kept {
            Ok(Kept::New) => {
                woken?;
                Box::pin(call_if_asked(relay, &line, &record)).await?;
                return Ok(new(&record));
            }
            // The same webhook came twice at once: the other one's decision stands, not this one.
            Ok(Kept::Already) => {
                let kept = relay.store.inbound(&sid).await;
                let kept = kept.ok().flatten().unwrap_or(record);
                relay
                    .report(vec![records::repeated(&kept, text.now, key)])
                    .await;
                woken?;
                Box::pin(call_if_asked(relay, &line, &kept)).await?;
                return Ok(Recorded::Already);
            }
            // It is decided by what is true now, and the audit hears of that.
            Ok(Kept::Outdated) => {
                let from = text.sms.from.phone();
                stored = relay.store.for_inbound(&line.number, &sid, from).await?;
            }
            Err(error) => {
                let record = Record {
                    fallback: record.by_fallback,
                    ..records::not_kept(&record.decision.line, &record.sms, text.now, key)
                };
                relay.report(vec![record]).await;
                return Err(error);
            }
        }
    }
    bail!("other texts kept changing what text {sid} changes")
}

/// How long before a restore a text may have come by Twilio's clock or another machine's, if by this one's it
/// came after.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(15);

/// The time of the backup, if the relay may have dealt with the text before it was restored. A text that a
/// webhook brings comes now.
async fn since_backup(relay: &Relay, text: &Text) -> anyhow::Result<Option<Timestamp>> {
    if !text.is_found && text.by_fallback.is_none() && !text.is_of_call() {
        return Ok(None);
    }
    let restored = relay.store.restoration().await?;
    let restored = restored.filter(|restored| text.received < restored.at + CLOCKS_DIFFER);
    Ok(restored.map(|restored| restored.since))
}

/// What is to be kept of the text, by what was read.
async fn planned(
    relay: &Relay,
    line: &Line,
    stored: &ForInbound,
    text: &Text,
) -> anyhow::Result<Planned> {
    let known = stored.known(text.now);
    let view = persons_view::read(relay.store.as_ref(), line, stored, text).await?;
    let plan = plan(line, &known, text, stored, &view);
    let before = relay.texts(plan.needs()).await?;
    Ok(plan.complete(&before))
}

fn new(record: &InboundRecord) -> Recorded {
    let Decision {
        rule, to_person, ..
    } = &record.decision;
    let what = match record.sms.sid.call() {
        Some(_) => "people are told of a call",
        None => "a text came in",
    };
    tracing::info!(
        message.sid = %record.sms.sid, from = ?record.sms.from, line = record.decision.line,
        rule = rule.name(), to = to_person.as_deref(), "{what}",
    );
    Recorded::New
}

/// What the audit is told of a text that is kept.
fn records_of(planned: &Planned, line: &Line, key: &HashKey) -> Vec<Record> {
    let record: &InboundRecord = &planned.record;
    let mut audit = vec![records::decided(record, key)];
    audit.extend(records::opted_out_by_text(record, line, key));
    audit.extend(records::subscribed_by_text(record, line, key));
    audit.extend(records::duty_by_text(planned, key));
    audit.extend(records::blocked_by_text(planned, key));
    audit
}

/// Wakes each of them when it is due.
async fn wake(relay: &Relay, deliveries: &[Delivery], now: Timestamp) -> anyhow::Result<()> {
    let wake_up = |delivery: &Delivery| WakeUp::of(delivery, delivery.due().unwrap_or(now), now);
    send_all(relay, deliveries.iter().map(wake_up), now).await
}

async fn wake_at_once(
    relay: &Relay,
    line: &PhoneNumber,
    deliveries: &[DeliveryId],
    now: Timestamp,
) -> anyhow::Result<()> {
    let wake_up = |id| WakeUp::new(id, now, now).in_group(Group::of_line(line));
    send_all(relay, deliveries.iter().map(wake_up), now).await
}

async fn send_all(
    relay: &Relay,
    wake_ups: impl Iterator<Item = WakeUp>,
    now: Timestamp,
) -> anyhow::Result<()> {
    try_join_all(wake_ups.map(|wake_up| async move { relay.queue.send(&wake_up, now).await }))
        .await?;
    Ok(())
}
