use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::credentials::inspection::Finding;
use crate::credentials::repos_env::EnvFile;
use crate::credentials::rotation::{Subject, Twilio, Which};
use crate::domain::credentials::{ACCOUNT_SID, API_KEY, AUTH_TOKEN};
use crate::twilio::access::{Access, Failure, KeyType};
use crate::twilio::network::Network;

/// What Twilio says of credentials.
#[derive(Serialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Valid,
    Invalid,
    /// It knows them, and they may not do all that the relay does: what is missing.
    Lacking(String),
    /// It did not say: why.
    Indeterminate(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Valid => f.write_str("valid"),
            Verdict::Invalid => f.write_str("invalid"),
            Verdict::Lacking(what) => write!(f, "valid, but {what}"),
            Verdict::Indeterminate(why) => write!(f, "indeterminate: {why}"),
        }
    }
}

/// Asks Twilio for the file's auth token and API key, as far as they are there.
pub async fn verdicts(file: &EnvFile, url: &str) -> BTreeMap<&'static str, Verdict> {
    let mut verdicts = BTreeMap::new();
    // A file that cannot be read has its findings already.
    let Ok(document) = file.read() else {
        return verdicts;
    };
    let values = document.values();
    let access = Access::new(Box::new(Network::new()), url);
    let twilio = Twilio {
        access: &access,
        key_type: KeyType::default(),
    };
    for (name, subject) in [(AUTH_TOKEN, Subject::AuthToken), (API_KEY, Subject::ApiKey)] {
        if values.filled(ACCOUNT_SID).is_none() || values.filled(name).is_none() {
            continue;
        }
        let verdict = match twilio.accepts(subject, &values, Which::InForce).await {
            Ok(true) if name == API_KEY => {
                of_permissions(twilio.key_lacks_for_calls(&values).await)
            }
            Ok(true) => Verdict::Valid,
            Ok(false) => Verdict::Invalid,
            Err(error) => match error.downcast_ref() {
                Some(Failure::MayNotList) => Verdict::Lacking(error.to_string()),
                _ => Verdict::Indeterminate(format!("{error:#}")),
            },
        };
        verdicts.insert(name, verdict);
    }
    verdicts
}

/// A key that may do all but what calls need is valid as long as no line takes calls.
fn of_permissions(lacking: anyhow::Result<Vec<&'static str>>) -> Verdict {
    match lacking {
        Ok(lacking) if lacking.is_empty() => Verdict::Valid,
        Ok(lacking) => Verdict::Lacking(format!(
            "the key may not look after calls and voicemails: it lacks {}; if a line takes calls, add that to the key's policy in Twilio's console, or make another key with `relay secrets rotate api-key --restricted`",
            lacking.join(", ")
        )),
        Err(error) => Verdict::Indeterminate(format!("{error:#}")),
    }
}

/// What is to be put right: that Twilio did not say is nobody's fault here.
pub fn finding(name: &str, verdict: &Verdict) -> Option<Finding> {
    if let Verdict::Lacking(what) = verdict {
        return Some(Finding::new(
            "lacking",
            Some(name),
            format!("{name}: {what}"),
        ));
    }
    let message = format!(
        "Twilio does not accept {name} (HTTP 401, error 20003): it was replaced or deleted, or is another account's; `relay secrets pull` fetches a newer one, `relay secrets add --replace {name}` takes one from Twilio's console"
    );
    (*verdict == Verdict::Invalid).then(|| Finding::new("invalid", Some(name), message))
}
