//! Twilio's news of a message that was sent: kept, and only ever moving the delivery forward.

use bytes::Bytes;
use http::{Request, Response};

use crate::relay::Relay;

/// Answers `POST /twilio/status/{delivery}/{attempt}`.
pub async fn handle(relay: &Relay, request: Request<Bytes>) -> Response<String> {
    let _ = (relay, request);
    todo!()
}
