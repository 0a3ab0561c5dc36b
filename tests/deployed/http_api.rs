//! API Gateway's HTTP API, as far as the template uses it: routes to functions, payload 2.0.
//!
//! Source: AWS, "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway".

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::emulator::Stack;
use super::lambda::Lambda;

/// The functions that run, by name, one instance each.
#[derive(Clone, Default)]
pub struct Functions(Arc<RwLock<HashMap<String, Arc<Lambda>>>>);

impl Functions {
    /// Puts an instance in the place of the one before, if there was one.
    pub fn put(&self, instance: Lambda) {
        self.0
            .write()
            .unwrap()
            .insert(instance.name.clone(), Arc::new(instance));
    }

    pub fn get(&self, name: &str) -> Arc<Lambda> {
        let functions = self.0.read().unwrap();
        Arc::clone(
            functions
                .get(name)
                .unwrap_or_else(|| panic!("no function {name} runs")),
        )
    }
}

struct HttpApi {
    routes: Vec<Route>,
    functions: Functions,
}

#[derive(Debug)]
pub struct Route {
    pub method: Method,
    /// Such as `/twilio/status/{delivery}/{attempt}`.
    pub path: String,
    pub function: String,
}

/// The routes of the stack's API.
pub fn routes(stack: &Stack) -> Vec<Route> {
    let (_, api) = stack
        .all("AWS::ApiGatewayV2::Api")
        .next()
        .expect("the stack has an API");
    let paths = api["Body"]["paths"].as_object().unwrap();
    let mut routes = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            let integration = &operation["x-amazon-apigateway-integration"];
            assert_eq!(integration["payloadFormatVersion"], "2.0");
            // arn:…:path/2015-03-31/functions/arn:…:function:NAME/invocations
            let uri = integration["uri"].as_str().unwrap();
            let function = uri
                .trim_end_matches("/invocations")
                .rsplit(':')
                .next()
                .unwrap();
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                function: function.to_owned(),
            });
        }
    }
    routes
}

pub fn router(routes: Vec<Route>, functions: Functions) -> Router {
    Router::new()
        .fallback(handle)
        .with_state(Arc::new(HttpApi { routes, functions }))
}

async fn handle(
    State(api): State<Arc<HttpApi>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fitting = api.routes.iter().filter_map(|route| {
        let parameters = parameters(&route.path, uri.path())?;
        (route.method == method).then_some((route, parameters))
    });
    // The most specific one: without a greedy parameter, and then with as much of the path as can be. Source:
    // AWS, "Create routes for HTTP APIs in API Gateway".
    let found = fitting.max_by_key(|(route, _)| (!route.path.contains("+}"), route.path.len()));
    let Some((route, parameters)) = found else {
        return (StatusCode::NOT_FOUND, r#"{"message":"Not Found"}"#).into_response();
    };
    let event = event(route, parameters, &uri, &headers, &body);
    match api.functions.get(&route.function).invoke(&event).await {
        Ok(answer) => response(&answer),
        Err(_) => {
            let message = r#"{"message":"Internal Server Error"}"#;
            (StatusCode::INTERNAL_SERVER_ERROR, message).into_response()
        }
    }
}

/// The path's parameters, if it is one of the route.
fn parameters(route: &str, path: &str) -> Option<Map<String, Value>> {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    let greedy = route.last().and_then(|last| last.strip_suffix("+}"));
    let is_longer = path.len() >= route.len() && path.last() != Some(&"");
    if route.len() != path.len() && !(greedy.is_some() && is_longer) {
        return None;
    }
    let mut parameters = Map::new();
    if let Some(name) = greedy {
        let rest = path[route.len() - 1..].join("/");
        parameters.insert(name.trim_start_matches('{').to_owned(), rest.into());
    }
    for (pattern, part) in route.into_iter().zip(path) {
        match pattern
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(name) if name.ends_with('+') => {}
            Some(name) => _ = parameters.insert(name.to_owned(), part.into()),
            None if pattern == part => {}
            None => return None,
        }
    }
    Some(parameters)
}

pub fn event(
    route: &Route,
    parameters: Map<String, Value>,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Value {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let key = format!("{} {}", route.method, route.path);
    let kind = header("content-type").unwrap_or_default();
    let plain = kind.starts_with("text/") || kind.starts_with("application/json");
    let lower: Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    let now = Timestamp::now();
    let host = "abc123.execute-api.us-west-2.amazonaws.com";
    let mut event = json!({
        "version": "2.0",
        "routeKey": key,
        "rawPath": uri.path(),
        "rawQueryString": uri.query().unwrap_or_default(),
        "headers": lower,
        "requestContext": {
            "accountId": super::aws::ACCOUNT,
            "apiId": "abc123",
            "domainName": host,
            "domainPrefix": "abc123",
            "http": {
                "method": route.method.as_str(),
                "path": uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": header("user-agent").unwrap_or_default(),
            },
            "requestId": "request",
            "routeKey": key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": !plain,
    });
    if !parameters.is_empty() {
        event["pathParameters"] = parameters.into();
    }
    if !body.is_empty() {
        event["body"] = if plain {
            String::from_utf8_lossy(body).into()
        } else {
            STANDARD.encode(body).into()
        };
    }
    event
}

fn response(answer: &Value) -> Response {
    let status = answer["statusCode"]
        .as_u64()
        .expect("the function answers with a status");
    let status = StatusCode::from_u16(status.try_into().unwrap()).unwrap();
    let text = answer["body"].as_str().unwrap_or_default();
    let body = match answer["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(text).unwrap(),
        _ => text.into(),
    };
    let mut response = (status, body).into_response();
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        let name: axum::http::HeaderName = name.parse().unwrap();
        response
            .headers_mut()
            .insert(name, value.as_str().unwrap().parse().unwrap());
    }
    response
}
