//! What screens have in common that change something: who did it, and whether it still is as they saw it.

use crate::app::ports::audit::{Kind, Record};
use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::view::Problem;
use crate::domain::line::Line;
use crate::printable::printable;

/// Puts on record who did what on the page, beside the records that the deed itself has.
pub async fn put_on_record(
    page: &Page,
    session: &Session,
    line: &str,
    what: &str,
) -> Result<(), Problem> {
    let who = printable(session.name());
    let record = Record::new(Kind::ByPage, line, page.now()).with_outcome(format!("{who} {what}"));
    let written = page.relay.audit.write(&[record]).await;
    written.map_err(|error| {
        let error = format!("{error:#}");
        tracing::warn!(error, "the audit did not take what was done on the page");
        Problem::new(
            http::StatusCode::SERVICE_UNAVAILABLE,
            "It is done, but the audit did not take the record of who did it.",
        )
        .unknown()
    })
}

/// Somebody else was faster.
pub fn outdated(back: &str) -> Problem {
    Problem::conflict("Somebody else changed this since you saw it.")
        .link(back, "See how it is now")
}

/// The line of that name; of a name that was not given, the only line.
pub async fn line(page: &Page, name: Option<&str>) -> Result<Line, Problem> {
    let mut lines = page.store().lines().await?;
    match name {
        Some(name) => lines.retain(|line| line.name == name),
        None if lines.len() > 1 => lines.clear(),
        None => {}
    }
    lines
        .pop()
        .ok_or_else(|| Problem::not_found("There is no line of that name, or not any more."))
}
