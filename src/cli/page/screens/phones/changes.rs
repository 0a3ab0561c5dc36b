//! `GET /phones/changes`: a word whenever the phones may show something else, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream;

use super::only_in_dev;
use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::view::Answer;

/// How often the sandbox is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(150);

const HEARTBEAT: Duration = Duration::from_secs(15);

pub async fn changes(State(page): State<Page>, _: Session) -> Answer {
    page.sandbox.as_deref().ok_or_else(only_in_dev)?;
    // Whoever comes has to look once.
    let changes = stream::unfold((page, None), |(page, seen)| async move {
        loop {
            if *page.stop.borrow() {
                return None;
            }
            let revision = page.sandbox.as_deref()?.revision();
            if seen != Some(revision) {
                let event = Event::default().data(revision.to_string());
                return Some((Ok::<_, Infallible>(event), (page, Some(revision))));
            }
            let mut stop = page.stop.clone();
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return None,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    });
    let alive = KeepAlive::new().interval(HEARTBEAT).text("");
    Ok(Sse::new(changes).keep_alive(alive).into_response())
}
