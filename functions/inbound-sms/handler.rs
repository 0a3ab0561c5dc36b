//! A text to the line: verified, decided, kept, and set on its way.

use bytes::Bytes;
use http::{Request, Response};

use crate::relay::Relay;

/// Answers `POST /twilio/sms`.
pub async fn handle(relay: &Relay, request: Request<Bytes>) -> Response<String> {
    let _ = (relay, request);
    todo!()
}
