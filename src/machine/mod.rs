//! The relay on one machine: the same handlers behind an HTTP server, state and queue in SQLite,
//! the audit in a file.

mod checkpoints;
mod connections;
mod database;
pub mod kept;
pub mod logs;
mod nightly;
mod pressure;
pub mod server;
mod worker;

pub use database::Database;

use std::path::Path;

/// Where `relay dev` and `relay serve` keep their state, and other commands look for it.
pub const DEFAULT_DATA: &str = ".relay";

/// The database within a data folder.
pub const DATABASE: &str = "relay.db";

/// The audit within a data folder: one JSON object a line.
pub const AUDIT: &str = "audit.jsonl";

/// The texts within a data folder that the main path has not taken yet.
pub const KEPT_TEXTS: &str = "kept-texts.jsonl";

/// Leaves a file that holds what people wrote to its owner alone. One of somebody else stays as it
/// is: whether it can be used shows when it is opened.
fn leave_to_owner(file: &Path) -> std::io::Result<()> {
    use std::io::ErrorKind;
    use std::os::unix::fs::PermissionsExt;
    match std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        done => done,
    }
}

/// Makes the data folder if there is none, for its owner alone: it holds what people wrote.
pub fn create_data(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}
