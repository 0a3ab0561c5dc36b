//! A call of which no request came, found in Twilio's list when it was over.

use crate::app::call_work::{Work, found};
use crate::app::ports::store::ForCall;
use crate::app::relay::Relay;
use crate::domain::call::{Attestation, Event, Found, Left, SHORTEST_MESSAGE};
use crate::domain::credentials::Credentials;
use crate::domain::line::Line;
use crate::twilio::client::{CallAtTwilio, RecordingAtTwilio, RecordingState};
use crate::twilio::webhook::CallFrom;

/// Takes it in: as a message if the fallback took one, otherwise as a missed call. `false` if it is known already,
/// or Twilio is not done with its recording.
pub async fn take_in_late(
    relay: &Relay,
    credentials: &Credentials,
    line: &Line,
    listed: &CallAtTwilio,
) -> anyhow::Result<bool> {
    let from = listed.caller.phone();
    let stored = relay
        .store
        .for_call(&line.number, &listed.sid, from)
        .await?;
    if stored.call.is_some() || stored.inbound.line.is_none() {
        return Ok(false);
    }
    let recordings = relay.twilio.recordings_of(credentials, &listed.sid).await?;
    let is_not_ready = |it: &RecordingAtTwilio| it.state == RecordingState::NotYet;
    if recordings.iter().any(is_not_ready) {
        return Ok(false);
    }
    let message = recordings.into_iter().find_map(|it| match it.state {
        RecordingState::Ready { seconds } if SHORTEST_MESSAGE <= seconds => Some((it.sid, seconds)),
        _ => None,
    });
    let now = relay.now();
    let came = listed.began.unwrap_or(now);
    let from = CallFrom {
        caller: listed.caller.clone(),
        attestation: Attestation::Absent,
        place: None,
    };
    let work = Work {
        relay,
        credentials,
        line,
        sid: &listed.sid,
        from: Some(&from),
        to: None,
        at: None,
    };
    let was = Found {
        came,
        seconds: listed.seconds,
        left: match message {
            Some(_) => Left::Message,
            None => Left::Nothing,
        },
    };
    let Some(call) = work.take_found(stored, was, now).await? else {
        return Ok(false);
    };
    if let Some((sid, seconds)) = message {
        let (_, stored) = found(relay, &call).await?;
        let seconds = Some(seconds);
        work.take(stored, Event::Recording { sid, seconds }).await?;
    }
    Ok(true)
}

/// Takes in a call whose caller hung up before the relay had heard that it came, as Twilio tells at its end. Whoever
/// takes its first request in after that finds it over. `false` if the first request was taken in meanwhile.
pub(super) async fn take_in_hung_up(work: &Work<'_>, stored: ForCall) -> anyhow::Result<bool> {
    let now = work.relay.now();
    let twilio = &work.relay.twilio;
    let listed = twilio.call(work.credentials, work.sid).await?;
    let was = Found {
        came: listed
            .and_then(|listed| listed.began)
            .unwrap_or(now)
            .min(now),
        seconds: Some(0),
        left: Left::HungUp,
    };
    Ok(work.take_found(stored, was, now).await?.is_some())
}
