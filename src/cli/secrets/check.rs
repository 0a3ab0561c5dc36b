use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::json;

use super::{Place, git, live};
use crate::cli::access::api_address;
use crate::cli::candidates::{DIM, GREEN, RED};
use crate::cli::output::{self, tell};
use crate::clock::{Clock, SystemClock};
use crate::credentials::inspection::{self, Finding, Known};
use crate::credentials::registry::MOST_DAYS;
use crate::printable::printable;
use crate::twilio::API_URL;

/// Say what is wrong with the file: mode, owner, folder, copies, grammar, missing or malformed
/// values, exports in its way, age, git. Exit code 1 if anything is
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay secrets check
  relay secrets check --live
  relay secrets check --file repos.env --json")]
pub struct Check {
    #[command(flatten)]
    place: Place,
    /// After so many days a value is to be rotated
    #[arg(long, value_name = "DAYS", default_value_t = MOST_DAYS)]
    max_age: u32,
    /// Ask Twilio whether the auth token and the API key are valid
    #[arg(long)]
    live: bool,
    /// Twilio's API, or a sandbox's address
    #[arg(long, value_name = "URL", env = "TWILIO_API_URL", default_value = API_URL, value_parser = api_address)]
    twilio_url: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Check {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let file = self.place.find()?;
        let place = file.place();
        let now = SystemClock.now();
        let (mut findings, known) = match file.examine() {
            Ok(examined) => {
                let exported = |name: &str| std::env::var(name).ok();
                let findings = inspection::findings(&place, &examined, exported, self.max_age, now);
                (findings, inspection::known(&examined, now))
            }
            Err(error) => {
                let finding = Finding::new(error.class(), None, error.to_string());
                (vec![finding], Vec::new())
            }
        };
        findings.extend(git::finding(file.path()));
        let mut verdicts = BTreeMap::new();
        if self.live {
            verdicts = live::verdicts(&file, &self.twilio_url).await;
        }
        let invalid = verdicts.iter();
        findings.extend(invalid.filter_map(|(name, verdict)| live::finding(name, verdict)));
        let is_clean = findings.is_empty();
        if self.json {
            output::json(&json!({
                "file": place,
                "clean": is_clean,
                "findings": findings,
                "variables": known,
                "live": verdicts,
            }))?;
        } else {
            for finding in &findings {
                tell!("{RED}✗{RED:#} {}", printable(&finding.message))?;
            }
            if is_clean {
                let count = known.len();
                tell!("{GREEN}✓{GREEN:#} {place} is as it should be ({count} variables)")?;
            }
            ages(&known)?;
            for (name, verdict) in &verdicts {
                tell!("  {name}: {DIM}Twilio says {verdict}{DIM:#}")?;
            }
        }
        Ok(ExitCode::from(u8::from(!is_clean)))
    }
}

fn ages(known: &[Known]) -> Result<(), output::Unwritten> {
    let ours = || known.iter().filter(|known| known.kind.is_some());
    let width = ours().map(|known| known.name.len()).max().unwrap_or(0);
    for known in ours() {
        let (name, age) = (&known.name, age(known));
        tell!("  {name:width$}  {DIM}{age}{DIM:#}")?;
    }
    Ok(())
}

/// For how long a variable has had its value, in words.
pub fn age(known: &Known) -> String {
    let ago = |days| match days {
        i64::MIN..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    };
    match (known.changed, known.age_days) {
        (Some(at), Some(days)) => format!("changed {} ({})", at.strftime("%F"), ago(days)),
        (_, Some(days)) => format!("changed {} or earlier", ago(days)),
        _ => "changed at a time that is not known".to_owned(),
    }
}
