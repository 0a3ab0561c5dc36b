//! The relay on AWS: clients that are built once and warmed, and Lambda's events.

pub mod clients;
pub mod logs;
pub mod settings;
