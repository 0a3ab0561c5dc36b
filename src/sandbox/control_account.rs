//! The control API's part about what the account has: `GET` and `POST /sandbox/account/setup`.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::get;
use serde_json::{Map, Value, from_slice, from_value, json};

use super::control::{Answer, Shared, ok};
use super::{Account, Sandbox};

/// As much as an account with a thousand numbers takes.
const MOST_BYTES: usize = 2 * 1024 * 1024;

pub(super) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/sandbox/account/setup", get(shown).post(merge))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
}

async fn shown(State(sandbox): Shared) -> Answer {
    ok(sandbox.setup())
}

async fn merge(State(sandbox): Shared, body: Bytes) -> Answer {
    let patch: Map<String, Value> = from_slice(&body)?;
    ok(sandbox.merge_setup(Value::Object(patch))?)
}

impl Sandbox {
    /// Changes what the account has by a JSON merge patch (RFC 7396) and returns what it has then. A patch that makes
    /// no account of it changes nothing.
    pub fn merge_setup(&self, patch: Value) -> Result<Account, serde_json::Error> {
        let mut state = self.state();
        let mut account = json!(state.account);
        merge_into(&mut account, patch);
        state.account = from_value(account)?;
        Ok(state.account.clone())
    }
}

/// RFC 7396: null takes away, objects are merged, and everything else takes the place of what there is.
fn merge_into(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(target) = target.as_object_mut() else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(&name);
        } else {
            merge_into(target.entry(name).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_merged_as_the_standard_shows() {
        // Cases of RFC 7396, Appendix A.
        for (target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!({"a": [1]}),
                json!({"a": [{"b": null}]}),
                json!({"a": [{"b": null}]}),
            ),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            let mut merged = target.clone();
            merge_into(&mut merged, patch.clone());
            assert_eq!(merged, expected, "{target} {patch}");
        }
    }
}
