//! What stands in `repos.env` against what stands in Secrets Manager, and both against what they
//! had in common when they were last brought together: only that tells a value that is new here
//! from one that was replaced there, and keeps a deleted key from coming back.

use std::collections::{BTreeMap, BTreeSet};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::values::Values;
use crate::domain::credentials::{
    ACCOUNT_SID, API_KEY, API_SECRET, AUTH_TOKEN, PREVIOUS_AUTH_TOKEN, Secret,
};

/// The variables that both places hold, besides the keys of callers. Whatever else stands in either
/// is left alone.
const SYNCED: [&str; 5] = [
    ACCOUNT_SID,
    AUTH_TOKEN,
    PREVIOUS_AUTH_TOKEN,
    API_KEY,
    API_SECRET,
];

/// What file and secret had in common. Hashes with a salt, no values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The secret's version then.
    pub version: String,
    salt: String,
    values: BTreeMap<String, String>,
}

impl Base {
    /// What both have in common now: each variable that is the same in both. One that is not keeps
    /// what was known of it.
    pub fn after(
        old: Option<Base>,
        version: &str,
        new_salt: String,
        file: &Values,
        secret: &Values,
    ) -> Self {
        let names = names(file, secret, old.as_ref());
        let (salt, mut values) = match old {
            Some(old) => (old.salt, old.values),
            None => (new_salt, BTreeMap::new()),
        };
        for name in names {
            match (filled(file.get(&name)), filled(secret.get(&name))) {
                (Some(here), Some(there)) if here.expose() == there.expose() => {
                    let digest = digest(&salt, &name, here);
                    values.insert(name, digest);
                }
                (None, None) => drop(values.remove(&name)),
                _ => {}
            }
        }
        Self {
            version: version.to_owned(),
            salt,
            values,
        }
    }

    fn is(&self, name: &str, value: Option<&Secret>) -> bool {
        let now = value.map(|value| digest(&self.salt, name, value));
        self.values.get(name) == now.as_ref()
    }
}

/// How a variable stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Same,
    /// Changed or added in the file alone, or there was never a common state and the secret lacks
    /// it.
    NewerInFile,
    /// Removed from the file alone.
    GoneFromFile,
    /// Changed, added or removed in the secret alone: by a rotation, or by somebody.
    NewerInSecret,
    GoneFromSecret,
    /// Changed in both, or different without a common state.
    Conflict,
}

/// Every variable that stands in either place, and how.
pub fn compare(file: &Values, secret: &Values, base: Option<&Base>) -> Vec<(String, Standing)> {
    let standing = |name: String| {
        let (here, there) = (filled(file.get(&name)), filled(secret.get(&name)));
        if here.is_none() && there.is_none() {
            return None;
        }
        let standing = stand(&name, here, there, base);
        Some((name, standing))
    };
    let names = names(file, secret, base).into_iter();
    names.filter_map(standing).collect()
}

/// What both places are to hold: Twilio's, and every caller that is in either or was.
fn names(file: &Values, secret: &Values, base: Option<&Base>) -> Vec<String> {
    let texts = [file, secret].into_iter().flat_map(Values::texts);
    let before = base.into_iter().flat_map(|base| base.values.keys());
    let callers: BTreeSet<&str> = texts
        .map(|(name, _)| name)
        .chain(before.map(String::as_str))
        .filter(|name| crate::domain::credentials::name_of(name).is_some())
        .collect();
    SYNCED
        .into_iter()
        .chain(callers)
        .map(str::to_owned)
        .collect()
}

fn stand(
    name: &str,
    here: Option<&Secret>,
    there: Option<&Secret>,
    base: Option<&Base>,
) -> Standing {
    if here.map(Secret::expose) == there.map(Secret::expose) {
        return Standing::Same;
    }
    let Some(base) = base else {
        return match (here, there) {
            (Some(_), None) => Standing::NewerInFile,
            (None, Some(_)) => Standing::NewerInSecret,
            _ => Standing::Conflict,
        };
    };
    match (base.is(name, here), base.is(name, there)) {
        (false, true) if here.is_none() => Standing::GoneFromFile,
        (false, true) => Standing::NewerInFile,
        (true, false) if there.is_none() => Standing::GoneFromSecret,
        (true, false) => Standing::NewerInSecret,
        _ => Standing::Conflict,
    }
}

fn filled(value: Option<&Secret>) -> Option<&Secret> {
    value.filter(|value| !value.expose().is_empty())
}

