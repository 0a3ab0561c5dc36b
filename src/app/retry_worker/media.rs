//! The attachments of a text that is about to be sent.

use futures::future::try_join_all;
use jiff::SignedDuration;

use crate::app::relay::Relay;
use crate::domain::credentials::Credentials;
use crate::domain::delivery::{Answer, Class, Delivery, Failure};

/// How long after a text came in its attachments are waited for. The words do not wait longer.
const WAITED_FOR: SignedDuration = SignedDuration::from_mins(1);

/// Addresses at which Twilio can fetch them now. Otherwise what the attempt comes to, without anything
/// having been sent.
pub(super) async fn addresses(
    relay: &Relay,
    credentials: &Credentials,
    delivery: &Delivery,
    media: &[String],
) -> Result<Vec<String>, Answer> {
    let each = media
        .iter()
        .map(|url| relay.twilio.media_address(credentials, url));
    let found = try_join_all(each).await;
    if relay.now() < delivery.created + WAITED_FOR {
        return found;
    }
    match found {
        Err(Answer::Refused {
            http_status: http_status @ (404 | 500..),
            failure,
        }) => Err(Answer::Refused {
            http_status,
            failure: Failure {
                class: Class::Attachment,
                ..failure
            },
        }),
        // If Twilio can be reached, it says itself that it cannot fetch them.
        Err(Answer::NotSent) => Ok(media.to_vec()),
        found => found,
    }
}
