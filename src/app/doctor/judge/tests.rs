//! The catalogue: single faults and their pairs, in eight set-ups that are right.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;

use super::*;
use crate::app::doctor::facts::{KeyFacts, NumberFacts, Rest, ServiceFacts};
use crate::app::doctor::fix;
use crate::app::doctor::hook::Hook;
use crate::domain::line::Line;
use crate::domain::line::config;
use crate::domain::phone::PhoneNumber;
use crate::twilio::access::PERMISSIONS;
use crate::twilio::effective::{
    ApplicationSetup, Hook as Set, Method, NumberSetup, ServiceSetup, Urls,
};
use crate::twilio::setup::{
    Account, Alert, Application, Balance, Brand, Campaign, Country, KeyPolicy, ListedMessage,
    Number, Rule, Service, TollFree, Usage,
};

const URL: &str = "https://relay.example.com";

fn now() -> Timestamp {
    "2026-11-29T14:02:11Z".parse().unwrap()
}

fn hours_ago(hours: i64) -> Option<Timestamp> {
    Some(now() - jiff::SignedDuration::from_hours(hours))
}

fn sid(kind: &str, n: u32) -> String {
    format!("{kind}{n:032x}")
}

fn line(number: &str) -> Arc<Line> {
    // It takes calls and has a topic, so that all checks have something to look at.
    static EXAMPLE: LazyLock<Line> = LazyLock::new(|| config::example(4000).remove(0));
    let mut line = EXAMPLE.clone();
    line.public_url = URL.to_owned();
    line.number = PhoneNumber::parse(number).unwrap();
    line.reply_numbers.clear();
    Arc::new(line)
}

fn set(hook: Hook) -> Option<Set> {
    Set::of(Some(&hook.at(URL)), Some("POST"))
}

fn texts() -> Urls {
    Urls {
        main: set(Hook::Text),
        fallback: set(Hook::TextFallback),
    }
}

fn calls() -> Urls {
    Urls {
        main: set(Hook::Call),
        fallback: set(Hook::CallFallback),
    }
}

fn inbound(hours: i64) -> ListedMessage {
    ListedMessage {
        to: None,
        is_inbound: true,
        status: Some("received".to_owned()),
        error_code: None,
        at: hours_ago(hours),
    }
}

fn outbound(facts: &NumberFacts, hours: i64, code: Option<u32>) -> ListedMessage {
    ListedMessage {
        to: Some(facts.line.people[0].number.expose().to_owned()),
        is_inbound: false,
        status: Some(
            if code.is_some() {
                "undelivered"
            } else {
                "delivered"
            }
            .to_owned(),
        ),
        error_code: code,
        at: hours_ago(hours),
    }
}

/// A number alone, in a service that defers to it, as most are set up.
fn number(n: u32, text: &str) -> NumberFacts {
    let line = line(text);
    let mut facts = NumberFacts {
        account_sid: sid("AC", 1),
        number: line.number.clone(),
        line,
        found: Ok(Some(Number {
            sid: sid("PN", n),
            phone_number: text.to_owned(),
            setup: NumberSetup {
                sms: texts(),
                voice: calls(),
                ..NumberSetup::default()
            },
            can_sms: Some(true),
            can_mms: Some(true),
            can_voice: Some(true),
            status_callback: Some(Hook::CallEnd.at(URL)),
            status_callback_method: None,
            status: Some("in-use".to_owned()),
        })),
        service: Ok(Some(Arc::new(service(vec![sid("PN", n)])))),
        text_application: Ok(None),
        call_application: Ok(None),
        toll_free: Ok(Vec::new()),
        received: Ok(vec![inbound(3), inbound(30)]),
        sent: Ok(Vec::new()),
    };
    facts.sent = Ok((1..30).map(|hours| outbound(&facts, hours, None)).collect());
    facts
}

