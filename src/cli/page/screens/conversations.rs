//! Who waits for an answer, who has whom, and what was written.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use http::Uri;
use jiff::Timestamp;
use serde::Serialize;

use super::acts;
use crate::cli::conversations::{OfLine, of_line};
use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::view::{Answer, Form, Moment, Problem, Query, in_path, lasted, see_other};
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::phone::{PhoneNumber, Sender};
use crate::sandbox::Text;

pub fn routes() -> Router<Page> {
    Router::new()
        .route("/conversations", get(all))
        .route("/conversations/{alias}", get(one))
        .route("/conversations/{alias}/answer", post(answer))
}

#[derive(Serialize)]
struct Shown {
    lines: Vec<LineShown>,
}

#[derive(Serialize)]
struct LineShown {
    name: String,
    conversations: Vec<Conversation>,
    questions: Vec<Question>,
}

#[derive(Serialize)]
struct Conversation {
    /// Where it is shown.
    to: String,
    customer: String,
    tag: String,
    has: Option<String>,
    others: Vec<String>,
    waits: Option<(Moment, String)>,
    blocked: Option<Moment>,
    opened: Moment,
    active: Moment,
    words: Option<String>,
}

#[derive(Serialize)]
struct Question {
    person: String,
    tags: Vec<String>,
    until: Moment,
    story: String,
}

async fn all(State(page): State<Page>, session: Session, uri: Uri) -> Answer {
    let shows = shown(&page, &session).await;
    page.view(
        &session,
        &uri,
        ("conversations.html", "Conversations"),
        shows,
    )
}

async fn shown(page: &Page, session: &Session) -> anyhow::Result<Shown> {
    let (now, mut lines) = (page.now(), Vec::new());
    for line in page.store().lines().await? {
        let told = of_line(page.store(), &line, now, session.shown(now)).await?;
        lines.push(line_shown(&line, told, session, now));
    }
    Ok(Shown { lines })
}

fn line_shown(line: &Line, told: OfLine, session: &Session, now: Timestamp) -> LineShown {
    let moment = |at| Moment::new(at, &line.time_zone, now);
    let conversations = told.conversations.into_iter().map(|c| Conversation {
        to: address(session, line, &c.number),
        waits: c
            .waits_since
            .map(|since| (moment(since), lasted(since, now))),
        blocked: c.blocked_since.map(moment),
        opened: moment(c.opened),
        active: moment(c.active),
        customer: c.customer,
        tag: c.tag,
        has: c.has,
        others: c.others,
        words: c.words,
    });
    let questions = told.questions.into_iter().map(|q| Question {
        person: q.person,
        tags: q.tags,
        until: moment(q.until),
        story: q.message_sid.to_string(),
    });
    LineShown {
        name: line.name.clone(),
        conversations: conversations.collect(),
        questions: questions.collect(),
    }
}

fn address(session: &Session, line: &Line, customer: &PhoneNumber) -> String {
    let (alias, line) = (session.alias(customer), in_path(&line.name));
    format!("/conversations/{alias}?line={line}")
}

#[derive(Serialize)]
struct One {
    line: String,
    conversation: Conversation,
    texts: Vec<TextShown>,
    /// Who can answer here, in the sandbox.
    people: Vec<String>,
    answer_to: String,
}

#[derive(Serialize)]
struct TextShown {
    by: String,
    is_customer: bool,
    at: Moment,
    /// Whom it was for.
    to: Option<String>,
    words: Option<String>,
    media: usize,
    story: String,
}

/// How many of the last texts are shown.
const MOST: usize = 50;

