//! A text to the line: verified, decided, kept, and set on its way.

mod duty;
mod kept;
mod topics;

pub use kept::take_kept;

use anyhow::Context;
use bytes::Bytes;
use futures::future::{join3, try_join, try_join_all};
use http::{Request, Response};
use jiff::Timestamp;

use crate::audit::{HashKey, Record, records};
use crate::delivery::{Delivery, DeliveryId, Purpose, Recipient, State};
use crate::duty::by_text::heed;
use crate::inbound::{ByFallback, InboundRecord, InboundSms, Nature};
use crate::line::{Line, Person};
use crate::opt_out::Change;
use crate::queue::WakeUp;
use crate::relay::Relay;
use crate::routing::{Decision, Known, Rule, decide};
use crate::store::Recorded;
use crate::text;
use crate::twilio::answer::{Unanswered, answer_to};
use crate::twilio::webhook::{self, Refusal, Unverified, Verified};

/// What somebody who is answered is called where a person's name would stand.
const SENDER: &str = "the sender";

/// Answers `POST /twilio/sms`: 200 once the text is kept, 4xx if it is not Twilio's or not for this
/// relay, and 503 if it could not be kept, so that Twilio turns to the fallback URL.
pub async fn handle(relay: &Relay, request: Request<Bytes>) -> Response<String> {
    answer_to(match Unverified::read(&request) {
        Ok(webhook) => receive(relay, webhook, None).await,
        Err(refusal) => Err(refusal.into()),
    })
}

/// Two round trips in sequence: everything that the decision needs, then everything that follows
/// from it side by side.
async fn receive(
    relay: &Relay,
    webhook: Unverified,
    by_fallback: Option<ByFallback>,
) -> Result<(), Unanswered> {
    let (number, sid) = (webhook.line()?, webhook.message_sid()?);
    let phone = webhook.phone();
    let (credentials, stored) = try_join(
        relay.credentials.current(),
        relay.store.for_inbound(&number, &sid, phone.as_ref()),
    )
    .await?;
    let (line, earlier, known) = stored.into_known();
    let line = line.ok_or_else(Refusal::unknown_line)?;
    let source = &*relay.credentials;
    let verified = webhook.verify_by(source, &credentials, &line.public_url);
    let sms = webhook::inbound(verified.await?)?;
    let key = HashKey::of(&credentials);
    let now = relay.now();

    if let Some(earlier) = earlier {
        // A wake-up of the first time may be missing; one too many does no harm.
        let record = Record {
            fallback: by_fallback,
            ..records::repeated(&earlier, now, &key)
        };
        let (woken, ()) = futures::join!(
            wake(relay, &earlier.deliveries, now),
            relay.report(vec![record])
        );
        return Ok(woken?);
    }
    let written = by_fallback.map_or(now, |by| by.received);
    let (mut record, deliveries) = plan_late(&line, &known, sms.into_inner(), written, now);
    if let Some(by) = by_fallback {
        record.received = by.received;
        record.by_fallback = Some(by);
    }
    keep(relay, &line, (record, deliveries), &key, now).await?;
    Ok(())
}

/// Takes in a text of which no webhook came, `since` being when it reached Twilio. If it is known
/// already, nothing happens.
pub async fn take_in_late(
    relay: &Relay,
    line: &Line,
    sms: Verified<InboundSms>,
    since: Timestamp,
) -> anyhow::Result<Recorded> {
    let (credentials, stored) = try_join(
        relay.credentials.current(),
        relay
            .store
            .for_inbound(&line.number, &sms.sid, sms.from.phone()),
    )
    .await?;
    let gone = || format!("there is no line {} any more", line.name);
    let (line, earlier, known) = stored.into_known();
    let line = line.with_context(gone)?;
    if earlier.is_some() {
        return Ok(Recorded::Already);
    }
    let now = relay.now();
    let (mut record, mut deliveries) = plan_late(&line, &known, sms.into_inner(), since, now);
    record.received = since;
    if record.decision.rule == Rule::FirstAvailable {
        let since = line.time_zone.at(since).strftime("%a %H:%M").to_string();
        for delivery in &mut deliveries {
            delivery.body = text::late(&since, &delivery.body);
            delivery.parts = text::parts(&delivery.body, &delivery.media);
        }
    }
    let key = HashKey::of(&credentials);
    keep(relay, &line, (record, deliveries), &key, now).await
}

