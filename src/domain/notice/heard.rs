//! Whether somebody has heard by earlier notices of what has changed now.

use super::{Notice, NoticeState};
use crate::domain::delivery::{Delivery, Outcome, State, Withheld};
use crate::domain::phone::PhoneNumber;

/// An earlier notice of the same subject, and its delivery to somebody if there is one.
pub struct Earlier<'a> {
    pub notice: &'a Notice,
    pub delivery: Option<&'a Delivery>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// They have one of the texts, or may have it.
    Yes,
    /// They would have had it.
    NotYet,
    /// They were not to have it, or could not.
    No,
}

/// What one recipient heard by the earlier notices, of which none sends anything any more.
pub fn heard(earlier: &[Earlier<'_>], number: &PhoneNumber) -> Heard {
    let mut heard = Heard::No;
    for Earlier { notice, delivery } in earlier {
        let by_this = match delivery {
            Some(delivery) => by_delivery(delivery),
            None if is_ahead(notice, number) => Heard::NotYet,
            None => Heard::No,
        };
        match by_this {
            Heard::Yes => return Heard::Yes,
            Heard::NotYet => heard = Heard::NotYet,
            Heard::No => {}
        }
    }
    heard
}

/// Whether the fan-out would have come to the number, had nothing taken the notice's place.
fn is_ahead(notice: &Notice, number: &PhoneNumber) -> bool {
    let goes_on = matches!(
        notice.state,
        NoticeState::Scheduled | NoticeState::Sending | NoticeState::Superseded { .. }
    );
    goes_on && !notice.cursor.has_passed(number)
}

fn by_delivery(delivery: &Delivery) -> Heard {
    let may_be_there = |outcome: &Outcome| {
        matches!(
            outcome,
            Outcome::Pending
                | Outcome::Unknown
                | Outcome::Accepted
                | Outcome::Sent
                | Outcome::Delivered
        )
    };
    let mut outcomes = delivery.attempts.iter().map(|attempt| &attempt.outcome);
    if outcomes.any(may_be_there) {
        return Heard::Yes;
    }
    match delivery.state {
        State::Waiting { .. }
        | State::Withheld {
            because: Withheld::Superseded,
        } => Heard::NotYet,
        _ => Heard::No,
    }
}
