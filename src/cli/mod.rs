//! The `relay` command. One file per subcommand; this one only lists them.

mod access;
mod backup;
mod block;
mod by_hand;
mod call;
mod calls;
mod candidates;
mod completions;
mod config;
pub mod config_file;
mod conversations;
mod dead;
mod deployment;
mod dev;
mod doctor;
#[cfg(test)]
mod documented;
mod duty;
mod explain;
mod forget;
mod init;
mod install;
mod invite;
mod manual;
mod notice;
mod notifier;
mod notify;
mod opt_outs;
mod output;
mod page;
mod page_command;
mod phone;
mod reconcile;
mod restore;
mod route;
mod running_sandbox;
mod sandbox;
mod sandbox_fault;
mod schedule;
mod schema;
mod secrets;
mod serve;
mod show;
mod status;
mod subscribers;
mod text;
mod twilio;
mod voicemail;

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use clap::builder::styling::Style;
use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::CompleteEnv;

use self::output::{Unwritten, note};
use crate::printable::printable_lines;

/// A business phone line in front of a few people: texts reach whoever is on duty.
#[derive(Parser)]
#[command(
    name = "relay",
    version = VERSION,
    propagate_version = true,
    after_help = "Commands work on the relay in .relay (before there is one, on the one that `relay dev` has in .relay/dev), or with --stack NAME (or RELAY_STACK) on a deployed one."
)]
struct Relay {
    #[command(subcommand)]
    command: Command,
}

/// What `--version` says: also which commit, and what is compiled in.
const VERSION: &str = if cfg!(feature = "aws") {
    concat!(
        env!("CARGO_PKG_VERSION"),
        " (",
        env!("RELAY_COMMIT"),
        ", with AWS)"
    )
} else {
    concat!(
        env!("CARGO_PKG_VERSION"),
        " (",
        env!("RELAY_COMMIT"),
        ", without AWS)"
    )
};

#[derive(Subcommand)]
enum Command {
    Dev(dev::Dev),
    Serve(serve::Serve),
    Page(page_command::PageCommand),
    Status(status::Status),
    Install(install::Install),
    Sandbox(sandbox::Sandbox),
    Route(route::Route),
    Duty(duty::Duty),
    Explain(explain::Explain),
    Conversations(conversations::Conversations),
    Calls(calls::Calls),
    Voicemail(voicemail::Voicemail),
    Dead(dead::Dead),
    Reconcile(reconcile::Reconcile),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Notify(notify::Notify),
    Invite(invite::Invite),
    Notice(notice::Notice),
    #[command(name = "optouts")]
    OptOuts(opt_outs::OptOuts),
    Block(block::Block),
    Forget(forget::Forget),
    Subscribers(subscribers::Subscribers),
    Schema(schema::Schema),
    Init(init::Init),
    Doctor(doctor::Doctor),
    Config(config::Config),
    Secrets(secrets::Secrets),
    Text(text::Text),
    Phone(phone::Phone),
    Call(call::Call),
    Twilio(twilio::Twilio),
    Completions(completions::Completions),
    #[command(hide = true)]
    Manual(manual::Manual),
}

/// The commands as the help of `relay` lists them.
const GROUPS: [(&str, &[&str]); 3] = [
    (
        "Try it and run it",
        &[
            "dev", "text", "phone", "call", "sandbox", "serve", "page", "status", "install",
        ],
    ),
    (
        "Every day",
        &[
            "duty",
            "conversations",
            "calls",
            "voicemail",
            "explain",
            "notify",
            "invite",
            "notice",
            "subscribers",
            "optouts",
            "block",
            "forget",
        ],
    ),
    (
        "Set up and repair",
        &[
            "init",
            "doctor",
            "config",
            "route",
            "secrets",
            "twilio",
            "dead",
            "reconcile",
            "backup",
            "restore",
            "schema",
            "completions",
        ],
    ),
];

/// The command line, with its commands listed in groups.
fn command() -> clap::Command {
    let command = Relay::command();
    let list = listed(&command);
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{list}\n\
         {HEADING}Options:{HEADING:#}\n{{options}}{{after-help}}"
    ))
}

fn listed(command: &clap::Command) -> String {
    let mut list = String::new();
    for (group, names) in GROUPS {
        list += &format!("\n{HEADING}{group}:{HEADING:#}\n");
        for name in names {
            let about = command.find_subcommand(name).and_then(|c| c.get_about());
            let about = about.map(ToString::to_string).unwrap_or_default();
            let gap = " ".repeat(NAMES - name.len());
            let about = wrapped(&about);
            list += &format!("  {NAME}{name}{NAME:#}{gap}{about}\n");
        }
    }
    list
}

