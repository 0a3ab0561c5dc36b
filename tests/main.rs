//! Black-box tests, one file a concern.

mod config;
mod conversations;
mod dependencies;
mod sandbox;
mod tools;
mod twilio_clients;
mod world;
