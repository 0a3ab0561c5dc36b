//! Where Twilio's credentials are kept (`repos.env`, Secrets Manager) and how they are replaced.

pub mod cache;
#[cfg(all(feature = "aws", feature = "machine"))]
pub mod exchange;
#[cfg(feature = "machine")]
pub mod from_file;
#[cfg(feature = "machine")]
pub mod inspection;
#[cfg(feature = "machine")]
pub mod notes;
#[cfg(feature = "machine")]
pub mod reference;
#[cfg(feature = "machine")]
pub mod registry;
#[cfg(feature = "machine")]
pub mod repos_env;
#[cfg(all(feature = "aws", feature = "machine"))]
pub mod repos_env_slots;
pub mod rotation;
#[cfg(feature = "aws")]
pub mod secrets_manager;
pub mod sync;
pub mod values;
