//! T20 to T24: what went wrong lately.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::number::of_line;
use super::unread;
use crate::app::doctor::catalogue::{Check, T20, T21, T22, T23, T24};
use crate::app::doctor::facts::{NumberFacts, Rest};
use crate::app::doctor::report::{Finding, Verdict};
use crate::domain::opt_out::Wish;
use crate::twilio::setup::{Alert, ListedMessage};

/// More of a hundred texts than this that do not arrive are worth a look.
const MOST_LOST_PERCENT: usize = 10;
/// Below so many texts a share says nothing.
const FEWEST: usize = 20;

/// The recipient opted out.
///
/// Source: Twilio, error 21610.
const OPTED_OUT: u32 = 21610;

pub fn judge(facts: &NumberFacts, rest: &Rest) -> Vec<Finding> {
    let findings = vec![
        alerts(facts, rest),
        received(facts),
        refused(facts),
        opted_out(facts),
        keywords(facts),
    ];
    of_line(findings, &facts.line.name)
}

/// What an error of a webhook says, and where to look.
///
/// Source: Twilio, "Error and Warning Dictionary".
fn of_webhook(code: u32) -> Option<&'static str> {
    Some(match code {
        11200 => "the relay answered with an error; `relay doctor` probes it, and its log says why",
        11205 => "no connection: is `relay serve` running, and the tunnel or proxy in front of it?",
        11210 => {
            "the host name is not known: is the DNS record there, and the tunnel's name the same?"
        }
        11220 | 11235 | 11236 | 11237 => {
            "the certificate or its chain is refused: renew it, with the whole chain"
        }
        11243 => "Twilio cannot read what follows # in the URL",
        11751 | 12100 | 12200 | 12300 => {
            "the answer is none of the relay's: a proxy answers in its place"
        }
        14107 | 14111 => "Twilio stopped a loop",
        _ => return None,
    })
}

fn alerts(facts: &NumberFacts, rest: &Rest) -> Finding {
    let alerts = match &rest.alerts {
        Ok(alerts) => alerts,
        Err(why) => {
            return unread(
                &T20,
                "Twilio's log of errors is not readable",
                why,
                "monitor/alerts/list",
            );
        }
    };
    let is_ours = |alert: &&Alert| {
        let url = alert.request_url.as_deref();
        url.is_some_and(|url| url.starts_with(&format!("{}/", facts.line.public_url)))
    };
    let mut codes: BTreeMap<u32, (usize, Option<Timestamp>)> = BTreeMap::new();
    for alert in alerts.iter().filter(is_ours) {
        let (count, latest) = codes.entry(alert.code).or_default();
        *count += 1;
        *latest = (*latest).max(alert.at);
    }
    let good = latest_good(facts);
    // A text that came through since says that it is over.
    codes.retain(|_, (_, latest)| match (*latest, good) {
        (Some(latest), Some(good)) => latest > good,
        _ => true,
    });
    let Some((code, (count, _))) = codes.iter().max_by_key(|(_, (count, _))| *count) else {
        return Finding::right(
            &T20,
            "no error of the relay's addresses in 7 days that is not over",
        );
    };
    let what = of_webhook(*code).unwrap_or("Twilio's error dictionary says what it means");
    let mut finding = Finding::new(
        &T20,
        Verdict::Risk,
        format!("Twilio noted error {code} at the relay's address, {count} times in 7 days"),
    )
    .so("Texts or calls came late, by the fallback, or not at all.")
    .only_you(what);
    for (code, (count, latest)) in &codes {
        let latest = latest.map(|at| facts.line.time_zone.show(at));
        let is = format!(
            "{count} times, last {}",
            latest.as_deref().unwrap_or("at a time not known")
        );
        finding = finding.seen(&code.to_string(), Some(&is), None);
    }
    finding
}

/// When a text last came through.
fn latest_good(facts: &NumberFacts) -> Option<Timestamp> {
    let received = facts.received.iter().flatten();
    let good = received.filter(|message| message.is_inbound && message.error_code.is_none());
    good.filter_map(|message| message.at).max()
}

fn received(facts: &NumberFacts) -> Finding {
    let received = match &facts.received {
        Ok(received) => received,
        Err(why) => {
            return unread(
                &T21,
                "texts to the line are not readable",
                why,
                "messaging/messages/list",
            );
        }
    };
    let inbound: Vec<&ListedMessage> = received
        .iter()
        .filter(|message| message.is_inbound)
        .collect();
    let failed: Vec<_> = inbound
        .iter()
        .filter(|message| message.error_code.is_some())
        .collect();
    let (all, lost) = (inbound.len(), failed.len());
    let says =
        format!("{lost} of {all} texts in 7 days could not be brought to the relay at first");
    if inbound.is_empty() {
        return Finding::right(&T21, "no texts to the line in 7 days");
    }
    if failed.is_empty() {
        return Finding::right(
            &T21,
            format!("all {all} texts of 7 days were brought to the relay"),
        );
    }
    let latest = inbound.iter().max_by_key(|message| message.at);
    let code = failed
        .first()
        .and_then(|message| message.error_code)
        .unwrap_or_default();
    if latest.is_some_and(|message| message.error_code.is_some()) {
        return Finding::new(&T21, Verdict::Broken, says)
            .seen("error_code", Some(&code.to_string()), None)
            .so("A customer's text does not reach the relay, or only by the fallback.")
            .only_you(of_webhook(code).unwrap_or("Twilio's error dictionary says what it means"));
    }
    Finding::new(&T21, Verdict::Note, format!("{says}; the latest was"))
        .seen("error_code", Some(&code.to_string()), None)
        .command("relay reconcile")
}

