//! The document that tells the next engineer everything about the credentials but the values.

use std::collections::BTreeMap;

use jiff::Timestamp;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde_json::json;

use super::inspection::Known;
use super::registry::{self, Kind, MOST_DAYS, VARIABLES};
use super::repos_env::{Entry, quoted};
use crate::domain::credentials::name_of;

/// So many characters of a value in a row are a part of it.
const PART: usize = 8;
/// The length of Twilio's tokens, and of the digits of its SIDs.
const TOKEN: usize = 32;

/// Why no document is written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Leak {
    #[error(
        "the document would hold a part of the value of {0}, perhaps in a path or a variable's name; nothing was written"
    )]
    Value(String),
    #[error(
        "line {0} of the document would hold something that is shaped like a credential, perhaps in the file's path or in a variable's name; nothing was written"
    )]
    Shape(usize),
}

/// The document about the file at `place`, if it is certain to hold no value.
pub fn document(place: &str, known: &[Known], entries: &[Entry]) -> Result<String, Leak> {
    let text = render(place, known);
    // What is said about no file at all cannot come from the file.
    scan(&text, &render("", &[]), entries)?;
    Ok(text)
}

fn scan(text: &str, harmless: &str, entries: &[Entry]) -> Result<(), Leak> {
    for entry in entries {
        let value = entry.value.expose();
        let leaks = match registry::kind_of(&entry.key) {
            // A day, as many stand in the document.
            Some(Kind::End) => false,
            Some(_) => parts(value).any(|part| text.contains(part) && !harmless.contains(part)),
            // A part of another service's address or path may well stand in ours.
            None => value.len() >= PART && text.contains(value) && !harmless.contains(value),
        };
        if leaks {
            return Err(Leak::Value(entry.key.clone()));
        }
    }
    let has_token = |line: &str| {
        let mut words = line.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| word.len() >= TOKEN)
    };
    match text.lines().position(has_token) {
        Some(index) => Err(Leak::Shape(index + 1)),
        None => Ok(()),
    }
}

/// Every part of a value that would give something away.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    let starts = value.char_indices().map(|(at, _)| at);
    let ends = value.char_indices().map(|(at, c)| at + c.len_utf8());
    let parts = starts.zip(ends.skip(PART - 1));
    parts.map(|(start, end)| &value[start..end])
}

/// The document's text. Only what comes from the file is put in.
const TEMPLATE: &str = include_str!("reference.md.jinja");

fn render(place: &str, known: &[Known]) -> String {
    let date = |at: Timestamp| at.strftime("%F").to_string();
    let newest = known.iter().filter_map(|known| known.changed).max();
    let updated = |known: Option<&Known>| match known {
        None => "not in the file".to_owned(),
        Some(known) => match (known.changed, known.age_days) {
            (Some(at), _) => date(at),
            (None, Some(days)) => format!("not noted; {days} days ago or earlier"),
            (None, None) => "not noted".to_owned(),
        },
    };
    let variables = VARIABLES.into_iter().map(|(name, _)| {
        let known = known.iter().find(|known| known.name == name);
        (name, updated(known))
    });
    let caller = |known: &Known| {
        let (name, updated) = (name_of(&known.name)?, updated(Some(known)));
        Some(json!({"variable": known.name, "name": name, "updated": updated}))
    };
    let is_other = |known: &&Known| registry::kind_of(&known.name).is_none();
    let others = known.iter().filter(is_other);
    let others: Vec<_> = others.map(|known| format!("`{}`", known.name)).collect();
    let values = json!({
        "place": place,
        "file": quoted(place),
        "newest": newest.map_or("not noted yet".to_owned(), date),
        "most_days": MOST_DAYS,
        "updated": variables.collect::<BTreeMap<_, _>>(),
        "callers": known.iter().filter_map(caller).collect::<Vec<_>>(),
        "others": others.join(", "),
    });
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .keep_trailing_newline(true)
        .build();
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(syntax.expect("the usual marks"));
    let text = environment.render_str(TEMPLATE, Serde(&values));
    text.expect("the template takes these values")
}

