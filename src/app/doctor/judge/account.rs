//! T01 to T05, and the clock.

use super::unread;
use crate::app::doctor::catalogue::{L05, T01, T02, T03, T04, T05};
use crate::app::doctor::facts::{Facts, KeyFacts, Read, Rest};
use crate::app::doctor::report::{Finding, Verdict};
use crate::twilio::access::PERMISSIONS;
use crate::twilio::setup::{Account, NotRead};

/// From here on a clock that is wrong matters to people.
const OFF: i64 = 2;
/// From here on callers' signatures are refused.
const FAR_OFF: i64 = 300;

const KEYS_PAGE: &str = "Twilio's console, Account, API keys & tokens";

pub fn clock(facts: &Facts) -> Finding {
    let Some(ahead) = facts.clock_ahead else {
        return Finding::new(
            &L05,
            Verdict::Unknown,
            "Twilio's answers have no date to compare with",
        );
    };
    let (off, way) = match ahead {
        0.. => (ahead, "behind"),
        _ => (-ahead, "ahead of"),
    };
    if off <= OFF {
        return Finding::right(&L05, "clock agrees with Twilio's");
    }
    let verdict = if off > FAR_OFF {
        Verdict::Broken
    } else {
        Verdict::Risk
    };
    Finding::new(
        &L05,
        verdict,
        format!("this machine's clock is {off} s {way} Twilio's"),
    )
    .so("Programs' requests are refused once it is 5 minutes, and times in texts are wrong.")
    .only_you("turn on time synchronisation: timedatectl set-ntp true")
}

pub fn account(account: &Read<Account>) -> Vec<Finding> {
    let account = match account {
        Ok(account) => account,
        Err(why) => return vec![not_accepted(why), untold(&T02), untold(&T03)],
    };
    let accepted = Finding::right(&T01, "Twilio accepts the account's SID and auth token");
    let status = account.status.as_deref();
    let status = match status {
        Some("active") => Finding::right(&T02, "account active"),
        Some("suspended" | "closed") => {
            let status = status.unwrap_or_default();
            Finding::new(&T02, Verdict::Broken, format!("the account is {status}"))
                .seen("status", Some(status), Some("active"))
                .so("No text comes in and none goes out.")
                .only_you("write to Twilio's support; a suspended account says why in the console")
        }
        other => Finding::new(
            &T02,
            Verdict::Unknown,
            "the account's status is one that is not known",
        )
        .seen("status", other, Some("active")),
    };
    let kind = match account.kind.as_deref() {
        Some("Full") => Finding::right(&T03, "a full account"),
        Some("Trial") => Finding::new(&T03, Verdict::Risk, "a trial account")
            .seen("type", Some("Trial"), Some("Full"))
            .so("Only verified numbers, five at most, get texts, each with Twilio's words in front, and the trial ends after 30 days.")
            .only_you("upgrade in Twilio's console, Billing"),
        other => Finding::new(&T03, Verdict::Unknown, "the account's type is one that is not known")
            .seen("type", other, Some("Full")),
    };
    vec![accepted, status, kind]
}

fn untold(check: &'static crate::app::doctor::catalogue::Check) -> Finding {
    Finding::not_checked(check, &T01)
}

fn not_accepted(why: &NotRead) -> Finding {
    match why {
        NotRead::Refused { http_status: 401, .. } => {
            Finding::new(&T01, Verdict::Broken, "Twilio does not accept the account's SID and auth token")
                .so("Every text is refused as forged, and none goes out without an API key.")
                .only_you("compare TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN with Twilio's console, and correct them with `relay secrets add`")
        }
        why => unread(&T01, "Twilio's side cannot be looked at", why, "the account"),
    }
}

pub fn rest(rest: &Rest, account: &Account) -> Vec<Finding> {
    vec![balance(rest, account), key(rest.key.as_ref())]
}

fn balance(rest: &Rest, account: &Account) -> Finding {
    let (balance, usage) = match (&rest.balance, &rest.usage) {
        (Ok(balance), Ok(usage)) => (balance, usage),
        (Err(why), _) if why.is_absent() => {
            let says = match &account.owner {
                Some(owner) => {
                    format!("a subaccount, which is paid for by {}", super::short(owner))
                }
                None => "the account has no balance of its own".to_owned(),
            };
            return Finding::right(&T04, says);
        }
        (Err(why), _) => return unread(&T04, "balance not readable", why, "billing/read"),
        (_, Err(why)) => return unread(&T04, "usage not readable", why, "usage/read"),
    };
    let week: f64 = usage.iter().map(|usage| usage.price.abs()).sum();
    let (amount, currency) = (balance.amount, &balance.currency);
    let says = format!("balance {amount:.2} {currency}, of which a week takes {week:.2}");
    let is_used_up = amount <= 0.0;
    if is_used_up || amount < week {
        let verdict = if is_used_up {
            Verdict::Broken
        } else {
            Verdict::Risk
        };
        return Finding::new(&T04, verdict, says)
            .seen("balance", Some(&format!("{amount:.2}")), Some(&format!("{week:.2} or more")))
            .so("Without a balance Twilio suspends the account: no text comes in and none goes out.")
            .only_you("add money or turn on auto-recharge in Twilio's console, Billing");
    }
    Finding::right(&T04, says)
}

fn key(key: Option<&KeyFacts>) -> Finding {
    let Some(key) = key else {
        return Finding::new(
            &T05,
            Verdict::Note,
            "no API key: the relay sends with the auth token",
        )
        .command("relay secrets rotate api-key");
    };
    match (&key.accepted, &key.policy) {
        (
            Err(NotRead::Refused {
                http_status: 401,
                code,
            }),
            _,
        ) if *code != Some(70051) => {
            Finding::new(&T05, Verdict::Broken, "Twilio does not accept the API key")
                .so("No text goes out.")
                .command("relay secrets rotate api-key")
        }
        (Ok(()), Ok(Some(policy))) if policy.allow.is_none() => {
            Finding::right(&T05, "API key accepted, a Standard one")
        }
        (Ok(()) | Err(NotRead::Refused { .. }), Ok(Some(policy))) => {
            let allow = policy.allow.iter().flatten();
            let lacks = PERMISSIONS
                .iter()
                .filter(|needed| !allow.clone().any(|p| p == *needed));
            let lacks: Vec<&str> = lacks.copied().collect();
            if lacks.is_empty() {
                return Finding::right(
                    &T05,
                    "API key accepted, a restricted one that may do all that is needed",
                );
            }
            let cannot_send = lacks.contains(&"/twilio/messaging/messages/create");
            let verdict = if cannot_send {
                Verdict::Broken
            } else {
                Verdict::Risk
            };
            let so = if cannot_send {
                "No text goes out."
            } else {
                "What became of a text or a call cannot always be found out."
            };
            Finding::new(&T05, verdict, "the API key lacks permissions")
                .seen("policy lacks", Some(&lacks.join(", ")), None)
                .so(so)
                .only_you(format!(
                    "add them in {KEYS_PAGE}, or make another key: relay secrets rotate api-key"
                ))
        }
        (Ok(()), _) => Finding::right(&T05, "API key accepted"),
        (Err(why), _) => unread(&T05, "the API key could not be tried", why, "messages/list"),
    }
}