fn sent_errors<'f>(
    facts: &'f NumberFacts,
    check: &'static Check,
) -> Result<&'f [ListedMessage], Box<Finding>> {
    match &facts.sent {
        Ok(sent) => Ok(sent),
        Err(why) => Err(Box::new(unread(
            check,
            "texts of the line are not readable",
            why,
            "messaging/messages/list",
        ))),
    }
}

fn refused(facts: &NumberFacts) -> Finding {
    let sent = match sent_errors(facts, &T22) {
        Ok(sent) => sent,
        Err(finding) => return *finding,
    };
    let mut codes: BTreeMap<u32, (usize, Vec<&str>)> = BTreeMap::new();
    for message in sent {
        let Some(code) = message.error_code.filter(|code| *code != OPTED_OUT) else {
            continue;
        };
        let (count, people) = codes.entry(code).or_default();
        *count += 1;
        let person = facts
            .line
            .people
            .iter()
            .find(|p| Some(p.number.expose()) == message.to.as_deref());
        if let Some(person) = person
            && !people.contains(&person.name.as_str())
        {
            people.push(&person.name);
        }
    }
    let all = sent.len();
    if all == 0 {
        return Finding::right(&T22, "no texts of the line in 7 days");
    }
    let lost: usize = codes.values().map(|(count, _)| count).sum();
    let shown = |finding: Finding| {
        codes
            .iter()
            .fold(finding, |finding, (code, (count, people))| {
                let of = if people.is_empty() {
                    String::new()
                } else {
                    format!(", to {}", people.join(", "))
                };
                finding.seen(&code.to_string(), Some(&format!("{count} texts{of}")), None)
            })
    };
    let registration = [
        (30034, "the number is not registered for texts to the US"),
        (30035, "the number's registration is under way"),
        (30032, "the toll-free number is not verified"),
        (21408, "texts to the country are switched off"),
        (21606, "the number is not the account's"),
        (21608, "a trial account may not text this number"),
    ];
    // What the latest text met is what the next one will meet.
    let latest = sent.iter().max_by_key(|message| message.at);
    let latest = latest.and_then(|message| message.error_code);
    if let Some((code, what)) = registration.iter().find(|(code, _)| latest == Some(*code)) {
        return shown(Finding::new(
            &T22,
            Verdict::Broken,
            format!("texts are refused: {what} ({code})"),
        ))
        .so("People on duty get no texts, and customers no answer.")
        .only_you("see T15 to T18");
    }
    if let Some((count, _)) = codes.get(&30007) {
        return shown(Finding::new(
            &T22,
            Verdict::Risk,
            format!("carriers filtered {count} of {all} texts of 7 days as spam (30007)"),
        ))
        .so("Some texts do not arrive, and nobody is told but the relay.")
        .only_you(
            "compare the texts with the campaign's samples; leave out short links and capitals",
        );
    }
    if all >= FEWEST && lost * 100 > all * MOST_LOST_PERCENT {
        return shown(Finding::new(&T22, Verdict::Risk, format!("{lost} of {all} texts of 7 days did not arrive")))
            .so("The relay hands them over to the next person; somebody's number may be out of service.")
            .only_you("compare the numbers in relay.toml with the people's phones");
    }
    Finding::right(
        &T22,
        format!("{} of {all} texts of 7 days went out", all - lost.min(all)),
    )
}

fn opted_out(facts: &NumberFacts) -> Finding {
    let sent = match sent_errors(facts, &T23) {
        Ok(sent) => sent,
        Err(finding) => return *finding,
    };
    let line = &facts.line;
    let mut gone = Vec::new();
    for person in &line.people {
        let to = person.number.expose();
        let theirs = sent
            .iter()
            .filter(|message| message.to.as_deref() == Some(to));
        let latest = theirs.max_by_key(|message| message.at);
        if latest.is_some_and(|message| message.error_code == Some(OPTED_OUT)) {
            gone.push(person.name.as_str());
        }
    }
    if gone.is_empty() {
        return Finding::right(&T23, "nobody of the cascade has opted out");
    }
    let gone = gone.join(", ");
    Finding::new(
        &T23,
        Verdict::Broken,
        format!("{gone} opted out of the line's texts"),
    )
    .seen("error_code", Some("21610"), None)
    .so("They get no customer's text; the next person gets it.")
    .only_you(format!(
        "have {gone} text START to the line from their own phone"
    ))
}

/// Twilio answers such a word itself and blocks the sender; a configuration that is read now is refused for it, one
/// that was stored before may have it.
fn keywords(facts: &NumberFacts) -> Finding {
    let topics = facts.line.notices.topics.iter();
    let taken: Vec<&str> = topics
        .filter(|topic| matches!(Wish::of(&topic.keyword, None), Some(Wish::Stop(_))))
        .map(|topic| topic.keyword.as_str())
        .collect();
    if taken.is_empty() {
        return Finding::right(&T24, "no keyword is an opt-out");
    }
    let taken = taken.join(", ");
    Finding::new(
        &T24,
        Verdict::Risk,
        format!("Twilio takes the keyword {taken} for an opt-out"),
    )
    .so("Whoever texts it gets nothing from the line any more.")
    .command("relay config check")
}
