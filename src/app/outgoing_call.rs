//! A call that a person asked for by text: made once, however often the text comes.

use std::time::Duration;

use anyhow::{Context, bail};
use jiff::SignedDuration;

use crate::app::call_work::Work;
use crate::app::ports::store::Saved;
use crate::app::relay::Relay;
use crate::domain::call::{
    self, Call, CallOut, Effect, Event, NotReached, Out, PERSON_RINGS, Step, tells_not_reached,
};
use crate::domain::conversation::tag;
use crate::domain::delivery::Recipient;
use crate::domain::ids::{CallSid, DeliveryId};
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Rule;
use crate::domain::sms;
use crate::twilio::client::{MadeCall, NewCall};
use crate::twilio::voice::{AWAITED, TOLD, VoicePath};

/// How often it is begun anew because other calls of the line changed meanwhile.
const MOST_TRIES: usize = 12;

/// Of what was written longer ago, nobody knows whether it is still meant.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// The webhook of the text waits so long. After that the sweep looks whether the call was made.
const MADE_WITHIN: Duration = Duration::from_secs(3);

/// Calls the person whose text asks for it. Nothing happens if the text asks for no call, or did before.
pub async fn call_if_asked(
    relay: &Relay,
    line: &Line,
    record: &InboundRecord,
) -> anyhow::Result<()> {
    let is_asked = record.decision.rule == Rule::CallByText;
    let (Some(link), true) = (&record.conversation, is_asked) else {
        return Ok(());
    };
    let from = record.sms.from.phone();
    let person = from.and_then(|number| line.person_with(number));
    let sid = CallSid::of_text(&record.sms.sid);
    let (Some(person), Some(sid)) = (person, sid) else {
        return Ok(());
    };
    let customer = &link.customer;
    let credentials = relay.credentials.current().await?;
    let work = Work {
        relay,
        credentials: &credentials,
        line,
        sid: &sid,
        from: None,
        to: None,
        at: None,
    };
    for _ in 0..MOST_TRIES {
        let now = relay.now();
        let store = &relay.store;
        let stored = store.for_call(&line.number, &sid, Some(customer)).await?;
        if stored.call.is_some() || LATE < now.duration_since(record.received) {
            return Ok(());
        }
        let known = stored.inbound.known(now);
        let new = CallOut {
            sid: &sid,
            text: &record.sms.sid,
            person,
            customer,
        };
        let mut stepped = call::call_out(line, &known, &stored.live, new, now);
        if work.save(&stored, &mut stepped, now).await? == Saved::Yes {
            let made = ring(&work, &stepped, customer);
            let made = tokio::time::timeout(MADE_WITHIN, made).await;
            if made.is_err() {
                tracing::warn!(call.sid = %sid, "Twilio takes long to make a call; it is looked for");
            }
            return Ok(());
        }
    }
    bail!("other calls of the line kept changing what call {sid} changes")
}

/// Carries out what a call begins with, and takes what came of it as the call's next step.
async fn ring(work: &Work<'_>, stepped: &Step, customer: &PhoneNumber) {
    for effect in &stepped.effects {
        match effect {
            Effect::TellNotReached(because) => tell(work, &stepped.call, *because).await,
            Effect::MakeCall => {
                let news = make(work, &stepped.call).await;
                if let Err(error) = take(work, news, customer).await {
                    tracing::warn!(
                        call.sid = %work.sid, error = format!("{error:#}"),
                        "what became of a call was not kept; it is looked for"
                    );
                }
            }
            _ => {}
        }
    }
}

async fn take(work: &Work<'_>, news: Event, customer: &PhoneNumber) -> anyhow::Result<()> {
    for _ in 0..MOST_TRIES {
        let (relay, line, now) = (work.relay, work.line, work.relay.now());
        let stored = relay.store.for_call(&line.number, work.sid, Some(customer));
        let stored = stored.await?;
        let Some(call) = &stored.call else {
            return Ok(());
        };
        let known = stored.inbound.known(now);
        let mut stepped = call::step(call, &stored.live, news.clone(), line, &known, now)?;
        if stepped.call == *call {
            return Ok(());
        }
        if work.save(&stored, &mut stepped, now).await? == Saved::Yes {
            for effect in &stepped.effects {
                if let Effect::TellNotReached(because) = effect {
                    tell(work, &stepped.call, *because).await;
                }
            }
            return Ok(());
        }
    }
    bail!("other requests kept changing call {}", work.sid)
}

/// Has Twilio call the person.
pub async fn make(work: &Work<'_>, call: &Call) -> Event {
    let made = async {
        let leg = call.legs.first().context("nobody is to be called")?;
        let public_url = work.line.public_url.trim_end_matches('/');
        let sid = &call.sid;
        let url = format!("{public_url}{}{AWAITED}", VoicePath::OutAsk(sid.clone()));
        let news = VoicePath::OutProgress(sid.clone());
        let new = NewCall {
            from: &work.line.number,
            to: &leg.number,
            url: &url,
            status_callback: &format!("{public_url}{news}{TOLD}"),
            seconds: PERSON_RINGS.as_secs(),
        };
        let twilio = &work.relay.twilio;
        anyhow::Ok(twilio.create_call(work.credentials, &new).await)
    };
    match made.await {
        Ok(MadeCall::Made(sid)) => Event::Made { sid },
        Ok(MadeCall::Refused { code }) => {
            tracing::error!(
                count = "call_trouble", call.sid = %work.sid, error_code = code,
                advice = code.and_then(crate::twilio::voice::what_to_do),
                "Twilio does not make a call that a person asked for"
            );
            Event::NotMade { code }
        }
        Ok(MadeCall::Unknown) => Event::Unanswered,
        Err(_) => Event::NotMade { code: None },
    }
}

/// Looks whether Twilio made the call; `None` if it does not say.
pub async fn find(work: &Work<'_>, call: &Call) -> Option<Event> {
    let person = &call.legs.first()?.number;
    let (relay, between) = (work.relay, (&work.line.number, person));
    let found =
        relay
            .twilio
            .call_made_since(work.credentials, between, call.opened, relay.clock.as_ref());
    match found.await {
        Ok(Some(sid)) => Some(Event::Made { sid }),
        Ok(None) => Some(Event::NoneFound),
        Err(error) => {
            tracing::warn!(
                call.sid = %work.sid, error = error.to_string(),
                "Twilio could not be asked whether it made a call; it is asked again"
            );
            None
        }
    }
}

/// The person reads why they are not connected.
pub async fn tell(work: &Work<'_>, call: &Call, because: NotReached) {
    let line = work.line;
    let telling = || {
        let Out { text, .. } = call.out.as_ref()?;
        // Whoever called the line themselves heard it.
        let text = text.as_ref()?;
        let person = line.person_named(&call.legs.first()?.person)?;
        let words = tells_not_reached(because, &tag(call.caller.phone()?, &[]), line)?;
        let words = sms::first_segment::first_segment(&sms::gsm7_line(&words));
        Some((DeliveryId::news(text, 0), Recipient::of(person), words))
    };
    let Some((id, to, words)) = telling() else {
        return;
    };
    if let Err(error) = work.text(id, to, words, work.relay.now()).await {
        tracing::error!(
            call.sid = %work.sid, error = format!("{error:#}"),
            "a person could not be told that they are not connected"
        );
    }
}
