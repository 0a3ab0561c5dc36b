//! What `relay notify`, `relay invite` and `relay notice` have in common: a relay that is asked, in its
//! data folder, by its stack's parts, or over HTTP as other programs do.

mod here;
mod over_http;

pub use here::ask as ask_here;

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use super::access::web_address;
use super::deployment::{Part, RelayFlags};
use super::output::{self, note};
use super::schedule::{self, choose_one, instant};
use super::{AlreadySaid, RED, WrongUsage};
use crate::clock::{Clock, SystemClock};
use crate::domain::line::Line;
use crate::domain::phone::international;
use crate::printable::printable;
use crate::twilio::signature::sha256_hex;

/// What begins within this is begun at once.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(10);

/// Which relay is asked, and how.
#[derive(clap::Args)]
pub struct Place {
    #[command(flatten)]
    relay: RelayFlags,
    /// Ask over HTTP: the relay's address (the stack's output ApiUrl)
    #[arg(long, value_name = "URL", value_parser = web_address, requires = "caller", conflicts_with_all = ["stack", "table"])]
    url: Option<String>,
    /// With --url: whose key signs, as `relay secrets caller` named it
    #[arg(long, value_name = "NAME", requires = "url")]
    caller: Option<String>,
    /// With --url: the file that has the key; by default repos.env
    #[arg(long, value_name = "FILE", requires = "url")]
    env_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What is asked, as the function takes it when it is invoked.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotifierRequest {
    Notice(Value),
    Invitation(Value),
    /// Of a notice or an invitation.
    Show(String),
    Cancel(String),
}

/// What came of it: the answer of `/v1`, or what is wrong by a problem document.
pub enum Said {
    Done(Value),
    Refused(Value),
}

impl NotifierRequest {
    /// As it is asked over HTTP: method, path, body.
    fn request(&self) -> (&'static str, String, String) {
        let of = |id: &str| {
            if id.starts_with("iv-") {
                format!("/v1/invitations/{id}")
            } else {
                format!("/v1/notices/{id}")
            }
        };
        match self {
            Self::Notice(notice) => ("POST", "/v1/notices".to_owned(), notice.to_string()),
            Self::Invitation(invitation) => {
                ("POST", "/v1/invitations".to_owned(), invitation.to_string())
            }
            Self::Show(id) => ("GET", of(id), String::new()),
            Self::Cancel(id) => ("DELETE", of(id), String::new()),
        }
    }
}

impl Place {
    pub async fn ask(&self, request: &NotifierRequest) -> anyhow::Result<Said> {
        match (&self.url, &self.caller) {
            (Some(url), Some(caller)) => {
                let file = self.env_file.as_deref();
                over_http::ask(url, caller, file, request).await
            }
            _ => {
                let needed = [Part::Queue, Part::BulkQueue, Part::Audit];
                let relay = self.relay.open(&needed).await?;
                here::ask(&relay.relay("relay-notify")?, request).await
            }
        }
    }

    /// The answer, or the end of the command once it is said what is wrong.
    pub async fn asked(&self, request: &NotifierRequest) -> anyhow::Result<Value> {
        match self.ask(request).await? {
            Said::Done(answer) => return Ok(answer),
            Said::Refused(problem) if self.json => output::json(&problem)?,
            Said::Refused(problem) => {
                let text = |value: &Value| printable(value.as_str().unwrap_or_default());
                note!("{RED}refused:{RED:#} {}", text(&problem["detail"]));
                let fields = problem["fields"].as_array().map_or(&[][..], Vec::as_slice);
                for field in fields.iter().filter(|_| fields.len() > 1) {
                    note!("  {}: {}", text(&field["path"]), text(&field["problem"]));
                }
                if matches!(
                    request,
                    NotifierRequest::Show(_) | NotifierRequest::Cancel(_)
                ) {
                    note!("`relay notice list` shows the notices that wait, with their ids");
                }
            }
        }
        Err(AlreadySaid.into())
    }

    /// The line of this name or number, or the only one.
    pub async fn line(&self, wanted: Option<&str>) -> anyhow::Result<Line> {
        if self.url.is_some() {
            let message = "the line's clock is not known over HTTP; write times such as \
                           2026-12-24T18:00:00Z";
            return Err(WrongUsage(message.to_owned()).into());
        }
        choose_one(self.relay.store().await?.lines().await?, wanted)
    }

