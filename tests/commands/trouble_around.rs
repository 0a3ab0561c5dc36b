//! The one-machine mode when things around it fail: its log, its disk, its files, its credentials.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::machine::{Dev, Place, RELAY, eventually};

/// A webhook that nobody signed. The log has a line about each.
fn unsigned(count: usize, url: &str) {
    let address = url.strip_prefix("http://").unwrap();
    let form = "Body=hi";
    let head = format!(
        "POST /twilio/sms HTTP/1.1\r\nHost: {address}\r\nX-Twilio-Signature: bm90aGluZw==\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut answer = [0; 4096];
    for _ in 0..count {
        stream.write_all((head.clone() + form).as_bytes()).unwrap();
        let length = stream.read(&mut answer).expect("an answer in time");
        assert!(answer[..length].starts_with(b"HTTP/1.1 4"), "it is refused");
    }
}

/// A text gets through, and the relay ends when it is asked to.
fn works_and_stops(place: &Place, mut dev: Dev) {
    dev.text(place, "Is the boat ready?");
    assert_eq!(dev.shows(place, "Is the boat ready?"), 1);
    let began = Instant::now();
    let status = dev.signal("-TERM");
    assert!(status.success(), "{status}");
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// How much of the processors' time it has used.
#[cfg(target_os = "linux")]
fn processor_time(dev: &Dev) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", dev.process.id())).unwrap();
    // Source: proc_pid_stat(5): utime and stime are the fields 14 and 15, in hundredths of a second.
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |field: usize| fields[field - 3].parse::<u64>().unwrap();
    Duration::from_millis(10 * (ticks(14) + ticks(15)))
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_on_a_full_disk_stops_nothing() {
    let place = Place::new();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let dev = place.dev_logging_to(full());
    unsigned(100, &dev.url);
    let before = processor_time(&dev);
    std::thread::sleep(Duration::from_secs(1));
    let used = processor_time(&dev) - before;
    assert!(used < Duration::from_millis(500), "it spins: {used:?}");
    works_and_stops(&place, dev);
}

#[test]
fn a_log_whose_pipe_is_closed_stops_nothing() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    let dev = place.dev_logging_to(OwnedFd::from(writer));
    drop(reader);
    unsigned(100, &dev.url);
    works_and_stops(&place, dev);
}

#[test]
fn a_log_that_nobody_reads_stops_nothing_and_says_afterwards_how_much_is_missing() {
    let place = Place::new();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut dev = place.dev_logging_to(OwnedFd::from(writer));
    // A pipe holds 64 KiB, which is some hundred lines, and as much as is kept for it some thousands.
    unsigned(12_000, &dev.url);
    dev.text(&place, "Is the boat ready?");
    assert_eq!(dev.shows(&place, "Is the boat ready?"), 1);
    // It is read after all.
    let (found, log) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut log = Vec::new();
        let mut piece = [0; 64 * 1024];
        while let Ok(length @ 1..) = reader.read(&mut piece) {
            log.extend_from_slice(&piece[..length]);
            if String::from_utf8_lossy(&log).contains(" lines are missing about here: ") {
                let _ = found.send(());
            }
        }
    });
    let wait = Duration::from_secs(30);
    log.recv_timeout(wait)
        .expect("it says how many are missing");
    let status = dev.signal("-TERM");
    assert!(status.success(), "{status}");
}

#[test]
fn nobody_reads_the_log_and_it_stops_all_the_same() {
    let place = Place::new();
    let (_reader, writer) = std::io::pipe().unwrap();
    let dev = place.dev_logging_to(OwnedFd::from(writer));
    unsigned(3_000, &dev.url);
    works_and_stops(&place, dev);
}

/// Whether the relay says that it is ready, its reasons, and the exit code of `relay status`.
fn status(place: &Place, url: &str) -> (bool, String) {
    let output = place.run(&["status", "--json", "--url", url]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let ready = told["ready"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!ready)));
    let reasons: Vec<&str> = told["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason.as_str().unwrap())
        .collect();
    assert_eq!(ready, reasons.is_empty());
    (ready, reasons.join("; "))
}

/// How long it may take until something that is wrong shows.
const SHOWS_WITHIN: Duration = Duration::from_secs(10);

fn is_ready(place: &Place, url: &str) {
    eventually("it is ready", || status(place, url).0.then_some(()));
}

