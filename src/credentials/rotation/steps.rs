//! A rotation from wherever it is to its end.

use std::time::Duration;

use anyhow::bail;

use super::names::pending;
use super::{LATE_WEBHOOKS, RotationRecord, Step, Subject, Twilio, TwoPlaces, Which, keep_pending};
use crate::credentials::exchange::ROTATION;

/// A new key or a promotion may take a moment to be known everywhere at Twilio.
const SPREADS: Duration = Duration::from_secs(2);
const LOOKS: usize = 30;

impl TwoPlaces {
    /// Goes on with a rotation until it is done. Every step may be done again: it changes nothing
    /// then.
    pub async fn run(&self, twilio: &Twilio<'_>, mut record: RotationRecord) -> anyhow::Result<()> {
        let subject = record.subject;
        loop {
            let step = match record.step {
                Step::Begun | Step::Minted => {
                    self.mint(twilio, &mut record).await?;
                    Step::Pending
                }
                Step::Pending => {
                    self.verify(twilio, &mut record).await?;
                    Step::Verified
                }
                Step::Verified => {
                    self.switch(&record).await?;
                    Step::Switched
                }
                Step::Switched => {
                    self.wait_after(&record, self.drain).await;
                    Step::Drained
                }
                Step::Drained => {
                    twilio.delete_old(&record, &self.file.values()?).await?;
                    Step::OldDeleted
                }
                Step::OldDeleted => {
                    self.prove(twilio, &record).await?;
                    Step::OldProvenDead
                }
                Step::OldProvenDead => {
                    if subject == Subject::AuthToken {
                        let late = LATE_WEBHOOKS.min(self.drain);
                        self.wait_after(&record, late).await;
                    }
                    self.forget(subject).await?;
                    return self.file.set_note(ROTATION, None);
                }
            };
            record.reach(step, self.clock.now());
            self.file.write_note(ROTATION, &record)?;
        }
    }

    async fn mint(&self, twilio: &Twilio<'_>, record: &mut RotationRecord) -> anyhow::Result<()> {
        let subject = record.subject;
        let values = self.file.values()?;
        // Kept, but not on record any more.
        if let Some(kept) = pending(&values, subject) {
            record.new_key = subject.sid(kept.first().copied());
            return Ok(());
        }
        let new = twilio.mint(record, &values).await?;
        record.new_key = subject.sid(new.first());
        record.reach(Step::Minted, self.clock.now());
        self.file.write_note(ROTATION, record)?;
        self.file
            .edit(&mut |values| keep_pending(values, subject, &new))
    }

    /// Tries the new one. One that Twilio does not accept is taken back; nothing in force has changed
    /// by then.
    async fn verify(&self, twilio: &Twilio<'_>, record: &mut RotationRecord) -> anyhow::Result<()> {
        let subject = record.subject;
        let values = self.file.values()?;
        let is_accepted = async || twilio.accepts(subject, &values, Which::Next).await;
        if self.becomes_true(record, is_accepted).await? {
            return Ok(());
        }
        twilio.throw_away(record, &values).await?;
        self.undo_pending(subject)?;
        record.new_key = None;
        record.reach(Step::Begun, self.clock.now());
        self.file.write_note(ROTATION, record)?;
        bail!(
            "Twilio does not accept the new {} (HTTP 401, error 20003), so it was taken back; what is in force has not changed. Go on with --resume, which makes another",
            subject.name()
        )
    }

    async fn prove(&self, twilio: &Twilio<'_>, record: &RotationRecord) -> anyhow::Result<()> {
        let values = self.file.values()?;
        let is_dead = async || twilio.old_is_dead(record.subject, &values).await;
        if self.becomes_true(record, is_dead).await? {
            return Ok(());
        }
        bail!(
            "Twilio still accepts the old {}; go on with --resume in a few minutes. If that does not help, end it in Twilio's console",
            record.subject.name()
        )
    }

    /// Asks again for a minute.
    async fn becomes_true(
        &self,
        record: &RotationRecord,
        ask: impl AsyncFn() -> anyhow::Result<bool>,
    ) -> anyhow::Result<bool> {
        for _ in 0..LOOKS {
            if ask().await? {
                return Ok(true);
            }
            self.wait.until(self.clock.now() + SPREADS, record).await;
        }
        Ok(false)
    }

    /// Returns once so much time has passed since the step was reached.
    async fn wait_after(&self, record: &RotationRecord, time: Duration) {
        let until = record.at + time;
        while self.clock.now() < until {
            self.wait.until(until, record).await;
        }
    }
}
