//! Answers that no client should trust: none of them makes a verdict wrong, or stops the other checks.

use relay::sandbox::{Fault, Injection, WrongAnswer};
use serde_json::json;

use super::*;

/// What is asked, and the checks that cannot be made without it.
const PATHS: [(&str, &[&str]); 11] = [
    ("/Balance.json", &["T04"]),
    ("/Usage/Records", &["T04"]),
    ("/IncomingPhoneNumbers", &["T06"]),
    ("/v1/Services?", &["T08"]),
    ("/Compliance/Usa2p", &["T16"]),
    ("/BrandRegistrations", &["T16"]),
    ("/GeoPermissions", &["T18"]),
    ("/v1/Alerts", &["T20"]),
    ("/Webhooks/Rules", &["T12"]),
    ("/Messages.json", &["T05", "T21", "T22", "T23"]),
    ("/PhoneNumbers?", &["T06", "T08"]),
];

fn faults() -> Vec<Fault> {
    let refuse = |status, code| Fault::Refuse { code, status };
    vec![
        refuse(401, 70051),
        refuse(403, 70051),
        refuse(403, 20003),
        Fault::TooManyRequests {
            retry_after: Some("30".to_owned()),
        },
        Fault::ServerError { status: 500 },
        Fault::ServerError { status: 503 },
        Fault::SlowAnswer { ms: 60_000 },
        Fault::WrongAnswer(WrongAnswer::Html { status: 200 }),
        Fault::WrongAnswer(WrongAnswer::Huge {
            bytes: 16 * 1024 * 1024,
        }),
        Fault::WrongAnswer(WrongAnswer::Redirect {
            to: "https://elsewhere.example/".to_owned(),
        }),
        Fault::WrongAnswer(WrongAnswer::NextPage {
            url: "https://elsewhere.example/v1/Services?Page=1".to_owned(),
        }),
        Fault::WrongAnswer(WrongAnswer::Nulls),
        Fault::WrongAnswer(WrongAnswer::Fields(
            json!({"status": "ON_THE_MOON", "campaign_status": 7})
                .as_object()
                .unwrap()
                .clone(),
        )),
    ]
}

#[tokio::test]
async fn one_bad_answer_makes_its_checks_unknown_and_no_others_wrong() {
    for (path, checks) in PATHS {
        for fault in faults() {
            let account = Account::new();
            let said = format!("{path}: {fault:?}");
            let at = path.trim_end_matches('?');
            for _ in 0..4 {
                account.sandbox.inject(Injection::of(fault.clone()).at(at));
            }
            let findings = account.looks().await;
            let text = format!("{findings:?}");
            let token = account.sandbox.auth_token();
            assert!(
                !text.contains(LINE) && !text.contains(token.expose()),
                "{said}"
            );
            for finding in findings.iter().filter(|f| f.verdict != Verdict::Right) {
                let is_meant = checks.contains(&finding.check.id);
                let waits = finding.says.starts_with("not checked");
                assert!(
                    is_meant || waits || finding.verdict != Verdict::Broken,
                    "{said}: {finding:?}"
                );
            }
            assert_eq!(account.sandbox.request_count().writes, 0, "{said}");
        }
    }
}

#[tokio::test]
async fn of_the_account_itself_one_sentence_is_enough() {
    for fault in faults() {
        let account = Account::new();
        let path = format!("/Accounts/{}.json", account.sandbox.account().account_sid);
        account
            .sandbox
            .inject(Injection::of(fault.clone()).at(&path));
        let findings = account.looks().await;
        let said = findings
            .iter()
            .filter(|f| f.verdict != Verdict::Right && !f.says.starts_with("not checked"));
        let said: Vec<_> = said.map(|f| f.check.id).collect();
        assert!(said.len() <= 2, "{fault:?}: {said:?}");
    }
}

#[tokio::test]
async fn eleven_hundred_numbers_are_no_more_requests() {
    let account = Account::new();
    account.sandbox.change_setup(|account| {
        for n in 0..1_100 {
            let other = format!("+1212{:07}", 5_550_000 + n);
            account.numbers.insert(number(&other), Number::default());
        }
    });
    let before = account.sandbox.request_count().reads;
    assert_eq!(account.wrong().await, BTreeSet::new());
    assert!(account.sandbox.request_count().reads - before <= 40);
}

#[tokio::test]
async fn names_from_twilio_cannot_steer_a_terminal() {
    let account = Account::new();
    account.service(|service| {
        service.friendly_name = "\u{1b}]0;owned\u{7}\u{202e}".repeat(100);
        service.use_inbound_webhook_on_number = false;
    });
    let findings = account.looks().await;
    let broken = findings
        .iter()
        .find(|f| f.verdict == Verdict::Broken)
        .unwrap();
    let shown = relay::printable::printable(&broken.says);
    assert!(
        !shown.contains('\u{1b}') && !shown.contains('\u{202e}'),
        "{shown:?}"
    );
}
