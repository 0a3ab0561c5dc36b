//! What the use cases need from outside, as traits. [`crate::adapters`] implements them.

pub mod alerts;
pub mod audit;
pub mod credentials;
pub mod event_bus;
pub mod kept_texts;
pub mod queue;
pub mod store;
pub mod verdicts;
