use std::fmt;

use serde::Serialize;

use crate::credentials::inspection::Finding;
use crate::credentials::repos_env::EnvFile;
use crate::credentials::rotation::{Subject, Twilio, Which};
use crate::credentials::values::Values;
use crate::domain::credentials::{ACCOUNT_SID, API_KEY, AUTH_TOKEN};
use crate::twilio::access::{Access, KeyType};
use crate::twilio::network::Network;

/// What Twilio says of credentials.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Valid,
    Invalid,
    /// It did not say: why.
    Indeterminate(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Valid => f.write_str("valid"),
            Verdict::Invalid => f.write_str("invalid"),
            Verdict::Indeterminate(why) => write!(f, "indeterminate: {why}"),
        }
    }
}

/// Asks Twilio for the file's auth token and API key, as far as they are there.
pub async fn verdicts(file: &EnvFile, url: &str) -> Vec<(&'static str, Verdict)> {
    let mut values = Values::default();
    // A file that cannot be read has its findings already.
    let Ok(document) = file.read() else {
        return Vec::new();
    };
    for entry in document.entries() {
        values.set(&entry.key, entry.value.duplicate());
    }
    let filled = |name| {
        values
            .get(name)
            .is_some_and(|value| !value.expose().is_empty())
    };
    let access = Access::new(Box::new(Network::new()), url);
    let twilio = Twilio {
        access: &access,
        key_type: KeyType::default(),
    };
    let mut verdicts = Vec::new();
    for (name, subject) in [(AUTH_TOKEN, Subject::AuthToken), (API_KEY, Subject::ApiKey)] {
        if !filled(ACCOUNT_SID) || !filled(name) {
            continue;
        }
        let verdict = match twilio.accepts(subject, &values, Which::InForce).await {
            Ok(true) => Verdict::Valid,
            Ok(false) => Verdict::Invalid,
            Err(error) => Verdict::Indeterminate(format!("{error:#}")),
        };
        verdicts.push((name, verdict));
    }
    verdicts
}

/// What is to be put right: that Twilio did not say is nobody's fault here.
pub fn finding(name: &str, verdict: &Verdict) -> Option<Finding> {
    (*verdict == Verdict::Invalid).then(|| Finding {
        finding: "invalid",
        variable: Some(name.to_owned()),
        message: format!(
            "Twilio does not accept {name} (HTTP 401, error 20003): it was replaced or deleted, or is another account's; `relay secrets pull` fetches a newer one, `relay secrets add --replace {name}` takes one from Twilio's console"
        ),
    })
}
