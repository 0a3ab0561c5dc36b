//! How the owner of a relay on one machine is told what a text cannot tell them, because it is texts that
//! do not work. Keys of the file, not of a line.

use http::Uri;
use toml::de::DeValue;

use super::table::{Table, list, text};

/// No program needs nearly as many arguments.
const MOST_ARGUMENTS: usize = 100;

/// Both, one or none. Either may hold a secret, so neither is printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AlertWays {
    /// A program and its arguments, which gets the text on standard input.
    pub command: Vec<String>,
    /// What the text is posted to.
    pub url: Option<String>,
}

pub(super) fn read(file: &mut Table) -> AlertWays {
    AlertWays {
        command: file.optional("alert_command", command).unwrap_or_default(),
        url: file.optional("alert_url", |value| url(text(value)?)),
    }
}

fn command(value: &DeValue) -> Result<Vec<String>, String> {
    let advice = "write the program and its arguments as a list, such as [\"mail\", \"-s\", \"relay\", \
                  \"me@example.com\"]; the text comes on standard input";
    let words = list(value, advice)?;
    let words: Vec<String> = words
        .iter()
        .map(|word| text(word.get_ref()).map(str::to_owned))
        .collect::<Result<_, _>>()?;
    if words.first().is_none_or(String::is_empty) || words.iter().any(|word| word.contains('\0')) {
        return Err(format!("there is no program in it; {advice}"));
    }
    if words.len() > MOST_ARGUMENTS {
        return Err(format!(
            "these are more than {MOST_ARGUMENTS} words; {advice}"
        ));
    }
    Ok(words)
}

fn url(url: &str) -> Result<String, String> {
    let advice = "write one such as \"https://hooks.example.com/T0123\"";
    let parsed: Uri = url
        .parse()
        .map_err(|_| format!("this is not a URL; {advice}"))?;
    let is_user_in_it = parsed.authority().is_some_and(|a| a.as_str().contains('@'));
    match (parsed.scheme_str(), parsed.host()) {
        _ if is_user_in_it => Err(format!("the URL has a user or password in it; {advice}")),
        (Some("https"), Some(host)) if !host.is_empty() => Ok(url.to_owned()),
        // What is on this machine is not read on the way.
        (Some("http"), Some("127.0.0.1" | "localhost" | "[::1]")) => Ok(url.to_owned()),
        _ => Err(format!("the URL must begin with https://; {advice}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::config::{EXAMPLE, parse_file};

    fn ways(keys: &str) -> Result<AlertWays, String> {
        let file = format!("{keys}\n{EXAMPLE}");
        let read = parse_file(file.as_bytes(), "relay.toml");
        read.map(|file| file.alerts)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_may_say_how_its_owner_is_told() {
        assert!(ways("").unwrap() == AlertWays::default());
        let both =
            "alert_command = [\"mail\", \"-s\", \"relay\"]\nalert_url = \"https://example.com/x\"";
        let read = ways(both).unwrap();
        assert_eq!(read.command, ["mail", "-s", "relay"]);
        assert_eq!(read.url.as_deref(), Some("https://example.com/x"));
        let near = "http://127.0.0.1:9000/alert";
        let read = ways(&format!("alert_url = \"{near}\"")).unwrap();
        assert_eq!(read.url.as_deref(), Some(near));
    }

    #[test]
    fn mistakes_are_named_with_what_to_write() {
        for (keys, told) in [
            (
                "alert_command = \"mail me\"",
                "write the program and its arguments as a list",
            ),
            ("alert_command = []", "there is no program in it"),
            ("alert_command = [1]", "write it as text"),
            (
                "alert_url = \"http://example.com\"",
                "must begin with https://",
            ),
            (
                "alert_url = \"https://me:secret@example.com\"",
                "user or password",
            ),
            ("alert_url = \"mail me\"", "not a URL"),
            (
                "alert_urls = \"https://example.com\"",
                "did you mean alert_url?",
            ),
        ] {
            let error = ways(keys).err().expect(keys);
            assert!(error.contains(told), "{keys}: {error}");
        }
    }

    #[test]
    fn a_key_at_the_end_of_the_file_is_refused_with_its_place() {
        let file = format!("{EXAMPLE}\nalert_url = \"https://example.com\"\n");
        let error = parse_file(file.as_bytes(), "relay.toml")
            .err()
            .expect("it is the file's");
        let told = "it is the file's: write it above the first [[line]]";
        assert!(error.to_string().contains(told), "{error}");
    }
}
