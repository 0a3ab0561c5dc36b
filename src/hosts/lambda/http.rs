//! Requests that come through an HTTP API of API Gateway (events of format 2.0).
//!
//! The request that a handler sees has the path and query byte for byte as they came, since Twilio
//! signed them so. `lambda_http`'s own request does not: it normalises both, and panics on a host
//! that it cannot read. So only its types are used here.

use std::panic::AssertUnwindSafe;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::FutureExt;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use serde_json::Value;

use super::events::{failed, serve};
use crate::app::ports::kept_texts::Peer;

/// What is wrong with an event. Never quotes it: it has numbers and texts in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadEvent {
    #[error(
        "this is no request of an HTTP API in format 2.0 (a REST API, a test event of the console?)"
    )]
    NotHttpApi,
    #[error("the request's path or query is no URI")]
    BadUri,
    #[error("the request's body is no base64, though it is marked so")]
    BadBody,
}

/// Answers the events of this function until Lambda ends it.
pub async fn run<C, B: Into<Vec<u8>>>(
    context: &C,
    handler: impl AsyncFn(&C, Request<Bytes>) -> Response<B>,
) -> anyhow::Result<()> {
    let handler = async |request| handler(context, request).await;
    serve(
        async |event: &str, _| answer(&handler, event).await,
        failed("Http"),
    )
    .await
}

/// Answers one event: with 400 if it cannot be read, with 500 if the handler panics, so that Twilio
/// tries its fallback.
pub async fn answer<B: Into<Vec<u8>>>(
    handler: impl AsyncFn(Request<Bytes>) -> Response<B>,
    event: &str,
) -> anyhow::Result<Value> {
    let response = match request(event) {
        Ok(request) => match AssertUnwindSafe(handler(request)).catch_unwind().await {
            Ok(response) => response.map(Into::into),
            Err(_) => sentence(StatusCode::INTERNAL_SERVER_ERROR, "Please try again."),
        },
        Err(error) => {
            tracing::warn!(count = "bad_event", "{error}");
            sentence(StatusCode::BAD_REQUEST, &error.to_string())
        }
    };
    Ok(serde_json::to_value(to_event(response))?)
}

fn request(event: &str) -> Result<Request<Bytes>, BadEvent> {
    let event: ApiGatewayV2httpRequest =
        serde_json::from_str(event).map_err(|_| BadEvent::NotHttpApi)?;
    let body = match event.body {
        None => Bytes::new(),
        Some(body) if event.is_base64_encoded => {
            STANDARD.decode(body).map_err(|_| BadEvent::BadBody)?.into()
        }
        Some(body) => body.into(),
    };
    let path = event.raw_path.ok_or(BadEvent::NotHttpApi)?;
    let stage = event.request_context.stage.as_deref();
    let query = event.raw_query_string.as_deref();
    let mut request = Request::new(body);
    *request.method_mut() = event.request_context.http.method;
    *request.uri_mut() = uri(without_stage(&path, stage), query)?;
    *request.headers_mut() = event.headers;
    let address = event.request_context.http.source_ip;
    if let Some(address) = address.and_then(|address| address.parse().ok()) {
        request.extensions_mut().insert(Peer(address));
    }
    Ok(request)
}

/// The path as the public URL has it. A stage that is not `$default` stands in front of it, and the
/// configured public URL already ends with it.
fn without_stage<'p>(path: &'p str, stage: Option<&str>) -> &'p str {
    stage
        .filter(|stage| *stage != "$default")
        .and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage))
        .filter(|rest| rest.starts_with('/'))
        .unwrap_or(path)
}

fn uri(path: &str, query: Option<&str>) -> Result<Uri, BadEvent> {
    if !path.starts_with('/') {
        return Err(BadEvent::BadUri);
    }
    let whole = match query {
        None | Some("") => path.to_owned(),
        Some(query) => format!("{path}?{query}"),
    };
    let uri: Uri = whole.parse().map_err(|_| BadEvent::BadUri)?;
    // A fragment, for one, is cut off in silence.
    match uri.path_and_query() {
        Some(read) if read.as_str() == whole => Ok(uri),
        _ => Err(BadEvent::BadUri),
    }
}

