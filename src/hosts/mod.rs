//! Where the use cases run: as Lambda functions, or as a server on one machine.

#[cfg(feature = "aws")]
pub mod lambda;
#[cfg(feature = "machine")]
pub mod server;
