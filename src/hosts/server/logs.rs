//! The log of the one-machine mode, for people: one line per event, times in the line's zone,
//! colours only on a terminal.

use std::fmt;
use std::io::IsTerminal;
use std::sync::Arc;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use super::output;
use crate::clock::Clock;
use crate::domain::time_zone::TimeZone;

/// Sends the log to standard error. `RUST_LOG` says how much of it, `relay=debug` for one.
pub fn start(zone: TimeZone, clock: Arc<dyn Clock>) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("relay=info,warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(output::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_timer(InZone { zone, clock })
        // It prints what goes wrong to standard error, and panics if that fails.
        .log_internal_errors(false)
        .init();
    // What a panic says can be anything, a text's body included. Where it happened is enough.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "panicked, which is a mistake in the relay");
    }));
}

/// The time of day by a line's clock.
struct InZone {
    zone: TimeZone,
    clock: Arc<dyn Clock>,
}

impl FormatTime for InZone {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let now = self.zone.at(self.clock.now());
        write!(writer, "{}", now.strftime("%H:%M:%S"))
    }
}
