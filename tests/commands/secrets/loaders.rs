//! The file against the programs that load it: python-dotenv, dotenv (two major versions), Node's
//! own parser, Bash, and godotenv where Go is.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use fastrand::Rng;
use relay::credentials::repos_env::{Document, is_key, is_reserved};
use relay::domain::credentials::Secret;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{client, given};
use crate::support::tools;

type Variables = BTreeMap<String, String>;

/// A text and what it must be read as.
struct Case {
    text: String,
    expected: Variables,
}

impl Case {
    fn of(document: &Document) -> Self {
        let entries = document.entries().iter();
        let pair = |entry: &relay::credentials::repos_env::Entry| {
            (entry.key.clone(), entry.value.expose().to_owned())
        };
        Self {
            text: document.text().to_owned(),
            expected: entries.map(pair).collect(),
        }
    }
}

#[test]
fn twenty_thousand_values_are_read_alike_by_all_loaders() {
    let mut rng = Rng::with_seed(1);
    let (mut cases, mut written) = (Vec::new(), 0);
    while written < 20_000 {
        let mut document = Document::default();
        for n in 0..50 {
            let value = Secret::new(text(&mut rng, 24));
            written += usize::from(document.set(&format!("K{n}"), &value).is_ok());
        }
        cases.push(Case::of(&document));
    }
    compare(&cases);
}

#[test]
fn four_thousand_files_are_read_alike_by_all_loaders_after_our_changes() {
    let mut rng = Rng::with_seed(2);
    let cases: Vec<_> = (0..4_000).map(|_| Case::of(&edited(&mut rng))).collect();
    compare(&cases);
}

/// The strict reader: whatever it accepts, all others read as it does.
#[test]
fn what_the_reader_accepts_all_loaders_read_as_it_does() {
    let mut rng = Rng::with_seed(3);
    let mut cases = Vec::new();
    while cases.len() < 2_000 {
        let lines: Vec<_> = (0..rng.usize(1..4))
            .map(|n| any_line(&mut rng, n))
            .collect();
        let end = if rng.bool() { "\n" } else { "" };
        let text = lines.join("\n") + end;
        let Ok(document) = Document::parse(Zeroizing::new(text)) else {
            continue;
        };
        let mut entries = document.entries().iter();
        // Bash is asked for names that begin so.
        if entries.all(|entry| entry.key.starts_with('K')) {
            cases.push(Case::of(&document));
        }
    }
    let with_values = cases
        .iter()
        .filter(|case| !case.expected.is_empty())
        .count();
    assert!(with_values > 1_000, "{with_values}");
    compare(&cases);
}

/// What is refused, the line that the advice leads to, and the value that was meant.
const ADVISED: [(&str, &str, &str); 14] = [
    ("K1=abc   # note", "# note\nK1=abc", "abc"),
    ("K1='a b'   # note", "# note\nK1='a b'", "a b"),
    ("K1=abc ", "K1=abc", "abc"),
    ("K1='abc' ", "K1='abc'", "abc"),
    ("K1=a b", "K1='a b'", "a b"),
    ("K1=abc#def", "K1='abc#def'", "abc#def"),
    ("K1=it's", "K1=\"it's\"", "it's"),
    ("K1='it\\'s'", "K1=\"it's\"", "it's"),
    ("K1='it'\\''s'", "K1=\"it's\"", "it's"),
    ("K1=\"say \\\"a\\\"\"", "K1='say \"a\"'", "say \"a\""),
    ("K1=\"a\\$b\"", "K1='a$b'", "a$b"),
    ("K1=\"a\\\\b\"", "K1='a\\b'", "a\\b"),
    ("K1=\"a!b\"", "K1='a!b'", "a!b"),
    ("K1=pa$1w", "K1='pa$1w'", "pa$1w"),
];

