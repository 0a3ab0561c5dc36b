//! What is checked, by ids that stay the same.

use super::verdict::Verdict;

/// One check.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    pub id: &'static str,
    pub looks_at: &'static str,
    /// The worst that it can come to.
    pub worst: Verdict,
}

macro_rules! checks {
    ($($id:ident $worst:ident $looks_at:literal)+) => {
        $(pub static $id: Check = Check {
            id: stringify!($id),
            looks_at: $looks_at,
            worst: Verdict::$worst,
        };)+

        /// All of them, in the order in which they are shown.
        pub static ALL: &[&Check] = &[$(&$id),+];
    };
}

checks! {
    L01 Broken "the configuration can be read"
    L02 Broken "repos.env: mode, owner, grammar, copies, values"
    L03 Broken "the lines of the configuration are the ones in force"
    L04 Broken "the credentials in the secret are those in the file"
    L05 Broken "this machine's clock agrees with Twilio's"
    L06 Broken "the data folder can be written and has room"
    L07 Risk "the relay that runs is of this command's version"
    T01 Broken "Twilio accepts the account's SID and auth token"
    T02 Broken "the account is active"
    T03 Risk "the account is no trial"
    T04 Risk "the balance lasts a week"
    T05 Broken "the API key lives and may do what the relay does"
    T06 Broken "the number is in this account"
    T07 Broken "the number can text, with pictures, and call"
    T08 Broken "where Twilio brings texts"
    T09 Broken "webhooks are called with POST"
    T10 Risk "a fallback takes a text that the relay could not keep"
    T11 Risk "Twilio tries a webhook again that failed"
    T12 Broken "rules for webhooks that go before all of that"
    T13 Note "a Messaging Service reports deliveries to others"
    T14 Broken "where Twilio brings calls"
    T15 Broken "a US number is in a Messaging Service with a campaign"
    T16 Broken "the campaign and its brand are in force"
    T17 Broken "a toll-free number is verified"
    T18 Broken "texts may go to the countries of the line's people"
    T19 Risk "a Messaging Service lets texts wait as long as the relay does"
    T20 Risk "errors of the relay's addresses in Twilio's log"
    T21 Broken "texts that Twilio could not bring to the relay"
    T22 Broken "texts that carriers refused"
    T23 Broken "people of the cascade who opted out"
    T24 Risk "a topic's keyword that Twilio takes for an opt-out"
    T25 Risk "a fallback takes a call that the relay could not answer"
    T26 Risk "Twilio tells the relay when a call ends"
    T27 Broken "Twilio waits for the answer to a call, and tries again, as the relay needs it"
    P01 Broken "a signed request comes through to the relay"
    P02 Risk "a signed request comes through to the fallback"
    P03 Risk "a report of a delivery comes through to the relay"
    A01 Broken "the stack is whole"
    A02 Note "the template that is deployed is of this command's version"
    A03 Broken "all functions are active"
    A04 Broken "queues bring what they hold to their functions"
    A05 Broken "schedules are enabled"
    A06 Risk "queues give up to dead-letter queues"
    A07 Risk "no dead letters and no kept texts wait"
    A08 Risk "alarms are there, act, and are quiet"
    A09 Risk "somebody confirmed to hear of alarms"
    A10 Risk "the table is backed up, protected and forgets"
    A11 Risk "the audit is kept as long as was said"
    A12 Risk "the age of the credentials"
    A13 Risk "how much the account may run at once"
    A14 Broken "the functions are of one deployment"
    A15 Risk "no invocation was refused in 24 hours"
    M01 Broken "with --text-me: a text goes out, and its answer comes to the relay"
    D01 Risk "who is on duty when"
    D02 Risk "somebody besides the backup is reachable"
    D03 Risk "the owner is told of what reached nobody"
}

/// The check of this id, in any case.
pub fn named(id: &str) -> Option<&'static Check> {
    ALL.iter()
        .copied()
        .find(|check| check.id.eq_ignore_ascii_case(id))
}
