//! The relay against Twilio's own software: its libraries for Python and Node, its description of
//! its API, its segment calculator.

mod openapi;
mod segments;
mod signatures;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::tools;

/// The languages that Twilio's libraries are tried in.
#[derive(Clone, Copy, Debug)]
enum Language {
    Python,
    Node,
}

/// Has a program of `tests/clients` answer every question, in one process: a line of JSON each.
fn ask<Q: Serialize, A: DeserializeOwned>(
    language: Language,
    program: &str,
    questions: &[Q],
) -> Vec<A> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients")
        .join(program);
    let mut command = match language {
        Language::Python => Command::new(tools::python()),
        Language::Node => Command::new("node"),
    };
    command.arg(program);
    if matches!(language, Language::Node) {
        command.arg(tools::node_modules());
    }
    let mut child = (command.stdin(Stdio::piped()).stdout(Stdio::piped()))
        .spawn()
        .unwrap_or_else(|error| panic!("{language:?} cannot be started: {error}"));
    let mut lines = String::new();
    for question in questions {
        lines += &serde_json::to_string(question).unwrap();
        lines.push('\n');
    }
    // Beside the reading, or both sides would wait for the other to read.
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let answers: Vec<A> = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    writer.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success(), "{language:?} failed");
    assert_eq!(answers.len(), questions.len());
    answers
}