#[test]
fn the_advice_gives_all_loaders_the_value_that_was_meant() {
    let mut cases = Vec::new();
    for (refused, advised, meant) in ADVISED {
        let read = |text: &str| Document::parse(Zeroizing::new(format!("{text}\n")));
        assert!(read(refused).is_err(), "{refused}");
        let case = Case::of(&read(advised).unwrap());
        assert_eq!(
            case.expected,
            Variables::from([("K1".to_owned(), meant.to_owned())])
        );
        cases.push(case);
    }
    compare(&cases);
}

/// Bash has variables of its own, which do not keep what they are given.
#[test]
fn a_name_that_bash_uses_itself_is_refused_or_kept_by_it() {
    let bash = |script: &str| {
        let output = Command::new("bash").args(["-c", script]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let names = bash("compgen -v");
    let names: Vec<_> = names.lines().filter(|name| is_key(name)).collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names.into_iter().filter(|name| !is_reserved(name)) {
        let read = bash(&format!("{name}=canary\nprintf %s \"${name}\""));
        assert_eq!(read, "canary", "{name} should be reserved");
    }
}

/// Text with much of what is special to somebody.
fn text(rng: &mut Rng, longest: usize) -> String {
    const SPECIAL: &[char] = &[
        '\'', '"', '\\', '$', '`', '#', '=', ' ', '!', '{', '}', '\t', ';', '&', '~',
    ];
    const OTHER: &[char] = &[
        'é', '日', '\u{a0}', '🚐', '\u{3000}', '\u{feff}', '\u{200b}', 'n', 'r', 't',
    ];
    let kind = rng.u8(0..6);
    let character = |rng: &mut Rng| match kind {
        0 => rng.alphanumeric(),
        1 => char::from(rng.u8(b' '..=b'~')),
        _ => match rng.u8(0..10) {
            0..5 => *rng.choice(SPECIAL).unwrap(),
            5 => *rng.choice(OTHER).unwrap(),
            _ => char::from(rng.u8(b' '..=b'~')),
        },
    };
    (0..rng.usize(0..=longest))
        .map(|_| character(rng))
        .collect()
}

/// Somebody's file, with changes of ours.
fn edited(rng: &mut Rng) -> Document {
    let mut lines = Vec::new();
    for n in 0..rng.usize(0..6) {
        lines.push(match rng.u8(0..8) {
            0 | 1 => String::new(),
            2 | 3 => format!("#{}", text(rng, 30)),
            4 => format!("K{n}="),
            5 => format!("K{n}=\"it's {}\"", rng.alphanumeric()),
            6 => format!("K{n}='{}'", rng.alphanumeric()),
            _ => format!("K{n}={}", rng.alphanumeric()),
        });
    }
    // A comment that ends the file needs a line end.
    let is_open = rng.bool() && lines.last().is_some_and(|line| !line.starts_with('#'));
    let text_before = lines.join("\n") + if is_open { "" } else { "\n" };
    let mut document = Document::parse(Zeroizing::new(text_before)).expect("a sound file");
    for _ in 0..rng.usize(1..5) {
        let key = format!("K{}", rng.u8(0..10));
        if rng.u8(0..5) == 0 {
            document.remove(&key);
        } else {
            // What cannot be written changes nothing.
            let _ = document.set(&key, &Secret::new(text(rng, 30)));
        }
    }
    document
}

/// A line as it might stand in a file, sound or not.
fn any_line(rng: &mut Rng, n: usize) -> String {
    let value = text(rng, 6);
    match rng.u8(0..9) {
        0 => format!("#{value}"),
        1 => value,
        2 => format!("K{n}={value}"),
        3 => format!("K{n}=\"{value}\""),
        4 => format!("K{n}='{value}'{}", if rng.u8(0..9) == 0 { " " } else { "" }),
        5 => format!(
            "{}K{n}=a",
            *rng.choice(&["", " ", "export ", "\u{a0}"]).unwrap()
        ),
        6 => format!("K{n}{}a", *rng.choice(&["=", " = ", ": ", "= "]).unwrap()),
        7 => format!("K{n}="),
        _ => (*rng
            .choice(&["", " ", "\t", "\u{a0}", "\r", "#\u{2028}K9=1"])
            .unwrap())
        .to_owned(),
    }
}

/// Has every loader read every case.
#[track_caller]
fn compare(cases: &[Case]) {
    let folder = tempfile::tempdir().unwrap();
    let mut files = String::new();
    for (n, case) in cases.iter().enumerate() {
        let path = folder.path().join(n.to_string());
        std::fs::write(&path, &case.text).unwrap();
        files += &format!("{}\n", path.display());
    }
    std::thread::scope(|scope| {
        let loaders = [python, node, bash, go].map(|load| {
            let files = files.as_str();
            scope.spawn(move || load(files))
        });
        for loader in loaders {
            for (name, read) in loader.join().unwrap() {
                assert_eq!(read.len(), cases.len(), "{name}");
                for (case, read) in cases.iter().zip(read) {
                    let (text, expected) = (&case.text, Some(&case.expected));
                    assert_eq!(read.as_ref(), expected, "{name} reads {text:?} otherwise");
                }
            }
        }
    });
}

/// What each loader of a language reads from each file; `None` if it refuses the file.
type Read = Vec<(&'static str, Vec<Option<Variables>>)>;

fn python(files: &str) -> Read {
    let mut python = Command::new(tools::python());
    // Text is UTF-8 here whatever the machine's language is.
    python.arg(client("loaders.py")).env("PYTHONUTF8", "1");
    let read = given(python, files).done();
    let read = read.lines().map(|line| serde_json::from_str(line).unwrap());
    vec![("python-dotenv", read.collect())]
}

fn node(files: &str) -> Read {
    let mut node = Command::new("node");
    // The packages must be there, or the program fails.
    tools::node_module("dotenv-17/package.json");
    node.arg(client("loaders.js")).arg(tools::node_modules());
    let read = given(node, files).done();
    let read: Vec<[Value; 3]> = read
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |which: usize| {
        let read = read
            .iter()
            .map(|all| serde_json::from_value(all[which].clone()).unwrap());
        read.collect()
    };
    vec![
        ("dotenv", of(0)),
        ("dotenv 17", of(1)),
        ("util.parseEnv", of(2)),
    ]
}

fn bash(files: &str) -> Read {
    let mut bash = Command::new("bash");
    bash.arg("--norc")
        .arg(client("loaders.sh"))
        .env("LC_ALL", "C.UTF-8");
    let said = given(bash, files);
    assert_eq!(said.errors, "");
    let (mut read, mut variables) = (Vec::new(), Variables::new());
    for part in said.done().split_terminator('\0') {
        match part.split_once('=') {
            Some((name, value)) => {
                variables.insert(name.to_owned(), value.to_owned());
            }
            None => read.push(Some(std::mem::take(&mut variables))),
        }
    }
    vec![("bash", read)]
}

fn go(files: &str) -> Read {
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = build_go(folder.path()) else {
        eprintln!(
            "SKIPPED: godotenv is not compared, because Go or the module is not here (on Debian: apt-get install golang-go golang-github-joho-godotenv-dev)"
        );
        return Vec::new();
    };
    let read = given(Command::new(program), files).done();
    let read = read.lines().map(|line| serde_json::from_str(line).unwrap());
    vec![("godotenv", read.collect())]
}

/// With the module of the Debian package, or with the one that Go has from elsewhere.
fn build_go(folder: &Path) -> Option<std::path::PathBuf> {
    let program = folder.join("loader");
    let build = |variables: &[(&str, &str)]| {
        let mut go = Command::new("go");
        go.args(["build", "-o"]).arg(&program).arg("main.go");
        go.current_dir(client("godotenv"));
        go.envs(variables.iter().copied());
        go.output().is_ok_and(|output| output.status.success())
    };
    let debian = [("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode")];
    let fetched = [("GOFLAGS", "-mod=mod"), ("GOPROXY", "off")];
    (build(&debian) || build(&fetched)).then_some(program)
}
