use anyhow::{Context, bail};
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::phone::{Country, PhoneNumber, Sender};
use crate::twilio::network;

/// No answer of the control API comes near this size.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// The sandbox that a command works on, and how numbers are written on its command line.
#[derive(clap::Args)]
pub struct RunningSandbox {
    /// Where the sandbox runs: `relay dev` or `relay sandbox`
    #[arg(
        long,
        value_name = "URL",
        env = "RELAY_SANDBOX_URL",
        default_value = "http://127.0.0.1:4000"
    )]
    url: String,
    /// Country in whose way numbers may be written
    #[arg(long, value_name = "CODE", default_value = "US", value_parser = country)]
    country: Country,
}

fn country(code: &str) -> Result<Country, String> {
    Country::parse(code).ok_or_else(|| "not a country's two-letter code, such as US".to_owned())
}

impl RunningSandbox {
    pub fn number(&self, text: &str) -> anyhow::Result<PhoneNumber> {
        let country = self.country;
        let number = country.read(text);
        number.with_context(|| match country.example() {
            Some(example) => format!(
                "`{text}`; write it like {} or {}",
                country.write(&example),
                example.expose()
            ),
            None => format!("`{text}`; write it like +16195550107"),
        })
    }

    /// A number, or another sender that can text a number: a short code, a name, `rcs:…`.
    pub fn sender(&self, text: &str) -> anyhow::Result<Sender> {
        let starts_as_name = text.starts_with(|c: char| c.is_ascii_alphabetic());
        match Sender::parse(text) {
            Sender::Alphanumeric(_) if !starts_as_name => Ok(Sender::Phone(self.number(text)?)),
            sender => Ok(sender),
        }
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.ask(self.client().get(self.address(path))).await
    }

    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        let body = serde_json::to_vec(body)?;
        let request = self.client().post(self.address(path)).body(body);
        self.ask(request.header(CONTENT_TYPE, "application/json"))
            .await
    }

    /// Asks for a resource to be removed.
    pub async fn delete(&self, path: &str) -> anyhow::Result<()> {
        let request = self.client().delete(self.address(path));
        self.ask::<Value>(request).await.map(|_| ())
    }

    fn client(&self) -> reqwest::Client {
        // A sandbox is on this machine or near it; no proxy stands between.
        network::build(network::client().no_proxy())
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url.trim_end_matches('/'))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> anyhow::Result<T> {
        let url = &self.url;
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_builder() => bail!(
                "{url:?} is not a URL; write --url, or in RELAY_SANDBOX_URL, such as http://127.0.0.1:4000"
            ),
            Err(error) if error.is_connect() => bail!(
                "nothing answers at {url}; start `cargo dev` (or `relay dev`) in another shell, \
                 or say with --url where the sandbox runs"
            ),
            Err(error) => return Err(error).context("the sandbox did not answer"),
        };
        let status = answer.status();
        let body = network::read(answer, LONGEST_ANSWER).await?;
        if !status.is_success() {
            let told = serde_json::from_slice::<Value>(&body).ok();
            match told.as_ref().and_then(|told| told["error"].as_str()) {
                Some(error) => bail!("the sandbox refused: {error}"),
                None => bail!(
                    "no sandbox is at {url}: it answers HTTP {}",
                    status.as_u16()
                ),
            }
        }
        serde_json::from_slice(&body).with_context(|| format!("no sandbox is at {url}"))
    }
}
