//! The OpenAPI 3.1 document of `/v1`: `openapi.json` beside this file has all but the schemas, which
//! are the types'.

use schemars::generate::SchemaSettings;
use serde_json::{Value, from_str};

use crate::app::notices::Estimate;
use crate::app::outbound_notifier::problem::Document;
use crate::app::outbound_notifier::responses::{
    Accepted, AcceptedInvitation, InvitationEstimate, NoticeStatus,
};
use crate::domain::invitation::InvitationStatus;
use crate::domain::request::{InvitationRequest, NoticeRequest};

pub fn openapi() -> Value {
    let mut document: Value = from_str(include_str!("openapi.json")).expect("the file is JSON");
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    let mut read = settings.clone().into_generator();
    read.subschema_for::<NoticeRequest>();
    read.subschema_for::<InvitationRequest>();
    let mut written = settings.for_serialize().into_generator();
    written.subschema_for::<Accepted>();
    written.subschema_for::<NoticeStatus>();
    written.subschema_for::<Estimate>();
    written.subschema_for::<AcceptedInvitation>();
    written.subschema_for::<InvitationStatus>();
    written.subschema_for::<InvitationEstimate>();
    written.subschema_for::<Document>();
    let mut schemas = read.take_definitions(true);
    schemas.extend(written.take_definitions(true));
    document["components"]["schemas"] = schemas.into();
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value) -> Vec<&str> {
        let own = value["$ref"].as_str();
        let parts = match value {
            Value::Object(members) => members.values().collect(),
            Value::Array(items) => items.iter().collect(),
            _ => Vec::new(),
        };
        let inner = parts.into_iter().flat_map(references);
        own.into_iter().chain(inner).collect()
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = openapi();
        let references = references(&document);
        assert!(references.len() > 50);
        for reference in references {
            let place = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(place).is_some(), "{reference}");
        }
    }
}