    /// The instant that an option says: RFC 3339, or on the line's clock.
    pub async fn instant(&self, text: &str, line: Option<&str>) -> anyhow::Result<Timestamp> {
        match text.parse() {
            Ok(at) => Ok(at),
            Err(_) => instant(Some(text), SystemClock.now(), &self.line(line).await?),
        }
    }

    /// Numbers in international form, however they are typed. Over HTTP the line's country is not known.
    pub async fn numbers(
        &self,
        typed: &[String],
        line: Option<&str>,
    ) -> anyhow::Result<Vec<String>> {
        if self.url.is_some() {
            return Ok(typed.iter().map(|text| number(text)).collect());
        }
        let line = self.line(line).await?;
        let read = typed.iter().map(|text| {
            let number = schedule::number(text, &line)?;
            Ok(number.expose().to_owned())
        });
        read.collect()
    }

    /// What becomes of a notice that was accepted, now or before with the same key.
    pub async fn standing(&self, answer: &Value, now: Timestamp) -> anyhow::Result<String> {
        let over = match answer["state"].as_str().unwrap_or_default() {
            "sending" => "is being sent already",
            "sent" => "was sent already",
            "cancelled" => {
                "was cancelled and is not sent; to send it all the same, give it another --key"
            }
            "superseded" => "was replaced by a later notice and is not sent",
            "expired" => "expired and is not sent; to send it all the same, give it another --key",
            _ => "",
        };
        if !over.is_empty() {
            return Ok(over.to_owned());
        }
        let written = answer["begins"].as_str().unwrap_or_default();
        let begins: Timestamp = match written.parse() {
            Ok(begins) if begins > now + AT_ONCE => begins,
            _ => return Ok(format!("accepted{}", self.hears())),
        };
        let begins = match self.url {
            Some(_) => begins.to_string(),
            None => self
                .line(answer["line"].as_str())
                .await?
                .time_zone
                .show(begins),
        };
        let runs = match self.hears() {
            "" => "",
            _ => ", if `relay dev` or `relay serve` runs then",
        };
        Ok(format!("accepted; it begins {begins}{runs}"))
    }

    /// When a relay hears of what was put into its data folder.
    pub fn hears(&self) -> &'static str {
        if self.url.is_none() && self.relay.are_of_one_machine() {
            "; it begins within seconds, if `relay dev` or `relay serve` runs"
        } else {
            ""
        }
    }
}

/// Reads `NAME=VALUE` arguments into the values of a template.
pub fn values(given: &[String]) -> Result<serde_json::Map<String, Value>, WrongUsage> {
    let read = given.iter().map(|pair| match pair.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), Value::from(value))),
        _ => Err(WrongUsage(format!(
            "{pair:?} is no value; write --set NAME=VALUE, such as --set name=Zurek"
        ))),
    });
    read.collect()
}

/// A number in international form however it was typed; another one as it is, and the relay says what is wrong
/// with it.
pub fn number(text: &str) -> String {
    match international(text) {
        Ok(number) => number.expose().to_owned(),
        Err(_) => text.to_owned(),
    }
}

/// Puts a value into a request if it was given.
pub fn put(request: &mut Value, name: &str, value: Option<impl Serialize>) {
    if let Some(value) = value {
        request[name] = json!(value);
    }
}

/// A key for whoever gives none: the same command asks for the same thing.
pub fn key_of(request: &Value) -> String {
    let digest = sha256_hex(request.to_string().as_bytes());
    format!("shell-{}", &digest[..24])
}

/// A request as JSON from a file, or from standard input if that is `-`.
pub fn read(file: &Path) -> anyhow::Result<Value> {
    let text = match file.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin().lock()),
        _ => std::fs::read_to_string(file),
    };
    let text = text.with_context(|| {
        let file = file.display();
        format!("cannot read {file}; name a JSON file that you may read, or use options instead")
    })?;
    let what = "`relay schema` says what it can have";
    let value: Value = serde_json::from_str(&text)
        .with_context(|| format!("{} is no JSON; {what}", file.display()))?;
    if !value.is_object() {
        let message = format!("{} holds no JSON object; {what}", file.display());
        return Err(WrongUsage(message).into());
    }
    Ok(value)
}
