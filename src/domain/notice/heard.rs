//! Whether somebody was informed by earlier notices of what has changed now.

use super::{Notice, NoticeState};
use crate::domain::delivery::{Attempt, Delivery, State, Withheld};
use crate::domain::phone::PhoneNumber;

/// Whether a recipient has the text of an earlier notice. Of several, the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Informed {
    /// They were not to have it, or could not.
    No,
    /// They would have had it.
    NotYet,
    /// They have it, or may have it.
    Yes,
}

/// Whether a recipient was informed by an earlier notice, which sends nothing any more. `delivery`
/// is that notice's delivery to them, if there is one.
pub fn already_informed(
    earlier: &Notice,
    delivery: Option<&Delivery>,
    number: &PhoneNumber,
) -> Informed {
    match delivery {
        Some(delivery) => by_delivery(delivery),
        None if is_ahead(earlier, number) => Informed::NotYet,
        None => Informed::No,
    }
}

/// Whether the fan-out would have come to the number, had nothing taken the notice's place.
fn is_ahead(notice: &Notice, number: &PhoneNumber) -> bool {
    let goes_on = matches!(
        notice.state,
        NoticeState::Scheduled | NoticeState::Sending | NoticeState::Superseded { .. }
    );
    goes_on && !notice.cursor.has_passed(number)
}

fn by_delivery(delivery: &Delivery) -> Informed {
    let may_be_there = |attempt: &Attempt| !attempt.outcome.is_failure();
    match delivery.state {
        _ if delivery.attempts.iter().any(may_be_there) => Informed::Yes,
        State::Waiting { .. }
        | State::Withheld {
            because: Withheld::Superseded,
        } => Informed::NotYet,
        _ => Informed::No,
    }
}
