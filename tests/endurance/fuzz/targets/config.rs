//! `relay.toml`: refused with places that are in it, or accepted and written back the same.

use relay::domain::line::config::{EXAMPLE, parse, write};

use super::{Target, bytes};

pub const TARGET: Target = Target {
    name: "config",
    seeds,
    words: &[
        "[[line]]\n",
        "[[line.person]]\n",
        "[line]\n",
        "[line.retry]\n",
        "first = ",
        "longest = ",
        "hand_over_after = ",
        "deliver_within = ",
        "alert = ",
        "allowed_prefixes = ",
        "sender_limit = ",
        "\"3m\"",
        "\"PT1H30M\"",
        "\"1h 30m\"",
        "name = ",
        "number = ",
        "country = ",
        "time_zone = ",
        "public_url = ",
        "hours = ",
        "\"always\"",
        "\"never\"",
        "[\"Mon-Fri 08:00-18:00\"]",
        "\"Fri 20:00-02:00\"",
        "24:00",
        "\"+16195550100\"",
        "\"619-555-0110\"",
        "\"America/Los_Angeles\"",
        "\"https://relay.example.com\"",
        "\"US\"",
        "{",
        "}",
        "[",
        "]",
        "=",
        ".",
        ",",
        "\"\"\"",
        "'''",
        "#",
        "\\u00e9",
        "\u{a0}",
        "ñ",
        "\r\n",
        "1979-05-27T07:32:00Z",
        "0x",
        "inf",
        "1e3",
    ],
    check,
};

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = bytes([
        "[[line]]\nname = \"ñandú\"\nnumber = 16195550110\ncountry = \"UK\"\ntime_zone = \"EST\"\n\
         public_url = \"https://me:pw@relay.example.com/a?b#c\"\nperson = [{name = \"A\", hours = \
         [\"Mon-Fri 08:00-18:00\", \"Mon 17:00-19:00\"]}]\nurgent = 1\n",
        "line = 'no'\n[line]\n[line]\n",
        "[[line]]\n\t[[line.person]]\nhours = \"Mon\"\n\"a\\u0000b\" = \"\"\"\nx\n\"\"\"\n",
    ]);
    seeds.push(EXAMPLE.as_bytes().to_vec());
    seeds
}

fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match parse(&text, "relay.toml") {
        Ok(lines) => {
            let written = write(&lines);
            let again = parse(&written, "relay.toml");
            assert_eq!(again.as_ref(), Ok(&lines), "{written}");
        }
        Err(errors) => {
            assert!(!errors.mistakes().is_empty());
            let ends: Vec<&str> = text.split('\n').collect();
            for mistake in errors.mistakes() {
                let line = ends[mistake.line - 1];
                assert!(mistake.column <= line.chars().count() + 1, "{mistake:?}");
                assert!(!mistake.message.is_empty());
            }
            let shown = errors.to_string();
            assert!(shown.starts_with("relay.toml:"));
        }
    }
}
