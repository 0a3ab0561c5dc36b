//! Who subscribed to the lines' topics, and who gets no texts; people are put on that list or taken off.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use http::Uri;
use serde::Serialize;

use super::acts;
use crate::cli::by_hand::Opened;
use crate::cli::opt_outs;
use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::view::{Answer, Form, Moment, Problem, Query, in_path, see_other};
use crate::cli::schedule;
use crate::domain::line::Line;
use crate::domain::opt_out::{Cause, OptOut};
use crate::domain::phone::PhoneNumber;

pub fn routes() -> Router<Page> {
    Router::new()
        .route("/subscribers", get(subscribers))
        .route("/optouts", get(list).post(named))
        .route("/optouts/{alias}", get(ask).post(put))
}

/// How many are shown at once.
const PAGE: usize = 100;

#[derive(Serialize)]
struct Topics {
    lines: Vec<OfLine>,
}

#[derive(Serialize)]
struct OfLine {
    name: String,
    topics: Vec<Topic>,
}

#[derive(Serialize)]
struct Topic {
    name: String,
    keyword: String,
    subscribers: Vec<Entry>,
    /// Where the next ones are.
    more: Option<String>,
}

#[derive(Serialize)]
struct Entry {
    number: String,
    person: Option<String>,
    since: Moment,
    because: String,
    /// Where something can be done about it.
    to: String,
}

async fn subscribers(State(page): State<Page>, session: Session, query: Query, uri: Uri) -> Answer {
    let shows = topics(&page, &session, &query).await;
    page.view(&session, &uri, ("subscribers.html", "Subscribers"), shows)
}

async fn topics(page: &Page, session: &Session, query: &Query) -> anyhow::Result<Topics> {
    let now = page.now();
    let is_of = |name: &str, is: &str| query.filled(name).is_none_or(|wanted| wanted == is);
    let after = query
        .filled("after")
        .and_then(|alias| session.number(alias));
    let mut lines = Vec::new();
    for line in page.store().lines().await? {
        let mut topics = Vec::new();
        for topic in &line.notices.topics {
            if !is_of("line", &line.name) || !is_of("topic", &topic.name) {
                continue;
            }
            let (number, store) = (&line.number, page.store());
            let found = store
                .subscribers(number, &topic.name, after.as_ref(), PAGE)
                .await?;
            let more = found.last().filter(|_| found.len() == PAGE).map(|last| {
                let (line, topic) = (in_path(&line.name), in_path(&topic.name));
                let after = session.alias(&last.number);
                format!("/subscribers?line={line}&topic={topic}&after={after}")
            });
            let entries = found.iter().map(|subscriber| Entry {
                number: session.shown(now).number(&subscriber.number),
                person: person(&line, &subscriber.number),
                since: Moment::new(subscriber.consent.at, &line.time_zone, now),
                because: subscriber.consent.how.to_string(),
                to: address(session, &line, &subscriber.number),
            });
            topics.push(Topic {
                name: topic.name.clone(),
                keyword: topic.keyword.clone(),
                subscribers: entries.collect(),
                more,
            });
        }
        let name = line.name.clone();
        lines.push(OfLine { name, topics });
    }
    Ok(Topics { lines })
}

fn person(line: &Line, number: &PhoneNumber) -> Option<String> {
    line.person_with(number).map(|person| person.name.clone())
}

fn address(session: &Session, line: &Line, number: &PhoneNumber) -> String {
    format!(
        "/optouts/{}?line={}",
        session.alias(number),
        in_path(&line.name)
    )
}

#[derive(Serialize)]
struct OptOuts {
    lines: Vec<OptedOut>,
}

#[derive(Serialize)]
struct OptedOut {
    name: String,
    entries: Vec<Entry>,
    /// How many more there are.
    more: usize,
}

async fn list(State(page): State<Page>, session: Session, uri: Uri) -> Answer {
    let shows = opted_out(&page, &session).await;
    page.view(&session, &uri, ("optouts.html", "Opt-outs"), shows)
}

