//! The relay on AWS: clients that are built once and warmed, and Lambda's events.

pub mod batch;
pub mod doctor;
mod events;
pub mod http;
pub mod inbound;
mod keeper;
pub mod logs;
mod needs;
pub mod notifier;
mod rotation;
pub mod schedule;
pub mod settings;
mod start;

pub use keeper::start_fallback;
pub use needs::Needs;
pub use rotation::start_rotation;
pub use start::{build, start};
