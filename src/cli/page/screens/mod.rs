//! The screens, each with its routes.

mod now;
mod story;
mod stream;

use axum::Router;

use super::Page;

pub fn routes() -> Router<Page> {
    Router::new()
        .merge(now::routes())
        .merge(stream::routes())
        .merge(story::routes())
}
