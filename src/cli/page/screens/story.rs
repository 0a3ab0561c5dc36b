//! The story of one text or call, as `relay explain` tells it.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use http::Uri;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::cli::explain::moment::Moment as Told;
use crate::cli::explain::story::{DeliveryShown, Story};
use crate::cli::explain::{self, call::CallTold};
use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::row::Look;
use crate::cli::page::tail;
use crate::cli::page::view::{Answer, Moment, Problem, lasted, see_other};
use crate::domain::delivery::State as Stands;
use crate::domain::ids::CallSid;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::time_zone::TimeZone;

pub fn routes() -> Router<Page> {
    Router::new().route("/texts/{sid}", get(story))
}

/// The most bytes of the audit that are searched for a text's records.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

#[derive(Serialize)]
struct Shown {
    sid: String,
    title: String,
    content: Option<String>,
    body: Option<String>,
    candidates: Vec<Candidate>,
    deliveries: Vec<Delivery>,
    steps: Vec<Step>,
    /// The steps of the call itself, if people have read of it.
    of_call: Vec<Step>,
    customer: Option<String>,
    has: Option<String>,
    texts: Vec<Text>,
    records: Vec<String>,
}

#[derive(Serialize)]
struct Candidate {
    person: String,
    available: bool,
    because: String,
}

#[derive(Serialize)]
struct Delivery {
    id: String,
    to_person: String,
    to: String,
    attempts: usize,
    word: &'static str,
    look: Look,
}

#[derive(Serialize)]
struct Step {
    at: Option<Moment>,
    /// How long after the step before.
    after: Option<String>,
    /// In how long it is due, if it is still to come.
    due_in: Option<String>,
    what: String,
    details: Vec<String>,
}

#[derive(Serialize)]
struct Text {
    at: Moment,
    by: String,
    what: String,
    /// `None`: it is the one whose story this is.
    story: Option<String>,
}

fn parse(sid: &str) -> Option<MessageSid> {
    match CallSid::parse(sid) {
        Ok(call) => Some(MessageSid::of_call(&call)),
        Err(_) => MessageSid::parse(sid).ok(),
    }
}

async fn story(
    State(page): State<Page>,
    session: Session,
    Path(sid): Path<String>,
    uri: Uri,
) -> Answer {
    let Some(sid) = parse(&sid) else {
        return Err(Problem::not_found(
            "That is no name of a text (SM or MM and 32 digits) and none of a call (CA and 32 digits).",
        ));
    };
    let now = page.now();
    let store = page.store();
    let shows = match explain::told(store, &sid, session.shown(now)).await {
        Ok(None) => return sent(&page, &sid).await,
        Ok(Some(explain::Told::Text(story, zone))) => Ok(of_text(&page, &sid, *story, &zone, now)),
        Ok(Some(explain::Told::Call(call))) => Ok(of_call(&page, &sid, call, now)),
        Err(error) => Err(error),
    };
    page.view(&session, &uri, ("story.html", "Story"), shows)
}

/// Leads from a text that was sent to the one that it was sent for.
async fn sent(page: &Page, sid: &MessageSid) -> Result<Response, Problem> {
    let unknown = || {
        Problem::not_found("No text and no call of that name came in here.").todo(
            "It may have been removed since, or be of another relay. The stream has the names of what came in.",
        )
    };
    let store = page.store();
    let id = store.owner_of(sid).await?.ok_or_else(unknown)?;
    let delivery = store.delivery(&id).await?.ok_or_else(unknown)?;
    let of = delivery.message_sid.filter(|of| of != sid);
    of.map(|of| see_other(&format!("/texts/{of}")))
        .ok_or_else(unknown)
}

