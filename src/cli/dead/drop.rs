use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::bail;
use jiff::Timestamp;
use serde::Serialize;

use super::id;
use crate::app::dead_letters::{drop_letter, droppable};
use crate::cli::deployment::{Part, RelayFlags};
use crate::cli::output::{self, note, tell};
use crate::cli::{RED, agrees};
use crate::domain::ids::DeliveryId;
use crate::printable::printable;

#[derive(clap::Args)]
pub struct Drop {
    /// SIDs of customers' texts, or deliveries' ids
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// What was done instead, for the audit: no numbers, and nothing of what was written
    #[arg(long, value_name = "TEXT", default_value = "dealt with")]
    reason: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    relay: RelayFlags,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize, Default)]
struct Done {
    dropped: Vec<DeliveryId>,
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    delivery: DeliveryId,
    error: String,
}

impl Drop {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let ids = self.ids.iter().map(|text| id(text));
        let ids: Vec<DeliveryId> = ids.collect::<Result<_, _>>()?;
        let relay = self.relay.open(&[Part::Queue, Part::Audit]).await?;
        let relay = relay.relay("relay-dead")?;
        let mut done = Done::default();
        let mut meant = Vec::new();
        for delivery in ids {
            let letter = match relay.store.delivery(&delivery).await? {
                Some(letter) => droppable(letter).map(drop),
                None => Err(anyhow::anyhow!("there is no delivery {delivery}")),
            };
            match letter {
                Ok(()) => meant.push(delivery),
                Err(error) => done.fail(delivery, &error),
            }
        }
        if !meant.is_empty() && !self.yes && std::io::stdin().is_terminal() {
            for delivery in &meant {
                note!("{delivery}");
            }
            let texts = super::count(meant.len(), 0);
            if !agrees(&format!("Take {texts} off the list?"))?.unwrap_or(true) {
                bail!("nothing was dropped");
            }
        }
        for delivery in meant {
            match drop_letter(&relay, &delivery, &self.reason, now).await {
                Ok(_) => done.dropped.push(delivery),
                Err(error) => done.fail(delivery, &error),
            }
        }
        if self.json {
            output::json(&done)?;
        } else {
            for delivery in &done.dropped {
                tell!("{delivery} is off the list")?;
            }
            for Failed { delivery, error } in &done.failed {
                note!("{RED}not dropped:{RED:#} {delivery}: {}", printable(error));
            }
        }
        Ok(ExitCode::from(u8::from(!done.failed.is_empty())))
    }
}

impl Done {
    fn fail(&mut self, delivery: DeliveryId, error: &anyhow::Error) {
        self.failed.push(Failed {
            delivery,
            error: format!("{error:#}"),
        });
    }
}
