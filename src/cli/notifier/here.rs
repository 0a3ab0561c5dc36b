//! A relay that is asked in its own store and queue, past HTTP.

use super::{NotifierRequest, Said};
use crate::app::notices::NoticeRejected;
use crate::app::outbound_notifier::{self, problem};
use crate::app::relay::Relay;
use crate::domain::delivery::source::Source;
use crate::domain::request::Refused;

pub async fn ask(relay: &Relay, request: &NotifierRequest) -> anyhow::Result<Said> {
    let event = serde_json::to_vec(request)?;
    match outbound_notifier::asked(relay, &event, Source::Shell).await {
        Ok(answer) => Ok(Said::Done(answer)),
        Err(NoticeRejected::Refused(refused)) => {
            let document = problem::Document::from(within(refused, request));
            Ok(Said::Refused(serde_json::to_value(document)?))
        }
        Err(NoticeRejected::Failed(error)) => Err(error),
    }
}

/// Without the name of what is around the request: nobody has written that.
fn within(mut refused: Refused, request: &NotifierRequest) -> Refused {
    let around = match request {
        NotifierRequest::Notice(_) => "notice.",
        NotifierRequest::Invitation(_) => "invitation.",
        NotifierRequest::Show(_) | NotifierRequest::Cancel(_) => return refused,
    };
    let bare = |text: &str| text.strip_prefix(around).unwrap_or(text).to_owned();
    refused.detail = bare(&refused.detail);
    for field in &mut refused.fields {
        field.path = bare(&field.path);
    }
    refused
}
