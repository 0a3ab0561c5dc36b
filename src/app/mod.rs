//! The concerns. Each stands in its own folder beside the `main` that runs it as a Lambda; the
//! one-machine server hosts the same code.

pub mod audit;
#[cfg(feature = "machine")]
pub mod blocks;
mod call_work;
mod conversations;
#[cfg(feature = "machine")]
pub mod dead_letters;
pub mod delivery_status;
#[cfg(feature = "machine")]
pub mod doctor;
pub mod inbound_fallback;
pub mod inbound_sms;
pub mod inbound_voice;
pub mod kept;
pub mod missed_calls;
#[cfg(feature = "machine")]
pub mod missed_texts;
pub mod notices;
pub mod outbound_notifier;
mod outgoing_call;
pub mod ports;
mod probe;
pub mod reconciliation;
pub mod relay;
pub mod retry_worker;
pub mod shares;
mod spending;