/// Keeps what was planned, sets it on its way and puts it on record, all side by side.
async fn keep(
    relay: &Relay,
    line: &Line,
    (record, deliveries): (InboundRecord, Vec<Delivery>),
    key: &HashKey,
    now: Timestamp,
) -> anyhow::Result<Recorded> {
    let mut audit = vec![records::decided(&record, key)];
    audit.extend(records::opted_out_by_text(&record, line, key));
    audit.extend(records::subscribed_by_text(&record, line, key));
    audit.extend(records::duty_by_text(&record, key));
    let (recorded, woken, ()) = join3(
        relay.store.record(&record, &deliveries),
        wake(relay, &record.deliveries, now),
        relay.report(audit),
    )
    .await;
    match recorded {
        Ok(Recorded::New) => woken?,
        // The same webhook came twice at once: the other one's decision stands, not this one.
        Ok(Recorded::Already) => {
            let kept = relay.store.inbound(&record.sms.sid).await;
            let kept = kept.ok().flatten().unwrap_or(record);
            relay.report(vec![records::repeated(&kept, now, key)]).await;
            woken?;
            return Ok(Recorded::Already);
        }
        Err(error) => {
            let record = Record {
                fallback: record.by_fallback,
                ..records::not_kept(&record.decision.line, &record.sms, now, key)
            };
            relay.report(vec![record]).await;
            return Err(error);
        }
    }
    let Decision {
        rule, to_person, ..
    } = &record.decision;
    tracing::info!(
        message.sid = %record.sms.sid, from = ?record.sms.from, line = record.decision.line,
        rule = ?rule, to = to_person.as_deref(), "a text came in",
    );
    Ok(Recorded::New)
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

/// What is to be kept of a text that is written now, and whom it sets in motion.
pub fn plan(
    line: &Line,
    known: &Known,
    sms: InboundSms,
    now: Timestamp,
) -> (InboundRecord, Vec<Delivery>) {
    plan_late(line, known, sms, now, now)
}

fn plan_late(
    line: &Line,
    known: &Known,
    sms: InboundSms,
    written: Timestamp,
    now: Timestamp,
) -> (InboundRecord, Vec<Delivery>) {
    let person = sms.from.phone().and_then(|number| line.person_with(number));
    let (wish, listed) = (sms.wish(), &known.opt_outs);
    let opt_out = Change::by_text(&sms.from, wish.as_ref(), listed, person.is_some(), now);
    let asked = topics::asked(line, &sms);
    let command = person
        .filter(|_| asked.is_none())
        .and_then(|person| Some((person, duty::command(&sms, written, &line.time_zone)?)));
    // Any other text of a customer is relayed, whatever its nature.
    let nature = match (&asked, person) {
        (Some(asked), _) => topics::nature(asked),
        (None, Some(_)) if command.is_some() => Nature::DutyCommand,
        (None, Some(_)) => sms.nature(opt_out.is_some()),
        (None, None) => Nature::Ordinary,
    };
    let decision = decide(line, known, &sms.from, nature, now);
    let mut subscriptions = Vec::new();
    let mut duty = None;
    let delivery = match decision.rule {
        Rule::FirstAvailable => {
            let body = text::relayed(&sms);
            let body = match &opt_out {
                Some(change) => text::with_opt_out(&body, change),
                None => body,
            };
            relay_to(decision.cascade(line), body, line, &sms, now)
        }
        Rule::FromPerson => answer(text::ANSWER_TO_PERSON.to_owned(), line, &sms, now),
        Rule::Keyword | Rule::LeftTopic => asked.and_then(|asked| {
            let (changed, words) = topics::heed(&asked, line, &sms, &known.subscriptions, written);
            subscriptions = changed;
            answer(words?, line, &sms, now)
        }),
        Rule::DutyByText => command.and_then(|(person, command)| {
            let said = heed(command, line, person, known, written, now);
            duty = said.change;
            answer(said.answer, line, &sms, now)
        }),
        Rule::FromLine | Rule::OptOutWord | Rule::AutomaticReply | Rule::OwnWords => None,
    };
    let deliveries = Vec::from_iter(delivery);
    let ids = deliveries.iter().map(|delivery| delivery.id.clone());
    (
        InboundRecord {
            deliveries: ids.collect(),
            sms,
            received: now,
            decision,
            by_fallback: None,
            opt_out,
            subscriptions,
            duty,
        },
        deliveries,
    )
}

fn relay_to<'a>(
    mut cascade: impl Iterator<Item = &'a Person>,
    body: String,
    line: &Line,
    sms: &InboundSms,
    now: Timestamp,
) -> Option<Delivery> {
    let first = cascade.next()?;
    let media = sms.media.iter().map(|media| media.url.clone()).collect();
    let delivery = delivery(recipient(first), body, media, line, sms, now);
    Some(Delivery {
        sender: Some(sms.from.clone()),
        remaining: cascade.map(recipient).collect(),
        ..delivery
    })
}

/// To whoever wrote.
fn answer(words: String, line: &Line, sms: &InboundSms, now: Timestamp) -> Option<Delivery> {
    let number = sms.from.phone()?;
    let to = line.person_with(number).map_or_else(
        || Recipient {
            person: SENDER.to_owned(),
            number: number.clone(),
        },
        recipient,
    );
    Some(Delivery {
        purpose: Purpose::Answer,
        ..delivery(to, words, Vec::new(), line, sms, now)
    })
}

fn delivery(
    to: Recipient,
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
        sender: None,
        to,
        remaining: Vec::new(),
        parts: text::parts(&body, &media),
        body,
        media,
        attempts: Vec::new(),
        state: State::Waiting { due: now },
        created: now,
        deadline: now + line.policy.deliver_within,
        gave_up: None,
        replays: Vec::new(),
        slowed: Vec::new(),
        invitation: None,
        handed_over: Vec::new(),
        purpose: Purpose::Relay,
        policy: line.policy.clone(),
        time_zone: line.time_zone.clone(),
    }
}

fn recipient(person: &Person) -> Recipient {
    Recipient {
        person: person.name.clone(),
        number: person.number.clone(),
    }
}
