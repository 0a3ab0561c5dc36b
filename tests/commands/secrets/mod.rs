//! `relay secrets` and the file that it keeps: as people and programs use them, and as whoever kills
//! them, races them or sets traps for them would.

mod callers;
mod canary;
mod commands;
mod crash;
mod daemon;
#[cfg(feature = "aws")]
mod diff;
mod loaders;
mod races;
mod terminal;
mod traps;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of somebody who uses the commands; their home, too.
struct Desk(TempDir);

/// What a command said.
struct Said {
    code: i32,
    out: String,
    errors: String,
}

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a whole file.
    fn with_file() -> Self {
        let desk = Self::new();
        desk.write(&values().concat());
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.path("repos.env")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    fn write(&self, text: &str) {
        std::fs::write(self.file(), text).unwrap();
        set_mode(&self.file(), 0o600);
    }

    /// `relay secrets …` here, with an environment that names no file.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
        command
            .arg("secrets")
            .args(arguments)
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .env_remove("REPOS_ENV")
            .env_remove("RELAY_STACK")
            .env_remove("CREDENTIALS_SECRET_ID");
        for name in NAMES {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        Said::of(
            self.command(arguments)
                .stdin(Stdio::null())
                .output()
                .unwrap(),
        )
    }

    /// With the file that `desk.file()` names.
    fn on_file(&self, arguments: &[&str]) -> Said {
        self.run(&[arguments, &["--file", "repos.env"]].concat())
    }

    fn add(&self, keys: &[&str], input: &str) -> Said {
        let arguments = [&["add", "--file", "repos.env"], keys].concat();
        given(self.command(&arguments), input)
    }
}

/// Runs a command with this as its standard input.
fn given(mut command: Command, input: &str) -> Said {
    let mut child = (command.stdin(Stdio::piped()).stdout(Stdio::piped()))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Beside the reading, or both sides would wait for the other to read. A command that has
    // refused already does not read it.
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input.as_bytes()));
        Said::of(child.wait_with_output().unwrap())
    })
}

impl Said {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn everything(&self) -> String {
        format!("{}{}", self.out, self.errors)
    }

    /// What a command printed that is done.
    #[track_caller]
    fn done(self) -> String {
        assert_eq!(self.code, 0, "{}", self.everything());
        self.out
    }

    #[track_caller]
    fn json(self) -> Value {
        serde_json::from_str(&self.done()).unwrap()
    }

    #[track_caller]
    fn refused(self, code: i32, phrase: &str) {
        assert_eq!(self.code, code, "{}", self.everything());
        assert!(self.errors.contains(phrase), "{}", self.errors);
        assert_eq!(self.out, "");
    }
}

const NAMES: [&str; 4] = [
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_API_KEY",
    "TWILIO_API_SECRET",
];

/// Made up, and shaped as Twilio's are.
fn value(name: &str) -> String {
    match name {
        "TWILIO_ACCOUNT_SID" => "AC".to_owned() + &"0a".repeat(16),
        "TWILIO_AUTH_TOKEN" => "1b".repeat(16),
        "TWILIO_API_KEY" => "SK".to_owned() + &"2c".repeat(16),
        _ => "3Zq".repeat(10) + "xY",
    }
}

/// The lines of a whole file.
fn values() -> [String; 4] {
    NAMES.map(|name| format!("{name}={}\n", value(name)))
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// A program of `tests/programs/clients`.
fn client(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/programs/clients")
        .join(name)
}
