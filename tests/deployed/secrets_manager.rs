//! Credentials from Secrets Manager: read once, kept for a while, and not lost with a bad hour of
//! AWS.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use relay::app::ports::credentials::CredentialsSource;
use relay::clock::ManualClock;
use relay::credentials::secrets_manager::SecretsManager;
use serde_json::json;

use crate::support::moto;
use crate::support::proxy::Proxy;

struct Setting {
    credentials: SecretsManager,
    clock: Arc<ManualClock>,
    proxy: Proxy,
    secret: String,
}

impl Setting {
    async fn with(value: &str) -> Self {
        let direct = moto::config(moto::url()).await;
        let secret = moto::secret(&direct, value).await;
        let proxy = Proxy::start(moto::url(), Duration::from_millis(20)).await;
        let clock = Arc::new(ManualClock::at("2026-11-23T18:00:00Z".parse().unwrap()));
        let client = aws_sdk_secretsmanager::Client::new(&moto::config(&proxy.url).await);
        let credentials = SecretsManager::reading(client, &secret, clock.clone());
        Self {
            credentials,
            clock,
            proxy,
            secret,
        }
    }

    async fn token(&self) -> anyhow::Result<String> {
        let current = self.credentials.current().await?;
        Ok(current.auth_token.expose().to_owned())
    }

    async fn put(&self, value: &str) {
        let client = aws_sdk_secretsmanager::Client::new(&moto::config(moto::url()).await);
        let put = client.put_secret_value().secret_id(&self.secret);
        put.secret_string(value).send().await.unwrap();
    }
}

fn value(token: &str) -> String {
    let sid = "AC".to_owned() + &"0".repeat(32);
    json!({"TWILIO_ACCOUNT_SID": sid, "TWILIO_AUTH_TOKEN": token, "OTHER": 1}).to_string()
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

#[tokio::test]
async fn all_who_ask_at_once_wait_for_one_request() {
    let setting = Setting::with(&value("first")).await;
    for token in join_all((0..20).map(|_| setting.token())).await {
        assert_eq!(token.unwrap(), "first");
    }
    assert_eq!(setting.proxy.take_calls().len(), 1);
    setting.clock.advance(minutes(4));
    setting.token().await.unwrap();
    assert!(setting.proxy.take_calls().is_empty());
}

#[tokio::test]
async fn a_changed_secret_is_used_after_five_minutes() {
    let setting = Setting::with(&value("first")).await;
    assert_eq!(setting.token().await.unwrap(), "first");
    setting.put(&value("second")).await;
    assert_eq!(setting.token().await.unwrap(), "first");
    setting.clock.advance(minutes(5));
    assert_eq!(setting.token().await.unwrap(), "second");
}

#[tokio::test]
async fn what_was_read_is_used_for_an_hour_without_secrets_manager() {
    let setting = Setting::with(&value("first")).await;
    setting.token().await.unwrap();
    setting.proxy.set_broken(true);
    setting.clock.advance(minutes(59));
    assert_eq!(setting.token().await.unwrap(), "first");
    setting.proxy.take_calls();
    assert_eq!(setting.token().await.unwrap(), "first");
    assert!(
        setting.proxy.take_calls().is_empty(),
        "it was asked a moment ago"
    );

    setting.clock.advance(minutes(2));
    let error = format!("{:#}", setting.token().await.unwrap_err());
    assert!(error.contains(&setting.secret), "{error}");
    setting.proxy.set_broken(false);
    assert_eq!(setting.token().await.unwrap(), "first");
}

#[tokio::test]
async fn a_secret_that_lacks_something_is_refused_by_name() {
    let setting = Setting::with(r#"{"TWILIO_AUTH_TOKEN": "hunter2"}"#).await;
    let error = format!("{:#}", setting.token().await.unwrap_err());
    let expected = format!(
        "TWILIO_ACCOUNT_SID is missing from the secret {}",
        setting.secret
    );
    assert!(error.contains(&expected), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
    // Once it is put right, it is right at once.
    setting.put(&value("first")).await;
    assert_eq!(setting.token().await.unwrap(), "first");
}
