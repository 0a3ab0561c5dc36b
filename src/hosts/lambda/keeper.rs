//! How inbound-fallback starts: with two clients, and nothing of what the main path depends on.

use std::process::ExitCode;
use std::sync::Arc;

use super::settings::KeeperSettings;
use super::start::{run, warm};
use crate::adapters::aws::clients;
use crate::adapters::aws::kept_texts::SqsKeptTexts;
use crate::app::ports::credentials::Source;
use crate::app::ports::kept_texts::Keeper;
use crate::clock::{Clock, SystemClock};
use crate::credentials::secrets_manager::SecretsManager;

/// Runs the function that keeps texts: `events` answers what Lambda hands it. Returns only if the
/// function cannot start, or if Lambda's runtime API fails.
pub fn start_keeper(events: impl AsyncFnOnce(&Keeper) -> anyhow::Result<()>) -> ExitCode {
    run(async {
        let settings = KeeperSettings::from_env()?;
        let aws = clients::loader(settings.system_roots).load().await;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let credentials = SecretsManager::reading(
            aws_sdk_secretsmanager::Client::new(&aws),
            &settings.secret_id,
            Arc::clone(&clock),
        );
        warm("Secrets Manager", async {
            credentials.current().await.map(drop)
        })
        .await;
        let keeper = Keeper {
            texts: Arc::new(SqsKeptTexts::new(
                aws_sdk_sqs::Client::new(&aws),
                settings.queue_url,
            )),
            credentials: Arc::new(credentials),
            clock,
        };
        events(&keeper).await
    })
}
