//! The page: the relay in a browser, for people on duty and for whoever tries it out.
//!
//! It listens on a port of its own, never on that of the webhooks. Screens are HTML from [`templates`];
//! everything works without script, which only adds live updates.
//!
//! # How to add a screen
//!
//! 1. A file in `screens/` with `pub fn routes() -> Router<Page>`, merged in [`screens::routes`].
//! 2. Its template in `templates/NAME.html` (the inside of `<main>`), listed in [`templates::TEMPLATES`].
//!    `{{ }}` is escaped and made printable; it may stand in text and in quoted attributes, never in
//!    `<script>`. `{{ moment|time }}` shows a [`view::Moment`].
//! 3. A row in [`NAVIGATION`].
//!
//! A handler takes `State<Page>` and a [`access::Session`], which only somebody who is logged in has;
//! [`view::Query`] for a query, [`view::Form`] for a form that was sent. It answers with
//! [`Page::view`], with [`view::see_other`] after a POST, or with a [`view::Problem`]. Requests of
//! other sites, of nobody, and POSTs of read-only sessions do not come as far as a handler.
//!
//! What changes by itself stands in an element with an `id` and `data-live`: script fetches the screen again when
//! something happens, and puts the element in the place of the old one. A `<details>` in it needs an `id` to stay open.
//!
//! [`access::Session::shown`] says whether numbers and words may be shown now. A customer stands in a URL as
//! [`access::Session::alias`], and [`access::Session::number`] leads back.

pub mod access;
pub mod answer;
mod assets;
mod flags;
mod guard;
mod keys;
mod last_hour;
pub mod links;
pub mod live;
pub mod row;
mod screens;
mod shown;
pub mod tail;
mod templates;
#[cfg(test)]
mod tests;
pub mod view;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use http::Uri;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use self::flags::PageFlags;

use self::access::Access;
use self::last_hour::LastHours;
use self::live::Live;
use self::view::{Answer, LastGood, Problem};
use crate::app::ports::store::Store;
use crate::app::relay::Relay;
use crate::hosts::server::{AUDIT, connections};
use crate::sandbox::Sandbox;
use crate::twilio::form::MOST_BYTES;

/// The screens as the page's head lists them: path, name, and whether only `relay dev` has it.
const NAVIGATION: &[(&str, &str, bool)] = &[
    ("/", "Now", false),
    ("/phones", "Phones", true),
    ("/stream", "Stream", false),
    ("/conversations", "Conversations", false),
    ("/duty", "Duty", false),
    ("/dead", "Dead letters", false),
    ("/notices", "Notices", false),
    ("/subscribers", "Subscribers", false),
    ("/optouts", "Opt-outs", false),
    ("/health", "Health", false),
];

/// The most connections of browsers at once.
const MOST_CONNECTIONS: usize = 128;

/// What the page works with.
#[derive(Clone)]
pub struct Page(Arc<Inner>);

/// What a page is made of.
pub struct Inner {
    pub relay: Arc<Relay>,
    /// The data folder.
    pub data: PathBuf,
    /// The virtual phones, which only `relay dev` has.
    pub sandbox: Option<Arc<Sandbox>>,
    pub stop: watch::Receiver<bool>,
    access: Access,
    last_good: Mutex<HashMap<String, LastGood>>,
    live: Live,
    last_hour: Mutex<Option<(Timestamp, LastHours)>>,
}

impl std::ops::Deref for Page {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Page {
    pub fn new(
        relay: Arc<Relay>,
        data: PathBuf,
        sandbox: Option<Arc<Sandbox>>,
        access: Access,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self(Arc::new(Inner {
            relay,
            data,
            sandbox,
            stop,
            access,
            last_good: Mutex::default(),
            live: Live::default(),
            last_hour: Mutex::default(),
        }))
    }

    /// Whether all that is here is made up, as in `relay dev`.
    pub fn is_dev(&self) -> bool {
        self.sandbox.is_some()
    }

    pub fn store(&self) -> &dyn Store {
        self.relay.store.as_ref()
    }

    pub fn now(&self) -> Timestamp {
        self.relay.now()
    }

    /// The audit's file.
    pub fn audit(&self) -> PathBuf {
        self.data.join(AUDIT)
    }

    /// Serves browsers until the stop.
    pub async fn serve(self, listener: TcpListener) {
        if let Err(error) = links::announce(&self.data, self.access.place()) {
            let error = format!("{error:#}");
            tracing::warn!(error, "`relay page link` will not find the page");
        }
        let stop = self.stop.clone();
        connections::serve(listener, router(self), MOST_CONNECTIONS, stop).await;
    }
}

/// Everything that the page answers to.
pub fn router(page: Page) -> Router {
    Router::new()
        .merge(screens::routes())
        .route("/events", get(live::events))
        .route("/login", get(access::log_in))
        .route("/logout", post(access::log_out))
        .route("/show", post(shown::show))
        .route("/hide", post(shown::hide))
        .route("/static/{file}", get(asset))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(from_fn_with_state(page.clone(), guard::guard))
        .with_state(page)
}

async fn asset(uri: Uri) -> Answer {
    let Some((kind, content)) = assets::find(uri.path()) else {
        return Err(Problem::not_found("There is no such file."));
    };
    let head = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((head, content).into_response())
}

async fn nowhere(State(_): State<Page>) -> Answer {
    Err(Problem::not_found("There is no such page."))
}

async fn not_so(State(_): State<Page>, request: Request) -> Answer {
    let what = format!("This address does not take {}.", request.method());
    Err(Problem::new(http::StatusCode::METHOD_NOT_ALLOWED, what))
}