fn service(numbers: Vec<String>) -> ServiceFacts {
    let sid = sid("MG", 1);
    ServiceFacts {
        service: Service {
            sid: sid.clone(),
            name: "Campaign 1".to_owned(),
            setup: ServiceSetup {
                sid,
                inbound: Urls::default(),
                use_inbound_webhook_on_number: true,
            },
            status_callback: None,
            validity_period: Some(36_000),
        },
        numbers,
        campaigns: Ok(vec![Campaign {
            status: Some("VERIFIED".to_owned()),
            brand: Some(super::tests::sid("BN", 1)),
            has_embedded_links: Some(true),
            is_mock: Some(false),
        }]),
        brand: Ok(Some(Brand {
            status: Some("APPROVED".to_owned()),
        })),
    }
}

fn right() -> Facts {
    Facts {
        now: now(),
        clock_ahead: Some(0),
        account: Ok(Account {
            status: Some("active".to_owned()),
            kind: Some("Full".to_owned()),
            owner: None,
        }),
        rest: Some(Rest {
            balance: Ok(Balance {
                amount: 40.0,
                currency: "USD".to_owned(),
            }),
            usage: Ok(vec![Usage { price: 3.5 }]),
            key: Some(KeyFacts {
                accepted: Ok(()),
                policy: Ok(Some(KeyPolicy {
                    allow: Some(PERMISSIONS.iter().map(|p| (*p).to_owned()).collect()),
                })),
            }),
            has_webhook_key: false,
            rules: Ok(Vec::new()),
            alerts: Ok(Vec::new()),
            countries: Ok(vec![Country {
                code: "US".to_owned(),
                enabled: Some(true),
            }]),
            numbers: vec![number(1, "+16195550100")],
        }),
    }
}

fn rest(facts: &mut Facts) -> &mut Rest {
    facts.rest.as_mut().unwrap()
}

fn first(facts: &mut Facts) -> &mut NumberFacts {
    &mut rest(facts).numbers[0]
}

fn found(facts: &mut Facts) -> &mut Number {
    first(facts).found.as_mut().unwrap().as_mut().unwrap()
}

fn of_service(facts: &mut Facts, change: impl Fn(&mut ServiceFacts)) {
    let Ok(Some(service)) = &mut first(facts).service else {
        return;
    };
    let service = Arc::get_mut(service).unwrap();
    change(service);
}

/// Eight ways in which an account is right.
fn set_ups() -> Vec<(&'static str, Facts)> {
    let mut application = right();
    first(&mut application).text_application = Ok(Some(Application {
        name: "Relay".to_owned(),
        status_callback: Some(Hook::CallEnd.at(URL)),
        status_callback_method: None,
        setup: ApplicationSetup {
            sid: sid("AP", 1),
            sms: texts(),
            voice: calls(),
        },
    }));
    first(&mut application).call_application = first(&mut application).text_application.clone();
    let number = found(&mut application);
    number.setup.sms_application_sid = Some(sid("AP", 1));
    number.setup.voice_application_sid = Some(sid("AP", 1));
    number.setup.sms = Urls::default();
    number.setup.voice = Urls::default();

    let mut own_urls = right();
    of_service(&mut own_urls, |service| {
        service.service.setup.inbound = texts();
        service.service.setup.use_inbound_webhook_on_number = false;
    });
    found(&mut own_urls).setup.sms = Urls::default();

    let mut toll_free = right();
    let facts = first(&mut toll_free);
    facts.number = PhoneNumber::parse("+18885550100").unwrap();
    facts.line = line("+18885550100");
    facts.service = Ok(None);
    facts.toll_free = Ok(vec![TollFree {
        status: Some("TWILIO_APPROVED".to_owned()),
    }]);

    let mut two_lines = right();
    let mut second = number_of(2, "+16195550101");
    let shared = Arc::new(service(vec![sid("PN", 1), sid("PN", 2)]));
    second.service = Ok(Some(shared.clone()));
    first(&mut two_lines).service = Ok(Some(shared));
    rest(&mut two_lines).numbers.push(second);

    let mut subaccount = right();
    rest(&mut subaccount).balance = Err(NotRead::Refused {
        http_status: 404,
        code: Some(20404),
    });
    if let Ok(account) = &mut subaccount.account {
        account.owner = Some(sid("AC", 9));
    }

    let mut abroad = right();
    let facts = first(&mut abroad);
    facts.number = PhoneNumber::parse("+4930901820").unwrap();
    facts.line = line("+4930901820");
    facts.service = Ok(None);

    let mut key_alone = right();
    rest(&mut key_alone).key = Some(KeyFacts {
        accepted: Ok(()),
        policy: Ok(Some(KeyPolicy { allow: None })),
    });

    vec![
        ("number alone", right()),
        ("TwiML application", application),
        ("service's own URL", own_urls),
        ("toll-free", toll_free),
        ("two lines, one service", two_lines),
        ("subaccount", subaccount),
        ("abroad", abroad),
        ("standard key", key_alone),
    ]
}

