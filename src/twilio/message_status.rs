//! Twilio's names of a message's states.

use crate::domain::delivery::Status;

/// The state that Twilio calls so; `None` if the relay does not know it.
///
/// Source: Twilio, "Message status values" and the Messages resource of its OpenAPI document.
pub fn status_named(name: &str) -> Option<Status> {
    Some(match name {
        "accepted" => Status::Accepted,
        "scheduled" => Status::Scheduled,
        "queued" => Status::Queued,
        "sending" => Status::Sending,
        "sent" => Status::Sent,
        "delivered" => Status::Delivered,
        "undelivered" => Status::Undelivered,
        "failed" => Status::Failed,
        "canceled" => Status::Canceled,
        "read" => Status::Read,
        "partially_delivered" => Status::PartiallyDelivered,
        "receiving" => Status::Receiving,
        "received" => Status::Received,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_twilios() {
        let partially = Some(Status::PartiallyDelivered);
        assert_eq!(status_named("partially_delivered"), partially);
        assert_eq!(status_named("delivered"), Some(Status::Delivered));
        assert_eq!(status_named("Delivered"), None);
        assert_eq!(status_named("shredded"), None);
    }
}
