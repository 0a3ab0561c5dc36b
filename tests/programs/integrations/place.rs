use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const RELAY: &str = env!("CARGO_BIN_EXE_relay");

pub const LINE: &str = "+16195550100";

/// Subscribes to maintenance windows.
pub const ANA: &str = "+16195550121";
/// So does he, and opted out of the line's texts.
pub const BEN: &str = "+16195550122";

/// A relay at work, with a fake Twilio, two subscribers, and a folder for whatever a test needs.
pub struct Place {
    folder: tempfile::TempDir,
    pub url: String,
    twilio: String,
    _relay: Process,
    _sandbox: Process,
}

/// Ends with its handle.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Place {
    /// Opens it with a key for each of `callers`, by what it may do.
    pub fn with_callers(callers: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let mut sandbox = Command::new(RELAY);
        sandbox.args(["sandbox", "--port", "0", "--number", LINE]);
        let (sandbox, said) = started(sandbox, |line| line.starts_with("TWILIO_API_SECRET"));
        let value = |name: &str| {
            let mut values = said.iter().filter_map(|line| line.split_once('='));
            values.find(|(given, _)| *given == name).unwrap().1
        };
        let names = [
            "TWILIO_ACCOUNT_SID",
            "TWILIO_AUTH_TOKEN",
            "TWILIO_API_KEY",
            "TWILIO_API_SECRET",
        ];
        let file = names
            .map(|name| format!("{name}={}\n", value(name)))
            .concat();
        let secrets = folder.path().join("repos.env");
        std::fs::write(&secrets, file).unwrap();
        std::fs::set_permissions(&secrets, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(folder.path().join("relay.toml"), config(&url)).unwrap();

        let run = |arguments: &[&str]| {
            let output = Command::new(RELAY)
                .args(arguments)
                .current_dir(folder.path())
                .env("HOME", folder.path())
                .env("REPOS_ENV", &secrets)
                .stdin(Stdio::null())
                .output()
                .unwrap();
            assert!(output.status.success(), "{arguments:?}: {output:?}");
        };
        for (name, actions) in callers {
            run(&["secrets", "caller", name, "--allow", actions]);
        }
        let twilio = value("TWILIO_API_URL").to_owned();
        let mut relay = Command::new(RELAY);
        let port = port.to_string();
        relay.current_dir(folder.path()).args([
            "serve",
            "--config",
            "relay.toml",
            "--env-file",
            "repos.env",
            "--port",
            &port,
            "--twilio-url",
            &twilio,
        ]);
        let (relay, _) = started(relay, |line| line.starts_with("health"));
        for number in [ANA, BEN] {
            run(&["subscribers", "add", number, "--topic", "maintenance"]);
        }
        run(&["optouts", "add", BEN]);
        Self {
            folder,
            url,
            twilio,
            _relay: relay,
            _sandbox: sandbox,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A caller's key, as people copy it out of `repos.env`.
    pub fn key(&self, caller: &str) -> String {
        let file = std::fs::read_to_string(self.path("repos.env")).unwrap();
        let variable = format!("RELAY_CALLER_{}=", caller.to_uppercase().replace('-', "_"));
        let mut lines = file.lines();
        let value = lines.find_map(|line| line.strip_prefix(&variable)).unwrap();
        value
            .trim_matches(['\'', '"'])
            .split_once(':')
            .unwrap()
            .1
            .to_owned()
    }

    /// `relay …` in the folder, with nothing of the test's own environment that it would heed.
    pub fn relay(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(RELAY);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env_remove("RELAY_STACK")
            .env_remove("TABLE_NAME")
            .stdin(Stdio::null());
        command.output().unwrap()
    }

    /// What a phone has received so far.
    pub fn received(&self, phone: &str) -> Vec<String> {
        let shown = self.relay(&["phone", phone, "--json", "--url", &self.twilio]);
        let lines = String::from_utf8(shown.stdout).unwrap();
        let entries = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        let received = entries.filter(|entry: &Value| entry["sent"] == false);
        received
            .map(|entry| entry["body"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits until the phone has a text with these words, and returns all that it has.
    #[track_caller]
    pub fn receives(&self, phone: &str, words: &str) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let received = self.received(phone);
            if received.iter().any(|text| text.contains(words)) {
                return received;
            }
            assert!(Instant::now() < deadline, "the phone has {received:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// At any hour, since these tests have the real clock.
fn config(url: &str) -> String {
    format!(
        r#"
[[line]]
name = "qdn"
number = "{LINE}"
country = "US"
time_zone = "America/Los_Angeles"
public_url = "{url}"
quiet_hours = "none"

[[line.person]]
name = "Sergio"
number = "619-555-0110"
hours = "always"

[[line.topic]]
name = "maintenance"
keyword = "DOCK"
about = "maintenance windows"

[[line.topic]]
name = "events"
keyword = "EVENTS"
about = "new events"
"#
    )
}

/// Starts a program and reads its lines up to the one that says that it is ready.
fn started(mut command: Command, is_ready: impl Fn(&str) -> bool) -> (Process, Vec<String>) {
    let mut process = Process(command.stdout(Stdio::piped()).spawn().unwrap());
    let stdout = process.0.stdout.take().unwrap();
    let mut lines = BufReader::new(stdout).lines();
    let mut said: Vec<String> = Vec::new();
    while !said.last().is_some_and(|line| is_ready(line)) {
        said.push(lines.next().expect("it says that it is ready").unwrap());
    }
    std::thread::spawn(move || lines.for_each(drop));
    (process, said)
}

/// The system gives its own from 32768 on.
fn free_port() -> u16 {
    loop {
        let port = fastrand::u16(20_000..32_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
