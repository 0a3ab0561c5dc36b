use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use super::*;

fn relay(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_relay"))
        .args(arguments)
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A running `relay sandbox`.
struct Running {
    process: Child,
    url: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_relay"))
            .args(["sandbox", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = loop {
            let line = lines.next().expect("it prints its address").unwrap();
            if let Some(url) = line.strip_prefix("TWILIO_API_URL=") {
                break url.to_owned();
            }
        };
        // Whoever stops reading must not stop the sandbox.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_text_from_the_shell_shows_up_on_the_phones_screen() {
    let sandbox = Running::start(&["--number", LINE]);
    let url = sandbox.url.as_str();
    let texted = relay(&["text", "--url", url, "--from", "619-555-0107", "Hi\nthere"]);
    assert!(out(&texted).starts_with("+16195550107 → +16195550100  SM"));
    let json = [
        "text",
        "--url",
        url,
        "--from",
        "619-555-0108",
        "--json",
        "Hi",
    ];
    let told: Value = serde_json::from_str(&out(&relay(&json))).unwrap();
    assert_eq!(
        (&told["from"], &told["to"]),
        (&"+16195550108".into(), &LINE.into())
    );
    assert!(told["sid"].as_str().unwrap().starts_with("SM"), "{told}");
    let screen = out(&relay(&["phone", "--url", url, "(619) 555-0107"]));
    assert!(screen.contains(" (UTC)\n"), "{screen}");
    assert!(screen.contains(" → +16195550100  Hi\n"), "{screen}");
    assert!(!screen.contains('\u{1b}'), "no colours in a pipe");
    let json = out(&relay(&["phone", "--url", url, "--json", CUSTOMER]));
    let entry: Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!(entry["body"], "Hi\nthere");
    assert_eq!(entry["sent"], true);
    // A short code has a screen too; a name is no number.
    out(&relay(&["text", "--url", url, "--from", "72975", "code"]));
    assert!(out(&relay(&["phone", "--url", url, "72975"])).contains("code"));
}

#[test]
fn a_mistake_is_explained_and_fails() {
    let sandbox = Running::start(&["--number", LINE, "--number", "+16195550101"]);
    let url = sandbox.url.as_str();
    for (arguments, told) in [
        (
            vec!["text", "--from", "619-555-0107", "hi"],
            "say which number to text: +16195550100",
        ),
        (
            vec!["text", "--from", "619-55", "hi"],
            "write it like (201) 555-0123 or +12015550123",
        ),
        (
            vec![
                "text",
                "--from",
                "619-555-0107",
                "--to",
                "619-555-0199",
                "hi",
            ],
            "is no number of the sandbox's account",
        ),
    ] {
        let output = relay(&[&arguments[..], &["--url", url]].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn where_nothing_runs_the_commands_say_what_to_start() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let output = relay(&["phone", "--url", &url, "619-555-0110"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("start `cargo dev`"), "{error}");
}

#[test]
fn a_port_in_use_is_an_error_that_says_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = relay(&["sandbox", "--port", &port]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains(&port) && error.contains("--port"), "{error}");
}

#[cfg(unix)]
#[test]
fn the_sandbox_stops_when_it_is_asked_to() {
    let mut sandbox = Running::start(&[]);
    let pid = sandbox.process.id().to_string();
    let killed = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(killed.success());
    assert!(sandbox.process.wait().unwrap().success());
}

#[test]
fn an_attachment_that_could_not_be_passed_on_is_refused() {
    for url in [
        "notaurl",
        "http://example.com/a.png",
        "ftp://example.com/a.png",
    ] {
        let output = relay(&["text", "--from", "619-555-0107", "--media", url, "hi"]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("attachments are at https://"), "{error}");
    }
}
