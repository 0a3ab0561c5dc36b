//! How people name a conversation: by the last digits of the customer's number, which stand on their
//! screen anyway and are right after weeks.

use crate::domain::phone::PhoneNumber;

/// So many digits name a customer, unless two of the line end in the same.
const DIGITS: usize = 4;

/// The last digits of the customer's number: as many as tell it from those that end alike.
pub fn tag(customer: &PhoneNumber, alike: &[PhoneNumber]) -> String {
    let digits = customer.expose().trim_start_matches('+');
    let others = || alike.iter().filter(|other| *other != customer);
    let is_told =
        |length: &usize| others().all(|other| !other.expose().ends_with(last(digits, *length)));
    let length = (DIGITS..digits.len()).find(is_told).unwrap_or(digits.len());
    last(digits, length).to_owned()
}

/// The last four digits: what is compared to find who else ends alike.
pub fn digits_alike(customer: &PhoneNumber) -> &str {
    last(customer.expose().trim_start_matches('+'), DIGITS)
}

fn last(digits: &str, length: usize) -> &str {
    &digits[digits.len().saturating_sub(length)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).unwrap()
    }

    #[test]
    fn a_tag_is_as_long_as_it_has_to_be() {
        let ana = number("+16195550107");
        assert_eq!(tag(&ana, &[]), "0107");
        assert_eq!(tag(&ana, &[number("+16195550108"), ana.clone()]), "0107");
        assert_eq!(tag(&ana, &[number("+16195540107")]), "50107");
        assert_eq!(tag(&ana, &[number("+17195550107")]), "6195550107");
        assert_eq!(tag(&ana, &[number("+526195550107")]), "16195550107");
    }
}
