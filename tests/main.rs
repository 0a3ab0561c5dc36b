//! Black-box tests, all in one binary, which links once. `tests/README.md` says what is where.

mod commands;
mod contract;
mod conversations;
mod dependencies;
#[cfg(feature = "aws")]
mod deployed;
mod endurance;
mod layers;
mod programs;
mod support;
