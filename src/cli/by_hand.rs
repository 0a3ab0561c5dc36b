//! What commands have in common that change a line's lists by hand, which the audit is to say.

use std::sync::Arc;

use anyhow::Context;

use super::deployment::{Part, RelayFlags};
use super::schedule::{choose_one, number};
use super::{WrongUsage, completions};
use crate::app::ports::audit::{Audit, Record};
use crate::app::ports::store::Store;
use crate::app::relay::Relay;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;

/// Which line's list is changed.
#[derive(clap::Args)]
pub struct ByHand {
    #[command(flatten)]
    relay: RelayFlags,
    /// Which line's list, by its name or number; needed if there are several
    #[arg(long, value_name = "LINE", add = completions::lines())]
    line: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Whose entry of it.
#[derive(clap::Args)]
pub struct Whom {
    /// The number, as people in the line's country write it
    pub number: String,
    #[command(flatten)]
    pub by_hand: ByHand,
}

/// A relay whose lists can be changed.
pub struct Opened {
    pub store: Arc<dyn Store>,
    pub lines: Vec<Line>,
    /// The one of them that is meant.
    pub line: Line,
    audit: Arc<dyn Audit>,
}

impl ByHand {
    /// The audit comes first: nothing is changed that could not be put on record. Its stream is
    /// named after `command`.
    pub async fn open(&self, command: &str) -> anyhow::Result<Opened> {
        let relay = self.relay.open(&[Part::Audit]).await?;
        let (audit, store) = (relay.audit(command)?, relay.store()?);
        let lines = store.lines().await?;
        Ok(Opened {
            line: choose_one(lines.clone(), self.line.as_deref())?,
            store,
            lines,
            audit,
        })
    }
}

impl Whom {
    pub async fn open(&self, command: &str) -> anyhow::Result<(Opened, PhoneNumber)> {
        let opened = self.by_hand.open(command).await?;
        let number = number(&self.number, &opened.line)?;
        if let Some(line) = opened
            .lines
            .iter()
            .find(|l| l.numbers().any(|own| *own == number))
        {
            let why = format!(
                "that is the number of line {} itself; give the number of somebody who texts it",
                line.name
            );
            return Err(WrongUsage(why).into());
        }
        Ok((opened, number))
    }
}

impl Opened {
    /// The lists of a relay that runs in this process.
    pub fn of(relay: &Relay, lines: Vec<Line>, line: Line) -> Self {
        Self {
            store: Arc::clone(&relay.store),
            audit: Arc::clone(&relay.audit),
            lines,
            line,
        }
    }

    pub async fn put_on_record(&self, records: &[Record]) -> anyhow::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let written = self.audit.write(records).await;
        written.context("that is done, but the audit did not take the record of it")
    }
}
