mod add;
mod caller;
mod check;
mod diff;
mod exchange;
mod exec;
mod git;
mod github;
mod list;
mod live;
mod prompt;
mod reference;
mod rotate;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use super::output::note;
use crate::credentials::exchange::Direction;
use crate::credentials::repos_env::{self, EnvFile};

/// The credentials in repos.env: check, change, describe and use them
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay secrets add TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN TWILIO_API_KEY TWILIO_API_SECRET
  relay secrets check
  relay secrets exec -- ./daemon

No command prints a value or takes one as an argument. The file is the one that --file names, else
REPOS_ENV, else repos.env in this folder, else .secrets/repos.env in the nearest folder from here
upwards that has one, else in the home folder. `relay serve` takes the same one.")]
pub struct Secrets {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Check(check::Check),
    Add(add::Add),
    Caller(caller::Caller),
    List(list::List),
    Reference(reference::Reference),
    Diff(diff::Diff),
    /// Put what is newer in the file into the secret in Secrets Manager
    ///
    /// Twilio's variables and the keys of callers; what else the secret has stays. Refuses if the
    /// secret was changed since the last time, as a rotation in the cloud does: a deleted key never
    /// comes back.
    #[command(after_help = "Examples:
  relay secrets seed --secret-id relay/twilio --dry-run
  relay secrets seed --stack relay")]
    Seed(exchange::Arguments),
    /// Put what is newer in Secrets Manager into the file, as after a rotation in the cloud
    #[command(after_help = "Examples:
  relay secrets pull --secret-id relay/twilio --dry-run
  relay secrets pull --stack relay")]
    Pull(exchange::Arguments),
    Rotate(rotate::Rotate),
    Exec(exec::Exec),
    Github(github::Github),
}

impl Secrets {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        guard(!matches!(self.action, Action::Exec(_)));
        match self.action {
            Action::Check(check) => check.run().await,
            Action::Add(add) => add.run().await,
            Action::Caller(caller) => caller.run(),
            Action::List(list) => list.run(),
            Action::Reference(reference) => reference.run(),
            Action::Diff(diff) => diff.run().await,
            Action::Seed(arguments) => arguments.run(Direction::Seed).await,
            Action::Pull(arguments) => arguments.run(Direction::Pull).await,
            Action::Rotate(rotate) => rotate.run().await,
            Action::Exec(exec) => exec.run(),
            Action::Github(github) => github.run(),
        }
    }
}

/// Asks for values and puts them into a file, as `relay secrets add` does. For a sandbox they may have any shape.
pub async fn add(file: &Path, keys: &[&str], any_shape: bool) -> anyhow::Result<ExitCode> {
    guard(true);
    add::Add::to(file, keys, any_shape).run().await
}

/// Which file a command works on.
#[derive(clap::Args)]
struct Place {
    /// The file; otherwise REPOS_ENV, repos.env here, or .secrets/repos.env here, further up, or at home
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Place {
    fn find(&self) -> anyhow::Result<EnvFile> {
        let here = std::env::current_dir().unwrap_or_default();
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let path = repos_env::find(self.file.as_deref(), &here, variable)?;
        Ok(EnvFile::at(nearer(&path, &here)))
    }
}

/// A path as people would write it in this folder.
fn nearer(path: &Path, here: &Path) -> PathBuf {
    path.strip_prefix(here).unwrap_or(path).to_owned()
}

/// Keeps values out of core files and of what a panic says. A program that is run in our place
/// keeps its own limits.
fn guard(for_good: bool) {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // Ends with the program, and so does not bind one that is run in our place.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    if for_good {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Core);
        limit.current = Some(0);
        let _ = setrlimit(Resource::Core, limit);
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map_or_else(String::new, ToString::to_string);
        note!(
            "a mistake in relay itself, at {place}; what it says is left out, for it may hold a value"
        );
    }));
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;

    #[test]
    fn every_command_is_in_every_build() {
        let command = Secrets::augment_args(clap::Command::new("secrets"));
        let mut names: Vec<_> = command.get_subcommands().map(|c| c.get_name()).collect();
        names.sort_unstable();
        assert_eq!(
            names.join(" "),
            "add caller check diff exec github list pull reference rotate seed"
        );
    }
}
