use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::app::notices::Estimate;
use crate::app::outbound_notifier::problem::{Document, MEDIA_TYPE};
use crate::app::outbound_notifier::responses::{
    Accepted, AcceptedInvitation, InvitationEstimate, NoticeStatus,
};
use crate::domain::invitation;
use crate::domain::request::{InvitationRequest, NoticeRequest};

/// Where the schemas stand in the document.
const SCHEMAS: &str = "/components/schemas";

/// The OpenAPI 3.1 document of `/v1`.
pub fn openapi() -> Value {
    let mut schemas = Schemas::default();
    let notice = schemas.of_request::<NoticeRequest>();
    let invitation = schemas.of_request::<InvitationRequest>();
    let accepted = schemas.of_answer::<Accepted>();
    let standing = schemas.of_answer::<NoticeStatus>();
    let invitation_standing = schemas.of_answer::<invitation::InvitationStatus>();
    let problem = schemas.of_answer::<Document>();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The relay's notices and invitations",
            "version": "1",
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{
            "url": "{relay}",
            "description": "The stack's output ApiUrl, or the address of a relay on one machine",
            "variables": {"relay": {"default": "http://127.0.0.1:4000"}},
        }],
        "security": [{"caller": [], "timestamp": [], "signature": []}],
        "paths": {
            "/v1/notices": {
                "post": {
                    "operationId": "notify",
                    "summary": "Tell the subscribers of a topic something",
                    "description": "Needs the action `notices`. The same idempotency_key with the same request gives the same answer and sends nothing again.",
                    "requestBody": body(&notice),
                    "responses": answers(&problem, &["400", "413", "422"], [
                        ("202", with_location("It is kept and goes out.", &accepted)),
                        ("200", answer("It was a dry run: what it would come to.", &inline::<Estimate>())),
                    ]),
                },
            },
            "/v1/notices/{id}": {
                "parameters": [id("The notice's id, as the answer to its request has it.", "^no-[0-9a-z]{26}$")],
                "get": {
                    "operationId": "showNotice",
                    "summary": "How a notice stands, and how many of its recipients stand where",
                    "description": "Needs any action.",
                    "responses": answers(&problem, &["404"], [("200", answer("How it stands.", &standing))]),
                },
                "delete": {
                    "operationId": "cancelNotice",
                    "summary": "Call a notice back: who has not got it yet never will",
                    "description": "Needs the action `notices`. What was over already stays as it was.",
                    "responses": answers(&problem, &["404"], [("200", answer("How it stands then.", &standing))]),
                },
            },
            "/v1/invitations": {
                "post": {
                    "operationId": "invite",
                    "summary": "Invite one person, with a link that is theirs",
                    "description": "Needs the action `invitations`. The text has to fit one segment. The same idempotency_key with the same request gives the same answer and sends nothing again.",
                    "requestBody": body(&invitation),
                    "responses": answers(&problem, &["400", "413", "422"], [
                        ("202", with_location("It is kept and goes out.", &inline::<AcceptedInvitation>())),
                        ("200", answer("It was a dry run: what it would come to.", &inline::<InvitationEstimate>())),
                    ]),
                },
            },
            "/v1/invitations/{id}": {
                "parameters": [id("The invitation's id, as the answer to its request has it.", "^iv-[0-9a-f]{32}$")],
                "get": {
                    "operationId": "showInvitation",
                    "summary": "How an invitation stands",
                    "description": "Needs any action.",
                    "responses": answers(&problem, &["404"], [("200", answer("How it stands.", &invitation_standing))]),
                },
            },
        },
        "components": {
            "securitySchemes": {
                "caller": header("X-Relay-Caller", "The caller's name, as in `relay secrets caller NAME`."),
                "timestamp": header("X-Relay-Timestamp", "Seconds since 1970, with a fraction if you like; within five minutes of the relay's clock."),
                "signature": header("X-Relay-Signature", SIGNATURE),
            },
            "schemas": schemas.0,
        },
    })
}

