//! The sandbox over HTTP: Twilio's API where the SDKs look for it, and the control API
//! ([`super::control`], [`super::control_calls`]) under `/sandbox`.

use std::sync::Arc;
use std::time::Duration;

use ::http::{Request, Response};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::middleware::from_fn;
use axum::routing::any;

use super::guard::guard;
use super::{Handled, Sandbox, control, control_account, control_calls};

/// Everything that the sandbox answers to; other routes may be merged with it.
pub fn router(sandbox: Arc<Sandbox>) -> Router {
    far_away(sandbox, Duration::ZERO)
}

/// The same, with `distance` before a request to the API arrives and again before its answer does.
pub fn far_away(sandbox: Arc<Sandbox>, distance: Duration) -> Router {
    let api = move |State(sandbox), head, body| api(sandbox, distance, head, body);
    Router::new()
        .route("/2010-04-01/{*resource}", any(api))
        .route("/v1/{*resource}", any(api))
        .merge(control::routes())
        .merge(control_account::routes())
        .merge(control_calls::routes())
        .with_state(sandbox)
        .layer(from_fn(guard))
}

async fn api(
    sandbox: Arc<Sandbox>,
    distance: Duration,
    head: ::http::request::Parts,
    body: Bytes,
) -> Response<Body> {
    travel(distance).await;
    let handled = sandbox.handle(Request::from_parts(head, body));
    travel(distance).await;
    match handled {
        Handled::Answered(response) => response.map(Body::from),
        Handled::Late(after, response) => {
            tokio::time::sleep(after).await;
            response.map(Body::from)
        }
        Handled::Dropped => closed_connection(),
    }
}

async fn travel(distance: Duration) {
    if !distance.is_zero() {
        tokio::time::sleep(distance).await;
    }
}

/// A response of which not a byte is sent: the server closes the connection when a body fails
/// before its first piece, and the head has not left by then.
fn closed_connection() -> Response<Body> {
    let failing = futures::stream::once(async {
        Err::<Bytes, _>(std::io::Error::other("the answer is dropped on purpose"))
    });
    Response::new(Body::from_stream(failing))
}
