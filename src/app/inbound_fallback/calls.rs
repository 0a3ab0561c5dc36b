//! A call that the main path did not answer: its caller leaves a message, and people are told later.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};

use super::{credentials, genuine, has_room};
use crate::app::ports::kept_texts::{FallbackContext, SpooledText};
use crate::domain::call::Answer;
use crate::domain::ids::message_sid::MessageSid;
use crate::twilio::answer::{WebhookError, answer_to};
use crate::twilio::twiml;
use crate::twilio::voice::{VoicePath, document, fallback_bye, fallback_document};
use crate::twilio::webhook::{Refusal, Unverified};

/// Answers `POST /twilio/voice/fallback` and what is below it: a caller leaves a message, and a person who was just
/// asked for a key is hung up on. Nobody is ever rung. 4xx if the request is not Twilio's.
///
/// A request that cannot be kept is answered all the same: the caller is on the line.
pub async fn handle_call(context: &FallbackContext, request: Request<Bytes>) -> Response<String> {
    match receive(context, &request).await {
        Ok(document) => {
            let mut response = Response::new(document);
            let content_type = HeaderValue::from_static(twiml::CONTENT_TYPE);
            response.headers_mut().insert(CONTENT_TYPE, content_type);
            response
        }
        Err(error) => answer_to(request.uri().path(), Err(error)),
    }
}

async fn receive(
    context: &FallbackContext,
    request: &Request<Bytes>,
) -> Result<String, WebhookError> {
    let webhook = Unverified::read(request)?;
    let failed = webhook.failed_voice();
    let asked = webhook.voice()?;
    let credentials = credentials(context).await;
    let address = match &credentials {
        Some(credentials) => genuine(context, &webhook, credentials).await?,
        None => webhook.claimed_address().ok_or(Refusal::Forged)?,
    };
    let answer = match asked.path {
        VoicePath::FallbackRecorded => fallback_bye(),
        VoicePath::FallbackRecording => twiml::EMPTY.to_owned(),
        _ if webhook.tells_of_a_talk() => document(&Answer::HangUp, &asked.call, &address),
        _ => fallback_document(failed.as_ref(), &address),
    };
    if failed.is_some_and(|failed| failed.is_of_person()) {
        // Of a person's side nothing is to be told: what comes next of the call tells it.
        return Ok(answer);
    }
    let kept = SpooledText {
        sid: MessageSid::of_call(&asked.call),
        received: context.clock.now(),
        checked: credentials.is_some(),
        request: webhook,
    };
    let (count, error_code) = ("call_fallback", kept.request.error_code());
    if !kept.checked && !has_room(context, request, &kept)? {
        tracing::warn!(
            count = "no_room", call.sid = %asked.call,
            "answered a call that nobody can check now, and there is no room to keep more of that kind"
        );
        return Ok(answer);
    }
    match context.spool.add(&kept).await {
        Ok(()) => tracing::error!(
            count, call.sid = %asked.call, error_code, checked = kept.checked,
            "answered a call that the main path did not take"
        ),
        Err(error) => tracing::error!(
            count, call.sid = %asked.call, error_code, error = format!("{error:#}"),
            "answered a call that the main path did not take, and could not keep it"
        ),
    }
    Ok(answer)
}