/// What the reason says, which shows in time.
fn turns_red(place: &Place, url: &str, reason: &str) {
    let began = Instant::now();
    loop {
        let (_, reasons) = status(place, url);
        if reasons.contains(reason) {
            return;
        }
        let waited = began.elapsed();
        assert!(waited < SHOWS_WITHIN, "not {reason}, but {reasons}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The status of the answer to this request.
fn asked(url: &str, request: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

/// Everything in the database but its log's share is garbage.
fn damage(place: &Place) {
    let path = place.path(".relay/dev/relay.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    // What is in the log would hide the damage.
    eventually("the log is worked off", || {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = connection
            .query_row(checkpoint, [], |row| row.get(0))
            .unwrap();
        (busy == 0).then_some(())
    });
    let length = path.metadata().unwrap().len() as usize;
    let file = File::options().write(true).open(&path).unwrap();
    // The first page says what the file is; without it the relay would not even look further.
    file.write_all_at(&vec![0xa5; length - 4096], 4096).unwrap();
    // Closing the connection normally would write to it.
    std::mem::forget(connection);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_takes_no_more_shows_within_seconds_and_is_over_when_it_does() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let place = Place::new();
    // A limit on the size of files acts like a full disk, for who ignores its signal.
    let script = r#"trap '' XFSZ; exec "$0" dev --port 0"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, RELAY]).stderr(Stdio::null());
    let dev = Dev::started(shell.current_dir(place.path("")));
    is_ready(&place, &dev.url);
    assert_eq!(asked(&dev.url, "GET /readyz"), "200");
    let limit = |current| {
        let limit = Rlimit {
            current,
            maximum: None,
        };
        let pid = Pid::from_raw(dev.process.id().try_into().unwrap());
        prlimit(pid, Resource::Fsize, limit).unwrap();
    };
    limit(Some(4096));
    turns_red(&place, &dev.url, "the database cannot be written");
    assert_eq!(asked(&dev.url, "GET /readyz"), "503");
    assert_eq!(asked(&dev.url, "GET /healthz"), "200", "the process lives");
    limit(None);
    dev.text(&place, "Is the boat ready?");
    assert_eq!(dev.shows(&place, "Is the boat ready?"), 1);
}

#[test]
fn a_database_that_is_damaged_while_it_runs_shows_within_seconds() {
    let place = Place::new();
    let dev = place.dev();
    is_ready(&place, &dev.url);
    damage(&place);
    turns_red(&place, &dev.url, "the database is damaged");
}

#[test]
fn a_database_that_is_damaged_at_the_start_is_refused() {
    let place = Place::new();
    let mut dev = place.dev();
    is_ready(&place, &dev.url);
    dev.signal("-TERM");
    damage(&place);
    let output = place.run(&["dev", "--port", "0"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("is damaged"), "{error}");
    assert!(error.contains("put a copy of it back"), "{error}");
}

#[test]
fn a_database_that_is_deleted_or_replaced_shows_within_seconds() {
    let place = Place::new();
    let dev = place.dev();
    is_ready(&place, &dev.url);
    let path = place.path(".relay/dev/relay.db");
    let aside = place.path("aside.db");
    std::fs::rename(&path, &aside).unwrap();
    turns_red(&place, &dev.url, "was deleted or moved away");
    std::fs::copy(&aside, &path).unwrap();
    turns_red(&place, &dev.url, "was replaced");
}

#[test]
fn a_worker_that_cannot_read_what_is_due_shows_within_seconds() {
    let place = Place::new();
    let dev = place.dev();
    is_ready(&place, &dev.url);
    let database = rusqlite::Connection::open(place.path(".relay/dev/relay.db")).unwrap();
    let unreadable = "INSERT INTO deliveries VALUES ('?', 1, 0, 1, '{}')";
    database.execute(unreadable, []).unwrap();
    turns_red(&place, &dev.url, "the worker has not looked");
    database.execute("DELETE FROM deliveries", []).unwrap();
    is_ready(&place, &dev.url);
}

#[test]
fn credentials_that_cannot_be_used_show_within_seconds() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let file = place.path("repos.env");
    let account = "AC".to_owned() + &"0".repeat(32);
    let right = format!("TWILIO_ACCOUNT_SID={account}\nTWILIO_AUTH_TOKEN=hunter2\n");
    std::fs::write(&file, &right).unwrap();
    let mode = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&file, mode).unwrap();
    };
    mode(0o600);
    let arguments =
        "serve --config relay.toml --env-file repos.env --port 0 --twilio-url http://127.0.0.1:9";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let serve = Dev::started(place.command(&arguments).stderr(Stdio::null()));
    is_ready(&place, &serve.url);
    let reason = "the credentials cannot be read";
    mode(0o644);
    turns_red(&place, &serve.url, reason);
    mode(0o600);
    is_ready(&place, &serve.url);
    std::fs::write(&file, "TWILIO_ACCOUNT_SID=hunter3\n").unwrap();
    turns_red(&place, &serve.url, reason);
    let (_, reasons) = status(&place, &serve.url);
    assert!(!reasons.contains("hunter"), "{reasons}");
    std::fs::write(&file, &right).unwrap();
    is_ready(&place, &serve.url);
}

#[test]
fn credentials_that_twilio_refuses_show_within_seconds() {
    let place = Place::new();
    let dev = place.dev();
    is_ready(&place, &dev.url);
    dev.goes_wrong(r#"{"fault": {"refuse": {"code": 20003, "status": 401}}, "times": 99}"#);
    dev.text(&place, "Is the boat ready?");
    turns_red(&place, &dev.url, "Twilio refuses the credentials");
    assert_eq!(asked(&dev.url, "DELETE /sandbox/faults"), "200");
    // The next text of the same customer would wait for the first one.
    let text = ["text", "--from", "858-555-0108", "--url", &dev.url, "Hi"];
    assert!(place.run(&text).status.success());
    is_ready(&place, &dev.url);
}

#[test]
fn status_says_in_one_line_whether_a_relay_is_there_and_ready() {
    let place = Place::new();
    let mut dev = place.dev();
    is_ready(&place, &dev.url);
    let told = |url: &str| {
        let output = place.run(&["status", "--url", url]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        (output.status.code(), text)
    };
    let ready = format!("ready: the relay at {}\n", dev.url);
    assert_eq!(told(&dev.url), (Some(0), ready));
    let (code, text) = told(&format!("{}/sandbox", dev.url));
    assert!(code == Some(1) && text.contains("no relay is at"), "{text}");
    dev.signal("-TERM");
    let (code, text) = told(&dev.url);
    assert_eq!(code, Some(1));
    assert!(text.contains("not ready: nothing answers at"), "{text}");
}

/// What the alerts say, once they say that.
fn alerted(place: &Place, words: &str) -> String {
    eventually("the owner is told", || {
        let text = std::fs::read_to_string(place.path("alerts")).ok()?;
        text.contains(words).then_some(text)
    })
}

#[test]
fn an_owner_whose_texts_twilio_refuses_is_told_without_twilio_once() {
    for (fault, code) in [
        (
            r#"{"fault": {"refuse": {"code": 21608}}, "times": 99}"#,
            21608,
        ),
        (
            r#"{"fault": {"refuse": {"code": 20003, "status": 401}}, "times": 99}"#,
            20003,
        ),
        (
            r#"{"fault": {"undeliverable": {"code": 30034}}, "times": 99}"#,
            30034,
        ),
    ] {
        let place = Place::new();
        let file = place.path("relay.toml");
        let config = std::fs::read_to_string(&file).unwrap();
        let command = r#"alert_command = ["sh", "-c", "cat >> alerts"]"#;
        std::fs::write(&file, format!("{command}\n{config}")).unwrap();
        let dev = place.dev();
        dev.goes_wrong(fault);
        dev.text(&place, "Is the boat ready?");
        let text = ["text", "--from", "858-555-0108", "--url", &dev.url, "Hi"];
        assert!(place.run(&text).status.success());
        let alerts = alerted(&place, &format!("error {code}"));
        assert!(alerts.starts_with("sms-relay: "), "{alerts}");
        for words in ["555", "boat", "Hi"] {
            assert!(!alerts.contains(words), "{alerts}");
        }
        // Both texts, and the one to the owner, are refused by now.
        eventually("all are refused", || {
            let audit = std::fs::read_to_string(place.path(".relay/dev/audit.jsonl")).ok()?;
            (audit.matches(&format!("\"error_code\":{code}")).count() >= 2).then_some(())
        });
        let alerts = alerted(&place, &format!("error {code}"));
        assert_eq!(alerts.lines().count(), 1, "{alerts}");
        let reason = match code {
            20003 => "Twilio refuses the credentials",
            _ => "Twilio has refused texts",
        };
        turns_red(&place, &dev.url, reason);
    }
}

#[test]
fn an_alert_that_does_not_get_out_shows() {
    let place = Place::new();
    let file = place.path("relay.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    let command = r#"alert_command = ["./there-is-no-such-program"]"#;
    std::fs::write(&file, format!("{command}\n{config}")).unwrap();
    let dev = place.dev();
    is_ready(&place, &dev.url);
    dev.goes_wrong(r#"{"fault": {"refuse": {"code": 21608}}, "times": 99}"#);
    dev.text(&place, "Is the boat ready?");
    turns_red(&place, &dev.url, "the last alert did not get out");
}

/// A relay with a limit on its file descriptors, as the shell's `ulimit` sets it.
fn with_descriptors(place: &Place, limit: &str) -> Dev {
    let script = format!(r#"ulimit {limit}; exec "$0" dev --port 0"#);
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, RELAY]).stderr(Stdio::null());
    Dev::started(shell.current_dir(place.path("")))
}

#[test]
fn half_sent_requests_hold_up_no_text_though_there_are_few_descriptors() {
    let place = Place::new();
    let dev = with_descriptors(&place, "-n 64");
    is_ready(&place, &dev.url);
    let address = dev.url.strip_prefix("http://").unwrap();
    let mut stuck = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(address).unwrap();
        // The oldest are closed to make room.
        let _ = stream.write_all(b"POST /twilio/sms HT");
        stuck.push(stream);
    }
    let began = Instant::now();
    dev.text(&place, "Is the boat ready?");
    assert_eq!(dev.shows(&place, "Is the boat ready?"), 1);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn the_limit_of_file_descriptors_is_raised_as_far_as_it_may() {
    let place = Place::new();
    let dev = with_descriptors(&place, "-S -n 64");
    is_ready(&place, &dev.url);
    let limits = format!("/proc/{}/limits", dev.process.id());
    let limits = std::fs::read_to_string(limits).unwrap();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let words: Vec<&str> = files.unwrap().split_whitespace().collect();
    assert_eq!(words[3], words[4], "{limits}");
}
