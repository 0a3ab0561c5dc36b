use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Because, Refused};
use crate::domain::ids::hex;

/// The longest body or event that is read. It is EventBridge's and SNS's order of magnitude (256 KB)
/// less what nobody needs: 500 numbers with their data are 20 KiB.
pub const MOST_BYTES: usize = 64 * 1024;

/// The JSON of at most [`MOST_BYTES`].
pub(super) fn json(bytes: &[u8]) -> Result<Value, Refused> {
    if bytes.len() > MOST_BYTES {
        let detail = "this is larger than 64 KiB; send less at once";
        return Err(Refused::new(Because::TooLarge, detail));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        // The message of a JSON error may quote what was written.
        let (line, column) = (error.line(), error.column());
        let detail = if bytes.is_empty() {
            "the body is empty; write a JSON object".to_owned()
        } else {
            format!("this is no JSON (line {line}, column {column}); write a JSON object in UTF-8")
        };
        Refused::new(Because::NotJson, detail)
    })
}

/// The same for the same values, however they were written: their members are sorted by name.
pub(super) fn digest_of(request: &impl Serialize) -> String {
    let value = serde_json::to_value(request).expect("requests are JSON");
    hex(&Sha256::digest(value.to_string()))
}
