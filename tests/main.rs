//! Black-box tests, one file a concern.

mod config;
mod conversations;
#[cfg(all(feature = "aws", feature = "machine"))]
mod deployed;
mod sandbox;
mod world;