async fn opted_out(page: &Page, session: &Session) -> anyhow::Result<OptOuts> {
    let (now, mut lines) = (page.now(), Vec::new());
    for line in page.store().lines().await? {
        let found = page.store().opt_outs(&line.number).await?.0;
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_by_key(|(_, opt_out)| std::cmp::Reverse(opt_out.since));
        let entries = found
            .iter()
            .take(PAGE)
            .map(|(number, OptOut { since, by })| Entry {
                number: session.shown(now).number(number),
                person: person(&line, number),
                since: Moment::new(*since, &line.time_zone, now),
                because: by.to_string(),
                to: address(session, &line, number),
            });
        lines.push(OptedOut {
            entries: entries.collect(),
            more: found.len().saturating_sub(PAGE),
            name: line.name.clone(),
        });
    }
    Ok(OptOuts { lines })
}

/// A number that was typed: it does not stand in the address of what follows.
async fn named(State(page): State<Page>, session: Session, form: Form) -> Answer {
    let line = acts::line(&page, form.filled("line")).await?;
    let number = schedule::read_number(form.get("number").unwrap_or_default(), &line);
    let number = number.map_err(|why| {
        Problem::unusable(format!("That is no telephone number: {why}."))
            .todo("Write one such as 619-555-0142.")
            .link("/optouts", "Back to the list")
    })?;
    if line.numbers().any(|own| *own == number) {
        let what = "That is a number of the line itself.";
        return Err(Problem::unusable(what).link("/optouts", "Back to the list"));
    }
    Ok(see_other(&address(&session, &line, &number)))
}

#[derive(Serialize)]
struct Asked {
    line: String,
    number: String,
    person: Option<String>,
    opted_out: Option<(Moment, String)>,
    action: String,
}

async fn found(
    page: &Page,
    session: &Session,
    alias: &str,
    line: Option<&str>,
) -> Result<(PhoneNumber, Line, Option<OptOut>), Problem> {
    let gone = || {
        Problem::not_found("This address stands for nobody, or not any more.")
            .link("/optouts", "All opt-outs")
    };
    let number = session.number(alias).ok_or_else(gone)?;
    let line = acts::line(page, line).await?;
    let known = page.store().for_sending(&line.number, &number).await?;
    Ok((number, line, known.opt_out))
}

async fn ask(
    State(page): State<Page>,
    session: Session,
    Path(alias): Path<String>,
    query: Query,
    uri: Uri,
) -> Answer {
    let (number, line, opt_out) = found(&page, &session, &alias, query.filled("line")).await?;
    let now = page.now();
    let shows = anyhow::Ok(Asked {
        line: line.name.clone(),
        number: session.shown(now).number(&number),
        person: person(&line, &number),
        opted_out: opt_out
            .map(|OptOut { since, by }| (Moment::new(since, &line.time_zone, now), by.to_string())),
        action: format!("/optouts/{alias}"),
    });
    page.view(&session, &uri, ("optout.html", "Opt-out"), shows)
}

async fn put(
    State(page): State<Page>,
    session: Session,
    Path(alias): Path<String>,
    form: Form,
) -> Answer {
    let (number, line, opt_out) = found(&page, &session, &alias, form.filled("line")).await?;
    let now = page.now();
    let (to, what) = match form.get("to") {
        Some("on") => (
            Some(OptOut {
                since: now,
                by: Cause::Hand,
            }),
            "put a number on the list of opt-outs",
        ),
        Some("off") => (None, "took a number off the list of opt-outs"),
        _ => {
            return Err(Problem::unusable(
                "Say whether it goes on the list or off it.",
            ));
        }
    };
    let back = address(&session, &line, &number);
    if opt_out.is_some() == to.is_some() {
        return Err(acts::outdated(&back));
    }
    let lines = page.store().lines().await?;
    let opened = Opened::of(&page.relay, lines, line);
    if !opt_outs::put(&opened, number, to, now).await? {
        return Err(acts::outdated(&back));
    }
    acts::put_on_record(&page, &session, &opened.line.name, what).await?;
    Ok(see_other("/optouts"))
}
