//! The relay and the sandbox as processes of their own, and what they take.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::town::{PUBLIC_URL, Town};

const RELAY: &str = env!("CARGO_BIN_EXE_relay");

/// How far away Twilio is, in milliseconds each way: an answer takes a tenth of a second.
pub const DISTANCE: u32 = 50;

/// A folder with a configuration and credentials, on a disk and not in memory, and the port on
/// which relays come and go.
pub struct Place {
    folder: tempfile::TempDir,
    pub port: u16,
}

/// Ends with its handle.
pub struct Process(Child);

impl Place {
    pub fn of(town: &Town) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        std::fs::write(folder.path().join("relay.toml"), town.config()).unwrap();
        let secret = folder.path().join("repos.env");
        std::fs::write(&secret, town.env_file()).unwrap();
        std::fs::set_permissions(secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        Self {
            folder,
            port: free_port(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts a fake Twilio, so many milliseconds away, whose callbacks come here. Returns it with
    /// its address.
    pub fn sandbox(&self, distance: u32) -> (Process, String) {
        let resolve = format!("{PUBLIC_URL}={}", self.url());
        let mut command = Command::new(RELAY);
        command
            .args(["sandbox", "--port", "0", "--resolve", &resolve])
            .args(["--distance", &distance.to_string()]);
        let mut process = Process::start(command, &self.path("sandbox.log"));
        let url = process.says(|line| line.strip_prefix("TWILIO_API_URL="));
        (process, url.expect("the sandbox says where it is"))
    }

    /// Starts a relay. It is not ready yet, see [`Process::is_ready`].
    pub fn start(&self, twilio: &str) -> Process {
        let mut command = Command::new(RELAY);
        command
            .arg("serve")
            .args(["--twilio-url", twilio, "--port", &self.port.to_string()])
            .arg("--config")
            .arg(self.path("relay.toml"))
            .arg("--env-file")
            .arg(self.path("repos.env"))
            .arg("--data")
            .arg(self.data());
        Process::start(command, &self.path("relay.log"))
    }

    /// Whether there is a relay that takes connections.
    pub fn listens(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    /// What the relay said last.
    pub fn end_of_log(&self) -> String {
        let log = std::fs::read_to_string(self.path("relay.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// The size of what stands in the data folder.
    pub fn bytes(&self, name: &str) -> u64 {
        self.data().join(name).metadata().map_or(0, |m| m.len())
    }
}

impl Process {
    fn start(mut command: Command, log: &Path) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(log)
            .unwrap();
        let command = command.stdout(Stdio::piped()).stderr(log);
        Self(command.spawn().unwrap())
    }

    /// The first line on its standard output that has what is looked for; `None` if it ends
    /// without.
    fn says(&mut self, wanted: impl Fn(&str) -> Option<&str>) -> Option<String> {
        let stdout = self.0.stdout.take().expect("nobody has read it yet");
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        lines.find_map(|line| wanted(&line).map(str::to_owned))
    }

    /// Waits until a relay serves; `false` if it ended before.
    pub fn is_ready(&mut self) -> bool {
        self.says(|line| line.strip_prefix("health")).is_some()
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// SIGKILL: it does not get to know.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// SIGTERM: it finishes what it has begun.
    pub fn stop(mut self) {
        let id = self.id().to_string();
        let signalled = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(signalled.success() && self.0.wait().unwrap().success());
    }

    /// The memory that it has for itself, in MiB.
    ///
    /// Source: proc_pid_status(5), without the pages of files, which the system takes back.
    pub fn memory(&self) -> f64 {
        Self::memory_of(self.id())
    }

    /// The same by the process's id.
    pub fn memory_of(id: u32) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kib.unwrap().trim().parse::<f64>().unwrap() / 1024.0
    }

    /// The processor time that it has taken, user and system.
    ///
    /// Source: proc_pid_stat(5), fields 14 and 15, of which Linux has a hundred a second.
    pub fn cpu(&self) -> Duration {
        Self::cpu_of(self.id())
    }

    /// The same by the process's id.
    pub fn cpu_of(id: u32) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u64>().unwrap())
            .sum();
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One that is free, and that the system does not give to others while no relay has it: those that
/// it gives begin at 32768.
fn free_port() -> u16 {
    loop {
        let port = fastrand::u16(20_000..32_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
