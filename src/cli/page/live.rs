//! `GET /events`: the audit as it grows, as server-sent events.
//!
//! Each stream is a place in the audit's file, so nothing is lost or sent twice however they come and go. Rows
//! that several streams want are made once.
//!
//! Source: HTML, "Server-sent events".

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http::{HeaderMap, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Page;
use super::access::Session;
use super::answer::{Answer, Problem, Query};
use super::row::{Began, Row, row};
use super::tail::{self, After, Position};
use crate::domain::time_zone::TimeZone;

/// The most streams at once.
const MOST_STREAMS: usize = 32;

/// The most rows that a stream may be behind; a reload is cheaper then.
const MOST_BEHIND: usize = 256;

/// How often a stream looks whether the audit has grown: a look at the file's length.
const LOOK_EVERY: Duration = Duration::from_millis(100);

const HEARTBEAT: Duration = Duration::from_secs(15);
const RETRY: Duration = Duration::from_secs(2);

/// How long the lines' zones are taken for right.
const ZONES_FOR: i64 = 10;

/// What the streams share.
pub struct Live {
    streams: Arc<Semaphore>,
    rows: Mutex<Rows>,
    zones: Mutex<(i64, HashMap<String, TimeZone>)>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
            rows: Mutex::default(),
            zones: Mutex::new((i64::MIN, HashMap::new())),
        }
    }
}

/// The last rows, each with the place before it.
#[derive(Default)]
struct Rows {
    rows: VecDeque<(Position, Arc<Row>)>,
    end: Option<Position>,
    began: Began,
}

enum Next {
    Rows(Vec<Arc<Row>>, Position),
    Lost(Position),
}

impl Page {
    /// The zone of each line.
    pub async fn zones(&self) -> HashMap<String, TimeZone> {
        let now = self.now().as_second();
        {
            let known = self.live.zones.lock();
            let known = known.unwrap_or_else(PoisonError::into_inner);
            if (known.0..known.0.saturating_add(ZONES_FOR)).contains(&now) {
                return known.1.clone();
            }
        }
        let Ok(lines) = self.store().lines().await else {
            let known = self.live.zones.lock();
            return known.unwrap_or_else(PoisonError::into_inner).1.clone();
        };
        let zones: HashMap<_, _> = lines
            .into_iter()
            .map(|line| (line.name, line.time_zone))
            .collect();
        let mut known = self
            .live
            .zones
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *known = (now, zones.clone());
        zones
    }

    /// The zone of what concerns no line in particular: the first line's, once it is known.
    pub fn zone(&self) -> TimeZone {
        let known = self.live.zones.lock();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        let first = known.1.iter().min_by_key(|(name, _)| *name);
        first.map(|(_, zone)| zone.clone()).unwrap_or_default()
    }

    /// The rows behind a place.
    fn rows_after(
        &self,
        from: Position,
        zones: &HashMap<String, TimeZone>,
    ) -> std::io::Result<Next> {
        // What concerns no line in particular is told by the first one's clock.
        let first = zones.iter().min_by_key(|(name, _)| *name);
        let zone = |line: &str| {
            let zone = zones.get(line).or(first.map(|(_, zone)| zone));
            zone.cloned().unwrap_or_default()
        };
        let path = self.audit();
        let mut shared = self
            .live
            .rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let shared = &mut *shared;
        // Where the shared rows end, if this stream's place is one between them.
        let is_known =
            |end: &Position| *end == from || shared.rows.iter().any(|(before, _)| *before == from);
        let start = shared.end.filter(is_known).unwrap_or(from);
        let mut start = start;
        let mut found = tail::after(&path, start, MOST_BEHIND)?;
        // Nobody may have looked for long.
        if start != from && matches!(found, After::Lost(_)) {
            start = from;
            found = tail::after(&path, start, MOST_BEHIND)?;
        }
        let lines = match found {
            After::Lines(lines) => lines,
            After::Lost(end) => return Ok(Next::Lost(end)),
        };
        if shared.end != Some(start) {
            // It begins anew from there.
            shared.rows.clear();
            shared.began = Began::default();
        }
        shared.end = Some(start);
        for line in lines {
            let before = Position {
                inode: line.end.inode,
                ..shared.end.unwrap_or(start)
            };
            let id = line.end.to_string();
            if let Some(row) = row(&line.bytes, id, zone, &mut shared.began) {
                shared.rows.push_back((before, Arc::new(row)));
            }
            shared.end = Some(line.end);
        }
        while MOST_BEHIND < shared.rows.len() {
            shared.rows.pop_front();
        }
        let end = shared.end.unwrap_or(start);
        let rows = shared.rows.iter();
        let rows = rows.filter(|(before, _)| {
            from.offset <= before.offset && (from.inode == before.inode || from.inode == 0)
        });
        Ok(Next::Rows(
            rows.map(|(_, row)| Arc::clone(row)).collect(),
            end,
        ))
    }
}

