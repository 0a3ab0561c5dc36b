use ::http::HeaderMap;
use ::http::header::AUTHORIZATION;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::credentials::{ApiKey, Credentials, Secret};

/// Credentials that nobody can take for real ones, with an API key.
pub fn demo_account() -> Credentials {
    let fives = "5".repeat(32);
    Credentials {
        account_sid: format!("AC{fives}"),
        auth_token: Secret::new("sandbox-auth-token"),
        previous_auth_token: None,
        api_key: Some(ApiKey {
            sid: format!("SK{fives}"),
            secret: Secret::new("sandbox-api-secret"),
        }),
    }
}

/// Whether a request carries the account's SID and token, or its API key and secret.
pub(super) fn authenticates(account: &Credentials, headers: &HeaderMap) -> bool {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|encoded| STANDARD.decode(encoded.trim()).ok());
    let pair = |name: &str, secret: &Secret| format!("{name}:{}", secret.expose()).into_bytes();
    given.is_some_and(|given| {
        given == pair(&account.account_sid, &account.auth_token)
            || account
                .api_key
                .as_ref()
                .is_some_and(|key| given == pair(&key.sid, &key.secret))
    })
}
