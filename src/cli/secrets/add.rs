use std::collections::HashSet;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use jiff::Timestamp;
use serde_json::json;

use super::{Place, prompt};
use crate::cli::WrongUsage;
use crate::cli::output::{self, note, tell};
use crate::clock::{Clock, SystemClock};
use crate::credentials::keyed_hash::random_audit_key;
use crate::credentials::registry;
use crate::credentials::repos_env::{BadEnvFile, Change, Document, EnvFile, is_key, is_reserved};
use crate::domain::credentials::{ACCOUNT_SID, AUDIT_KEY, PREVIOUS, Secret, WITHOUT_AN_END};

/// Add variables or replace their values; everything else in the file stays, byte for byte
///
/// On a terminal it asks for each value and does not show it; otherwise values come by standard
/// input, a line for each KEY. The file is made, for its owner alone, if it is not there.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay secrets add TWILIO_AUTH_TOKEN
  pass show twilio/api-secret | relay secrets add --replace TWILIO_API_SECRET
  relay secrets add --from old/repos.env TWILIO_API_KEY TWILIO_API_SECRET")]
pub struct Add {
    #[command(flatten)]
    place: Place,
    /// The names of the variables; never their values
    #[arg(required = true, value_name = "KEY")]
    keys: Vec<String>,
    /// Take the values from another file of this kind
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Replace values that are there without asking
    #[arg(long)]
    replace: bool,
    /// Take a token or a key's secret that is not shaped like Twilio's, for a sandbox
    #[arg(long)]
    any_shape: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Add {
    pub fn to(file: &Path, keys: &[&str], any_shape: bool) -> Self {
        Self {
            place: Place {
                file: Some(file.to_owned()),
            },
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            from: None,
            replace: false,
            any_shape,
            json: false,
        }
    }

    pub async fn run(self) -> anyhow::Result<ExitCode> {
        self.check_names()?;
        let file = self.place.find()?;
        create_folder(file.path())?;
        let present = match file.read() {
            Ok(document) => document,
            Err(BadEnvFile::Missing(_)) => Document::default(),
            Err(error) => return Err(error.into()),
        };
        let values = self.values(&present).await?;
        for (key, value) in self.keys.iter().zip(&values) {
            self.check_value(key, value)?;
        }
        // From here on, Ctrl-C waits for the few milliseconds that the write takes.
        let _no_interruption = prompt::Stop::listen()?;
        let (audit_key, mut made_audit_key) = (random_audit_key()?, false);
        let until = Secret::new(in_a_day(SystemClock.now()).to_string());
        let may_replace = |key: &str| self.replace || self.asks() && present.get(key).is_some();
        let changes = file.edit(SystemClock.now(), |document| {
            let mut changes = Vec::new();
            for (key, value) in self.keys.iter().zip(&values) {
                let change = document.set(key, value).map_err(BadEnvFile::from)?;
                if change == Change::Replaced && !may_replace(key) {
                    bail!(
                        "{key} has another value in {} already; give --replace to replace it; nothing was changed",
                        file.place()
                    );
                }
                changes.push(change);
            }
            // What is accepted beside the value in force gets an end.
            for (name, end) in PREVIOUS {
                let (is_given, has_end) = (self.gives(name), self.gives(end));
                if is_given && !has_end {
                    document.set(end, &until).map_err(BadEnvFile::from)?;
                }
            }
            let is_new = self.keys.iter().any(|key| key == ACCOUNT_SID);
            made_audit_key = is_new && document.get(AUDIT_KEY).is_none();
            if made_audit_key {
                document
                    .set(AUDIT_KEY, &audit_key)
                    .map_err(BadEnvFile::from)?;
            }
            Ok(changes)
        })?;
        for (name, _) in PREVIOUS
            .iter()
            .filter(|(name, end)| self.gives(name) && !self.gives(end))
        {
            note!("{name} is accepted until {}", until.expose());
        }
        if made_audit_key {
            note!("{AUDIT_KEY} was made: the audit hashes telephone numbers with it");
        }
        self.show(&file, &changes)?;
        Ok(ExitCode::SUCCESS)
    }

    fn gives(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key == name)
    }

    fn asks(&self) -> bool {
        self.from.is_none() && prompt::is_terminal()
    }

    /// Messages do not repeat what is no name: it may be a value.
    fn check_names(&self) -> Result<(), WrongUsage> {
        let mut seen = HashSet::new();
        for (index, key) in self.keys.iter().enumerate() {
            let wrong = if key.contains('=') && !key.starts_with('=') {
                "has a value, which every user of this machine could read there, and the shell's history keeps it: take it for known to others; give names alone, values come by standard input or when asked for"
            } else if !is_key(key) {
                "is not a variable's name (capital letters, digits and underscores, such as TWILIO_AUTH_TOKEN); values come by standard input or when asked for"
            } else if is_reserved(key) {
                "is a name by which programs are controlled; choose another"
            } else if !seen.insert(key) {
                "is there twice"
            } else {
                continue;
            };
            return Err(WrongUsage(format!("argument {} {wrong}", index + 1)));
        }
        Ok(())
    }