/// One stream.
struct Stream {
    page: Page,
    session: Session,
    from: Position,
    filter: Filter,
    waiting: VecDeque<Event>,
    is_over: bool,
    _counted: OwnedSemaphorePermit,
}

/// Which rows somebody wants.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub group: Option<String>,
    pub line: Option<String>,
    pub problems: bool,
}

impl Filter {
    pub fn of(query: &Query) -> Self {
        Self {
            group: query.filled("kind").map(str::to_owned),
            line: query.filled("line").map(str::to_owned),
            problems: query.filled("problems").is_some(),
        }
    }

    pub fn wants(&self, row: &Row) -> bool {
        let is = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w == is);
        (is(&self.group, row.group) || is(&self.group, &row.kind))
            && is(&self.line, &row.line)
            && (!self.problems || row.is_problem())
    }
}

pub(super) async fn events(
    State(page): State<Page>,
    session: Session,
    headers: HeaderMap,
    query: Query,
) -> Answer {
    let counted = Arc::clone(&page.live.streams).try_acquire_owned();
    let counted = counted.map_err(|_| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "As many pages are open as can be kept up to date.",
        )
        .todo("Close some, or load this one again by hand.")
    })?;
    let last = headers
        .get("last-event-id")
        .map(|id| id.to_str().unwrap_or("?"));
    let asked = last.or_else(|| query.filled("from"));
    let mut waiting = VecDeque::new();
    let from = match asked.map(Position::parse) {
        Some(Some(from)) => from,
        Some(None) => {
            let end = tail::end(&page.audit())?;
            waiting.push_back(lost(end));
            end
        }
        None => tail::end(&page.audit())?,
    };
    waiting.push_front(
        Event::default()
            .retry(RETRY)
            .comment("the audit as it grows"),
    );
    let stream = Stream {
        filter: Filter::of(&query),
        page,
        session,
        from,
        waiting,
        is_over: false,
        _counted: counted,
    };
    let events = stream::unfold(stream, |mut stream| async {
        let event = stream.next().await?;
        Some((Ok::<_, Infallible>(event), stream))
    });
    let alive = KeepAlive::new().interval(HEARTBEAT).text("");
    let answer: Response = Sse::new(events).keep_alive(alive).into_response();
    Ok(answer)
}

fn lost(end: Position) -> Event {
    Event::default()
        .event("lost")
        .id(end.to_string())
        .data("{}")
}

impl Stream {
    /// The next event; `None` at the stop, and when the session is over.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.is_over || !self.page.access.is_alive(&self.session, self.page.now()) {
                return None;
            }
            self.look().await;
            if self.waiting.is_empty() {
                let mut stop = self.page.stop.clone();
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => self.is_over = true,
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
        }
    }

    async fn look(&mut self) {
        match tail::end_of(&self.page.audit()) {
            Ok(Some(end)) if end == self.from => return,
            Ok(_) => {}
            // The next look may go better.
            Err(_) => return,
        }
        let zones = self.page.zones().await;
        match self.page.rows_after(self.from, &zones) {
            Ok(Next::Rows(rows, end)) => {
                self.from = end;
                let rows = rows.iter().filter(|row| self.filter.wants(row));
                let events = rows.filter_map(|row| {
                    let data = serde_json::to_string(row.as_ref()).ok()?;
                    Some(Event::default().id(&row.id).event(&row.kind).data(data))
                });
                self.waiting.extend(events);
            }
            Ok(Next::Lost(end)) => {
                self.from = end;
                self.waiting.push_back(lost(end));
            }
            Err(error) => {
                tracing::debug!(%error, "the audit could not be read for the page");
            }
        }
    }
}
