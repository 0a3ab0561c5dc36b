use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::agrees;
use super::backup::{NAMES, size};
use super::output::{note, tell};
use super::show;
use crate::adapters::backup::{CONFIG, Restorable, lost_with_the_disk};
use crate::clock::{Clock, SystemClock};
use crate::domain::reconciliation::TOO_OLD;
use crate::printable::printable;

/// Go on from a backup, in a folder of its own
///
/// Every file is looked at first. Then Twilio is asked about each text that was not finished before it goes on, and
/// for the texts and calls that came since, so that nobody gets a text twice. Stop the relay that the backup is of
/// before, and for good: two relays with one number would text people twice.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay restore /mnt/usb/relay-20261129T200004Z --data /srv/relay
  relay restore /mnt/usb/relay-20261129T200004Z --data /srv/relay --audit /old/audit.jsonl --yes")]
pub struct Restore {
    /// The backup: a folder that `relay backup` made
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// Where it goes: a folder that is empty or not there yet
    #[arg(long, value_name = "NEW")]
    data: PathBuf,
    /// The audit of the relay that is gone, if it is still there: what was set by hand since the backup is listed
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Restored {
    data: PathBuf,
    made: Timestamp,
    /// Texts that Twilio is asked about before they go on.
    open: usize,
    /// What was set by hand since, if the audit was named.
    lost: Vec<String>,
}

impl Restore {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        let backup = Restorable::open(&self.backup, NAMES)?;
        let manifest = &backup.manifest;
        let lost = match &self.audit {
            Some(audit) => lost_with_the_disk(audit, manifest.made)?,
            None => Vec::new(),
        };
        let age = now.duration_since(manifest.made);
        let texts = manifest.counts.get("inbounds").copied().unwrap_or_default();
        let bytes = manifest.files.values().map(|file| file.bytes).sum();
        note!(
            "The backup is {} old: {texts} texts, {}, every file as it was made.",
            in_words(age),
            size(bytes)
        );
        if TOO_OLD < age {
            note!(
                "Texts of more than {} ago that are not in it are not relayed any more; `relay reconcile --day` lists \
                 those of a day.",
                in_words(TOO_OLD)
            );
        }
        note!(
            "Cannot come back: who was set away or on duty, tags, blocks, subscribers and notices since. Opt-outs by \
             text are learnt again."
        );
        for what in &lost {
            note!("  since then: {}", printable(what));
        }
        if self.audit.is_none() {
            note!("With --audit and the old audit.jsonl, what was set by hand since is listed.");
        }
        if !self.yes {
            match agrees("Is the relay that it was made of stopped for good?")? {
                Some(true) => {}
                Some(false) => return Ok(ExitCode::FAILURE),
                None => {
                    bail!("nobody was asked, and nothing was restored; --yes answers beforehand")
                }
            }
        }
        let marked = backup.put_into(&self.data, NAMES, now).await?;
        let restored = Restored {
            data: self.data.clone(),
            made: manifest.made,
            open: marked.open,
            lost,
        };
        let has_config = manifest.files.contains_key(CONFIG);
        show::print(&restored, self.json, |restored| {
            let data = restored.data.display();
            tell!(
                "restored to {data}. Twilio is asked about {} open texts before they go on, and about all texts since \
                 the backup.",
                restored.open
            )?;
            let config = if has_config {
                format!("{data}/{CONFIG}")
            } else {
                CONFIG.to_owned()
            };
            tell!("start it: relay serve --data {data} --config {config} --env-file repos.env")
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

fn in_words(time: SignedDuration) -> String {
    let minutes = time.as_mins().max(0);
    match (minutes / 60 / 24, minutes / 60, minutes) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}
