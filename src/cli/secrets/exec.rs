use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::anyhow;

use super::Place;

/// Run a program with the file's variables in its environment, as `set -a; . repos.env` would
///
/// The program takes this command's place: signals, output and exit code are its own.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay secrets exec -- python3 daemon.py
  relay secrets exec --file repos.env -- sh -c 'printf %s \"$TWILIO_API_SECRET\" | wc -c'")]
pub struct Exec {
    #[command(flatten)]
    place: Place,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Exec {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let document = self.place.find()?.read()?;
        let [program, arguments @ ..] = &self.command[..] else {
            unreachable!("clap asks for a command");
        };
        let variables = document.entries().iter();
        let error = Command::new(program)
            .args(arguments)
            .envs(variables.map(|entry| (&entry.key, entry.value.expose())))
            .exec();
        Err(anyhow!(
            "cannot run {}: {error}; name a program that is in PATH, or its path",
            program.display()
        ))
    }
}
