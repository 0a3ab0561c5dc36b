//! Asks Twilio at the start, and every few minutes, for texts and calls that no webhook brought.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::parts::until_asked;
use crate::adapters::sqlite::caught_up::CaughtUp;
use crate::app::relay::Relay;
use crate::app::{missed_calls, missed_texts};
use crate::domain::line::Line;

const LOOK_EVERY: Duration = Duration::from_secs(2 * 60);

/// What came less long ago may still be on its way by webhook.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(30);

/// How much of the time before is looked at once more: Twilio's clock is another one, and its list may be
/// behind.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// How often it is said that Twilio's list cannot be read.
const SAY_AGAIN: Duration = Duration::from_secs(60 * 60);

/// Works until `stop` says so. What is cut off is done again at the next start.
pub(super) async fn run(relay: Arc<Relay>, caught_up: CaughtUp, stop: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let work = async {
        let (mut has_looked, mut said) = (false, None);
        let mut said_of_calls = None;
        loop {
            look.tick().await;
            // What came while the relay was off is not on its way any more.
            let on_its_way = if has_looked {
                ON_ITS_WAY
            } else {
                SignedDuration::ZERO
            };
            let until = relay.now() - on_its_way;
            match round(&relay, &caught_up, until, &mut said_of_calls).await {
                Ok(taken) => {
                    if taken > 0 && has_looked {
                        tracing::error!(
                            taken,
                            "Twilio did not reach the relay with these texts: look at the number's \
                             webhook URLs and at the way to public_url"
                        );
                    }
                    (has_looked, said) = (true, None);
                }
                Err(error) if is_time_to_say(&mut said, Instant::now()) => {
                    let error = format!("{error:#}");
                    tracing::error!(error, "Twilio's list of the line's texts cannot be read");
                }
                Err(_) => {}
            }
        }
    };
    until_asked(stop, work).await;
}

/// Whether it was not said within an hour. If so, it was said now.
fn is_time_to_say(said: &mut Option<Instant>, now: Instant) -> bool {
    let is_time = said.is_none_or(|at| SAY_AGAIN < now.duration_since(at));
    if is_time {
        *said = Some(now);
    }
    is_time
}

/// Looks at every line. One that fails does not keep the others from it.
async fn round(
    relay: &Relay,
    caught_up: &CaughtUp,
    until: Timestamp,
    said_of_calls: &mut Option<Instant>,
) -> anyhow::Result<usize> {
    let (mut taken, mut failed) = (0, None);
    for line in relay.store.lines().await? {
        match line_to(relay, caught_up, &line, until, said_of_calls).await {
            Ok(of_line) => taken += of_line,
            Err(error) => failed = Some(error.context(format!("line {}", line.name))),
        }
    }
    failed.map_or(Ok(taken), Err)
}

async fn line_to(
    relay: &Relay,
    caught_up: &CaughtUp,
    line: &Line,
    until: Timestamp,
    said_of_calls: &mut Option<Instant>,
) -> anyhow::Result<usize> {
    // Whoever wrote to the line before the relay had it was answered by somebody else.
    let taken = match caught_up.to(&line.number)? {
        // A clock that was ahead for a while is not believed.
        Some(before) => {
            let since = before.min(until) - OVERLAP;
            let texts = missed_texts::take_in(relay, line, since, until).await?;
            // The API key may be an older one, which cannot list calls; the texts do not wait for it.
            let calls = missed_calls::take_in(relay, line, since, until).await;
            if let Err(error) = calls
                && is_time_to_say(said_of_calls, Instant::now())
            {
                let error = format!("{error:#}");
                tracing::warn!(
                    line = line.name,
                    error,
                    "Twilio's list of the line's calls cannot be read"
                );
            }
            texts
        }
        None => 0,
    };
    caught_up.set(&line.number, until).await?;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_said_once_an_hour() {
        let (mut said, start) = (None, Instant::now());
        let mut is_said = |later| is_time_to_say(&mut said, start + later);
        assert!(is_said(Duration::ZERO));
        assert!(!is_said(LOOK_EVERY));
        assert!(!is_said(SAY_AGAIN));
        assert!(is_said(SAY_AGAIN + LOOK_EVERY));
    }
}
