//! The relay on one machine: the same handlers behind an HTTP server, the state in SQLite, the
//! audit in a file.

mod alerts;
mod calls;
mod catching_up;
pub mod connections;
pub mod kept;
pub mod logs;
pub mod machine;
mod nightly;
pub mod output;
pub mod parts;
mod pressure;
pub mod readiness;
mod retention;
pub mod supervisor;
pub mod twilio_account;
mod worker;

/// Where `relay serve` keeps its state, and other commands look for it.
pub const DEFAULT_DATA: &str = ".relay";

/// Where `relay dev` keeps its state, and other commands look for it if there is nothing in
/// [`DEFAULT_DATA`].
pub const DEV_DATA: &str = ".relay/dev";

/// The database within a data folder.
pub const DATABASE: &str = "relay.db";

/// The audit within a data folder: one JSON object a line.
pub const AUDIT: &str = "audit.jsonl";

/// The texts within a data folder that the main path has not taken yet.
pub const KEPT_TEXTS: &str = "kept-texts.jsonl";

/// What was last found at Twilio by the relay's daily look, within a data folder.
pub const VERDICTS: &str = "doctor/verdicts.json";

/// The files within a data folder.
pub const FILES: [&str; 3] = [DATABASE, AUDIT, KEPT_TEXTS];
