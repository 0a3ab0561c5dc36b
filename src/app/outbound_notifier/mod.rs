//! Texts that other systems ask for: notices to many and invitations of one, whichever way they ask.

pub mod auth;
pub mod http;
pub mod invitations;
mod invoked;
pub mod problem;
pub mod responses;
#[cfg(feature = "machine")]
pub mod schema;

pub use invoked::{asked, invoked, queued};
