//! A call of which no request came, found in Twilio's list when it was over.

use crate::app::call_work::{Work, found};
use crate::app::relay::Relay;
use crate::domain::call::{Attestation, Event, Found, SHORTEST_MESSAGE};
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
        at: None,
    };
    let was = Found {
        came,
        seconds: listed.seconds,
        has_message: message.is_some(),
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
