//! The documents in `infra/integrations`: as the types have them, and the same to somebody else's
//! validator as to the relay.

use std::path::PathBuf;

use relay::app::outbound_notifier::schema;
use relay::domain::request as payload;
use relay::domain::request::Refused;
use serde_json::{Value, json};

use super::samples;
use crate::programs::twilio_clients::{Language, ask};

/// A document in `infra/integrations`.
pub fn published(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("infra/integrations")
        .join(name)
}

#[test]
fn the_published_documents_are_those_of_the_types() {
    for (name, document) in [
        ("notifier.schema.json", schema::notifier()),
        ("openapi.json", schema::openapi()),
    ] {
        let file = std::fs::read_to_string(published(name)).unwrap_or_default();
        assert!(
            file == format!("{document:#}\n"),
            "infra/integrations/{name} is not as the types are now: `make documents` writes it anew"
        );
    }
}

/// What the validators say, answer by answer.
fn said(questions: Vec<Value>, mut answered: impl FnMut(Value, Vec<String>)) {
    ask(
        Language::Python,
        "schemas.py",
        questions.into_iter(),
        &mut answered,
    );
}

#[test]
fn the_openapi_document_is_one() {
    let mut broken = schema::openapi();
    broken["info"].as_object_mut().unwrap().remove("version");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.json");
    std::fs::write(&file, broken.to_string()).unwrap();
    let good = published("openapi.json");
    let questions = vec![json!({"openapi": good}), json!({"openapi": file})];
    said(questions, |asked, errors| {
        let is_good = asked["openapi"] == *good.to_str().unwrap();
        assert_eq!(errors.is_empty(), is_good, "{errors:?}");
    });
}