fn sentence(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

fn to_event(response: Response<Vec<u8>>) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let mut event = ApiGatewayV2httpResponse::default();
    event.status_code = parts.status.as_u16().into();
    event.headers = parts.headers;
    match String::from_utf8(body) {
        Ok(text) => event.body = Some(Body::Text(text)),
        Err(bytes) => {
            event.body = Some(Body::Binary(bytes.into_bytes()));
            event.is_base64_encoded = true;
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "version": "2.0",
            "routeKey": "POST /twilio/sms",
            "rawPath": "/twilio/sms",
            "rawQueryString": "",
            "headers": {"x-twilio-signature": "abc", "host": "not a host"},
            "requestContext": {
                "stage": "$default",
                "http": {"method": "POST", "path": "/twilio/sms"},
            },
            "body": STANDARD.encode("Body=a+b%20c&From=%2B16195550107"),
            "isBase64Encoded": true,
        })
    }

    fn with(changes: &[(&str, Value)]) -> Result<Request<Bytes>, BadEvent> {
        let mut event = event();
        for (pointer, value) in changes {
            *event.pointer_mut(pointer).unwrap() = value.clone();
        }
        request(&event.to_string())
    }

    #[test]
    fn a_form_post_arrives_as_it_was_sent() {
        let request = with(&[]).unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "/twilio/sms");
        assert_eq!(request.headers()["x-twilio-signature"], "abc");
        assert_eq!(&request.body()[..], b"Body=a+b%20c&From=%2B16195550107");
    }

    #[test]
    fn path_and_query_are_kept_byte_for_byte() {
        for (path, query) in [
            ("/twilio/status/in-SM1/1", "b=2&a=1&a=1"),
            ("/a/../b/./c", "x=%7e&y=~&z=+&empty="),
            ("/twilio//sms", "q=%C3%A9"),
        ] {
            let request =
                with(&[("/rawPath", path.into()), ("/rawQueryString", query.into())]).unwrap();
            assert_eq!(request.uri().to_string(), format!("{path}?{query}"));
        }
    }

    #[test]
    fn the_stage_is_no_part_of_the_path() {
        let path = |stage: &str, path: &str| {
            let changes = [
                ("/requestContext/stage", stage.into()),
                ("/rawPath", path.into()),
            ];
            with(&changes).unwrap().uri().to_string()
        };
        assert_eq!(path("prod", "/prod/twilio/sms"), "/twilio/sms");
        assert_eq!(path("prod", "/production/sms"), "/production/sms");
        assert_eq!(path("prod", "/twilio/sms"), "/twilio/sms");
        assert_eq!(path("$default", "/$default/sms"), "/$default/sms");
    }

    #[test]
    fn an_event_of_another_kind_is_refused() {
        let rest = json!({
            "resource": "/twilio/sms",
            "path": "/twilio/sms",
            "httpMethod": "POST",
            "headers": {},
            "requestContext": {"stage": "prod", "httpMethod": "POST"},
            "body": "From=1",
        });
        for event in [rest, json!({}), json!([]), json!("text"), json!(null)] {
            assert_eq!(
                request(&event.to_string()).err(),
                Some(BadEvent::NotHttpApi)
            );
        }
        let bad = |pointer, value: &str| with(&[(pointer, value.into())]).err();
        assert_eq!(bad("/body", "%%%"), Some(BadEvent::BadBody));
        for path in ["", "twilio/sms", "/a b", "/a#b", "/a?b#c"] {
            assert_eq!(bad("/rawPath", path), Some(BadEvent::BadUri), "{path}");
        }
    }

    #[tokio::test]
    async fn an_answer_becomes_an_event_of_api_gateway() {
        let handler = async |request: Request<Bytes>| {
            assert_eq!(request.uri(), "/twilio/sms");
            sentence(StatusCode::FORBIDDEN, "No.")
        };
        let answer = answer(handler, &event().to_string()).await.unwrap();
        assert_eq!(answer["statusCode"], 403);
        assert_eq!(
            answer["headers"]["content-type"],
            "text/plain; charset=utf-8"
        );
        assert_eq!(answer["body"], "No.");
        assert_eq!(answer["isBase64Encoded"], false);
    }

    #[tokio::test]
    async fn sound_goes_out_as_base64() {
        let sound = vec![0xff, 0xfb, 0x00];
        let handler = async |_| Response::new(sound.clone());
        let answer = answer(handler, &event().to_string()).await.unwrap();
        assert_eq!(answer["body"], STANDARD.encode(&sound));
        assert_eq!(answer["isBase64Encoded"], true);
    }

    #[tokio::test]
    async fn whatever_goes_wrong_there_is_an_answer() {
        let panicking = async |_| -> Response<String> { panic!("with a text's body: hunter2") };
        let panicked = answer(panicking, &event().to_string()).await.unwrap();
        assert_eq!(panicked["statusCode"], 500);
        assert!(!panicked.to_string().contains("hunter2"));
        let refused = answer(panicking, "{}").await.unwrap();
        assert_eq!(refused["statusCode"], 400);
    }
}
