//! What cannot be done is refused with the reason and the place, and nothing of it is sent.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use relay::app::notices::NoticeRejected;
use relay::app::outbound_notifier;
use relay::app::outbound_notifier::auth::{
    CALLER_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign,
};
use relay::app::relay::{PublicUrls, Relay};
use relay::clock::Clock;
use relay::domain::credentials::{Callers, Credentials, Secret, variable_of};
use relay::domain::request::{Because, Refused};
use relay::domain::subscriber::{Change, Consent, How, To};
use relay::sandbox::{InProcess, demo_account};
use relay::twilio::API_URL;
use relay::twilio::client::Client;
use serde_json::{Value, json};

use super::samples;
use crate::support::world::{IN_HOURS, Said, World, minutes, number, seconds};

const ANA: &str = "+16195550121";
const NOTICES: &str = "/v1/notices";
const INVITATIONS: &str = "/v1/invitations";

/// A world in which Ana alone subscribes to events, and nobody to maintenance.
async fn world() -> World {
    let world = World::at(IN_HOURS).await;
    let consent = Consent {
        at: world.clock.now(),
        how: How::Hand(None),
    };
    let change = Change {
        topic: "events".to_owned(),
        number: number(ANA),
        to: To::In(consent),
    };
    let (store, line) = (&world.relay().store, &world.line.number);
    store.change_subscribers(line, &[change]).await.unwrap();
    world
}

fn published() -> Value {
    json!({
        "topic": "events",
        "template": "event_published",
        "data": {"name": "Zurek", "starts": "2026-12-16T18:00:00-08:00"},
        "idempotency_key": "zurek-1",
    })
}

/// The request with other values in some places; `null` takes a field away.
fn with(mut request: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        let fields = request.as_object_mut().unwrap();
        if value.is_null() {
            drop(fields.remove(name))
        } else {
            drop(fields.insert(name.clone(), value.clone()))
        }
    }
    request
}

#[track_caller]
fn is_problem(said: &Said, status: u16, kind: &str) {
    assert_eq!(said.status, status, "{said:?}");
    assert_eq!(
        said.header("content-type"),
        Some("application/problem+json")
    );
    let body = &said.body;
    assert_eq!(body["type"], format!("/problems/{kind}"), "{body}");
    assert_eq!(body["status"], status);
    for text in ["title", "detail"] {
        assert!(!body[text].as_str().unwrap().is_empty(), "{body}");
    }
}

/// Whatever was asked for, it left no trace: no text, no record, nothing on its way.
async fn nothing_came_of_it(world: &World) {
    world.advance(minutes(24 * 60)).await;
    assert!(world.sandbox.messages().is_empty());
    assert_eq!(world.audit(), []);
}

/// Fields of a notice that are wrong, and the path that says so.
fn wrong_notices() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"topic": null}), "topic"),
        (json!({"topic": "parties"}), "topic"),
        // Nobody subscribes to it.
        (json!({"topic": "maintenance"}), "topic"),
        (json!({"template": null}), "template"),
        (json!({"template": "no_such"}), "template"),
        (json!({"data": {"name": "Zurek"}}), "data.starts"),
        (
            json!({"data": {"name": "Zurek", "starts": "soon"}}),
            "data.starts",
        ),
        (json!({"data": [1]}), "data"),
        (json!({"audience": {"numbers": []}}), "audience.numbers"),
        (
            json!({"audience": {"numbers": [ANA, "+442079460000"]}}),
            "audience.numbers[1]",
        ),
        (
            json!({"audience": {"numbers": [ANA, "6195550121"]}}),
            "audience.numbers[1]",
        ),
        (json!({"audience": "everybody"}), "audience"),
        (json!({"not_before": "tomorrow"}), "not_before"),
        (json!({"expires": "2026-11-23T09:59:59-08:00"}), "expires"),
        (json!({"line": "another"}), "line"),
        (json!({"idempotency_key": null}), "idempotency_key"),
        (json!({"colour": "red"}), "colour"),
    ]
}

fn wrong_invitations() -> Vec<(Value, &'static str)> {
    let endless = format!("https://crew.example.com/{}", "x".repeat(150));
    vec![
        (json!({"name": null}), "name"),
        (json!({"number": "+442079460000"}), "number"),
        (json!({"number": "+16195550100"}), "number"),
        (json!({"link": "crew.example.com"}), "link"),
        (json!({"link": endless}), "link"),
        (json!({"event": "Zurek 🎺".repeat(9)}), "event"),
        (json!({"expires": "2026-11-23T09:59:59-08:00"}), "expires"),
        (json!({"line": "another"}), "line"),
        (json!({"seats": 40}), "seats"),
    ]
}

