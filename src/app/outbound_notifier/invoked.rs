//! What the function is invoked with, HTTP apart: by its name, by the event bus, by SNS.

use serde_json::{Value, json};

use super::invitations::{self, invite};
use super::responses::{ApiResponse, NoticeStatus};
use crate::app::notices::{NoticeRejected, accept, cancel, standing};
use crate::app::relay::Relay;
use crate::domain::delivery::source::Source;
use crate::domain::ids::NoticeId;
use crate::domain::invitation;
use crate::domain::request::{self, Because, Refused, Request};

/// Does what the function is invoked with: a notice, an invitation, an event of the bus, messages of
/// SNS; or `{"show": ID}`, `{"cancel": ID}`. Answers what `/v1` answers.
pub async fn invoked(relay: &Relay, event: &[u8]) -> Result<Value, NoticeRejected> {
    asked(relay, event, Source::Invoke).await
}

/// The same; `direct` is who asks if no service of AWS does.
pub async fn asked(relay: &Relay, event: &[u8], direct: Source) -> Result<Value, NoticeRejected> {
    let (service, requests) = request::invoked(event)?;
    let source = service.unwrap_or(direct);
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        answers.push(perform(relay, request, source.clone()).await?.body);
    }
    Ok(match <[Value; 1]>::try_from(answers) {
        Ok([only]) => only,
        Err(several) => json!({ "answers": several }),
    })
}

/// Does what is asked for, whichever way it was asked.
pub(super) async fn perform(
    relay: &Relay,
    request: Request,
    source: Source,
) -> Result<ApiResponse, NoticeRejected> {
    match request {
        Request::Notice(notice) => {
            let answer = accept(relay, &notice, source).await?;
            Ok(ApiResponse::of_notice(&answer))
        }
        Request::Invitation(invitation) => {
            let invited = invite(relay, &invitation, source).await?;
            Ok(ApiResponse::of_invitation(&invited))
        }
        Request::Show(id) => show(relay, &id, |other| source.may_see(other)).await,
        Request::Cancel(id) => {
            let notice = NoticeId::parse(&id).map_err(|_| unknown())?;
            let kept = relay.store.notice(notice).await?;
            kept.filter(|kept| source.may_see(&kept.source))
                .ok_or_else(unknown)?;
            cancel(relay, notice).await?.ok_or_else(unknown)?;
            show(relay, &id, |_| true).await
        }
    }
}

/// How a notice or an invitation stands, if it is one that may be seen by where it came from.
pub(super) async fn show(
    relay: &Relay,
    id: &str,
    may_see: impl Fn(&Source) -> bool,
) -> Result<ApiResponse, NoticeRejected> {
    if let Some(id) = invitation::parse_id(id) {
        let status = invitations::standing(relay, &id, may_see).await?;
        return Ok(ApiResponse::of(&status.ok_or_else(unknown)?));
    }
    let id = NoticeId::parse(id).map_err(|_| unknown())?;
    let found = standing(relay, id).await?;
    let (notice, counts) = found
        .filter(|(notice, _)| may_see(&notice.source))
        .ok_or_else(unknown)?;
    Ok(ApiResponse::of(&NoticeStatus::of(&notice, counts)))
}

pub(super) fn unknown() -> Refused {
    let detail = "the relay knows no notice and no invitation of this id";
    Refused::new(Because::Unknown, detail)
}

/// Takes a message of the function's queue: an event of the bus as it is, or what SNS wrapped. What is
/// wrong with it will not get better, so it is said in the log, with an alarm, and does not come
/// again.
pub async fn queued(relay: &Relay, message: &str) -> anyhow::Result<()> {
    match invoked(relay, &unwrapped(message)).await {
        Ok(_) => Ok(()),
        // Nothing is wrong with it, and nobody to tell.
        Err(NoticeRejected::Refused(refused)) if refused.because == Because::NobodySubscribed => {
            tracing::info!("a notice is not sent: {refused}");
            Ok(())
        }
        Err(NoticeRejected::Refused(refused)) => {
            let fields = refused.fields.iter();
            let fields: Vec<_> = fields
                .map(|f| format!("{}: {}", f.path, f.problem))
                .collect();
            tracing::error!(
                count = "request_refused",
                because = ?refused.because,
                fields = fields.join("; "),
                "a request is refused: {refused}"
            );
            Ok(())
        }
        Err(NoticeRejected::Failed(error)) => Err(error),
    }
}

/// The message as the function would be invoked with it. SNS puts what it brings to a queue into the
/// object that it brings to a function among `Records`.
///
/// Source: AWS, Amazon SNS Developer Guide, "Fanout to Amazon SQS queues".
fn unwrapped(message: &str) -> Vec<u8> {
    match serde_json::from_str::<Value>(message) {
        Ok(envelope) if envelope["Type"] == "Notification" => {
            json!({"Records": [{"Sns": envelope}]}).to_string().into()
        }
        _ => message.into(),
    }
}
