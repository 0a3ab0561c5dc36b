//! A text to the line: verified, decided, kept, and set on its way.

use std::time::Duration;

use bytes::Bytes;
use futures::future::{join3, try_join, try_join_all};
use http::{Request, Response};
use jiff::Timestamp;

use crate::audit::{HashKey, records};
use crate::delivery::{Delivery, DeliveryId, Recipient, State};
use crate::duty::Overrides;
use crate::inbound::{InboundRecord, InboundSms};
use crate::line::{Line, Person};
use crate::queue::WakeUp;
use crate::relay::Relay;
use crate::routing::{Decision, Rule, decide};
use crate::store::Recorded;
use crate::text;
use crate::twilio::answer::{Unanswered, answer_to};
use crate::twilio::webhook::{self, Refusal, Unverified, Verified};

/// For how long the relay tries to get a text to somebody.
const DELIVER_WITHIN: Duration = Duration::from_secs(60 * 60);

/// Answers `POST /twilio/sms`: 200 once the text is kept, 4xx if it is not Twilio's or not for this
/// relay, and 503 if it could not be kept, so that Twilio turns to the fallback URL.
pub async fn handle(relay: &Relay, request: Request<Bytes>) -> Response<String> {
    answer_to(receive(relay, &request).await)
}

/// Two round trips in sequence: everything that the decision needs, then everything that follows
/// from it side by side.
async fn receive(relay: &Relay, request: &Request<Bytes>) -> Result<(), Unanswered> {
    let webhook = Unverified::read(request)?;
    let (number, sid) = (webhook.line()?, webhook.message_sid()?);
    let (credentials, known) = try_join(
        relay.credentials.current(),
        relay.store.for_inbound(&number, &sid),
    )
    .await?;
    let line = known.line.ok_or_else(Refusal::unknown_line)?;
    let source = &*relay.credentials;
    let verified = webhook.verify_by(source, &credentials, &line.public_url);
    let sms = webhook::inbound(verified.await?)?;
    let key = HashKey::of(&credentials);
    let now = relay.now();

    if let Some(earlier) = known.earlier {
        // A wake-up of the first time may be missing; one too many does no harm.
        let record = records::repeated(&earlier, now, &key);
        let (woken, ()) = futures::join!(
            wake(relay, &earlier.deliveries, now),
            relay.report(vec![record])
        );
        return Ok(woken?);
    }
    let (record, deliveries) = plan(&line, &known.overrides, sms, now);
    let audit = records::decided(&record, &key);
    let (recorded, woken, ()) = join3(
        relay.store.record(&record, &deliveries),
        wake(relay, &record.deliveries, now),
        relay.report(vec![audit]),
    )
    .await;
    match recorded {
        Ok(Recorded::New) => {}
        // The same webhook came twice at once: the other one's decision stands, not this one.
        Ok(Recorded::Already) => {
            let kept = relay.store.inbound(&record.sms.sid).await?;
            let kept = kept.as_ref().unwrap_or(&record);
            relay.report(vec![records::repeated(kept, now, &key)]).await;
        }
        Err(error) => {
            let record = records::not_kept(&line.name, &record.sms, now, &key);
            relay.report(vec![record]).await;
            return Err(error.into());
        }
    }
    woken?;
    let Decision {
        rule, to_person, ..
    } = &record.decision;
    tracing::info!(
        message.sid = %record.sms.sid, from = ?record.sms.from, line = line.name,
        rule = ?rule, to = to_person.as_deref(), "a text came in",
    );
    Ok(())
}

async fn wake(relay: &Relay, deliveries: &[DeliveryId], now: Timestamp) -> anyhow::Result<()> {
    let wake_ups = deliveries.iter().map(|id| WakeUp {
        delivery: id.clone(),
        asked: now,
        due: now,
    });
    try_join_all(wake_ups.map(|wake_up| async move { relay.queue.send(&wake_up, now).await }))
        .await?;
    Ok(())
}

/// What is to be kept of a text, and whom it sets in motion.
fn plan(
    line: &Line,
    overrides: &Overrides,
    sms: Verified<InboundSms>,
    now: Timestamp,
) -> (InboundRecord, Vec<Delivery>) {
    let sms = sms.into_inner();
    let decision = decide(line, overrides, &sms.from, now);
    let deliveries: Vec<Delivery> = match decision.rule {
        Rule::FirstAvailable => relay_to(decision.cascade(line), line, &sms, now),
        Rule::FromPerson => {
            let person = sms.from.phone().and_then(|number| line.person_with(number));
            person.map(|person| answer(person, line, &sms, now))
        }
        Rule::FromLine => None,
    }
    .into_iter()
    .collect();
    let ids = deliveries
        .iter()
        .map(|delivery| delivery.id.clone())
        .collect();
    (
        InboundRecord {
            sms,
            received: now,
            decision,
            deliveries: ids,
        },
        deliveries,
    )
}

fn relay_to<'a>(
    mut cascade: impl Iterator<Item = &'a Person>,
    line: &Line,
    sms: &InboundSms,
    now: Timestamp,
) -> Option<Delivery> {
    let first = cascade.next()?;
    let media = sms.media.iter().map(|media| media.url.clone()).collect();
    let delivery = delivery(first, text::relayed(sms), media, line, sms, now);
    Some(Delivery {
        remaining: cascade.map(recipient).collect(),
        ..delivery
    })
}

fn answer(person: &Person, line: &Line, sms: &InboundSms, now: Timestamp) -> Delivery {
    delivery(
        person,
        text::ANSWER_TO_PERSON.to_owned(),
        Vec::new(),
        line,
        sms,
        now,
    )
}

fn delivery(
    to: &Person,
    body: String,
    media: Vec<String>,
    line: &Line,
    sms: &InboundSms,
    now: Timestamp,
) -> Delivery {
    Delivery {
        id: DeliveryId::of_inbound(&sms.sid),
        version: 0,
        line: line.name.clone(),
        from: line.number.clone(),
        public_url: line.public_url.clone(),
        message_sid: Some(sms.sid.clone()),
        to: recipient(to),
        remaining: Vec::new(),
        parts: text::parts(&body, &media),
        body,
        media,
        attempts: Vec::new(),
        state: State::Waiting { due: now },
        created: now,
        deadline: now + DELIVER_WITHIN,
        gave_up: None,
        replays: Vec::new(),
    }
}

fn recipient(person: &Person) -> Recipient {
    Recipient {
        person: person.name.clone(),
        number: person.number.clone(),
    }
}
