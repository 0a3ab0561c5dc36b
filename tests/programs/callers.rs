//! Requests of programs over HTTP: whose they are, when they were made, and that none comes twice.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use relay::app::outbound_notifier::auth::{
    CALLER_HEADER, Denied, SIGNATURE_HEADER, TIMESTAMP_HEADER, Unverified, Verified, sign,
};
use relay::app::ports::credentials::CredentialsSource;
use relay::domain::credentials::{Action, Callers};
use relay::domain::credentials::{Credentials, Secret};
use relay::sandbox::demo_account;

use crate::support::memory::MemoryStore;

const PATH: &str = "/v1/notices?dry=1";
const BODY: &str = r#"{"topic": "Zurek – April"}"#;

fn now() -> Timestamp {
    "2026-04-29T18:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn key(c: char) -> Secret {
    Secret::new(c.to_string().repeat(43))
}

/// `crew` signs with c and signed with o before; `reader` may only read.
fn credentials() -> Arc<Credentials> {
    let crew = format!("invitations:{}:{}", key('c').expose(), key('o').expose());
    let values = [
        ("RELAY_CALLER_CREW", Secret::new(crew)),
        (
            "RELAY_CALLER_APPS_SCRIPT",
            Secret::new(format!("notices:{}", key('a').expose())),
        ),
        (
            "RELAY_CALLER_READER",
            Secret::new(format!("read:{}", key('r').expose())),
        ),
    ];
    let callers = Callers::among(values.iter().map(|(name, value)| (*name, value)));
    Arc::new(Credentials {
        callers,
        ..demo_account()
    })
}

/// A request as `caller` signs it at `at` (seconds since 1970, as text).
fn signed(caller: &str, key: &Secret, at: &str) -> Request<Bytes> {
    let signature = sign(key, at, "POST", PATH, BODY.as_bytes());
    Request::post(PATH)
        .header(CALLER_HEADER, caller)
        .header(TIMESTAMP_HEADER, at)
        .header(SIGNATURE_HEADER, signature)
        .body(Bytes::from(BODY))
        .unwrap()
}

fn seconds(at: Timestamp) -> String {
    at.as_second().to_string()
}

async fn admitted(
    store: &MemoryStore,
    request: Request<Bytes>,
    action: Action,
    at: Timestamp,
) -> Result<Verified, Denied> {
    let credentials = credentials();
    let source: &dyn CredentialsSource = &credentials;
    let signed = Unverified::read(request)?;
    let signed = signed.verify_by(source, &credentials, at).await?;
    signed.admit(action, store, at).await
}

async fn notice(request: Request<Bytes>) -> Result<Verified, Denied> {
    admitted(&MemoryStore::default(), request, Action::Notices, now()).await
}

#[tokio::test]
async fn a_request_that_is_signed_comes_in_with_its_body() {
    let request = signed("apps-script", &key('a'), &seconds(now()));
    let verified = notice(request).await.unwrap();
    assert_eq!(
        (verified.caller.as_str(), &verified.body[..]),
        ("apps-script", BODY.as_bytes())
    );
}

#[tokio::test]
async fn a_key_that_was_replaced_is_accepted_as_long_as_it_stands_there() {
    for c in ['c', 'o'] {
        let request = signed("crew", &key(c), &seconds(now()));
        let store = MemoryStore::default();
        let verified = admitted(&store, request, Action::Invitations, now()).await;
        assert_eq!(verified.unwrap().caller, "crew");
    }
}

#[tokio::test]
async fn whatever_is_changed_on_the_way_makes_it_a_forgery() {
    let genuine = || signed("apps-script", &key('a'), &seconds(now()));
    let changed = |change: &dyn Fn(&mut Request<Bytes>)| {
        let mut request = genuine();
        change(&mut request);
        request
    };
    let other = seconds(after(1));
    let forgeries = [
        changed(&|r| *r.body_mut() = Bytes::from(BODY.replace("April", "May"))),
        changed(&|r| *r.uri_mut() = "/v1/notices".parse().unwrap()),
        changed(&|r| *r.uri_mut() = "/v1/invitations?dry=1".parse().unwrap()),
        changed(&|r| *r.method_mut() = http::Method::DELETE),
        changed(&|r| {
            drop(
                r.headers_mut()
                    .insert(TIMESTAMP_HEADER, other.parse().unwrap()),
            )
        }),
        changed(&|r| {
            drop(
                r.headers_mut()
                    .insert(CALLER_HEADER, "crew".parse().unwrap()),
            )
        }),
        changed(&|r| {
            drop(
                r.headers_mut()
                    .insert(CALLER_HEADER, "nobody".parse().unwrap()),
            )
        }),
        signed("apps-script", &key('x'), &seconds(now())),
        signed("nobody", &Secret::new(""), &seconds(now())),
    ];
    for forgery in forgeries {
        let denied = notice(forgery).await.unwrap_err();
        assert!(matches!(denied, Denied::Forged), "{denied:?}");
    }
    assert!(notice(genuine()).await.is_ok());
}

