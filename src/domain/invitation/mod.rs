//! A text to one person, with a link that is theirs, such as to a place on a crew. It is a delivery
//! like any other, but whoever invited them has to know when it does not arrive: that is owed to
//! them until it is said.

mod fit;
mod plan;
mod standing;

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::domain::delivery::invitation::Invitation;
use crate::domain::delivery::{Delivery, Purpose, Recipient};
use crate::domain::ids::{DeliveryId, hex};
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;

pub use fit::{Misfit, unfitting};
pub use plan::plan;
pub use standing::InvitationStatus;

/// What the id of an invitation begins with; the rest is made of its line and idempotency key.
const PREFIX: &str = "iv-";

/// How long the relay tries to deliver an invitation that may be delivered for longer: whoever
/// invited somebody wants to know within a day whether they have it.
const AT_MOST: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest pause between attempts. Twilio charges for each, and a phone that is switched off is
/// switched on again some day.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// The id of the invitation of a line with this key, which is its delivery's.
pub fn id(line: &PhoneNumber, key: &str) -> DeliveryId {
    let digest = Sha256::digest(format!("invitation\n{}\n{key}", line.expose()));
    DeliveryId::parse(&format!("{PREFIX}{}", hex(&digest[..16])))
        .expect("letters, digits and a hyphen")
}

/// Reads the id of an invitation.
pub fn parse_id(text: &str) -> Option<DeliveryId> {
    let id = DeliveryId::parse(text).ok()?;
    id.as_str().starts_with(PREFIX).then_some(id)
}

/// The delivery that brings an invitation. It is tried until `expires`, and not for longer than a
/// day.
pub fn delivery(
    line: &Line,
    to: Recipient,
    body: String,
    invitation: Invitation,
    expires: Option<Timestamp>,
    now: Timestamp,
) -> Delivery {
    let end = now.checked_add(AT_MOST).unwrap_or(Timestamp::MAX);
    let mut policy = line.policy.clone();
    policy.retry.longest = policy.retry.longest.max(LONGEST_PAUSE);
    let id = id(&line.number, &invitation.source.own(&invitation.key));
    let text = (body, Vec::new());
    Delivery {
        deadline: expires.map_or(end, |expires| expires.min(end)),
        invitation: Some(Box::new(invitation)),
        policy,
        ..Delivery::new(line, id, Purpose::Invitation, to, text, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::{Report, Source};

    fn line(n: u8) -> PhoneNumber {
        PhoneNumber::parse(&format!("+1619555010{n}")).unwrap()
    }

    #[test]
    fn line_and_key_make_the_id_and_nothing_else_does() {
        let april = id(&line(0), "april");
        assert_eq!(id(&line(0), "april"), april);
        assert_ne!(id(&line(1), "april"), april);
        assert_ne!(id(&line(0), "may"), april);
        assert_eq!(parse_id(april.as_str()), Some(april.clone()));
        assert_eq!(april.as_str().len(), 35);
    }

    #[test]
    fn no_other_deliverys_id_is_an_invitations() {
        for text in ["", "in-1", "no-1", "iv 1", "IV-1"] {
            assert_eq!(parse_id(text), None, "{text}");
        }
    }

    #[test]
    fn a_report_is_owed_from_the_first_failure_on_until_it_is_made() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut invitation = Invitation {
            event: "Zurek".to_owned(),
            key: "k".to_owned(),
            subject: None,
            request: String::new(),
            source: Source::Invoke,
            report: Report::NotNeeded,
        };
        assert_eq!(invitation.report_due(), None);
        invitation.owe_report(at(1));
        invitation.owe_report(at(2));
        assert_eq!(invitation.report_due(), Some(at(1)));
        invitation.report = Report::Made { at: at(3) };
        invitation.owe_report(at(4));
        assert_eq!(invitation.report_due(), None);
    }
}
