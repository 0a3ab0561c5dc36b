//! A rotation from a shell: the values stand in `repos.env`, and in a secret that is seeded from it,
//! if there is one.

use std::sync::Arc;

use anyhow::bail;
use async_trait::async_trait;
use jiff::Timestamp;

use super::{Journal, Places, Slots, Step, Subject, Twilio, Which, names};
use crate::credentials::exchange::{EditableFile, Exchange, ROTATION_NOTE};
use crate::credentials::notes::Notes;
use crate::credentials::secrets_manager::SecretStore;
use crate::credentials::values::Values;
use crate::domain::credentials::{ACCOUNT_SID, AUTH_TOKEN, PREVIOUS_NOT_AFTER, Secret};
use crate::twilio::access::{Failure, UNKNOWN_CREDENTIALS};

/// Whoever can wait.
#[async_trait]
pub trait Wait: Send + Sync {
    async fn until(&self, until: Timestamp, journal: &Journal);
}

/// The file, the secret if there is one, and the record beside the file. The file is what pending
/// values are kept in, and what is switched last: as long as it is not, the rotation goes on.
pub struct TwoPlaces {
    pub file: Arc<dyn EditableFile>,
    pub secret: Option<SecretStore>,
    pub notes: Notes,
    pub wait: Arc<dyn Wait>,
}

impl TwoPlaces {
    /// The record of an unfinished rotation.
    pub fn unfinished(&self) -> anyhow::Result<Option<Journal>> {
        self.notes.read(ROTATION_NOTE)
    }

    /// Begins a rotation, if nothing stands against it.
    pub async fn begin(
        &self,
        subject: Subject,
        twilio: &Twilio<'_>,
        now: Timestamp,
    ) -> anyhow::Result<Journal> {
        if let Some(unfinished) = self.unfinished()? {
            bail!(
                "a rotation of the {} that began at {} is not finished; go on with it with `relay secrets rotate --resume`",
                unfinished.subject.name(),
                unfinished.began,
            );
        }
        if !self.agree().await? {
            bail!(
                "the file {} and its secret do not hold the same; see `relay secrets diff`, and bring them together with `relay secrets seed` or `relay secrets pull` first",
                self.file.place()
            );
        }
        let values = self.file.values()?;
        for name in [ACCOUNT_SID, AUTH_TOKEN] {
            if values
                .get(name)
                .is_none_or(|value| value.expose().is_empty())
            {
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
        self.undo_pending(subject).await?;
        let journal = super::begin(subject, &super::new_id()?, &values, now);
        self.note(&journal).await?;
        Ok(journal)
    }

    /// Gives an unfinished rotation up. What it made is thrown away, unless it is in force already.
    pub async fn abandon(&self, journal: &Journal, twilio: &Twilio<'_>) -> anyhow::Result<()> {
        if journal.step < Step::Switched {
            let values = self.file.values()?;
            twilio.throw_away(journal, &values).await?;
            self.undo_pending(journal.subject).await?;
        }
        self.close().await
    }

    /// Whether the secret holds what the file holds; so it is without a secret.
    pub async fn agree(&self) -> anyhow::Result<bool> {
        match self.exchange() {
            Some(exchange) => exchange.agree().await,
            None => Ok(true),
        }
    }

    fn exchange(&self) -> Option<Exchange<'_>> {
        Some(Exchange {
            file: &*self.file,
            secret: self.secret.as_ref()?,
            notes: &self.notes,
        })
    }

    fn edit(&self, change: impl Fn(&mut dyn Slots) -> anyhow::Result<()>) -> anyhow::Result<()> {
        self.file.edit(&mut |slots| change(slots))
    }

    /// Brings the secret to where the file is going to be.
    async fn switch_secret(&self, subject: Subject) -> anyhow::Result<()> {
        let Some(secret) = &self.secret else {
            return Ok(());
        };
        let before = self.file.values()?;
        let mut after = before.duplicate();
        names::switch(&mut after, subject)?;
        let current = secret.current().await?;
        if same(&current.values, &after, subject) {
            return Ok(());
        }
        if !same(&current.values, &before, subject) {
            bail!(
                "somebody else changed the {} in the secret {} meanwhile; nothing of theirs was overwritten. See `relay secrets diff`; give this rotation up with `relay secrets rotate {} --abandon`, then `relay secrets pull`",
                subject.name(),
                secret.id(),
                subject.argument(),
            );
        }
        let mut values = current.values;
        for name in subject.names() {
            if let Some(value) = after.get(name) {
                values.set(name, copy(value));
            }
        }
        if subject == Subject::AuthToken {
            // Whoever reads the secret accepts signatures with both.
            let name = names::previous(AUTH_TOKEN);
            if let Some(old) = after.get(&name) {
                values.set(&name, copy(old));
            }
            values.remove(PREVIOUS_NOT_AFTER);
        }
        secret.replace(&current.version, &values).await?;
        Ok(())
    }

    async fn forget_in_secret(&self, subject: Subject) -> anyhow::Result<()> {
        let Some(secret) = &self.secret else {
            return Ok(());
        };
        let current = secret.current().await?;
        let mut values = current.values.duplicate();
        names::forget(&mut values, subject);
        if *values.to_json() != *current.values.to_json() {
            secret.replace(&current.version, &values).await?;
        }
        Ok(())
    }

    async fn remember(&self) -> anyhow::Result<()> {
        if let Some(exchange) = self.exchange() {
            let current = exchange.secret.current().await?;
            exchange.remember(&current.version, &self.file.values()?, &current.values)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Places for TwoPlaces {
    async fn values(&self) -> anyhow::Result<Values> {
        self.file.values()
    }

    async fn keep_pending(&self, subject: Subject, values: &[Secret]) -> anyhow::Result<()> {
        let values: Vec<_> = values.iter().collect();
        self.edit(|slots| names::keep_pending(slots, subject, &values))
    }

    async fn undo_pending(&self, subject: Subject) -> anyhow::Result<()> {
        self.edit(|slots| {
            names::undo_pending(slots, subject);
            Ok(())
        })
    }

    async fn switch(&self, subject: Subject) -> anyhow::Result<()> {
        self.switch_secret(subject).await?;
        self.edit(|slots| names::switch(slots, subject))?;
        self.remember().await
    }

    async fn forget(&self, subject: Subject) -> anyhow::Result<()> {
        self.forget_in_secret(subject).await?;
        self.edit(|slots| {
            names::forget(slots, subject);
            Ok(())
        })?;
        self.remember().await
    }

    async fn note(&self, journal: &Journal) -> anyhow::Result<()> {
        self.notes.write(ROTATION_NOTE, journal)
    }

    async fn close(&self) -> anyhow::Result<()> {
        self.notes.remove(ROTATION_NOTE)
    }

    async fn wait(&self, until: Timestamp, journal: &Journal) {
        self.wait.until(until, journal).await;
    }
}

fn same(one: &Values, other: &Values, subject: Subject) -> bool {
    let mut names = subject.names().iter();
    names.all(|name| one.get(name).map(Secret::expose) == other.get(name).map(Secret::expose))
}

fn copy(value: &Secret) -> Secret {
    Secret::new(value.expose())
}
