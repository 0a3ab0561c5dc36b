//! Alerts that need no Twilio: to a program, to a URL, or to both, as `relay.toml` says.

use std::collections::HashMap;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::header::CONTENT_TYPE;
use serde_json::json;
use tokio::sync::{mpsc, watch};

use super::parts::asked;
use crate::app::ports::alerts::{Alert, Alerts};
use crate::domain::line::config::AlertWays;
use crate::twilio::access::UNKNOWN_CREDENTIALS;
use crate::twilio::network;

/// There is one alert of a cause within this time.
const ONCE_WITHIN: Duration = Duration::from_secs(60 * 60);

/// After an alert that failed the next one of its cause may come sooner.
const AGAIN_AFTER: Duration = Duration::from_secs(5 * 60);

/// How long a way may take.
const WITHIN: Duration = Duration::from_secs(10);

/// How often it is looked whether the program has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How many alerts may wait for those before them.
const MOST_WAITING: usize = 32;

#[derive(Clone)]
pub(super) struct OwnerAlerts(Arc<Inner>);

struct Inner {
    ways: AlertWays,
    client: reqwest::Client,
    /// Until when there is no other alert of a cause.
    quiet: Mutex<HashMap<String, Instant>>,
    waiting: mpsc::Sender<Alert>,
    to_send: tokio::sync::Mutex<mpsc::Receiver<Alert>>,
    /// The last alert did not get out by all ways.
    failed: AtomicBool,
    /// When texts were refused last.
    refused: Mutex<Option<Instant>>,
}

/// How long it counts that texts were refused: they are tried again within a quarter of an hour.
const REFUSED_COUNTS: Duration = Duration::from_secs(20 * 60);

impl OwnerAlerts {
    pub fn by(ways: AlertWays) -> Self {
        let (waiting, to_send) = mpsc::channel(MOST_WAITING);
        Self(Arc::new(Inner {
            ways,
            client: network::build(network::client().timeout(WITHIN)),
            quiet: Mutex::default(),
            waiting,
            to_send: to_send.into(),
            failed: AtomicBool::new(false),
            refused: Mutex::default(),
        }))
    }

    /// Whether the last alert did not get out.
    pub fn fail(&self) -> bool {
        self.0.failed.load(Ordering::Relaxed)
    }

    /// Whether Twilio refuses texts because of account, number or campaign. Of credentials
    /// [`super::twilio_account`] knows more.
    pub fn texts_are_refused(&self, now: Instant) -> bool {
        let refused = self
            .0
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        refused.is_some_and(|at| now.saturating_duration_since(at) < REFUSED_COUNTS)
    }

    /// Sends what is raised until `stop` says so.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut to_send = self.0.to_send.lock().await;
        loop {
            tokio::select! {
                () = asked(&mut stop) => return,
                Some(alert) = to_send.recv() => self.send(&alert).await,
            }
        }
    }

    async fn send(&self, alert: &Alert) {
        let (by_command, by_url) = tokio::join!(self.run_command(alert), self.post(alert));
        let ways = [("alert_command", by_command), ("alert_url", by_url)];
        let mut failed = false;
        for (way, sent) in ways {
            if let Err(error) = sent {
                failed = true;
                tracing::error!(
                    count = "alert_failed",
                    cause = alert.cause,
                    "{way}: {error}"
                );
            }
        }
        self.0.failed.store(failed, Ordering::Relaxed);
        if failed {
            self.be_quiet(alert, AGAIN_AFTER);
        } else {
            tracing::info!(cause = alert.cause, "an alert went out");
        }
    }

    async fn run_command(&self, alert: &Alert) -> Result<(), String> {
        if self.0.ways.command.is_empty() {
            return Ok(());
        }
        let words = self.0.ways.command.clone();
        let text = format!("sms-relay: {}\n", alert.text);
        let run = move || run(&words, &text, WITHIN);
        let done = tokio::task::spawn_blocking(run).await;
        done.unwrap_or_else(|error| Err(error.to_string()))
    }

    async fn post(&self, alert: &Alert) -> Result<(), String> {
        let Some(url) = &self.0.ways.url else {
            return Ok(());
        };
        let text = format!("sms-relay: {}", alert.text);
        let body = json!({ "text": text, "cause": alert.cause }).to_string();
        let request = self
            .0
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json");
        match request.body(body).send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!(
                "its answer is HTTP {} (a redirect is not followed)",
                answer.status().as_u16()
            )),
            // The URL may hold a secret.
            Err(error) => Err(format!("{:#}", anyhow::Error::from(error.without_url()))),
        }
    }

    fn be_quiet(&self, alert: &Alert, during: Duration) {
        let mut quiet = self.0.quiet.lock().unwrap_or_else(PoisonError::into_inner);
        quiet.insert(alert.cause.clone(), Instant::now() + during);
    }
}

