//! `repos.env`: refused with a place that is in it, or read as what stands there.

use relay::credentials::env_file::parse;

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
        "A='a\\\\b'\nB='${C}'\nC=\"$x\"\n",
        "export A=1\r\n B=2\nC = 3\nD=a#b\nD='x' # y\nA=\"",
    ])
}

fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
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
                let is_known = |earlier: &[_]| {
                    let mut earlier = earlier.iter();
                    earlier.any(|one: &relay::credentials::env_file::Entry| one.key == entry.key)
                };
                assert!(!is_known(&entries[..number]));
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
