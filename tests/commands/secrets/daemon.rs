//! The files of `infra/daemon`, as a server would use them.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::Child;

use super::*;
use crate::support::tools;

fn infra(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("infra")
        .join(name)
}

fn start(desk: &Desk, program: &[&str]) -> Said {
    let mut start = Command::new(infra("daemon/start"));
    start.args(program).current_dir(desk.0.path());
    start.env("REPOS_ENV", "repos.env");
    given(start, "")
}

#[test]
fn a_daemon_does_not_start_while_others_can_read_the_file() {
    let desk = Desk::with_file();
    for mode in [0o644, 0o640, 0o604, 0o660, 0o777] {
        set_mode(&desk.file(), mode);
        start(&desk, &["echo", "started"]).refused(1, "run: chmod 600 './repos.env'");
    }
    for mode in [0o600, 0o400] {
        set_mode(&desk.file(), mode);
        let out = start(&desk, &["printenv", "TWILIO_API_KEY"]).done();
        assert_eq!(out, value("TWILIO_API_KEY") + "\n");
    }
    start(&desk, &[]).refused(2, "give the program to start");
    std::fs::rename(desk.file(), desk.path("other")).unwrap();
    start(&desk, &["echo"]).refused(1, "there is no ./repos.env");
    symlink("other", desk.file()).unwrap();
    start(&desk, &["echo"]).refused(1, "is a symbolic link");
}

/// A sandbox, with its address and credentials as it prints them.
struct Sandbox {
    process: Child,
    lines: Vec<String>,
}

impl Sandbox {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_relay"))
            .args(["sandbox", "--port", "0", "--number", "+16195550100"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut lines: Vec<String> = Vec::new();
        let names = [
            "TWILIO_API_URL",
            "TWILIO_ACCOUNT_SID",
            "TWILIO_API_KEY",
            "TWILIO_API_SECRET",
        ];
        let has = |lines: &[String], name: &str| lines.iter().any(|line| line.starts_with(name));
        while !names.iter().all(|name| has(&lines, name)) {
            lines.push(out.next().expect("it prints its credentials").unwrap());
        }
        std::thread::spawn(move || out.for_each(drop));
        Self { process, lines }
    }

    fn value(&self, name: &str) -> &str {
        let mut lines = self.lines.iter();
        lines
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_daemon_sends_a_text_with_what_start_gives_it() {
    let sandbox = Sandbox::start();
    let desk = Desk::new();
    let keys = [
        "TWILIO_ACCOUNT_SID",
        "TWILIO_API_KEY",
        "TWILIO_API_SECRET",
        "TWILIO_API_URL",
    ];
    let input = keys.map(|key| format!("{}\n", sandbox.value(key))).concat();
    desk.add(&[&["--any-shape"], &keys[..]].concat(), &input)
        .done();
    let (python, program) = (tools::python(), infra("daemon/send_text.py"));
    let send = |from: &str| {
        let [python, program] = [&python, &program].map(|path| path.to_str().unwrap());
        start(
            &desk,
            &[python, program, from, "+16195550107", "It's ready"],
        )
    };
    assert!(send("+16195550100").done().starts_with("SM"));
    let mut phone = Command::new(env!("CARGO_BIN_EXE_relay"));
    phone.args([
        "phone",
        "--url",
        sandbox.value("TWILIO_API_URL"),
        "+16195550107",
    ]);
    phone.arg("--follow").stdout(Stdio::piped());
    let mut phone = phone.spawn().unwrap();
    let mut screen = BufReader::new(phone.stdout.take().unwrap()).lines();
    let arrived = screen.any(|line| line.unwrap().contains("It's ready"));
    phone.kill().unwrap();
    phone.wait().unwrap();
    assert!(arrived);
    send("+16195550199").refused(1, "Twilio refused it: HTTP 400, error 21");
}
