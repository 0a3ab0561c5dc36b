//! The relay on one machine: the same handlers behind an HTTP server, state and queue in SQLite,
//! the audit in a file.

/// Where `relay dev` and `relay serve` keep their state, and other commands look for it.
pub const DEFAULT_DATA: &str = ".relay";