#[tokio::test]
async fn over_http_a_problem_document_names_the_wrong_field() {
    let world = world().await;
    let notices = wrong_notices().into_iter();
    let notices = notices.map(|(changes, path)| (NOTICES, with(published(), changes), path));
    let invitations = wrong_invitations().into_iter();
    let invitations = invitations
        .map(|(changes, path)| (INVITATIONS, with(samples::invitation(), changes), path));
    for (to, body, path) in notices.chain(invitations) {
        world.advance(seconds(1)).await;
        let said = world.ask("POST", to, &body).await;
        is_problem(&said, 422, "wrong-fields");
        let field = &said.body["fields"][0];
        assert_eq!(field["path"], path, "{body}: {}", said.body);
        assert!(!field["problem"].as_str().unwrap().is_empty());
        let text = said.body.to_string();
        assert!(
            !text.contains("2079460000") && !text.contains("6195550121"),
            "{text}"
        );
    }
    nothing_came_of_it(&world).await;
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let world = world().await;
    let body = with(published(), json!({"topic": 7, "data": 7, "colour": "red"}));
    let said = world.ask("POST", NOTICES, &body).await;
    let fields = said.body["fields"].as_array().unwrap();
    let paths: Vec<_> = fields.iter().map(|field| field["path"].as_str()).collect();
    assert_eq!(paths, [Some("topic"), Some("data"), Some("colour")]);
    nothing_came_of_it(&world).await;
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let world = world().await;
    let large = format!("{}{}", published(), " ".repeat(64 * 1024));
    for (body, status, kind) in [
        ("", 400, "not-json"),
        ("{\"topic\": ", 400, "not-json"),
        ("topic=events", 400, "not-json"),
        (&large, 413, "too-large"),
    ] {
        let request = world.signed("POST", NOTICES, body.to_owned());
        is_problem(&world.said_to(request).await, status, kind);
    }
    let said = world.ask("POST", NOTICES, &json!([])).await;
    is_problem(&said, 422, "wrong-fields");
    nothing_came_of_it(&world).await;
}

#[tokio::test]
async fn other_paths_and_methods_and_ids_are_told_apart() {
    let world = world().await;
    let unknown = format!("{NOTICES}/no-{}", "0".repeat(26));
    for (method, path, status, kind) in [
        ("POST", "/v1/notice", 404, "no-such-path"),
        ("GET", &unknown, 404, "unknown"),
        ("DELETE", &unknown, 404, "unknown"),
        ("GET", "/v1/invitations/no-0", 404, "unknown"),
        ("PUT", NOTICES, 405, "other-method"),
    ] {
        let said = world.said_to(world.signed(method, path, "")).await;
        is_problem(&said, status, kind);
        let allowed = (status == 405).then_some("POST");
        assert_eq!(said.header("allow"), allowed);
    }
    nothing_came_of_it(&world).await;
}

/// The same request with another header.
fn bearing(mut request: Request<Bytes>, name: &'static str, value: &str) -> Request<Bytes> {
    let headers = request.headers_mut();
    headers.insert(name, value.parse().unwrap());
    request
}

#[tokio::test]
async fn a_request_that_is_not_rightly_signed_is_denied() {
    let world = world().await;
    let genuine = || world.signed("POST", NOTICES, published().to_string());
    let mut unsigned = genuine();
    unsigned.headers_mut().remove(SIGNATURE_HEADER);
    let forged = bearing(genuine(), SIGNATURE_HEADER, &"0".repeat(64));
    let mut altered = genuine();
    *altered.body_mut() = published().to_string().replace("Zurek", "Sting").into();
    let late = world.clock.now().as_second().to_string();
    let restamped = bearing(genuine(), TIMESTAMP_HEADER, &late);
    for (request, kind) in [
        (unsigned, "unsigned"),
        (forged, "wrong-signature"),
        (altered, "wrong-signature"),
        (restamped, "wrong-signature"),
    ] {
        let said = world.said_to(request).await;
        is_problem(&said, 401, kind);
        assert!(said.header("www-authenticate").is_some());
    }
    let old = genuine();
    world.advance(seconds(301)).await;
    let said = world.said_to(old).await;
    is_problem(&said, 401, "other-time");
    let detail = said.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("2026-11-23T18:05:01Z"),
        "the relay's clock: {detail}"
    );
    nothing_came_of_it(&world).await;
}

