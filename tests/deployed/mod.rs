//! The relay as `template.yaml` deploys it: the stack is created on an emulated AWS, and the real
//! binaries of the functions run in a Lambda of our own, with exactly the environment that the
//! template gives them and with no more rights than its policies grant. Only the clock is the real
//! one, so these tests never wait for anything that takes longer than moments.

// What stands in for AWS.
mod aws;
pub mod border;
mod doctor;
mod emulator;
mod end_to_end;
mod event_source;
mod http_api;
mod invoke_api;
mod lambda;
mod owner;
mod permissions;
mod programs;
mod rotation;
mod serving;
mod webhooks;
pub mod world;

pub use aws::http;

// What is tested.
mod ack_round_trips;
mod alarms;
mod bursts;
mod calls;
mod cargo_lambda;
mod connections;
mod conversations;
mod cost;
mod failures;
mod fallback;
mod invitations;
mod memory;
mod notices;
mod reconciliation;
mod requests;
mod rights;
mod secrets_manager;
mod starts;
mod template;
mod texts;
