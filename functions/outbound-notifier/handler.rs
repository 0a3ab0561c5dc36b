//! Texts that other systems ask for: notices to many and invitations of one, whichever way they ask.

pub mod answers;
pub mod http;
pub mod invitations;
mod invoked;
pub mod problem;

pub use invoked::{asked, invoked, queued};