fn of_text(page: &Page, sid: &MessageSid, story: Story, zone: &TimeZone, now: Timestamp) -> Shown {
    let title = match &story.call {
        Some(CallTold {
            called_by: Some(person),
            line,
            ..
        }) => format!("{person} called the customer {} for {line}", story.from),
        Some(call) => format!("{} called {}", story.from, call.line),
        None => format!("{} wrote to {}", story.from, story.line),
    };
    let candidates = story.decision["candidates"].as_array();
    let candidates = candidates.into_iter().flatten().map(|candidate| Candidate {
        person: text(&candidate["person"]),
        available: candidate["available"] == true,
        because: text(&candidate["because"]),
    });
    let (customer, has, texts) = match story.conversation {
        Some(told) => (Some(told.customer), told.has, told.texts),
        None => (None, None, Vec::new()),
    };
    let texts = texts.into_iter().map(|text| Text {
        at: Moment::new(text.at, zone, now),
        by: text.by,
        what: text.what,
        story: (text.message_sid != *sid).then(|| format!("/texts/{}", text.message_sid)),
    });
    Shown {
        sid: sid.to_string(),
        title,
        content: Some(story.content),
        body: story.body,
        candidates: candidates.collect(),
        deliveries: story.deliveries.iter().map(delivery).collect(),
        steps: steps(story.moments, zone, now),
        of_call: steps(
            story.call.map(|call| call.moments).unwrap_or_default(),
            zone,
            now,
        ),
        customer,
        has,
        texts: texts.collect(),
        records: records(page, sid),
    }
}

fn of_call(page: &Page, sid: &MessageSid, call: CallTold, now: Timestamp) -> Shown {
    let stands = if call.is_over {
        "nobody is told of it by text"
    } else {
        "it is not over"
    };
    let title = match &call.called_by {
        Some(person) => format!("A call of {person} for {}", call.line),
        None => format!("A call to {}", call.line),
    };
    Shown {
        sid: sid.to_string(),
        title,
        content: Some(stands.to_owned()),
        body: None,
        candidates: Vec::new(),
        deliveries: Vec::new(),
        steps: steps(call.moments, &call.zone, now),
        of_call: Vec::new(),
        customer: None,
        has: None,
        texts: Vec::new(),
        records: records(page, sid),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn delivery(shown: &DeliveryShown) -> Delivery {
    let (word, look) = match shown.state {
        Stands::Waiting { .. } if shown.is_set_up => ("only if needed", Look::Plain),
        Stands::Waiting { .. } => ("waits", Look::Plain),
        Stands::Sending { .. } => ("is being sent", Look::Plain),
        Stands::Unknown { .. } => ("not known: Twilio is asked", Look::Warn),
        Stands::Accepted { .. } => ("Twilio has it", Look::Plain),
        Stands::Delivered => ("delivered", Look::Good),
        Stands::GaveUp { .. } => ("gave up", Look::Bad),
        Stands::Withheld { .. } => ("not sent", Look::Warn),
    };
    Delivery {
        id: shown.id.to_string(),
        to_person: shown.to_person.clone(),
        to: shown.to.clone(),
        attempts: shown.attempts.len(),
        word,
        look,
    }
}

/// The least pause that is worth a word.
const PAUSE: i64 = 1;

fn steps(moments: Vec<Told>, zone: &TimeZone, now: Timestamp) -> Vec<Step> {
    let mut before: Option<Timestamp> = None;
    let mut steps = Vec::new();
    for moment in moments {
        let paused = before
            .zip(moment.at)
            .filter(|(before, at)| at.duration_since(*before).as_secs() >= PAUSE);
        before = moment.at.or(before);
        steps.push(Step {
            at: moment.at.map(|at| Moment::new(at, zone, now)),
            after: paused.map(|(before, at)| lasted(before, at)),
            due_in: moment.at.filter(|at| now < *at).map(|at| lasted(now, at)),
            what: moment.what,
            details: moment.details,
        });
    }
    steps
}

/// What the audit has of it, oldest first, without the hashes of numbers.
fn records(page: &Page, sid: &MessageSid) -> Vec<String> {
    let name = sid
        .call()
        .map_or_else(|| sid.to_string(), |call| call.to_string());
    let is_of = |bytes: &[u8]| {
        bytes
            .windows(name.len())
            .any(|part| part == name.as_bytes())
    };
    let begins = [&b"\"kind\":\"decision\""[..], b"\"kind\":\"call\""];
    let found = tail::before(&page.audit(), None, MOST_BYTES, |line| {
        let has = |part: &[u8]| line.bytes.windows(part.len()).any(|of| of == part);
        is_of(&line.bytes) && begins.iter().any(|part| has(part))
    });
    let lines = found.map(|found| found.lines).unwrap_or_default();
    let of_it = lines.iter().filter(|line| is_of(&line.bytes));
    let records = of_it.filter_map(|line| {
        let mut record: Value = serde_json::from_slice(&line.bytes).ok()?;
        for who in ["from", "to"] {
            if let Some(who) = record.get_mut(who).and_then(Value::as_object_mut) {
                who.retain(|name, _| name == "masked");
            }
        }
        Some(record.to_string())
    });
    records.collect()
}