use number as number_of;

/// What is not right, by id. What could not be checked because of another finding is not counted.
fn ids(facts: &Facts) -> BTreeSet<&'static str> {
    judge(facts)
        .into_iter()
        .filter(|f| f.verdict != Verdict::Right && !f.says.starts_with("not checked"))
        .map(|f| f.check.id)
        .collect()
}

#[test]
fn nothing_is_wrong_with_what_is_right() {
    for (name, facts) in set_ups() {
        let wrong: Vec<_> = judge(&facts)
            .into_iter()
            .filter(|f| f.verdict != Verdict::Right)
            .collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
        let checked: BTreeSet<_> = judge(&facts).iter().map(|f| f.check.id).collect();
        let all = catalogue::ALL.iter().map(|check| check.id);
        let missing: Vec<_> = all
            .filter(|id| id.starts_with('T') && !checked.contains(id))
            .collect();
        assert!(missing.is_empty(), "{name}: not looked at: {missing:?}");
    }
}

struct Fault {
    name: &'static str,
    id: &'static str,
    verdict: Verdict,
    make: fn(&mut Facts),
}

fn forbidden() -> NotRead {
    NotRead::Refused {
        http_status: 401,
        code: Some(70051),
    }
}

fn alert(code: u32, path: &str, hours: i64) -> Alert {
    Alert {
        code,
        request_url: Some(format!("{URL}{path}")),
        at: hours_ago(hours),
    }
}

fn campaign(facts: &mut Facts, change: impl Fn(&mut Campaign)) {
    of_service(facts, |service| {
        if let Ok(campaigns) = &mut service.campaigns {
            change(&mut campaigns[0]);
        }
    });
}

fn hook(url: &str) -> Option<Set> {
    Set::of(Some(url), Some("POST"))
}

macro_rules! faults {
    ($($id:ident $verdict:ident $name:literal $make:expr;)+) => {
        vec![$(Fault {
            name: $name,
            id: stringify!($id),
            verdict: Verdict::$verdict,
            make: $make,
        }),+]
    };
}

