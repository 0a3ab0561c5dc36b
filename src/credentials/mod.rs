//! Where Twilio's credentials are kept (`repos.env`, Secrets Manager) and how they are replaced.

pub mod cache;
pub mod exchange;
#[cfg(feature = "machine")]
pub mod inspection;
pub mod keyed_hash;
#[cfg(feature = "machine")]
pub mod reference;
pub mod registry;
#[cfg(feature = "machine")]
pub mod repos_env;
pub mod rotation;
mod rotation_record;
#[cfg(feature = "aws")]
pub mod secrets_manager;
pub mod sync;
pub mod values;
