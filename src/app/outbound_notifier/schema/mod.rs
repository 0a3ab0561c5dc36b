//! What other programs may ask for, in the forms that programs read: a JSON Schema of what the
//! notifier takes, and an OpenAPI document of `/v1`. Both are made from the types.

mod openapi;

pub use openapi::openapi;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::domain::request::{
    CrewDetail, DETAIL_TYPES, Detail, EventDetail, InvitationRequest, MaintenanceDetail,
    NoticeRequest, Request,
};

/// The JSON Schema of everything that the notifier can be invoked with. `#/$defs/NoticeRequest` and
/// `#/$defs/InvitationRequest` are the bodies of `POST /v1/notices` and `POST /v1/invitations`,
/// `#/$defs/BusEvent` is an event of the bus.
///
/// SNS brings the same as text; its own envelope is AWS's.
pub fn notifier() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let direct = generator.subschema_for::<Request>();
    let notice = generator.subschema_for::<NoticeRequest>();
    generator.subschema_for::<InvitationRequest>();
    let bus_event = bus_event(&mut generator);
    let mut definitions = generator.take_definitions(true);
    definitions.insert("BusEvent".to_owned(), bus_event);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What the relay's notifier takes",
        "description": "A direct request, a notice alone, or an event of the bus. A message of SNS is one of these as text.",
        "anyOf": [direct, notice, {"$ref": "#/$defs/BusEvent"}],
        "$defs": definitions,
    })
}

/// An event of the bus: its type says which detail it has.
fn bus_event(generator: &mut SchemaGenerator) -> Value {
    let types = DETAIL_TYPES.map(|(name, _)| name);
    let details = DETAIL_TYPES.map(|(name, about)| {
        let detail = match about {
            Detail::Event => generator.subschema_for::<EventDetail>(),
            Detail::Maintenance => generator.subschema_for::<MaintenanceDetail>(),
            Detail::Crew => generator.subschema_for::<CrewDetail>(),
        };
        json!({
            "if": {"properties": {"detail-type": {"const": name}}},
            "then": {"properties": {"detail": detail}},
        })
    });
    json!({
        "description": "An event as EventBridge delivers it. Its own id is the idempotency key.",
        "type": "object",
        "required": ["id", "detail-type", "detail"],
        "properties": {
            "id": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
            "detail-type": {"type": "string", "enum": types},
            "detail": {"type": "object"},
        },
        "allOf": details,
    })
}
