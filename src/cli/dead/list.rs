use std::process::ExitCode;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;

use super::letter::{Letter, Waker, glance};
use super::{Filter, count};
use crate::app::dead_letters::{Wanted, letters};
use crate::app::ports::store::Store;
use crate::cli::deployment::RelayFlags;
use crate::cli::output::tell;
use crate::cli::show;

#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    relay: RelayFlags,
    /// Show telephone numbers in full
    #[arg(long)]
    numbers: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listed {
    texts: Vec<Letter>,
    wake_ups: Vec<Waker>,
}

/// How many texts are looked up at once.
const AT_ONCE: usize = 16;

/// The dead letters, longest dead first.
pub async fn all(store: &dyn Store, wanted: Wanted, numbers: bool) -> anyhow::Result<Vec<Letter>> {
    let deliveries = letters(store, wanted).await?;
    stream::iter(deliveries)
        .map(|delivery| async move { Letter::of(store, &delivery, numbers).await })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

impl List {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let wanted = self.filter.wanted(now)?;
        let relay = self.relay.open(&[]).await?;
        let store = relay.store()?;
        let texts = all(store.as_ref(), wanted, self.numbers).await?;
        let mut wake_ups = glance(relay.wake_ups().as_deref()).await?;
        wake_ups.retain(|waker| waker.is_among(wanted));
        let listed = Listed { texts, wake_ups };
        show::print(&listed, self.json, |listed| {
            for text in &listed.texts {
                text.print()?;
            }
            for waker in &listed.wake_ups {
                waker.print()?;
            }
            let (texts, wake_ups) = (listed.texts.len(), listed.wake_ups.len());
            match texts + wake_ups {
                0 if wanted.everything() => tell!("there are no dead letters"),
                0 => tell!("no dead letter is like that; `relay dead list` shows all there are"),
                _ => {
                    let count = count(texts, wake_ups);
                    tell!("\n{count}; `relay dead replay` has them tried again")
                }
            }
        })
    }
}
