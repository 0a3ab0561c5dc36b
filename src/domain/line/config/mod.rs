//! `relay.toml`: read, checked, and refused with line, column and what to write instead.

mod auto_reply;
mod cascade;
mod entries;
mod lines;
mod mistakes;
mod notices;
mod policy;
mod templates;
mod values;
mod write;

pub use mistakes::{ConfigErrors, Mistake};
pub use policy::in_words;
pub use write::write;

use std::io::Read;
use std::path::Path;

use super::Line;

/// Nobody's configuration comes near this size.
pub const MOST_BYTES: u64 = 1024 * 1024;

/// What a newcomer copies, and what `relay dev` runs without a configuration.
pub const EXAMPLE: &str = include_str!("../../../../relay.example.toml");

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum NoConfig {
    #[error(
        "there is no {0}; copy relay.example.toml there and put in your numbers, or name another file with --config"
    )]
    Missing(String),
    #[error("{0} cannot be read: {1}; check its owner and mode with `ls -l {0}`")]
    Unreadable(String, std::io::Error),
    #[error(
        "{0} is larger than 1 MiB; a configuration is never that large, so is it another file?"
    )]
    TooLarge(String),
    #[error(transparent)]
    Mistakes(#[from] ConfigErrors),
}

/// Reads the lines of a file.
pub fn read(path: &Path) -> Result<Vec<Line>, NoConfig> {
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => NoConfig::Missing(name.clone()),
        _ => NoConfig::Unreadable(name.clone(), error),
    };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(NoConfig::TooLarge(name));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(parse(text, &name)?),
        Err(error) => Err(ConfigErrors::not_utf8(&name, &bytes, error).into()),
    }
}

/// Reads the lines of a text. `name` is what the mistakes call it.
pub fn parse(text: &str, name: &str) -> Result<Vec<Line>, ConfigErrors> {
    let mut mistakes = mistakes::Mistakes::default();
    let (document, broken) = toml::de::DeTable::parse_recoverable(text);
    mistakes.syntax(&broken, text);
    // What is left of a text with broken syntax says nothing about what was meant.
    let lines = if broken.is_empty() {
        lines::read(&document, &mut mistakes)
    } else {
        Vec::new()
    };
    mistakes.into_result(name, text)?;
    Ok(lines
        .into_iter()
        .map(|line| line.complete().expect("whatever is missing is a mistake"))
        .collect())
}

/// The example line, for a relay on this machine that listens on `port`.
pub fn example(port: u16) -> Vec<Line> {
    let mut lines = parse(EXAMPLE, "relay.example.toml").expect("a test reads the example");
    for line in &mut lines {
        line.public_url = format!("http://127.0.0.1:{port}");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_configuration() {
        let lines = example(4000);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].public_url, "http://127.0.0.1:4000");
        let names: Vec<_> = lines[0].people.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["Sergio", "Backup"]);
        assert_eq!(lines[0].people[0].number.expose(), "+16195550110");
    }

    #[test]
    fn what_is_written_reads_back() {
        let lines = parse(EXAMPLE, "relay.toml").unwrap();
        assert_eq!(parse(&write(&lines), "relay.toml").unwrap(), lines);
        let mut odd = lines;
        odd[0].name = "Sergio \"the\" \\ Ñandú #1".to_owned();
        odd[0].people[0].hours = crate::domain::line::Hours::Never;
        assert_eq!(parse(&write(&odd), "relay.toml").unwrap(), odd);
    }
}
