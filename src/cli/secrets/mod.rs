mod add;
mod caller;
mod check;
#[cfg(feature = "aws")]
mod cloud;
mod diff;
mod exec;
mod git;
mod github;
mod list;
mod live;
mod prompt;
#[cfg(feature = "aws")]
mod pull;
mod reference;
#[cfg(feature = "aws")]
mod rotate;
#[cfg(feature = "aws")]
mod seed;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use super::output::note;
use crate::credentials::repos_env::{self, EnvFile};

/// The credentials in repos.env: check, change, describe and use them
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay secrets add TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN TWILIO_API_KEY TWILIO_API_SECRET
  relay secrets check
  relay secrets exec -- ./daemon

No command prints a value or takes one as an argument. The file is the one that --file names, else
REPOS_ENV, else .secrets/repos.env in the nearest folder from here upwards that has one, else in the
home folder.")]
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
    #[cfg(feature = "aws")]
    Seed(seed::Seed),
    #[cfg(feature = "aws")]
    Pull(pull::Pull),
    #[cfg(feature = "aws")]
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
            #[cfg(feature = "aws")]
            Action::Seed(seed) => seed.run().await,
            #[cfg(feature = "aws")]
            Action::Pull(pull) => pull.run().await,
            #[cfg(feature = "aws")]
            Action::Rotate(rotate) => rotate.run().await,
            Action::Exec(exec) => exec.run(),
            Action::Github(github) => github.run(),
        }
    }
}

/// Which file a command works on.
#[derive(clap::Args)]
struct Place {
    /// The file; otherwise REPOS_ENV, or .secrets/repos.env here, further up, or at home
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
        let place = panic.location().map(ToString::to_string);
        let place = place.unwrap_or_default();
        note!(
            "a mistake in relay itself, at {place}; what it says is left out, for it may hold a value"
        );
    }));
}
