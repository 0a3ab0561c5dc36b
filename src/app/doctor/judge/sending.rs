//! T15 to T19: whether carriers and Twilio let the line's texts out.

use super::number::of_line;
use super::{named, unread};
use crate::app::doctor::catalogue::{T06, T08, T15, T16, T17, T18, T19};
use crate::app::doctor::facts::{NumberFacts, Rest, ServiceFacts, is_toll_free};
use crate::app::doctor::report::{Finding, Verdict};
use crate::domain::phone::Country;
use crate::twilio::setup::Account;

const REGISTER: &str = "register brand and campaign in Twilio's console, Messaging, Regulatory compliance (A2P 10DLC), with the number in the campaign's Messaging Service";
const NOTHING_OUT: &str = "US carriers refuse the line's texts (30034): people on duty get none, and customers no answer.";

pub fn judge(facts: &NumberFacts, rest: &Rest, account: &Account) -> Vec<Finding> {
    let line = &facts.line;
    let mut findings = Vec::new();
    if let Ok(Some(_)) = &facts.found {
        findings.extend(registration(facts, account));
        findings.push(validity(facts));
    } else {
        let checks = [&T15, &T16, &T17, &T19];
        findings.extend(checks.map(|check| Finding::not_checked(check, &T06)));
    }
    findings.push(countries(facts, rest));
    of_line(findings, &line.name)
}

/// Whether carriers ask for a registered campaign: of a US number that is not toll-free.
fn needs_campaign(facts: &NumberFacts) -> bool {
    let is_us = || Country::of(&facts.number).is_some_and(|country| country.code() == "US");
    let number = facts.number.expose();
    number.starts_with("+1")
        && !is_toll_free(&facts.number)
        && (number.starts_with("+1555") || is_us())
}

fn registration(facts: &NumberFacts, account: &Account) -> Vec<Finding> {
    let toll_free = toll_free(facts);
    if !needs_campaign(facts) {
        let not_needed =
            [&T15, &T16].map(|check| Finding::right(check, "no US campaign is needed"));
        return not_needed.into_iter().chain([toll_free]).collect();
    }
    if account.kind.as_deref() == Some("Trial") {
        let not_needed = [&T15, &T16].map(|check| {
            Finding::right(
                check,
                "a trial account texts verified numbers without a campaign",
            )
        });
        return not_needed.into_iter().chain([toll_free]).collect();
    }
    let service = match &facts.service {
        Ok(Some(service)) => service,
        Ok(None) => {
            let broken = Finding::new(
                &T15,
                Verdict::Broken,
                "the number is in no Messaging Service, so in no campaign",
            )
            .so(NOTHING_OUT)
            .only_you(REGISTER);
            return vec![broken, Finding::not_checked(&T16, &T15), toll_free];
        }
        // Of which T08 tells.
        Err(_) => {
            let untold = [&T15, &T16].map(|check| Finding::not_checked(check, &T08));
            return untold.into_iter().chain([toll_free]).collect();
        }
    };
    let name = named(&service.service.name);
    match &service.campaigns {
        Err(why) => {
            let in_service = Finding::right(&T15, format!("in Messaging Service {name}"));
            let unknown = unread(
                &T16,
                "campaign not readable",
                why,
                "messaging/services/read",
            );
            vec![in_service, unknown, toll_free]
        }
        Ok(campaigns) if campaigns.is_empty() => {
            let broken = Finding::new(
                &T15,
                Verdict::Broken,
                format!("Messaging Service {name} has no campaign"),
            )
            .so(NOTHING_OUT)
            .only_you(REGISTER);
            vec![broken, Finding::not_checked(&T16, &T15), toll_free]
        }
        Ok(_) => {
            let in_service =
                Finding::right(&T15, format!("in Messaging Service {name} with a campaign"));
            vec![in_service, campaign(facts, service), toll_free]
        }
    }
}

const OF_BRAND: &str = "read the reason in Twilio's console, Messaging, Regulatory compliance, Brands, and correct the business's data; a new campaign comes after that";

/// What the registration says of why it was refused.
fn with_reasons(finding: Finding, errors: &[String]) -> Finding {
    let reasons = errors.iter();
    reasons.fold(finding, |finding, error| {
        finding.seen("reason", Some(error), None)
    })
}

fn campaign(facts: &NumberFacts, service: &ServiceFacts) -> Finding {
    let Some(campaign) = service.campaigns.iter().flatten().next() else {
        return Finding::not_checked(&T16, &T15);
    };
    let status = campaign.status.as_deref();
    let broken = |says: &str| Finding::new(&T16, Verdict::Broken, says).so(NOTHING_OUT);
    let why = "read the reason in Twilio's console, Messaging, Regulatory compliance, correct the campaign and hand it in again";
    match status {
        Some("VERIFIED") => {}
        Some("IN_PROGRESS" | "PENDING") => {
            return broken("the campaign is still looked at by the carriers")
                .seen("campaign_status", status, Some("VERIFIED"))
                .only_you("wait: that takes days to weeks; Twilio writes when it is done");
        }
        Some("FAILED" | "SUSPENDED") => {
            let refused = broken("the campaign is refused or suspended").seen(
                "campaign_status",
                status,
                Some("VERIFIED"),
            );
            return with_reasons(refused, &campaign.errors).only_you(why);
        }
        _ => {
            return Finding::new(
                &T16,
                Verdict::Unknown,
                "the campaign's status is one that is not known",
            )
            .seen("campaign_status", status, Some("VERIFIED"));
        }
    }
    if campaign.is_mock == Some(true) {
        return broken("the campaign is a mock, for tests alone")
            .seen("mock", Some("true"), Some("false"))
            .only_you(REGISTER);
    }
    match &service.brand {
        Err(why) => return unread(&T16, "brand not readable", why, "messaging/a2p/read"),
        Ok(Some(brand)) => match brand.status.as_deref() {
            Some("APPROVED") => {}
            Some(status @ ("FAILED" | "SUSPENDED" | "DELETION_PENDING")) => {
                let refused = broken("the campaign's brand is refused, suspended or being deleted")
                    .seen("brand status", Some(status), Some("APPROVED"));
                return with_reasons(refused, &brand.errors).only_you(OF_BRAND);
            }
            other => {
                return Finding::new(&T16, Verdict::Risk, "the campaign's brand is not approved")
                    .seen("brand status", other, Some("APPROVED"))
                    .so("The campaign may end with it.")
                    .only_you(OF_BRAND);
            }
        },
        Ok(None) => {}
    }
    if campaign.has_embedded_links == Some(false) && sends_links(facts) {
        return Finding::new(
            &T16,
            Verdict::Risk,
            "the campaign does not declare links, and the line's texts have some",
        )
        .seen("has_embedded_links", Some("false"), Some("true"))
        .so("Carriers may filter invitations, notices and links to voicemail (30007).")
        .only_you(
            "declare links in the campaign in Twilio's console, Messaging, Regulatory compliance",
        );
    }
    Finding::right(&T16, "campaign verified")
}

