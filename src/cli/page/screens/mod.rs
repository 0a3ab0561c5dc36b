//! The screens, each with its routes.

mod now;

use axum::Router;

use super::Page;

pub fn routes() -> Router<Page> {
    Router::new().merge(now::routes())
}
