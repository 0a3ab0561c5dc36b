//! The rules of the relay, without I/O: no async, no clock, no AWS, no HTTP, no provider's words.

pub mod automatic_text;
pub mod call;
pub mod characters;
pub mod command;
pub mod conversation;
pub mod credentials;
pub mod delivery;
pub mod duty;
pub mod forgetting;
pub mod ids;
pub mod inbound;
pub mod inbound_record;
pub mod invitation;
pub mod language;
pub mod line;
pub mod loop_guard;
pub mod names;
pub mod notice;
pub mod opt_out;
pub mod pace;
pub mod phone;
pub mod provider;
pub mod reconciliation;
pub mod request;
pub mod retention;
pub mod routing;
pub mod sms;
pub mod subscriber;
pub mod template;
mod text_form;

pub mod time_zone;
pub mod when;
