//! A business phone line in front of a few people: the library behind the `relay` command and the
//! Lambda functions. Its table of contents:

// The domain: no AWS, no HTTP, no clock.
pub mod delivery;
pub mod duty;
pub mod inbound;
pub mod invitation;
pub mod line;
pub mod notice;
pub mod opt_out;
pub mod pace;
pub mod phone;
pub mod printable;
pub mod reconciliation;
pub mod routing;
pub mod subscriber;
pub mod text;
pub mod thread;

// What the domain is connected to.
pub mod audit;
pub mod caller;
pub mod clock;
pub mod credentials;
pub mod kept;
pub mod queue;
pub mod store;
pub mod twilio;

// What runs: the concerns, and where they run.
#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "machine")]
pub mod cli;
#[cfg(feature = "machine")]
pub mod dead;
pub mod functions;
#[cfg(feature = "machine")]
pub mod machine;
pub mod relay;
#[cfg(feature = "machine")]
pub mod schema;
