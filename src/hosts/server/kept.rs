//! Brings the texts that the fallback kept to the main path: what the queue does on AWS.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::watch;

use super::parts::asked;
use crate::adapters::files::kept_texts::SpoolFile;
use crate::app;
use crate::app::ports::kept_texts::SpooledText;
use crate::app::relay::Relay;
use crate::twilio::answer::WebhookError;

/// The most texts of one pass.
const PASS: usize = 1000;

/// After so many failures a pass ends: it is the main path that fails, not a text.
const MOST_FAILURES: usize = 3;

/// Between two passes while the main path does not work: twice as long each time, up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How things stand after a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    Nothing,
    /// There may be more, and the main path works.
    More,
    /// The main path did not take some.
    Failed,
}

/// Works until `stop` says so.
pub async fn run(relay: Arc<Relay>, kept: SpoolFile, mut stop: watch::Receiver<bool>) {
    let mut pause = FIRST_PAUSE;
    while !*stop.borrow() {
        let left = take(&relay, &kept).await.unwrap_or_else(|error| {
            tracing::error!(
                count = "kept_text_failed",
                error = format!("{error:#}"),
                "the kept texts could not be looked at"
            );
            Left::Failed
        });
        match left {
            Left::More => pause = FIRST_PAUSE,
            Left::Nothing => {
                pause = FIRST_PAUSE;
                tokio::select! { () = asked(&mut stop) => break, () = kept.rung() => {} }
            }
            Left::Failed => {
                tokio::select! { () = asked(&mut stop) => break, () = tokio::time::sleep(pause) => {} }
                pause = (2 * pause).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Has the main path take the oldest texts, in their order.
pub async fn take(relay: &Relay, kept: &SpoolFile) -> anyhow::Result<Left> {
    let entries = kept.oldest(PASS).await?;
    let (mut done, mut unusable, mut failures) = (Vec::new(), Vec::new(), 0);
    let all = entries.len();
    for entry in entries {
        let Some(text) = entry.text() else {
            tracing::error!(count = "kept_text_unusable", "a kept text cannot be read");
            unusable.push(entry);
            continue;
        };
        match try_to_take(relay, &text).await {
            Ok(()) => done.push(entry),
            Err(WebhookError::Refused(refusal)) => {
                tracing::error!(
                    count = "kept_text_unusable", message.sid = %text.sid, because = refusal.counts_as(),
                    aside = %kept.aside().display(),
                    "a kept text is refused and put aside; once that is repaired, put its line back",
                );
                unusable.push(entry);
            }
            Err(WebhookError::Failed(error)) => {
                tracing::error!(
                    count = "kept_text_failed", message.sid = %text.sid, error = format!("{error:#}"),
                    "a kept text was not taken; it comes again",
                );
                failures += 1;
                if failures == MOST_FAILURES {
                    break;
                }
            }
        }
    }
    if !done.is_empty() || !unusable.is_empty() {
        kept.forget(done, unusable).await?;
    }
    Ok(match all {
        _ if failures > 0 => Left::Failed,
        PASS => Left::More,
        _ => Left::Nothing,
    })
}

async fn try_to_take(relay: &Relay, text: &SpooledText) -> Result<(), WebhookError> {
    let taking = AssertUnwindSafe(app::kept::take(relay, text)).catch_unwind();
    let panicked = |_| Err(anyhow::anyhow!("panicked").into());
    taking.await.unwrap_or_else(panicked)
}
