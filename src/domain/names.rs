//! The name under which a number is known to a line.

/// The name under which serde writes a plain variant.
pub fn name_of(variant: &impl serde::Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
