//! A rotation from wherever it is to its end.

use std::time::Duration;

use anyhow::{Context, bail};
use async_trait::async_trait;
use jiff::Timestamp;

use super::names::pending;
use super::{Action, Journal, Proof, Step, Subject, Twilio, Which, next};
use crate::clock::Clock;
use crate::credentials::values::Values;
use crate::domain::credentials::{API_KEY, Secret};

/// A new key or a promotion may take a moment to be known everywhere at Twilio.
const SPREADS: Duration = Duration::from_secs(2);
const LOOKS: usize = 30;

/// Where the values stand and the record is kept. Whatever is done here is done wholly or not at
/// all, and doing it again changes nothing.
#[async_trait]
pub trait Places: Send + Sync {
    /// Old, current and new values, under their names.
    async fn values(&self) -> anyhow::Result<Values>;
    async fn keep_pending(&self, subject: Subject, values: &[Secret]) -> anyhow::Result<()>;
    async fn undo_pending(&self, subject: Subject) -> anyhow::Result<()>;
    /// Puts the new values in force everywhere, the last place last.
    async fn switch(&self, subject: Subject) -> anyhow::Result<()>;
    async fn forget(&self, subject: Subject) -> anyhow::Result<()>;
    async fn note(&self, journal: &Journal) -> anyhow::Result<()>;
    async fn close(&self) -> anyhow::Result<()>;
    /// Returns at `until`.
    async fn wait(&self, until: Timestamp, journal: &Journal);
}

/// Goes on with a rotation until it is done.
pub async fn run(
    twilio: &Twilio<'_>,
    places: &dyn Places,
    clock: &dyn Clock,
    drain: Duration,
    mut journal: Journal,
) -> anyhow::Result<()> {
    let subject = journal.subject;
    loop {
        let step = match next(&journal, drain, clock.now()) {
            Action::Mint => {
                mint(twilio, places, clock, &mut journal).await?;
                Step::Pending
            }
            Action::Verify => {
                verify(twilio, places, clock, &mut journal).await?;
                Step::Verified
            }
            Action::Switch => {
                places.switch(subject).await?;
                Step::Switched
            }
            Action::Wait(until) => {
                places.wait(until, &journal).await;
                continue;
            }
            Action::DeleteOld => {
                if journal.step == Step::Switched {
                    journal.reach(Step::Drained, clock.now());
                    places.note(&journal).await?;
                }
                let values = places.values().await?;
                twilio.delete_old(&journal, &values).await?;
                Step::OldDeleted
            }
            Action::ProveOldDead => {
                prove(twilio, places, clock, &journal).await?;
                Step::OldProvenDead
            }
            Action::Forget => {
                places.forget(subject).await?;
                return places.close().await;
            }
        };
        journal.reach(step, clock.now());
        places.note(&journal).await?;
    }
}

async fn mint(
    twilio: &Twilio<'_>,
    places: &dyn Places,
    clock: &dyn Clock,
    journal: &mut Journal,
) -> anyhow::Result<()> {
    let subject = journal.subject;
    let values = places.values().await?;
    // Kept, but not on record any more.
    if let Some(kept) = pending(&values, subject) {
        if subject == Subject::ApiKey {
            journal.new_key = kept.first().map(|sid| sid.expose().to_owned());
        }
        return Ok(());
    }
    let minted = twilio.mint(journal, &values).await?;
    journal.new_key = minted.key(subject);
    journal.reach(Step::Minted, clock.now());
    places.note(journal).await?;
    places.keep_pending(subject, &minted.0).await
}

/// Tries the new one. One that Twilio does not accept is taken back; nothing in force has changed
/// by then.
async fn verify(
    twilio: &Twilio<'_>,
    places: &dyn Places,
    clock: &dyn Clock,
    journal: &mut Journal,
) -> anyhow::Result<()> {
    let subject = journal.subject;
    let values = places.values().await?;
    for _ in 0..LOOKS {
        if twilio.accepts(subject, &values, Which::Next).await? {
            return Ok(());
        }
        places.wait(clock.now() + SPREADS, journal).await;
    }
    twilio.throw_away(journal, &values).await?;
    places.undo_pending(subject).await?;
    journal.new_key = None;
    journal.reach(Step::Begun, clock.now());
    places.note(journal).await?;
    bail!(
        "Twilio does not accept the new {} (HTTP 401, error 20003), so it was taken back; what is in force has not changed. Go on with --resume, which makes another",
        subject.name()
    )
}

async fn prove(
    twilio: &Twilio<'_>,
    places: &dyn Places,
    clock: &dyn Clock,
    journal: &Journal,
) -> anyhow::Result<()> {
    let subject = journal.subject;
    let values = places.values().await?;
    for _ in 0..LOOKS {
        if twilio.prove(subject, &values).await? == Proof::Dead {
            return Ok(());
        }
        places.wait(clock.now() + SPREADS, journal).await;
    }
    bail!(
        "Twilio still accepts the old {}; go on with --resume in a few minutes. If that does not help, end it in Twilio's console",
        subject.name()
    )
}

/// The record of a rotation that begins now.
pub fn begin(subject: Subject, id: &str, values: &Values, now: Timestamp) -> Journal {
    let old_key = match subject {
        Subject::ApiKey => values.get(API_KEY).map(|sid| sid.expose().to_owned()),
        Subject::AuthToken => None,
    };
    let old_key = old_key.filter(|sid| !sid.is_empty());
    Journal::begin(subject, id, old_key, now)
}

/// A name for a rotation that no other has.
pub fn new_id() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(anyhow::Error::from)
        .context("there is no randomness to name the rotation with")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
