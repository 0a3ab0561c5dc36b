//! Texts that other systems ask for: notices and invitations.

pub mod problem;
