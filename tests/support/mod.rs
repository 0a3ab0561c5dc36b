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