fn digest(salt: &str, name: &str, value: &Secret) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(salt.as_bytes())
        .expect("HMAC takes a key of any length");
    for part in [name, "=", value.expose()] {
        mac.update(part.as_bytes());
    }
    let hash = mac.finalize().into_bytes();
    hash[..16].iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::Standing::*;
    use super::*;

    /// The values of one place: of the token and of the key.
    fn place(token: &str, key: &str) -> Values {
        let mut values = Values::default();
        for (name, value) in [(AUTH_TOKEN, token), (API_KEY, key)] {
            if !value.is_empty() {
                values.set(name, Secret::new(value));
            }
        }
        values
    }

    fn common(place: &Values) -> Base {
        Base::after(None, "v1", "salt".to_owned(), place, place)
    }

    fn standing(file: &Values, secret: &Values, base: Option<&Values>) -> Vec<Standing> {
        let base = base.map(common);
        let found = compare(file, secret, base.as_ref());
        found.into_iter().map(|(_, standing)| standing).collect()
    }

    #[test]
    fn who_changed_what_since_the_last_time() {
        let base = place("a", "k");
        let standing = |file: [&str; 2], secret: [&str; 2]| {
            let file = place(file[0], file[1]);
            standing(&file, &place(secret[0], secret[1]), Some(&base))
        };
        assert_eq!(standing(["a", "k"], ["a", "k"]), [Same, Same]);
        assert_eq!(standing(["b", "k"], ["a", "k"]), [NewerInFile, Same]);
        assert_eq!(standing(["a", "k"], ["a", "l"]), [Same, NewerInSecret]);
        assert_eq!(
            standing(["b", "k"], ["a", "l"]),
            [NewerInFile, NewerInSecret]
        );
        assert_eq!(standing(["b", "k"], ["c", "k"]), [Conflict, Same]);
        assert_eq!(standing(["b", "k"], ["b", "k"]), [Same, Same]);
        assert_eq!(standing(["a", ""], ["a", "k"]), [Same, GoneFromFile]);
        assert_eq!(standing(["a", "k"], ["a", ""]), [Same, GoneFromSecret]);
        assert_eq!(standing(["a", ""], ["a", "l"]), [Same, Conflict]);
        assert_eq!(standing(["a", ""], ["a", ""]), [Same]);
    }

    #[test]
    fn without_a_common_state_only_what_one_place_lacks_is_plain() {
        let standing = |file: [&str; 2], secret: [&str; 2]| {
            let file = place(file[0], file[1]);
            standing(&file, &place(secret[0], secret[1]), None)
        };
        assert_eq!(standing(["a", "k"], ["", ""]), [NewerInFile, NewerInFile]);
        assert_eq!(standing(["", ""], ["a", ""]), [NewerInSecret]);
        assert_eq!(standing(["a", "k"], ["b", "k"]), [Conflict, Same]);
    }

    #[test]
    fn callers_keys_go_along_and_other_services_values_do_not() {
        let with = |caller: Option<&str>| {
            let mut values = place("a", "");
            values.set("TSHEETS_TOKEN", Secret::new("theirs"));
            if let Some(key) = caller {
                values.set("RELAY_CALLER_CREW", Secret::new(key));
            }
            values
        };
        let caller = |file: Option<&str>, secret: Option<&str>, base: Option<&str>| {
            let base = base.map(|base| common(&with(Some(base))));
            let mut found = compare(&with(file), &with(secret), base.as_ref());
            assert_eq!(found.remove(0), (AUTH_TOKEN.to_owned(), Same));
            found
        };
        let crew = |standing| vec![("RELAY_CALLER_CREW".to_owned(), standing)];
        assert_eq!(caller(Some("k"), None, None), crew(NewerInFile));
        assert_eq!(caller(Some("l"), Some("k"), Some("k")), crew(NewerInFile));
        assert_eq!(caller(None, Some("k"), Some("k")), crew(GoneFromFile));
        assert_eq!(caller(None, None, Some("k")), []);
    }

    #[test]
    fn what_is_kept_of_the_values_is_no_value() {
        let base = place("hunter2", "hunter3");
        let base = common(&base);
        let kept = serde_json::to_string(&base).unwrap();
        assert!(!kept.contains("hunter"), "{kept}");
        assert_eq!(serde_json::from_str::<Base>(&kept).unwrap(), base);
    }
}
