use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::json;
use zeroize::Zeroizing;

use super::Place;
use super::rotate::duration;
use crate::cli::WrongUsage;
use crate::cli::output::{self, tell};
use crate::clock::{Clock, SystemClock};
use crate::credentials::repos_env::{BadEnvFile, EnvFile, quoted};
use crate::domain::credentials::{Action, Actions, CallerKey, Previous, Secret, variable_of};

/// Make a key with which a program may call the relay over HTTP, or another one in its place
///
/// The key is 32 random bytes; the file keeps it in the variable RELAY_CALLER_NAME, behind what it
/// may be used for. Run again, it replaces the key: the old one is worth nothing then, unless
/// --keep-old. `relay secrets seed` takes it to a deployed relay.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay secrets caller apps-script --allow notices
  relay secrets caller crew --allow invitations,read --out crew.key
  relay secrets caller apps-script --allow notices --most-segments-a-day 500
  relay secrets caller crew --keep-old --out crew.key")]
pub struct Caller {
    #[command(flatten)]
    place: Place,
    /// What the program is called: small letters, digits and hyphens
    name: String,
    /// What it may do: notices, invitations, read; needed the first time
    #[arg(long, value_name = "ACTIONS", value_delimiter = ',', value_parser = action)]
    allow: Vec<Action>,
    /// How many segments it may have sent on a day, or `none`; beside it the line's own limit holds
    #[arg(long, value_name = "SEGMENTS", value_parser = most)]
    most_segments_a_day: Option<Most>,
    /// Write the key into a new file, for its owner alone, to hand it on
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Accept the old key, too, for a week
    #[arg(long)]
    keep_old: bool,
    /// Accept the old key, too, for so long: 48h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    keep_old_for: Option<Duration>,
    /// Take the caller out of the file
    #[arg(long, conflicts_with_all = ["allow", "most_segments_a_day", "out", "keep_old", "keep_old_for"])]
    remove: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// How long an old key is kept if nothing is said.
const A_WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

fn action(name: &str) -> Result<Action, String> {
    Action::named(name).ok_or_else(|| "write notices, invitations or read".to_owned())
}

/// A limit, or that there is none.
#[derive(Clone, Copy)]
struct Most(Option<u32>);

fn most(text: &str) -> Result<Most, String> {
    if text == "none" {
        return Ok(Most(None));
    }
    let number = text.parse().ok().filter(|number| *number > 0);
    let number = number.ok_or("write a number of segments, such as 500, or none")?;
    Ok(Most(Some(number)))
}

impl Caller {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let variable = variable_of(&self.name).ok_or_else(|| {
            WrongUsage(
                "NAME is what the program is called, in small letters, digits and hyphens, such as apps-script".to_owned(),
            )
        })?;
        let file = self.place.find()?;
        super::add::create_folder(file.path())?;
        if self.remove {
            return self.take_out(&file, &variable);
        }
        // Before anything is changed: a key that cannot be handed on is of no use.
        let out = self.out.as_deref().map(create).transpose()?;
        let made = file.edit(SystemClock.now(), |document| {
            let old = document.get(&variable);
            let old = old.and_then(|value| CallerKey::parse(&self.name, value.expose()).ok());
            let made = self.make(old)?;
            document
                .set(&variable, &made.value())
                .map_err(BadEnvFile::from)?;
            anyhow::Ok(made)
        });
        if let (Err(_), Some(out)) = (&made, &self.out) {
            let _ = std::fs::remove_file(out);
        }
        let made = made?;
        if let Some(mut out) = out {
            let line = Zeroizing::new(format!("{}\n", made.key.expose()));
            let written = out.write_all(line.as_bytes()).and_then(|()| out.sync_all());
            written.context("the key stands in the file of credentials, but could not be written to --out as well")?;
        }
        self.show(&file, &variable, &made)?;
        Ok(ExitCode::SUCCESS)
    }

    fn make(&self, old: Option<CallerKey>) -> anyhow::Result<CallerKey> {
        let actions = match &old {
            _ if !self.allow.is_empty() => Actions::of(self.allow.iter().copied()),
            Some(old) => old.actions.clone(),
            None => {
                let advice = format!(
                    "there is no caller {} yet; say what it may do with --allow notices, invitations or read",
                    self.name
                );
                return Err(WrongUsage(advice).into());
            }
        };
        let kept = old.as_ref().and_then(|old| old.most_segments_a_day);
        Ok(CallerKey {
            name: self.name.clone(),
            actions,
            most_segments_a_day: self.most_segments_a_day.map_or(kept, |most| most.0),
            key: new_key()?,
            previous: old.zip(self.old_until()).map(|(old, until)| Previous {
                key: old.key,
                until: Some(until),
            }),
        })
    }

    /// When the old key ends, if it is kept.
    fn old_until(&self) -> Option<Timestamp> {
        let time = self.keep_old_for.or(self.keep_old.then_some(A_WEEK))?;
        let end = SystemClock.now().checked_add(time).ok()?;
        Timestamp::from_second(end.as_second()).ok()
    }

    fn take_out(&self, file: &EnvFile, variable: &str) -> anyhow::Result<ExitCode> {
        let was_there = file.edit(SystemClock.now(), |document| {
            Ok::<_, BadEnvFile>(document.remove(variable))
        })?;
        let place = file.place();
        if !was_there {
            bail!("{variable} is not in {place}; `relay secrets list` shows what is");
        }
        if self.json {
            output::json(&json!({"file": place, "variable": variable, "removed": true}))?;
        } else {
            tell!("{variable}: taken out of {place}")?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn show(&self, file: &EnvFile, variable: &str, made: &CallerKey) -> anyhow::Result<()> {
        let place = file.place();
        let out = self.out.as_ref().map(|out| out.display().to_string());
        let until = made.previous.as_ref().and_then(|previous| previous.until);
        if self.json {
            return output::json(&json!({
                "file": place,
                "caller": made.name,
                "variable": variable,
                "actions": made.actions.to_string(),
                "most_segments_a_day": made.most_segments_a_day,
                "old_key_accepted": made.previous.is_some(),
                "old_key_accepted_until": until,
                "out": out,
            }));
        }
        tell!("{variable}: a new key in {place}, for {}", made.actions)?;
        if let Some(most) = made.most_segments_a_day {
            tell!("it may have {most} segments a day sent")?;
        }
        if let Some(until) = until {
            tell!("the old key is accepted, too, until {until}")?;
        }
        match out {
            Some(out) => tell!("the key alone: {out}")?,
            None => tell!(
                "the key stands behind the first colon; `relay secrets exec --file {} -- sh -c 'echo \"${variable}\" | cut -d: -f2'` prints it",
                quoted(&place)
            )?,
        }
        Ok(())
    }
}

fn new_key() -> anyhow::Result<Secret> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).context("there is no randomness for a key")?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

fn create(path: &Path) -> anyhow::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    file.with_context(|| {
        format!(
            "cannot make {}; --out names a file that is not there yet, and nothing was changed",
            path.display()
        )
    })
}
