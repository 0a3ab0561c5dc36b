//! Completion by the shell: the script that a shell reads, and the names that `relay.toml` has.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::Context;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::Shells;

use super::config_file::lines_here;
use super::output::print;
use crate::domain::line::{Line, Person};

/// The variable by which a shell asks for candidates.
pub const VARIABLE: &str = "RELAY_COMPLETE";

/// Print the script by which a shell completes commands and names
///
/// Completed are commands, options, files, and the names of lines, people, topics and templates in the
/// relay.toml of the folder.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  relay completions bash
  echo 'source <(relay completions bash)' >> ~/.bashrc
  echo 'source <(relay completions zsh)' >> ~/.zshrc     # after compinit
  echo 'relay completions fish | source' >> ~/.config/fish/config.fish")]
pub struct Completions {
    shell: Shell,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Completions {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let name = match self.shell {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
        };
        let shells = Shells::builtins();
        let shell = shells.completer(name).context("the shell is not known")?;
        let mut script = Vec::new();
        shell.write_registration(VARIABLE, "relay", "relay", "relay", &mut script)?;
        print(format_args!("{}", String::from_utf8(script)?))?;
        Ok(ExitCode::SUCCESS)
    }
}

pub fn lines() -> ArgValueCandidates {
    names(|line| vec![line.name.clone()])
}

pub fn people() -> ArgValueCandidates {
    names(|line| line.people.iter().map(|p| p.name.clone()).collect())
}

pub fn topics() -> ArgValueCandidates {
    names(|line| line.notices.topics.iter().map(|t| t.name.clone()).collect())
}

pub fn templates() -> ArgValueCandidates {
    names(|line| {
        line.template_names()
            .into_iter()
            .map(str::to_owned)
            .collect()
    })
}

/// The phones of people, with their names beside them.
pub fn phones() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let lines = lines_here();
        let people = lines.iter().flat_map(|line| &line.people);
        let candidate = |person: &Person| {
            CompletionCandidate::new(person.number.expose()).help(Some(person.name.clone().into()))
        };
        people.map(candidate).collect()
    })
}

fn names(of: impl Fn(&Line) -> Vec<String> + Send + Sync + 'static) -> ArgValueCandidates {
    ArgValueCandidates::new(move || {
        let names: BTreeSet<_> = lines_here().iter().flat_map(&of).collect();
        names.into_iter().map(CompletionCandidate::new).collect()
    })
}