/// Whether the line sends links without anybody writing them: to voicemail, or in its own templates.
fn sends_links(facts: &NumberFacts) -> bool {
    let line = &facts.line;
    let is_link = |text: &str| {
        ["http", "link", "url"]
            .iter()
            .any(|word| text.contains(word))
    };
    let mut templates = line.notices.templates.values();
    line.voice.is_some() || templates.any(|template| is_link(&template.text))
}

fn toll_free(facts: &NumberFacts) -> Finding {
    if !is_toll_free(&facts.number) {
        return Finding::right(&T17, "no toll-free number");
    }
    let verifications = match &facts.toll_free {
        Ok(verifications) => verifications,
        Err(why) => {
            return unread(
                &T17,
                "toll-free verification not readable",
                why,
                "messaging/tollfree/read",
            );
        }
    };
    let statuses = verifications.iter().filter_map(|v| v.status.as_deref());
    let statuses: Vec<&str> = statuses.collect();
    if statuses.contains(&"TWILIO_APPROVED") {
        return Finding::right(&T17, "toll-free number verified");
    }
    let so = "Texts to the US and Canada are refused (30032).";
    let broken = |says| Finding::new(&T17, Verdict::Broken, says).so(so);
    let first = statuses.first().copied();
    match first {
        None => broken("the toll-free number is not verified")
            .only_you("hand in the verification in Twilio's console, Phone Numbers, the number, Regulatory information"),
        Some("PENDING_REVIEW" | "IN_REVIEW") => broken("the toll-free verification is still looked at")
            .seen("status", first, Some("TWILIO_APPROVED"))
            .only_you("wait: that takes days; Twilio writes when it is done"),
        Some("TWILIO_REJECTED") => broken("the toll-free verification was refused")
            .seen("status", first, Some("TWILIO_APPROVED"))
            .only_you("read the reasons in Twilio's console, correct it and hand it in again"),
        Some(_) => Finding::new(&T17, Verdict::Unknown, "the toll-free verification's status is one that is not known")
            .seen("status", first, Some("TWILIO_APPROVED")),
    }
}

fn countries(facts: &NumberFacts, rest: &Rest) -> Finding {
    let permissions = match &rest.countries {
        Ok(permissions) => permissions,
        Err(why) => {
            return unread(
                &T18,
                "permissions for countries not readable",
                why,
                "messaging/geo-permissions/read",
            );
        }
    };
    let wanted: Vec<&str> = facts.countries.iter().map(String::as_str).collect();
    let stands = |code: &str| {
        permissions
            .iter()
            .find(|p| p.code == *code)
            .and_then(|p| p.enabled)
    };
    let off: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|code| stands(code) == Some(false))
        .collect();
    if !off.is_empty() {
        return Finding::new(
            &T18,
            Verdict::Broken,
            format!("texts may not go to {}", off.join(", ")),
        )
        .seen("enabled", Some("false"), Some("true"))
        .so("People with numbers of these countries get no text (21408).")
        .only_you(
            "switch the countries on in Twilio's console, Messaging, Settings, Geo permissions",
        );
    }
    let untold: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|code| stands(code).is_none())
        .collect();
    if !untold.is_empty() {
        return Finding::new(
            &T18,
            Verdict::Unknown,
            format!(
                "Twilio does not say whether texts may go to {}",
                untold.join(", ")
            ),
        );
    }
    Finding::right(&T18, format!("texts may go to {}", wanted.join(", ")))
}

fn validity(facts: &NumberFacts) -> Finding {
    let Some(service) = facts.service() else {
        return Finding::right(&T19, "no Messaging Service limits how long texts wait");
    };
    let wants = i64::try_from(facts.line.policy.deliver_within.as_secs()).unwrap_or(i64::MAX);
    // Twilio's longest is 36,000 s.
    match service.service.validity_period {
        Some(seconds) if seconds < wants.min(36_000) => Finding::new(&T19, Verdict::Risk, "the Messaging Service gives texts up earlier than the relay")
            .seen("validity_period", Some(&seconds.to_string()), Some(&wants.to_string()))
            .so("A text that waits at Twilio is given up while the relay would still wait.")
            .only_you("set the validity period in Twilio's console, Messaging, Services, the service, Integration"),
        _ => Finding::right(&T19, "the Messaging Service lets texts wait long enough"),
    }
}
