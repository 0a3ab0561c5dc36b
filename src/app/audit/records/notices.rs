use jiff::Timestamp;

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
    let of = |kind| of_notice(kind, notice, at);
    Some(match notice.state {
        NoticeState::Cancelled { .. } => of(Kind::NoticeCancelled).with_outcome("called back"),
        NoticeState::Superseded { by, .. } => {
            of(Kind::Superseded).with_outcome(format!("{by} took its place"))
        }
        NoticeState::Expired { .. } => of(Kind::NoticeExpired).with_outcome("its time is over"),
        NoticeState::Scheduled | NoticeState::Sending | NoticeState::Sent => return None,
    })
}

fn of_notice(kind: Kind, notice: &Notice, at: Timestamp) -> Record {
    Record {
        notice: Some(notice.id),
        ..Record::new(kind, &notice.line, at)
    }
}
