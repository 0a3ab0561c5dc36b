//! The rotation of Twilio's credentials in the cloud. Secrets Manager asks for four steps; the old
//! key is ended by none of them, but later and by a schedule, when nobody has it kept any more.
//!
//! Source: AWS, "Rotation by Lambda function": the steps, and that each may come several times.

use std::sync::Arc;

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::credentials::exchange::{Stored, VersionedSecret};
use crate::credentials::rotation::{
    self, LATE_WEBHOOKS, LONG_DRAIN, RotationRecord, Step, Subject, Twilio, Which,
};
use crate::credentials::rotation_record::RECORD;
use crate::credentials::secrets_manager::SecretStore;
use crate::credentials::values::Values;
use crate::domain::credentials::{API_KEY, PREVIOUS_NOT_AFTER, Secret};
use crate::twilio::access::{Access, KeyType};

/// What the function works with.
pub struct Rotator {
    pub secret: SecretStore,
    pub access: Access,
    pub subject: Subject,
    pub key_type: KeyType,
    pub clock: Arc<dyn Clock>,
}

/// What the function is invoked with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Event {
    #[serde(rename_all = "PascalCase")]
    Step {
        step: SecretsManagersStep,
        secret_id: String,
        /// The id of the version that the rotation makes.
        client_request_token: String,
    },
    /// `{"finish": true}`, by schedule.
    Finish { finish: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::enum_variant_names)]
pub enum SecretsManagersStep {
    CreateSecret,
    SetSecret,
    TestSecret,
    FinishSecret,
}

/// What the function did, for its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    Created,
    /// Keys and secondary tokens work at Twilio from the moment in which they are made.
    NothingToSet,
    Tested,
    Switched,
    /// Nothing of a rotation is left to do.
    NothingToFinish,
    /// The old one lives on until then.
    NotBefore(Timestamp),
    OldProvenDead,
    /// The old token is gone from the secret, too.
    Forgotten,
}

/// Answers one event. An error means that it has to come again.
pub async fn handle(rotator: &Rotator, event: Event) -> anyhow::Result<Done> {
    match event {
        Event::Finish { finish: true } => finish(rotator).await,
        Event::Finish { finish: false } => bail!("the schedule sends {{\"finish\": true}}"),
        Event::Step {
            step,
            secret_id,
            client_request_token: version,
        } => {
            if secret_id != rotator.secret.id() {
                bail!(
                    "the event is for the secret {secret_id}, and this function rotates {} alone; set the rotation of the other secret to its own function",
                    rotator.secret.id()
                );
            }
            match step {
                SecretsManagersStep::CreateSecret => create(rotator, &version).await,
                SecretsManagersStep::SetSecret => Ok(Done::NothingToSet),
                SecretsManagersStep::TestSecret => test(rotator, &version).await,
                SecretsManagersStep::FinishSecret => switch(rotator, &version).await,
            }
        }
    }
}

impl Rotator {
    fn twilio(&self) -> Twilio<'_> {
        Twilio {
            access: &self.access,
            key_type: self.key_type,
        }
    }
}

/// Makes the new one and keeps it as the pending version.
async fn create(rotator: &Rotator, version: &str) -> anyhow::Result<Done> {
    if rotator.secret.pending(version).await?.is_some() {
        return Ok(Done::Created);
    }
    let Stored {
        version: current,
        mut values,
        ..
    } = rotator.secret.current().await?;
    if current == version {
        return Ok(Done::Created);
    }
    if record(&values)?.is_some() {
        bail!(
            "the rotation before this one is not finished: its old {} is still alive. The schedule ends it about an hour after the switch; begin this one again then",
            rotator.subject.name()
        );
    }
    let (subject, now) = (rotator.subject, rotator.clock.now());
    let mut record = RotationRecord::begin(subject, version, &values, now);
    let new = rotator.twilio().mint(&record, &values).await?;
    record.new_key = subject.sid(new.first());
    record.reach(Step::Pending, rotator.clock.now());
    rotation::keep_pending(&mut values, subject, &new);
    rotation::switch(&mut values, subject, record.began);
    values.set_other(RECORD, serde_json::to_value(&record)?);
    rotator.secret.put_pending(version, &values).await?;
    Ok(Done::Created)
}

/// Tries the pending version. It may be one that `create` did not make: when a schedule is set up,
/// Secrets Manager tests the function with a copy of the current version.
async fn test(rotator: &Rotator, version: &str) -> anyhow::Result<Done> {
    let pending = match rotator.secret.pending(version).await? {
        Some(pending) => pending,
        None => {
            let current = rotator.secret.current().await?;
            if current.version != version {
                bail!(
                    "the version {version} is neither pending nor current; begin the rotation again"
                );
            }
            current
        }
    };
    let twilio = rotator.twilio();
    let accepted = twilio.accepts(rotator.subject, &pending.values, Which::InForce);
    if !accepted.await? {
        bail!(
            "Twilio does not accept the pending {} (HTTP 401, error 20003); Secrets Manager tries again, and what is in force has not changed",
            rotator.subject.name()
        );
    }
    Ok(Done::Tested)
}

