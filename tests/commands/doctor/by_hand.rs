//! As its user has it: a number with nothing set, `relay init`, `relay serve`, `relay doctor --fix`, a text, an answer.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::commands::machine::{RELAY, eventually};

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Desk {
    folder: tempfile::TempDir,
    sandbox: String,
    _processes: Vec<Running>,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Desk {
    fn relay(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let mut process = Command::new(RELAY)
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("RELAY_CONFIG")
            .env_remove("REPOS_ENV")
            .env("TWILIO_API_URL", &self.sandbox)
            .env("TZ", "America/Los_Angeles")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        process
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = process.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn doctor(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, out, err) = self.relay(&[&["doctor", "--json"], arguments].concat(), "");
        let report = serde_json::from_str(&out);
        (code, report.unwrap_or_else(|_| panic!("{out}\n{err}")))
    }

    fn ids(report: &Value, verdict: &str) -> Vec<String> {
        let checks = report["checks"].as_array().unwrap().iter();
        let checks = checks.filter(|check| check["verdict"] == verdict);
        checks
            .map(|check| check["id"].as_str().unwrap().to_owned())
            .collect()
    }

    fn starts(&mut self, arguments: &[&str], until: &str) {
        let mut process = Command::new(RELAY)
            .args(arguments)
            .current_dir(self.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        lines
            .find(|line| line.as_ref().unwrap().contains(until))
            .unwrap()
            .unwrap();
        std::thread::spawn(move || lines.count());
        self._processes.push(Running(process));
    }
}

/// A sandbox with a number of which nothing is set, and its credentials in a file.
fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut desk = Desk {
        folder,
        sandbox: format!("http://127.0.0.1:{port}"),
        _processes: Vec::new(),
    };
    let port = port.to_string();
    desk.starts(
        &["sandbox", "--port", &port, "--number", "+16195550100"],
        "TWILIO_API_SECRET",
    );
    desk
}

const CREDENTIALS: &str = "TWILIO_ACCOUNT_SID={account}\nTWILIO_AUTH_TOKEN=sandbox-auth-token\n";

#[test]
fn from_an_empty_number_to_an_answered_text_with_init_and_doctor_alone() {
    let mut desk = desk();
    let port = free_port();
    let answers = format!(
        "+16195550100\n\nqdn\n\nSergio\n619-555-0110\nalways\n\n\n619-555-0111\n619-555-0112\nyes\nhttp://127.0.0.1:{port}\nyes\n"
    );
    let (code, out, err) = desk.relay(&["init"], &answers);
    assert_eq!(code, 0, "{out}\n{err}");
    let first_text = out.split("Sergio reads:").nth(1);
    let first_text = first_text.unwrap_or_else(|| panic!("{out}\n{err}"));
    assert!(first_text.contains("Is the boat ready?"), "{out}");
    let account = format!("AC{}", "5".repeat(32));
    let file = desk.folder.path().join("repos.env");
    std::fs::write(&file, CREDENTIALS.replace("{account}", &account)).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    let (serve_port, url) = (port.to_string(), desk.sandbox.clone());
    desk.starts(
        &["serve", "--port", &serve_port, "--twilio-url", &url],
        "health",
    );

    let (code, report) = desk.doctor(&[]);
    assert_eq!((code, &report["ok"]), (1, &Value::Bool(false)));
    assert_eq!(Desk::ids(&report, "broken"), ["T08", "T14"], "{report:#}");
    let (code, _, err) = desk.relay(&["doctor", "--fix"], "");
    assert_eq!(code, 2, "nobody can be asked: {err}");
    let (code, out, err) = desk.relay(&["doctor", "--fix", "--yes"], "");
    assert_eq!(code, 0, "{out}\n{err}");
    let (code, report) = desk.doctor(&[]);
    assert_eq!(code, 0, "{report:#}");
    let right = Desk::ids(&report, "right");
    for id in ["T08", "T10", "T14", "P01", "P02", "P03"] {
        assert!(right.iter().any(|right| right == id), "{id}: {report:#}");
    }
    let (_, _, err) = desk.relay(&["doctor", "--fix", "--yes"], "");
    assert!(err.contains("nothing to change"), "{err}");
    // Without a network it tells what it found then.
    let (_, offline) = desk.doctor(&["--offline"]);
    let checks = offline["checks"].as_array().unwrap();
    let t08 = checks.iter().find(|check| check["id"] == "T08").unwrap();
    assert_eq!(t08["verdict"], "right");
    assert!(t08["says"].as_str().unwrap().contains("(as of "), "{t08}");

    let text = |from: &str, body: &str| {
        let (code, _, err) = desk.relay(
            &["text", "--no-wait", "--url", &url, "--from", from, body],
            "",
        );
        assert_eq!(code, 0, "{err}");
    };
    let shows = |phone: &str, words: &str| {
        eventually(words, || {
            let (_, screen, _) = desk.relay(&["phone", phone, "--url", &url], "");
            screen.contains(words).then_some(())
        });
    };
    text("619-555-0107", "Is the boat ready?");
    shows("619-555-0110", "Is the boat ready?");
    text("619-555-0110", "Yes, at five");
    shows("619-555-0107", "Yes, at five");

    let undo = std::fs::read_dir(desk.folder.path().join(".relay/doctor")).unwrap();
    let mut undo = undo.map(|file| file.unwrap().path());
    let undo = undo
        .find(|file| {
            file.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("20")
        })
        .unwrap();
    let (code, out, err) = desk.relay(&["doctor", "undo", undo.to_str().unwrap(), "--yes"], "");
    assert_eq!(code, 0, "{out}\n{err}");
    let (_, report) = desk.doctor(&["--only", "T08,T14"]);
    assert_eq!(Desk::ids(&report, "broken"), ["T08", "T14"]);
    for text in [out, err, report.to_string()] {
        assert!(
            !text.contains("sandbox-auth-token") && !text.contains("+16195550100"),
            "{text}"
        );
    }
}

#[test]
fn what_stands_in_the_way_of_a_probe_is_named() {
    let desk = desk();
    let account = format!("AC{}", "5".repeat(32));
    let file = desk.folder.path().join("repos.env");
    std::fs::write(&file, CREDENTIALS.replace("{account}", &account)).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    let with_url = |url: &str| {
        let config = crate::support::RELAY_TOML.replace("https://relay.example.com", url);
        assert!(config.contains(url));
        std::fs::write(desk.folder.path().join("relay.toml"), config).unwrap();
    };
    let says = || {
        let (code, report) = desk.doctor(&["--only", "P01"]);
        assert_eq!(code, 1, "{report:#}");
        report["checks"][0]["says"].as_str().unwrap().to_owned()
    };
    with_url(&format!("http://127.0.0.1:{}", free_port()));
    assert!(says().contains("no connection to public_url"), "{}", says());
    // Somebody else's page, which says yes to everything.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    with_url(&format!("http://{}", listener.local_addr().unwrap()));
    std::thread::spawn(move || {
        let page = "<html><title>Welcome to nginx!</title></html>";
        let length = page.len();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while head.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{page}"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let said = says();
    assert!(
        said.contains("something else answers") && said.contains("Welcome to nginx!"),
        "{said}"
    );
    // The sandbox itself is no relay.
    with_url(&desk.sandbox);
    assert!(says().contains("something else answers"), "{}", says());
}
