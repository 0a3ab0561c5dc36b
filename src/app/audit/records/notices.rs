use jiff::Timestamp;

use super::blank;
use crate::app::ports::audit::{Kind, Record};
use crate::domain::delivery::source::Source;
use crate::domain::notice::{Audience, Notice, NoticeState};

/// The record of a notice that was accepted.
pub fn notice_accepted(notice: &Notice) -> Record {
    let way = match &notice.source {
        Source::Http { caller } => format!("over HTTP by {caller}"),
        Source::EventBridge => "by an event".to_owned(),
        Source::Sns => "over SNS".to_owned(),
        Source::Invoke => "by an invocation".to_owned(),
        Source::Shell => "by hand".to_owned(),
    };
    let audience = match &notice.audience {
        Audience::Subscribers => format!("to the subscribers of {}", notice.topic),
        Audience::Numbers(numbers) => format!("to {} numbers", numbers.len()),
    };
    Record {
        rule: Some(notice.template.clone()),
        outcome: Some(format!("accepted {way}, {audience}")),
        next: notice.due(),
        ..of_notice(Kind::Notice, notice, notice.created)
    }
}

/// The record of a notice's end before all of it has gone out, if it ended so.
pub fn notice_ended(notice: &Notice, at: Timestamp) -> Option<Record> {
    let (kind, outcome) = match notice.state {
        NoticeState::Cancelled { .. } => (Kind::NoticeCancelled, "called back".to_owned()),
        NoticeState::Superseded { by, .. } => (Kind::Superseded, format!("{by} took its place")),
        NoticeState::Expired { .. } => (Kind::NoticeExpired, "its time is over".to_owned()),
        NoticeState::Scheduled | NoticeState::Sending | NoticeState::Sent => return None,
    };
    Some(Record {
        outcome: Some(outcome),
        ..of_notice(kind, notice, at)
    })
}

fn of_notice(kind: Kind, notice: &Notice, at: Timestamp) -> Record {
    Record {
        notice: Some(notice.id),
        ..blank(kind, &notice.line, at)
    }
}
