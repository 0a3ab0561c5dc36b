use crate::domain::credentials::{ApiKey, Callers, Credentials, Secret};

/// The program that may call a relay on the sandbox, and its key, which everybody may know.
pub const DEMO_CALLER: &str = "demo";
pub const DEMO_KEY: &str = "sandbox-caller-key-that-everybody-may-know-0";

/// Credentials that nobody can take for real ones, with an API key.
pub fn demo_account() -> Credentials {
    let fives = "5".repeat(32);
    let caller = Secret::new(format!("notices,invitations,read:{DEMO_KEY}"));
    Credentials {
        account_sid: format!("AC{fives}"),
        auth_token: Secret::new("sandbox-auth-token"),
        next_auth_token: None,
        previous_auth_token: None,
        api_key: Some(ApiKey {
            sid: format!("SK{fives}"),
            secret: Secret::new("sandbox-api-secret"),
        }),
        callers: Callers::among([("RELAY_CALLER_DEMO", &caller)]),
        version: None,
    }
}