/// Single faults of the set-up of a number alone.
fn faults() -> Vec<Fault> {
    faults! {
        L05 Risk "clock 1 minute behind" |f| f.clock_ahead = Some(60);
        L05 Risk "clock 1 minute ahead" |f| f.clock_ahead = Some(-60);
        L05 Broken "clock 1 h off" |f| f.clock_ahead = Some(3600);
        L05 Unknown "no date" |f| f.clock_ahead = None;
        T02 Broken "suspended" |f| f.account.as_mut().unwrap().status = Some("suspended".to_owned());
        T02 Broken "closed" |f| f.account.as_mut().unwrap().status = Some("closed".to_owned());
        T02 Unknown "a status of tomorrow" |f| f.account.as_mut().unwrap().status = Some("resting".to_owned());
        T02 Unknown "no status" |f| f.account.as_mut().unwrap().status = None;
        T03 Unknown "no type" |f| f.account.as_mut().unwrap().kind = None;
        T04 Risk "balance of three days" |f| rest(f).balance.as_mut().unwrap().amount = 1.5;
        T04 Broken "no balance" |f| rest(f).balance.as_mut().unwrap().amount = 0.0;
        T04 Unknown "balance not readable" |f| rest(f).balance = Err(forbidden());
        T04 Unknown "usage not readable" |f| rest(f).usage = Err(NotRead::Unclear("x"));
        T05 Note "no API key" |f| rest(f).key = None;
        T05 Broken "dead key" |f| rest(f).key.as_mut().unwrap().accepted = Err(NotRead::Refused { http_status: 401, code: Some(20003) });
        T05 Broken "key may not send" |f| {
            let allow = vec!["/twilio/messaging/messages/list".to_owned()];
            rest(f).key.as_mut().unwrap().policy = Ok(Some(KeyPolicy { allow: Some(allow) }));
        };
        T05 Risk "key may not look" |f| {
            let allow = vec!["/twilio/messaging/messages/create".to_owned()];
            rest(f).key.as_mut().unwrap().policy = Ok(Some(KeyPolicy { allow: Some(allow) }));
        };
        T05 Unknown "key not tried" |f| {
            let key = rest(f).key.as_mut().unwrap();
            key.accepted = Err(NotRead::Refused { http_status: 500, code: None });
            key.policy = Err(forbidden());
        };
        T06 Broken "another account's number" |f| first(f).found = Ok(None);
        T06 Unknown "numbers not readable" |f| first(f).found = Err(forbidden());
        T07 Broken "cannot text" |f| found(f).can_sms = Some(false);
        T07 Risk "no pictures" |f| found(f).can_mms = Some(false);
        T07 Unknown "capabilities null" |f| found(f).can_sms = None;
        T08 Broken "another host" |f| found(f).setup.sms.main = hook("https://old.example.net/sms#rc=3&rp=ct,rt,5xx");
        T08 Broken "another path" |f| found(f).setup.sms.main = hook(&format!("{URL}/sms"));
        T08 Broken "a stage" |f| found(f).setup.sms.main = hook(&format!("{URL}/prod/twilio/sms"));
        T08 Broken "http" |f| found(f).setup.sms.main = hook("http://relay.example.com/twilio/sms");
        T08 Broken "another port" |f| found(f).setup.sms.main = hook("https://relay.example.com:8443/twilio/sms");
        T08 Broken "Twilio's example" |f| found(f).setup.sms.main = hook("https://demo.twilio.com/welcome/sms/reply");
        T08 Broken "no URL" |f| found(f).setup.sms.main = None;
        T08 Broken "the fallback's URL" |f| found(f).setup.sms.main = set(Hook::TextFallback);
        T08 Unknown "services not readable" |f| first(f).service = Err(forbidden());
        T08 Unknown "application not readable" |f| first(f).text_application = Err(forbidden());
        T08 Broken "application deleted" |f| found(f).setup.sms_application_sid = Some(sid("AP", 7));
        T08 Broken "service overrules with another's URL" |f| of_service(f, |s| {
            s.service.setup.use_inbound_webhook_on_number = false;
            s.service.setup.inbound = Urls { main: hook("https://old.example.net/sms"), fallback: set(Hook::TextFallback) };
        });
        T08 Broken "service drops texts" |f| of_service(f, |s| {
            s.service.setup.use_inbound_webhook_on_number = false;
            s.service.setup.inbound = Urls { main: None, fallback: set(Hook::TextFallback) };
        });
        T09 Broken "GET" |f| found(f).setup.sms.main.as_mut().unwrap().method = Method::Get;
        T09 Risk "GET of the fallback" |f| found(f).setup.sms.fallback.as_mut().unwrap().method = Method::Get;
        T10 Risk "no fallback" |f| found(f).setup.sms.fallback = None;
        T10 Risk "another's fallback" |f| found(f).setup.sms.fallback = hook("https://old.example.net/x");
        T10 Risk "fallback is the main one" |f| found(f).setup.sms.fallback = set(Hook::Text);
        T11 Risk "no retries" |f| found(f).setup.sms.main = hook(&format!("{URL}/twilio/sms"));
        T11 Risk "retries of connections alone" |f| found(f).setup.sms.main = hook(&format!("{URL}/twilio/sms#rc=3&rp=ct"));
        T11 Risk "no retries of the fallback" |f| found(f).setup.sms.fallback = hook(&format!("{URL}/twilio/fallback"));
        T11 Broken "a policy that there is not" |f| found(f).setup.sms.main = hook(&format!("{URL}/twilio/sms#rc=3&rp=ct,500"));
        T12 Broken "a rule signs with a key" |f| rest(f).rules = Ok(vec![Rule { match_type: "DEFAULT".to_owned(), value: None, sets: vec!["signing".to_owned()] }]);
        T12 Note "a rule sets retries" |f| rest(f).rules = Ok(vec![Rule { match_type: "PREFIX_MATCH".to_owned(), value: Some(URL.to_owned()), sets: vec!["connection".to_owned()] }]);
        T12 Unknown "rules not readable" |f| rest(f).rules = Err(forbidden());
        T13 Note "a service reports to others" |f| of_service(f, |s| s.service.status_callback = Some("https://other.example/x".to_owned()));
        T14 Broken "no URL for calls" |f| found(f).setup.voice.main = None;
        T14 Broken "calls elsewhere" |f| found(f).setup.voice.main = hook("https://demo.twilio.com/welcome/voice/");
        T14 Broken "calls by GET" |f| found(f).setup.voice.main.as_mut().unwrap().method = Method::Get;
        T14 Broken "a trunk takes calls" |f| found(f).setup.trunk_sid = Some(sid("TK", 1));
        T14 Unknown "calls' application not readable" |f| first(f).call_application = Err(forbidden());
        T14 Broken "calls' application deleted" |f| found(f).setup.voice_application_sid = Some(sid("AP", 7));
        T15 Broken "in no service" |f| first(f).service = Ok(None);
        T15 Broken "no campaign" |f| of_service(f, |s| s.campaigns = Ok(Vec::new()));
        T16 Broken "campaign in progress" |f| campaign(f, |c| c.status = Some("IN_PROGRESS".to_owned()));
        T16 Broken "campaign failed" |f| campaign(f, |c| c.status = Some("FAILED".to_owned()));
        T16 Broken "campaign suspended" |f| campaign(f, |c| c.status = Some("SUSPENDED".to_owned()));
        T16 Unknown "a campaign of tomorrow" |f| campaign(f, |c| c.status = Some("ASLEEP".to_owned()));
        T16 Broken "a mock" |f| campaign(f, |c| c.is_mock = Some(true));
        T16 Risk "links not declared" |f| campaign(f, |c| c.has_embedded_links = Some(false));
        T16 Broken "brand failed" |f| of_service(f, |s| s.brand = Ok(Some(Brand { status: Some("FAILED".to_owned()) })));
        T16 Risk "brand pending" |f| of_service(f, |s| s.brand = Ok(Some(Brand { status: Some("PENDING".to_owned()) })));
        T16 Unknown "campaign not readable" |f| of_service(f, |s| s.campaigns = Err(forbidden()));
        T18 Broken "a country is off" |f| rest(f).countries.as_mut().unwrap()[0].enabled = Some(false);
        T18 Unknown "a country is not told" |f| rest(f).countries = Ok(Vec::new());
        T18 Unknown "countries not readable" |f| rest(f).countries = Err(forbidden());
        T19 Risk "a short validity" |f| of_service(f, |s| s.service.validity_period = Some(600));
        T20 Risk "11200 an hour ago" |f| rest(f).alerts = Ok(vec![alert(11200, "/twilio/sms", 1)]);
        T20 Risk "11205 without a time" |f| rest(f).alerts = Ok(vec![Alert { at: None, ..alert(11205, "/twilio/sms", 1) }]);
        T20 Unknown "alerts not readable" |f| rest(f).alerts = Err(forbidden());
        T21 Broken "the latest text failed" |f| {
            let failed = ListedMessage { error_code: Some(11200), ..inbound(1) };
            first(f).received.as_mut().unwrap().push(failed);
        };
        T21 Note "an earlier text failed" |f| {
            let failed = ListedMessage { error_code: Some(11200), ..inbound(20) };
            first(f).received.as_mut().unwrap().push(failed);
        };
        T21 Unknown "texts to the line not readable" |f| first(f).received = Err(forbidden());
        T22 Broken "not registered" |f| with_sent(f, 0, 30034, 1);
        T22 Broken "toll-free not verified" |f| with_sent(f, 0, 30032, 1);
        T22 Risk "filtered" |f| with_sent(f, 2, 30007, 1);
        T22 Risk "many undelivered" |f| with_sent(f, 2, 30003, 9);
        T23 Broken "a person opted out" |f| with_sent(f, 0, 21610, 1);
        T24 Risk "a keyword is an opt-out" |f| {
            let line = Arc::make_mut(&mut first(f).line);
            line.notices.topics[0].keyword = "REVOKE".to_owned();
        };
        T25 Risk "no fallback for calls" |f| found(f).setup.voice.fallback = None;
        T25 Risk "the fallback of calls by GET" |f| found(f).setup.voice.fallback.as_mut().unwrap().method = Method::Get;
        T26 Risk "the end of calls by GET" |f| found(f).status_callback_method = Some("GET".to_owned());
        T26 Risk "the end of calls is not told" |f| found(f).status_callback = None;
        T26 Risk "the end of calls is told to others" |f| found(f).status_callback = Some("https://other.example/x".to_owned());
    }
}

