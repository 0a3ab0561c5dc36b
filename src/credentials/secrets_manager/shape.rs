//! The shapes that a secret may have: the names of `repos.env`, or those of the secrets that AWS
//! itself rotates at Twilio.
//!
//! Source: AWS, "Managed external secrets partners": Twilio API key, Twilio auth token.

use anyhow::{anyhow, bail};
use jiff::Timestamp;

use crate::credentials::rotation_record::RECORD;
use crate::credentials::values::Values;
use crate::domain::credentials::{
    ACCOUNT_SID, API_KEY, API_SECRET, AUTH_TOKEN, Callers, Credentials, NEXT_AUTH_TOKEN, PREVIOUS,
    PREVIOUS_AUTH_TOKEN, PREVIOUS_NOT_AFTER, PREVIOUS_WEBHOOK_KEY, PREVIOUS_WEBHOOK_KEY_NOT_AFTER,
    Secret, WEBHOOK_KEY, end_of, is_over,
};

/// A name of ours, and what AWS calls the same.
const SAME: [(&str, &str); 4] = [
    (ACCOUNT_SID, "accountSid"),
    (AUTH_TOKEN, "authToken"),
    (API_KEY, "apiKeySid"),
    (API_SECRET, "apiKeySecret"),
];

/// Reads credentials out of one secret or several that complete one another, the first first. They were
/// `written` then.
pub fn credentials(
    place: &str,
    secrets: &[Values],
    written: Option<Timestamp>,
    now: Timestamp,
) -> anyhow::Result<Credentials> {
    let names = [
        ACCOUNT_SID,
        AUTH_TOKEN,
        NEXT_AUTH_TOKEN,
        PREVIOUS_AUTH_TOKEN,
        PREVIOUS_NOT_AFTER,
        WEBHOOK_KEY,
        PREVIOUS_WEBHOOK_KEY,
        PREVIOUS_WEBHOOK_KEY_NOT_AFTER,
        API_KEY,
        API_SECRET,
    ];
    for name in names {
        if secrets.iter().any(|values| values.other(name).is_some()) {
            bail!("{name} in {place} is not a text; write it in quotes");
        }
    }
    let look_up = |name: &str| {
        let theirs = SAME.iter().find(|(ours, _)| *ours == name);
        let theirs = theirs.map(|(_, theirs)| *theirs);
        secrets.iter().find_map(|values| {
            let ours = values.filled(name);
            ours.or_else(|| values.get(theirs?))
        })
    };
    // A rotation that is under way says itself when the old one ends.
    let rotates = secrets.iter().any(|values| values.other(RECORD).is_some());
    let written = written.filter(|_| !rotates);
    let mut over = Vec::new();
    for (name, end) in PREVIOUS {
        let until = end_of(look_up(end).map(Secret::expose));
        let until = until.map_err(|wrong| anyhow!("{end} in {place} {wrong}"))?;
        if is_over(until, written, now) {
            over.push(name);
        }
    }
    let mut credentials = Credentials::from_values(place, |name| {
        if over.contains(&name) {
            return None;
        }
        look_up(name).map(Secret::duplicate)
    })?;
    let callers = Callers::among(secrets.iter().flat_map(Values::texts));
    credentials.callers = callers.without_ended(|_| written, now);
    Ok(credentials)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sid(prefix: &str) -> String {
        prefix.to_owned() + &"0".repeat(32)
    }

    fn read(secrets: &[serde_json::Value]) -> anyhow::Result<Credentials> {
        let values: Vec<_> = secrets
            .iter()
            .map(|json| Values::parse(&json.to_string()).unwrap())
            .collect();
        let noon = "2026-11-23T12:00:00Z".parse().unwrap();
        credentials("the secret relay", &values, None, noon)
    }

    fn tokens(credentials: &Credentials) -> Vec<&str> {
        credentials.signing_tokens().map(Secret::expose).collect()
    }

    #[test]
    fn the_names_in_the_secret_are_those_of_the_env_file() {
        let secret = json!({
            ACCOUNT_SID: sid("AC"), AUTH_TOKEN: "token", PREVIOUS_AUTH_TOKEN: "old",
            API_KEY: sid("SK"), API_SECRET: "shh", "TSHEETS_TOKEN": "of another service",
        });
        let credentials = read(&[secret]).unwrap();
        assert_eq!(tokens(&credentials), ["token", "old"]);
        let (user, password) = credentials.basic_auth();
        assert_eq!((user, password.expose()), (sid("SK").as_str(), "shh"));
    }

    #[test]
    fn a_token_is_accepted_before_its_promotion_and_after_it_as_long_as_the_secret_says() {
        let secret = |until: &str| {
            json!({
                ACCOUNT_SID: sid("AC"), AUTH_TOKEN: "now", NEXT_AUTH_TOKEN: "next",
                PREVIOUS_AUTH_TOKEN: "old", PREVIOUS_NOT_AFTER: until,
            })
        };
        let credentials = read(&[secret("2026-11-23T12:10:00Z")]).unwrap();
        assert_eq!(tokens(&credentials), ["now", "next", "old"]);
        let credentials = read(&[secret("2026-11-23T11:59:00Z")]).unwrap();
        assert_eq!(tokens(&credentials), ["now", "next"]);
        let error = read(&[secret("soon")]).unwrap_err().to_string();
        assert!(error.contains(PREVIOUS_NOT_AFTER), "{error}");
    }

    #[test]
    fn a_previous_value_without_an_end_is_accepted_for_a_day_after_the_version_was_made() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let secret = |more: serde_json::Value| {
            let crew = format!("read:{}:{}", "n".repeat(43), "o".repeat(43));
            let mut secret = json!({
                ACCOUNT_SID: sid("AC"), AUTH_TOKEN: "now", PREVIOUS_AUTH_TOKEN: "old",
                WEBHOOK_KEY: "w", PREVIOUS_WEBHOOK_KEY: "v", "RELAY_CALLER_CREW": crew,
            });
            let members = more.as_object().unwrap().clone();
            secret.as_object_mut().unwrap().extend(members);
            [Values::parse(&secret.to_string()).unwrap()]
        };
        let written = Some(at("2026-11-23T12:00:00Z"));
        let counted = |secret: &[Values], now| {
            let read = credentials("the secret relay", secret, written, at(now)).unwrap();
            let crew = read.callers.named("crew").unwrap().keys().count();
            (tokens(&read).len(), read.webhook_keys.len(), crew)
        };
        let without = secret(json!({}));
        assert_eq!(counted(&without, "2026-11-24T12:00:00Z"), (2, 2, 2));
        assert_eq!(counted(&without, "2026-11-24T12:00:01Z"), (1, 1, 1));
        let ends = secret(json!({PREVIOUS_WEBHOOK_KEY_NOT_AFTER: "2026-11-30T00:00:00Z"}));
        assert_eq!(counted(&ends, "2026-11-29T00:00:00Z"), (1, 2, 1));
        assert_eq!(counted(&ends, "2026-11-30T00:00:01Z"), (1, 1, 1));
        let rotates = secret(json!({RECORD: {"step": "switched"}}));
        assert_eq!(counted(&rotates, "2026-11-30T00:00:01Z"), (2, 2, 2));
    }

    #[test]
    fn secrets_that_aws_rotates_itself_are_understood() {
        let token = json!({"accountSid": sid("AC"), "authToken": "token"});
        let key = json!({
            "accountSid": sid("AC"), "apiKeySid": sid("SK"), "apiKeySecret": "shh",
            "validationUrl": "https://api.twilio.com/",
        });
        let credentials = read(&[token]).unwrap();
        assert_eq!(credentials.basic_auth().0, sid("AC"));
        let error = read(std::slice::from_ref(&key)).unwrap_err().to_string();
        assert!(error.starts_with("TWILIO_AUTH_TOKEN is missing"), "{error}");
        let token = json!({"accountSid": sid("AC"), "authToken": "token"});
        let credentials = read(&[key, token]).unwrap();
        assert_eq!(credentials.basic_auth().0, sid("SK"));
        assert_eq!(tokens(&credentials), ["token"]);
    }

    #[test]
    fn what_is_wrong_with_a_secret_is_said_without_showing_it() {
        let missing = read(&[json!({ACCOUNT_SID: sid("AC")})]).unwrap_err();
        let missing = missing.to_string();
        assert!(missing.contains("TWILIO_AUTH_TOKEN is missing from the secret relay"));
        let number = json!({ACCOUNT_SID: sid("AC"), AUTH_TOKEN: 20770});
        let error = read(&[number]).unwrap_err().to_string();
        assert!(
            error.contains("TWILIO_AUTH_TOKEN in the secret relay"),
            "{error}"
        );
        assert!(!error.contains("20770"), "{error}");
    }
}
