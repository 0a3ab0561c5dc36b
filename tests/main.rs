//! Black-box tests, one file a concern.

#[cfg(feature = "aws")]
mod ack_round_trips;
mod callers;
mod commands;
mod config;
#[cfg(feature = "aws")]
mod config_push;
mod contract;
mod conversations;
mod crash;
mod dependencies;
#[cfg(all(feature = "aws", feature = "machine"))]
mod deployed;
mod fan_out;
mod fuzz;
mod integrations;
mod layers;
mod load;
mod machine;
mod memory;
#[cfg(feature = "aws")]
mod moto;
mod notifier;
#[cfg(feature = "aws")]
mod proxy;
mod records;
#[cfg(all(feature = "aws", feature = "machine"))]
mod rotation;
mod sandbox;
mod secrets;
#[cfg(feature = "aws")]
mod secrets_manager;
mod simulation;
mod tools;
mod twilio_clients;
mod world;
