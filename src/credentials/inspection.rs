//! What is not as it should be with a `repos.env`, beyond what keeps it from being read.

use jiff::Timestamp;
use serde::Serialize;

use super::registry::{self, Kind};
use super::repos_env::{Entry, Examined, quoted};
use crate::domain::credentials::{self, CallerKey, PREVIOUS, end_of};

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

impl Finding {
    pub fn new(finding: &'static str, variable: Option<&str>, message: String) -> Self {
        Self {
            finding,
            variable: variable.map(str::to_owned),
            message,
        }
    }
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
            kind: registry::kind_of(&entry.key).map(Kind::name),
            line: entry.line,
            fingerprint: history.map(|history| history.fingerprint(entry)),
            changed,
            age_days: since.map(|since| now.duration_since(since).as_hours() / 24),
        }
    };
    examined.entries.iter().map(describe).collect()
}

/// That a previous value has no end, is over, or has been there for longer than a rotation takes.
fn left_over(place: &str, examined: &Examined, known: &Known, now: Timestamp) -> Option<Finding> {
    let name = known.name.as_str();
    let value = |name: &str| {
        let entry = examined.entries.iter().find(|entry| entry.key == name)?;
        Some(entry.value.expose())
    };
    let caller = credentials::name_of(name);
    let (until, say_when, take_out) = match &caller {
        Some(caller) => {
            let key = CallerKey::parse(caller, value(name)?).ok()?;
            (
                key.previous?.until,
                "write a colon and a time such as 2026-11-23T18:00:00Z behind it".to_owned(),
                format!("run `relay secrets caller {caller}`, or take it off the end of the line"),
            )
        }
        None => {
            let (_, end) = PREVIOUS.iter().find(|(previous, _)| *previous == name)?;
            // One that is no time is reported as malformed.
            let until = end_of(value(end)).ok()?;
            let command = format!("relay secrets add --file {} {end}", quoted(place));
            (
                until,
                format!("say when it ends with `{command}` (a time such as 2026-11-23T18:00:00Z)"),
                format!(
                    "take the lines {name} and {end} out of {place}; if a rotation was cut off, run \
                     `relay secrets rotate --resume`"
                ),
            )
        }
    };
    let what = match caller {
        Some(_) => "a previous key",
        None => "a value",
    };
    let (finding, message) = match until {
        None => (
            "no_end",
            format!(
                "{name} has {what} that is accepted beside the one in force and does not say until when, so \
                 that it is only for a day after it was written: {say_when}, or {take_out}"
            ),
        ),
        Some(until) if until < now => (
            "left_over",
            format!("{name} has {what} that is over since {until} and not accepted: {take_out}"),
        ),
        Some(_) => {
            let age = known.age_days.filter(|age| 0 < *age && caller.is_none())?;
            (
                "left_over",
                format!(
                    "{name} has {what} that has been accepted for {age} days beside the one in force; \
                     nobody needs it after a rotation: {take_out}"
                ),
            )
        }
    };
    Some(Finding::new(finding, Some(name), message))
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
        findings.push(Finding::new(finding, variable, message));
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
    for entry in &examined.entries {
        let (name, line, value) = (entry.key.as_str(), entry.line, entry.value.expose());
        let complaint = match credentials::name_of(name) {
            Some(caller) => CallerKey::parse(&caller, value)
                .err()
                .map(|malformed| malformed.to_string()),
            None => registry::kind_of(name).and_then(|kind| kind.complaint(value)),
        };
        if let Some(complaint) = complaint {
            let message = format!("{place}:{line}: {name} {complaint}");
            add("malformed", Some(name), message);
        }
    }
    for (name, kind) in registry::required() {
        if !examined.entries.iter().any(|entry| entry.key == name) {
            let command = format!("relay secrets add --file {} {name}", quoted(place));
            let message = format!(
                "{name} ({}) is missing from {place}; run `{command}`",
                kind.name()
            );
            add("missing_variable", Some(name), message);
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
        let name = known.name.as_str();
        if let Some(Finding {
            finding, message, ..
        }) = left_over(place, examined, &known, now)
        {
            add(finding, Some(name), message);
        }
        let is_old = |age: &i64| registry::rotates(name) && *age >= i64::from(most_days);
        let Some(age) = known.age_days.filter(is_old) else {
            continue;
        };
        let command = match credentials::name_of(name) {
            Some(caller) => format!("relay secrets caller {caller}"),
            None => "relay secrets rotate".to_owned(),
        };
        let message = format!(
            "{name} has had its value for {age} days, and {most_days} are the most; run `{command}`"
        );
        add("old", Some(name), message);
    }
    findings
}
