use std::process::ExitCode;

use serde::Serialize;

use super::Place;
use crate::cli::candidates::{GREEN, RED};
use crate::cli::output::{self, tell};
use crate::credentials::registry;
use crate::credentials::repos_env::Document;
use crate::domain::credentials::Secret;
use crate::printable::printable;

/// Compare the file with the secret in Secrets Manager, by name; exit code 1 if anything differs
///
/// Compared are Twilio's variables and those that the secret has. Other services' variables that the
/// file alone has do not matter to the relay; --all shows them, too.
#[derive(clap::Args)]
#[command(after_help = "Example:
  relay secrets diff --secret-id relay/twilio")]
pub struct Diff {
    #[command(flatten)]
    place: Place,
    /// The secret's name or ARN (the stack's output CredentialsSecretArn)
    #[arg(long, value_name = "ID", env = "CREDENTIALS_SECRET_ID")]
    secret_id: String,
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

/// A secret's values by name; `None` for what is no text.
type Values = std::collections::BTreeMap<String, Option<Secret>>;

impl Diff {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let file = self.place.find()?;
        let document = file.read()?;
        let values = fetch(&self.secret_id).await?;
        let compared = compare(&document, &values, self.all);
        let is_same = compared.iter().all(|row| row.state == State::Equal);
        if self.json {
            output::json(&compared)?;
        } else {
            let width = compared.iter().map(|row| row.name.len()).max().unwrap_or(0);
            for row in &compared {
                let (sign, style) = match row.state {
                    State::Equal => ('✓', GREEN),
                    _ => ('✗', RED),
                };
                let (name, state) = (printable(&row.name), row.state.describe());
                tell!("{style}{sign}{style:#} {name:width$}  {state}")?;
            }
        }
        Ok(ExitCode::from(u8::from(!is_same)))
    }
}

fn compare(document: &Document, values: &Values, all: bool) -> Vec<Compared> {
    let of_file = document.entries().iter().map(|entry| entry.key.as_str());
    let of_secret = values.keys().map(String::as_str);
    let alone = of_secret.filter(|name| document.get(name).is_none());
    let matters =
        |name: &&str| all || registry::variable(name).is_some() || values.contains_key(*name);
    let names = of_file.filter(matters).chain(alone);
    let state = |name: &str| match (document.get(name), values.get(name)) {
        (Some(ours), Some(Some(theirs))) if ours.is_same(theirs) => State::Equal,
        (Some(_), Some(_)) => State::Different,
        (Some(_), None) => State::OnlyInFile,
        (None, _) => State::OnlyInSecret,
    };
    let row = |name: &str| Compared {
        state: state(name),
        name: name.to_owned(),
    };
    names.map(row).collect()
}

#[cfg(feature = "aws")]
async fn fetch(id: &str) -> anyhow::Result<Values> {
    use anyhow::{Context, anyhow};
    use zeroize::Zeroizing;

    use crate::aws_error::plain;
    use crate::cli::target;

    let config = target::aws(&format!("the secret {id}")).await?;
    let answer = aws_sdk_secretsmanager::Client::new(&config)
        .get_secret_value()
        .secret_id(id)
        .version_stage("AWSCURRENT")
        .send()
        .await
        .map_err(plain)
        .with_context(|| {
            format!(
                "cannot read the secret {id} from Secrets Manager; check its name, the region, and that it has a value that you may read"
            )
        })?;
    let json = answer
        .secret_string
        .map(Zeroizing::new)
        .ok_or_else(|| anyhow!("the secret {id} holds bytes, not text"))?;
    parse(id, &json)
}

#[cfg(not(feature = "aws"))]
async fn fetch(id: &str) -> anyhow::Result<Values> {
    anyhow::bail!(
        "this `relay` was built without AWS and cannot read the secret {id}; build it with its default features, as `cargo run -- …` does"
    )
}

#[cfg(feature = "aws")]
fn parse(id: &str, json: &str) -> anyhow::Result<Values> {
    use std::collections::BTreeMap;

    use serde_json::value::RawValue;

    // What stands there is looked at where it is: a tree of it would keep copies. The message of a
    // JSON error may quote a value.
    let raw: BTreeMap<String, &RawValue> = serde_json::from_str(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        anyhow::anyhow!("the secret {id} is not a JSON object (line {line}, column {column})")
    })?;
    let read = |raw: &RawValue| serde_json::from_str::<Secret>(raw.get()).ok();
    Ok(raw
        .into_iter()
        .map(|(name, raw)| (name, read(raw)))
        .collect())
}

#[cfg(all(test, feature = "aws"))]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn what_differs_is_told_by_name() {
        let file = "TWILIO_AUTH_TOKEN=1\nTWILIO_API_KEY=2\nTWILIO_API_SECRET=3\nOTHER=4\nBOTH=5\n";
        let document = Document::parse(Zeroizing::new(file.to_owned())).unwrap();
        let json = r#"{"TWILIO_AUTH_TOKEN":"1","TWILIO_API_KEY":"x","BOTH":5,"THEIRS":"6"}"#;
        let values = parse("relay", json).unwrap();
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

    #[test]
    fn a_secret_that_is_no_object_is_refused_without_being_shown() {
        for json in [
            "hunter2",
            "\"hunter2\"",
            "[\"hunter2\"]",
            "{\"A\": hunter2}",
        ] {
            let error = format!("{:#}", parse("relay", json).err().unwrap());
            assert!(
                error.contains("the secret relay is not a JSON object"),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
