//! What tests share.

pub mod hooked_store;
pub mod memory;
#[cfg(feature = "aws")]
pub mod moto;
#[cfg(feature = "aws")]
pub mod proxy;
pub mod records;
pub mod tools;
pub mod world;

/// One line with two people: the first has office hours, the second is the backup.
pub const RELAY_TOML: &str = include_str!("relay.toml");
