//! The catalogue: single faults and their pairs, in nine set-ups that are right.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;

use super::*;
use crate::app::doctor::facts::{KeyFacts, NumberFacts, Rest, ServiceFacts, countries_of};
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
        countries: countries_of(&line),
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
            errors: Vec::new(),
        }]),
        brand: Ok(Some(brand("APPROVED"))),
    }
}

fn brand(status: &str) -> Brand {
    Brand {
        status: Some(status.to_owned()),
        errors: Vec::new(),
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

/// Changes the Messaging Service of the first line, which others may share.
fn of_service(facts: &mut Facts, change: impl Fn(&mut ServiceFacts)) {
    let shared = rest(facts).numbers.iter().map(|n| n.service().is_some());
    let shared: Vec<bool> = shared.collect();
    let Ok(Some(service)) = &first(facts).service else {
        return;
    };
    let mut service = ServiceFacts::clone(service);
    change(&mut service);
    let service = Arc::new(service);
    for (number, has_one) in rest(facts).numbers.iter_mut().zip(shared) {
        if has_one {
            number.service = Ok(Some(Arc::clone(&service)));
        }
    }
}

/// Changes the URLs that say where texts to the first line go, wherever they are kept.
fn texts_of(facts: &mut Facts, change: impl Fn(&mut Urls)) {
    let overrules = |s: &&ServiceFacts| !s.service.setup.use_inbound_webhook_on_number;
    if first(facts).service().filter(overrules).is_some() {
        of_service(facts, |s| change(&mut s.service.setup.inbound));
    } else if let Ok(Some(application)) = &mut first(facts).text_application {
        change(&mut application.setup.sms);
    } else {
        change(&mut found(facts).setup.sms);
    }
}

fn main_of(facts: &mut Facts, url: &str) {
    texts_of(facts, |urls| urls.main = hook(url));
}

/// The same of calls.
fn calls_of(facts: &mut Facts) -> &mut Urls {
    if matches!(first(facts).call_application, Ok(Some(_))) {
        let application = first(facts).call_application.as_mut().unwrap();
        return &mut application.as_mut().unwrap().setup.voice;
    }
    &mut found(facts).setup.voice
}

/// Who hears of the end of calls, and by which method.
fn end_of(facts: &mut Facts, url: Option<&str>, method: Option<&str>) {
    let (url, method) = (url.map(str::to_owned), method.map(str::to_owned));
    if let Ok(Some(application)) = &mut first(facts).call_application {
        (
            application.status_callback,
            application.status_callback_method,
        ) = (url, method);
    } else {
        let number = found(facts);
        (number.status_callback, number.status_callback_method) = (url, method);
    }
}

/// A way in which an account is right, but for what is always said of it.
struct SetUp {
    name: &'static str,
    make: fn() -> Facts,
    says: &'static [&'static str],
}

const SET_UPS: [SetUp; 9] = [
    set_up("number alone", right),
    set_up("TwiML application", with_application),
    set_up("service's own URL", with_services_url),
    set_up("toll-free", toll_free),
    set_up("two lines, one service", two_lines),
    set_up("subaccount", subaccount),
    set_up("abroad", abroad),
    set_up("standard key", standard_key),
    SetUp {
        says: &["T03"],
        ..set_up("trial", trial)
    },
];

const fn set_up(name: &'static str, make: fn() -> Facts) -> SetUp {
    SetUp {
        name,
        make,
        says: &[],
    }
}

fn with_application() -> Facts {
    let mut facts = right();
    let number = first(&mut facts);
    number.text_application = Ok(Some(Application {
        name: "Relay".to_owned(),
        status_callback: Some(Hook::CallEnd.at(URL)),
        status_callback_method: None,
        setup: ApplicationSetup {
            sid: sid("AP", 1),
            sms: texts(),
            voice: calls(),
        },
    }));
    number.call_application = number.text_application.clone();
    let number = found(&mut facts);
    number.setup.sms_application_sid = Some(sid("AP", 1));
    number.setup.voice_application_sid = Some(sid("AP", 1));
    number.setup.sms = Urls::default();
    number.setup.voice = Urls::default();
    facts
}

fn with_services_url() -> Facts {
    let mut facts = right();
    of_service(&mut facts, |service| {
        service.service.setup.inbound = texts();
        service.service.setup.use_inbound_webhook_on_number = false;
    });
    found(&mut facts).setup.sms = Urls::default();
    facts
}

fn toll_free() -> Facts {
    let mut facts = alone("+18885550100");
    first(&mut facts).toll_free = Ok(vec![TollFree {
        status: Some("TWILIO_APPROVED".to_owned()),
    }]);
    facts
}

fn abroad() -> Facts {
    alone("+4930901820")
}

/// In no service.
fn alone(number: &str) -> Facts {
    let mut facts = right();
    let first = first(&mut facts);
    first.number = PhoneNumber::parse(number).unwrap();
    first.line = line(number);
    first.countries = countries_of(&first.line);
    first.service = Ok(None);
    facts
}

fn two_lines() -> Facts {
    let mut facts = right();
    let mut second = number(2, "+16195550101");
    let shared = Arc::new(service(vec![sid("PN", 1), sid("PN", 2)]));
    second.service = Ok(Some(Arc::clone(&shared)));
    first(&mut facts).service = Ok(Some(shared));
    rest(&mut facts).numbers.push(second);
    facts
}

fn subaccount() -> Facts {
    let mut facts = right();
    rest(&mut facts).balance = Err(NotRead::Refused {
        http_status: 404,
        code: Some(20404),
    });
    if let Ok(account) = &mut facts.account {
        account.owner = Some(sid("AC", 9));
    }
    facts
}

fn standard_key() -> Facts {
    let mut facts = right();
    rest(&mut facts).key = Some(KeyFacts {
        accepted: Ok(()),
        policy: Ok(Some(KeyPolicy { allow: None })),
    });
    facts
}

fn trial() -> Facts {
    let mut facts = right();
    if let Ok(account) = &mut facts.account {
        account.kind = Some("Trial".to_owned());
    }
    facts
}

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
    for SetUp { name, make, says } in SET_UPS {
        let findings = judge(&make());
        let wrong = findings.iter().filter(|f| f.verdict != Verdict::Right);
        let wrong: Vec<_> = wrong.filter(|f| !says.contains(&f.check.id)).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
        let checked: BTreeSet<_> = findings.iter().map(|f| f.check.id).collect();
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

fn gets(set: &mut Option<Set>) {
    if let Some(set) = set {
        set.method = Method::Get;
    }
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
        T08 Broken "another host" |f| main_of(f, "https://old.example.net/sms#rc=3&rp=ct,rt,5xx");
        T08 Broken "another path" |f| main_of(f, &format!("{URL}/sms"));
        T08 Broken "a stage" |f| main_of(f, &format!("{URL}/prod/twilio/sms"));
        T08 Broken "http" |f| main_of(f, "http://relay.example.com/twilio/sms");
        T08 Broken "another port" |f| main_of(f, "https://relay.example.com:8443/twilio/sms");
        T08 Broken "Twilio's example" |f| main_of(f, "https://demo.twilio.com/welcome/sms/reply");
        T08 Broken "no URL" |f| texts_of(f, |urls| urls.main = None);
        T08 Broken "the fallback's URL" |f| texts_of(f, |urls| urls.main = set(Hook::TextFallback));
        T08 Unknown "services not readable" |f| first(f).service = Err(forbidden());
        T08 Unknown "application not readable" |f| first(f).text_application = Err(forbidden());
        T08 Broken "application deleted" |f| {
            found(f).setup.sms_application_sid = Some(sid("AP", 7));
            first(f).text_application = Ok(None);
        };
        T08 Broken "service overrules with another's URL" |f| of_service(f, |s| {
            s.service.setup.use_inbound_webhook_on_number = false;
            s.service.setup.inbound = Urls { main: hook("https://old.example.net/sms"), fallback: set(Hook::TextFallback) };
        });
        T08 Broken "service drops texts" |f| of_service(f, |s| {
            s.service.setup.use_inbound_webhook_on_number = false;
            s.service.setup.inbound = Urls { main: None, fallback: set(Hook::TextFallback) };
        });
        T09 Broken "GET" |f| texts_of(f, |urls| gets(&mut urls.main));
        T09 Risk "GET of the fallback" |f| texts_of(f, |urls| gets(&mut urls.fallback));
        T10 Risk "no fallback" |f| texts_of(f, |urls| urls.fallback = None);
        T10 Risk "another's fallback" |f| texts_of(f, |urls| urls.fallback = hook("https://old.example.net/x"));
        T10 Risk "fallback is the main one" |f| texts_of(f, |urls| urls.fallback = set(Hook::Text));
        T11 Risk "no retries" |f| main_of(f, &format!("{URL}/twilio/sms"));
        T11 Risk "retries of connections alone" |f| main_of(f, &format!("{URL}/twilio/sms#rc=3&rp=ct"));
        T11 Risk "no retries of the fallback" |f| texts_of(f, |urls| urls.fallback = hook(&format!("{URL}/twilio/fallback")));
        T11 Broken "a policy that there is not" |f| main_of(f, &format!("{URL}/twilio/sms#rc=3&rp=ct,500"));
        T12 Broken "a rule signs with a key" |f| rest(f).rules = Ok(vec![Rule { match_type: "DEFAULT".to_owned(), value: None, sets: vec!["signing".to_owned()] }]);
        T12 Note "a rule sets retries" |f| rest(f).rules = Ok(vec![Rule { match_type: "PREFIX_MATCH".to_owned(), value: Some(URL.to_owned()), sets: vec!["connection".to_owned()] }]);
        T12 Unknown "rules not readable" |f| rest(f).rules = Err(forbidden());
        T13 Note "a service reports to others" |f| of_service(f, |s| s.service.status_callback = Some("https://other.example/x".to_owned()));
        T14 Broken "no URL for calls" |f| calls_of(f).main = None;
        T14 Broken "calls elsewhere" |f| calls_of(f).main = hook("https://demo.twilio.com/welcome/voice/");
        T14 Broken "calls by GET" |f| gets(&mut calls_of(f).main);
        T14 Broken "a trunk takes calls" |f| found(f).setup.trunk_sid = Some(sid("TK", 1));
        T14 Unknown "calls' application not readable" |f| first(f).call_application = Err(forbidden());
        T14 Broken "calls' application deleted" |f| {
            found(f).setup.voice_application_sid = Some(sid("AP", 7));
            first(f).call_application = Ok(None);
        };
        T15 Broken "in no service" |f| first(f).service = Ok(None);
        T15 Broken "no campaign" |f| of_service(f, |s| s.campaigns = Ok(Vec::new()));
        T16 Broken "campaign in progress" |f| campaign(f, |c| c.status = Some("IN_PROGRESS".to_owned()));
        T16 Broken "campaign failed" |f| campaign(f, |c| c.status = Some("FAILED".to_owned()));
        T16 Broken "campaign suspended" |f| campaign(f, |c| c.status = Some("SUSPENDED".to_owned()));
        T16 Unknown "a campaign of tomorrow" |f| campaign(f, |c| c.status = Some("ASLEEP".to_owned()));
        T16 Broken "a mock" |f| campaign(f, |c| c.is_mock = Some(true));
        T16 Risk "links not declared" |f| campaign(f, |c| c.has_embedded_links = Some(false));
        T16 Broken "brand failed" |f| of_service(f, |s| s.brand = Ok(Some(brand("FAILED"))));
        T16 Risk "brand pending" |f| of_service(f, |s| s.brand = Ok(Some(brand("PENDING"))));
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
        T25 Risk "no fallback for calls" |f| calls_of(f).fallback = None;
        T25 Risk "the fallback of calls by GET" |f| gets(&mut calls_of(f).fallback);
        T27 Risk "no retries of calls" |f| calls_of(f).main = hook(&format!("{URL}/twilio/voice"));
        T27 Risk "no retries of the fallback of calls" |f| calls_of(f).fallback = hook(&format!("{URL}/twilio/voice/fallback"));
        T27 Broken "a policy of calls that there is not" |f| calls_of(f).main = hook(&format!("{URL}/twilio/voice#rc=1&rp=500"));
        T26 Risk "the end of calls by GET" |f| end_of(f, Some(&Hook::CallEnd.at(URL)), Some("GET"));
        T26 Risk "the end of calls is not told" |f| end_of(f, None, None);
        T26 Risk "the end of calls is told to others" |f| end_of(f, Some("https://other.example/x"), None);
    }
}

fn with_sent(facts: &mut Facts, hours: i64, code: u32, count: usize) {
    let number = first(facts);
    let failed = outbound(number, hours, Some(code));
    if let Ok(sent) = &mut number.sent {
        sent.extend(std::iter::repeat_n(failed, count));
    }
}

/// Single faults of a toll-free number.
fn faults_of_toll_free() -> Vec<Fault> {
    fn verification(facts: &mut Facts, status: &str) {
        let status = Some(status.to_owned());
        first(facts).toll_free = Ok(vec![TollFree { status }]);
    }
    faults! {
        T17 Broken "no verification" |f| first(f).toll_free = Ok(Vec::new());
        T17 Broken "verification in review" |f| verification(f, "IN_REVIEW");
        T17 Broken "verification pending" |f| verification(f, "PENDING_REVIEW");
        T17 Broken "verification rejected" |f| verification(f, "TWILIO_REJECTED");
        T17 Unknown "a verification of tomorrow" |f| verification(f, "ASLEEP");
        T17 Unknown "verifications not readable" |f| first(f).toll_free = Err(forbidden());
    }
}

/// The faults that a set-up can have.
fn faults_in(set_up: &SetUp) -> Vec<Fault> {
    let is_of_service = |fault: &Fault| {
        matches!(fault.id, "T13" | "T15" | "T16" | "T19") || fault.name.starts_with("service ")
    };
    let can_be = |fault: &Fault| match set_up.name {
        // In no service.
        "toll-free" | "abroad" => !is_of_service(fault),
        // The service overrules the number and its application, which have no URLs.
        "service's own URL" => {
            !fault.name.starts_with("application") && fault.name != "in no service"
        }
        // Its balance is its owner's.
        "subaccount" => fault.id != "T04",
        // It needs no campaign.
        "trial" => !matches!(fault.id, "T03" | "T15" | "T16"),
        _ => true,
    };
    let mut faults = faults();
    faults.retain(can_be);
    if set_up.name == "toll-free" {
        faults.extend(faults_of_toll_free());
    }
    faults
}

#[test]
fn each_fault_is_found_by_its_check_alone_in_each_set_up() {
    let mut wrong = Vec::new();
    for set_up in SET_UPS {
        let line = &(set_up.make)().rest.unwrap().numbers[0].line;
        assert!(line.voice.is_some(), "the example has [line.voice]");
        assert!(!line.notices.topics.is_empty(), "the example has topics");
        let faults = faults_in(&set_up);
        assert!(faults.len() >= 60, "{}: {}", set_up.name, faults.len());
        for fault in &faults {
            let name = format!("{}: {}", set_up.name, fault.name);
            let mut facts = (set_up.make)();
            (fault.make)(&mut facts);
            let findings = judge(&facts);
            let is_said = |f: &&Finding| {
                f.verdict != Verdict::Right
                    && !f.says.starts_with("not checked")
                    && !set_up.says.contains(&f.check.id)
            };
            let said = findings.iter().filter(is_said);
            let said: BTreeSet<_> = said.map(|f| (f.check.id, f.verdict.name())).collect();
            if said != [(fault.id, fault.verdict.name())].into() {
                wrong.push(format!("{name}: {said:?}"));
                continue;
            }
            let finding = findings.iter().find(is_said).unwrap();
            if matches!(finding.verdict, Verdict::Broken | Verdict::Risk) {
                assert!(finding.consequence.is_some(), "{name}: no consequence");
                assert!(!finding.fix.is_none(), "{name}: no way out");
            }
            let text = format!("{findings:?}");
            for number in [
                "+16195550100",
                "+16195550101",
                "+18885550100",
                "+4930901820",
                "+16195550110",
                "+16195550111",
            ] {
                assert!(!text.contains(number), "{name}: {number}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn of_two_faults_both_are_found_in_each_set_up() {
    let mut wrong = Vec::new();
    for set_up in SET_UPS {
        let faults = faults_in(&set_up);
        let right = (set_up.make)();
        let mut pairs = 0;
        for (n, one) in faults.iter().enumerate() {
            let mut broken = right.clone();
            (one.make)(&mut broken);
            for other in faults.iter().skip(n + 1).filter(|o| o.id != one.id) {
                // What takes away the number or its service takes away what the other one breaks in it.
                if touches_what_is_gone(one, other) || touches_what_is_gone(other, one) {
                    continue;
                }
                let mut facts = broken.clone();
                (other.make)(&mut facts);
                let expected: BTreeSet<_> = [one.id, other.id].into();
                let says: BTreeSet<_> = set_up.says.iter().copied().collect();
                if ids(&facts) != &expected | &says {
                    let names = format!("{}: {} and {}", set_up.name, one.name, other.name);
                    wrong.push(format!("{names}: {:?}", ids(&facts)));
                }
                pairs += 1;
            }
        }
        assert!(pairs > 1500, "{}: {pairs}", set_up.name);
    }
    assert!(wrong.is_empty(), "{} {wrong:#?}", wrong.len());
}

/// Whether `other` breaks something of which, after `one`, nothing is known or nothing is left.
fn touches_what_is_gone(one: &Fault, other: &Fault) -> bool {
    let of_number = [
        "T07", "T08", "T09", "T10", "T11", "T12", "T13", "T14", "T15", "T16", "T17", "T19", "T25",
        "T26", "T27",
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
        ) => ["T25", "T26", "T27"].contains(&other.id),
        // Both change the same address.
        ("T14" | "T25" | "T27", _) => ["T14", "T25", "T27"].contains(&other.id),
        // A text that came through, or the latest one, says that an error is over or which is the latest.
        ("T20", _) | ("T21", _) => ["T20", "T21"].contains(&other.id),
        ("T22" | "T23", _) => ["T22", "T23"].contains(&other.id),
        _ => false,
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
        assert_eq!(others, 26, "{why}");
    }
}

/// Where a fix puts things: after it, nothing of what it can put right is left.
#[test]
fn a_fix_makes_right_what_it_plans_for_and_a_second_one_plans_nothing() {
    for fault in faults() {
        let mut facts = right();
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
    let mut facts = right();
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
    let mut facts = right();
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
    let mut facts = right();
    of_service(&mut facts, |s| {
        s.service.name = format!("\u{1b}[2J{}", "x".repeat(500));
        s.service.setup.use_inbound_webhook_on_number = false;
    });
    let findings = judge(&facts);
    let t08 = findings.iter().find(|f| f.check.id == "T08").unwrap();
    assert!(t08.says.len() < 250, "{}", t08.says);
    assert!(!crate::printable::printable(&t08.says).contains('\u{1b}'));
}