/// The index with its one line about the document at `path`: replaced where it is, else added.
pub fn index(old: &str, path: &str) -> String {
    let line = format!(
        "- [Twilio credentials]({path}): where they are, who uses them, how they rotate, troubleshooting"
    );
    let link = format!("]({path})");
    let mut new = String::with_capacity(old.len() + line.len() + 1);
    let mut is_there = false;
    for old in old.split_inclusive('\n') {
        if !old.contains(&link) {
            new += old;
        } else if !is_there {
            is_there = true;
            new += &line;
            new += if old.ends_with('\n') { "\n" } else { "" };
        }
    }
    if !is_there {
        if !new.is_empty() && !new.ends_with('\n') {
            new.push('\n');
        }
        new += &line;
        new.push('\n');
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::repos_env::Document;
    use crate::domain::credentials::Secret;
    use zeroize::Zeroizing;

    fn file(lines: &str) -> Document {
        Document::parse(Zeroizing::new(lines.to_owned())).unwrap()
    }

    fn known(names: &[&str]) -> Vec<Known> {
        let known = |name: &&str| Known {
            name: (*name).to_owned(),
            kind: None,
            line: 1,
            fingerprint: None,
            changed: Some("2026-11-23T08:00:00Z".parse().unwrap()),
            age_days: Some(0),
        };
        names.iter().map(known).collect()
    }

    #[test]
    fn every_variable_is_described_with_its_date() {
        let known = known(&["TWILIO_AUTH_TOKEN", "TSHEETS_TOKEN"]);
        let text = document("/home/me/.secrets/repos.env", &known, &[]).unwrap();
        for (name, _) in VARIABLES {
            assert!(text.contains(&format!("| `{name}` |")), "{text}");
        }
        for phrase in [
            "`/home/me/.secrets/repos.env`",
            "**Values last updated:** 2026-11-23",
            "leaves alone: `TSHEETS_TOKEN`.",
            "`chmod 600 /home/me/.secrets/repos.env`",
            "20003",
        ] {
            assert!(text.contains(phrase), "{phrase}: {text}");
        }
    }

    #[test]
    fn no_document_is_written_that_holds_a_value() {
        let secret = "q7".repeat(16);
        let lines = format!("TWILIO_API_SECRET={secret}\nOTHER=hunter2hunter2\nURL=https://x/");
        let entries = file(&lines);
        let try_with = |place: &str| document(place, &known(&[]), entries.entries());
        assert!(try_with("/home/me/repos.env").is_ok());
        let part = format!("/tmp/{}/repos.env", &secret[..8]);
        let value = |name: &str| Err(Leak::Value(name.to_owned()));
        assert_eq!(try_with(&part), value("TWILIO_API_SECRET"));
        assert_eq!(try_with("/hunter2hunter2/repos.env"), value("OTHER"));
        assert!(try_with("/hunter2/repos.env").is_ok());
        let shaped = format!("/tmp/AC{}/repos.env", "0".repeat(32));
        assert_eq!(try_with(&shaped), Err(Leak::Shape(5)));
        assert!(!value("OTHER").unwrap_err().to_string().contains("hunter2"));
    }

    #[test]
    fn a_value_that_is_a_word_of_every_such_document_is_no_leak() {
        let entries = file("SERVICE='Secrets Manager'\nTWILIO_AUTH_TOKEN=Troubleshooting\n");
        let service = entries.get("SERVICE");
        assert_eq!(service, Some(&Secret::new("Secrets Manager")));
        assert!(document("/x", &known(&[]), entries.entries()).is_ok());
    }

    #[test]
    fn the_index_has_one_line_about_it_and_keeps_the_others() {
        let path = "reference_twilio_credentials.md";
        let once = index("# Index\n- [a](a.md)", path);
        assert!(once.starts_with("# Index\n- [a](a.md)\n- [Twilio credentials](reference"));
        assert_eq!(index(&once, path), once);
        let stale = format!("- [old words]({path})\n- [a](a.md)\n- [again]({path})\n");
        let fresh = index(&stale, path);
        assert_eq!(fresh.lines().count(), 2, "{fresh}");
        assert!(fresh.ends_with("\n- [a](a.md)\n"), "{fresh}");
        assert_eq!(index("", path).lines().count(), 1);
    }
}
