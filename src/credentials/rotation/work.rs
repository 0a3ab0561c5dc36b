//! What a rotation asks of Twilio. Each of these may be done again after it was cut off.

use anyhow::{Context, bail};

use super::names::next;
use super::{RotationRecord, Subject, previous};
use crate::credentials::values::Values;
use crate::domain::credentials::{ACCOUNT_SID, API_KEY, API_SECRET, AUTH_TOKEN, Secret};
use crate::twilio::access::{Access, Failure, KeyType, Promoted};
use crate::twilio::api::Login;

/// Which of the values that stand side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    InForce,
    Next,
    Previous,
}

impl Which {
    fn name(self, name: &str) -> String {
        match self {
            Which::InForce => name.to_owned(),
            Which::Next => next(name),
            Which::Previous => previous(name),
        }
    }
}

/// Twilio, and what kind of key to make there.
pub struct Twilio<'a> {
    pub access: &'a Access,
    pub key_type: KeyType,
}

impl Twilio<'_> {
    /// Makes a new one; its values, in the order of the subject's names. What an earlier attempt of
    /// the same rotation made is thrown away first: its secret was told once, to somebody who is
    /// gone.
    pub async fn mint(
        &self,
        record: &RotationRecord,
        values: &Values,
    ) -> anyhow::Result<Vec<Secret>> {
        let (account, login) = owner(values)?;
        match record.subject {
            Subject::ApiKey => {
                self.throw_away(record, values).await?;
                let name = record.key_name();
                let made = self.access.create_key(login, account, &name, self.key_type);
                let made = made.await.context("no new API key was made")?;
                Ok(vec![Secret::new(made.sid), made.secret])
            }
            Subject::AuthToken => {
                let thrown = self.access.delete_secondary(login).await;
                thrown.context("an earlier secondary auth token was not deleted")?;
                let made = self.access.create_secondary(login).await;
                Ok(vec![made.context("no secondary auth token was made")?])
            }
        }
    }

    /// Deletes the keys that the rotation made.
    pub async fn throw_away(&self, record: &RotationRecord, values: &Values) -> anyhow::Result<()> {
        let (account, login) = owner(values)?;
        if record.subject == Subject::AuthToken {
            return Ok(self.access.delete_secondary(login).await?);
        }
        let keys = self.access.keys(login, account).await;
        let keys = keys.context("the API keys cannot be listed")?;
        let ours = |name: &str| name.starts_with("relay/") && name.ends_with(&record.id);
        for key in keys.iter().filter(|key| ours(&key.friendly_name)) {
            let deleted = self.access.delete_key(login, account, &key.sid).await;
            deleted.context("an API key of an earlier attempt was not deleted")?;
        }
        Ok(())
    }

    /// Whether Twilio accepts the values of the subject; those that are not there, it does not.
    pub async fn accepts(
        &self,
        subject: Subject,
        values: &Values,
        which: Which,
    ) -> anyhow::Result<bool> {
        let account = required(values, ACCOUNT_SID)?;
        let (user, password) = match subject {
            Subject::ApiKey => (values.filled(&which.name(API_KEY)), API_SECRET),
            Subject::AuthToken => (Some(account), AUTH_TOKEN),
        };
        let password = values.filled(&which.name(password));
        let (Some(user), Some(password)) = (user, password) else {
            return Ok(false);
        };
        let login = Login {
            user: user.expose(),
            password,
        };
        Ok(self.access.accepts(login, account.expose()).await?)
    }

    /// Which of the permissions that calls need the API key does not have.
    pub async fn key_lacks_for_calls(&self, values: &Values) -> anyhow::Result<Vec<&'static str>> {
        let account = required(values, ACCOUNT_SID)?;
        let (user, password) = (required(values, API_KEY)?, required(values, API_SECRET)?);
        let login = Login {
            user: user.expose(),
            password,
        };
        let lacks = self.access.lacks_for_calls(login, account.expose());
        Ok(lacks.await?)
    }

    /// Ends the old one, after the new one was put in force.
    pub async fn delete_old(&self, record: &RotationRecord, values: &Values) -> anyhow::Result<()> {
        let (account, login) = owner(values)?;
        match record.subject {
            Subject::ApiKey => {
                let in_force = required(values, API_KEY)?.expose();
                if record.new_key.as_deref() != Some(in_force) {
                    bail!(
                        "{API_KEY} is not the key that this rotation made: somebody else changed it meanwhile. Nothing was deleted; see which keys there are in Twilio's console, and begin again with `relay secrets rotate api-key --abandon`"
                    );
                }
                match &record.old_key {
                    Some(old) if old != in_force => {
                        let deleted = self.access.delete_key(login, account, old).await;
                        deleted.context("the old API key was not deleted")
                    }
                    _ => Ok(()),
                }
            }
            Subject::AuthToken => match self.access.promote(login).await {
                // It was promoted before, or somebody threw it away: the proof tells.
                Ok(Promoted::Now | Promoted::NothingToPromote) => Ok(()),
                // The new one is what asks; Twilio does not know it any more.
                Err(error @ Failure::Unauthorized(_)) => Err(error).context(
                    "the new auth token is void before it was promoted: somebody deleted the secondary token in Twilio's console. Put the one that is in force there back with `relay secrets add --replace TWILIO_AUTH_TOKEN`, then `relay secrets rotate auth-token --abandon`",
                ),
                Err(error) => Err(error).context("the new auth token was not promoted"),
            },
        }
    }

    /// Looks whether the old one is dead. That the new one is alive is part of it: an account that is
    /// suspended, or a wrong address, refuses everything.
    pub async fn old_is_dead(&self, subject: Subject, values: &Values) -> anyhow::Result<bool> {
        let name = subject.name();
        let new = self.accepts(subject, values, Which::InForce).await;
        if !new.with_context(|| format!("the new {name} cannot be tried"))? {
            bail!(
                "Twilio does not accept the new {name} (HTTP 401, error 20003), so nothing is proven of the old one; look into Twilio's console whether the account is active and the {name} is there, then go on with --resume"
            );
        }
        let old = self.accepts(subject, values, Which::Previous).await;
        Ok(!old.with_context(|| format!("the old {name} cannot be tried"))?)
    }
}

/// Who may make keys and tokens: the account itself.
fn owner(values: &Values) -> anyhow::Result<(&str, Login<'_>)> {
    let user = required(values, ACCOUNT_SID)?.expose();
    let password = required(values, AUTH_TOKEN)?;
    Ok((user, Login { user, password }))
}

fn required<'a>(values: &'a Values, name: &str) -> anyhow::Result<&'a Secret> {
    values.filled(name).with_context(|| {
        format!("{name} is missing; a rotation needs the account's SID and auth token")
    })
}