const DESCRIPTION: &str = "Texts that other systems ask for. Every request is signed with the \
    caller's key and taken once; sign every try anew. What goes wrong is answered with a problem \
    document (RFC 9457) that names the wrong fields.";

const SIGNATURE: &str = "HMAC-SHA256 in hexadecimal digits, keyed with the caller's key as text, \
    over timestamp, line feed, method in capitals, line feed, path with query, line feed, body.";

/// Why a request is not done, whatever it asks for.
const ALWAYS: [&str; 5] = ["401", "403", "405", "429", "503"];

#[derive(Default)]
struct Schemas(Map<String, Value>);

impl Schemas {
    /// The reference to the schema of what is read.
    fn of_request<T: JsonSchema>(&mut self) -> Value {
        self.of::<T>(SchemaSettings::draft2020_12())
    }

    /// The reference to the schema of what is written.
    fn of_answer<T: JsonSchema>(&mut self) -> Value {
        self.of::<T>(SchemaSettings::draft2020_12().for_serialize())
    }

    fn of<T: JsonSchema>(&mut self, settings: SchemaSettings) -> Value {
        let settings = settings.with(|settings| {
            settings.definitions_path = SCHEMAS.into();
        });
        let mut generator = settings.into_generator();
        let schema = generator.subschema_for::<T>();
        self.0.extend(generator.take_definitions(true));
        schema.to_value()
    }
}

fn body(schema: &Value) -> Value {
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}

fn answer(description: &str, schema: &Value) -> Value {
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

fn with_location(description: &str, schema: &Value) -> Value {
    let mut answer = answer(description, schema);
    answer["headers"] = json!({
        "Location": {
            "description": "Where it can be asked for.",
            "required": true,
            "schema": {"type": "string", "format": "uri-reference"},
        },
    });
    answer
}

fn answers<const N: usize>(problem: &Value, undone: &[&str], done: [(&str, Value); N]) -> Value {
    let problems = undone.iter().chain(&ALWAYS).map(|status| {
        let mut answer = json!({
            "description": why(status),
            "content": {MEDIA_TYPE: {"schema": problem}},
        });
        if matches!(*status, "429" | "503") {
            answer["headers"] = json!({
                "Retry-After": {
                    "description": "In how many seconds to ask again.",
                    "required": true,
                    "schema": {"type": "integer", "minimum": 1},
                },
            });
        }
        (*status, answer)
    });
    let all = problems.chain(done);
    Value::from_iter(all.map(|(status, answer)| (status.to_owned(), answer)))
}

fn why(status: &str) -> &'static str {
    match status {
        "400" => "The body is no JSON.",
        "401" => "The request is not signed, wrongly, at another time, or was here before.",
        "403" => "The caller may not do that.",
        "404" => "There is nothing of this id.",
        "405" => "The path takes other methods.",
        "413" => "The body is larger than 64 KiB.",
        "422" => "Fields are wrong or missing, or the idempotency key was used for something else.",
        "429" => "The caller asks too often.",
        _ => "The relay cannot answer at the moment; ask again.",
    }
}

fn id(description: &str, pattern: &str) -> Value {
    json!({
        "name": "id",
        "in": "path",
        "required": true,
        "description": description,
        "schema": {"type": "string", "pattern": pattern},
    })
}

fn header(name: &str, description: &str) -> Value {
    json!({"type": "apiKey", "in": "header", "name": name, "description": description})
}

/// The schema of what is written, where it stands and without the formats of Rust's integers.
fn inline<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let settings = settings.with(|settings| settings.inline_subschemas = true);
    let mut schema = T::json_schema(&mut settings.into_generator()).to_value();
    let properties = schema["properties"].as_object_mut().into_iter();
    for property in properties.flat_map(Map::values_mut) {
        if property["type"] == "integer"
            && let Some(property) = property.as_object_mut()
        {
            property.remove("format");
        }
    }
    schema
}
