//! What Twilio asks and tells about a call: verified, taken as the call's next step, kept, answered.

use std::time::Duration;

use futures::future::try_join;
use jiff::Timestamp;

use super::{by_phone, late};
use crate::app::call_work::Work;
use crate::app::ports::credentials::verify;
use crate::app::ports::kept_texts::SpooledText;
use crate::app::ports::store::ForCall;
use crate::app::relay::Relay;
use crate::domain::call::{Answer, Event};
use crate::domain::ids::CallSid;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::twilio::answer::WebhookError;
use crate::twilio::voice::{VoicePath, what_to_do};
use crate::twilio::webhook::{self, Refusal, Unverified};

/// What Twilio is answered.
pub struct Answered {
    pub answer: Answer,
    pub call: CallSid,
    pub public_url: String,
    /// Nobody waits for a document.
    pub is_callback: bool,
}

/// How long a person who pressed 1 waits for the store. Then they are connected all the same: what comes next
/// says that they were.
const CONNECTS_WITHIN: Duration = Duration::from_secs(1);

/// Two round trips in sequence: everything that the answer needs, then everything that follows from it.
pub async fn receive(relay: &Relay, webhook: Unverified) -> Result<Answered, WebhookError> {
    let asked = webhook.voice()?;
    if !matches!(asked.path, VoicePath::Chosen(..)) {
        return take(relay, webhook, None).await;
    }
    let connects = connects_anyway(relay, &webhook, &asked.call).await;
    let taken = tokio::time::timeout(CONNECTS_WITHIN, take(relay, webhook, None));
    match (taken.await, connects) {
        (Ok(Err(WebhookError::Failed(error))), Some(answered)) => {
            tracing::error!(
                count = "connected_unsaved", call.sid = %asked.call, error = format!("{error:#}"),
                "a person pressed 1 and is connected, though it could not be kept"
            );
            Ok(answered)
        }
        (Err(_), Some(answered)) => {
            tracing::error!(
                count = "connected_unsaved", call.sid = %asked.call,
                "a person pressed 1 and is connected, though the store did not answer in time"
            );
            Ok(answered)
        }
        (Ok(taken), _) => taken,
        (Err(_), None) => Err(anyhow::anyhow!("the store did not answer in time").into()),
    }
}

/// What is answered to the key 1 if the store cannot say anything: the signature alone has to be right, over the
/// address that the request says it was sent to.
async fn connects_anyway(relay: &Relay, webhook: &Unverified, call: &CallSid) -> Option<Answered> {
    let credentials = relay.credentials.current().await.ok()?;
    let presses_one = webhook.presses("1") && webhook.seems_genuine(&credentials).is_ok();
    presses_one.then(|| Answered {
        answer: Answer::Connect,
        call: call.clone(),
        public_url: String::new(),
        is_callback: false,
    })
}

/// A request that the fallback kept, on the same way. One that the main path has taken meanwhile changes
/// nothing.
pub async fn take_kept(relay: &Relay, kept: &SpooledText) -> Result<(), WebhookError> {
    match take(relay, kept.request.clone(), Some(kept.received)).await {
        // What began the call may be kept as well, and still wait.
        Err(WebhookError::Refused(refusal @ (Refusal::UnknownCall | Refusal::UnknownLine)))
            if kept.checked =>
        {
            Err(anyhow::Error::from(refusal).into())
        }
        taken => taken.map(|_| ()),
    }
}

async fn take(
    relay: &Relay,
    webhook: Unverified,
    by_fallback: Option<Timestamp>,
) -> Result<Answered, WebhookError> {
    let asked = webhook.voice()?;
    let source = &*relay.credentials;
    let (credentials, found) = try_join(source.current(), async {
        find(
            relay,
            &asked.call,
            asked.line.as_ref(),
            asked.caller.as_ref(),
        )
        .await
    })
    .await?;
    let (line, stored) = found.ok_or(Refusal::UnknownLine)?;
    let verified = verify(webhook, source, &credentials, &line.public_url).await?;
    let news = webhook::voice(asked.path, verified)?.into_inner();
    if let Some(code) = news.error_code {
        tracing::warn!(
            count = "call_error", call.sid = %news.call, error_code = code, advice = what_to_do(code),
            "Twilio tells of an error of a call"
        );
    }
    let is_callback = news.path.is_callback();
    let work = Work {
        relay,
        credentials: &credentials,
        line: &line,
        sid: &news.call,
        from: news.from.as_ref(),
        to: news.line.as_ref(),
        at: by_fallback,
    };
    let event = match by_fallback {
        Some(_) if news.path == VoicePath::Fallback => Some(Event::TakenByFallback),
        _ => news.event,
    };
    let is_unknown = stored.call.is_none() && by_fallback.is_none();
    if is_unknown
        && event == Some(Event::Began)
        && let Some(answer) = by_phone::began(&work, &stored).await?
    {
        return Ok(Answered {
            answer,
            call: news.call.clone(),
            public_url: line.public_url.clone(),
            is_callback,
        });
    }
    let answer = match event {
        // It was connected to nothing, not to the fallback either.
        Some(Event::Ended { seconds: Some(0) }) if is_unknown => end_unknown(&work, stored).await?,
        Some(event) => work.take(stored, event).await?,
        None => Answer::Nothing,
    };
    Ok(Answered {
        answer,
        call: news.call.clone(),
        public_url: line.public_url.clone(),
        is_callback,
    })
}

/// The end of a call of which nothing was heard: its first request may be answered at this moment.
async fn end_unknown(work: &Work<'_>, stored: ForCall) -> Result<Answer, WebhookError> {
    if late::take_in_hung_up(work, stored).await? {
        return Ok(Answer::Nothing);
    }
    let caller = work.from.and_then(|from| from.caller.phone());
    let store = &work.relay.store;
    let stored = store.for_call(&work.line.number, work.sid, caller).await?;
    work.take(stored, Event::Ended { seconds: Some(0) }).await
}

/// The line that a request is for, and what is stored for it. A request that does not name its line is of a
/// call that is known.
async fn find(
    relay: &Relay,
    sid: &CallSid,
    line: Option<&PhoneNumber>,
    from: Option<&PhoneNumber>,
) -> anyhow::Result<Option<(Line, ForCall)>> {
    let known;
    let number = match line {
        Some(number) => number,
        None => match relay.store.call(sid).await? {
            Some(call) => {
                known = call.line;
                &known
            }
            None => return Ok(None),
        },
    };
    let stored = relay.store.for_call(number, sid, from).await?;
    let line = stored.inbound.line.clone();
    Ok(line.map(|line| (line, stored)))
}
