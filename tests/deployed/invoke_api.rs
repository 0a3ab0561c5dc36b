//! Lambda's API, as far as programs invoke functions by it.
//!
//! Source: AWS, Lambda API reference, Invoke: an error of the function itself is a 200 with the header
//! `X-Amz-Function-Error`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;

use super::http_api::Functions;

pub fn router(functions: Functions) -> Router {
    Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke))
        .with_state(functions)
}

async fn invoke(
    State(functions): State<Functions>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response {
    let Ok(event) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match functions.get(&name).invoke(&event).await {
        Ok(answer) => answer.to_string().into_response(),
        Err(failed) => ([("x-amz-function-error", "Unhandled")], failed.0).into_response(),
    }
}