fn with_sent(facts: &mut Facts, hours: i64, code: u32, count: usize) {
    let number = first(facts);
    let failed = outbound(number, hours, Some(code));
    if let Ok(sent) = &mut number.sent {
        sent.extend(std::iter::repeat_n(failed, count));
    }
}

/// The example takes calls and has a topic, so that all checks have something to look at.
fn base() -> Facts {
    let mut facts = right();
    let line = Arc::make_mut(&mut first(&mut facts).line);
    assert!(line.voice.is_some(), "the example has [line.voice]");
    assert!(!line.notices.topics.is_empty(), "the example has topics");
    facts
}

#[test]
fn each_fault_is_found_by_its_check_alone() {
    let faults = faults();
    assert!(faults.len() >= 60, "{}", faults.len());
    for fault in &faults {
        let mut facts = base();
        (fault.make)(&mut facts);
        let findings = judge(&facts);
        let is_said =
            |f: &&Finding| f.verdict != Verdict::Right && !f.says.starts_with("not checked");
        let said: Vec<_> = findings
            .iter()
            .filter(is_said)
            .map(|f| (f.check.id, f.verdict))
            .collect();
        assert_eq!(said, [(fault.id, fault.verdict)], "{}", fault.name);
        let finding = findings.iter().find(is_said).unwrap();
        if matches!(finding.verdict, Verdict::Broken | Verdict::Risk) {
            assert!(
                finding.consequence.is_some(),
                "{}: no consequence",
                fault.name
            );
            assert!(!finding.fix.is_none(), "{}: no way out", fault.name);
        }
        let text = format!("{findings:?}");
        for number in ["+16195550100", "+16195550110", "+16195550111"] {
            assert!(!text.contains(number), "{}: {number}", fault.name);
        }
    }
}

