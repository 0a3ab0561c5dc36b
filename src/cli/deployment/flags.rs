//! How a command line and the variables around it name a relay.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::named::Named;
use super::{Deployment, OneMachine, Part, deployed};
use crate::app::ports::store::Store;
use crate::cli::candidates::DIM;
use crate::cli::output::note;
use crate::credentials::exchange::VersionedSecret;
use crate::hosts::server::{DATABASE, DEFAULT_DATA, DEV_DATA};

/// What the flags stand under in the help of a command.
const HEADING: &str = "Which relay";

/// Which relay a command works on.
#[derive(clap::Args)]
pub struct RelayFlags {
    /// The one-machine relay's data folder [env: RELAY_DATA] [default: .relay, or .relay/dev]
    #[arg(long, value_name = "DIR", help_heading = HEADING, conflicts_with_all = ["stack", "table"])]
    data: Option<PathBuf>,
    #[command(flatten)]
    secret: SecretFlags,
    /// A deployed relay's table (the stack's output TableName) [env: TABLE_NAME]
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    table: Option<String>,
    /// A deployed relay's queue of wake-ups (the stack's output DeliveriesQueueUrl)
    /// [env: DELIVERIES_QUEUE_URL]
    #[arg(long, value_name = "URL", help_heading = HEADING, hide_short_help = true)]
    queue_url: Option<String>,
    /// A deployed relay's queue of texts to many (the stack's output BulkQueueUrl)
    /// [env: BULK_QUEUE_URL]
    #[arg(long, value_name = "URL", help_heading = HEADING, hide_short_help = true)]
    bulk_queue_url: Option<String>,
    /// A deployed relay's dead-letter queue (the stack's output DeadLetterQueueUrl)
    /// [env: DEAD_LETTER_QUEUE_URL]
    #[arg(long, value_name = "URL", help_heading = HEADING, hide_short_help = true)]
    dead_letter_queue_url: Option<String>,
    /// A deployed relay's audit (the stack's output AuditLogGroup) [env: AUDIT_LOG_GROUP]
    #[arg(long, value_name = "NAME", help_heading = HEADING, hide_short_help = true)]
    log_group: Option<String>,
}

/// Which secret a command works on, for those that work on nothing else of a deployed relay.
#[derive(clap::Args)]
pub struct SecretFlags {
    /// A deployed relay's CloudFormation stack: its outputs are the names of its parts that are not
    /// given one by one [env: RELAY_STACK]
    #[arg(long, value_name = "NAME", help_heading = HEADING)]
    stack: Option<String>,
    /// A deployed relay's credentials: the name or ARN of their secret (the stack's output
    /// CredentialsSecretArn) [env: CREDENTIALS_SECRET_ID]
    #[arg(long, value_name = "ID", help_heading = HEADING)]
    secret_id: Option<String>,
}

impl RelayFlags {
    /// Finds the relay. Of a deployed one, it must be known what the `needed` parts are.
    pub async fn open(&self, needed: &[Part]) -> anyhow::Result<Deployment> {
        let relay: Deployment = match self.named(variable) {
            Some(named) => deployed::open(named, &[&[Part::Table], needed].concat()).await?,
            None => {
                let data = self.data.clone().or_else(|| data_of(variable));
                let data = data.unwrap_or_else(|| data_here(Path::new("")));
                Box::new(OneMachine::open(data)?)
            }
        };
        // A variable of the functions that is still set means a relay that people answer by: it is said
        // to whoever reads, and in a log, too.
        let by_variable = !self.are_given() && !relay.is_one_machine();
        if by_variable || std::io::stderr().is_terminal() {
            note!("{DIM}Working on {}.{DIM:#}", relay.place());
        }
        Ok(relay)
    }

