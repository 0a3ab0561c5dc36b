//! Whether a number of the file may be texted.

use std::collections::HashMap;

use crate::domain::line::Policy;
use crate::domain::phone::{Country, PhoneNumber, Prefix};

/// Numbers, each with the name of whose it is.
pub(super) type Numbers = HashMap<PhoneNumber, String>;

/// What is needed to read and check the numbers of those whom a line texts.
pub(super) struct Phones<'f> {
    pub country: Option<Country>,
    pub numbers_of_lines: &'f Numbers,
    pub reply_numbers: &'f Numbers,
}

impl Phones<'_> {
    /// Refuses a number that is no phone, and one that may not be texted.
    pub fn check(
        &self,
        number: Option<&PhoneNumber>,
        instead: &str,
        policy: &Policy,
    ) -> Result<(), String> {
        let Some(number) = number else { return Ok(()) };
        if let Some(line) = self.numbers_of_lines.get(number) {
            return Err(format!(
                "this is the number of line {line:?}, which is no phone; write {instead}"
            ));
        }
        if let Some(line) = self.reply_numbers.get(number) {
            return Err(format!(
                "this is a reply number of line {line:?}, which is no phone; write {instead}"
            ));
        }
        if !policy.allows(number) {
            let allowed: Vec<_> = policy.allowed_prefixes.iter().map(Prefix::as_str).collect();
            return Err(format!(
                "numbers that begin like this one are not texted, only those with {}; write \
                 another number, or add what it begins with to allowed_prefixes in [[line]]",
                allowed.join(", ")
            ));
        }
        Ok(())
    }
}
