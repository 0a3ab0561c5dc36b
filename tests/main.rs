//! Black-box tests, one file a concern.

mod config;
mod conversations;
mod sandbox;
mod world;
