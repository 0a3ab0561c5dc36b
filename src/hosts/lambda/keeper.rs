//! How inbound-fallback starts: with two clients, and nothing of what the main path depends on.

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use super::settings::required;
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
        let queue_url = required("KEPT_TEXTS_QUEUE_URL")?;
        let secret_id = required("CREDENTIALS_SECRET_ID")?;
        let aws = clients::loader().load().await;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let credentials = SecretsManager::reading(
            aws_sdk_secretsmanager::Client::new(&aws),
            &secret_id,
            Arc::clone(&clock),
        );
        warm("Secrets Manager", async {
            credentials.current().await.map(drop)
        })
        .await;
        let context = FallbackContext {
            spool: Arc::new(SqsSpool::new(aws_sdk_sqs::Client::new(&aws), queue_url)),
            room: Arc::new(Mutex::default()),
            credentials: Arc::new(credentials),
            clock,
        };
        events(&context).await
    })
}
