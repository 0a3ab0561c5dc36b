//! `relay doctor --fix` and `relay doctor undo`.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};

use super::Twilio;
use super::again::Again;
use crate::adapters::files::private_folder::create_data;
use crate::app::doctor::catalogue::Check;
use crate::app::doctor::fix::{Record, carry_out, plan, undo};
use crate::app::doctor::hook::shown;
use crate::app::doctor::report::{Change, Finding, Verdict};
use crate::cli::candidates::{BOLD, YELLOW};
use crate::cli::confirms;
use crate::cli::output::{note, tell};
use crate::cli::show::count;
use crate::clock::{Clock, SystemClock};
use crate::credentials::repos_env::{self, quoted};
use crate::printable::printable;
use crate::twilio::network::Network;
use crate::twilio::setup::Setup;

/// The largest record that is read.
const MOST_BYTES: usize = 1 << 20;

pub struct Repair<'a> {
    /// The checks whose findings are put right; all if there are none.
    pub only: &'a [&'static Check],
    pub again: Again,
    pub yes: bool,
    pub take_over: bool,
    pub data: &'a Path,
}

impl Repair<'_> {
    /// Puts right what can be; `false` if there was nothing to do.
    pub async fn carry_out(&self, setup: &Setup, findings: &[Finding]) -> anyhow::Result<bool> {
        let is_asked = |f: &&Finding| self.only.is_empty() || self.only.contains(&f.check);
        let plan = plan(findings.iter().filter(is_asked));
        let open = findings
            .iter()
            .filter(|f| matches!(f.verdict, Verdict::Broken | Verdict::Risk));
        let open = open
            .filter(is_asked)
            .filter(|f| f.fix.plan().is_empty())
            .count();
        if plan.is_empty() {
            let rest = match open {
                0 => String::new(),
                n => format!("; {} only you can put right", count(n, "finding")),
            };
            note!("nothing to change at Twilio{rest}");
            return Ok(false);
        }
        show(&plan, open)?;
        let foreign: Vec<&str> = plan
            .iter()
            .filter_map(|c| c.takes_over.as_deref())
            .collect();
        if let (Some(host), false) = (foreign.first(), self.take_over) {
            bail!(
                "nothing was changed: {} is not this relay, and somebody's system may live there; add --take-over to replace it",
                printable(host)
            );
        }
        if !confirms(
            self.yes,
            &format!("Change {} at Twilio?", count(plan.len(), "field")),
        )? {
            bail!("nothing was changed");
        }
        let _alone = alone(self.data)?;
        let record = Record::of(&plan, SystemClock.now());
        let file = keep(self.data, &record)?;
        let made = carry_out(setup, &plan).await;
        let file = file.display().to_string();
        let back = format!("relay doctor undo {}{}", quoted(&file), self.again.of_undo);
        made.with_context(|| {
            format!("not all was changed; `{back}` puts back what of it was changed")
        })?;
        note!("done. To put it back: {back}");
        Ok(true)
    }
}

fn show(plan: &[Change], open: usize) -> anyhow::Result<()> {
    let rest = match open {
        0 => String::new(),
        n => format!(" ({} only you can put right)", count(n, "finding")),
    };
    note!("\nWill change at Twilio{rest}:");
    let mut before = None;
    for change in plan {
        if before != Some(&change.address) {
            note!("  {BOLD}{}{BOLD:#}", printable(&change.what));
            if let Some(also) = &change.also {
                note!("    {YELLOW}!{YELLOW:#} {}", printable(also));
            }
            before = Some(&change.address);
        }
        let from = change.from.as_deref().map_or("(none)".to_owned(), shown);
        note!("    {}", change.field);
        note!("      {} → {}", printable(&from), printable(&change.to));
        if let Some(host) = &change.takes_over {
            note!(
                "    {YELLOW}!{YELLOW:#} {} is not this relay: somebody's system may live there",
                printable(host)
            );
        }
    }
    Ok(())
}

/// Held while something is changed at Twilio: of two at once each would take the other's changes for somebody else's.
fn alone(data: &Path) -> anyhow::Result<std::fs::File> {
    let folder = data.join("doctor");
    create_data(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let place = folder.join("lock");
    let mut options = std::fs::OpenOptions::new();
    let options = options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(&place);
    let file = file.with_context(|| format!("cannot make {}", place.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!(
                "another `relay doctor --fix` is at work here: wait until it is done, and look again"
            )
        }
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", place.display()))
        }
    }
}

/// Keeps what is there before anything is changed, for the owner alone.
fn keep(data: &Path, record: &Record) -> anyhow::Result<PathBuf> {
    let folder = data.join("doctor");
    create_data(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let name = record.at.strftime("%Y-%m-%dT%H%M%S%3fZ.json").to_string();
    let file = folder.join(name);
    let mut options = std::fs::OpenOptions::new();
    let mut out = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)
        .with_context(|| format!("cannot make {}", file.display()))?;
    out.write_all(serde_json::to_string_pretty(record)?.as_bytes())?;
    out.sync_all()?;
    Ok(file)
}

#[derive(clap::Args)]
pub struct Undo {
    /// The file that `relay doctor --fix` named
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    twilio: Twilio,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Undo {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let place = self.file.display();
        let found = std::fs::symlink_metadata(&self.file);
        let found = found.with_context(|| format!("cannot read {place}"))?;
        if !found.is_file() || found.permissions().mode() & 0o022 != 0 {
            bail!(
                "others could have changed {place}: look at it, then run `chmod 600 {place}` on the file itself"
            );
        }
        let bytes = std::fs::read(&self.file).with_context(|| format!("cannot read {place}"))?;
        if bytes.len() > MOST_BYTES {
            bail!("{place} is larger than any that relay doctor writes");
        }
        let record: Record = serde_json::from_slice(&bytes)
            .with_context(|| format!("{place} is none of relay doctor's files"))?;
        let mut named = None;
        for change in record.changes.iter().rev() {
            let what = match change.what.as_str() {
                "" => change.path.as_str(),
                what => what,
            };
            if named != Some(what) {
                note!("  {BOLD}{}{BOLD:#}", printable(what));
                named = Some(what);
            }
            let before = change.before.as_deref().map_or("(none)".to_owned(), shown);
            note!(
                "    {}: {} → {}",
                printable(&change.field),
                printable(&shown(&change.after)),
                printable(&before)
            );
        }
        if !confirms(
            self.yes,
            &format!(
                "Put back {} at Twilio?",
                count(record.changes.len(), "field")
            ),
        )? {
            bail!("nothing was changed");
        }
        let credentials = repos_env::read(&self.twilio.env_file.path(), SystemClock.now())?;
        let network = Box::new(Network::new());
        let setup = Setup::new(network, &self.twilio.twilio_url, Arc::new(credentials));
        let made = undo(&setup, &record).await?;
        let when = record.at.strftime("%F at %T UTC");
        match made.written {
            0 if made.left.is_empty() => {
                tell!("nothing to put back: all is as it was on {when}")?;
            }
            0 => {}
            n => tell!("put back {} as it was on {when}", count(n, "field"))?,
        }
        for (of, field) in &made.left {
            tell!("left alone: {field} of {of}, which somebody changed since")?;
        }
        Ok(ExitCode::from(u8::from(!made.left.is_empty())))
    }
}
