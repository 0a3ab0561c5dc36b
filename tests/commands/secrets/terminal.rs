//! `relay secrets add` on a terminal.

use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::support::tools;

#[derive(Deserialize)]
struct Session {
    shown: String,
    code: i32,
    /// Whether the terminal shows again what is typed, where that can still be told.
    echo: Option<bool>,
}

fn type_into(desk: &Desk, arguments: &[&str], answers: &[(&str, &str)]) -> Session {
    let mut python = Command::new(tools::python());
    python.arg(client("terminal.py"));
    python
        .arg(env!("CARGO_BIN_EXE_relay"))
        .args(["secrets", "add"])
        .args(arguments);
    python
        .current_dir(desk.0.path())
        .env("REPOS_ENV", desk.file());
    serde_json::from_str(&given(python, &json!(answers).to_string()).done()).unwrap()
}

#[test]
fn values_are_asked_for_and_not_shown() {
    let desk = Desk::new();
    let answers = [
        ("Value of FIRST", "hunter2 one"),
        ("Value of SECOND", "hunter2 two"),
    ];
    let session = type_into(&desk, &["FIRST", "SECOND"], &answers);
    assert_eq!(session.code, 0, "{}", session.shown);
    assert!(!session.shown.contains("hunter2"), "{}", session.shown);
    assert_ne!(session.echo, Some(false));
    assert_eq!(desk.text(), "FIRST='hunter2 one'\nSECOND='hunter2 two'\n");
}

#[test]
fn a_value_that_is_there_is_replaced_only_after_a_yes() {
    let desk = Desk::new();
    desk.write("FIRST=1\n");
    let no = type_into(&desk, &["FIRST"], &[("Replace it? [y/N]", "")]);
    assert_eq!((no.code, desk.text().as_str()), (1, "FIRST=1\n"));
    assert!(no.shown.contains("nothing was changed"), "{}", no.shown);
    let answers = [("Replace it? [y/N]", "y"), ("Value of FIRST", "hunter2")];
    let yes = type_into(&desk, &["FIRST"], &answers);
    assert_eq!((yes.code, desk.text().as_str()), (0, "FIRST=hunter2\n"));
}

#[test]
fn ctrl_c_at_the_question_changes_nothing() {
    let desk = Desk::new();
    let session = type_into(&desk, &["FIRST"], &[("Value of FIRST", "^C")]);
    assert_eq!(session.code, 1, "{}", session.shown);
    assert!(
        session.shown.contains("stopped; nothing was changed"),
        "{}",
        session.shown
    );
    assert_ne!(session.echo, Some(false));
    assert!(!desk.file().exists());
}
