use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::WrongUsage;
use super::output::{note, tell};
use super::show;
use crate::adapters::backup::{self, BadKeep, Keep, Made, Names, Source};
use crate::clock::{Clock, SystemClock};
use crate::hosts::server::{AUDIT, DATABASE, DEFAULT_DATA, KEPT_TEXTS};
use crate::printable::printable;

/// Copy the relay of this machine into a folder, while it runs or not, and open the copy to see that it is whole
///
/// A copy has the database, the texts that wait, the audit of this month and the last one, and relay.toml. It has no
/// credentials, and what customers wrote: keep it as safe as the original. `relay restore` goes on from it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay backup /mnt/usb
  relay backup /mnt/usb --data /srv/relay --every 1h --keep 24h,7d,12m")]
pub struct Backup {
    /// Where the copies go, a folder each
    #[arg(value_name = "DIR")]
    into: PathBuf,
    /// Go on, and make one so often, such as 1h or 30m
    #[arg(long, value_name = "TIME", value_parser = often)]
    every: Option<Duration>,
    /// Of the copies in DIR keep one for each of so many hours, days and months; all others are removed
    #[arg(long, value_name = "24h,7d,12m", value_parser = keep)]
    keep: Option<Keep>,
    /// Where the relay keeps its state and audit
    #[arg(long, value_name = "DIR", env = "RELAY_DATA", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// The lines and the people behind them
    #[arg(
        long,
        value_name = "FILE",
        env = "RELAY_CONFIG",
        default_value = CONFIG
    )]
    config: PathBuf,
    /// Print JSON, an object for each copy
    #[arg(long)]
    json: bool,
}

const CONFIG: &str = "relay.toml";

/// The files of a data folder that are copied.
pub(super) const NAMES: Names = Names {
    database: DATABASE,
    audit: AUDIT,
    kept_texts: KEPT_TEXTS,
};

fn often(text: &str) -> Result<Duration, &'static str> {
    let how = "not how often; write such as 1h or 30m, and at least 1m";
    let time: SignedDuration = text.parse().map_err(|_| how)?;
    let time = Duration::try_from(time).map_err(|_| how)?;
    (Duration::from_secs(60) <= time).then_some(time).ok_or(how)
}

fn keep(text: &str) -> Result<Keep, BadKeep> {
    text.parse()
}

/// What is said of a copy.
#[derive(Serialize)]
struct Told {
    path: PathBuf,
    made: Timestamp,
    bytes: u64,
    texts: u64,
    conversations: u64,
    last_audit: Option<Timestamp>,
    verified: bool,
    /// How many older ones were removed.
    removed: usize,
}

impl Told {
    fn of(Made { path, manifest }: Made, removed: usize) -> Self {
        let count = |table: &str| manifest.counts.get(table).copied().unwrap_or_default();
        Self {
            path,
            made: manifest.made,
            bytes: manifest.files.values().map(|file| file.bytes).sum(),
            texts: count("inbounds"),
            conversations: count("conversations"),
            last_audit: manifest.last_audit,
            verified: manifest.verified,
            removed,
        }
    }
}

impl Backup {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let config = self.config.display();
        if !self.config.exists() && self.config != Path::new(CONFIG) {
            return Err(WrongUsage(format!("--config {config}: there is no such file")).into());
        }
        if !self.config.exists() {
            note!("there is no {config} here, so the copy has none: name it with --config");
        }
        // A disk that is not there must not be made up for by a folder.
        let beside = self.into.parent().filter(|folder| *folder != Path::new(""));
        if let Some(folder) = beside.filter(|folder| !folder.is_dir()) {
            let why = "there is no such folder: is the disk in its place?";
            return Err(WrongUsage(format!("{}: {why}", folder.display())).into());
        }
        let Some(every) = self.every else {
            let made = self.make().await?;
            self.tell(&made)?;
            return Ok(ExitCode::SUCCESS);
        };
        if self.keep.is_none() {
            let why = "--every needs --keep, or the disk is full one day; write such as --keep 24h,7d,12m";
            return Err(WrongUsage(why.to_owned()).into());
        }
        let mut turn = tokio::time::interval(every);
        turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turn.tick().await;
            // The next one may go better: a disk is put back.
            match self.make().await {
                Ok(made) => self.tell(&made)?,
                Err(error) => note!("error: {}", printable(&format!("{error:#}"))),
            }
        }
    }

    async fn make(&self) -> anyhow::Result<Told> {
        let (data, into, config) = (self.data.clone(), self.into.clone(), self.config.clone());
        let keep = self.keep.clone();
        tokio::task::spawn_blocking(move || {
            let source = Source {
                data: &data,
                names: NAMES,
                config: config.exists().then_some(&config),
                version: super::VERSION,
            };
            let now = SystemClock.now();
            let made = backup::make(&source, &into, now)?;
            let removed = match &keep {
                Some(keep) => backup::remove_old(&into, keep, now)?,
                None => 0,
            };
            Ok(Told::of(made, removed))
        })
        .await?
    }

    fn tell(&self, told: &Told) -> anyhow::Result<()> {
        show::print(told, self.json, |told| {
            let removed = match told.removed {
                0 => String::new(),
                removed => format!("; {removed} older removed"),
            };
            tell!(
                "{}  {}, {} texts, {} conversations: opened, integrity ok, counts equal: verified{removed}",
                told.path.display(),
                size(told.bytes),
                told.texts,
                told.conversations
            )
        })?;
        Ok(())
    }
}

pub(super) fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_a_minute_at_most() {
        assert_eq!(often("1h"), Ok(Duration::from_secs(3600)));
        assert_eq!(often("90s"), Ok(Duration::from_secs(90)));
        for text in ["", "59s", "-1h", "soon", "1"] {
            assert!(often(text).is_err(), "{text}");
        }
    }
}
