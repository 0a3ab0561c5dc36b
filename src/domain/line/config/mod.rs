//! `relay.toml`: read, checked, and refused with line, column and what to write instead.

mod alerts;
mod lines;
mod mistakes;
mod notices;
mod phones;
mod policy;
mod reply_numbers;
mod retention;
mod syntax;
mod table;
mod templates;
mod values;
mod voice;
mod write;
mod zone;

pub use alerts::AlertWays;
pub use lines::{File, Sound};
pub use mistakes::{ConfigErrors, Mistake};
pub use policy::in_words;
pub use write::write;

use super::Line;

/// Nobody's configuration comes near this size.
pub const MOST_BYTES: u64 = 1024 * 1024;

/// What a newcomer copies, and what `relay dev` runs without a configuration.
pub const EXAMPLE: &str = include_str!("../../../../relay.example.toml");

/// Reads a file's content. `name` is what the mistakes call the file.
pub fn parse_file(bytes: &[u8], name: &str) -> Result<File, ConfigErrors> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse_text(text, name),
        Err(error) => Err(ConfigErrors::not_utf8(name, bytes, error)),
    }
}

/// Reads the lines of a text. `name` is what the mistakes call it.
pub fn parse(text: &str, name: &str) -> Result<Vec<Line>, ConfigErrors> {
    parse_text(text, name).map(|file| file.lines)
}

fn parse_text(text: &str, name: &str) -> Result<File, ConfigErrors> {
    let mistakes = mistakes::Mistakes::default();
    let (document, broken) = toml::de::DeTable::parse_recoverable(text);
    mistakes.syntax(&broken, text);
    // What is left of a text with broken syntax says nothing about what was meant.
    let file = if broken.is_empty() {
        lines::read(&document, &mistakes)
    } else {
        File::default()
    };
    mistakes.into_result(name, text)?;
    Ok(file)
}

/// The mistakes in greetings that are sound files: of which line, counted from 0, and what is wrong. `bytes`
/// are the file's, which has no other mistakes.
pub fn wrong_greetings(bytes: &[u8], name: &str, wrong: Vec<(usize, String)>) -> ConfigErrors {
    let text = String::from_utf8_lossy(bytes);
    let mistakes = mistakes::Mistakes::default();
    let (document, _) = toml::de::DeTable::parse_recoverable(&text);
    for (line, message) in wrong {
        let lines = document.get_ref().get("line");
        let mut value = lines.and_then(|lines| lines.get_ref().as_array()?.get(line));
        for key in ["voice", "voicemail", "greeting"] {
            value = value.and_then(|value| value.get_ref().as_table()?.get(key));
        }
        mistakes.add(value.map_or(0..0, toml::Spanned::span), message);
    }
    mistakes.into_errors(name, &text)
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
