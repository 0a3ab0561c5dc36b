//! How inbound-fallback starts: with two clients, and nothing of what the main path depends on.

use std::process::ExitCode;
use std::sync::Arc;

use super::settings::FallbackSettings;
use super::start::{run, warm};
use crate::adapters::aws::clients;
use crate::adapters::aws::kept_texts::SqsSpool;
use crate::app::ports::credentials::CredentialsSource;
use crate::app::ports::kept_texts::FallbackContext;
use crate::clock::{Clock, SystemClock};
use crate::credentials::secrets_manager::SecretsManager;

/// Runs the function that keeps texts: `events` answers what Lambda hands it. Returns only if the
/// function cannot start, or if Lambda's runtime API fails.
pub fn start_fallback(
    events: impl AsyncFnOnce(&FallbackContext) -> anyhow::Result<()>,
) -> ExitCode {
    run(async {
        let settings = FallbackSettings::from_env()?;
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
        let context = FallbackContext {
            spool: Arc::new(SqsSpool::new(
                aws_sdk_sqs::Client::new(&aws),
                settings.queue_url,
            )),
            credentials: Arc::new(credentials),
            clock,
        };
        events(&context).await
    })
}