    pub async fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        self.open(&[]).await?.store()
    }

    /// Whether the command line itself says which relay.
    pub fn are_given(&self) -> bool {
        let is_name = |name: &Option<String>| name.as_ref().is_some_and(|name| !name.is_empty());
        self.data.is_some() || is_name(&self.secret.stack) || is_name(&self.table)
    }

    /// Whether a relay of this machine is meant.
    pub fn are_of_one_machine(&self) -> bool {
        self.named(variable).is_none()
    }

    /// The deployed relay that is meant, if one is.
    fn named(&self, variable: impl Fn(&str) -> Option<String>) -> Option<Named> {
        // A folder on the command line leaves nothing to the variables, nor does one that is named by a
        // variable of the command's own to those of the functions.
        let is_named =
            self.are_given() || variable("RELAY_STACK").is_some_and(|name| !name.is_empty());
        if self.data.is_some() || (!is_named && data_of(&variable).is_some()) {
            return None;
        }
        let flag = |part| match part {
            Part::Table => self.table.clone(),
            Part::Queue => self.queue_url.clone(),
            Part::BulkQueue => self.bulk_queue_url.clone(),
            Part::DeadLetterQueue => self.dead_letter_queue_url.clone(),
            Part::Audit => self.log_group.clone(),
            Part::Secret => self.secret.secret_id.clone(),
        };
        let named = Named::of(self.secret.stack.as_ref(), flag, variable);
        (named.stack.is_some() || named.parts.contains_key(&Part::Table)).then_some(named)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The folder that a variable names.
fn data_of(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    variable("RELAY_DATA")
        .filter(|data| !data.is_empty())
        .map(PathBuf::from)
}

/// The data folder of the relay that is used here: `relay serve`'s, and before there is one,
/// `relay dev`'s.
fn data_here(here: &Path) -> PathBuf {
    let has_relay = |data: &str| here.join(data).join(DATABASE).exists();
    match (has_relay(DEFAULT_DATA), has_relay(DEV_DATA)) {
        (false, true) => here.join(DEV_DATA),
        (true, true) => {
            let _ = writeln!(
                std::io::stderr(),
                "Working on the relay in {DEFAULT_DATA}; relay dev's is `--data {DEV_DATA}`."
            );
            here.join(DEFAULT_DATA)
        }
        (_, false) => here.join(DEFAULT_DATA),
    }
}

impl SecretFlags {
    pub fn is_named(&self) -> bool {
        let named = self.named();
        named.stack.is_some() || named.parts.contains_key(&Part::Secret)
    }

    pub async fn open(&self) -> anyhow::Result<Arc<dyn VersionedSecret>> {
        deployed::secret(self.named()).await
    }

    fn named(&self) -> Named {
        let flag = |part| match part {
            Part::Secret => self.secret_id.clone(),
            _ => None,
        };
        Named::of(self.stack.as_ref(), flag, |name| std::env::var(name).ok())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        relay: RelayFlags,
    }

    /// The stack and the parts that a command line names with these variables around it.
    fn named(arguments: &str, variables: &[(&str, &str)]) -> Option<(String, String)> {
        let arguments = ["relay"].into_iter().chain(arguments.split_whitespace());
        let command = Command::try_parse_from(arguments).unwrap();
        let named = command.relay.named(|name| {
            let variable = variables.iter().find(|(variable, _)| *variable == name);
            variable.map(|(_, value)| (*value).to_owned())
        })?;
        let parts: Vec<String> = named.parts.into_values().collect();
        Some((named.stack.unwrap_or_default(), parts.join(" ")))
    }

    const VARIABLES: [(&str, &str); 3] = [
        ("RELAY_STACK", "stack"),
        ("TABLE_NAME", "table"),
        ("AUDIT_LOG_GROUP", "group"),
    ];

    #[test]
    fn without_a_name_it_is_the_one_machine_relay() {
        assert_eq!(named("", &[]), None);
        assert_eq!(
            named("--table=", &[("RELAY_STACK", ""), ("TABLE_NAME", "")]),
            None
        );
        // What else the functions' variables name belongs to a table.
        assert_eq!(named("", &[("AUDIT_LOG_GROUP", "group")]), None);
    }

    #[test]
    fn the_command_line_goes_before_variables() {
        let of = |stack: &str, parts: &str| Some((stack.to_owned(), parts.to_owned()));
        assert_eq!(named("", &VARIABLES), of("stack", "table group"));
        assert_eq!(named("--table=mine", &VARIABLES), of("stack", "mine group"));
        assert_eq!(named("--data=.relay", &VARIABLES), None);
        // A folder of the command's own variable goes before the functions' variables, not before a stack.
        assert_eq!(named("", &[("RELAY_DATA", "d"), ("TABLE_NAME", "t")]), None);
        let stack = [("RELAY_DATA", "d"), ("RELAY_STACK", "s")];
        assert_eq!(named("", &stack), of("s", ""));
        assert_eq!(named("--table=t", &[("RELAY_DATA", "d")]), of("", "t"));
        // Its audit is not that of the variables, which are another relay's.
        assert_eq!(named("--stack=mine", &VARIABLES), of("mine", ""));
        let both = named("--stack=mine --log-group=audit", &VARIABLES);
        assert_eq!(both, of("mine", "audit"));
    }

    #[test]
    fn a_folder_and_a_deployed_relay_are_not_both_meant() {
        for relay in ["--table=t", "--stack=s"] {
            let both = Command::try_parse_from(["relay", "--data=.relay", relay]);
            assert!(both.is_err(), "{relay}");
        }
    }

    #[test]
    fn a_name_that_is_given_goes_before_an_output() {
        let mut named = Named::of(
            Some(&"relay".to_owned()),
            |part| (part == Part::Table).then(|| "mine".to_owned()),
            |_| None,
        );
        named.fill_in(|part| Some(part.known_as()[3].to_owned()));
        assert_eq!(named.parts[&Part::Table], "mine");
        assert_eq!(named.parts[&Part::Secret], "CredentialsSecretArn");
    }
}