impl Alerts for OwnerAlerts {
    fn raise(&self, alert: Alert) {
        let is_of_credentials = |error| [UNKNOWN_CREDENTIALS, 401].contains(&error);
        if alert
            .refused_with
            .is_some_and(|error| !is_of_credentials(error))
        {
            let refused = self.0.refused.lock();
            *refused.unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        if self.0.ways == AlertWays::default() {
            return;
        }
        let now = Instant::now();
        let mut quiet = self.0.quiet.lock().unwrap_or_else(PoisonError::into_inner);
        quiet.retain(|_, until| now < *until);
        if quiet.contains_key(&alert.cause) {
            return;
        }
        quiet.insert(alert.cause.clone(), now + ONCE_WITHIN);
        drop(quiet);
        if let Err(error) = self.0.waiting.try_send(alert) {
            self.0.failed.store(true, Ordering::Relaxed);
            tracing::error!(count = "alert_failed", "too many alerts wait: {error}");
        }
    }
}

/// Runs a program with a text on its standard input. One that takes too long is killed, with what it
/// started.
fn run(words: &[String], text: &str, within: Duration) -> Result<(), String> {
    let Some((program, arguments)) = words.split_first() else {
        return Ok(());
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("the program cannot be run: {error}"))?;
    // The text fits into the pipe. A program that does not read it says by its exit code what that means.
    if let Some(mut input) = child.stdin.take() {
        let _ = input.write_all(text.as_bytes());
    }
    let end = Instant::now() + within;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("the program ended with {status}")),
            Ok(None) if Instant::now() < end => std::thread::sleep(LOOK_EVERY),
            Ok(None) => {
                kill(&mut child);
                let seconds = within.as_secs();
                return Err(format!(
                    "the program took longer than {seconds} seconds and was killed"
                ));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn kill(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::path::Path;

    use super::*;

    fn shell(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_owned).into()
    }

    fn alert(cause: &str) -> Alert {
        Alert {
            cause: cause.to_owned(),
            text: format!("it is {cause}"),
            refused_with: None,
        }
    }

    /// Sends all that was raised.
    async fn send_all(alerts: &OwnerAlerts) {
        let mut to_send = alerts.0.to_send.lock().await;
        while let Ok(alert) = to_send.try_recv() {
            alerts.send(&alert).await;
        }
    }

    fn to_file(path: &Path) -> OwnerAlerts {
        let script = format!("cat >> '{}'", path.display());
        OwnerAlerts::by(AlertWays {
            command: shell(&script),
            url: None,
        })
    }

    #[tokio::test]
    async fn there_is_one_alert_of_a_cause_in_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts");
        let alerts = to_file(&path);
        for cause in ["one", "one", "two", "one"] {
            alerts.raise(alert(cause));
            send_all(&alerts).await;
        }
        let sent = std::fs::read_to_string(&path).unwrap();
        assert_eq!(sent, "sms-relay: it is one\nsms-relay: it is two\n");
        assert!(!alerts.fail());
    }