/// A part of the schema, and how the relay reads what it describes.
type Part = (&'static str, fn(&[u8]) -> Result<(), Refused>);

const NOTICE: Part = ("#/$defs/NoticeRequest", |body| {
    payload::notice(body).map(drop)
});
const INVITATION: Part = ("#/$defs/InvitationRequest", |body| {
    payload::invitation(body).map(drop)
});
const INVOKED: Part = ("#", |event| payload::invoked(event).map(drop));

/// The sample with a field set to a value, or without it if that is `null`.
fn with(sample: &Value, path: &str, value: &Value) -> Value {
    let mut changed = sample.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    let parent = changed
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap();
    if value.is_null() {
        drop(parent.remove(name))
    } else {
        drop(parent.insert(name.to_owned(), value.clone()))
    }
    changed
}

/// What the sample takes in some places, and what it does not.
fn variants(
    sample: &Value,
    takes: Vec<(&str, Value)>,
    refuses: Vec<(&str, Value)>,
) -> Vec<(Value, bool)> {
    let takes = takes.into_iter().map(|change| (change, true));
    let refuses = refuses.into_iter().map(|change| (change, false));
    let variants = takes.chain(refuses);
    let variants = variants.map(|((path, value), is_good)| (with(sample, path, &value), is_good));
    std::iter::once((sample.clone(), true))
        .chain(variants)
        .collect()
}

fn numbers(count: u32) -> Value {
    let numbers = (0..count).map(|n| format!("+1619555{n:04}"));
    json!({"numbers": numbers.collect::<Vec<_>>()})
}

fn notices() -> Vec<(Value, bool)> {
    let long = "x".repeat(81);
    variants(
        &samples::notice(),
        vec![
            ("/line", json!("qdn")),
            ("/data", json!({})),
            ("/data", Value::Null),
            ("/audience", json!("subscribers")),
            ("/audience", numbers(1)),
            ("/audience", numbers(500)),
            ("/subject", json!("zurek, der März")),
            ("/not_before", json!("2027-05-01T08:00:00-07:00")),
            ("/expires", json!("2027-05-01T15:00:00Z")),
            ("/idempotency_key", json!("!~/17")),
            ("/dry_run", json!(true)),
        ],
        vec![
            ("/topic", Value::Null),
            ("/topic", json!("")),
            ("/topic", json!(long)),
            ("/topic", json!(" events")),
            ("/topic", json!("events ")),
            ("/topic", json!("eve\nnts")),
            ("/template", Value::Null),
            ("/template", json!(7)),
            ("/data", json!([])),
            ("/audience", json!("everybody")),
            ("/audience", json!({})),
            ("/audience", numbers(0)),
            ("/audience", numbers(501)),
            ("/audience", json!({"numbers": ["619-555-0110"]})),
            ("/audience", json!({"numbers": ["+16195550110"], "more": 1})),
            ("/subject", json!("x".repeat(129))),
            ("/not_before", json!("tomorrow")),
            ("/not_before", json!("2027-05-01")),
            ("/expires", json!(1_777_507_200)),
            ("/idempotency_key", Value::Null),
            ("/idempotency_key", json!("two words")),
            ("/idempotency_key", json!("é")),
            ("/idempotency_key", json!("x".repeat(129))),
            ("/dry_run", json!("yes")),
            ("/colour", json!("red")),
        ],
    )
}

fn invitations() -> Vec<(Value, bool)> {
    variants(
        &samples::invitation(),
        vec![
            ("/line", json!("+16195550100")),
            ("/starts", json!("2027-05-01")),
            ("/starts", json!("2027-05-01T18:00")),
            ("/starts", json!("2027-05-01T18:00:00-07:00")),
            ("/expires", json!("2027-05-01T15:00:00Z")),
            ("/data", json!({"meet": "at the gate"})),
            ("/dry_run", json!(false)),
        ],
        vec![
            ("/name", Value::Null),
            ("/number", Value::Null),
            ("/number", json!("619-555-0110")),
            ("/number", json!("+0195550110")),
            ("/link", Value::Null),
            ("/link", json!("crew.example.com/i")),
            ("/link", json!("https://a b")),
            ("/link", json!(format!("https://{}", "x".repeat(300)))),
            ("/event", json!("")),
            ("/starts", json!("on Wednesday")),
            ("/expires", json!("2027-05-01")),
            ("/idempotency_key", Value::Null),
            ("/colour", json!("red")),
        ],
    )
}

fn events() -> Vec<(Value, bool)> {
    let mut all = vec![
        (json!({"notice": samples::notice()}), true),
        (samples::notice(), true),
        (json!({"invitation": samples::invitation()}), true),
        (json!({"show": "no-1"}), true),
        (json!({"cancel": "no-1"}), true),
        (json!({"cancel": 1}), false),
        (json!({"notice": {}}), false),
        (json!({"notice": samples::notice(), "more": 1}), false),
        (json!({}), false),
        (json!([]), false),
        (json!("notice"), false),
    ];
    let published = samples::bus("Event Published", &samples::event());
    let takes = vec![
        ("/detail/ends", json!("2027-04-29T22:00:00-07:00")),
        ("/detail/place", json!("Pier 3")),
        ("/detail/url", json!("https://qdn.example.com/e/zurek")),
        ("/detail/topic", json!("parties")),
        ("/detail/topic", json!("")),
        ("/detail/seats", json!(40)),
        ("/source", json!("anything")),
    ];
    let refuses = vec![
        ("/id", Value::Null),
        ("/id", json!("two words")),
        ("/detail-type", json!("Event Postponed")),
        ("/detail", Value::Null),
        ("/detail", json!("Zurek")),
        ("/detail/id", Value::Null),
        ("/detail/name", Value::Null),
        ("/detail/starts", Value::Null),
        ("/detail/starts", json!("Wednesday")),
        ("/detail/ends", json!(7)),
        ("/detail/url", json!("qdn.example.com")),
    ];
    all.extend(variants(&published, takes, refuses));
    for same in ["Event Changed", "Event Cancelled"] {
        let event = samples::bus(same, &samples::event());
        all.extend(variants(
            &event,
            vec![],
            vec![("/detail/name", Value::Null)],
        ));
    }
    all.extend(variants(
        &samples::bus("Maintenance Scheduled", &samples::maintenance()),
        vec![("/detail/ends", json!("2027-05-02"))],
        vec![("/detail/what", Value::Null), ("/detail/id", json!(""))],
    ));
    all.extend(variants(
        &samples::bus("Crew Assigned", &samples::crew()),
        vec![
            ("/detail/starts", json!("2027-05-02")),
            ("/detail/shift", json!("late")),
        ],
        vec![
            ("/detail/number", json!("6195550110")),
            ("/detail/link", Value::Null),
            ("/detail/event", Value::Null),
        ],
    ));
    all
}

#[test]
fn a_validator_takes_and_refuses_what_the_relay_does() {
    let file = published("notifier.schema.json");
    let parts = [
        (NOTICE, notices()),
        (INVITATION, invitations()),
        (INVOKED, events()),
    ];
    let mut questions = Vec::new();
    for ((at, read), samples) in parts {
        for (sample, is_good) in samples {
            let read = read(sample.to_string().as_bytes());
            assert_eq!(read.is_ok(), is_good, "{at}: {sample}: {read:?}");
            questions.push(json!({"schema": file, "at": at, "instance": sample, "good": is_good}));
        }
    }
    said(questions, |asked, errors| {
        assert_eq!(
            errors.is_empty(),
            asked["good"] == true,
            "{asked}: {errors:?}"
        );
    });
}
