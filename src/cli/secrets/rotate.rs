use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::Place;
use crate::cli::WrongUsage;
use crate::cli::access::api_address;
use crate::cli::deployment::SecretFlags;
use crate::cli::output::{note, tell};
use crate::clock::{Clock, SystemClock};
use crate::credentials::exchange::{Direction, Exchange, VersionedSecret};
use crate::credentials::keyed_hash::random_audit_key;
use crate::credentials::repos_env::{BadEnvFile, EnvFile};
use crate::credentials::rotation::{RotationRecord, Subject, Twilio, TwoPlaces, Wait};
use crate::domain::credentials::AUDIT_KEY;
use crate::twilio::API_URL;
use crate::twilio::access::{Access, KeyType};
use crate::twilio::network::Network;

/// Replace the API key, the auth token or the audit's key by a new one, without a text that fails
///
/// The new one is made, tried, and put into the file and the secret; when nobody can have the old one
/// kept any more, it is ended, and Twilio is asked whether it is dead. How far that is, is on record
/// beside the file, without values: whenever it is cut off, --resume goes on.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  relay secrets rotate api-key --secret-id relay/twilio
  relay secrets rotate auth-token --file-alone
  relay secrets rotate audit-key --secret-id relay/twilio
  relay secrets rotate --resume")]
pub struct Rotate {
    /// What to replace
    #[arg(value_enum, default_value = "api-key")]
    subject: What,
    #[command(flatten)]
    place: Place,
    /// Go on with a rotation that was cut off
    #[arg(long)]
    resume: bool,
    /// Give a rotation up that was cut off; what it made is thrown away unless it is in force
    #[arg(long, conflicts_with = "resume")]
    abandon: bool,
    #[command(flatten)]
    secret: SecretFlags,
    /// There is no secret: nothing but the file has the credentials
    #[arg(long, conflicts_with_all = ["stack", "secret_id"])]
    file_alone: bool,
    /// How long the old one lives on for whoever still has it: 6m, 90m
    #[arg(long, value_name = "TIME", default_value = "6m", value_parser = duration)]
    drain: Duration,
    /// Make a key that may send and read messages and nothing else (Twilio's US region only)
    #[arg(long)]
    restricted: bool,
    /// Twilio's API, or a sandbox's address
    #[arg(long, value_name = "URL", env = "TWILIO_API_URL", default_value = API_URL, value_parser = api_address)]
    twilio_url: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    ApiKey,
    AuthToken,
    /// The key with which the audit hashes telephone numbers; records of before keep their hashes
    AuditKey,
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration: Result<SignedDuration, _> = text.parse();
    let duration = duration.ok().and_then(|duration| duration.try_into().ok());
    duration.ok_or_else(|| "write a time such as 6m or 90m".to_owned())
}

impl Rotate {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let file = self.place.find()?;
        let place = file.place();
        let secret = match (self.secret.is_named(), self.file_alone) {
            (true, false) => Some(self.secret.open().await?),
            (false, true) => None,
            (true, true) => {
                let error = "--file-alone says that no secret has the credentials, and a variable \
                    names one: leave it out, or unset RELAY_STACK and CREDENTIALS_SECRET_ID";
                return Err(WrongUsage(error.to_owned()).into());
            }
            (false, false) => bail!(
                "say with --secret-id which secret has the same credentials, or with --file-alone that none has: whoever reads the secret would be left with a dead key"
            ),
        };
        let subject = match self.subject {
            What::ApiKey => Subject::ApiKey,
            What::AuthToken => Subject::AuthToken,
            What::AuditKey => return replace_audit_key(&file, secret).await,
        };
        let places = TwoPlaces {
            secret,
            file: Arc::new(file),
            clock: Arc::new(SystemClock),
            wait: Arc::new(Awake),
            drain: self.drain,
        };
        let access = Access::new(Box::new(Network::new()), &self.twilio_url);
        let key_type = if self.restricted {
            KeyType::Restricted
        } else {
            KeyType::Standard
        };
        let twilio = Twilio {
            access: &access,
            key_type,
        };
        let record = match places.unfinished()? {
            None if self.abandon => bail!("no rotation is under way"),
            None if self.resume => bail!("no rotation is under way; begin one without --resume"),
            Some(record) if self.abandon => {
                places.abandon(&record, &twilio).await?;
                let name = record.subject.name();
                tell!("The rotation of the {name} was given up.")?;
                return Ok(ExitCode::SUCCESS);
            }
            Some(record) if self.resume => record,
            _ => places.begin(subject, &twilio).await?,
        };
        let name = record.subject.name();
        places.run(&twilio, record).await?;
        tell!("A new {name} is in {place}, and Twilio refuses the old one.")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Nobody but the relay has it, and an old one does no harm, so there is nothing to wait for.
async fn replace_audit_key(
    file: &EnvFile,
    secret: Option<Arc<dyn VersionedSecret>>,
) -> anyhow::Result<ExitCode> {
    let key = random_audit_key()?;
    file.edit(SystemClock.now(), |document| {
        let set = document.set(AUDIT_KEY, &key).map_err(BadEnvFile::from)?;
        anyhow::Ok(set)
    })?;
    if let Some(secret) = &secret {
        let exchange = Exchange {
            file,
            secret: secret.as_ref(),
        };
        exchange.run(Direction::Seed, false).await?;
    }
    tell!(
        "A new audit key is in {}; records from now on have its version.",
        file.place()
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Waits while the command runs.
struct Awake;

#[async_trait]
impl Wait for Awake {
    async fn until(&self, until: Timestamp, record: &RotationRecord) {
        let left = until.duration_since(SystemClock.now());
        let left = Duration::try_from(left).unwrap_or_default();
        if left > Duration::from_secs(5) {
            note!(
                "waiting until {}: somebody may still have the old {}. Ctrl-C is safe; go on later with --resume",
                until.strftime("%H:%M:%S UTC"),
                record.subject.name()
            );
        }
        tokio::time::sleep(left).await;
    }
}
