//! What `infra/integrations` has for other systems, run as it stands there, against a relay on this
//! machine with the fake Twilio.

mod apps_script;
mod daemon;
mod http;
pub mod place;
mod workflows;

use std::path::{Path, PathBuf};

/// A file of `infra/integrations`.
pub fn integration(path: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("infra/integrations");
    folder.join(path)
}

/// A program of the tests' own.
pub fn client(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/programs/clients")
        .join(name)
}