#[test]
fn of_two_faults_both_are_found() {
    let faults = faults();
    let mut pairs = 0;
    for (n, one) in faults.iter().enumerate() {
        for other in faults.iter().skip(n + 1).filter(|other| other.id != one.id) {
            let mut facts = base();
            (one.make)(&mut facts);
            let mut alone = base();
            (other.make)(&mut alone);
            // What takes away the number or its service takes away what the other one breaks in it.
            if touches_what_is_gone(one, other) || touches_what_is_gone(other, one) {
                continue;
            }
            (other.make)(&mut facts);
            let expected: BTreeSet<_> = [one.id, other.id].into();
            assert_eq!(ids(&facts), expected, "{} and {}", one.name, other.name);
            pairs += 1;
        }
    }
    assert!(pairs > 1500, "{pairs}");
}

/// Whether `other` breaks something of which, after `one`, nothing is known or nothing is left.
fn touches_what_is_gone(one: &Fault, other: &Fault) -> bool {
    let of_number = [
        "T07", "T08", "T09", "T10", "T11", "T13", "T14", "T15", "T16", "T19", "T12", "T25", "T26",
    ];
    let of_service = ["T13", "T15", "T16", "T19"];
    let of_texts = ["T09", "T10", "T11", "T12", "T13"];
    match (one.id, one.name) {
        ("T06", _) => of_number.contains(&other.id),
        ("T15", "in no service") => {
            of_service.contains(&other.id) || other.name.starts_with("service")
        }
        ("T15", _) => other.id == "T16",
        ("T08", "services not readable") => {
            of_texts.contains(&other.id) || of_service.contains(&other.id)
        }
        ("T08", "application not readable" | "application deleted") => of_texts.contains(&other.id),
        // Both change the same address, or who has the say.
        ("T08", _) => ["T09", "T10", "T11"].contains(&other.id),
        ("T09" | "T10" | "T11", _) => ["T09", "T10", "T11"].contains(&other.id),
        (
            "T14",
            "a trunk takes calls"
            | "calls' application not readable"
            | "calls' application deleted",
        ) => ["T25", "T26"].contains(&other.id),
        ("T14", _) => other.id == "T25" && other.name.contains("GET"),
        // A text that came through, or the latest one, says that an error is over or which is the latest.
        ("T20", _) | ("T21", _) => ["T20", "T21"].contains(&other.id),
        ("T22" | "T23", _) => ["T22", "T23"].contains(&other.id),
        _ => false,
    }
}

