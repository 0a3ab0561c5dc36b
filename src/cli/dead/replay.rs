use std::process::ExitCode;

use anyhow::{anyhow, bail};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;

use super::letter::{MOST_WAKE_UPS, Waker};
use super::{ByHand, Failed, Filter, count, ids};
use crate::app::dead_letters::{Wanted, letters, plan, replay};
use crate::app::ports::queue::send_again;
use crate::cli::WrongUsage;
use crate::cli::deployment::Deployment;
use crate::cli::output::tell;
use crate::domain::delivery::{Delivery, State};
use crate::domain::ids::DeliveryId;
use crate::printable::printable;

#[derive(clap::Args)]
pub struct Replay {
    /// SIDs of customers' texts, or deliveries' ids
    #[arg(
        value_name = "ID",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    ids: Vec<String>,
    /// All dead letters, or all that are like --older-than and --error say
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    filter: Filter,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    by_hand: ByHand,
}

/// What a replay comes to.
#[derive(Serialize, Default)]
struct Done {
    dry_run: bool,
    texts: Vec<Replayed>,
    wake_ups: Vec<DeliveryId>,
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Replayed {
    delivery: DeliveryId,
    /// Who gets it, in this order.
    to: Vec<String>,
    next: &'static str,
}

/// How many texts are replayed at once.
const AT_ONCE: usize = 16;

impl Replay {
    pub async fn run(self, now: Timestamp) -> anyhow::Result<ExitCode> {
        let wanted = self.filter.wanted(now)?;
        if !self.all && !wanted.everything() {
            let add = "--older-than and --error choose among all dead letters; add --all";
            return Err(WrongUsage(add.to_owned()).into());
        }
        let ids = ids(&self.ids)?;
        let needed = if self.dry_run {
            &[]
        } else {
            &ByHand::NEEDED[..]
        };
        let relay = self.by_hand.relay.open(needed).await?;
        let wake_ups = self.hold(&relay, &ids, wanted).await?;
        let planned = self.plan(&relay, ids, &wake_ups, wanted, now).await?;
        if self.dry_run || planned.texts.is_empty() && wake_ups.is_empty() {
            leave(&relay, &wake_ups).await?;
            return self.show(&planned, &relay);
        }
        let texts: Vec<_> = planned
            .texts
            .iter()
            .map(|text| text.in_words("would be "))
            .collect();
        let question = format!("Replay {}?", count(texts.len(), wake_ups.len()));
        let confirmed = self.by_hand.confirms(&texts, &question);
        if !matches!(confirmed, Ok(true)) {
            leave(&relay, &wake_ups).await?;
            confirmed?;
            bail!("nothing was replayed");
        }
        let done = replay_all(&relay, planned, wake_ups, now).await?;
        self.show(&done, &relay)
    }

    /// The wake-ups that are meant; the others are let go.
    async fn hold(
        &self,
        relay: &Deployment,
        ids: &[DeliveryId],
        wanted: Wanted,
    ) -> anyhow::Result<Vec<Waker>> {
        let Some(place) = relay.wake_ups() else {
            return Ok(Vec::new());
        };
        let is_meant = |waker: &Waker| match &waker.delivery {
            None => false,
            Some(_) if self.all => waker.is_among(wanted),
            Some(delivery) => ids.contains(delivery),
        };
        let found = place.hold(MOST_WAKE_UPS).await?.into_iter().map(Waker::of);
        let (meant, others): (Vec<_>, Vec<_>) = found.partition(is_meant);
        leave(relay, &others).await?;
        Ok(meant)
    }

