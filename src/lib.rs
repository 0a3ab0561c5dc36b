//! A business phone line in front of a few people: the library behind the `relay` command and the
//! Lambda functions. Its table of contents:

pub mod adapters;
pub mod app;
#[cfg(feature = "aws")]
pub mod aws_error;
#[cfg(feature = "machine")]
pub mod cli;
pub mod clock;
pub mod credentials;
pub mod domain;
pub mod hosts;
pub mod printable;
#[cfg(feature = "machine")]
pub mod sandbox;
pub mod twilio;

// The domain: no AWS, no HTTP, no clock.

// What the domain is connected to.

// What runs: the concerns, and where they run.