#[tokio::test]
async fn a_header_that_is_missing_or_there_twice_is_named() {
    for name in [CALLER_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER] {
        let mut without = signed("apps-script", &key('a'), &seconds(now()));
        without.headers_mut().remove(name);
        let mut twice = signed("apps-script", &key('a'), &seconds(now()));
        let value = twice.headers()[name].clone();
        twice.headers_mut().append(name, value);
        for request in [without, twice] {
            let denied = notice(request).await.unwrap_err();
            assert!(
                matches!(denied, Denied::Unsigned(missing) if missing == name),
                "{denied:?}"
            );
        }
    }
    let mut short = signed("apps-script", &key('a'), &seconds(now()));
    short
        .headers_mut()
        .insert(SIGNATURE_HEADER, "00ff".parse().unwrap());
    assert!(matches!(
        notice(short).await,
        Err(Denied::Unsigned(SIGNATURE_HEADER))
    ));
}

#[tokio::test]
async fn the_clocks_may_be_five_minutes_apart() {
    for (apart, comes_in) in [
        (0, true),
        (300, true),
        (-300, true),
        (301, false),
        (-301, false),
    ] {
        let request = signed("apps-script", &key('a'), &seconds(after(apart)));
        match notice(request).await {
            Ok(_) => assert!(comes_in, "{apart}"),
            Err(Denied::OtherTime { now: told }) => assert!(!comes_in && told == now(), "{apart}"),
            Err(denied) => panic!("{denied:?}"),
        }
    }
}

#[tokio::test]
async fn a_request_that_comes_twice_is_let_in_once() {
    let store = MemoryStore::default();
    let at = seconds(after(-30)) + ".25";
    let again = || signed("apps-script", &key('a'), &at);
    assert!(
        admitted(&store, again(), Action::Notices, now())
            .await
            .is_ok()
    );
    for later in [0, 1, 269] {
        let denied = admitted(&store, again(), Action::Notices, after(later)).await;
        assert!(matches!(denied, Err(Denied::Replayed)), "{later}");
    }
    let mut shouted = again();
    let signature = shouted.headers()[SIGNATURE_HEADER]
        .to_str()
        .unwrap()
        .to_uppercase();
    shouted
        .headers_mut()
        .insert(SIGNATURE_HEADER, signature.parse().unwrap());
    let denied = admitted(&store, shouted, Action::Notices, after(2)).await;
    assert!(
        matches!(denied, Err(Denied::Replayed)),
        "written in another way"
    );
    // When the memory of it ends, its time is over.
    let denied = admitted(&store, again(), Action::Notices, after(271)).await;
    assert!(matches!(denied, Err(Denied::OtherTime { .. })));
}

#[tokio::test]
async fn a_caller_does_what_it_may_and_nothing_else() {
    for (caller, c, action, may) in [
        ("apps-script", 'a', Action::Notices, true),
        ("apps-script", 'a', Action::Read, true),
        ("apps-script", 'a', Action::Invitations, false),
        ("reader", 'r', Action::Read, true),
        ("reader", 'r', Action::Notices, false),
    ] {
        let request = signed(caller, &key(c), &seconds(now()));
        match admitted(&MemoryStore::default(), request, action, now()).await {
            Ok(_) => assert!(may, "{caller} {action:?}"),
            Err(Denied::NotAllowed(denied)) => assert!(!may && denied == action),
            Err(denied) => panic!("{denied:?}"),
        }
    }
}

#[tokio::test]
async fn a_caller_that_asks_too_often_waits_and_nobody_waits_with_it() {
    let store = MemoryStore::default();
    let ask = async |n: u32, at: Timestamp| {
        let stamp = format!("{}.{n:03}", at.as_second());
        let request = signed("apps-script", &key('a'), &stamp);
        admitted(&store, request, Action::Notices, at).await
    };
    for n in 0..20 {
        assert!(ask(n, now()).await.is_ok(), "{n}");
    }
    let Err(Denied::TooOften { after: wait }) = ask(20, now()).await else {
        panic!("the twenty-first at once");
    };
    let other = signed("reader", &key('r'), &seconds(now()));
    assert!(admitted(&store, other, Action::Read, now()).await.is_ok());
    let later = after(i64::try_from(wait).unwrap());
    assert!(ask(21, later).await.is_ok(), "after as long as it was told");
    assert!(ask(22, later).await.is_err(), "one each second");
}

#[test]
fn nothing_that_is_denied_says_what_came() {
    let mut request = signed("apps-script", &key('a'), "1777507200");
    request
        .headers_mut()
        .insert(TIMESTAMP_HEADER, "hunter2".parse().unwrap());
    let denied = Unverified::read(request).err().unwrap();
    assert!(!format!("{denied} {denied:?}").contains("hunter2"));
}
