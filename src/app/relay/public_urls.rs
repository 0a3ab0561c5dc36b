//! The lines' public URLs as they were read a moment ago. Signatures are checked over them before anything
//! is read, so that a flood of forged requests reads nothing.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;

/// A URL that is changed in the configuration is in force everywhere after this time.
const KNOWN_FOR: SignedDuration = SignedDuration::from_mins(1);

/// What is older goes all at once.
const MOST: usize = 1000;

#[derive(Default)]
pub struct PublicUrls(Mutex<HashMap<PhoneNumber, (String, Timestamp)>>);

impl PublicUrls {
    /// Of the line that has this number.
    pub fn of(&self, number: &PhoneNumber, now: Timestamp) -> Option<String> {
        let known = self.0.lock().ok()?;
        let (url, read) = known.get(number)?;
        let age = now.duration_since(*read);
        (SignedDuration::ZERO <= age && age < KNOWN_FOR).then(|| url.clone())
    }

    /// The line was read now, by its own number or by a reply number.
    pub fn keep(&self, number: &PhoneNumber, line: &Line, now: Timestamp) {
        let Ok(mut known) = self.0.lock() else {
            return;
        };
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(number.clone(), (line.public_url.clone(), now));
    }
}
