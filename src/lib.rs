//! A business phone line in front of a few people: the library behind the `relay` command and the
//! Lambda functions. A text to the line reaches whoever is on duty; every decision can be explained.
//!
//! ```
//! use relay::domain::line::config;
//! use relay::domain::phone::Sender;
//! use relay::domain::routing::{Known, Nature, decide};
//!
//! // The line of relay.example.toml, on a Saturday at 02:00 on its clock.
//! let line = config::example(4000).remove(0);
//! let now = "2026-11-28T02:00:00-08:00".parse()?;
//! let customer = Sender::parse("+16195550107");
//!
//! let decision = decide(&line, &Known::default(), &customer, Nature::Ordinary, now);
//! assert_eq!(decision.to_person.as_deref(), Some("Backup"));
//! # Ok::<(), jiff::Error>(())
//! ```
//!
//! # Layers
//!
//! A layer imports only those below it, and no two modules beside each other import one another.
//! `tests/layers.rs` holds the code to that; ARCHITECTURE.md says more.
//!
//! | layer | what it is |
//! | --- | --- |
//! | `cli` | the commands of `relay` |
//! | [`hosts`] | where the use cases run: as Lambda functions, or as a server on one machine |
//! | [`adapters`], [`credentials`], [`sandbox`] | AWS, SQLite and files behind the ports; `repos.env`, Secrets Manager and rotation; the fake Twilio |
//! | [`app`] | the use cases, a folder for each Lambda function, and the ports that they need |
//! | [`twilio`] | Twilio's webhooks, signatures and REST API, translated into the domain's words |
//! | [`domain`] | the rules: who gets a text, how it is delivered, what is said. No I/O, no clock |
//! | [`clock`], [`printable`], `aws_error` | the ground: time and chance as arguments, safe printing, errors of AWS |

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