    #[test]
    fn refused_texts_count_for_a_while_even_without_a_way() {
        let alerts = OwnerAlerts::by(AlertWays::default());
        let now = Instant::now();
        alerts.raise(Alert::reached_nobody("qdn"));
        alerts.raise(Alert::needs_repair("qdn", UNKNOWN_CREDENTIALS));
        assert!(!alerts.texts_are_refused(now));
        alerts.raise(Alert::needs_repair("qdn", 21608));
        assert!(alerts.texts_are_refused(now));
        assert!(!alerts.texts_are_refused(Instant::now() + REFUSED_COUNTS));
    }

    #[tokio::test]
    async fn an_alert_that_fails_shows_until_one_gets_out() {
        let folder = tempfile::tempdir().unwrap();
        let works = folder.path().join("works");
        let script = format!("test -e '{}'", works.display());
        let alerts = OwnerAlerts::by(AlertWays {
            command: shell(&script),
            url: None,
        });
        alerts.raise(alert("one"));
        send_all(&alerts).await;
        assert!(alerts.fail());
        let quiet = alerts.0.quiet.lock().unwrap()["one"];
        assert!(
            quiet < Instant::now() + ONCE_WITHIN / 2,
            "it comes again sooner"
        );
        std::fs::write(&works, "").unwrap();
        alerts.raise(alert("two"));
        send_all(&alerts).await;
        assert!(!alerts.fail());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_that_hangs_is_killed_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("started");
        let script = format!("sleep 600 & echo $! > '{}'; wait", path.display());
        let error = run(&shell(&script), "text", Duration::from_secs(3)).unwrap_err();
        assert!(error.contains("was killed"), "{error}");
        let started = std::fs::read_to_string(&path).unwrap();
        let state = format!("/proc/{}/stat", started.trim());
        let end = Instant::now() + WITHIN;
        // Until somebody has asked how it ended, it is still listed, as a zombie.
        while std::fs::read_to_string(&state).is_ok_and(|stat| !stat.contains(") Z ")) {
            assert!(Instant::now() < end, "it lives");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    #[test]
    fn a_program_that_is_not_there_or_fails_is_named() {
        let none = ["/there/is/no/such/program".to_owned()];
        let error = run(&none, "text", WITHIN).unwrap_err();
        assert!(error.contains("cannot be run"), "{error}");
        let error = run(&shell("exit 3"), "text", WITHIN).unwrap_err();
        assert!(error.contains("exit status: 3"), "{error}");
        // One that does not read its input is none the worse for it.
        assert_eq!(run(&shell("exit 0"), &"x".repeat(10_000), WITHIN), Ok(()));
    }

    /// Posts an alert to a server that answers with this head; returns what came and what was made of it.
    async fn posted(head: &'static str) -> (String, Result<(), String>) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/secret", server.local_addr().unwrap());
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut request = String::new();
            let mut piece = [0; 4096];
            while !request.ends_with('}') {
                let length = stream.read(&mut piece).unwrap();
                request += std::str::from_utf8(&piece[..length]).unwrap();
            }
            let answer = format!("{head}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
            request
        });
        let alerts = OwnerAlerts::by(AlertWays {
            command: Vec::new(),
            url: Some(url),
        });
        let posted = alerts.post(&alert("one")).await;
        (answering.join().unwrap(), posted)
    }

    #[tokio::test]
    async fn an_alert_is_posted_as_json_and_a_redirect_is_not_followed() {
        let (request, posted_well) = posted("HTTP/1.1 204 No Content").await;
        assert_eq!(posted_well, Ok(()));
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /secret HTTP/1.1"), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let right = json!({ "text": "sms-relay: it is one", "cause": "one" });
        assert_eq!(body, right);
        let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/other";
        let (_, error) = posted(moved).await;
        let error = error.unwrap_err();
        assert!(error.contains("HTTP 302"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
