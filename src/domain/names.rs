//! The name under which a number is known to a line.

use serde_json::Value;

/// The name under which serde writes a variant, without what the variant holds.
pub fn name_of(variant: &impl serde::Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(named)) => named.into_iter().next().unwrap_or_default().0,
        _ => String::new(),
    }
}
