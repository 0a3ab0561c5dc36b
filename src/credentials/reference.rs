//! The document that tells the next engineer everything about the credentials but the values.

use std::fmt::Write;

use jiff::tz::TimeZone;

use super::inspection::Known;
use super::registry::{self, MOST_DAYS, VARIABLES, Variable};
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
        let leaks = match registry::variable(&entry.key) {
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

fn render(place: &str, known: &[Known]) -> String {
    let mut text = String::new();
    let file = quoted(place);
    let newest = known.iter().filter_map(|known| known.changed).max();
    let date = |at: jiff::Timestamp| at.to_zoned_datetime(TimeZone::UTC).date().to_string();
    let newest = newest.map_or("not noted yet".to_owned(), date);
    let _ = write!(
        text,
        "# Twilio credentials

Written by `relay secrets reference`; run it again after a change. It holds no value.

- **File:** `{place}`, one line `NAME=value` each, mode 600, outside every repository.
- **Values last updated:** {newest}
- **Look at it:** `relay secrets check`, `relay secrets list`. Never `cat` it, never send it by mail or
  chat.

## Variables

| name | what it is | last updated | rotation |
| --- | --- | --- | --- |
"
    );
    let updated = |known: Option<&Known>| match known {
        None => "not in the file".to_owned(),
        Some(known) => match (known.changed, known.age_days) {
            (Some(at), _) => date(at),
            (None, Some(days)) => format!("not noted; {days} days ago or earlier"),
            (None, None) => "not noted".to_owned(),
        },
    };
    for variable in VARIABLES {
        let updated = updated(known.iter().find(|known| known.name == variable.name));
        let (name, kind) = (variable.name, variable.kind.name());
        let (meaning, rotation) = (variable.meaning, variable.rotation);
        let _ = writeln!(
            text,
            "| `{name}` | {kind}: {meaning} | {updated} | {rotation} |"
        );
    }
    text += "\n| name | used by |\n| --- | --- |\n";
    for variable in VARIABLES {
        let _ = writeln!(text, "| `{}` | {} |", variable.name, variable.used_by);
    }
    let Variable {
        name,
        meaning,
        rotation,
        used_by,
        ..
    } = &registry::CALLER;
    let _ = write!(
        text,
        "
## Programs that call the relay

Each has a variable `{name}`: {meaning}. Used by {used_by}. Rotation: {rotation}.

"
    );
    let mut heading = "| name | caller | last updated |\n| --- | --- | --- |\n";
    for known in known {
        if let Some(caller) = name_of(&known.name) {
            let updated = updated(Some(known));
            let _ = writeln!(text, "{heading}| `{}` | {caller} | {updated} |", known.name);
            heading = "";
        }
    }
    let is_other = |known: &&Known| registry::variable(&known.name).is_none();
    let others = known.iter().filter(is_other);
    let others: Vec<_> = others.map(|known| format!("`{}`", known.name)).collect();
    if !others.is_empty() {
        text += "\nOther services' variables in the file, which the relay leaves alone: ";
        let _ = writeln!(text, "{}.", others.join(", "));
    }
    let _ = write!(
        text,
        "
## Where they are loaded

| where | how |
| --- | --- |
| Lambda functions | from the secret in Secrets Manager that `CREDENTIALS_SECRET_ID` names, at run time; `relay secrets diff` compares it with the file |
| one machine | `relay serve --env-file {file}` |
| a server, a script | `relay secrets exec -- COMMAND`, or in a shell `set -a; . {file}; set +a` |
| Python | `dotenv.load_dotenv(PATH)` |
| Node | `require('dotenv').config({{ path: PATH }})`, or `node --env-file=PATH` |
| Go | `godotenv.Load(PATH)` |
| GitHub Actions | secrets of the same names; `relay secrets github` prints the commands that set them |

Python, Node and Go keep a variable that is exported already, Bash replaces it: after a rotation, close
shells in which the old values are exported.

## Rotation

Every {MOST_DAYS} days, and at once after a leak or when somebody leaves. `relay secrets check` fails
once a value is older.

1. `relay secrets check` has nothing to say.
2. `relay secrets rotate api-key`, then `relay secrets rotate auth-token`. Cut off in between, they go
   on with `--resume`. Webhooks signed with the old or the new token are accepted throughout.
3. `relay secrets diff` says that Secrets Manager has the same; after a rotation in the cloud,
   `relay secrets pull` brings the file up to date.
4. `relay secrets github` for the workflows, and a restart of servers that loaded the file.
5. `relay secrets reference` for this document.

## Troubleshooting

| what you see | what to do |
| --- | --- |
| permission denied, \"can be read or changed by others\" | `chmod 600 {file}`; if it belongs to somebody else, `ls -l` shows whom to ask |
| programs read different values | `relay secrets check` names the line, or the exported variable that is in the way |
| Twilio answers 20003 (HTTP 401) | SID and token or key and secret do not belong together, the key was deleted, or the region is another one: fetch anew, then `relay secrets check` |
| Twilio answers 70051 | the key is a restricted one and may not do this; change its policy, no rotation helps |
| Twilio reports 57012, webhooks get 403 | they were checked with another token than the primary one: `relay secrets diff`, then wait for the functions to read again (five minutes) |
| Twilio answers 20404 to a promotion | there is no secondary token; the promotion may have happened already: `relay secrets rotate auth-token --resume` |
| a value leaked | rotate it now, then look at Twilio's logs for what was done with it; deleting the message or the commit is not enough |
"
    );
    text
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
        for variable in VARIABLES {
            assert!(text.contains(&format!("| `{}` |", variable.name)), "{text}");
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
