//! Store, queue and audit as plain maps: what the simulation runs on thousands of times a second. The
//! conversations have the queue, which can lose wake-ups as SQS may.
//! They hold to the same contracts as the real ones (`tests/contract`).

mod audit;
mod calls;
mod notices;
mod queue;
mod store;

pub use audit::MemoryAudit;
pub use queue::{MemoryQueue, Received};
pub use store::{MemoryStore, Tables};