async fn one(
    State(page): State<Page>,
    session: Session,
    Path(alias): Path<String>,
    query: Query,
    uri: Uri,
) -> Answer {
    let (customer, line) = found(&page, &session, &alias, query.filled("line")).await?;
    let now = page.now();
    let told = of_line(page.store(), &line, now, session.shown(now)).await?;
    let mut told = line_shown(&line, told, &session, now);
    let own = address(&session, &line, &customer);
    let conversation = told.conversations.iter().position(|c| c.to == own);
    let conversation = conversation.map(|at| told.conversations.swap_remove(at));
    let conversation = conversation.ok_or_else(gone)?;
    let title = format!("Conversation {}", conversation.tag);
    let texts = texts(&page, &session, &line, &customer, now).await;
    let shows = texts.map(|texts| One {
        line: line.name.clone(),
        answer_to: format!("/conversations/{alias}/answer"),
        people: if page.is_dev() {
            line.people.iter().map(|p| p.name.clone()).collect()
        } else {
            Vec::new()
        },
        conversation,
        texts,
    });
    page.view(&session, &uri, ("conversation.html", &title), shows)
}

fn gone() -> Problem {
    Problem::not_found("This address stands for no customer, or not any more.")
        .todo("Addresses of conversations are good for one login alone: find it in the list.")
        .link("/conversations", "All conversations")
}

async fn found(
    page: &Page,
    session: &Session,
    alias: &str,
    line: Option<&str>,
) -> Result<(PhoneNumber, Line), Problem> {
    let customer = session.number(alias).ok_or_else(gone)?;
    Ok((customer, acts::line(page, line).await?))
}

/// The last texts of a customer's conversation, oldest first.
async fn texts(
    page: &Page,
    session: &Session,
    line: &Line,
    customer: &PhoneNumber,
    now: Timestamp,
) -> anyhow::Result<Vec<TextShown>> {
    let known = std::slice::from_ref(customer);
    let known = page.store().conversations(&line.number, known).await?;
    let (mut next, mut texts) = (known.into_iter().next().and_then(|c| c.last), Vec::new());
    let words = session.shown(now).body;
    while let Some(sid) = next
        && texts.len() < MOST
        && let Some(record) = page.store().inbound(&sid).await?
    {
        next = record
            .conversation
            .as_ref()
            .and_then(|c| c.previous.clone());
        texts.push(text(record, line, words, now));
    }
    texts.reverse();
    Ok(texts)
}

fn text(record: InboundRecord, line: &Line, words: bool, now: Timestamp) -> TextShown {
    let number = record.sms.from.phone();
    let person = number.and_then(|number| line.person_with(number));
    TextShown {
        by: person
            .map_or("the customer", |person| &person.name)
            .to_owned(),
        is_customer: person.is_none(),
        at: Moment::new(record.received, &line.time_zone, now),
        to: record.decision.to_person,
        words: words.then_some(record.sms.body),
        media: record.sms.media.len(),
        story: record.sms.sid.to_string(),
    }
}

/// Answers as one of the people, by a text from their phone in the sandbox.
async fn answer(
    State(page): State<Page>,
    session: Session,
    Path(alias): Path<String>,
    form: Form,
) -> Answer {
    let nowhere = || Problem::not_found("Only in `relay dev` can an answer be written here.");
    let sandbox = page.sandbox.as_deref().ok_or_else(nowhere)?;
    let (customer, line) = found(&page, &session, &alias, form.filled("line")).await?;
    let back = address(&session, &line, &customer);
    let unusable =
        |what: &str| Problem::unusable(what).link(back.clone(), "Back to the conversation");
    let person = line.person_named(form.get("person").unwrap_or_default());
    let person = person.ok_or_else(|| unusable("There is nobody of that name behind the line."))?;
    let words = form.filled("words");
    let words = words.ok_or_else(|| unusable("There is nothing to send: write something."))?;
    let known = std::slice::from_ref(&customer);
    let known = page.store().conversations(&line.number, known).await?;
    let tag = known
        .first()
        .map(|known| known.tag.clone())
        .ok_or_else(gone)?;
    let text = Text::new(format!("{tag} {}", words.replace("\r\n", "\n")));
    let sent = sandbox.text(&Sender::Phone(person.number.clone()), &line.number, text);
    sent.map_err(|error| unusable(&error.to_string()))?;
    Ok(see_other(&back))
}
