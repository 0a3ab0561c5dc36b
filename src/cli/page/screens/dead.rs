//! Texts that reached nobody: why, who would get them now, and having them tried again or dropped.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use http::Uri;
use jiff::Timestamp;
use serde::Serialize;

use super::acts;
use crate::app::dead_letters::{Wanted, drop_letter, replay};
use crate::cli::dead::{Letter, Shows, all, shown};
use crate::cli::explain::words::{advice, outcome};
use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::view::{Answer, Form, Moment, Problem, see_other};
use crate::domain::delivery::Delivery;
use crate::domain::ids::DeliveryId;

pub fn routes() -> Router<Page> {
    Router::new()
        .route("/dead", get(list))
        .route("/dead/{id}", get(one))
        .route("/dead/{id}/replay", get(ask_replay).post(do_replay))
        .route("/dead/{id}/drop", get(ask_drop).post(do_drop))
}

#[derive(Serialize)]
struct Row {
    id: String,
    line: String,
    from: String,
    gave_up: Option<Moment>,
    to: String,
    attempts: usize,
    reason: String,
    story: Option<String>,
}

impl Row {
    fn of(letter: &Letter, now: Timestamp) -> Self {
        Self {
            id: letter.delivery.to_string(),
            line: letter.line.clone(),
            from: letter.from.clone().unwrap_or_else(|| "somebody".to_owned()),
            gave_up: letter.gave_up.map(|at| Moment::new(at, &letter.zone, now)),
            to: letter.to_person.clone(),
            attempts: letter.attempts,
            reason: letter.reason.clone(),
            story: letter.message_sid.as_ref().map(ToString::to_string),
        }
    }
}

#[derive(Serialize)]
struct List {
    letters: Vec<Row>,
}

async fn list(State(page): State<Page>, session: Session, uri: Uri) -> Answer {
    let now = page.now();
    let letters = all(page.store(), Wanted::default(), session.shown(now).numbers).await;
    let shows = letters.map(|letters| List {
        letters: letters.iter().map(|letter| Row::of(letter, now)).collect(),
    });
    page.view(&session, &uri, ("dead.html", "Dead letters"), shows)
}

#[derive(Serialize)]
struct One {
    letter: Row,
    /// As it was seen.
    version: u64,
    is_dead: bool,
    body: Option<String>,
    tries: Vec<Try>,
    moved: Vec<Moved>,
    would_go_to: Vec<String>,
    cannot: Option<String>,
    /// What is asked for: `replay`, `drop` or nothing.
    asks: &'static str,
}

#[derive(Serialize)]
struct Try {
    number: u32,
    began: Moment,
    to: String,
    outcome: String,
    advice: Option<String>,
}

#[derive(Serialize)]
struct Moved {
    at: Moment,
    from: String,
    because: &'static str,
}

async fn found(page: &Page, id: &str) -> Result<Delivery, Problem> {
    let none = || {
        Problem::not_found("There is no dead letter of that name, or not any more.")
            .link("/dead", "All dead letters")
    };
    let id = DeliveryId::parse(id).map_err(|_| none())?;
    page.store().delivery(&id).await?.ok_or_else(none)
}

async fn view(page: &Page, session: &Session, uri: &Uri, id: &str, asks: &'static str) -> Answer {
    let (delivery, now) = (found(page, id).await?, page.now());
    let shows = shown(page.store(), &delivery, session.shown(now), now).await;
    let shows = shows.map(|shows| one_of(shows, &delivery, asks, now));
    page.view(session, uri, ("dead_letter.html", "Dead letter"), shows)
}

fn one_of(shows: Shows, delivery: &Delivery, asks: &'static str, now: Timestamp) -> One {
    let moment = |at| Moment::new(at, &shows.letter.zone, now);
    let tries = shows.tries.iter().map(|attempt| Try {
        number: attempt.number,
        began: moment(attempt.began),
        to: attempt.to_person.clone(),
        outcome: outcome(&attempt.outcome),
        advice: advice(&attempt.outcome),
    });
    let moved = shows.handed_over.iter().map(|moved| Moved {
        at: moment(moved.at),
        from: moved.from_person.clone(),
        because: moved.because,
    });
    One {
        letter: Row::of(&shows.letter, now),
        version: delivery.version,
        is_dead: delivery.gave_up.is_some(),
        tries: tries.collect(),
        moved: moved.collect(),
        body: shows.body,
        would_go_to: shows.would_go_to,
        cannot: shows.cannot_be_replayed,
        asks,
    }
}

async fn one(
    State(page): State<Page>,
    session: Session,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    view(&page, &session, &uri, &id, "").await
}

async fn ask_replay(
    State(page): State<Page>,
    session: Session,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    view(&page, &session, &uri, &id, "replay").await
}

async fn ask_drop(
    State(page): State<Page>,
    session: Session,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    view(&page, &session, &uri, &id, "drop").await
}

/// The delivery, if it still is as whoever sent the form saw it.
async fn as_seen(page: &Page, id: &str, form: &Form) -> Result<Delivery, Problem> {
    let delivery = found(page, id).await?;
    if form.get("version") != Some(&delivery.version.to_string()) {
        return Err(acts::outdated(&format!("/dead/{id}")));
    }
    Ok(delivery)
}

/// What went wrong, unless somebody else was faster.
async fn failed(page: &Page, seen: &Delivery, error: anyhow::Error) -> Problem {
    let now = page.store().delivery(&seen.id).await;
    let is_changed = now.is_ok_and(|now| now.is_none_or(|now| now.version != seen.version));
    if is_changed {
        return acts::outdated(&format!("/dead/{}", seen.id));
    }
    error.into()
}

async fn do_replay(
    State(page): State<Page>,
    session: Session,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let seen = as_seen(&page, &id, &form).await?;
    if let Err(error) = replay(&page.relay, &seen.id).await {
        return Err(failed(&page, &seen, error).await);
    }
    let what = format!("had {id} tried again");
    acts::put_on_record(&page, &session, &seen.line, &what).await?;
    Ok(see_other(&format!("/dead/{id}")))
}

/// The longest reason, in characters, and the most digits in a row, as numbers do not belong into the audit.
const LONGEST: usize = 200;
const MOST_DIGITS: usize = 6;

async fn do_drop(
    State(page): State<Page>,
    session: Session,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let seen = as_seen(&page, &id, &form).await?;
    let reason = form.get("reason").unwrap_or_default().trim();
    let unusable =
        |what| Problem::unusable(what).link(format!("/dead/{id}/drop"), "Back to the form");
    if reason.is_empty() {
        return Err(unusable("Say what was done instead."));
    }
    if LONGEST < reason.chars().count() {
        return Err(unusable("The reason is longer than 200 characters."));
    }
    if MOST_DIGITS < reason.chars().filter(char::is_ascii_digit).count() {
        return Err(unusable(
            "The reason has a number in it, which does not belong into the audit.",
        ));
    }
    if let Err(error) = drop_letter(&page.relay, &seen.id, reason).await {
        return Err(failed(&page, &seen, error).await);
    }
    let what = format!("took {id} off the list");
    acts::put_on_record(&page, &session, &seen.line, &what).await?;
    Ok(see_other("/dead"))
}
