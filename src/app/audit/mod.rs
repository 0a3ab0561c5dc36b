//! What is put into the audit.

pub mod records;
