//! Who calls, and how far the network vouches for it.

use crate::domain::call::{Attestation, Caller};
use crate::domain::phone::PhoneNumber;
use crate::printable::printable;

/// Spells ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE on a telephone's keys, which is what
/// Twilio has for a number that is withheld.
const WITHHELD_NUMBERS: [&str; 5] = [
    "266696687",
    "7378742833",
    "2562533",
    "8656696",
    "86282452253",
];

const WITHHELD_WORDS: [&str; 7] = [
    "",
    "anonymous",
    "restricted",
    "unavailable",
    "unknown",
    "blocked",
    "private",
];

/// What is kept of an address that is no telephone number.
const MOST_OF_ODD: usize = 64;

/// Who calls, by what Twilio says of it.
pub fn caller(from: &str) -> Caller {
    let from = from.trim();
    let user = match from.split_once(':') {
        Some(("sip" | "sips", address)) => address.split('@').next().unwrap_or_default(),
        _ => from,
    };
    let digits = from.strip_prefix('+').unwrap_or(from);
    let is_word = |word: &&str| word.eq_ignore_ascii_case(user);
    if WITHHELD_NUMBERS.contains(&digits) || WITHHELD_WORDS.iter().any(is_word) {
        return Caller::Withheld;
    }
    match PhoneNumber::parse(from) {
        Ok(number) => Caller::Phone(number),
        Err(_) => Caller::Odd(printable(from).chars().take(MOST_OF_ODD).collect()),
    }
}

/// What `StirVerstat` says.
///
/// Source: Twilio, "Trusted calling with SHAKEN/STIR".
pub fn attestation(verstat: &str) -> Attestation {
    if verstat.starts_with("TN-Validation-Failed") {
        return Attestation::Failed;
    }
    let level = verstat.strip_prefix("TN-Validation-Passed-");
    // `-Diverted` or `-Passthrough` may follow.
    match level.and_then(|level| level.split('-').next()) {
        Some("A") => Attestation::A,
        Some("B") => Attestation::B,
        Some("C") => Attestation::C,
        _ => Attestation::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_withheld_number_is_nobodys() {
        for from in [
            "+266696687",
            "266696687",
            "+7378742833",
            "+2562533",
            "+8656696",
            "+86282452253",
            "anonymous",
            "Anonymous",
            "RESTRICTED",
            "unavailable",
            "unknown",
            "blocked",
            "private",
            "",
            " ",
            "sip:anonymous@anonymous.invalid",
        ] {
            assert_eq!(caller(from), Caller::Withheld, "{from}");
        }
    }

    #[test]
    fn a_caller_is_a_telephone_or_something_odd() {
        let number = PhoneNumber::parse("+16195550142").unwrap();
        assert_eq!(caller("+16195550142"), Caller::Phone(number));
        for from in [
            "+0",
            "+06195550142",
            "16195550142",
            "+1234567890123456",
            "+1619555O142",
            "sip:+16195550142@example.com",
            "sip:sergio@example.com",
            "client:sergio",
            "client:anonymous",
            "Acme",
        ] {
            assert_eq!(caller(from), Caller::Odd(from.to_owned()), "{from}");
        }
        let Caller::Odd(text) = caller(&format!("\u{1b}[2J{}", "x".repeat(10_000))) else {
            panic!("that is no telephone");
        };
        assert_eq!(text, format!("\u{fffd}[2J{}", "x".repeat(60)));
    }

    #[test]
    fn the_network_vouches_or_not() {
        for (verstat, expected) in [
            ("TN-Validation-Passed-A", Attestation::A),
            ("TN-Validation-Passed-B", Attestation::B),
            ("TN-Validation-Passed-C", Attestation::C),
            ("TN-Validation-Passed-A-Diverted", Attestation::A),
            ("TN-Validation-Passed-C-Passthrough", Attestation::C),
            ("TN-Validation-Failed", Attestation::Failed),
            ("TN-Validation-Failed-A", Attestation::Failed),
            ("No-TN-Validation", Attestation::Absent),
            ("TN-Validation-Passed-D", Attestation::Absent),
            ("TN-Validation-Passed-AB", Attestation::Absent),
            ("", Attestation::Absent),
        ] {
            assert_eq!(attestation(verstat), expected, "{verstat}");
        }
    }
}