    /// A value for each key, in their order.
    async fn values(&self, present: &Document) -> anyhow::Result<Vec<Secret>> {
        if let Some(from) = &self.from {
            let other = EnvFile::at(from);
            let document = other.read()?;
            let value = |key: &String| {
                let value = document.get(key).map(Secret::duplicate);
                value.ok_or_else(|| {
                    anyhow!("{key} is not in {}; nothing was changed", other.place())
                })
            };
            return self.keys.iter().map(value).collect();
        }
        if !prompt::is_terminal() {
            return from_lines(&prompt::everything()?, self.keys.len());
        }
        let mut values = Vec::new();
        for key in &self.keys {
            let question = format!("{key} is in the file already. Replace it?");
            if present.get(key).is_some() && !self.replace && !prompt::agrees(&question).await? {
                bail!("{key} stays as it is; nothing was changed");
            }
            values.push(prompt::hidden(&format!("Value of {key}")).await?);
        }
        Ok(values)
    }

    fn check_value(&self, key: &str, value: &Secret) -> anyhow::Result<()> {
        let Some(kind) = registry::kind_of(key) else {
            return Ok(());
        };
        let Some(complaint) = kind.complaint(value.expose()) else {
            return Ok(());
        };
        if kind.is_sid() {
            bail!("what came for {key} {complaint}; nothing was changed");
        }
        if !self.any_shape {
            bail!(
                "what came for {key} {complaint}; nothing was changed (--any-shape takes it, for a sandbox)"
            );
        }
        note!("{key} {complaint}; taken all the same");
        Ok(())
    }

    fn show(&self, file: &EnvFile, changes: &[Change]) -> anyhow::Result<()> {
        let names = |wanted: Change| {
            let pairs = self.keys.iter().zip(changes);
            let names = pairs.filter(|(_, change)| **change == wanted);
            names.map(|(key, _)| key.as_str()).collect::<Vec<_>>()
        };
        let place = file.place();
        if self.json {
            return output::json(&json!({
                "file": place,
                "added": names(Change::Added),
                "replaced": names(Change::Replaced),
                "same": names(Change::Same),
            }));
        }
        for (change, what) in [
            (Change::Added, "added to"),
            (Change::Replaced, "replaced in"),
            (Change::Same, "as it was in"),
        ] {
            let names = names(change).join(", ");
            if !names.is_empty() {
                tell!("{names}: {what} {place}")?;
            }
        }
        Ok(())
    }
}

/// A value for each line, of which there must be `count`.
fn from_lines(bytes: &[u8], count: usize) -> anyhow::Result<Vec<Secret>> {
    let text = std::str::from_utf8(bytes)
        .context("standard input is not UTF-8; encode the value as base64url first")?;
    if text.is_empty() {
        bail!("no value came by standard input; give one line for each KEY");
    }
    let text = text.strip_suffix('\n').unwrap_or(text);
    // A single value may not have several lines either: the writer says so better.
    let lines: Vec<&str> = match count {
        1 => vec![text],
        _ => text.split('\n').collect(),
    };
    if lines.len() != count {
        bail!(
            "{} lines came by standard input for {count} KEYs; give one line for each, in their order",
            lines.len()
        );
    }
    let without_cr = |line: &str| Secret::new(line.strip_suffix('\r').unwrap_or(line));
    Ok(lines.into_iter().map(without_cr).collect())
}

/// The folder `.secrets` is made with the file; any other has to be there.
pub fn create_folder(path: &Path) -> anyhow::Result<()> {
    let Some(folder) = path.parent().filter(|folder| folder.ends_with(".secrets")) else {
        return Ok(());
    };
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot make the folder {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// When what is accepted beside the value in force ends, if nothing is said.
fn in_a_day(now: Timestamp) -> Timestamp {
    let seconds = now.as_second() + WITHOUT_AN_END.as_secs();
    Timestamp::from_second(seconds).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(input: &str, count: usize) -> Result<Vec<String>, String> {
        let values = from_lines(input.as_bytes(), count).map_err(|error| error.to_string())?;
        Ok(values
            .iter()
            .map(|value| value.expose().to_owned())
            .collect())
    }

    #[test]
    fn standard_input_has_a_line_for_each_value() {
        for input in ["one", "one\n", "one\r\n"] {
            assert_eq!(values(input, 1).unwrap(), ["one"]);
        }
        assert_eq!(values("one\ntwo\n", 2).unwrap(), ["one", "two"]);
        assert_eq!(values("one\r\n\r\n", 2).unwrap(), ["one", ""]);
        assert_eq!(values("\n", 1).unwrap(), [""]);
        assert_eq!(
            values("one\ntwo", 1).unwrap(),
            ["one\ntwo"],
            "refused by the writer"
        );
        assert!(values("", 1).unwrap_err().contains("no value came"));
        assert!(values("one\n", 2).unwrap_err().starts_with("1 lines came"));
        assert!(
            values("1\n2\n3\n", 2)
                .unwrap_err()
                .starts_with("3 lines came")
        );
    }
}
