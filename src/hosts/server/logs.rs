//! The log of the one-machine mode, for people: one line per event, times in the line's zone,
//! colours only on a terminal.

use std::fmt;
use std::io::IsTerminal;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::clock::Clock;
use crate::domain::time_zone::TimeZone;

/// Sends the log to standard error. `RUST_LOG` says how much of it, `relay=debug` for one.
pub fn start(zone: TimeZone, clock: Arc<dyn Clock>) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("relay=info,warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .event_format(OneLine { zone, clock })
        .init();
}

struct OneLine {
    zone: TimeZone,
    clock: Arc<dyn Clock>,
}

impl<S, N> FormatEvent<S, N> for OneLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let colour = |style: Style| {
            if out.has_ansi_escapes() {
                style
            } else {
                Style::new()
            }
        };
        let dim = colour(Style::new().dimmed());
        let loud = colour(match *event.metadata().level() {
            Level::ERROR => AnsiColor::Red.on_default().bold(),
            Level::WARN => AnsiColor::Yellow.on_default(),
            _ => Style::new(),
        });
        let mut fields = Fields::default();
        event.record(&mut fields);
        let time = self.zone.at(self.clock.now()).strftime("%H:%M:%S");
        writeln!(
            out,
            "{dim}{time}{dim:#} {loud}{}{loud:#}{dim}{}{dim:#}",
            fields.message, fields.others
        )
    }
}

/// An event's message, and its other fields as ` name=value`.
#[derive(Default)]
struct Fields {
    message: String,
    others: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use std::fmt::Write;
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.others, "  {name}={value:?}"),
        };
    }
}
