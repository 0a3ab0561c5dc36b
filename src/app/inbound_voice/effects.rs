//! What follows from a call's step beside its being kept.

use super::voicemail;
use crate::app::call_work::Work;
use crate::app::outgoing_call as out;
use crate::app::ports::alerts;
use crate::domain::call::{Alert, Call, Effect, Event, Message, Stage, save_the_number};
use crate::domain::delivery::Recipient;
use crate::domain::ids::{DeliveryId, RecordingSid};
use crate::domain::sms;
use crate::twilio::client::{CallAtTwilio, NotRead, RecordingState};

/// Carries out what a step asks for. Returns what came of it, for the call's next steps; what fails now is due later.
pub async fn carry_out(work: &Work<'_>, call: &Call, effects: &[Effect]) -> Vec<Event> {
    let mut news = Vec::new();
    for effect in effects {
        match effect {
            Effect::Tell => {}
            Effect::AskTwilio => news.extend(ask(work, call).await),
            Effect::FetchRecording(sid) => news.push(fetch(work, call, sid).await),
            Effect::DeleteAtTwilio(sid) => news.extend(delete(work, sid).await),
            Effect::MakeCall => news.push(out::make(work, call).await),
            Effect::FindCall => news.extend(out::find(work, call).await),
            Effect::TellNotReached(because) => out::tell(work, call, *because).await,
            Effect::Advise { person } => advise(work, person).await,
            Effect::Alert(alert) => raise(work, alert).await,
        }
    }
    news
}

/// What Twilio says of the call, or of its recording if that was not heard of.
async fn ask(work: &Work<'_>, call: &Call) -> Option<Event> {
    let (twilio, credentials) = (&work.relay.twilio, work.credentials);
    let asked = async {
        let waits = call.stage == Stage::TakingMessage || call.asks_for_message.is_some();
        let is_unheard = |message: &Message| message.heard.is_none();
        if waits && call.message.as_ref().is_none_or(is_unheard) {
            for recording in twilio.recordings_of(credentials, work.sid).await? {
                match recording.state {
                    RecordingState::Ready { seconds } => {
                        return Ok(Event::Recording {
                            sid: recording.sid,
                            seconds: Some(seconds),
                        });
                    }
                    // It is not over for the message, even if the call is.
                    RecordingState::NotYet if call.asks_for_message.is_some() => {
                        return Ok(Event::Asked {
                            is_over: false,
                            seconds: None,
                        });
                    }
                    RecordingState::NotYet | RecordingState::Absent => {}
                }
            }
        }
        // If Twilio has no such call, nothing more will be heard of it.
        let known = twilio.call(credentials, call.at_twilio()).await?;
        Ok::<_, NotRead>(Event::Asked {
            is_over: known.as_ref().is_none_or(CallAtTwilio::is_over),
            seconds: known.and_then(|known| known.seconds),
        })
    };
    match asked.await {
        Ok(news) => Some(news),
        Err(error) => {
            tracing::warn!(
                call.sid = %work.sid, error = error.to_string(),
                "Twilio could not be asked about a call; it is asked again"
            );
            None
        }
    }
}

async fn fetch(work: &Work<'_>, call: &Call, sid: &RecordingSid) -> Event {
    match voicemail::keep(work, call, sid).await {
        Ok(true) => Event::Kept,
        Ok(false) => Event::NotKept,
        Err(error) => {
            tracing::warn!(
                call.sid = %work.sid, error = format!("{error:#}"),
                "a recording could not be fetched; it is tried again"
            );
            Event::NotKept
        }
    }
}

async fn delete(work: &Work<'_>, sid: &RecordingSid) -> Option<Event> {
    match work
        .relay
        .twilio
        .delete_recording(work.credentials, sid)
        .await
    {
        Ok(_) => Some(Event::Deleted { sid: sid.clone() }),
        Err(error) => {
            tracing::warn!(
                call.sid = %work.sid, %error,
                "a recording could not be deleted at Twilio; it is tried again"
            );
            None
        }
    }
}

/// Something picks up a person's phone and presses nothing.
async fn advise(work: &Work<'_>, person: &str) {
    let (line, now) = (work.line, work.relay.now());
    let Some(to) = line.person_named(person).map(Recipient::of) else {
        return;
    };
    let id = DeliveryId::of_calls(&line.number, "save_the_number", Some(person), now);
    let words = sms::first_segment::first_segment(&sms::gsm7_line(&save_the_number(line)));
    if let Err(error) = work.text(id, to, words, now).await {
        tracing::warn!(
            call.sid = %work.sid, error = format!("{error:#}"), "a person could not be advised"
        );
    }
}

/// Tells the person whose phone it is about, otherwise the owner. A call never waits or fails for it.
pub async fn raise(work: &Work<'_>, alert: &Alert) {
    let (relay, line, now) = (work.relay, work.line, work.relay.now());
    tracing::error!(
        count = "call_trouble", call.sid = %work.sid, line = line.name, because = alert.cause(),
        "something is wrong with calls"
    );
    relay
        .alerts
        .raise(alerts::Alert::of_calls(&line.name, alert));
    let person = match alert {
        Alert::Loop { person: Some(name) } => line.person_named(name).map(Recipient::of),
        _ => None,
    };
    let owner = line.policy.alert.clone().map(Recipient::owner);
    let Some(to) = person.or(owner) else {
        return;
    };
    let id = DeliveryId::of_calls(&line.number, alert.cause(), alert.person(), now);
    let words = alert.in_words(line.language, &line.name);
    if let Err(error) = work.text(id, to, words, now).await {
        tracing::error!(
            call.sid = %work.sid, error = format!("{error:#}"), "nobody could be told of it"
        );
    }
}
