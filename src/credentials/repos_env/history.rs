//! When each variable was given its value, kept beside the file without any value.
//!
//! A fingerprint tells whether the value is still the one that was noted. It is keyed with random
//! bytes that never leave the machine, so that nobody can try out short values with one that was
//! printed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::credentials::keyed_hash::keyed_hash;

/// What was noted about the variables of a file.
#[derive(Serialize, Deserialize)]
pub struct History {
    salt: String,
    changed: BTreeMap<String, Noted>,
}

#[derive(Serialize, Deserialize)]
struct Noted {
    at: Timestamp,
    fingerprint: String,
}

impl History {
    pub fn new(salt: String) -> Self {
        Self {
            salt,
            changed: BTreeMap::new(),
        }
    }

    /// When a variable was given the value that it has. `None` if it was changed by hand since, or
    /// was there before anything was noted.
    pub fn changed(&self, entry: &Entry) -> Option<Timestamp> {
        let noted = self.changed.get(&entry.key)?;
        (noted.fingerprint == self.digest(entry)).then_some(noted.at)
    }

    /// Eight digits that are others for another value.
    pub fn fingerprint(&self, entry: &Entry) -> String {
        let mut digest = self.digest(entry);
        digest.truncate(8);
        digest
    }

    /// Notes what is new in `after`, and forgets what has gone.
    pub fn note(&mut self, before: &[Entry], after: &[Entry], now: Timestamp) {
        for entry in after {
            let old = before.iter().find(|old| old.key == entry.key);
            if old.is_none_or(|old| old.value != entry.value) {
                let fingerprint = self.digest(entry);
                let at = now;
                self.changed
                    .insert(entry.key.clone(), Noted { at, fingerprint });
            }
        }
        let remains = |key: &String| after.iter().any(|entry| entry.key == *key);
        self.changed.retain(|key, _| remains(key));
    }

    fn digest(&self, entry: &Entry) -> String {
        let parts = [entry.key.as_str(), entry.value.expose()];
        keyed_hash(self.salt.as_bytes(), parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::repos_env::parse;

    #[test]
    fn a_change_is_dated_and_one_by_hand_is_not() {
        let [monday, friday] = ["2026-11-23T08:00:00Z", "2026-11-27T08:00:00Z"]
            .map(|at| at.parse::<Timestamp>().unwrap());
        let mut history = History::new("salt".to_owned());
        let first = parse("A=1\nB=2\nC=3").unwrap();
        history.note(&[], &first, monday);
        let second = parse("A=1\nB=two").unwrap();
        history.note(&first, &second, friday);
        let changed = |text: &str| history.changed(&parse(text).unwrap()[0]);
        assert_eq!(changed("A=1"), Some(monday));
        assert_eq!(changed("B=two"), Some(friday));
        assert_eq!(changed("B=2"), None);
        assert_eq!(changed("C=3"), None, "it went");
        let kept = serde_json::to_string(&history).unwrap();
        assert!(!kept.contains("two"), "{kept}");
    }

    #[test]
    fn fingerprints_tell_values_variables_and_machines_apart() {
        let print =
            |salt: u8, text| History::new(salt.to_string()).fingerprint(&parse(text).unwrap()[0]);
        let first = print(1, "A=1");
        assert_eq!(first.len(), 8);
        assert_eq!(first, print(1, "A='1'"));
        for other in [print(1, "A=2"), print(1, "B=1"), print(2, "A=1")] {
            assert_ne!(first, other);
        }
    }
}
