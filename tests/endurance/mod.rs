//! What holds for as long as it runs: under faults, kills, load and random input. Most have a short
//! form among the tests, all a long one with a target in the Makefile.

mod crash;
mod fan_out;
mod fuzz;
mod interleavings;
mod load;
#[cfg(feature = "aws")]
mod scale;
mod simulation;