#[test]
fn faults_are_found_in_the_other_set_ups_too() {
    for (name, _) in set_ups() {
        for fault in faults() {
            let (_, mut facts) = set_ups().into_iter().find(|(n, _)| *n == name).unwrap();
            // What the set-up has not cannot be broken.
            let makes_sense = match name {
                "number alone" | "standard key" => !(name == "standard key" && fault.id == "T05"),
                "two lines, one service" => {
                    !matches!(fault.id, "T13" | "T15" | "T16" | "T19")
                        && !fault.name.starts_with("service")
                        && fault.name != "a person opted out"
                }
                "subaccount" => fault.id != "T04",
                _ => matches!(
                    fault.id,
                    "L05"
                        | "T02"
                        | "T03"
                        | "T05"
                        | "T06"
                        | "T07"
                        | "T12"
                        | "T18"
                        | "T20"
                        | "T21"
                        | "T22"
                        | "T23"
                        | "T24"
                ),
            };
            if !makes_sense {
                continue;
            }
            (fault.make)(&mut facts);
            assert_eq!(ids(&facts), [fault.id].into(), "{name}: {}", fault.name);
        }
    }
}

#[test]
fn without_the_account_nothing_else_is_guessed() {
    let cases = [
        (
            NotRead::Refused {
                http_status: 401,
                code: Some(20003),
            },
            Verdict::Broken,
        ),
        (
            NotRead::Refused {
                http_status: 503,
                code: None,
            },
            Verdict::Unknown,
        ),
        (
            NotRead::Refused {
                http_status: 429,
                code: Some(20429),
            },
            Verdict::Unknown,
        ),
        (
            NotRead::NoAnswer("no connection".to_owned()),
            Verdict::Unknown,
        ),
        (NotRead::Unclear("it is no JSON"), Verdict::Unknown),
    ];
    for (why, verdict) in cases {
        let facts = Facts {
            account: Err(why.clone()),
            rest: None,
            ..right()
        };
        let findings = judge(&facts);
        let said: Vec<_> = findings
            .iter()
            .filter(|f| f.verdict != Verdict::Right && !f.says.starts_with("not checked"))
            .collect();
        assert_eq!(said.len(), 1, "{why}: {said:?}");
        assert_eq!(
            (said[0].check.id, said[0].verdict),
            ("T01", verdict),
            "{why}"
        );
        assert!(said[0].is_bad(false), "{why}");
        let others = findings
            .iter()
            .filter(|f| f.says == "not checked: T01 failed")
            .count();
        assert_eq!(others, 25, "{why}");
    }
}

