//! How everything stands now: who is on duty, who waits, what is on its way.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use http::Uri;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::app::dead_letters::{Wanted, letters};
use crate::cli::conversations;
use crate::cli::duty::show::shown as duty;
use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::last_hour::LastHour;
use crate::cli::page::view::{Answer, Moment, Problem, in_path, lasted};
use crate::domain::delivery::{Delivery, Purpose, State as Stands};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::line::Line;
use crate::domain::routing::Known;
use crate::domain::time_zone::TimeZone;
use crate::hosts::server::VERDICTS;

pub fn routes() -> Router<Page> {
    Router::new()
        .route("/", get(now))
        .route("/lines/{name}", get(line))
}

#[derive(Serialize)]
struct Shown {
    at: Moment,
    doctor: Option<Doctor>,
    lines: Vec<OfLine>,
    /// Whether there are others besides those shown.
    is_one: bool,
}

#[derive(Serialize)]
struct OfLine {
    name: String,
    path: String,
    number: String,
    /// Who gets a customer's text now, and who is next.
    to: Option<String>,
    then: Vec<String>,
    /// When that changes.
    until: Option<Moment>,
    people: Vec<Person>,
    waiting: Vec<Waiting>,
    questions: usize,
    in_flight: usize,
    oldest: Option<Oldest>,
    dead: usize,
    /// `None` if the audit cannot be read.
    hour: Option<LastHour>,
}

/// What `relay doctor` found when the relay last looked by itself.
#[derive(Serialize)]
struct Doctor {
    at: Moment,
    broken: usize,
    risks: usize,
}

#[derive(Serialize)]
struct Person {
    name: String,
    available: bool,
    because: String,
    until: Option<Moment>,
}

#[derive(Serialize)]
struct Waiting {
    customer: String,
    alias: String,
    tag: String,
    since: Moment,
    lasts: String,
    has: Option<String>,
    words: Option<String>,
    story: Option<MessageSid>,
}

#[derive(Serialize)]
struct Oldest {
    lasts: String,
    story: Option<MessageSid>,
}

async fn now(State(page): State<Page>, session: Session, uri: Uri) -> Answer {
    let shows = shows(&page, &session, None).await;
    page.view(&session, &uri, ("now.html", "Now"), shows)
}

async fn line(
    State(page): State<Page>,
    session: Session,
    Path(name): Path<String>,
    uri: Uri,
) -> Answer {
    let shows = shows(&page, &session, Some(&name)).await;
    if shows.as_ref().is_ok_and(|shows| shows.lines.is_empty()) {
        return Err(Problem::not_found(
            "There is no line of that name, or not any more.",
        ));
    }
    page.view(&session, &uri, ("now.html", &name), shows)
}

async fn shows(page: &Page, session: &Session, only: Option<&str>) -> anyhow::Result<Shown> {
    let now = page.now();
    let mut lines = page.store().lines().await?;
    let is_one = only.is_some() || lines.len() == 1;
    lines.retain(|line| only.is_none_or(|only| line.name == only));
    let zone = lines.first().map(|line| line.time_zone.clone());
    let in_flight = in_flight(page).await?;
    let dead = letters(page.store(), Wanted::default()).await?;
    let hour = page.last_hour().await;
    let mut shown = Vec::new();
    for line in &lines {
        let of_line = of_line(page, session, line, now, &in_flight, &dead).await?;
        let hour = hour.as_ref();
        shown.push(OfLine {
            hour: hour.map(|hour| hour.get(&line.name).cloned().unwrap_or_default()),
            ..of_line
        });
    }
    let zone = zone.unwrap_or_default();
    Ok(Shown {
        doctor: doctor(page, &zone, now),
        at: Moment::new(now, &zone, now),
        lines: shown,
        is_one,
    })
}

