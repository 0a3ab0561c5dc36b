//! The sandbox's phones side by side, in `relay dev` alone: what each shows, and what whoever holds it does.

mod actions;
mod call;
mod changes;
mod fate;
mod faults;
mod known;
mod view;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::Uri;
use http::header::CONTENT_TYPE;

use self::known::Known;
use crate::app::ports::store::TokenDigest;
use crate::cli::page::Page;
use crate::cli::page::access::Session;
use crate::cli::page::view::{Answer, Problem};
use crate::domain::ids::CallSid;

pub fn routes() -> Router<Page> {
    Router::new()
        .route("/phones", get(phones).post(actions::add))
        .route("/phones/{id}/texts", post(actions::text))
        .route("/phones/changes", get(changes::changes))
        .route("/phones/burst", post(actions::burst))
        .route("/phones/{id}/power", post(actions::power))
        .route("/phones/{id}/call", post(actions::call))
        .route("/phones/messages/{call}", get(message))
        .route("/faults", post(actions::fault))
        .route("/faults/forget", post(actions::forget_faults))
        .layer(Extension(Known::default()))
}

async fn phones(
    State(page): State<Page>,
    Extension(known): Extension<Known>,
    session: Session,
    uri: Uri,
) -> Answer {
    let sandbox = page.sandbox.as_deref().ok_or_else(only_in_dev)?;
    let shows = view::shown(&page, sandbox, &known).await;
    page.view(&session, &uri, ("phones.html", "Phones"), shows)
}

/// A caller's message, to listen to.
async fn message(State(page): State<Page>, _: Session, Path(call): Path<String>) -> Answer {
    page.sandbox.as_deref().ok_or_else(only_in_dev)?;
    let none = || Problem::not_found("There is no such message, or not any more.");
    let sid = CallSid::parse(&call).map_err(|_| none())?;
    let call = page.store().call(&sid).await?.ok_or_else(none)?;
    let token = TokenDigest::of_call(&call).ok_or_else(none)?;
    let kept = page.store().voicemail(&token, page.now()).await?;
    let sound = kept.ok_or_else(none)?.sound;
    Ok(([(CONTENT_TYPE, "audio/mpeg")], sound).into_response())
}

fn only_in_dev() -> Problem {
    Problem::not_found("Only `relay dev` has phones of its own.")
}
