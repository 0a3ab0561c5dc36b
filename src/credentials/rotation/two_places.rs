//! A rotation from a shell: the values stand in `repos.env`, and in a secret that is seeded from it,
//! if there is one.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use async_trait::async_trait;
use jiff::Timestamp;

use super::{RotationRecord, Step, Subject, Twilio, Which, names, previous};
use crate::clock::Clock;
use crate::credentials::exchange::{CredentialsFile, Exchange, ROTATION, VersionedSecret};
use crate::credentials::keyed_hash::random_hex;
use crate::credentials::values::Values;
use crate::domain::credentials::{ACCOUNT_SID, AUTH_TOKEN, PREVIOUS_NOT_AFTER};
use crate::twilio::access::{Failure, UNKNOWN_CREDENTIALS};

/// Whoever can wait.
#[async_trait]
pub trait Wait: Send + Sync {
    async fn until(&self, until: Timestamp, record: &RotationRecord);
}

/// The file with the record beside it, and the secret if there is one. The file is what pending
/// values are kept in, and what is switched last: as long as it is not, the rotation goes on.
pub struct TwoPlaces {
    pub file: Arc<dyn CredentialsFile>,
    pub secret: Option<Arc<dyn VersionedSecret>>,
    pub clock: Arc<dyn Clock>,
    pub wait: Arc<dyn Wait>,
    /// How long the old one stays alive after the switch.
    pub drain: Duration,
}

impl TwoPlaces {
    /// The record of an unfinished rotation.
    pub fn unfinished(&self) -> anyhow::Result<Option<RotationRecord>> {
        self.file.read_note(ROTATION)
    }

    /// Begins a rotation, if nothing stands against it.
    pub async fn begin(
        &self,
        subject: Subject,
        twilio: &Twilio<'_>,
    ) -> anyhow::Result<RotationRecord> {
        if let Some(unfinished) = self.unfinished()? {
            bail!(
                "a rotation of the {} that began at {} is not finished; go on with it with `relay secrets rotate --resume`",
                unfinished.subject.name(),
                unfinished.began,
            );
        }
        if let Some(exchange) = self.exchange()
            && !exchange.agree().await?
        {
            bail!(
                "the file {} and its secret do not hold the same; see `relay secrets diff`, and bring them together with `relay secrets seed` or `relay secrets pull` first",
                self.file.place()
            );
        }
        let values = self.file.values()?;
        for name in [ACCOUNT_SID, AUTH_TOKEN] {
            if values.filled(name).is_none() {
                bail!(
                    "{name} is missing from {}; keys and tokens are managed with the account's SID and auth token",
                    self.file.place()
                );
            }
        }
        let owner = twilio.accepts(Subject::AuthToken, &values, Which::InForce);
        if !owner.await? {
            return Err(Failure::Unauthorized(UNKNOWN_CREDENTIALS).into());
        }
        // Left from a rotation that is not on record any more.
        self.undo_pending(subject)?;
        let record = RotationRecord::begin(subject, &random_hex()?, &values, self.clock.now());
        self.file.write_note(ROTATION, &record)?;
        Ok(record)
    }

    /// Gives an unfinished rotation up. What it made is thrown away, unless it is in force already.
    pub async fn abandon(
        &self,
        record: &RotationRecord,
        twilio: &Twilio<'_>,
    ) -> anyhow::Result<()> {
        if record.step < Step::Switched {
            twilio.throw_away(record, &self.file.values()?).await?;
            self.undo_pending(record.subject)?;
        }
        self.file.set_note(ROTATION, None)
    }

    fn exchange(&self) -> Option<Exchange<'_>> {
        Some(Exchange {
            file: &*self.file,
            secret: self.secret.as_deref()?,
        })
    }

    pub(super) fn undo_pending(&self, subject: Subject) -> anyhow::Result<()> {
        self.file
            .edit(&mut |values| names::undo_pending(values, subject))
    }

    /// Puts the new values in force: in the secret, then in the file.
    pub(super) async fn switch(&self, record: &RotationRecord) -> anyhow::Result<()> {
        self.switch_secret(record).await?;
        self.file
            .edit(&mut |values| names::switch(values, record.subject, record.began))?;
        self.remember().await
    }

    /// Brings the secret to where the file is going to be.
    async fn switch_secret(&self, record: &RotationRecord) -> anyhow::Result<()> {
        let subject = record.subject;
        let Some(secret) = &self.secret else {
            return Ok(());
        };
        let before = self.file.values()?;
        let mut after = before.duplicate();
        names::switch(&mut after, subject, record.began);
        let current = secret.current().await?;
        let holds = |values: &Values| {
            let mut names = subject.names().iter();
            names.all(|name| current.values.get(name) == values.get(name))
        };
        if holds(&after) {
            return Ok(());
        }
        if !holds(&before) {
            bail!(
                "somebody else changed the {} in the secret {} meanwhile; nothing of theirs was overwritten. See `relay secrets diff`; give this rotation up with `relay secrets rotate {} --abandon`, then `relay secrets pull`",
                subject.name(),
                secret.id(),
                subject.argument(),
            );
        }
        let mut values = current.values;
        for name in subject.names() {
            values.copy_from(&after, name);
        }
        if subject == Subject::AuthToken {
            // Whoever reads the secret accepts signatures with both.
            values.copy_from(&after, &previous(AUTH_TOKEN));
            values.copy_from(&after, PREVIOUS_NOT_AFTER);
        }
        secret.replace(&current.version, &values).await?;
        Ok(())
    }

    /// Takes the old values out of the secret, then out of the file.
    pub(super) async fn forget(&self, subject: Subject) -> anyhow::Result<()> {
        if let Some(secret) = &self.secret {
            let current = secret.current().await?;
            let mut values = current.values.duplicate();
            names::forget(&mut values, subject);
            if values != current.values {
                secret.replace(&current.version, &values).await?;
            }
        }
        self.file
            .edit(&mut |values| names::forget(values, subject))?;
        self.remember().await
    }

    async fn remember(&self) -> anyhow::Result<()> {
        match self.exchange() {
            Some(exchange) => exchange.remember(&exchange.secret.current().await?.values),
            None => Ok(()),
        }
    }
}