async fn of_line(
    page: &Page,
    session: &Session,
    line: &Line,
    now: Timestamp,
    in_flight: &[Delivery],
    dead: &[Delivery],
) -> anyhow::Result<OfLine> {
    let store = page.store();
    let moment = |at| Moment::new(at, &line.time_zone, now);
    let known = Known {
        overrides: store.overrides(&line.number).await?,
        opt_outs: store.opt_outs(&line.number).await?,
        ..Known::default()
    };
    let duty = duty(line, &known, now);
    let people = duty.decision.candidates.iter().zip(&duty.people);
    let people: Vec<Person> = people
        .map(|(candidate, person)| Person {
            name: candidate.person.clone(),
            available: candidate.available,
            because: candidate.because.in_zone(&line.time_zone),
            until: person.until.map(moment),
        })
        .collect();
    let to = duty.decision.to_person.clone();
    let until = people
        .iter()
        .find(|person| Some(&person.name) == to.as_ref());
    let until = until.and_then(|person| person.until.clone());
    let told = conversations::of_line(store, line, now, session.shown(now)).await?;
    let waiting = told.conversations.into_iter().filter_map(|c| {
        let since = c.waits_since.filter(|_| c.blocked_since.is_none())?;
        Some(Waiting {
            alias: session.alias(&c.number),
            customer: c.customer,
            tag: c.tag,
            since: moment(since),
            lasts: lasted(since, now),
            has: c.has,
            words: c.words,
            story: c.texts.last().cloned(),
        })
    });
    let mut waiting: Vec<Waiting> = waiting.collect();
    // Whoever waits longest comes first.
    waiting.sort_by(|one, other| one.since.iso.cmp(&other.since.iso));
    let own = |delivery: &&Delivery| delivery.line == line.name;
    let under_way = in_flight.iter().filter(own);
    let oldest = under_way.clone().min_by_key(|delivery| delivery.created);
    let number = line.country().map(|country| country.write(&line.number));
    Ok(OfLine {
        path: format!("/lines/{}", in_path(&line.name)),
        name: line.name.clone(),
        number: number.unwrap_or_else(|| line.number.expose().to_owned()),
        then: duty.decision.then.clone(),
        to,
        until,
        people,
        waiting,
        questions: told.questions.len(),
        in_flight: under_way.count(),
        oldest: oldest.map(|delivery| Oldest {
            lasts: lasted(delivery.created, now),
            story: delivery.message_sid.clone(),
        }),
        dead: dead.iter().filter(own).count(),
        hour: None,
    })
}

/// `None` if nobody has looked yet, as in `relay dev`.
fn doctor(page: &Page, zone: &TimeZone, now: Timestamp) -> Option<Doctor> {
    let file = page.data.join(VERDICTS);
    let looked = std::fs::metadata(&file).ok()?.modified().ok()?;
    let looked = Timestamp::try_from(looked).ok()?;
    let verdicts: BTreeMap<String, String> =
        serde_json::from_slice(&std::fs::read(&file).ok()?).ok()?;
    let count = |of: &str| verdicts.values().filter(|verdict| *verdict == of).count();
    Some(Doctor {
        at: Moment::new(looked, zone, now),
        broken: count("broken"),
        risks: count("risk"),
    })
}

/// How many deliveries that are due are looked at.
const MOST_DUE: usize = 500;

/// How far ahead a text that is on its way is due at most.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// The texts that are on their way to a person or a customer.
async fn in_flight(page: &Page) -> anyhow::Result<Vec<Delivery>> {
    let ids = page
        .store()
        .due_before(page.now() + AHEAD, MOST_DUE)
        .await?;
    let mut deliveries = page.store().deliveries(&ids).await?;
    deliveries.retain(|delivery| {
        let waits_for_a_case = delivery
            .in_conversation
            .as_ref()
            .is_some_and(|part| part.chase.is_some() || part.only_if.is_some());
        let is_text = matches!(
            delivery.purpose,
            Purpose::Relay | Purpose::Reply | Purpose::Answer
        );
        let is_under_way = matches!(
            delivery.state,
            Stands::Waiting { .. }
                | Stands::Sending { .. }
                | Stands::Unknown { .. }
                | Stands::Accepted { .. }
        );
        is_text && is_under_way && (!waits_for_a_case || !delivery.attempts.is_empty())
    });
    Ok(deliveries)
}
