//! `relay doctor`, on the sandbox's account: what it finds, what it changes, and what it survives.

mod bad_answers;
mod by_hand;
#[cfg(feature = "aws")]
mod stack;

use std::collections::BTreeSet;
use std::sync::Arc;

use relay::app::doctor::fix::{NotFixed, Record, carry_out, plan, undo};
use relay::app::doctor::report::{Finding, Verdict};
use relay::app::doctor::{facts, judge};
use relay::clock::{Clock, ManualClock};
use relay::domain::line::{Line, config};
use relay::domain::phone::PhoneNumber;
use relay::sandbox::{Application, InProcess, Number, Sandbox, Service, demo_account};
use relay::twilio::setup::Setup;

const URL: &str = "https://relay.example.com";
const LINE: &str = "+16195550100";

struct Account {
    sandbox: Arc<Sandbox>,
    clock: Arc<ManualClock>,
    lines: Vec<Arc<Line>>,
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

fn line(text: &str) -> Arc<Line> {
    let mut line = config::example(4000).remove(0);
    line.public_url = URL.to_owned();
    line.number = number(text);
    line.reply_numbers.clear();
    Arc::new(line)
}

/// A number as the guide has it set up.
fn set_up() -> Number {
    let at = |path: &str| Some(format!("{URL}/twilio{path}"));
    Number {
        sms_url: at("/sms#rc=3&rp=ct,rt,5xx"),
        sms_fallback_url: at("/fallback#rc=3&rp=ct,rt,5xx"),
        voice_url: at("/voice#ct=1500&rt=4000&rc=1&rp=ct,rt,5xx"),
        voice_fallback_url: at("/voice/fallback#rc=3&rp=ct,rt,5xx"),
        status_callback: at("/voice/end#rc=3&rp=ct,rt,5xx"),
        ..Number::default()
    }
}

impl Account {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at("2026-11-29T14:02:11Z".parse().unwrap()));
        let sandbox = Arc::new(Sandbox::new(Arc::new(demo_account()), clock.clone()));
        sandbox.set_number(number(LINE), set_up());
        Self {
            sandbox,
            clock,
            lines: vec![line(LINE)],
        }
    }

    fn setup(&self) -> Setup {
        let transport = Box::new(InProcess(self.sandbox.clone()));
        let credentials = self.sandbox.account().clone();
        Setup::new(transport, "https://api.twilio.com", credentials)
    }

    async fn looks(&self) -> Vec<Finding> {
        let setup = self.setup();
        let findings = judge(&facts::read(&setup, &self.lines, self.clock.now()).await);
        let most = 40 * self.lines.len();
        assert!(setup.requests() <= most, "{} requests", setup.requests());
        findings
    }

    /// What is not right.
    async fn wrong(&self) -> BTreeSet<(&'static str, Verdict)> {
        wrong(&self.looks().await)
    }

    fn change(&self, change: impl FnOnce(&mut Number)) {
        self.sandbox
            .change_setup(|account| change(account.numbers.get_mut(&number(LINE)).unwrap()));
    }

    fn service(&self, change: impl FnOnce(&mut Service)) {
        self.sandbox
            .change_setup(|account| change(account.services.values_mut().next().unwrap()));
    }
}

fn wrong(findings: &[Finding]) -> BTreeSet<(&'static str, Verdict)> {
    let wrong = findings.iter().filter(|f| f.verdict != Verdict::Right);
    wrong.map(|f| (f.check.id, f.verdict)).collect()
}

#[tokio::test]
async fn what_is_set_up_as_the_guide_says_is_right_and_looking_writes_nothing() {
    let account = Account::new();
    assert_eq!(account.wrong().await, BTreeSet::new());
    let count = account.sandbox.request_count();
    assert_eq!(count.writes, 0);
    assert!(count.reads <= 40, "{count:?}");
}

#[tokio::test]
async fn what_an_application_or_a_service_of_its_own_brings_is_right_too() {
    let account = Account::new();
    let application = Application {
        sms_url: set_up().sms_url,
        sms_fallback_url: set_up().sms_fallback_url,
        voice_url: set_up().voice_url,
        voice_fallback_url: set_up().voice_fallback_url,
        status_callback: set_up().status_callback,
        ..Application::default()
    };
    let sid = format!("AP{}", "1".repeat(32));
    account.sandbox.change_setup(|account| {
        account.applications.insert(sid.clone(), application);
    });
    account.change(|number| {
        number.sms_application_sid = Some(sid.clone());
        number.voice_application_sid = Some(sid);
        number.sms_url = None;
        number.voice_url = Some("https://old.example.net/voice".to_owned());
    });
    assert_eq!(account.wrong().await, BTreeSet::new());

    let account = Account::new();
    account.service(|service| {
        service.use_inbound_webhook_on_number = false;
        service.inbound_request_url = set_up().sms_url;
        service.fallback_url = set_up().sms_fallback_url;
    });
    account.change(|number| number.sms_url = None);
    assert_eq!(account.wrong().await, BTreeSet::new());
}

