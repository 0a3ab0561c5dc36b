//! What the ports of [`crate::app`] are connected to: AWS, SQLite, files.

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "machine")]
pub mod backup;
pub mod files;
#[cfg(feature = "machine")]
pub mod sqlite;
