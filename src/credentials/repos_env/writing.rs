//! How a variable is written so that Python, Node, Bash and Go read the same value, for every value
//! for which that can be done at all.
//!
//! Nothing is escaped, because no escape means the same to all of them: a value stands bare, in
//! single quotes, or in double quotes, or is refused.

use zeroize::Zeroizing;

use super::keys;
use super::quoting::{Class, quote};

/// Why a variable cannot be written. Never carries a value, and a name only if it is one: what
/// stands in a name's place may be a value by mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    #[error(
        "this is not a variable's name; a name has capital letters, digits and underscores, such as TWILIO_AUTH_TOKEN"
    )]
    NotAKey,
    #[error("a variable called {0} would change how programs run; choose another name")]
    ReservedKey(String),
    #[error(
        "the value of {key} cannot be written so that all programs read it alike: it has {because}; {}",
        advice(key)
    )]
    Value { key: String, because: Class },
}

fn advice(key: &str) -> String {
    format!("store it as {key}_B64, encoded as base64url, and decode it where it is used")
}

/// The line for a variable, without the line's end.
pub fn line(key: &str, value: &str) -> Result<Zeroizing<String>, Unwritable> {
    if !keys::is_key(key) {
        return Err(Unwritable::NotAKey);
    }
    if keys::is_reserved(key) {
        return Err(Unwritable::ReservedKey(key.to_owned()));
    }
    let quote = quote(value).map_err(|because| Unwritable::Value {
        key: key.to_owned(),
        because,
    })?;
    // All the room at once: text that grows leaves copies behind that nobody wipes.
    let mut line = Zeroizing::new(String::with_capacity(key.len() + value.len() + 3));
    for part in [key, "=", quote, value, quote] {
        line.push_str(part);
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::credentials::repos_env::parse;
    use crate::credentials::repos_env::quoting::LONGEST;

    #[test]
    fn a_value_takes_the_plainest_form_that_holds_it() {
        for (value, expected) in [
            ("", "K=''"),
            ("aZ9_./:@%+,=-", "K=aZ9_./:@%+,=-"),
            ("pass word", "K='pass word'"),
            ("#1", "K='#1'"),
            ("~/x", "K='~/x'"),
            ("a$b`c\"d\\e!f{g}", "K='a$b`c\"d\\e!f{g}'"),
            ("${", "K='${'"),
            ("it's", "K=\"it's\""),
            ("it's #1; a & b", "K=\"it's #1; a & b\""),
            ("é日\u{a0}🚐\t.", "K='é日\u{a0}🚐\t.'"),
        ] {
            assert_eq!(*line("K", value).unwrap(), expected);
        }
    }

    #[test]
    fn what_cannot_be_written_is_refused_by_its_class() {
        for (value, expected) in [
            ("a\nb", Class::Control),
            ("a\r", Class::Control),
            ("a\0", Class::Control),
            ("\u{1b}[1m", Class::Control),
            ("a\u{2028}b", Class::Control),
            ("'\"", Class::Quotes),
            ("'$", Class::Quotes),
            ("'`", Class::Quotes),
            ("'\\a", Class::Quotes),
            ("'!", Class::Quotes),
            ("a\\\\b", Class::Backslashes),
            ("a\\", Class::BackslashAtEnd),
            ("a${B}c", Class::Expansion),
            ("${}", Class::Expansion),
        ] {
            let refused = line("K", value).unwrap_err();
            let key = "K".to_owned();
            assert_eq!(
                refused,
                Unwritable::Value {
                    key,
                    because: expected
                },
                "{value:?}"
            );
        }
        assert!(line("K", &"a".repeat(LONGEST)).is_ok());
        let error = line("K", &"hunter2".repeat(5000)).unwrap_err().to_string();
        assert!(
            error.contains("32 KiB") && !error.contains("hunter2"),
            "{error}"
        );
        assert_eq!(line("hunter2", "x").unwrap_err(), Unwritable::NotAKey);
        assert!(
            line("LD_PRELOAD", "x")
                .unwrap_err()
                .to_string()
                .contains("LD_PRELOAD")
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value in "[ -~é日\t'\"\\\\$`!{}]{0,12}") {
            if let Ok(line) = line("K", &value) {
                let read = parse(&line).unwrap();
                prop_assert_eq!(read[0].value.expose(), &value);
            }
        }
    }
}
