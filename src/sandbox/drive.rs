//! Posts the sandbox's webhooks over HTTP, at their time.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ::http::Uri;
use ::http::header::CONTENT_TYPE;
use tokio::task::JoinSet;

use super::{NoReply, Sandbox, Webhook};
use crate::twilio::api::NoAnswer;
use crate::twilio::network;
use crate::twilio::webhook::is_of_this_machine;

/// Twilio's limits for a webhook ("Webhooks: connection overrides").
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// Twilio takes no TwiML of more than 64 KiB; that this is too much is said by whoever reads it.
const LONGEST_ANSWER: usize = 128 * 1024;

/// How long at most to sleep: a clock that is set back must not stop the sandbox for long.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Where a server really is whose public address webhooks are signed for; like curl's `--resolve`.
#[derive(Debug, Clone, Default)]
pub struct Resolve(Vec<(String, String)>);

impl Resolve {
    /// Requests to `public` (`https://relay.example.com`) go to `local` (`http://127.0.0.1:4000`).
    pub fn with(mut self, public: &str, local: &str) -> Self {
        let trim = |url: &str| url.trim_end_matches('/').to_owned();
        self.0.push((trim(public), trim(local)));
        self
    }

    /// Requests to where `url` is may go there.
    pub fn allow(self, url: &str) -> Self {
        let origin = url.parse::<Uri>().ok().and_then(|url| {
            let (scheme, authority) = (url.scheme_str()?, url.authority()?);
            Some(format!("{scheme}://{authority}"))
        });
        match origin {
            Some(origin) => self.with(&origin, &origin),
            None => self,
        }
    }

    /// The address to call for a public URL. Whoever uses the sandbox may name any: only this machine and
    /// what was named at the start is called.
    pub fn address(&self, url: &str) -> Option<String> {
        let resolved = self.0.iter().find_map(|(public, local)| {
            let rest = url.strip_prefix(public.as_str())?;
            let is_it = rest.is_empty() || rest.starts_with(['/', '?']);
            is_it.then(|| format!("{local}{rest}"))
        });
        let is_here = || url.parse().is_ok_and(|url| is_of_this_machine(&url));
        resolved.or_else(|| is_here().then(|| url.to_owned()))
    }
}

/// Posts webhooks until `shutdown`.
pub async fn drive(sandbox: Arc<Sandbox>, resolve: Resolve, shutdown: impl Future<Output = ()>) {
    // What it calls is on this machine, which no proxy can reach.
    let client = network::client()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .no_proxy();
    let client = network::build(client);
    let mut posts = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        for webhook in sandbox.due(sandbox.now()) {
            match resolve.address(&webhook.url) {
                Some(to) => drop(posts.spawn(post(sandbox.clone(), client.clone(), to, webhook))),
                None => sandbox.unanswered(webhook.id, NoReply::Elsewhere),
            }
        }
        let next = sandbox.next_due().map(|at| {
            let wait = at.duration_since(sandbox.now());
            Duration::try_from(wait).unwrap_or(Duration::ZERO)
        });
        let sleep = tokio::time::sleep(next.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP));
        tokio::select! {
            () = &mut shutdown => return,
            () = sandbox.changed.notified() => {}
            () = sleep => {}
            Some(_) = posts.join_next() => {}
        }
    }
}

async fn post(sandbox: Arc<Sandbox>, client: reqwest::Client, address: String, webhook: Webhook) {
    let answer = match webhook.request_to(&address) {
        Ok(request) => {
            let sent = network::send(&client, request, LONGEST_ANSWER);
            let in_time = tokio::time::timeout(webhook.timeout, sent).await;
            in_time.unwrap_or_else(|_| Err(NoAnswer::Unknown("no answer in time".to_owned())))
        }
        Err(error) => Err(NoAnswer::NotSent(error.to_string())),
    };
    match answer {
        Ok(answer) => {
            let body = String::from_utf8_lossy(answer.body());
            let content_type = answer.headers().get(CONTENT_TYPE);
            let content_type = content_type.and_then(|value| value.to_str().ok());
            let status = answer.status().as_u16();
            sandbox.answered_with(webhook.id, status, content_type, &body);
        }
        Err(NoAnswer::NotSent(_)) => sandbox.unanswered(webhook.id, NoReply::NoConnection),
        Err(NoAnswer::Unknown(_)) => sandbox.unanswered(webhook.id, NoReply::TimedOut),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_address_itself_is_resolved() {
        let resolve =
            Resolve::default().with("https://relay.example.com", "http://127.0.0.1:4000/");
        let address = |url: &str| resolve.address(url);
        assert_eq!(
            address("https://relay.example.com/twilio/sms?a=1").as_deref(),
            Some("http://127.0.0.1:4000/twilio/sms?a=1")
        );
        assert_eq!(
            address("https://relay.example.com").as_deref(),
            Some("http://127.0.0.1:4000")
        );
        for other in [
            "https://relay.example.com.evil.example/",
            "http://relay.example.com/",
        ] {
            assert_eq!(address(other), None);
        }
    }

    #[test]
    fn only_this_machine_and_what_was_named_is_called() {
        let resolve = Resolve::default().allow("https://app.example.com:8443/sms?a=1");
        for url in [
            "http://127.0.0.1:3000/sms",
            "http://localhost/sms",
            "http://[::1]:3000/",
            "https://app.example.com:8443/status",
        ] {
            assert_eq!(resolve.address(url).as_deref(), Some(url));
        }
        for url in [
            "http://169.254.169.254/latest/meta-data",
            "http://192.168.0.1/",
            "http://127.0.0.1.nip.example/",
            "http://127.0.0.1@192.168.0.1/",
            "https://app.example.com/",
            "not a URL",
        ] {
            assert_eq!(resolve.address(url), None, "{url}");
        }
    }
}
