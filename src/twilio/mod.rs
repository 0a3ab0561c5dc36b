//! Twilio's side of the relay: its webhooks and signatures, its REST API, its error codes, its
//! reply language, and a sandbox that stands in for all of it.

pub mod access;
pub mod answer;
pub mod api;
mod at_most;
pub mod call_status;
pub mod client;
pub mod effective;
pub mod error_texts;
pub mod errors;
pub mod form;
pub mod message_status;
pub mod network;
pub mod setup;
pub mod signature;
pub mod twiml;
pub mod voice;
pub mod webhook;

pub use at_most::AtMost;

/// The real API.
pub const API_URL: &str = "https://api.twilio.com";
