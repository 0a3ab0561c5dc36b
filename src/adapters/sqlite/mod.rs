//! SQLite behind the ports of the one-machine mode.

pub mod caught_up;
pub mod checkpoints;
mod condition;
pub mod database;
pub mod integrity;
pub mod queue;
pub mod snapshot;
mod statements;
pub mod store;
