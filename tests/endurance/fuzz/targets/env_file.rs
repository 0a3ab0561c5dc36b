//! `repos.env`: refused with a place that is in it, or read as what stands there. And whatever value
//! is put into it reads back the same, while everything else stays as it is.

use relay::credentials::repos_env::{Change, Document, Entry, parse};
use relay::domain::credentials::Secret;
use zeroize::Zeroizing;

use super::{Target, bytes};

pub const TARGET: Target = Target {
    name: "env_file",
    seeds,
    words: &[
        "TWILIO_AUTH_TOKEN=",
        "A=",
        "\nB=",
        "'",
        "\"",
        "\\",
        "\\\\",
        "$",
        "${A}",
        "`",
        "!",
        "#",
        " # ",
        "export ",
        "\r\n",
        "\u{feff}",
        "\u{0}",
        "\u{85}",
        "\u{a0}",
        "\t",
        "PATH=",
        "é",
    ],
    check,
};

fn seeds() -> Vec<Vec<u8>> {
    bytes([
        "# Twilio\nTWILIO_AUTH_TOKEN=0123\nTWILIO_API_SECRET='a b$c'\n\nOTHER=\"it's\"\nEMPTY=\n",
        "A=1\n# B\nB='2'\nit's \\ \"mine\"",
        "A='a\\\\b'\nB='${C}'\nC=\"$x\"\n",
        "export A=1\r\n B=2\nC = 3\nD=a#b\nD='x' # y\nA=\"",
    ])
}

fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    reads(text);
    if let Some((before, value)) = text.rsplit_once('\n') {
        changes(before, value);
    }
}

fn reads(text: &str) {
    let lines: Vec<&str> = text.split('\n').collect();
    match parse(text) {
        Ok(entries) => {
            for (number, entry) in entries.iter().enumerate() {
                let value = entry.value.expose();
                let spellings = ["", "'", "\""].map(|quote| {
                    let key = &entry.key;
                    format!("{key}={quote}{value}{quote}")
                });
                assert!(spellings.iter().any(|line| line == lines[entry.line - 1]));
                let mut earlier = entries[..number].iter();
                assert!(!earlier.any(|one| one.key == entry.key));
            }
            let told = |line: &&&str| !line.trim().is_empty() && !line.starts_with('#');
            assert_eq!(entries.len(), lines.iter().filter(told).count());
        }
        Err(bad) => {
            let line = lines[bad.line - 1];
            assert!(bad.column <= line.chars().count() + 1);
        }
    }
}

/// A new variable, and another value of one that is there.
fn changes(text: &str, value: &str) {
    let document = || Document::parse(Zeroizing::new(text.to_owned()));
    let Ok(before) = document() else { return };
    let present = before.entries().first().map(|entry| &*entry.key);
    for key in ["A_NEW_ONE"].into_iter().chain(present) {
        let Ok(mut changed) = document() else { return };
        let is_there = before.get(key).is_some();
        match changed.set(key, &Secret::new(value)) {
            Ok(Change::Added) => assert!(!is_there),
            Ok(Change::Replaced | Change::Same) => assert!(is_there),
            Err(_) => {
                assert_eq!(changed.text(), text);
                continue;
            }
        }
        assert_eq!(changed.get(key).map(Secret::expose), Some(value));
        assert_eq!(others(&changed, key), others(&before, key));
        changed.remove(key);
        assert!(changed.get(key).is_none());
        assert_eq!(others(&changed, key), others(&before, key));
    }
}

/// All lines but that of the variable.
fn others<'d>(document: &'d Document, key: &str) -> Vec<&'d str> {
    let is_it = |entry: &&Entry| entry.key == key;
    let line = document.entries().iter().find(is_it);
    let line = line.map(|entry| entry.line);
    let lines = document.text().trim_end_matches('\n').split('\n');
    let others = lines.zip(1..).filter(|(_, number)| Some(*number) != line);
    let mut others: Vec<_> = others.map(|(text, _)| text).collect();
    // Behind what was added there is nothing, and before what is removed there may be.
    while others.last().is_some_and(|last| last.is_empty()) {
        others.pop();
    }
    others
}
