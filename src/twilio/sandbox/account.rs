use crate::credentials::{ApiKey, Credentials, Secret};

/// Credentials that nobody can take for real ones, with an API key.
pub fn demo_account() -> Credentials {
    let fives = "5".repeat(32);
    Credentials {
        account_sid: format!("AC{fives}"),
        auth_token: Secret::new("sandbox-auth-token"),
        next_auth_token: None,
        previous_auth_token: None,
        api_key: Some(ApiKey {
            sid: format!("SK{fives}"),
            secret: Secret::new("sandbox-api-secret"),
        }),
        version: None,
    }
}
