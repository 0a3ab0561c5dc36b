//! The one-machine mode as its user meets it: the `relay` command, real sockets, real files.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::RELAY_TOML;

pub(super) const RELAY: &str = env!("CARGO_BIN_EXE_relay");

/// Sergio is always on duty here, whatever the time of the test.
fn config() -> String {
    let hours = r#"["Mon-Fri 08:00-18:00", "Sat 09:00-13:00"]"#;
    RELAY_TOML.replace(hours, r#"["Mon-Sun 00:00-24:00"]"#)
}

/// A folder with a configuration, in which relays come and go.
pub(super) struct Place {
    folder: tempfile::TempDir,
}

/// A running `relay dev`.
pub(super) struct Dev {
    pub process: Child,
    pub url: String,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("relay.toml"), config()).unwrap();
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(RELAY);
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts `relay dev` and waits until it is ready.
    pub fn dev(&self) -> Dev {
        self.dev_logging_to(Stdio::null())
    }

    /// The same, with its log going there.
    pub fn dev_logging_to(&self, log: impl Into<Stdio>) -> Dev {
        Dev::started(self.command(&["dev", "--port", "0"]).stderr(log))
    }

    /// The first of the audit's records that is as it should be, as soon as there is one.
    fn audited(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let audit = self.path(".relay/dev/audit.jsonl");
        eventually("the audit has the record", || {
            let text = std::fs::read_to_string(&audit).ok()?;
            text.lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .find(&fits)
        })
    }
}

impl Dev {
    /// Starts a relay and waits until it is ready.
    pub fn started(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let greeting = BufReader::new(process.stdout.take().unwrap());
        let url = greeting
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                Some(
                    line.split_whitespace()
                        .last()?
                        .strip_suffix("/healthz")?
                        .to_owned(),
                )
            })
            .expect("it says where it is");
        Self { process, url }
    }

    pub fn text(&self, place: &Place, body: &str) -> String {
        let output = place.run(&[
            "text",
            "--no-wait",
            "--from",
            "619-555-0107",
            "--url",
            &self.url,
            body,
        ]);
        assert!(output.status.success(), "{output:?}");
        let told = String::from_utf8(output.stdout).unwrap();
        told.split_whitespace()
            .find(|word| word.starts_with("SM"))
            .expect("the text's SID")
            .to_owned()
    }

    /// How often Sergio's phone shows the text, once it shows it at all.
    pub fn shows(&self, place: &Place, body: &str) -> usize {
        eventually("Sergio's phone shows the text", || {
            let output = place.run(&["phone", "619-555-0110", "--url", &self.url]);
            let count = String::from_utf8(output.stdout)
                .unwrap()
                .matches(body)
                .count();
            (count > 0).then_some(count)
        })
    }

    pub fn goes_wrong(&self, fault: &str) {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let length = fault.len();
        write!(
            stream,
            "POST /sandbox/faults HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{fault}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 2"), "{answer}");
    }

    pub fn signal(&mut self, signal: &str) -> std::process::ExitStatus {
        Command::new("kill")
            .args([signal, &self.process.id().to_string()])
            .status()
            .unwrap();
        self.process.wait().unwrap()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Another process takes its time; this looks until `what` is so, but not for ever.
pub(super) fn eventually<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < end, "not within 30 seconds: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn error_of(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_phone_shows_a_conversation_for_each_reply_number() {
    let place = Place::new();
    let numbers = "[\"619-555-0150\", \"619-555-0151\"]";
    let with = config().replacen("\n\n", &format!("\nreply_numbers = {numbers}\n\n"), 1);
    std::fs::write(place.path("relay.toml"), with).unwrap();
    let dev = place.dev();
    let sid = dev.text(&place, "Is the boat ready?");
    assert_eq!(dev.shows(&place, "Is the boat ready?"), 1);
    let arguments = [
        "--from",
        "619-555-0110",
        "--to",
        "619-555-0150",
        "--url",
        &dev.url,
    ];
    let texted = place.run(&[&["text"], &arguments[..], &["Yes, at five"]].concat());
    assert!(texted.status.success(), "{texted:?}");
    let out = |arguments: &[&str]| String::from_utf8(place.run(arguments).stdout).unwrap();
    let phone = |number| out(&["phone", number, "--url", &dev.url]);
    eventually("the customer has the answer", || {
        phone("619-555-0107")
            .contains("← +16195550100  Yes, at five")
            .then_some(())
    });
    let to_the_line = ["--from", "619-555-0110", "--url", &dev.url, "who"];
    out(&[&["text"], &to_the_line[..]].concat());
    let screen = eventually("the line answers from its own number", || {
        Some(phone("619-555-0110")).filter(|screen| screen.contains("Texts go to you"))
    });
    let lines: Vec<&str> = screen.lines().collect();
    let at = |line: &str| lines.iter().position(|l| *l == line).expect(line);
    assert!(at("+16195550150") < at("+16195550100"), "{screen}");
    assert!(
        lines[at("+16195550150") + 3].contains("→ +16195550150  Yes, at five"),
        "{screen}"
    );
    let story = out(&["explain", &sid, "--numbers"]);
    assert!(
        story.contains("(+16195550110), from the reply number +16195550150"),
        "{story}"
    );
    let answer = String::from_utf8(texted.stdout).unwrap();
    let answer = answer
        .split_whitespace()
        .find(|word| word.starts_with("SM"));
    let story = out(&["explain", answer.expect("its SID"), "--numbers"]);
    assert!(
        story.contains("wrote to qdn, to its reply number +16195550150"),
        "{story}"
    );
    let route = out(&["route", "--from", "619-555-0107", "--body", "Thanks"]);
    assert!(route.contains("\n  0107: Thanks"), "{route}");
    let conversations = out(&["conversations", "--numbers"]);
    assert!(
        conversations.contains("on Sergio's phone: +16195550150"),
        "{conversations}"
    );
    let json: Value = serde_json::from_str(&out(&["conversations", "--json"])).unwrap();
    let shown = &json[0]["conversations"][0]["reply_numbers"][0];
    assert_eq!(shown["person"], "Sergio");
}

