use std::process::ExitCode;

use serde::Serialize;

use super::Place;
use crate::cli::candidates::{GREEN, RED};
use crate::cli::deployment::SecretFlags;
use crate::cli::output::tell;
use crate::cli::show;
use crate::credentials::registry;
use crate::credentials::repos_env::Document;
use crate::credentials::values::Values;
use crate::printable::printable;

/// Compare the file with the secret in Secrets Manager, by name; exit code 1 if anything differs
///
/// Compared are Twilio's variables and those that the secret has. Other services' variables that the
/// file alone has do not matter to the relay; --all shows them, too.
#[derive(clap::Args)]
#[command(after_help = "Example:
  relay secrets diff --stack relay")]
pub struct Diff {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    secret: SecretFlags,
    /// Other services' variables, too
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize, PartialEq, Eq)]
struct Compared {
    name: String,
    state: State,
}

#[derive(Debug, Clone, Copy, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum State {
    Equal,
    Different,
    OnlyInFile,
    OnlyInSecret,
}

impl State {
    fn describe(self) -> &'static str {
        match self {
            State::Equal => "equal",
            State::Different => "different",
            State::OnlyInFile => "missing from the secret",
            State::OnlyInSecret => "missing from the file",
        }
    }
}

impl Diff {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let document = self.place.find()?.read()?;
        let current = self.secret.open().await?.current().await?;
        let compared = compare(&document, &current.values, self.all);
        let is_same = compared.iter().all(|row| row.state == State::Equal);
        show::print(&compared, self.json, |compared| {
            let width = compared.iter().map(|row| row.name.len()).max().unwrap_or(0);
            for row in compared {
                let (sign, style) = match row.state {
                    State::Equal => ('✓', GREEN),
                    _ => ('✗', RED),
                };
                let (name, state) = (printable(&row.name), row.state.describe());
                tell!("{style}{sign}{style:#} {name:width$}  {state}")?;
            }
            Ok(())
        })?;
        Ok(ExitCode::from(u8::from(!is_same)))
    }
}

fn compare(file: &Document, secret: &Values, all: bool) -> Vec<Compared> {
    let in_file = file.entries().iter().map(|entry| entry.key.as_str());
    let matters = |name: &&str| all || registry::kind_of(name).is_some() || secret.has(name);
    let alone = secret.names().filter(|name| file.get(name).is_none());
    let state = |name: &str| match file.get(name) {
        None => State::OnlyInSecret,
        Some(_) if !secret.has(name) => State::OnlyInFile,
        here if here == secret.get(name) => State::Equal,
        _ => State::Different,
    };
    let row = |name: &str| Compared {
        name: name.to_owned(),
        state: state(name),
    };
    in_file.filter(matters).chain(alone).map(row).collect()
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn what_differs_is_told_by_name() {
        let file = "TWILIO_AUTH_TOKEN=1\nTWILIO_API_KEY=2\nTWILIO_API_SECRET=3\nOTHER=4\nBOTH=5\n";
        let document = Document::parse(Zeroizing::new(file.to_owned())).unwrap();
        let json = r#"{"TWILIO_AUTH_TOKEN":"1","TWILIO_API_KEY":"x","BOTH":5,"THEIRS":"6"}"#;
        let values = Values::parse(json).unwrap();
        let states = |all| {
            let compared = compare(&document, &values, all).into_iter();
            compared
                .map(|row| (row.name, row.state))
                .collect::<Vec<_>>()
        };
        let expected = [
            ("TWILIO_AUTH_TOKEN", State::Equal),
            ("TWILIO_API_KEY", State::Different),
            ("TWILIO_API_SECRET", State::OnlyInFile),
            ("BOTH", State::Different),
            ("THEIRS", State::OnlyInSecret),
        ]
        .map(|(name, state)| (name.to_owned(), state));
        assert_eq!(states(false), expected);
        assert!(states(true).contains(&("OTHER".to_owned(), State::OnlyInFile)));
    }
}
