//! The file `relay.toml`, as a command reads it.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::domain::line::Line;
use crate::domain::line::config::{self, ConfigErrors, MOST_BYTES};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum NoConfig {
    #[error(
        "there is no {0}; copy relay.example.toml there and put in your numbers, or name another file with --config"
    )]
    Missing(String),
    #[error("{0} cannot be read: {1}; check its owner and mode with `ls -l {0}`")]
    Unreadable(String, io::Error),
    #[error(
        "{0} is larger than 1 MiB; a configuration is never that large, so is it another file?"
    )]
    TooLarge(String),
    #[error(transparent)]
    Mistakes(#[from] ConfigErrors),
}

/// Reads the lines of a file.
pub fn read(path: &Path) -> Result<Vec<Line>, NoConfig> {
    read_file(path).map(|file| file.lines)
}

/// Reads all that a file says.
pub fn read_file(path: &Path) -> Result<config::File, NoConfig> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(NoConfig::Missing(name)),
        Err(error) => Err(NoConfig::Unreadable(name, error)),
        Ok(length) if length as u64 > MOST_BYTES => Err(NoConfig::TooLarge(name)),
        Ok(_) => Ok(config::parse_file(&bytes, &name)?),
    }
}
