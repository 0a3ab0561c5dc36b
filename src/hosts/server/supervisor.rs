//! What systemd is told, if it asked: that the relay is ready, how it is, and that it still lives.
//!
//! Source: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3).

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::parts::until_asked;
use super::readiness::Readiness;

/// How often it is looked whether there is something to tell, and at the most how late a watchdog hears.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Whoever started the process and wants to hear of it.
#[derive(Default)]
pub struct Supervisor {
    socket: Option<UnixDatagram>,
    /// How long it waits for a sign of life.
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// By the variables of the process.
    pub fn of(variable: impl Fn(&str) -> Option<String>, process: u32) -> Self {
        let socket = variable("NOTIFY_SOCKET").and_then(|path| connect(&path).ok());
        let is_ours = variable("WATCHDOG_PID").is_none_or(|pid| pid == process.to_string());
        let micros = variable("WATCHDOG_USEC").and_then(|micros| micros.parse().ok());
        let watchdog = micros.filter(|micros| is_ours && *micros > 0);
        Self {
            socket,
            watchdog: watchdog.map(Duration::from_micros),
        }
    }

    fn tell(&self, what: &str) {
        // A supervisor that cannot be told is no reason to stop.
        if let Some(socket) = &self.socket {
            let _ = socket.send(what.as_bytes());
        }
    }

    /// Tells until `stop` says so. It is ready once it has looked at itself, whatever Twilio says then: nothing
    /// about that is put right by starting it anew.
    pub(super) async fn run(self, readiness: Readiness, stop: watch::Receiver<bool>) {
        let telling = async {
            let pause = self.watchdog.map_or(LOOK_EVERY, |time| time / 3);
            let mut look = tokio::time::interval(pause.min(LOOK_EVERY));
            let mut told = None;
            let mut is_ready = false;
            loop {
                look.tick().await;
                let reasons = readiness.reasons(Instant::now());
                if !is_ready && !reasons.iter().any(|reason| reason.is_of_the_start()) {
                    is_ready = true;
                    self.tell("READY=1");
                }
                let status = match reasons.first() {
                    Some(reason) => reason.in_words(),
                    None => "takes texts in and sends them",
                };
                if told.replace(status) != Some(status) {
                    self.tell(&format!("STATUS={status}"));
                }
                if !reasons.iter().any(|reason| reason.ends_with_a_restart()) {
                    self.tell("WATCHDOG=1");
                }
            }
        };
        until_asked(stop, telling).await;
        self.tell("STOPPING=1");
    }
}

/// The socket that systemd listens on, so that nobody is refused while the relay is started anew. A unit with
/// `StandardInput=socket` has it as its standard input.
pub fn activated(
    variable: impl Fn(&str) -> Option<String>,
    process: u32,
) -> io::Result<Option<std::net::TcpListener>> {
    let is_ours = variable("LISTEN_PID").is_some_and(|pid| pid == process.to_string());
    if !is_ours || variable("LISTEN_FDS").as_deref() != Some("1") {
        return Ok(None);
    }
    let listener = std::net::TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    // Standard input is something else where the unit does not say so.
    listener.local_addr()?;
    listener.set_nonblocking(true)?;
    Ok(Some(listener))
}

/// A path, or a name that begins with `@` and is in no folder.
fn connect(path: &str) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address(path)?)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(target_os = "linux")]
fn address(path: &str) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    match path.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(path),
    }
}

#[cfg(not(target_os = "linux"))]
fn address(path: &str) -> io::Result<SocketAddr> {
    SocketAddr::from_pathname(path)
}

#[cfg(test)]
mod tests {
    use super::super::readiness::Reason;
    use super::*;

    /// Far longer than anything takes here.
    const PATIENCE: Duration = Duration::from_secs(30);

    fn heard(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 512];
        let length = socket.recv(&mut bytes).expect("something is told");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn it_is_ready_once_it_has_looked_and_lives_while_nothing_hangs() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let variables = |name: &str| match name {
            "NOTIFY_SOCKET" => Some(path.display().to_string()),
            "WATCHDOG_USEC" => Some("30000".to_owned()),
            _ => None,
        };
        let readiness = Readiness::unknown(Instant::now());
        let (stop, stopped) = watch::channel(false);
        let supervisor = Supervisor::of(variables, 1);
        let telling = tokio::spawn(supervisor.run(readiness.clone(), stopped));
        let first = heard(&socket);
        assert!(
            first.starts_with("STATUS=the relay has only just started"),
            "{first}"
        );
        assert_eq!(heard(&socket), "WATCHDOG=1");
        // Twilio's trouble is told, and is no reason to start anew.
        readiness.found(vec![Reason::Refused], Instant::now());
        let mut told = Vec::new();
        while !told.contains(&"READY=1".to_owned()) {
            told.push(heard(&socket));
        }
        assert!(heard(&socket).starts_with("STATUS=Twilio refuses"));
        assert_eq!(heard(&socket), "WATCHDOG=1");
        readiness.found(vec![Reason::WorkerStuck], Instant::now());
        while heard(&socket) == "WATCHDOG=1" {}
        socket
            .set_read_timeout(Some(Duration::from_millis(300)))
            .expect("a socket");
        assert!(socket.recv(&mut [0; 8]).is_err(), "no sign of life");
        stop.send_replace(true);
        telling.await.expect("it does not panic");
        assert_eq!(heard(&socket), "STOPPING=1");
    }

    #[test]
    fn without_a_supervisor_nothing_is_told() {
        Supervisor::of(|_| None, 1).tell("READY=1");
        let gone = |name: &str| (name == "NOTIFY_SOCKET").then(|| "/nowhere/at/all".to_owned());
        Supervisor::of(gone, 1).tell("READY=1");
    }

    #[test]
    fn a_socket_of_another_process_is_not_taken() {
        for variables in [
            [None, None],
            [Some("2"), Some("1")],
            [Some("1"), Some("2")],
            [Some("1"), None],
        ] {
            let [process, count] = variables;
            let variable = |name: &str| match name {
                "LISTEN_PID" => process.map(ToOwned::to_owned),
                "LISTEN_FDS" => count.map(ToOwned::to_owned),
                _ => None,
            };
            assert!(activated(variable, 1).expect("nothing is opened").is_none());
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_without_a_folder_is_one() {
        let name = format!("relay-test-{}", std::process::id());
        let address = address(&format!("@{name}")).expect("a name");
        let socket = UnixDatagram::bind_addr(&address).expect("a socket");
        let variable = |asked: &str| (asked == "NOTIFY_SOCKET").then(|| format!("@{name}"));
        Supervisor::of(variable, 1).tell("READY=1");
        assert_eq!(heard(&socket), "READY=1");
    }
}