const HEADING: Style = Style::new().bold().underline();
const NAME: Style = Style::new().bold();
/// How wide the column of the names is, and how long a line may be: it fits a narrow terminal.
const NAMES: usize = 15;
const WIDTH: usize = 60;

/// The text in lines beside the column of the names.
fn wrapped(text: &str) -> String {
    let start = 2 + NAMES;
    let (mut lines, mut column) = (String::new(), start);
    for word in text.split(' ') {
        if column + word.len() >= WIDTH {
            lines += &format!("\n{}", " ".repeat(start));
            column = start;
        } else if column > start {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += word.len();
    }
    lines
}

/// Runs the command line: 0 done, 1 failed, 2 wrong usage.
pub fn main() -> ExitCode {
    CompleteEnv::with_factory(command)
        .var(completions::VARIABLE)
        .complete();
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            if let Some(why) = empty_variable(&error) {
                return failed(&WrongUsage(why).into());
            }
            if error.kind() == ErrorKind::MissingRequiredArgument {
                let _ = error.print();
                if let Some(example) = example(command(), std::env::args().skip(1)) {
                    note!("\n{example}");
                }
                return ExitCode::from(2);
            }
            error.exit();
        }
    };
    let command = match Relay::from_arg_matches(&matches) {
        Ok(relay) => relay.command,
        Err(error) => error.exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    // The page masks numbers, too, and has a button for it.
    let serves = matches!(
        command,
        Command::Dev(_) | Command::Serve(_) | Command::Page(_)
    );
    match runtime.block_on(command.run()) {
        Ok(code) => {
            if !serves && show::has_masked() && std::io::stdout().is_terminal() {
                note!("Numbers are masked; --numbers shows them in full.");
            }
            code
        }
        Err(error) => failed(&error),
    }
}

/// The examples of the command that these words name.
fn example(mut command: clap::Command, words: impl Iterator<Item = String>) -> Option<String> {
    for word in words {
        match command.find_subcommand(&word) {
            Some(named) => command = named.clone(),
            None => break,
        }
    }
    let examples = command.get_after_help()?.to_string();
    let at = examples.find("Example")?;
    Some(examples[at..].split("\n\n").next()?.to_owned())
}

/// `; did you mean "qdn"?`, if one of the names is like it.
fn meant<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let wanted = wanted.to_lowercase();
    let like = |name: &str| strsim::jaro_winkler(&wanted, &name.to_lowercase());
    let names = names.into_iter().map(|name| (like(name), name));
    let near = names.filter(|(like, _)| *like > 0.8);
    let nearest = near.max_by(|a, b| a.0.total_cmp(&b.0));
    nearest.map_or_else(String::new, |(_, name)| format!("; did you mean {name:?}?"))
}

/// Variables that stand for options, and what they hold.
const VARIABLES: [(&str, &str, &str); 4] = [
    ("RELAY_CONFIG", "--config", "the path of a relay.toml"),
    ("RELAY_DATA", "--data", "the path of a data folder"),
    ("REPOS_ENV", "--env-file", "the path of a repos.env"),
    (
        "RELAY_SANDBOX_URL",
        "--url",
        "an address such as http://127.0.0.1:4000",
    ),
];

/// What to say if an option has no value because its variable is set and empty.
fn empty_variable(error: &clap::Error) -> Option<String> {
    let option = error.get(ContextKind::InvalidArg)?.to_string();
    let is_empty = |name: &str| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let is_given = |flag: &str| std::env::args().any(|word| word.split('=').next() == Some(flag));
    let of_option = |(name, flag, _): &&(&str, &str, &str)| {
        option.split(' ').next() == Some(*flag) && is_empty(name) && !is_given(flag)
    };
    let (name, flag, value) = VARIABLES.iter().find(of_option)?;
    Some(format!(
        "{name} is set and empty, and stands for {flag}; give it {value}, or take it away with `unset {name}`"
    ))
}