    /// What would be done; changes nothing.
    async fn plan(
        &self,
        relay: &Deployment,
        ids: Vec<DeliveryId>,
        wake_ups: &[Waker],
        wanted: Wanted,
        now: Timestamp,
    ) -> anyhow::Result<Done> {
        let mut done = Done {
            dry_run: self.dry_run,
            wake_ups: wake_ups.iter().filter_map(|w| w.delivery.clone()).collect(),
            ..Done::default()
        };
        let store = relay.store()?;
        let mut deliveries = Vec::new();
        if self.all {
            deliveries = letters(store.as_ref(), wanted).await?;
        }
        for id in ids {
            match store.delivery(&id).await? {
                // Its wake-up is what is replayed.
                Some(delivery) if delivery.gave_up.is_none() && done.wake_ups.contains(&id) => {}
                Some(delivery) => deliveries.push(delivery),
                None => done.add(id.clone(), Err(anyhow!("there is no delivery {id}"))),
            }
        }
        for delivery in deliveries {
            let id = delivery.id.clone();
            done.add(id, plan(store.as_ref(), delivery, now).await);
        }
        Ok(done)
    }

    fn show(&self, done: &Done, relay: &Deployment) -> anyhow::Result<ExitCode> {
        let would = if self.dry_run { "would be " } else { "" };
        self.by_hand.show(done, &done.failed, "replayed", |done| {
            for text in &done.texts {
                tell!("{}", text.in_words(would))?;
            }
            for delivery in &done.wake_ups {
                tell!("{delivery} {would}woken")?;
            }
            let (texts, wake_ups) = (done.texts.len(), done.wake_ups.len());
            if texts + wake_ups == 0 {
                return match done.failed[..] {
                    [] => tell!("there is nothing to replay"),
                    _ => Ok(()),
                };
            }
            let count = count(texts, wake_ups);
            if self.dry_run {
                return tell!("{count} would be replayed");
            }
            let hears = if relay.is_one_machine() {
                "within seconds, if `relay dev` or `relay serve` runs"
            } else {
                "now"
            };
            tell!("replayed {count}; the relay hears of it {hears}")
        })
    }
}

async fn replay_all(
    relay: &Deployment,
    planned: Done,
    wake_ups: Vec<Waker>,
    now: Timestamp,
) -> anyhow::Result<Done> {
    let place = relay.wake_ups();
    let relay = relay.relay("relay-dead")?;
    let mut done = Done {
        failed: planned.failed,
        ..Done::default()
    };
    let replays = planned.texts.into_iter().map(async |text| {
        let replayed = replay(&relay, &text.delivery).await;
        (text.delivery, replayed)
    });
    let replays: Vec<_> = stream::iter(replays).buffered(AT_ONCE).collect().await;
    for (id, replayed) in replays {
        done.add(id, replayed);
    }
    for waker in wake_ups {
        let (Some(id), Some(place)) = (waker.delivery, &place) else {
            continue;
        };
        match send_again(place.as_ref(), relay.queue.as_ref(), &waker.dead, now).await {
            Ok(()) => done.wake_ups.push(id),
            Err(error) => done.add(id, Err(error.context("its wake-up"))),
        }
    }
    Ok(done)
}

impl Done {
    fn add(&mut self, delivery: DeliveryId, replayed: anyhow::Result<Delivery>) {
        match replayed {
            Ok(next) => self.texts.push(Replayed {
                delivery,
                to: cascade(&next),
                next: match next.state {
                    State::Delivered => "known to have arrived after all",
                    State::Unknown { .. } | State::Accepted { .. } => {
                        "looked up at Twilio, which may have it"
                    }
                    _ => "sent",
                },
            }),
            Err(error) => self.failed.push(Failed::of(delivery, &error)),
        }
    }
}

impl Replayed {
    fn in_words(&self, would: &str) -> String {
        let Self { delivery, to, next } = self;
        let to = printable(&to.join(", then "));
        format!("{delivery} {would}{next} → {to}")
    }
}

/// Who gets a delivery, in this order.
pub fn cascade(delivery: &Delivery) -> Vec<String> {
    let mut people = vec![delivery.to.person.clone()];
    for next in &delivery.remaining {
        if !people.contains(&next.person) {
            people.push(next.person.clone());
        }
    }
    people
}

async fn leave(relay: &Deployment, wake_ups: &[Waker]) -> anyhow::Result<()> {
    let Some(place) = relay.wake_ups() else {
        return Ok(());
    };
    let dead: Vec<_> = wake_ups.iter().map(|waker| waker.dead.clone()).collect();
    place.release(&dead).await
}