#[tokio::test]
async fn a_request_that_is_seen_again_does_nothing() {
    let world = world().await;
    let request = world.signed("POST", NOTICES, published().to_string());
    let again = request.clone();
    assert_eq!(world.said_to(request).await.status, 202);
    is_problem(&world.said_to(again).await, 401, "replayed");
    world.advance(minutes(1)).await;
    world.phone(ANA).receives("Zurek");
    assert_eq!(world.sandbox.messages().len(), 1);
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let world = world().await;
    let ask = async || {
        world
            .ask("GET", &format!("{NOTICES}/no-0"), &Value::Null)
            .await
    };
    // What is no id is not even looked at; this one is of nothing.
    let path = format!("{NOTICES}/no-{}", "0".repeat(26));
    for _ in 0..20 {
        assert_eq!(world.ask("GET", &path, &Value::Null).await.status, 404);
    }
    assert_eq!(ask().await.status, 404, "costs nothing");
    let said = world.ask("POST", NOTICES, &published()).await;
    is_problem(&said, 429, "too-often");
    let wait = said.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    world.advance(seconds(wait)).await;
    assert!(world.sandbox.messages().is_empty());
    assert_eq!(world.ask("POST", NOTICES, &published()).await.status, 202);
    world.advance(minutes(1)).await;
    world.phone(ANA).receives("Zurek");
}

#[tokio::test]
async fn a_key_stands_for_one_request() {
    let world = world().await;
    let first = world.ask("POST", NOTICES, &published()).await;
    assert_eq!(first.status, 202, "{first:?}");
    let location = first.header("location").unwrap();
    assert_eq!(
        location,
        format!("{NOTICES}/{}", first.body["id"].as_str().unwrap())
    );
    world.advance(minutes(1)).await;
    world.phone(ANA).receives("Zurek");

    let again = world.ask("POST", NOTICES, &published()).await;
    assert_eq!((again.status, &again.body["id"]), (202, &first.body["id"]));
    assert_eq!(
        (&first.body["state"], &again.body["state"]),
        (&json!("scheduled"), &json!("sent"))
    );
    let other = with(published(), json!({"subject": "zurek"}));
    let said = world.ask("POST", NOTICES, &other).await;
    is_problem(&said, 422, "key-reused");

    let first = world.ask("POST", INVITATIONS, &samples::invitation()).await;
    world.advance(minutes(1)).await;
    world.phone(ANA).receives("crew of Zurek");
    let again = world.ask("POST", INVITATIONS, &samples::invitation()).await;
    // Once the text has left, it begins no more.
    let mut sent = first.body.clone();
    sent.as_object_mut().unwrap().remove("begins");
    assert_eq!((again.status, &again.body), (202, &sent));
    let other = with(samples::invitation(), json!({"event": "Ceili"}));
    let said = world.ask("POST", INVITATIONS, &other).await;
    is_problem(&said, 422, "key-reused");
    world.advance(minutes(60)).await;
    assert_eq!(world.sandbox.messages().len(), 2);
}

async fn invoke(world: &World, event: &Value) -> Result<Value, Refused> {
    let event = event.to_string();
    match outbound_notifier::invoked(world.relay(), event.as_bytes()).await {
        Ok(answer) => Ok(answer),
        Err(NoticeRejected::Refused(refused)) => Err(refused),
        Err(NoticeRejected::Failed(error)) => panic!("{error:#}"),
    }
}

#[tokio::test]
async fn an_invocation_is_refused_with_the_same_fields() {
    let world = world().await;
    let notices = wrong_notices().into_iter();
    let notices =
        notices.map(|(changes, path)| (json!({"notice": with(published(), changes)}), path));
    let invitations = wrong_invitations().into_iter();
    let invitations = invitations.map(|(changes, path)| {
        let invitation = with(samples::invitation(), changes);
        (json!({"invitation": invitation}), path)
    });
    for (event, path) in notices.chain(invitations) {
        let refused = invoke(&world, &event).await.unwrap_err();
        let because = [Because::WrongFields, Because::NobodySubscribed];
        assert!(because.contains(&refused.because), "{event}: {refused}");
        let found = &refused.fields[0].path;
        assert!(found.ends_with(path), "{event}: {refused}");
    }
    let unknown = json!({"show": format!("no-{}", "0".repeat(26))});
    let refused = invoke(&world, &unknown).await.unwrap_err();
    assert_eq!(refused.because, Because::Unknown);
    nothing_came_of_it(&world).await;
}