fn failed(error: &anyhow::Error) -> ExitCode {
    if error
        .downcast_ref::<Unwritten>()
        .is_some_and(Unwritten::nobody_reads)
    {
        return ExitCode::SUCCESS;
    }
    if error.is::<AlreadySaid>() {
        return ExitCode::FAILURE;
    }
    let error_text = printable_lines(&format!("{error:#}"));
    note!("{RED}error:{RED:#} {error_text}");
    if error.is::<WrongUsage>() {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
}

/// Asks whoever sits at the terminal; `None` if nobody does.
fn agrees(question: &str) -> anyhow::Result<Option<bool>> {
    if !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    note!("{question} Type y to go on.");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(Some(matches!(answer.trim(), "y" | "Y" | "yes")))
}

/// Asks before something that is hard to take back. Where nobody sits at a terminal, `--yes` has to say it.
fn confirms(yes: bool, question: &str) -> anyhow::Result<bool> {
    if yes {
        return Ok(true);
    }
    match agrees(question)? {
        Some(answer) => Ok(answer),
        None => {
            let why = format!("{question} There is no terminal to ask on: add --yes");
            Err(WrongUsage(why).into())
        }
    }
}

/// An argument that only the command itself could find wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct WrongUsage(String);

/// A failure of which the command itself has told.
#[derive(Debug, thiserror::Error)]
#[error("it failed")]
struct AlreadySaid;

const RED: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();

impl Command {
    async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Command::Dev(command) => command.run().await,
            Command::Serve(command) => command.run().await,
            Command::Page(command) => command.run().await,
            Command::Status(command) => command.run().await,
            Command::Install(command) => command.run(),
            Command::Sandbox(command) => command.run().await,
            Command::Route(command) => command.run().await,
            Command::Duty(command) => command.run().await,
            Command::Explain(command) => command.run().await,
            Command::Conversations(command) => command.run().await,
            Command::Calls(command) => command.run().await,
            Command::Voicemail(command) => command.run().await,
            Command::Dead(command) => command.run().await,
            Command::Reconcile(command) => command.run().await,
            Command::Backup(command) => command.run().await,
            Command::Restore(command) => command.run().await,
            Command::Notify(command) => command.run().await,
            Command::Invite(command) => command.run().await,
            Command::Notice(command) => command.run().await,
            Command::OptOuts(command) => command.run().await,
            Command::Block(command) => command.run().await,
            Command::Forget(command) => command.run().await,
            Command::Subscribers(command) => command.run().await,
            Command::Schema(command) => command.run(),
            Command::Init(command) => command.run().await,
            Command::Doctor(command) => command.run().await,
            Command::Config(command) => command.run().await,
            Command::Secrets(command) => command.run().await,
            Command::Text(command) => command.run().await,
            Command::Phone(command) => command.run().await,
            Command::Call(command) => command.run().await,
            Command::Twilio(command) => command.run().await,
            Command::Completions(command) => command.run(),
            Command::Manual(command) => command.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the help of a command and of all below it.
    fn check(command: &mut clap::Command, path: &str) {
        let help = command.render_long_help().to_string();
        let is_leaf = !command.has_subcommands();
        if is_leaf {
            assert!(help.contains("Example"), "{path} has no example:\n{help}");
            assert!(help.contains(&format!("  {path}")), "{path}:\n{help}");
        }
        let below = command.get_subcommands_mut();
        // clap's own `help` needs none.
        for below in below.filter(|below| below.get_name() != "help") {
            let path = format!("{path} {}", below.get_name());
            check(below, &path);
        }
    }

    #[test]
    fn every_command_shows_an_example_of_itself() {
        check(&mut command(), "relay");
    }

    /// Checks that the help of a command and of all below it fits.
    fn fits(command: &clap::Command, path: &str, width: usize, wide: &mut Vec<String>) {
        let mut shown = command.clone().term_width(width);
        for help in [shown.render_help(), shown.render_long_help()] {
            let help = help.to_string();
            // A word alone, such as a path, is as long as it is.
            let is_word = |line: &str| line.split_whitespace().any(|word| width / 2 < word.len());
            let long = |line: &&str| width < line.chars().count() && !is_word(line);
            let long = help.lines().filter(long);
            wide.extend(long.map(|line| format!("{path} at {width}: {line}")));
        }
        let below = command.get_subcommands().filter(|c| c.get_name() != "help");
        for below in below {
            fits(below, &format!("{path} {}", below.get_name()), width, wide);
        }
    }

    #[test]
    fn the_help_of_every_command_fits_narrow_and_wide_terminals() {
        let mut wide = Vec::new();
        for width in [60, 80, 120] {
            fits(&command(), "relay", width, &mut wide);
        }
        assert!(wide.is_empty(), "{}\n{}", wide.len(), wide.join("\n"));
    }

    #[test]
    fn every_command_is_listed_in_one_group() {
        let command = command();
        let shown = command.get_subcommands().filter(|c| !c.is_hide_set());
        let mut shown: Vec<_> = shown.map(clap::Command::get_name).collect();
        let mut listed: Vec<_> = GROUPS.iter().flat_map(|(_, names)| *names).collect();
        listed.sort();
        assert_eq!(
            listed.len(),
            GROUPS.iter().map(|g| g.1.len()).sum::<usize>()
        );
        shown.sort();
        assert_eq!(listed.into_iter().copied().collect::<Vec<_>>(), shown);
    }

    #[test]
    fn the_list_of_commands_fits_a_narrow_terminal() {
        let help = command().term_width(WIDTH).render_help().to_string();
        for line in help.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        assert!(help.contains("  explain        "), "{help}");
    }
}
