use std::process::ExitCode;

use serde::Serialize;

use super::{ByHand, Failed, count, ids};
use crate::app::dead_letters::drop_letter;
use crate::cli::output::tell;
use crate::domain::ids::DeliveryId;

#[derive(clap::Args)]
pub struct Drop {
    /// SIDs of customers' texts, or deliveries' ids
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// What was done instead, for the audit: no numbers, and nothing of what was written
    #[arg(long, value_name = "TEXT", default_value = "dealt with")]
    reason: String,
    #[command(flatten)]
    by_hand: ByHand,
}

#[derive(Serialize, Default)]
struct Done {
    dropped: Vec<DeliveryId>,
    failed: Vec<Failed>,
}

impl Drop {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let ids = ids(&self.ids)?;
        let relay = self.by_hand.relay.open(&ByHand::NEEDED).await?;
        let relay = relay.relay("relay-dead")?;
        let question = format!("Take {} off the list?", count(ids.len(), 0));
        if !self.by_hand.confirms(&ids, &question)? {
            anyhow::bail!("nothing was dropped");
        }
        let mut done = Done::default();
        for id in ids {
            match drop_letter(&relay, &id, &self.reason).await {
                Ok(_) => done.dropped.push(id),
                Err(error) => done.failed.push(Failed::of(id, &error)),
            }
        }
        self.by_hand.show(&done, &done.failed, "dropped", |done| {
            for delivery in &done.dropped {
                tell!("{delivery} is off the list")?;
            }
            Ok(())
        })
    }
}
