//! What other programs may ask for, in the forms that programs read: a JSON Schema of what the
//! notifier takes, and an OpenAPI document of `/v1`. Both are made from the types.

mod openapi;

pub use openapi::openapi;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::notice::payload::{
    CrewDetail, DetailType, DirectRequest, EventDetail, InvitationRequest, MaintenanceDetail,
    NoticeRequest,
};

/// The JSON Schema of everything that the notifier can be invoked with, with a definition for each
/// part, such as `NoticeRequest` for the body of `POST /v1/notices`.
///
/// SNS brings the same as text; its own envelope is AWS's.
pub fn notifier() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let direct = generator.subschema_for::<DirectRequest>();
    let notice = generator.subschema_for::<NoticeRequest>();
    let mut definitions = requests(&mut generator, "#/$defs/");
    definitions.extend(generator.take_definitions(true));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What the relay's notifier takes",
        "description": "A direct request, a notice alone, or an event of the bus. A message of SNS is one of these as text.",
        "anyOf": [direct, notice, {"$ref": "#/$defs/BusEvent"}],
        "$defs": definitions,
    })
}

/// The bodies of requests, and the events of the bus by their types.
fn requests(generator: &mut SchemaGenerator, place: &str) -> Map<String, Value> {
    generator.subschema_for::<NoticeRequest>();
    generator.subschema_for::<InvitationRequest>();
    let event = generator.subschema_for::<EventDetail>();
    let maintenance = generator.subschema_for::<MaintenanceDetail>();
    let crew = generator.subschema_for::<CrewDetail>();
    let types = DetailType::ALL.map(DetailType::name);
    let details = DetailType::ALL.map(|detail_type| {
        let detail = match detail_type {
            DetailType::CrewAssigned => &crew,
            DetailType::MaintenanceScheduled => &maintenance,
            DetailType::EventPublished
            | DetailType::EventChanged
            | DetailType::EventCancelled => &event,
        };
        json!({
            "if": {"properties": {"detail-type": {"const": detail_type.name()}}},
            "then": {"properties": {"detail": detail}},
        })
    });
    let bus_event = json!({
        "description": "An event as EventBridge delivers it. Its own id is the idempotency key.",
        "type": "object",
        "required": ["id", "detail-type", "detail"],
        "properties": {
            "id": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
            "detail-type": {"type": "string", "enum": types},
            "detail": {"type": "object"},
        },
        "allOf": details,
    });
    debug_assert!(place.ends_with('/'));
    Map::from_iter([("BusEvent".to_owned(), bus_event)])
}