/// Ways in which a number can be set up wrong, and what finds them.
type Wrong = (&'static str, fn(&Account), &'static [&'static str]);

const WRONG: [Wrong; 11] = [
    (
        "nothing is set",
        |account| account.change(|number| *number = Number::default()),
        &["T08", "T10", "T14", "T25", "T26"],
    ),
    (
        "another system's",
        |account| account.change(|n| n.sms_url = Some("https://old.example.net/sms".to_owned())),
        &["T08"],
    ),
    (
        "GET",
        |account| account.change(|n| n.sms_method = Some("GET".to_owned())),
        &["T09"],
    ),
    (
        "no fallback",
        |account| account.change(|n| n.sms_fallback_url = None),
        &["T10"],
    ),
    (
        "no retries",
        |account| account.change(|n| n.sms_url = Some(format!("{URL}/twilio/sms"))),
        &["T11"],
    ),
    (
        "a service overrules",
        |account| {
            account.service(|s| {
                s.use_inbound_webhook_on_number = false;
                s.inbound_request_url = Some("https://old.example.net/sms".to_owned());
            });
        },
        &["T08", "T10"],
    ),
    (
        "a service drops texts, and the number has nothing",
        |account| {
            account.service(|s| s.use_inbound_webhook_on_number = false);
            account.change(|n| {
                n.sms_url = None;
                n.sms_fallback_url = None;
            });
        },
        &["T08", "T10"],
    ),
    (
        "calls by GET, elsewhere when that fails",
        |account| {
            account.change(|n| {
                n.voice_method = Some("GET".to_owned());
                n.voice_fallback_url = Some("https://old.example.net/v".to_owned());
            });
        },
        &["T14", "T25"],
    ),
    (
        "calls without time limits and retries",
        |account| account.change(|n| n.voice_url = Some(format!("{URL}/twilio/voice"))),
        &["T27"],
    ),
    (
        "the end of calls is told to others",
        |account| {
            account.change(|n| {
                n.status_callback = Some("https://old.example.net/end".to_owned());
                n.status_callback_method = Some("GET".to_owned());
            });
        },
        &["T26"],
    ),
    (
        "an application of another's",
        |account| {
            let sid = format!("AP{}", "2".repeat(32));
            let application = Application {
                sms_url: Some("https://old.example.net/sms".to_owned()),
                ..Application::default()
            };
            account.sandbox.change_setup(|account| {
                account.applications.insert(sid.clone(), application);
            });
            account.change(|n| n.sms_application_sid = Some(sid));
        },
        &["T08", "T10"],
    ),
];

#[tokio::test]
async fn what_can_be_put_right_is_and_back_again() {
    for (name, make, ids) in WRONG {
        let account = Account::new();
        make(&account);
        let before = account.sandbox.setup();
        let findings = account.looks().await;
        let found: Vec<_> = wrong(&findings).into_iter().map(|(id, _)| id).collect();
        assert_eq!(found, ids, "{name}");
        assert_eq!(account.sandbox.request_count().writes, 0, "{name}");

        let planned = plan(&findings);
        let record = Record::of(&planned, account.clock.now());
        carry_out(&account.setup(), &planned).await.unwrap();
        assert_eq!(account.wrong().await, BTreeSet::new(), "{name}");
        assert!(plan(&account.looks().await).is_empty(), "{name}");

        let kept: Record = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
        undo(&account.setup(), &kept).await.unwrap();
        assert_eq!(account.sandbox.setup(), before, "{name}");
        // A second time there is nothing to put back.
        let writes = account.sandbox.request_count().writes;
        undo(&account.setup(), &kept).await.unwrap();
        assert_eq!(account.sandbox.request_count().writes, writes, "{name}");
    }
}

#[tokio::test]
async fn a_fix_that_is_cut_off_at_any_request_goes_on_or_back() {
    for (name, make, _) in WRONG {
        for cut in 0..4 {
            let account = Account::new();
            make(&account);
            let before = account.sandbox.setup();
            let planned = plan(&account.looks().await);
            if cut >= planned.len() {
                continue;
            }
            let record = Record::of(&planned, account.clock.now());
            carry_out(&account.setup(), &planned[..cut]).await.unwrap();
            if cut % 2 == 0 {
                // The same plan again does what is left.
                carry_out(&account.setup(), &planned).await.unwrap();
                assert_eq!(account.wrong().await, BTreeSet::new(), "{name}, {cut}");
            }
            undo(&account.setup(), &record).await.unwrap();
            assert_eq!(account.sandbox.setup(), before, "{name}, {cut}");
        }
    }
}

#[tokio::test]
async fn what_somebody_else_changed_meanwhile_is_left_alone() {
    let account = Account::new();
    account.change(|n| n.sms_url = Some("https://old.example.net/sms".to_owned()));
    let planned = plan(&account.looks().await);
    assert_eq!(planned[0].takes_over.as_deref(), Some("old.example.net"));
    account.change(|n| n.sms_url = Some("https://newer.example.net/sms".to_owned()));
    let before = account.sandbox.setup();
    let failed = carry_out(&account.setup(), &planned).await;
    assert!(
        matches!(failed, Err(NotFixed::ChangedMeanwhile { .. })),
        "{failed:?}"
    );
    assert_eq!(account.sandbox.setup(), before);

    let account = Account::new();
    account.change(|n| n.sms_url = None);
    let planned = plan(&account.looks().await);
    let record = Record::of(&planned, account.clock.now());
    carry_out(&account.setup(), &planned).await.unwrap();
    account.change(|n| n.sms_url = Some("https://newer.example.net/sms".to_owned()));
    let before = account.sandbox.setup();
    let made = undo(&account.setup(), &record).await.unwrap();
    assert_eq!(made.written, 0);
    assert_eq!(made.left.len(), 1);
    assert_eq!(made.left[0].1, "SmsUrl");
    assert_eq!(account.sandbox.setup(), before);
}

#[tokio::test]
async fn an_undo_puts_back_all_fields_but_those_that_somebody_changed_since() {
    let account = Account::new();
    account.change(|n| *n = Number::default());
    let before = account.sandbox.setup();
    let planned = plan(&account.looks().await);
    let record = Record::of(&planned, account.clock.now());
    carry_out(&account.setup(), &planned).await.unwrap();
    let theirs = Some("https://newer.example.net/sms".to_owned());
    account.change(|n| n.sms_url = theirs.clone());
    let made = undo(&account.setup(), &record).await.unwrap();
    assert_eq!(made.written, planned.len() - 1);
    assert_eq!(made.left.len(), 1);
    account.change(|n| {
        assert_eq!(n.sms_url, theirs);
        n.sms_url = None;
    });
    assert_eq!(account.sandbox.setup(), before);
}

#[tokio::test]
async fn an_undo_changes_nothing_but_what_a_fix_can_change() {
    let account = Account::new();
    let sid = account.sandbox.account().account_sid.clone();
    let (message, other) = (
        format!("SM{}", "1".repeat(32)),
        format!("AC{}", "9".repeat(32)),
    );
    for (product, path) in [
        (
            "api",
            format!("/2010-04-01/Accounts/{sid}/Messages/{message}.json"),
        ),
        ("api", format!("/2010-04-01/Accounts/{sid}.json")),
        (
            "api",
            format!(
                "/2010-04-01/Accounts/{other}/IncomingPhoneNumbers/PN{}.json",
                "1".repeat(32)
            ),
        ),
        (
            "messaging",
            format!("/v1/Services/MG{}/PhoneNumbers", "1".repeat(32)),
        ),
        ("messaging", "/v1/Services/../Keys".to_owned()),
        ("iam", "/v1/Keys".to_owned()),
        ("evil", "/v1/Services".to_owned()),
    ] {
        let record = serde_json::json!({
            "version": 1,
            "at": "2026-11-29T14:02:11Z",
            "changes": [{"product": product, "path": path, "field": "Status", "before": "closed", "after": "active"}],
        });
        let record: Record = serde_json::from_value(record).unwrap();
        let refused = undo(&account.setup(), &record).await;
        let is_refused = match refused {
            Err(NotFixed::OtherAccount) => path.contains(&other),
            Err(NotFixed::NotOurs) => !path.contains(&other),
            _ => false,
        };
        assert!(is_refused, "{path}");
    }
    assert_eq!(account.sandbox.request_count().writes, 0);
}

#[tokio::test]
async fn once_it_is_right_a_text_comes_to_the_relay() {
    let account = Account::new();
    account.service(|s| s.use_inbound_webhook_on_number = false);
    account.change(|n| *n = Number::default());
    let planned = plan(&account.looks().await);
    carry_out(&account.setup(), &planned).await.unwrap();
    let text = relay::sandbox::Text::new("Is the boat ready?");
    let customer = relay::domain::phone::Sender::parse("+16195550107");
    account
        .sandbox
        .text(&customer, &number(LINE), text)
        .unwrap();
    let webhook = account.sandbox.due(account.clock.now()).remove(0);
    assert_eq!(webhook.url, format!("{URL}/twilio/sms"));
}
