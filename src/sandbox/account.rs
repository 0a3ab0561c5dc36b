use serde::{Deserialize, Serialize};

use crate::domain::credentials::{ApiKey, Callers, Credentials, Secret};

/// How one of the account's numbers is set up.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Number {
    /// Called when a text comes in ("A message comes in"). The public URL: signatures cover it.
    /// It may carry Twilio's connection overrides (`#rc=3&rp=5xx`).
    pub sms_url: Option<String>,
    /// Called when that one fails.
    pub sms_fallback_url: Option<String>,
    /// Called when a call comes in ("A call comes in").
    pub voice_url: Option<String>,
    /// Called when that one, or another of a call's URLs, fails.
    pub voice_fallback_url: Option<String>,
    /// Called when a call is over ("Call status changes").
    pub status_callback: Option<String>,
    /// Whether webhooks carry `OptOutType`, as with Twilio's Advanced Opt-Out.
    pub advanced_opt_out: bool,
    /// Whether people write to it only what they answer: a new text goes to another number.
    pub reply_number: bool,
    /// IANA name of the zone in which its people want to read times; Twilio knows no such thing.
    pub time_zone: Option<String>,
}

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
        webhook_keys: Vec::new(),
        audit_key: None,
        api_key: Some(ApiKey {
            sid: format!("SK{fives}"),
            secret: Secret::new("sandbox-api-secret"),
        }),
        callers: Callers::among([("RELAY_CALLER_DEMO", &caller)]),
        version: None,
    }
}
