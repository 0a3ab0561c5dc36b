//! What is not as it should be with a `repos.env`, beyond what keeps it from being read.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::registry::{self, VARIABLES};
use super::repos_env::{Entry, Examined, quoted};
use crate::domain::credentials::CallerKey;

/// One thing to put right.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Finding {
    /// What it is, for programs.
    pub finding: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// What is wrong and what to do. Never carries a value.
    pub message: String,
}

/// What is known of a variable without showing it.
#[derive(Debug, Serialize)]
pub struct Known {
    pub name: String,
    /// What it is, if the relay knows it.
    pub kind: Option<&'static str>,
    pub line: usize,
    /// Others for another value; comparable on one machine only.
    pub fingerprint: Option<String>,
    /// When it was given its value, if that was noted.
    pub changed: Option<Timestamp>,
    /// For how many days it has had its value; if `changed` is unknown, for at least so many.
    pub age_days: Option<i64>,
}

/// What can be said of the variables, in the order of the file.
pub fn known(examined: &Examined, now: Timestamp) -> Vec<Known> {
    let describe = |entry: &Entry| {
        let history = examined.history.as_ref();
        let changed = history.and_then(|history| history.changed(entry));
        // Nothing in the file is younger than the file.
        let since = changed.or(examined.modified);
        Known {
            name: entry.key.clone(),
            kind: registry::variable(&entry.key).map(|variable| variable.kind.name()),
            line: entry.line,
            fingerprint: history.map(|history| history.fingerprint(entry)),
            changed,
            age_days: since.map(|since| days(now.duration_since(since))),
        }
    };
    examined.entries.iter().map(describe).collect()
}

fn days(age: SignedDuration) -> i64 {
    age.as_hours() / 24
}

/// Everything to put right with the file at `place`. `exported` looks up the environment in which
/// programs would read it.
pub fn findings(
    place: &str,
    examined: &Examined,
    exported: impl Fn(&str) -> Option<String>,
    most_days: u32,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |finding, variable: Option<&str>, message: String| {
        findings.push(Finding {
            finding,
            variable: variable.map(str::to_owned),
            message,
        });
    };
    for defect in &examined.defects {
        add(defect.class(), None, defect.to_string());
    }
    for copy in &examined.copies {
        let copy = copy.display().to_string();
        let command = format!("rm {}", quoted(&copy));
        let message = format!("{copy} looks like a copy of {place}; if it is, run `{command}`");
        add("copy", None, message);
    }
    let entry = |name: &str| examined.entries.iter().find(|entry| entry.key == name);
    for variable in VARIABLES {
        let name = variable.name;
        match entry(name) {
            None if variable.is_required => {
                let command = format!("relay secrets add --file {} {name}", quoted(place));
                let what = variable.kind.name();
                let message = format!("{name} ({what}) is missing from {place}; run `{command}`");
                add("missing_variable", Some(name), message);
            }
            Some(entry) => {
                if let Some(complaint) = variable.kind.complaint(entry.value.expose()) {
                    let line = entry.line;
                    let message = format!("{place}:{line}: {name} {complaint}");
                    add("malformed", Some(name), message);
                }
            }
            None => {}
        }
    }
    for entry in &examined.entries {
        let (name, line) = (entry.key.as_str(), entry.line);
        let Some(caller) = crate::domain::credentials::name_of(name) else {
            continue;
        };
        if let Err(malformed) = CallerKey::parse(&caller, entry.value.expose()) {
            let message = format!("{place}:{line}: {name} {malformed}");
            add("malformed", Some(name), message);
        }
    }
    for entry in &examined.entries {
        let name = entry.key.as_str();
        if exported(name).is_some_and(|value| value != entry.value.expose()) {
            let message = format!(
                "{name} is exported here with another value, which Python, Node and Go programs take instead of the file's; run `unset {name}`"
            );
            add("shadowed", Some(name), message);
        }
    }
    for known in known(examined, now) {
        let rotates = registry::variable(&known.name).is_some_and(|variable| variable.rotates);
        let Some(age) = known.age_days.filter(|_| rotates) else {
            continue;
        };
        if age >= i64::from(most_days) {
            let command = match crate::domain::credentials::name_of(&known.name) {
                Some(caller) => format!("relay secrets caller {caller}"),
                None => "relay secrets rotate".to_owned(),
            };
            let message = format!(
                "{} has had its value for {age} days, and {most_days} are the most; run `{command}`",
                known.name
            );
            add("old", Some(&known.name), message);
        }
    }
    findings
}
