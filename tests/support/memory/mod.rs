//! Store, queue and audit as plain maps: what the simulation runs on thousands of times a second.
//! They hold to the same contracts as the real ones (`tests/contract`).

mod audit;
mod notices;
mod queue;
mod store;

pub use audit::MemoryAudit;
pub use queue::{MemoryQueue, Received};
pub use store::MemoryStore;
