use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use jiff::Timestamp;

use super::deployment::RelayFlags;
use super::{WrongUsage, completions, config_file, meant};
use crate::app::inbound_sms::{PersonsView, Text, persons_view};
use crate::app::ports::store::{ForCall, ForInbound, Store};
use crate::domain::ids::CallSid;
use crate::domain::line::Line;
use crate::domain::phone::{NotANumber, PhoneNumber, international};
use crate::domain::routing::Known;
use crate::domain::when::option::{self, BadTime};

/// Where a command takes lines, overrides and opt-outs from: a relay's store, or a file, whose lines
/// have neither unless a relay is named as well.
#[derive(clap::Args)]
pub struct Schedule {
    /// Take the lines from this file instead of a relay's store
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    relay: RelayFlags,
    /// Only this line, by its name or number
    #[arg(long = "line", visible_alias = "to", value_name = "LINE", add = completions::lines())]
    line: Option<String>,
}

impl Schedule {
    /// The lines asked for, each with its overrides and opt-outs; at least one.
    pub async fn lines(&self) -> anyhow::Result<Vec<(Line, Known)>> {
        let store = self.store().await?;
        let lines = match (&self.config, &store) {
            (Some(file), _) => config_file::read(file)?,
            (None, Some(store)) => store.lines().await?,
            (None, None) => Vec::new(),
        };
        let mut chosen = Vec::new();
        for line in choose(lines, self.line.as_deref())? {
            let known = match &store {
                Some(store) => known(store.as_ref(), &line).await?,
                None => Known::default(),
            };
            chosen.push((line, known));
        }
        Ok(chosen)
    }

    /// The relay's store, if lines or what is known of them come from one.
    async fn store(&self) -> anyhow::Result<Option<Arc<dyn Store>>> {
        match &self.config {
            // Whatever variables say: beside a file they do not count.
            Some(_) if !self.relay.are_given() => Ok(None),
            _ => Ok(Some(self.relay.store().await?)),
        }
    }

    /// What is known for a text to a line, and of the person who writes it, as far as there is a store
    /// to know it.
    pub async fn found(
        &self,
        line: &Line,
        text: &Text,
    ) -> anyhow::Result<(ForInbound, PersonsView)> {
        let Some(store) = self.store().await? else {
            return Ok(Default::default());
        };
        let from = text.sms.from.phone();
        let found = store.for_inbound(&line.number, &text.sms.sid, from).await?;
        let view = persons_view::read(store.as_ref(), line, &found, text).await?;
        Ok((found, view))
    }

    /// What is known for a call to a line, as far as there is a store to know it.
    pub async fn for_call(
        &self,
        line: &Line,
        sid: &CallSid,
        from: Option<&PhoneNumber>,
    ) -> anyhow::Result<ForCall> {
        match self.store().await? {
            Some(store) => store.for_call(&line.number, sid, from).await,
            None => Ok(ForCall::default()),
        }
    }

    /// The line asked for, which must be clear.
    pub async fn line(&self) -> anyhow::Result<(Line, Known)> {
        let mut lines = self.lines().await?;
        if lines.len() > 1 {
            return Err(several(lines.iter().map(|(line, _)| line), "--to").into());
        }
        Ok(lines.remove(0))
    }
}

/// Which lines of a relay's store a command is about.
#[derive(clap::Args)]
pub struct Lines {
    #[command(flatten)]
    relay: RelayFlags,
    /// Only this line, by its name or number
    #[arg(long, value_name = "LINE", add = completions::lines())]
    line: Option<String>,
}

impl Lines {
    pub async fn open(&self) -> anyhow::Result<(Arc<dyn Store>, Vec<Line>)> {
        let store = self.relay.store().await?;
        let lines = store.lines().await?;
        Ok((store, choose(lines, self.line.as_deref())?))
    }
}

/// What a relay's store knows of the people of a line.
pub async fn known(store: &dyn Store, line: &Line) -> anyhow::Result<Known> {
    Ok(Known {
        overrides: store.overrides(&line.number).await?,
        opt_outs: store.opt_outs(&line.number).await?,
        ..Known::default()
    })
}

/// The instant that `--at` names, on the line's clock; `now` without.
pub fn instant(at: Option<&str>, now: Timestamp, line: &Line) -> anyhow::Result<Timestamp> {
    match at {
        Some(text) => Ok(option::instant(text, now, line.clock()).map_err(wrong_time)?),
        None => Ok(now),
    }
}

pub fn wrong_time(bad: BadTime) -> WrongUsage {
    WrongUsage(bad.to_string())
}

/// The lines, or the one of this name or number.
pub fn choose(lines: Vec<Line>, wanted: Option<&str>) -> anyhow::Result<Vec<Line>> {
    if lines.is_empty() {
        bail!(
            "the relay has no lines yet; start it with `relay dev` or `relay serve`, put a \
             configuration there with `relay config push`, or name a file with --config"
        );
    }
    let Some(wanted) = wanted else {
        return Ok(lines);
    };
    let is_wanted = |line: &Line| {
        line.name.to_lowercase() == wanted.to_lowercase()
            || read_number(wanted, line).as_ref() == Ok(&line.number)
    };
    match lines.iter().position(is_wanted) {
        Some(at) => Ok(lines.into_iter().skip(at).take(1).collect()),
        None => Err(WrongUsage(format!(
            "there is no line {wanted:?}; there is {}{}",
            names(&lines),
            meant(wanted, lines.iter().map(|line| line.name.as_str()))
        ))
        .into()),
    }
}

/// The only line, or the one of this name or number.
pub fn choose_one(lines: Vec<Line>, wanted: Option<&str>) -> anyhow::Result<Line> {
    let mut lines = choose(lines, wanted)?;
    if lines.len() > 1 {
        return Err(several(&lines, "--line").into());
    }
    Ok(lines.remove(0))
}

/// `flag` is what says which line is meant.
fn several<'a>(lines: impl IntoIterator<Item = &'a Line>, flag: &str) -> WrongUsage {
    let names = names(lines);
    WrongUsage(format!(
        "there are several lines; say which one with {flag}: {names}"
    ))
}

/// Reads a number as people in the line's country write it.
pub fn number(text: &str, line: &Line) -> Result<PhoneNumber, WrongUsage> {
    read_number(text, line).map_err(|reason| {
        WrongUsage(format!(
            "{text:?} is no telephone number: {reason}; {}",
            how_written(line)
        ))
    })
}

pub fn read_number(text: &str, line: &Line) -> Result<PhoneNumber, NotANumber> {
    match line.country() {
        Some(country) => country.read(text),
        None => international(text),
    }
}

/// How a telephone number is to be written.
pub fn how_written(line: &Line) -> String {
    format!(
        "write it as {} does or with a plus sign and the country code",
        line.country
    )
}

fn names<'a>(lines: impl IntoIterator<Item = &'a Line>) -> String {
    let names: Vec<&str> = lines.into_iter().map(|line| line.name.as_str()).collect();
    names.join(", ")
}
