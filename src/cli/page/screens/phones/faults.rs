//! What can be made to go wrong, and what waits to.

use serde::Serialize;

use crate::cli::sandbox_fault;
use crate::domain::phone::PhoneNumber;
use crate::sandbox::{Fault, Injection};

/// As `relay sandbox fault` takes them, and in words.
pub const ALL: [(&str, &str); 18] = [
    ("undeliverable=30003", "The phone is off or away (30003)"),
    ("undeliverable=30005", "There is no such number (30005)"),
    ("undeliverable=30007", "A carrier takes it for spam (30007)"),
    ("refuse=21610", "Twilio refuses: they opted out (21610)"),
    ("refuse=30034", "Twilio refuses: not registered (30034)"),
    ("too-many-requests", "Twilio has too many requests (429)"),
    ("server-error=503", "Twilio fails and sends nothing (503)"),
    (
        "error-after-accept=503",
        "Twilio fails and sends it all the same (503)",
    ),
    ("lost-answer", "It is sent, and Twilio's answer gets lost"),
    ("lost-request", "The request never gets to Twilio"),
    ("slow-answer=8s", "Twilio takes 8 seconds to answer"),
    ("held=30s", "It stays in Twilio's queue for 30 seconds"),
    ("unreported", "It arrives, and no report comes"),
    ("lost-callback", "A report gets lost"),
    ("delayed-callback=30s", "A report comes 30 seconds late"),
    ("repeated-callback", "A report comes twice"),
    ("call-failed=13227", "A call to the phone fails (13227)"),
    (
        "call-lost-answer",
        "In a call, the relay's answer gets lost",
    ),
];

#[derive(Serialize)]
pub struct Waiting {
    says: String,
    times: u32,
    /// Whom it strikes, unless anybody.
    to: Option<String>,
}

/// A fault as `relay sandbox fault` takes it.
pub fn read(what: &str) -> Option<Fault> {
    sandbox_fault::read(what, None).ok()
}

pub fn waiting(faults: &[Injection], name_of: impl Fn(&PhoneNumber) -> String) -> Vec<Waiting> {
    let shown = faults.iter().map(|injection| {
        let mut all = ALL.iter();
        let own = all.find(|(what, _)| read(what).as_ref() == Some(&injection.fault));
        let in_json = || serde_json::to_string(&injection.fault).unwrap_or_default();
        Waiting {
            says: own.map_or_else(in_json, |(_, says)| (*says).to_owned()),
            times: injection.times,
            to: injection.to.as_ref().map(&name_of),
        }
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_that_is_offered_is_one() {
        for (what, _) in ALL {
            assert!(read(what).is_some(), "{what}");
        }
    }
}
