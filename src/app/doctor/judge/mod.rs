//! From facts to findings: pure, so that every case of it is a test.

mod account;
mod number;
mod recent;
mod sending;
mod target;

use super::catalogue::{self, Check};
use super::facts::Facts;
use super::hook::shown;
use super::report::{Finding, Verdict};
use crate::twilio::setup::NotRead;

/// The longest name of somebody's at Twilio that is quoted.
const LONGEST_NAME: usize = 60;

/// What Twilio's side comes to.
pub fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![account::clock(facts)];
    findings.extend(account::account(&facts.account));
    match (&facts.rest, &facts.account) {
        (Some(rest), Ok(account)) => {
            findings.extend(account::rest(rest, account));
            for number in &rest.numbers {
                findings.extend(number::judge(number, rest));
                findings.extend(sending::judge(number, rest, account));
                findings.extend(recent::judge(number, rest));
            }
        }
        _ => {
            let of_twilio = catalogue::ALL
                .iter()
                .filter(|check| check.id.starts_with('T'));
            let others = of_twilio.filter(|check| !["T01", "T02", "T03"].contains(&check.id));
            findings.extend(others.map(|check| Finding::not_checked(check, &catalogue::T01)));
        }
    }
    findings
}

/// A check that could not be made.
fn unread(check: &'static Check, what: &str, why: &NotRead, right: &str) -> Finding {
    let finding = Finding::new(check, Verdict::Unknown, format!("{what}: {why}"));
    if why.is_of_rights() {
        return finding.needing(format!(
            "the account's own SID and auth token, or a key with {right}"
        ));
    }
    finding
}

/// A name that somebody gave something at Twilio.
fn named(name: &str) -> String {
    let short: String = shown(name).chars().take(LONGEST_NAME).collect();
    format!("\"{short}\"")
}

fn application_named(name: &str, sid: &str) -> String {
    format!("TwiML application {} ({})", named(name), short(sid))
}

fn service_named(name: &str, sid: &str) -> String {
    format!("Messaging Service {} ({})", named(name), short(sid))
}

/// The end of a SID, by which people find it in Twilio's console.
fn short(sid: &str) -> String {
    match (
        sid.get(..2),
        sid.len().checked_sub(4).and_then(|n| sid.get(n..)),
    ) {
        (Some(kind), Some(end)) if sid.len() > 8 => format!("{kind}…{end}"),
        _ => sid.to_owned(),
    }
}

#[cfg(test)]
mod tests;
