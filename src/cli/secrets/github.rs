use std::process::ExitCode;

use anyhow::bail;
use serde::Serialize;

use super::Place;
use crate::cli::WrongUsage;
use crate::cli::output::{note, tell};
use crate::cli::show;
use crate::credentials::repos_env::{is_key, quoted};
use crate::domain::credentials;

/// Print the commands that make the values secrets of GitHub Actions
///
/// They hold no value: each one takes it from the file and hands it to `gh` by standard input. Pipe
/// them into `sh` to run them.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay secrets github --repo example/crew
  relay secrets github --repo example/crew --env production TWILIO_API_KEY TWILIO_API_SECRET | sh")]
pub struct Github {
    #[command(flatten)]
    place: Place,
    /// The repository; otherwise the one that `gh` finds in the folder
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    /// The environment of the repository
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// The variables; otherwise the three that sending takes, without the auth token
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What a workflow needs that sends texts.
const FOR_SENDING: [&str; 3] = [
    credentials::ACCOUNT_SID,
    credentials::API_KEY,
    credentials::API_SECRET,
];

#[derive(Serialize)]
struct Setting<'a> {
    name: &'a str,
    command: String,
}

impl Github {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if self.keys.iter().any(|key| !is_key(key)) {
            return Err(WrongUsage(
                "KEY is the name of a variable in the file, such as TWILIO_API_KEY".to_owned(),
            )
            .into());
        }
        let file = self.place.find()?;
        let document = file.read()?;
        let is_there = |name: &&str| document.get(name).is_some();
        let mut names: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        if let Some(missing) = names.iter().find(|name| !is_there(name)) {
            bail!(
                "{missing} is not in {}; `relay secrets list` shows what is",
                file.place()
            );
        }
        if names.is_empty() {
            names = FOR_SENDING.into_iter().filter(is_there).collect();
            if !names.contains(&credentials::API_KEY) {
                bail!(
                    "{} has no API key, and the auth token may do everything with the account: make a key with \
                     `relay secrets rotate api-key`, or name the variables",
                    file.place()
                );
            }
        }
        let mut settings = Vec::new();
        for name in names {
            if name.starts_with("GITHUB_") {
                note!("{name} is left out: GitHub keeps names that begin with GITHUB_ for itself");
                continue;
            }
            let command = self.command(&file.place(), name);
            settings.push(Setting { name, command });
        }
        show::print(&settings, self.json, |settings| {
            let mut commands = settings.iter().map(|setting| &setting.command);
            commands.try_for_each(|command| tell!("{command}"))
        })
    }

    /// `gh secret set` reads the value from standard input when it is given no `--body`
    /// (`gh secret set --help`). It runs outside of `exec`, so that it has no other value.
    fn command(&self, place: &str, name: &str) -> String {
        // On a fresh clone this program is not on the PATH.
        let program = std::env::current_exe().ok();
        let program = program.map_or("relay".into(), |path| path.display().to_string());
        let mut command = format!(
            "{} secrets exec --file {} -- sh -c 'printf %s \"${name}\"' | gh secret set {name}",
            quoted(&program),
            quoted(place)
        );
        for (option, value) in [("--repo", &self.repo), ("--env", &self.env)] {
            if let Some(value) = value {
                command += &format!(" {option} {}", quoted(value));
            }
        }
        command
    }
}
