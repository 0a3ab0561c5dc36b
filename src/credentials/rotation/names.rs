//! Old, current and new values side by side, under names that say which is which.

use super::Subject;
use crate::domain::credentials::{API_KEY, API_SECRET, AUTH_TOKEN, PREVIOUS_NOT_AFTER, Secret};

/// Something that holds values by their names: `repos.env`, or a secret's JSON.
pub trait Slots {
    fn value(&self, name: &str) -> Option<&Secret>;
    fn put(&mut self, name: &str, value: &Secret) -> anyhow::Result<()>;
    fn take_out(&mut self, name: &str);
}

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

pub fn filled<'a>(slots: &'a (impl Slots + ?Sized), name: &str) -> Option<&'a Secret> {
    let value = slots.value(name);
    value.filter(|value| !value.expose().is_empty())
}

/// Keeps the new values, one for each of the subject's names, beside those in force.
pub fn keep_pending(
    slots: &mut (impl Slots + ?Sized),
    subject: Subject,
    values: &[&Secret],
) -> anyhow::Result<()> {
    for (name, value) in subject.names().iter().zip(values) {
        slots.put(&next(name), value)?;
    }
    Ok(())
}

/// The new values, if all of them are there.
pub fn pending(slots: &(impl Slots + ?Sized), subject: Subject) -> Option<Vec<&Secret>> {
    let values = subject.names().iter();
    values.map(|name| filled(slots, &next(name))).collect()
}

/// Takes back what [`keep_pending`] did.
pub fn undo_pending(slots: &mut (impl Slots + ?Sized), subject: Subject) {
    for name in subject.names() {
        slots.take_out(&next(name));
    }
}

/// Puts the new values in force and keeps the old ones. A second time changes nothing.
pub fn switch(slots: &mut (impl Slots + ?Sized), subject: Subject) -> anyhow::Result<()> {
    if pending(slots, subject).is_none() {
        return Ok(());
    }
    for name in subject.names() {
        let copy = |value: &Secret| Secret::new(value.expose());
        let old = filled(slots, name).map(copy);
        let Some(new) = filled(slots, &next(name)).map(copy) else {
            continue;
        };
        if let Some(old) = old {
            slots.put(&previous(name), &old)?;
        }
        slots.put(name, &new)?;
    }
    slots.take_out(PREVIOUS_NOT_AFTER);
    undo_pending(slots, subject);
    Ok(())
}

/// Forgets the old values.
pub fn forget(slots: &mut (impl Slots + ?Sized), subject: Subject) {
    for name in subject.names() {
        slots.take_out(&previous(name));
    }
    if subject == Subject::AuthToken {
        slots.take_out(PREVIOUS_NOT_AFTER);
    }
}

impl Slots for crate::credentials::values::Values {
    fn value(&self, name: &str) -> Option<&Secret> {
        self.get(name)
    }

    fn put(&mut self, name: &str, value: &Secret) -> anyhow::Result<()> {
        self.set(name, Secret::new(value.expose()));
        Ok(())
    }

    fn take_out(&mut self, name: &str) {
        self.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::values::Values;

    #[test]
    fn a_switch_happens_once_and_nothing_of_others_is_touched() {
        let json = r#"{"OTHER":"o","TWILIO_API_KEY":"k1","TWILIO_API_SECRET":"s1"}"#;
        let mut values = Values::parse(json).unwrap();
        let (key, secret) = (Secret::new("k2"), Secret::new("s2"));
        keep_pending(&mut values, Subject::ApiKey, &[&key, &secret]).unwrap();
        assert_eq!(pending(&values, Subject::ApiKey).unwrap().len(), 2);
        switch(&mut values, Subject::ApiKey).unwrap();
        let after = r#"{"OTHER":"o","TWILIO_API_KEY":"k2","TWILIO_API_KEY_PREVIOUS":"k1","TWILIO_API_SECRET":"s2","TWILIO_API_SECRET_PREVIOUS":"s1"}"#;
        assert_eq!(*values.to_json(), after);
        switch(&mut values, Subject::ApiKey).unwrap();
        assert_eq!(*values.to_json(), after);
        forget(&mut values, Subject::ApiKey);
        let end = r#"{"OTHER":"o","TWILIO_API_KEY":"k2","TWILIO_API_SECRET":"s2"}"#;
        assert_eq!(*values.to_json(), end);
    }
}
