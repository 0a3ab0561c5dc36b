use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
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
fn faults_are_put_in_listed_and_forgotten_from_the_shell() {
    let sandbox = Running::start(&["--number", LINE]);
    let url = sandbox.url.as_str();
    let fault = |rest: &[&str]| relay(&[&["sandbox", "fault", "--url", url], rest].concat());
    assert_eq!(out(&fault(&[])), "no fault waits\n");
    let undeliverable = [
        "undeliverable=30003",
        "--to",
        "619-555-0110",
        "--times",
        "2",
    ];
    assert_eq!(
        out(&fault(&undeliverable)),
        "undeliverable=30003 happens 2 times\n"
    );
    out(&fault(&["call-error-answer=503", "--url-has", "/ended"]));
    let waiting: Value = serde_json::from_str(&out(&fault(&["--json"]))).unwrap();
    assert_eq!(waiting[0]["fault"]["undeliverable"]["code"], 30003);
    assert_eq!(waiting[0]["to"], "+16195550110");
    assert_eq!(waiting[1]["fault"]["call"]["url"], "/ended");
    let unknown = fault(&["lost_mail"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("is no fault"));
    assert_eq!(out(&fault(&["--clear"])), "no fault waits\n");
}

#[test]
fn a_text_that_nobody_gets_is_said_after_a_while() {
    let sandbox = Running::start(&["--number", LINE]);
    let texted = relay(&[
        "text",
        "--url",
        &sandbox.url,
        "--from",
        "619-555-0107",
        "Hi",
    ]);
    let told = String::from_utf8_lossy(&texted.stderr).into_owned();
    assert!(out(&texted).starts_with("+16195550107"));
    assert!(told.contains("No phone has got anything yet"), "{told}");
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

/// A program that answers calls: Sergio's phone is dialled and asked to press 1.
fn answers_calls() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let documents = [
        (
            "/voice ",
            format!(
                "<Dial answerOnBridge=\"true\" callerId=\"{LINE}\" action=\"/ended\">\
                 <Number url=\"/screen\">{SERGIO}</Number></Dial>"
            ),
        ),
        (
            "/screen ",
            "<Gather action=\"/chosen\" numDigits=\"1\" timeout=\"60\"><Say>Press 1.</Say></Gather><Hangup/>"
                .to_owned(),
        ),
        ("/chosen ", String::new()),
        ("/ended ", "<Say>Goodbye.</Say>".to_owned()),
    ];
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            // The answer tells that the request is read.
            let mut request = vec![0; 64 * 1024];
            let read = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let document = documents.iter().find(|(path, _)| request.contains(path));
            let document = document
                .map(|(_, inner)| inner.as_str())
                .unwrap_or_default();
            let body = format!("<Response>{document}</Response>");
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    url
}

impl Running {
    fn set_up(&self, number: &Value) {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let body = number.to_string();
        write!(
            stream,
            "POST /sandbox/numbers HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    /// A sandbox of which the number is answered by [`answers_calls`].
    fn taking_calls() -> Self {
        let sandbox = Self::start(&[]);
        let program = answers_calls();
        sandbox.set_up(
            &serde_json::json!({ "number": LINE, "voice_url": format!("{program}/voice") }),
        );
        sandbox
    }
}

/// Runs a command until it succeeds: what it waits for happens in another process.
fn at_last(arguments: &[&str]) -> String {
    let end = std::time::Instant::now() + Duration::from_secs(30);
    loop {
        let output = relay(arguments);
        if output.status.success() {
            return out(&output);
        }
        assert!(std::time::Instant::now() < end, "{output:?}");
    }
}

#[test]
fn a_call_from_the_shell_is_answered_connected_and_hung_up() {
    let sandbox = Running::taking_calls();
    let url = ["--url", sandbox.url.as_str()];
    let caller = Command::new(env!("CARGO_BIN_EXE_relay"))
        .args(["call", "--from", "619-555-0142"])
        .args(url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let sergio = |words: &[&str]| at_last(&[&["phone", SERGIO], words, &url].concat());
    assert!(sergio(&["answer"]).starts_with("done, in the call CA"));
    sergio(&["press", "1"]);
    at_last(&[&["call", "say", "2s"], &url[..]].concat());
    at_last(&[&["call", "hang-up"], &url[..]].concat());
    let told = out(&caller.wait_with_output().unwrap());
    assert!(
        told.starts_with("+16195550142 → +16195550100  CA"),
        "{told}"
    );
    for line in [
        "  ~ ringing",
        "[+16195550110: ~ ringing, the display shows +16195550100]",
        "[+16195550110: “Press 1.”]",
        "[+16195550110: → presses 1]",
        "  connected",
        "  → speaks for 2 s",
        "  → hangs up",
        "  the call is over",
    ] {
        assert!(told.contains(line), "{line} in:\n{told}");
    }
    assert!(
        told.lines().last().unwrap().starts_with("over after "),
        "{told}"
    );
    assert!(!told.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn a_call_is_printed_as_json_and_its_mistakes_are_explained() {
    let sandbox = Running::taking_calls();
    let url = ["--url", sandbox.url.as_str()];
    let run = |arguments: &[&str]| relay(&[arguments, &url].concat());
    out(&run(&["phone", SERGIO, "--calls", "busy"]));
    let call = run(&["call", "--withheld", "--attested", "failed", "--json"]);
    let call: Value = serde_json::from_str(&out(&call)).unwrap();
    assert_eq!(
        (&call["from"], &call["status"]),
        (&"+266696687".into(), &"completed".into())
    );
    assert_eq!(call["legs"][0]["status"], "busy");
    let heard = call["heard"].as_array().unwrap();
    assert!(
        heard.iter().any(|heard| heard["text"] == "Goodbye."),
        "{call}"
    );

    for (arguments, code, told) in [
        (vec!["call"], 2, "say who calls: --from"),
        (vec!["call", "hang"], 2, "write press 1, say 20s, hang-up"),
        (vec!["call", "--from", "619-55"], 1, "write it like"),
        (
            vec!["call", "hang-up"],
            1,
            "no such call goes on; place one with",
        ),
        (
            vec!["phone", SERGIO, "answer"],
            1,
            "no call rings at this phone",
        ),
        (
            vec!["phone", SERGIO, "--calls", "maybe"],
            2,
            "write on, off, silent",
        ),
        (vec!["phone", SERGIO, "pick-up"], 2, "write answer, decline"),
    ] {
        let output = run(&arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(told), "{arguments:?}: {error}");
    }
}

#[test]
fn ctrl_c_hangs_up() {
    let sandbox = Running::taking_calls();
    let url = ["--url", sandbox.url.as_str()];
    let mut caller = Command::new(env!("CARGO_BIN_EXE_relay"))
        .args(["call", "--from", "619-555-0142"])
        .args(url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(caller.stdout.take().unwrap()).lines();
    let rings = lines
        .by_ref()
        .map_while(Result::ok)
        .find(|line| line.contains("0110: ~ ringing"));
    assert!(rings.is_some());
    let interrupt = ["-INT", &caller.id().to_string()];
    Command::new("kill").args(interrupt).status().unwrap();
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(
        rest.iter().any(|line| line.contains("→ hangs up")),
        "{rest:?}"
    );
    assert!(
        rest.iter().any(|line| line.contains("over: canceled")),
        "{rest:?}"
    );
    assert!(caller.wait().unwrap().success());
}
