//! A relay that is asked as other programs ask it: signed, and again if it does not answer.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::Value;

use super::{NotifierRequest, Said};
use crate::app::outbound_notifier::auth::{
    CALLER_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign,
};
use crate::cli::WrongUsage;
use crate::cli::output::note;
use crate::clock::{Chance, SystemChance};
use crate::credentials::repos_env::{self, EnvFile};
use crate::domain::credentials::{CallerKey, variable_of};
use crate::twilio::network;

/// A request is tried this often.
const TRIES: u32 = 5;

/// The longest pause that an answer may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// API Gateway answers within 30 seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(35);

pub async fn ask(
    url: &str,
    caller: &str,
    file: Option<&Path>,
    request: &NotifierRequest,
) -> anyhow::Result<Said> {
    let key = key(caller, file)?;
    let client = network::client().timeout(ANSWER_WITHIN);
    // What is on this machine no proxy can reach.
    let client = network::build(if is_here(url) {
        client.no_proxy()
    } else {
        client
    });
    let is_https = url.starts_with("https:");
    let (method, path, body) = request.request();
    let address = format!("{}{path}", url.trim_end_matches('/'));
    let mut trouble = String::new();
    for tried in 1..=TRIES {
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let timestamp = format!("{}.{:03}", timestamp / 1000, timestamp % 1000);
        let signature = sign(&key.key, &timestamp, method, &path, body.as_bytes());
        let request = client
            .request(method.parse()?, &address)
            .header(CALLER_HEADER, caller)
            .header(TIMESTAMP_HEADER, timestamp)
            .header(SIGNATURE_HEADER, signature)
            .header(CONTENT_TYPE, "application/json")
            .body(body.clone());
        let mut pause = Duration::from_secs(1 << tried).mul_f64(0.5 + SystemChance.draw() / 2.0);
        match request.send().await {
            Ok(answer) => {
                let status = answer.status();
                let after = answer.headers().get(RETRY_AFTER);
                let after = after.and_then(|after| after.to_str().ok()?.parse().ok());
                let text = answer.text().await.unwrap_or_default();
                if !status.is_server_error() && !matches!(status.as_u16(), 408 | 429) {
                    return said(status.is_success(), &text)
                        .with_context(|| format!("{address} answered {status}"));
                }
                pause = pause.max(Duration::from_secs(after.unwrap_or(0)));
                trouble = format!("it answered {status}");
            }
            Err(error) if error.is_timeout() => trouble = "it did not answer in time".to_owned(),
            Err(_) => {
                let by = network::by_proxy(is_https, |name| std::env::var(name).ok());
                let by = if is_here(url) { "" } else { &by };
                trouble = format!("it is out of reach{by}");
            }
        }
        if tried < TRIES {
            let pause = pause.min(LONGEST_PAUSE);
            note!(
                "{url}: {trouble}; trying again in {:.0} s",
                pause.as_secs_f64()
            );
            tokio::time::sleep(pause).await;
        }
    }
    bail!("{url}: {trouble}, {TRIES} times; the same command later does nothing twice")
}

fn is_here(url: &str) -> bool {
    let host = url.parse::<http::Uri>().ok();
    let host = host.as_ref().and_then(|url| url.host());
    host.is_some_and(|host| host == "localhost" || host == "[::1]" || host.starts_with("127."))
}

fn said(is_done: bool, text: &str) -> anyhow::Result<Said> {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        bail!("what answers there is no relay");
    };
    Ok(if is_done {
        Said::Done(value)
    } else {
        Said::Refused(value)
    })
}

/// The caller's key from its variable in the file.
fn key(caller: &str, file: Option<&Path>) -> anyhow::Result<CallerKey> {
    let Some(variable) = variable_of(caller) else {
        let message = format!("{caller:?} is no caller's name; write such as apps-script");
        return Err(WrongUsage(message).into());
    };
    let file = match file {
        Some(file) => file.to_owned(),
        None => repos_env::find(None, &std::env::current_dir()?, |name| {
            std::env::var_os(name).map(PathBuf::from)
        })?,
    };
    let file = EnvFile::at(file);
    let document = file.read()?;
    let Some(value) = document.get(&variable) else {
        bail!(
            "{} has no {variable}; `relay secrets caller {caller} --allow notices` makes it",
            file.place()
        );
    };
    let key = CallerKey::parse(caller, value.expose());
    key.with_context(|| format!("{variable} in {}", file.place()))
}