#[tokio::test]
async fn an_event_that_is_not_right_is_refused_with_its_field() {
    let world = world().await;
    let event = |changes: Value| samples::bus("Event Published", &with(samples::event(), changes));
    let of_type = |detail_type: &str| samples::bus(detail_type, &samples::event());
    for (event, path) in [
        (of_type("Event Postponed"), "detail-type"),
        (of_type("event published"), "detail-type"),
        (event(json!({"name": null})), "detail.name"),
        (event(json!({"starts": "soon"})), "detail.starts"),
        (event(json!({"topic": "parties"})), "topic"),
        (of_type("Crew Assigned"), "detail.number"),
        // Nobody subscribes to it.
        (
            samples::bus("Maintenance Scheduled", &samples::maintenance()),
            "topic",
        ),
    ] {
        let refused = invoke(&world, &event).await.unwrap_err();
        assert_eq!(refused.fields[0].path, path, "{refused}");
        for message in [
            event.to_string(),
            samples::sns_to_queue(&event.to_string()).to_string(),
        ] {
            // It is not wanted back: it will not get better.
            outbound_notifier::queued(world.relay(), &message)
                .await
                .unwrap();
        }
    }
    nothing_came_of_it(&world).await;
}

#[tokio::test]
async fn an_event_is_told_once_however_it_comes() {
    let world = world().await;
    let event = samples::bus("Event Published", &samples::event());
    let message = samples::sns_to_queue(&event.to_string()).to_string();
    for message in [event.to_string(), message, event.to_string()] {
        outbound_notifier::queued(world.relay(), &message)
            .await
            .unwrap();
    }
    let answer = invoke(&world, &event).await.unwrap();
    assert!(
        answer["text"].as_str().unwrap().starts_with("qdn: Zurek, "),
        "{answer}"
    );
    world.advance(minutes(1)).await;
    world.phone(ANA).receives("Zurek");
    assert_eq!(world.sandbox.messages().len(), 1);
}

/// A relay that two programs may call.
fn called_by(world: &World, callers: &[(&str, String)]) -> Relay {
    let own = world.relay();
    let keys: Vec<_> = callers
        .iter()
        .map(|(name, value)| (variable_of(name).unwrap(), Secret::new(value.as_str())))
        .collect();
    let callers = Callers::among(keys.iter().map(|(name, value)| (name.as_str(), value)));
    let credentials = Credentials {
        callers,
        ..demo_account()
    };
    Relay {
        store: own.store.clone(),
        queue: own.queue.clone(),
        audit: own.audit.clone(),
        credentials: Arc::new(Arc::new(credentials)),
        public_urls: PublicUrls::default(),
        twilio: Client::new(Box::new(InProcess(world.sandbox.clone())), API_URL),
        bus: own.bus.clone(),
        clock: own.clock.clone(),
        chance: own.chance.clone(),
        alerts: own.alerts.clone(),
    }
}

#[tokio::test]
async fn a_caller_sees_and_uses_only_its_own() {
    let world = world().await;
    let key = |c: char| c.to_string().repeat(43);
    let relay = called_by(
        &world,
        &[
            ("portal", format!("notices,invitations:{}", key('p'))),
            ("crew-flow", format!("notices,invitations:{}", key('c'))),
            ("dashboard", format!("read:{}", key('d'))),
        ],
    );
    let ask = async |caller: &str, method: &str, path: &str, body: &Value| {
        world.advance(seconds(3)).await;
        let body = body.to_string();
        let at = format!("{}.5", world.clock.now().as_second());
        let key = Secret::new(key(caller.chars().next().unwrap()));
        let signature = sign(&key, &at, method, path, body.as_bytes());
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(CALLER_HEADER, caller)
            .header(TIMESTAMP_HEADER, at)
            .header(SIGNATURE_HEADER, signature)
            .body(Bytes::from(body))
            .unwrap();
        let answer = outbound_notifier::http::handle(&relay, request).await;
        let body: Value = serde_json::from_str(answer.body()).unwrap();
        (answer.status().as_u16(), body)
    };
    for (path, wish) in [(NOTICES, published()), (INVITATIONS, samples::invitation())] {
        let (status, of_portal) = ask("portal", "POST", path, &wish).await;
        assert_eq!(status, 202, "{of_portal}");
        let id = of_portal["id"].as_str().unwrap();
        let its_path = format!("{path}/{id}");
        assert_eq!(ask("portal", "GET", &its_path, &Value::Null).await.0, 200);
        assert_eq!(
            ask("dashboard", "GET", &its_path, &Value::Null).await.0,
            200
        );
        let (status, problem) = ask("crew-flow", "GET", &its_path, &Value::Null).await;
        assert_eq!(
            (status, &problem["type"]),
            (404, &json!("/problems/unknown"))
        );
        if path == NOTICES {
            assert_eq!(
                ask("crew-flow", "DELETE", &its_path, &Value::Null).await.0,
                404
            );
        }
        // The same key is another's own.
        let (status, of_crew_flow) = ask("crew-flow", "POST", path, &wish).await;
        assert_eq!(status, 202, "{of_crew_flow}");
        assert_ne!(of_crew_flow["id"], of_portal["id"]);
    }
    world.advance(minutes(10)).await;
    assert_eq!(world.phone(ANA).reads_all().len(), 4);
}