/// Puts the pending version in force, unless somebody changed the current one meanwhile.
async fn switch(rotator: &Rotator, version: &str) -> anyhow::Result<Done> {
    let current = rotator.secret.current().await?;
    if current.version == version {
        rotator.secret.end_pending(&current).await?;
        return Ok(Done::Switched);
    }
    let pending = rotator.secret.pending(version).await?;
    let pending = pending.with_context(|| format!("the version {version} is not pending"))?;
    for name in rotator.subject.names() {
        if pending.values.get(&rotation::previous(name)) != current.values.get(name) {
            bail!(
                "somebody else changed {name} in the secret {} since the rotation began; nothing of theirs was overwritten. Take the stage AWSPENDING off the version {version} (`aws secretsmanager update-secret-version-stage`) and begin the rotation again",
                rotator.secret.id()
            );
        }
    }
    let seen = &current.version;
    rotator.secret.make_current(version, seen).await?;
    rotator.secret.end_pending(&pending).await?;
    Ok(Done::Switched)
}

/// Ends the old one if nobody can have it kept any more.
async fn finish(rotator: &Rotator) -> anyhow::Result<Done> {
    let now = rotator.clock.now();
    let current = rotator.secret.current().await?;
    let Some(record) = record(&current.values)? else {
        return forget_token(rotator, current, now).await;
    };
    // When the version was put in force is not on record, but nothing was changed after that.
    let changed = rotator.secret.changed().await?;
    let switched = changed.max(current.created).unwrap_or(now);
    let until = switched.max(record.at) + LONG_DRAIN;
    if now < until {
        return Ok(Done::NotBefore(until));
    }
    let (subject, twilio) = (record.subject, rotator.twilio());
    twilio.delete_old(&record, &current.values).await?;
    if !twilio.old_is_dead(subject, &current.values).await? {
        bail!(
            "Twilio still accepts the old {}; the next run looks again",
            subject.name()
        );
    }
    let mut values = current.values;
    match subject {
        Subject::ApiKey => rotation::forget(&mut values, subject),
        Subject::AuthToken => {
            let until = (now + LATE_WEBHOOKS).to_string();
            values.set(PREVIOUS_NOT_AFTER, Secret::new(until));
        }
    }
    values.remove(RECORD);
    rotator.secret.replace(&current.version, &values).await?;
    tracing::info!(
        old_key = record.old_key,
        new_key = values.get(API_KEY).map(Secret::expose),
        "a rotation of the {} is done",
        subject.name()
    );
    Ok(Done::OldProvenDead)
}

/// Takes out a token whose signatures are not accepted any more.
async fn forget_token(rotator: &Rotator, current: Stored, now: Timestamp) -> anyhow::Result<Done> {
    let until = current.values.get(PREVIOUS_NOT_AFTER);
    let until = until.and_then(|until| until.expose().parse::<Timestamp>().ok());
    if until.is_none_or(|until| now <= until) {
        return Ok(Done::NothingToFinish);
    }
    let mut values = current.values;
    rotation::forget(&mut values, Subject::AuthToken);
    rotator.secret.replace(&current.version, &values).await?;
    Ok(Done::Forgotten)
}

fn record(values: &Values) -> anyhow::Result<Option<RotationRecord>> {
    let record = values.other(RECORD).cloned();
    let record = record.map(serde_json::from_value).transpose();
    record.with_context(|| format!("{RECORD} in the secret is damaged; take it out by hand"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_those_of_secrets_manager_and_of_the_schedule() {
        let read = |json: &str| serde_json::from_str::<Event>(json);
        let event = r#"{"Step": "createSecret", "SecretId": "s", "ClientRequestToken": "v", "RotationToken": "r"}"#;
        let step = Event::Step {
            step: SecretsManagersStep::CreateSecret,
            secret_id: "s".to_owned(),
            client_request_token: "v".to_owned(),
        };
        assert_eq!(read(event).unwrap(), step);
        let finish = Event::Finish { finish: true };
        assert_eq!(read(r#"{"finish": true}"#).unwrap(), finish);
        assert!(
            read(r#"{"Step": "dropSecret", "SecretId": "s", "ClientRequestToken": "v"}"#).is_err()
        );
        assert!(read("{}").is_err());
    }
}
