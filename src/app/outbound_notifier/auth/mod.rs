//! Programs that may call the relay over HTTP: who they are, what each may do, and how a request
//! proves that it is theirs.
//!
//! ```text
//! Unverified::read ─▶ verify (key, clock) ─▶ Signed ─▶ admit (replay, rate) ─▶ Verified
//! ```
//!
//! A request carries three headers: `X-Relay-Caller`, `X-Relay-Timestamp` (seconds since 1970, a
//! fraction is allowed) and `X-Relay-Signature`, the HMAC-SHA256 in hexadecimal digits, keyed with
//! the caller's key as text, over four lines: timestamp, method, path with query, body.

mod admission;
mod denied;
mod request;
mod signature;

pub use admission::{Signed, Verified};
pub use denied::Denied;

pub use request::Unverified;
pub use signature::sign;

use jiff::SignedDuration;

/// How far a request's timestamp may be from the relay's clock, either way.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

pub const CALLER_HEADER: &str = "x-relay-caller";
pub const TIMESTAMP_HEADER: &str = "x-relay-timestamp";
pub const SIGNATURE_HEADER: &str = "x-relay-signature";