#[test]
fn a_text_travels_from_the_shell_to_sergios_phone_and_can_be_explained() {
    let place = Place::new();
    let dev = place.dev();
    let sid = dev.text(&place, "Is the boat ready?");
    assert_eq!(dev.shows(&place, "Is the boat ready?"), 1);
    let decision = place.audited(|record| record["kind"] == "decision");
    assert_eq!(
        (&decision["to_person"], &decision["message_sid"]),
        (&"Sergio".into(), &sid.as_str().into())
    );
    place.audited(|record| record["outcome"] == "delivered");
    let explained = place.run(&["explain", &sid]);
    let story = String::from_utf8(explained.stdout).unwrap();
    assert!(
        story.contains("Sergio") && story.contains("delivered"),
        "{story}"
    );
}

#[test]
fn when_asked_to_stop_it_finishes_and_a_restart_picks_up_the_rest() {
    let place = Place::new();
    for signal in ["-TERM", "-INT"] {
        let mut dev = place.dev();
        dev.goes_wrong(r#"{"fault": {"too_many_requests": {"retry_after": "2"}}}"#);
        let body = format!("stopped by {signal}");
        let sid = dev.text(&place, &body);
        let refused = |record: &Value| {
            record["message_sid"] == sid.as_str() && record["outcome"] == "refused"
        };
        place.audited(refused);
        assert!(dev.signal(signal).success());
        let again = place.dev();
        assert_eq!(again.shows(&place, &body), 1);
    }
}

#[test]
fn a_text_survives_a_kill() {
    let place = Place::new();
    let mut dev = place.dev();
    dev.goes_wrong(r#"{"fault": {"too_many_requests": {"retry_after": "1"}}}"#);
    let sid = dev.text(&place, "kill -9");
    place.audited(|record| record["message_sid"] == sid.as_str() && record["outcome"] == "refused");
    dev.signal("-KILL");
    assert_eq!(place.dev().shows(&place, "kill -9"), 1);
}

#[test]
fn a_text_that_comes_while_the_database_is_stuck_is_kept_and_sent_once_afterwards() {
    let place = Place::new();
    let dev = place.dev();
    let database = rusqlite::Connection::open(place.path(".relay/dev/relay.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    dev.text(&place, "keep me");
    let kept = place.path(".relay/dev/kept-texts.jsonl");
    let lines = || std::fs::read_to_string(&kept).unwrap().lines().count();
    eventually("the fallback keeps it", || (lines() == 1).then_some(()));
    database.execute_batch("COMMIT").unwrap();
    assert_eq!(dev.shows(&place, "keep me"), 1);
    eventually("it is not kept any more", || (lines() == 0).then_some(()));
    place.audited(|record| record["outcome"] == "delivered");
    assert_eq!(dev.shows(&place, "keep me"), 1);
}

#[test]
fn what_is_kept_can_be_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let _dev = place.dev();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.path(".relay/dev")), 0o700);
    assert_eq!(mode(&place.path(".relay/dev/audit.jsonl")), 0o600);
}

/// A file that only its owner can read.
fn private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_text_of_the_sandbox_is_never_sent_with_real_credentials() {
    let place = Place::new();
    let mut dev = place.dev();
    let running = error_of(&place.run(&["dev", "--port", "0"]));
    let process = format!("another relay (process {})", dev.process.id());
    assert!(running.contains(&process), "{running}");
    dev.signal("-TERM");

    let account = "AC".to_owned() + &"0".repeat(32);
    let credentials = format!("TWILIO_ACCOUNT_SID={account}\nTWILIO_AUTH_TOKEN=made-up\n");
    private(&place.path("repos.env"), &credentials);
    let serve = "serve --config relay.toml --env-file repos.env --port 0 --data .relay/dev";
    let serve: Vec<_> = serve.split(' ').collect();
    let error = error_of(&place.run(&serve));
    assert!(
        error.contains("belongs to another Twilio account") && error.contains("--data"),
        "{error}"
    );
}

#[test]
fn what_comes_while_the_relay_is_off_reaches_sergio_after_its_start() {
    let place = Place::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let port = port.unwrap().port().to_string();
    let number = "+16195550100=https://relay.example.com/twilio/sms";
    let resolve = format!("https://relay.example.com=http://127.0.0.1:{port}");
    let mut command = place.command(&["sandbox", "--port", "0"]);
    command.args(["--number", number, "--resolve", &resolve]);
    let mut sandbox = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(sandbox.stdout.take().unwrap()).lines();
    let credentials: Vec<String> = said
        .by_ref()
        .map_while(Result::ok)
        .filter(|line| line.starts_with("TWILIO_"))
        .take(5)
        .collect();
    private(&place.path("repos.env"), &credentials[1..].join("\n"));
    let url = credentials[0].replace("TWILIO_API_URL=", "");
    let twilio = Dev {
        process: sandbox,
        url: url.clone(),
    };
    let serve = || {
        let serve = "serve --config relay.toml --env-file repos.env";
        let serve: Vec<_> = serve.split(' ').collect();
        let mut command = place.command(&serve);
        command.args(["--port", &port, "--twilio-url", &url]);
        let silent = command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = silent.spawn().unwrap();
        eventually("the relay serves", || {
            TcpStream::connect(format!("127.0.0.1:{port}")).ok()
        });
        let url = String::new();
        Dev { process, url }
    };

    let mut relay = serve();
    twilio.text(&place, "It runs");
    assert_eq!(twilio.shows(&place, "It runs"), 1);
    // As logrotate does once it has moved the audit's file away.
    let audit = place.path(".relay/audit.jsonl");
    std::fs::rename(&audit, place.path("audit.1")).unwrap();
    let hangup = ["-HUP", &relay.process.id().to_string()];
    assert!(
        Command::new("kill")
            .args(hangup)
            .status()
            .unwrap()
            .success()
    );
    twilio.text(&place, "It still runs");
    assert_eq!(twilio.shows(&place, "It still runs"), 1);
    assert!(audit.exists());
    relay.signal("-TERM");
    twilio.text(&place, "It is off");
    let _relay = serve();
    assert_eq!(twilio.shows(&place, "It is off"), 1);
    let screen = place.run(&["phone", "619-555-0110", "--url", &twilio.url]);
    let screen = String::from_utf8(screen.stdout).unwrap();
    assert!(screen.contains("Late, received"), "{screen}");
}

#[test]
fn a_customer_is_forgotten_while_the_relay_runs() {
    let place = Place::new();
    let dev = place.dev();
    let words = "Is the grey boat at the pier ready?";
    dev.text(&place, words);
    assert_eq!(dev.shows(&place, words), 1);
    let forget = |more: &[&str]| {
        let ran = place.run(&[&["forget", "619-555-0107"][..], more].concat());
        let said = [ran.stdout, ran.stderr].concat();
        (ran.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = forget(&[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("of +1•••07 would go: 1 text"), "{said}");
    assert!(said.contains("nothing was removed"), "{said}");
    assert!(
        !said.contains("5550107") && !said.contains("boat"),
        "{said}"
    );
    // They wait for an answer, and somebody would be reminded: that does not keep anybody's words.
    assert!(said.contains("1 reminder for the people"), "{said}");
    let until = Instant::now() + Duration::from_secs(20);
    while forget(&[]).1.contains("needs --also-open") && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    let found = |bytes: &str| {
        let files = std::fs::read_dir(place.path(".relay/dev")).unwrap();
        let found = files.filter_map(|file| {
            let file = file.unwrap();
            let content = std::fs::read(file.path()).unwrap();
            let mut windows = content.windows(bytes.len());
            windows
                .any(|window| window == bytes.as_bytes())
                .then(|| file.file_name())
        });
        found.collect::<Vec<_>>()
    };
    assert!(!found("6195550107").is_empty() && !found("grey boat").is_empty());

    let (code, said) = forget(&["--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("+1•••07 is forgotten: 1 text"), "{said}");
    for bytes in ["6195550107", "grey boat"] {
        assert!(found(bytes).is_empty(), "{bytes} in {:?}", found(bytes));
    }
    let record = place.audited(|record| record["kind"] == "forgotten");
    let outcome = record["outcome"].as_str().unwrap();
    assert!(
        outcome.starts_with("+1•••07: forgotten, 1 text"),
        "{outcome}"
    );

    dev.text(&place, "It goes on");
    assert_eq!(dev.shows(&place, "It goes on"), 1);
    for (number, told) in [("619-555-0110", "one of its people"), ("0107", "")] {
        let ran = place.run(&["forget", number, "--yes"]);
        assert_eq!(ran.status.code(), Some(2), "{ran:?}");
        assert!(
            String::from_utf8_lossy(&ran.stderr).contains(told),
            "{ran:?}"
        );
    }
}

#[test]
fn commands_work_on_the_relay_that_serves_before_the_one_to_try_things_out() {
    let place = Place::new();
    let dev = place.dev();
    let ran = place.run(&["conversations"]);
    assert!(ran.status.success(), "{ran:?}");
    assert!(ran.stderr.is_empty(), "{ran:?}");
    drop(dev);
    std::fs::copy(
        place.path(".relay/dev/relay.db"),
        place.path(".relay/relay.db"),
    )
    .unwrap();
    let ran = place.run(&["conversations"]);
    let note = String::from_utf8(ran.stderr).unwrap();
    assert!(note.contains("--data .relay/dev"), "{note}");
}

#[test]
fn a_port_in_use_is_named() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let error = error_of(&place.run(&["dev", "--port", &port]));
    assert!(
        error.contains(&format!("port {port} is in use")) && error.contains("--port"),
        "{error}"
    );
    assert!(!place.path(".relay").exists(), "nothing was touched");
}

#[test]
fn missing_and_half_missing_credentials_are_named_with_their_file() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let serve = [
        "serve",
        "--config",
        "relay.toml",
        "--env-file",
        "repos.env",
        "--port",
        "0",
    ];
    let error = error_of(&place.run(&serve));
    assert!(error.contains("repos.env"), "{error}");

    let (account, key) = (
        "AC".to_owned() + &"0".repeat(32),
        "SK".to_owned() + &"0".repeat(32),
    );
    let cases = [
        (
            format!("TWILIO_ACCOUNT_SID={account}\n"),
            "TWILIO_AUTH_TOKEN is missing",
        ),
        (
            format!(
                "TWILIO_ACCOUNT_SID={account}\nTWILIO_AUTH_TOKEN=hunter2\nTWILIO_API_KEY={key}\n"
            ),
            "TWILIO_API_SECRET is not",
        ),
        (
            format!("TWILIO_ACCOUNT_SID={key}\nTWILIO_AUTH_TOKEN=hunter2\n"),
            "TWILIO_ACCOUNT_SID in",
        ),
    ];
    for (text, sentence) in cases {
        std::fs::write(place.path("repos.env"), text).unwrap();
        let permissions = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(place.path("repos.env"), permissions).unwrap();
        let error = error_of(&place.run(&serve));
        assert!(
            error.contains(sentence) && error.contains("repos.env"),
            "{error}"
        );
        assert!(!error.contains("hunter2"));
    }
}

#[test]
fn a_mistake_in_the_configuration_is_shown_with_its_place() {
    let place = Place::new();
    std::fs::write(
        place.path("relay.toml"),
        config().replace("America/Los_Angeles", "America/San_Diego"),
    )
    .unwrap();
    let error = error_of(&place.run(&["dev", "--port", "0"]));
    assert!(error.contains("relay.toml:5:"), "{error}");
    assert!(error.contains("write that"), "{error}");
}

#[test]
fn wrong_usage_is_told_apart_from_failure() {
    let place = Place::new();
    assert_eq!(place.run(&["dev", "--prot", "1"]).status.code(), Some(2));
    assert_eq!(place.run(&["nonsense"]).status.code(), Some(2));
}

/// What a client has sent when it stops sending.
fn stuck(dev: &Dev, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(dev.url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(sent.as_bytes()).unwrap();
    stream
}

#[test]
fn clients_that_do_not_get_on_with_their_requests_do_not_hold_up_a_stop() {
    let place = Place::new();
    let mut dev = place.dev();
    let _stuck = [
        stuck(&dev, ""),
        stuck(&dev, "POST /twilio/sms HT"),
        stuck(
            &dev,
            "POST /twilio/sms HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nFro",
        ),
    ];
    let began = Instant::now();
    assert!(dev.signal("-TERM").success());
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_body_that_cannot_be_taken_is_refused_at_once_and_by_its_name() {
    let place = Place::new();
    let dev = place.dev();
    let both = "transfer-encoding: chunked\r\ncontent-length: 4";
    for (headers, status) in [
        ("content-length: 65537", "413"),
        ("content-length: 99999999999", "413"),
        (both, "400"),
        ("content-length: 4\r\ntransfer-encoding: chunked", "400"),
    ] {
        let request =
            format!("POST /twilio/sms HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\nFrom=1\r\n\r\n");
        let mut stream = stuck(&dev, &request);
        let wait = Duration::from_secs(5);
        stream.set_read_timeout(Some(wait)).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).expect("an answer at once");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert_eq!(answer, format!("HTTP/1.1 {status}"), "{headers}");
    }
}

#[test]
fn a_program_whose_body_is_not_read_gets_a_problem_document_all_the_same() {
    let place = Place::new();
    let dev = place.dev();
    for (headers, status, kind) in [
        ("content-length: 65537", 413, "/problems/too-large"),
        (
            "transfer-encoding: chunked\r\n\r\nno chunk",
            400,
            "about:blank",
        ),
    ] {
        let request = format!("POST /v1/notices HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\n");
        let mut stream = stuck(&dev, &request);
        let wait = Duration::from_secs(5);
        stream.set_read_timeout(Some(wait)).unwrap();
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("an answer at once");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
        assert!(head.contains("application/problem+json"), "{head}");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(
            (&body["type"], &body["status"]),
            (&kind.into(), &status.into())
        );
    }
}

/// Posts a form; returns the status.
pub(super) fn post(url: &str, path: &str, form: &str) -> u16 {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Twilio-Signature: \
         bm90aGluZw==\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    stream.write_all((head + form).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_webhook_that_is_set_up_wrong_leaves_a_line_that_says_what_is_wrong() {
    let place = Place::new();
    let log = place.path("log");
    let mut process = place
        .command(&["dev", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let greeting = BufReader::new(process.stdout.take().unwrap()).lines();
    let urls = greeting.map_while(Result::ok).filter_map(|line| {
        Some(
            line.split_whitespace()
                .last()?
                .strip_suffix("/healthz")?
                .to_owned(),
        )
    });
    let url = urls.into_iter().next().expect("it says where it is");
    let form = format!(
        "MessageSid=SM{}&To=%2B16195550100&From=%2B18585550107&Body=hi",
        "0".repeat(32)
    );
    // A slash at the end is no mistake: the request gets as far as its signature.
    for path in ["/twilio/sms", "/twilio/sms/", "/twilio/fallback/"] {
        assert_eq!(post(&url, path, &form), 403, "{path}");
    }
    for path in ["/twilio/smss", "//twilio/sms", "/sms"] {
        assert_eq!(post(&url, path, &form), 404, "{path}");
    }
    // A thread of its own writes the log.
    let log = eventually("the log has a line of each", || {
        let text = std::fs::read_to_string(&log).unwrap();
        (text.matches("refused a webhook").count() >= 6).then_some(text)
    });
    process.kill().unwrap();
    process.wait().unwrap();
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("refused a webhook"))
        .collect();
    assert_eq!(lines.len(), 6, "{log}");
    assert!(
        lines[0].contains("/twilio/sms") && lines[0].contains("its signature fits neither"),
        "{log}"
    );
    assert!(lines[1].contains("/twilio/sms/"), "{log}");
    assert!(
        lines[3].contains("/twilio/smss") && lines[3].contains("no webhook at this path"),
        "{log}"
    );
    let advised = lines
        .iter()
        .filter(|line| line.contains("relay twilio verify"))
        .count();
    assert_eq!(advised, 1, "{log}");
    assert!(!log.contains("8585550107"), "{log}");
}
