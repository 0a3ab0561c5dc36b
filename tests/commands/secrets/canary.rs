//! No value is in anything that is printed, logged or left behind, whatever goes wrong.

use super::*;

const CANARY: &str = "c4n4ryc4n4ry";

/// A value of every kind, with the canary in it.
fn canaries() -> [String; 6] {
    let hex = "c4a4".repeat(8);
    [
        format!("TWILIO_ACCOUNT_SID=AC{hex}"),
        format!("TWILIO_AUTH_TOKEN={hex}"),
        format!("TWILIO_API_KEY=SK{hex}"),
        format!("TWILIO_API_SECRET={CANARY}{}", "x".repeat(20)),
        format!("OTHER_SERVICE='{CANARY} password'"),
        format!("A_COMMENTED=1\n# {CANARY}"),
    ]
}

#[track_caller]
fn is_silent(what: &str, text: &str) {
    for part in ["c4n4ry", "c4a4c4a4"] {
        assert!(!text.contains(part), "{what} shows a value: {text}");
    }
}

/// Every way of being wrong that the file can have, by what is added to it.
const MISTAKES: [&str; 10] = [
    "",
    "TWILIO_AUTH_TOKEN=c4n4ry\n",
    "K='c4n4ry\n",
    "K=\"c4n4ry$c4n4ry\"\n",
    "c4n4ry!c4n4ry=c4n4ry\n",
    "K=c4n4ry c4n4ry\r\n",
    "K='c4n4ry'c4n4ry\n",
    "export K=c4n4ry\n",
    "PATH=c4n4ry\n",
    "K = c4n4ry\n",
];

#[test]
fn no_command_shows_a_value_whatever_is_wrong_with_the_file() {
    for (n, mistake) in MISTAKES.iter().enumerate() {
        let desk = Desk::new();
        let whole = canaries().join("\n") + "\n" + mistake;
        desk.write(&whole);
        for arguments in [
            &["check"][..],
            &["check", "--json"],
            &["list"],
            &["list", "--json"],
            &["reference", "--out", "-"],
            &["reference", "--out", "doc.md", "--index", "index.md"],
            &["github", "--repo", "a/b"],
            &["github", "--json"],
            &["add", "TWILIO_AUTH_TOKEN"],
            &["add", "--replace", "TWILIO_AUTH_TOKEN"],
            &["add", "--replace", "TWILIO_ACCOUNT_SID"],
            &["add", "c4n4ry"],
            &["add", "K=c4n4ry"],
            &["diff", "--secret-id", "none"],
        ] {
            let mut command = desk.command(&[arguments, &["--file", "repos.env"]].concat());
            command
                .env("RUST_LOG", "trace")
                .env("RUST_BACKTRACE", "full");
            // So that the comparison fails at once.
            command
                .env("AWS_REGION", "us-east-1")
                .env("AWS_EC2_METADATA_DISABLED", "true");
            command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
            let said = given(command, "c4n4ry 'c4n4ry\" $\n");
            is_silent(&format!("{arguments:?} with {n}"), &said.everything());
        }
        assert_eq!(desk.text(), whole);
        for entry in std::fs::read_dir(desk.0.path()).unwrap() {
            let path = entry.unwrap().path();
            if path != desk.file() {
                let left = std::fs::read_to_string(&path).unwrap();
                is_silent(&path.display().to_string(), &left);
            }
        }
    }
}

/// What the one-machine relay prints and logs from start to stop, at the most talkative level.
#[test]
fn the_relay_itself_shows_no_value() {
    use std::io::{BufRead, BufReader, Read};

    let desk = Desk::new();
    desk.write(&(canaries().join("\n") + "\n"));
    std::fs::write(
        desk.path("relay.toml"),
        relay::domain::line::config::EXAMPLE,
    )
    .unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_relay"))
        .args([
            "serve",
            "--config",
            "relay.toml",
            "--env-file",
            "repos.env",
            "--port",
            "0",
        ])
        .args(["--twilio-url", "http://127.0.0.1:9"])
        .current_dir(desk.0.path())
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(server.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("health") {
        assert!(out.read_line(&mut said).unwrap() > 0, "it ended: {said}");
    }
    let port = said
        .split("127.0.0.1:")
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .unwrap();
    let mut connection = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    connection
        .write_all(b"POST /twilio/sms HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: bad\r\nContent-Length: 5\r\nConnection: close\r\n\r\nBody=")
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let stopped = Command::new("kill").arg(server.id().to_string()).status();
    assert!(stopped.unwrap().success());
    out.read_to_string(&mut said).unwrap();
    server
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    server.wait().unwrap();
    is_silent("relay serve", &(said + &answer));
}
