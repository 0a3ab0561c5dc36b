//! `relay doctor --text-me`: a real text to a phone, and its answer to the relay. It proves Twilio's own way, which no
//! probe can.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;

use crate::app::doctor::catalogue::M01;
use crate::app::doctor::report::{Finding, Verdict};
use crate::app::ports::store::Store;
use crate::cli::confirms;
use crate::cli::output::note;
use crate::clock::{Clock, SystemClock};
use crate::domain::credentials::Credentials;
use crate::domain::delivery::Answer;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::domain::sms::segments;
use crate::twilio::client::{Client, NewMessage};
use crate::twilio::network::Network;

/// How long somebody has to answer.
const WITHIN: Duration = Duration::from_secs(3 * 60);
const LOOK_EVERY: Duration = Duration::from_secs(3);

pub struct TextMe<'a> {
    pub line: &'a Line,
    pub to: PhoneNumber,
    pub credentials: Arc<Credentials>,
    pub twilio_url: &'a str,
    /// Where an answer that came through is found.
    pub store: Option<&'a dyn Store>,
    pub yes: bool,
}

impl TextMe<'_> {
    pub async fn run(self) -> anyhow::Result<Finding> {
        let line = self.line;
        if line.numbers().any(|number| *number == self.to) {
            bail!("that is the line's own number; name a phone that you have at hand");
        }
        let code = code()?;
        let body = format!(
            "{}: answer this text with {code} and nothing else. It shows that texts come through.",
            line.name
        );
        let price = line.notices.price_per_segment;
        let question = format!(
            "Text {} from {}? That is {} segment at {price}, and the answer one more.",
            self.to.masked(),
            line.name,
            segments(&body).count
        );
        if !confirms(self.yes, &question)? {
            bail!("nothing was sent");
        }
        let client = Client::new(Box::new(Network::new()), self.twilio_url);
        let began = SystemClock.now();
        let message = NewMessage {
            from: &line.number,
            to: &self.to,
            body: &body,
            media: &[],
            status_callback: "",
            validity: WITHIN,
        };
        let sid = match client.create_message(&self.credentials, &message).await {
            Answer::Accepted { sid } => sid,
            Answer::Refused {
                http_status,
                failure,
            } => {
                let code = failure.code.unwrap_or(http_status.into());
                return Ok(broken(
                    format!("Twilio refuses the text (error {code})"),
                    "see T05 and T15 to T18",
                ));
            }
            Answer::NotSent | Answer::Unknown => {
                return Ok(broken(
                    "Twilio did not answer, so that nobody knows whether the text went out"
                        .to_owned(),
                    "try again",
                ));
            }
        };
        note!("sent; answer it with {code} within 3 minutes");
        let mut waited = Duration::ZERO;
        while waited < WITHIN {
            tokio::time::sleep(LOOK_EVERY).await;
            waited += LOOK_EVERY;
            if waited.as_secs().is_multiple_of(30) {
                note!("no answer yet, {} s", waited.as_secs());
            }
            let listed = client
                .list_messages(
                    &self.credentials,
                    &line.number,
                    &self.to,
                    began,
                    &SystemClock,
                )
                .await?;
            let answers = |listed: &&crate::twilio::client::Listed| {
                listed
                    .body
                    .as_deref()
                    .is_some_and(|body| body.contains(&code))
            };
            let Some(answer) = listed.iter().find(answers) else {
                continue;
            };
            let Some(store) = self.store else {
                return Ok(Finding::right(
                    &M01,
                    "a text went out and its answer came to Twilio; there is no store here to look whether the relay has it",
                ));
            };
            if store.inbound(&answer.sid).await?.is_some() {
                return Ok(Finding::right(
                    &M01,
                    format!(
                        "a text went out and its answer came to the relay, {} s later",
                        waited.as_secs()
                    ),
                ));
            }
        }
        let sent = client.message(&self.credentials, &sid).await?;
        let status = sent.map(|sent| sent.status).unwrap_or_default();
        Ok(broken(
            format!("no answer came to the relay within 3 minutes (the text is {status})"),
            "if you answered: see T08, T20, T21 and P01; if you never got the text: see T15 to T18 and T22",
        ))
    }
}

fn broken(says: String, what: &str) -> Finding {
    Finding::new(&M01, Verdict::Broken, says)
        .so("Texts do not go out, or what customers write does not come in.")
        .only_you(what)
}

/// Four digits.
fn code() -> anyhow::Result<String> {
    let random = getrandom::u64().map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(format!("{:04}", random % 10_000))
}
