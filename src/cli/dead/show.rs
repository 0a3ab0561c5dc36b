use std::process::ExitCode;

use anyhow::bail;
use jiff::Timestamp;
use serde::Serialize;

use super::id;
use super::letter::{Letter, Waker, glance};
use super::replay::cascade;
use crate::app::dead_letters::{how_it_stands, plan};
use crate::app::ports::store::Store;
use crate::cli::candidates::DIM;
use crate::cli::deployment::RelayFlags;
use crate::cli::explain::moment::{AttemptShown, Shown};
use crate::cli::explain::words::{advice, outcome};
use crate::cli::output::{Unwritten, tell};
use crate::cli::show;
use crate::domain::delivery::Delivery;
use crate::printable::{printable, printable_lines};

#[derive(clap::Args)]
pub struct Show {
    /// The SID of the customer's text, or the delivery's id
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    relay: RelayFlags,
    #[command(flatten)]
    shown: Shown,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
pub struct Shows {
    #[serde(flatten)]
    pub letter: Letter,
    pub tries: Vec<AttemptShown>,
    /// From whom it went on, when and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub handed_over: Vec<Moved>,
    /// Who would get it now, in this order; or why nobody.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub would_go_to: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cannot_be_replayed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    wake_ups: Vec<Waker>,
}

#[derive(Serialize)]
pub struct Moved {
    pub at: Timestamp,
    pub from_person: String,
    pub because: &'static str,
}

/// What there is to be told of a delivery as a dead letter.
pub async fn shown(
    store: &dyn Store,
    delivery: &Delivery,
    how: Shown,
    now: Timestamp,
) -> anyhow::Result<Shows> {
    let planned = plan(store, delivery.clone(), now).await;
    Ok(Shows {
        letter: Letter::of(store, delivery, how.numbers).await?,
        tries: how.attempts(delivery),
        handed_over: moves(delivery),
        would_go_to: planned.as_ref().map(cascade).unwrap_or_default(),
        cannot_be_replayed: planned.err().map(|error| format!("{error:#}")),
        body: how.body.then(|| delivery.body.clone()),
        wake_ups: Vec::new(),
    })
}

impl Show {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let id = id(&self.id)?;
        let relay = self.relay.open(&[]).await?;
        let store = relay.store()?;
        let Some(delivery) = store.delivery(&id).await? else {
            bail!("there is no delivery {id}; `relay dead list` shows all dead letters");
        };
        let mut wake_ups = glance(relay.wake_ups().as_deref()).await?;
        wake_ups.retain(|waker| waker.delivery.as_ref() == Some(&id));
        if delivery.gave_up.is_none() && wake_ups.is_empty() {
            bail!(
                "{} is no dead letter: {}; `relay explain` tells its story",
                self.id,
                how_it_stands(&delivery)
            );
        }
        let shows = Shows {
            wake_ups,
            ..shown(store.as_ref(), &delivery, self.shown, now).await?
        };
        show::print(&shows, self.json, Shows::print)
    }
}

fn moves(delivery: &Delivery) -> Vec<Moved> {
    let moves = delivery.handed_over.iter().map(|hand_over| Moved {
        at: hand_over.at,
        from_person: hand_over.from.person.clone(),
        because: hand_over.because.in_words(),
    });
    moves.collect()
}

impl Shows {
    fn print(&self) -> Result<(), Unwritten> {
        self.letter.print()?;
        let body = self.body.as_deref().map(printable_lines);
        for row in body.iter().flat_map(|body| body.lines()) {
            tell!("  {DIM}│{DIM:#} {row}")?;
        }
        for AttemptShown {
            number,
            began,
            to_person,
            to,
            outcome: came_to,
            ..
        } in &self.tries
        {
            let began = self.letter.zone.show(*began);
            let came = outcome(came_to);
            tell!(
                "  attempt {number} to {to_person} ({to}), {began}: {}",
                printable(&came)
            )?;
            if let Some(advice) = advice(came_to) {
                tell!("    {advice}")?;
            }
        }
        for Moved {
            at,
            from_person,
            because,
        } in &self.handed_over
        {
            let at = self.letter.zone.show(*at);
            tell!("  moved on from {from_person}, {at}: {because}")?;
        }
        for waker in &self.wake_ups {
            waker.print()?;
        }
        match &self.cannot_be_replayed {
            Some(error) => tell!("  {}", printable(error))?,
            None => tell!(
                "  a replay would go to {}",
                self.would_go_to.join(", then ")
            )?,
        }
        match &self.letter.message_sid {
            Some(sid) => tell!("  {DIM}`relay explain {sid}` tells the whole story{DIM:#}"),
            None => Ok(()),
        }
    }
}