/// Where a fix puts things: after it, nothing of what it can put right is left.
#[test]
fn a_fix_makes_right_what_it_plans_for_and_a_second_one_plans_nothing() {
    for fault in faults() {
        let mut facts = base();
        (fault.make)(&mut facts);
        let planned = fix::plan(&judge(&facts));
        if planned.is_empty() {
            continue;
        }
        for change in &planned {
            apply(&mut facts, change);
        }
        let left = fix::plan(&judge(&facts));
        assert!(left.is_empty(), "{}: {left:#?}", fault.name);
        assert!(
            !ids(&facts).contains(fault.id),
            "{}: still {}",
            fault.name,
            fault.id
        );
        let is_foreign = format!("{planned:?}").contains("old.example.net");
        assert_eq!(
            planned.iter().any(|c| c.takes_over.is_some()),
            is_foreign || fault.name.contains("to others"),
            "{}",
            fault.name
        );
    }
}

/// What Twilio does with a change.
fn apply(facts: &mut Facts, change: &crate::app::doctor::report::Change) {
    let to = change.to.as_str();
    let put = |place: &mut Option<Set>| match place {
        Some(set) => set.url = to.to_owned(),
        None => *place = hook(to),
    };
    let post = |place: &mut Option<Set>| place.as_mut().unwrap().method = Method::of(Some(to));
    match change.field {
        "UseInboundWebhookOnNumber" => of_service(facts, |s| {
            s.service.setup.use_inbound_webhook_on_number = true
        }),
        "SmsUrl" => put(&mut found(facts).setup.sms.main),
        "SmsMethod" => post(&mut found(facts).setup.sms.main),
        "SmsFallbackUrl" => put(&mut found(facts).setup.sms.fallback),
        "SmsFallbackMethod" => post(&mut found(facts).setup.sms.fallback),
        "VoiceUrl" => put(&mut found(facts).setup.voice.main),
        "VoiceMethod" => post(&mut found(facts).setup.voice.main),
        "VoiceFallbackUrl" => put(&mut found(facts).setup.voice.fallback),
        "VoiceFallbackMethod" => post(&mut found(facts).setup.voice.fallback),
        "StatusCallbackMethod" => found(facts).status_callback_method = Some(to.to_owned()),
        "StatusCallback" => found(facts).status_callback = Some(to.to_owned()),
        other => panic!("{other}"),
    }
}

#[test]
fn a_service_with_others_numbers_gets_the_address_itself_and_says_whom_it_concerns() {
    let mut facts = base();
    of_service(&mut facts, |s| {
        s.numbers.push(sid("PN", 77));
        s.service.setup.use_inbound_webhook_on_number = false;
        s.service.setup.inbound.main = hook("https://old.example.net/sms");
    });
    let findings = judge(&facts);
    let t08 = findings.iter().find(|f| f.check.id == "T08").unwrap();
    let plan = t08.fix.plan();
    assert_eq!(plan.len(), 1, "{plan:#?}");
    assert_eq!(plan[0].field, "InboundRequestUrl");
    assert_eq!(
        plan[0].address.path,
        format!("/v1/Services/{}", sid("MG", 1))
    );
    assert!(
        plan[0].also.as_ref().unwrap().contains("1 other number"),
        "{plan:?}"
    );
    assert_eq!(plan[0].takes_over.as_deref(), Some("old.example.net"));
}

#[test]
fn the_number_is_set_before_the_service_gives_way_to_it() {
    let mut facts = base();
    of_service(&mut facts, |s| {
        s.service.setup.use_inbound_webhook_on_number = false
    });
    found(&mut facts).setup.sms = Urls::default();
    let plan = fix::plan(&judge(&facts));
    let fields: Vec<_> = plan.iter().map(|change| change.field).collect();
    assert_eq!(
        fields,
        ["SmsUrl", "SmsFallbackUrl", "UseInboundWebhookOnNumber"]
    );
}

#[test]
fn names_given_at_twilio_are_short_and_cannot_steer_a_terminal_unseen() {
    let mut facts = base();
    of_service(&mut facts, |s| {
        s.service.name = format!("\u{1b}[2J{}", "x".repeat(500));
        s.service.setup.use_inbound_webhook_on_number = false;
    });
    let findings = judge(&facts);
    let t08 = findings.iter().find(|f| f.check.id == "T08").unwrap();
    assert!(t08.says.len() < 250, "{}", t08.says);
    assert!(!crate::printable::printable(&t08.says).contains('\u{1b}'));
}
