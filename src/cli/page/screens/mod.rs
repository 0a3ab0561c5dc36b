//! The screens, each with its routes.

mod acts;
mod conversations;
mod dead;
mod duty;
mod health;
mod lists;
mod notices;
mod now;
mod phones;
mod story;
mod stream;

use axum::Router;

use super::Page;

pub fn routes() -> Router<Page> {
    Router::new()
        .merge(now::routes())
        .merge(stream::routes())
        .merge(story::routes())
        .merge(phones::routes())
        .merge(conversations::routes())
        .merge(duty::routes())
        .merge(dead::routes())
        .merge(notices::routes())
        .merge(lists::routes())
        .merge(health::routes())
}
