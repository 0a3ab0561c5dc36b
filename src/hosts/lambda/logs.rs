//! A function's own log: JSON lines that Lambda's level filter understands.

use std::panic;

use jiff::Timestamp;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sets the log of the whole process up, at the level that the template gives the function
/// (`AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from `ApplicationLogLevel`).
pub fn init() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL")
        .ok()
        // Lambda's FATAL is above any level that there is here.
        .and_then(|level| level.replace("FATAL", "ERROR").parse().ok())
        .unwrap_or(Level::INFO);
    subscriber(level, std::io::stdout).init();
    // The payload of a panic can be anything, a text's body included. Where it happened is enough.
    panic::set_hook(Box::new(|info| {
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
    }));
}

/// Lambda reads `timestamp` and `level` of each line; a line without a valid RFC 3339 time stamp
/// would count as INFO, whatever it says.
/// Source: AWS, "Log level filtering" in the Lambda developer guide.
///
/// Other crates stay at INFO at most: below it Lambda's runtime logs raw events and the SDKs log
/// requests, with numbers and bodies in them.
fn subscriber<W>(level: Level, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let others = LevelFilter::from_level(level.min(Level::INFO));
    let targets = Targets::new()
        .with_default(others)
        .with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_timer(Rfc3339)
        .with_writer(writer)
        .with_filter(targets);
    tracing_subscriber::registry().with(lines)
}

struct Rfc3339;

impl FormatTime for Rfc3339 {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{:.3}", Timestamp::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(level: Level, log: impl FnOnce()) -> Vec<serde_json::Value> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let writer = file.reopen().unwrap();
        tracing::subscriber::with_default(subscriber(level, writer), log);
        let lines = std::fs::read(file.path()).unwrap();
        serde_json::Deserializer::from_slice(&lines)
            .into_iter()
            .map(Result::unwrap)
            .collect()
    }

    #[test]
    fn a_line_has_the_time_stamp_and_level_that_lambda_reads() {
        let lines = logged(Level::INFO, || {
            tracing::warn!(attempts = 3, count = "slow", "slow")
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["level"], "WARN");
        assert_eq!(lines[0]["message"], "slow");
        assert_eq!(lines[0]["attempts"], 3);
        // The template's metric filters look for it here.
        assert_eq!(lines[0]["count"], "slow");
        let stamp = lines[0]["timestamp"].as_str().unwrap();
        assert!(stamp.ends_with('Z') && stamp.parse::<Timestamp>().is_ok());
    }

    #[test]
    fn the_runtime_never_logs_raw_events() {
        let lines = logged(Level::TRACE, || {
            tracing::trace!("ours");
            tracing::debug!(target: "lambda_runtime::layers", "the raw event");
            tracing::info!(target: "lambda_runtime", "ready");
        });
        let messages: Vec<_> = lines.iter().map(|line| &line["message"]).collect();
        assert_eq!(messages, ["ours", "ready"]);
    }
}
