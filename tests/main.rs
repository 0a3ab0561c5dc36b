//! Black-box tests, all in one binary, which links once. `README.md` says what each folder holds.

#![allow(clippy::unwrap_used)]

// What the relay is held to.
mod contract;
mod conversations;
mod dependencies;

// What people type, and what runs on AWS.
mod commands;
#[cfg(feature = "aws")]
mod deployed;

// What other programs do with it, and what it withstands.
mod endurance;
mod layers;
mod page;
mod programs;
mod sentences;

mod support;
