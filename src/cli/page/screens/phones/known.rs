//! Which phones are shown, and what stands for each of them in an address.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::phone::Sender;

/// The phones in the order in which they were first seen.
#[derive(Clone, Default)]
pub struct Known(Arc<Mutex<Vec<Sender>>>);

impl Known {
    /// Adds those that are new; returns all, each with what stands for it in an address.
    pub fn with(&self, seen: impl IntoIterator<Item = Sender>) -> Vec<(String, Sender)> {
        let mut known = self.lock();
        for phone in seen {
            if !known.contains(&phone) {
                known.push(phone);
            }
        }
        let named = known.iter().enumerate();
        named.map(|(at, phone)| (id(at), phone.clone())).collect()
    }

    /// What stands for a phone in an address.
    pub fn id_of(&self, phone: &Sender) -> Option<String> {
        let known = self.lock();
        known.iter().position(|known| known == phone).map(id)
    }

    pub fn phone(&self, of: &str) -> Option<Sender> {
        let known = self.lock();
        let mut named = known.iter().enumerate();
        let (_, phone) = named.find(|(at, _)| id(*at) == of)?;
        Some(phone.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Sender>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn id(at: usize) -> String {
    format!("p{}", at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_keeps_its_name_however_many_come() {
        let known = Known::default();
        let phone = |number: &str| Sender::parse(number);
        let [sergio, backup] = ["+16195550110", "+16195550111"].map(phone);
        known.with([sergio.clone()]);
        let all = known.with([backup.clone(), sergio.clone()]);
        let names: Vec<_> = all.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(names, ["p1", "p2"]);
        assert_eq!(known.phone("p2"), Some(backup));
        assert_eq!(known.id_of(&sergio), Some("p1".to_owned()));
        for no in ["p0", "p3", "", "p01", "+16195550110"] {
            assert_eq!(known.phone(no), None, "{no}");
        }
    }
}
