//! What stands in `repos.env` against what stands in Secrets Manager, and both against what they
//! had in common when they were last brought together: only that tells a value that is new here
//! from one that was replaced there, and keeps a deleted key from coming back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::keyed_hash::keyed_hash;
use super::registry::VARIABLES;
use super::values::Values;
use crate::domain::credentials::{self, AUDIT_KEY, Secret};

/// What file and secret had in common. Hashes with a salt, no values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncState {
    salt: String,
    values: BTreeMap<String, String>,
}

impl SyncState {
    /// Nothing in common yet.
    pub fn new(salt: String) -> Self {
        Self {
            salt,
            values: BTreeMap::new(),
        }
    }

    /// Notes what both have in common now: each variable that is the same in both. One that is not
    /// keeps what was known of it.
    pub fn update(&mut self, file: &Values, secret: &Values) {
        for name in names(file, secret, Some(self)) {
            match (file.filled(&name), secret.filled(&name)) {
                (Some(here), Some(there)) if here == there => {
                    let digest = self.digest(&name, here);
                    self.values.insert(name, digest);
                }
                (None, None) => drop(self.values.remove(&name)),
                _ => {}
            }
        }
    }

    fn has(&self, name: &str, value: Option<&Secret>) -> bool {
        let now = value.map(|value| self.digest(name, value));
        self.values.get(name) == now.as_ref()
    }

    fn digest(&self, name: &str, value: &Secret) -> String {
        keyed_hash(self.salt.as_bytes(), [name, value.expose()])
    }
}

/// How a variable of the file compares with the same one of the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncStatus {
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
pub fn compare(
    file: &Values,
    secret: &Values,
    state: Option<&SyncState>,
) -> Vec<(String, SyncStatus)> {
    let status = |name: String| {
        let (here, there) = (file.filled(&name), secret.filled(&name));
        let status = status(&name, here, there, state);
        (here.is_some() || there.is_some()).then_some((name, status))
    };
    let names = names(file, secret, state).into_iter();
    names.filter_map(status).collect()
}

/// What both places are to hold: the relay's variables, and every caller that is in either or was.
fn names(file: &Values, secret: &Values, state: Option<&SyncState>) -> Vec<String> {
    let texts = [file, secret].into_iter().flat_map(Values::texts);
    let before = state.into_iter().flat_map(|state| state.values.keys());
    let callers: BTreeSet<&str> = texts
        .map(|(name, _)| name)
        .chain(before.map(String::as_str))
        .filter(|name| credentials::name_of(name).is_some())
        .collect();
    let names = VARIABLES.iter().map(|(name, _)| *name).chain(callers);
    names.map(str::to_owned).collect()
}

fn status(
    name: &str,
    here: Option<&Secret>,
    there: Option<&Secret>,
    state: Option<&SyncState>,
) -> SyncStatus {
    if here == there {
        return SyncStatus::Same;
    }
    let Some(state) = state else {
        return match (here, there) {
            (Some(_), None) => SyncStatus::NewerInFile,
            (None, Some(_)) => SyncStatus::NewerInSecret,
            // A new file has one of its own, with which nothing was hashed yet.
            _ if name == AUDIT_KEY => SyncStatus::NewerInSecret,
            _ => SyncStatus::Conflict,
        };
    };
    match (state.has(name, here), state.has(name, there)) {
        (false, true) if here.is_none() => SyncStatus::GoneFromFile,
        (false, true) => SyncStatus::NewerInFile,
        (true, false) if there.is_none() => SyncStatus::GoneFromSecret,
        (true, false) => SyncStatus::NewerInSecret,
        _ => SyncStatus::Conflict,
    }
}

#[cfg(test)]
mod tests {
    use super::SyncStatus::*;
    use super::*;
    use crate::domain::credentials::{API_KEY, AUTH_TOKEN};

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

    fn common(place: &Values) -> SyncState {
        let mut state = SyncState::new("salt".to_owned());
        state.update(place, place);
        state
    }

    fn standing(file: &Values, secret: &Values, base: Option<&Values>) -> Vec<SyncStatus> {
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
        assert_eq!(serde_json::from_str::<SyncState>(&kept).unwrap(), base);
    }
}
