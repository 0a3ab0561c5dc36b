//! Old, current and new values side by side, under names that say which is which.

use jiff::{SignedDuration, Timestamp};

use super::Subject;
use crate::credentials::values::Values;
use crate::domain::credentials::{API_KEY, API_SECRET, AUTH_TOKEN, PREVIOUS_NOT_AFTER, Secret};

impl Subject {
    /// The names of what it consists of.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Subject::ApiKey => &[API_KEY, API_SECRET],
            Subject::AuthToken => &[AUTH_TOKEN],
        }
    }
}

pub fn next(name: &str) -> String {
    format!("{name}_NEXT")
}

/// The name under which what was replaced stays until it is dead.
pub fn previous(name: &str) -> String {
    format!("{name}_PREVIOUS")
}

/// Keeps the new values, one for each of the subject's names, beside those in force.
pub fn keep_pending(values: &mut Values, subject: Subject, new: &[Secret]) {
    for (name, value) in subject.names().iter().zip(new) {
        values.set(&next(name), value.duplicate());
    }
}

/// The new values, if all of them are there.
pub fn pending(values: &Values, subject: Subject) -> Option<Vec<&Secret>> {
    let names = subject.names().iter();
    names.map(|name| values.filled(&next(name))).collect()
}

/// Takes back what [`keep_pending`] did.
pub fn undo_pending(values: &mut Values, subject: Subject) {
    for name in subject.names() {
        values.remove(&next(name));
    }
}

/// Until when after its beginning a rotation that was cut off goes on without harm: Twilio signs with the
/// old token until the new one is promoted, and without it no text would come in.
const UNFINISHED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Puts the new values in force and keeps the old ones, which have an end. A second time changes nothing.
pub fn switch(values: &mut Values, subject: Subject, began: Timestamp) {
    if pending(values, subject).is_none() {
        return;
    }
    for name in subject.names() {
        for (from, to) in [(*name, previous(name)), (&next(name), (*name).to_owned())] {
            if let Some(value) = values.filled(from).map(Secret::duplicate) {
                values.set(&to, value);
            }
        }
    }
    if subject == Subject::AuthToken {
        let seconds = began.as_second() + UNFINISHED.as_secs();
        let end = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
        values.set(PREVIOUS_NOT_AFTER, Secret::new(end.to_string()));
    }
    undo_pending(values, subject);
}

/// Forgets the old values.
pub fn forget(values: &mut Values, subject: Subject) {
    for name in subject.names() {
        values.remove(&previous(name));
    }
    if subject == Subject::AuthToken {
        values.remove(PREVIOUS_NOT_AFTER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_happens_once_and_nothing_of_others_is_touched() {
        let json = r#"{"OTHER":"o","TWILIO_API_KEY":"k1","TWILIO_API_SECRET":"s1"}"#;
        let mut values = Values::parse(json).unwrap();
        let new = [Secret::new("k2"), Secret::new("s2")];
        keep_pending(&mut values, Subject::ApiKey, &new);
        assert_eq!(pending(&values, Subject::ApiKey).unwrap().len(), 2);
        switch(&mut values, Subject::ApiKey, Timestamp::UNIX_EPOCH);
        let after = r#"{"OTHER":"o","TWILIO_API_KEY":"k2","TWILIO_API_KEY_PREVIOUS":"k1","TWILIO_API_SECRET":"s2","TWILIO_API_SECRET_PREVIOUS":"s1"}"#;
        assert_eq!(*values.to_json(), after);
        switch(&mut values, Subject::ApiKey, Timestamp::UNIX_EPOCH);
        assert_eq!(*values.to_json(), after);
        forget(&mut values, Subject::ApiKey);
        let end = r#"{"OTHER":"o","TWILIO_API_KEY":"k2","TWILIO_API_SECRET":"s2"}"#;
        assert_eq!(*values.to_json(), end);
    }

    #[test]
    fn the_old_token_has_an_end_from_the_switch_on_and_a_new_key_takes_none_away() {
        let json = r#"{"TWILIO_AUTH_TOKEN":"t1","TWILIO_AUTH_TOKEN_NEXT":"t2"}"#;
        let mut values = Values::parse(json).unwrap();
        let began = "2026-11-23T18:00:00.5Z".parse().unwrap();
        switch(&mut values, Subject::AuthToken, began);
        let end = values.get(PREVIOUS_NOT_AFTER).unwrap();
        assert_eq!(end.expose(), "2026-11-30T18:00:00Z");
        let new = [Secret::new("k2"), Secret::new("s2")];
        keep_pending(&mut values, Subject::ApiKey, &new);
        switch(&mut values, Subject::ApiKey, began);
        assert!(values.get(PREVIOUS_NOT_AFTER).is_some());
        forget(&mut values, Subject::AuthToken);
        assert!(values.get(PREVIOUS_NOT_AFTER).is_none());
    }
}
