//! Notices: what waits to go out, how far each is, what it costs, and calling one back.

use std::io::{Read, Seek, SeekFrom};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use http::Uri;
use jiff::Timestamp;
use serde::Serialize;

use super::acts;
use crate::app::ports::audit::{Kind, Record};
use crate::cli::notifier::{NotifierRequest, Said, ask_here};
use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::view::{Answer, Form, Moment, Problem, see_other};
use crate::domain::ids::NoticeId;
use crate::domain::line::Line;
use crate::domain::names::name_of;
use crate::domain::notice::{Counts, Notice, segments};

pub fn routes() -> Router<Page> {
    Router::new()
        .route("/notices", get(list))
        .route("/notices/{id}", get(one))
        .route("/notices/{id}/cancel", get(ask).post(cancel))
}

/// How many that wait are shown, and how many of the others.
const MOST_WAITING: usize = 100;
const MOST_LATE: usize = 30;

/// How much of the audit's end is read for the ids of late ones.
const AUDIT_BYTES: u64 = 1024 * 1024;

#[derive(Serialize)]
struct List {
    notices: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    line: String,
    topic: String,
    subject: Option<String>,
    text: String,
    state: String,
    tone: &'static str,
    is_open: bool,
    due: Option<Moment>,
    expires: Moment,
    created: Moment,
    version: u64,
    /// All whom the fan-out has come to so far.
    recipients: u64,
    /// Of how many it is known what became of them.
    done: u64,
    counts: Vec<(String, u64)>,
    skipped: Vec<(&'static str, u64)>,
    segments_each: u64,
    segments: u64,
    cost: Option<String>,
    /// How many would not get it if it were called back now.
    left: u64,
}

fn shown(notice: &Notice, counts: Counts, line: Option<&Line>, now: Timestamp) -> Shown {
    let zone = line.map(|line| line.time_zone.clone()).unwrap_or_default();
    let moment = |at| Moment::new(at, &zone, now);
    let on_the_way = counts.waiting + counts.sending + counts.accepted;
    let texted = counts.accepted + counts.delivered + counts.failed;
    let each = segments(&notice.text);
    let by_name = serde_json::to_value(counts).unwrap_or_default();
    let by_name = by_name.as_object().cloned().unwrap_or_default();
    let by_name = by_name.into_iter().filter_map(|(name, count)| {
        let count = count.as_u64().filter(|count| 0 < *count)?;
        Some((name.replace('_', " "), count))
    });
    let skipped = [
        ("opted out", notice.skipped.opted_out),
        (
            "the line may not text their number",
            notice.skipped.not_allowed,
        ),
        (
            "never heard of what has changed",
            notice.skipped.unconcerned,
        ),
    ];
    Shown {
        id: notice.id.to_string(),
        line: notice.line.clone(),
        topic: notice.topic.clone(),
        subject: notice.subject.clone(),
        text: notice.text.clone(),
        state: name_of(&notice.state),
        tone: match name_of(&notice.state).as_str() {
            "sent" => "good",
            "scheduled" | "sending" => "",
            _ => "warn",
        },
        is_open: notice.state.is_open(),
        due: notice.due().map(moment),
        expires: moment(notice.expires),
        created: moment(notice.created),
        version: notice.version,
        recipients: counts.total(),
        done: counts.total() - on_the_way,
        counts: by_name.collect(),
        skipped: skipped
            .into_iter()
            .filter(|(_, count)| 0 < *count)
            .collect(),
        segments_each: each,
        segments: each * texted,
        cost: line.map(|line| {
            line.notices
                .price_per_segment
                .times(each * texted)
                .to_string()
        }),
        left: counts.waiting,
    }
}

async fn list(State(page): State<Page>, session: Session, uri: Uri) -> Answer {
    let shows = all(&page).await;
    page.view(&session, &uri, ("notices.html", "Notices"), shows)
}

async fn all(page: &Page) -> anyhow::Result<List> {
    let (now, lines) = (page.now(), page.store().lines().await?);
    let mut ids = page
        .store()
        .notices_due_before(Timestamp::MAX, MOST_WAITING)
        .await?;
    for late in late(page) {
        if !ids.contains(&late) {
            ids.push(late);
        }
    }
    let mut notices = Vec::new();
    for id in ids {
        let Some(notice) = page.store().notice(id).await? else {
            continue;
        };
        let line = lines.iter().find(|line| line.number == notice.from);
        let counts = page.store().counts(id).await?;
        notices.push(shown(&notice, with_skipped(counts, &notice), line, now));
    }
    Ok(List { notices })
}

/// Whom the fan-out passed over has no delivery to be counted.
fn with_skipped(mut counts: Counts, notice: &Notice) -> Counts {
    counts.skipped += notice.skipped.total();
    counts
}

/// Notices that were accepted lately, the latest first, as the end of the audit has them.
fn late(page: &Page) -> Vec<NoticeId> {
    let read = || {
        let mut file = std::fs::File::open(page.audit())?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(AUDIT_BYTES)))?;
        let mut end = Vec::new();
        file.take(AUDIT_BYTES).read_to_end(&mut end)?;
        std::io::Result::Ok(end)
    };
    let end = read().unwrap_or_default();
    let records = end.split(|byte| *byte == b'\n').rev();
    let records = records.filter_map(|line| serde_json::from_slice::<Record>(line).ok());
    let accepted = records.filter(|record| record.kind == Kind::Notice);
    accepted
        .filter_map(|record| record.notice)
        .take(MOST_LATE)
        .collect()
}

async fn found(page: &Page, id: &str) -> Result<Notice, Problem> {
    let none = || {
        Problem::not_found("There is no notice of that name, or not any more.")
            .link("/notices", "All notices")
    };
    let id = NoticeId::parse(id).map_err(|_| none())?;
    page.store().notice(id).await?.ok_or_else(none)
}

#[derive(Serialize)]
struct One {
    notice: Shown,
    /// Whether calling it back is asked for.
    asks: bool,
}

async fn view(page: &Page, session: &Session, uri: &Uri, id: &str, asks: bool) -> Answer {
    let notice = found(page, id).await?;
    let lines = page.store().lines().await?;
    let line = lines.iter().find(|line| line.number == notice.from);
    let counts = page.store().counts(notice.id).await;
    let shows = counts.map(|counts| One {
        notice: shown(&notice, with_skipped(counts, &notice), line, page.now()),
        asks,
    });
    page.view(session, uri, ("notice.html", "Notice"), shows)
}

async fn one(
    State(page): State<Page>,
    session: Session,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    view(&page, &session, &uri, &id, false).await
}

async fn ask(
    State(page): State<Page>,
    session: Session,
    Path(id): Path<String>,
    uri: Uri,
) -> Answer {
    view(&page, &session, &uri, &id, true).await
}

async fn cancel(
    State(page): State<Page>,
    session: Session,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let (notice, back) = (found(&page, &id).await?, format!("/notices/{id}"));
    // How far it has come changes by itself; what matters is that it can still be called back.
    if form.get("state") != Some(&name_of(&notice.state)) && !notice.state.may_go_out() {
        return Err(acts::outdated(&back));
    }
    match ask_here(&page.relay, &NotifierRequest::Cancel(id.clone())).await? {
        Said::Done(_) => {}
        Said::Refused(problem) => {
            let why = problem["detail"]
                .as_str()
                .unwrap_or("It cannot be called back.");
            return Err(Problem::conflict(why).link(back, "See how it is now"));
        }
    }
    let what = format!("called back {id}");
    acts::put_on_record(&page, &session, &notice.line, &what).await?;
    Ok(see_other(&back))
}
