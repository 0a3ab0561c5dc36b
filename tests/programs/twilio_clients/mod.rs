//! The relay against Twilio's own software: its libraries for Python and Node, its description of
//! its API, its segment calculator.

mod openapi;
mod segments;
mod shared_keys;
mod signatures;
mod twiml;

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support::tools;

/// The languages that Twilio's libraries are tried in.
#[derive(Clone, Copy, Debug)]
pub enum Language {
    Python,
    Node,
}

/// Has a program of `tests/programs/clients` answer every question, in one process: a line of JSON each.
/// Questions are asked while others are being answered, so there may be any number of them.
pub fn ask<Q: Serialize + Send, A: DeserializeOwned>(
    language: Language,
    program: &str,
    questions: impl Iterator<Item = Q> + Send,
    mut answered: impl FnMut(Q, A),
) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/programs/clients")
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
    let mut input = BufWriter::new(child.stdin.take().unwrap());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (asked, to_be_answered) = mpsc::channel();
    std::thread::scope(|scope| {
        // Beside the reading, or both sides would wait for the other to read.
        scope.spawn(move || {
            for question in questions {
                serde_json::to_writer(&mut input, &question).unwrap();
                input.write_all(b"\n").unwrap();
                // Nobody listens any more when an answer was wrong.
                if asked.send(question).is_err() {
                    return;
                }
            }
            input.flush().unwrap();
        });
        for question in to_be_answered {
            let line = lines.next().expect("every question is answered").unwrap();
            answered(question, serde_json::from_str(&line).unwrap());
        }
    });
    assert!(lines.next().is_none(), "{language:?} says more than asked");
    assert!(child.wait().unwrap().success(), "{language:?} failed");
}
