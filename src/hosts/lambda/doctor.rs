//! The events of the doctor's schedule: each is one look at what is set up at Twilio.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use super::events::{failed, serve};
use super::settings::required;
use crate::adapters::aws::clients;
use crate::adapters::aws::dynamodb::DynamoStore;
use crate::app::doctor::report::Verdict;
use crate::app::doctor::watch;
use crate::app::relay::Relay;
use crate::twilio::API_URL;
use crate::twilio::network::Network;
use crate::twilio::setup::Setup;

/// Kept free at the end, to say in the log that the time was up.
const RESERVE: Duration = Duration::from_secs(2);

/// Answers the schedule's events until Lambda ends it.
pub async fn run(relay: &Relay) -> anyhow::Result<()> {
    let client = aws_sdk_dynamodb::Client::new(&clients::loader().load().await);
    let verdicts = DynamoStore::new(client, &required("TABLE_NAME")?);
    let twilio = required("TWILIO_API_URL").unwrap_or_else(|_| API_URL.to_owned());
    let look = async || -> anyhow::Result<Value> {
        let lines = relay.store.lines().await;
        let lines = lines.context("the relay's lines cannot be read")?;
        let lines: Vec<_> = lines.into_iter().map(Arc::new).collect();
        let credentials = relay.credentials.current().await?;
        let setup = Setup::new(Box::new(Network::new()), &twilio, credentials);
        let findings = watch::look(relay, &setup, &lines, &verdicts).await?;
        let broken = findings.iter().filter(|f| f.verdict == Verdict::Broken);
        let broken: Vec<_> = broken.map(|finding| finding.check.id).collect();
        Ok(json!({ "looked_at": findings.len(), "broken": broken }))
    };
    let answer = async |_: &str, left: Duration| {
        let done = tokio::time::timeout(left.saturating_sub(RESERVE), look()).await;
        let done = done.unwrap_or_else(|_| Err(anyhow!("cut off: the function's time was up")));
        done.inspect_err(|error| {
            let error = format!("{error:#}");
            tracing::error!(error, "what is set up at Twilio was not looked at");
        })
    };
    serve(answer, failed("Schedule")).await
}
