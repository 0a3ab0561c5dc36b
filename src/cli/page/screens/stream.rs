//! What happens, newest first: the audit in plain words.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::Uri;
use serde::Serialize;

use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::live::Filter;
use crate::cli::page::row::{Began, GROUPS, KINDS, Row, row};
use crate::cli::page::tail::{self, Position};
use crate::cli::page::view::{Answer, Problem, Query};
use crate::twilio::form;

pub fn routes() -> Router<Page> {
    Router::new().route("/stream", get(stream))
}

/// How many rows a page has.
const A_PAGE: usize = 100;

/// The most bytes of the audit that are read for a page: with a filter that little fits, the next link goes on.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

#[derive(Serialize)]
struct Shown {
    rows: Vec<Row>,
    /// Where the live rows go on; `None` on a page of the past.
    from: Option<String>,
    kinds: String,
    groups: Vec<Choice>,
    lines: Vec<Choice>,
    problems: bool,
    older: Option<String>,
    newest: String,
    is_filtered: bool,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

async fn stream(State(page): State<Page>, session: Session, query: Query, uri: Uri) -> Answer {
    let before = match query.filled("before").map(Position::parse) {
        Some(None) => {
            return Err(Problem::unusable("That is no place in the stream.")
                .link("/stream", "Show the newest"));
        }
        Some(place) => place,
        None => None,
    };
    let shows = shows(&page, Filter::of(&query), before).await;
    page.view(&session, &uri, ("stream.html", "Stream"), shows)
}

async fn shows(page: &Page, filter: Filter, before: Option<Position>) -> anyhow::Result<Shown> {
    let (path, zones) = (page.audit(), page.zones().await);
    let zone = |line: &str| zones.get(line).cloned().unwrap_or_default();
    // What comes while this is read comes by the events, from here on.
    let end = tail::end(&path)?;
    let mut count = 0;
    let upto = before.or(Some(end).filter(|end| end.inode != 0));
    let found = tail::before(&path, upto, MOST_BYTES, |line| {
        let made = row(&line.bytes, String::new(), zone, &mut Began::default());
        count += usize::from(made.is_some_and(|row| filter.wants(&row)));
        count == A_PAGE
    })?;
    let mut began = Began::default();
    let made = found.lines.iter().filter_map(|line| {
        let id = line.end.to_string();
        row(&line.bytes, id, zone, &mut began)
    });
    let mut rows: Vec<Row> = made.filter(|row| filter.wants(row)).collect();
    rows.reverse();
    let start = found.start;
    let link = |before: Option<Position>| {
        let fields = [
            ("kind", filter.group.clone()),
            ("line", filter.line.clone()),
            ("problems", filter.problems.then(|| "1".to_owned())),
            ("before", before.map(|before| before.to_string())),
        ];
        let fields = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        match form::Form::from_fields(fields).encode() {
            none if none.is_empty() => "/stream".to_owned(),
            fields => format!("/stream?{fields}"),
        }
    };
    let mut names: Vec<&String> = zones.keys().collect();
    names.sort();
    Ok(Shown {
        rows,
        from: before.is_none().then(|| end.to_string()),
        kinds: KINDS.join(" "),
        groups: GROUPS
            .iter()
            .map(|(value, name)| Choice {
                value: (*value).to_owned(),
                name: (*name).to_owned(),
                chosen: filter.group.as_deref() == Some(value),
            })
            .collect(),
        lines: names
            .into_iter()
            .map(|name| Choice {
                value: name.clone(),
                name: name.clone(),
                chosen: filter.line.as_ref() == Some(name),
            })
            .collect(),
        problems: filter.problems,
        older: start.map(|start| link(Some(start))),
        newest: link(None),
        is_filtered: filter.problems || filter.group.is_some() || filter.line.is_some(),
    })
}
