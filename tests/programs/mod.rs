//! What the relay and the programs of others are to each other: Twilio's own clients, callers over
//! HTTP, the files of `infra/integrations`, and the sandbox that stands in for Twilio.

mod callers;
pub mod integrations;
mod notifier;
mod phone_numbers;
mod sandbox;
pub mod twilio_clients;
