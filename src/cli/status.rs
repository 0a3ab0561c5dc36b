use std::process::ExitCode;
use std::time::Duration;

use super::access::web_address;
use super::output::{json, tell};
use crate::hosts::server::readiness::Document;
use crate::twilio::network;

/// Say in one line whether a relay on one machine does its work, for monitors
///
/// Exits with 0 if it takes texts in and sends them, otherwise with 1 and the reasons.
#[derive(clap::Args)]
#[command(
    after_help = "Example, as a check that a monitor runs every minute:\n  relay status --url http://127.0.0.1:4000"
)]
pub struct Status {
    /// Where the relay listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4000", value_parser = web_address)]
    url: String,
    /// Print JSON: `ready` and the `reasons`
    #[arg(long)]
    json: bool,
}

/// A relay answers at once, by what it has found before.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// No list of reasons comes near this size.
const LONGEST_ANSWER: usize = 64 * 1024;

impl Status {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let found = match self.ask().await {
            Ok(found) => found,
            Err(why) => Document {
                ready: false,
                reasons: vec![why],
            },
        };
        if self.json {
            json(&found)?;
        } else if found.ready {
            tell!("ready: the relay at {}", self.url)?;
        } else {
            tell!("not ready: {}", found.reasons.join("; "))?;
        }
        Ok(if found.ready {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// What the relay says, or why it says nothing.
    async fn ask(&self) -> Result<Document, String> {
        let url = self.url.trim_end_matches('/');
        // It is on this machine or near it; no proxy stands between.
        let client = network::build(network::client().no_proxy().timeout(ANSWER_WITHIN));
        let answer = client.get(format!("{url}/readyz")).send().await;
        let answer = answer.map_err(|error| {
            if error.is_timeout() {
                format!("nothing answered at {url} within 5 seconds: restart the relay")
            } else {
                format!(
                    "nothing answers at {url}: start the relay, or say with --url where it listens"
                )
            }
        })?;
        let status = answer.status().as_u16();
        let body = network::read(answer, LONGEST_ANSWER).await;
        body.ok()
            .and_then(|body| serde_json::from_slice(&body).ok())
            .ok_or_else(|| {
                format!("no relay is at {url}, or an older one: it answers HTTP {status}")
            })
    }
}
