//! Texts that come by the fallback URL because the main path did not take them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use relay::adapters::files::kept_texts::SpoolFile;
use relay::app::inbound_fallback;
use relay::app::ports::audit::{Kind, Record};
use relay::app::ports::credentials::{CredentialsSource, RefreshReason};
use relay::app::ports::kept_texts::{FallbackContext, Peer};
use relay::clock::ManualClock;
use relay::domain::credentials::Credentials;
use relay::domain::duty::{Override, Presence};
use relay::domain::ids::message_sid::MessageSid;
use relay::hosts::server::kept::Left;
use relay::sandbox::{Text, demo_account};
use relay::twilio::form::Form;
use relay::twilio::signature::{Signed, sign};

use crate::support::world::{IN_HOURS, World, minutes};

async fn with_fallback() -> World {
    let world = World::at(IN_HOURS).await;
    world.set_fallback_url();
    world
}

fn decision(world: &World, sid: &MessageSid) -> Record {
    let records = world.audit().into_iter();
    let mut decisions = records
        .filter(|record| record.message_sid.as_ref() == Some(sid) && record.kind == Kind::Decision);
    decisions.next_back().expect("a decision")
}

#[tokio::test]
async fn a_text_that_comes_while_the_store_is_down_reaches_sergio_once_it_is_back() {
    let world = with_fallback().await;
    world.faults.break_store();
    let sid = world.customer().texts("Is anybody there?").await;
    assert_eq!(world.answers(), [503, 200]);
    assert_eq!(world.kept(), 1);
    for _ in 0..3 {
        assert_eq!(world.take_kept().await, Left::Failed);
    }
    world.sergio().receives_nothing();

    world.faults.repair_store();
    assert_eq!(world.take_kept().await, Left::Nothing);
    world.sergio().receives("Is anybody there?");
    world.advance(minutes(5)).await;
    world.sergio().receives_nothing();
    world.backup().receives_nothing();

    let record = decision(&world, &sid);
    let by = record.fallback.expect("the audit says how it came");
    assert_eq!(by.error_code, Some(11200));
    assert!(by.received < record.at, "{by:?}, decided {}", record.at);
    let stored = world.relay().store.inbound(&sid).await.unwrap().unwrap();
    assert_eq!(stored.received, by.received);
    assert!(!world.audit_text().contains("anybody"));
}

#[tokio::test]
async fn whoever_is_on_duty_when_the_store_is_back_gets_the_text() {
    let world = with_fallback().await;
    world.faults.break_store();
    world.customer().texts("late is better than never").await;
    world.advance(minutes(60)).await;
    world.faults.repair_store();
    let away = Override {
        presence: Presence::Away,
        until: None,
    };
    world.set_override("Sergio", away).await;
    world.take_kept().await;
    world.backup().receives("late is better than never");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_text_whose_answer_came_too_late_for_twilio_is_sent_once() {
    let world = with_fallback().await;
    world.faults.late_answers.store(1, Ordering::SeqCst);
    let sid = world.customer().texts("once").await;
    assert_eq!(world.kept(), 1);
    world.sergio().receives("once");
    assert_eq!(world.take_kept().await, Left::Nothing);
    world.advance(minutes(5)).await;
    world.sergio().receives_nothing();
    let repeated = world
        .audit()
        .into_iter()
        .find(|record| record.kind == Kind::Duplicate)
        .expect("the audit says that it came again");
    assert_eq!(repeated.message_sid, Some(sid));
    assert_eq!(repeated.fallback.unwrap().error_code, Some(11205));
}

#[tokio::test]
async fn a_text_that_twilio_brings_to_the_fallback_twice_is_sent_once() {
    let world = with_fallback().await;
    world.faults.break_store();
    world.customer().sends(Text::new("once").copies(2)).await;
    assert_eq!(world.kept(), 2);
    world.faults.repair_store();
    world.take_kept().await;
    world.sergio().receives("once");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn texts_keep_their_order_and_survive_a_restart() {
    let mut world = with_fallback().await;
    world.faults.break_store();
    for body in ["one", "two", "three"] {
        world.customer().texts(body).await;
    }
    world.restart().await;
    world.faults.repair_store();
    world.take_kept().await;
    for body in ["one", "two", "three"] {
        world.sergio().receives(body);
    }
}

/// A request to the fallback URL, signed with a token.
fn request(fields: &[(&str, &str)], token: &str) -> http::Request<bytes::Bytes> {
    signed_for("https://relay.example.com/twilio/fallback", fields, token)
}

fn signed_for(url: &str, fields: &[(&str, &str)], token: &str) -> http::Request<bytes::Bytes> {
    let form = Form::from_fields(fields.iter().copied());
    let signature = sign(
        &relay::domain::credentials::Secret::new(token),
        url,
        Signed::Form(&form),
    );
    http::Request::post("/twilio/fallback")
        .header("host", "relay.example.com")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", signature)
        .body(form.encode().into())
        .unwrap()
}

#[tokio::test]
async fn what_is_not_twilios_or_no_text_is_refused_and_not_kept() {
    let world = with_fallback().await;
    let account = demo_account();
    let (id, token) = (account.account_sid.as_str(), account.auth_token.expose());
    let sid = "SM".to_owned() + &"0".repeat(32);
    let other = "AC".to_owned() + &"9".repeat(32);
    let whole = [("MessageSid", sid.as_str()), ("AccountSid", id)];
    let url = "https://relay.example.com/twilio/sms";
    let evil = "https://evil.example.com/twilio/sms";

    let unsigned = {
        let mut request = request(&whole, token);
        request.headers_mut().remove("x-twilio-signature");
        request
    };
    let not_a_form = {
        let mut request = request(&whole, token);
        let json = "application/json".parse().unwrap();
        request.headers_mut().insert("content-type", json);
        request
    };
    let large = "x".repeat(64 * 1024);
    for (status, request) in [
        (403, request(&whole, "guessed")),
        (
            403,
            request(&[whole[0], whole[1], ("ErrorUrl", url)], "guessed"),
        ),
        (
            403,
            request(&[whole[0], whole[1], ("ErrorUrl", evil)], "guessed"),
        ),
        (403, request(&[whole[0], ("AccountSid", &other)], token)),
        (403, unsigned),
        (415, not_a_form),
        (400, request(&whole[1..], token)),
        (413, request(&[whole[0], whole[1], ("Body", &large)], token)),
    ] {
        assert_eq!(world.answer(request).await.status(), status);
    }
    assert_eq!(world.kept(), 0);
}

#[tokio::test]
async fn the_largest_form_is_kept() {
    let world = with_fallback().await;
    let account = demo_account();
    let sid = "SM".to_owned() + &"0".repeat(32);
    // Each of them takes three bytes in the form, and just as many in what is kept.
    let padding = "é".repeat(10_000);
    let fields = [
        ("MessageSid", sid.as_str()),
        ("AccountSid", &account.account_sid),
        ("From", "+16195550107"),
        ("To", "+16195550100"),
        ("Body", "all of it"),
        ("Padding", &padding),
    ];
    let response = world
        .answer(request(&fields, account.auth_token.expose()))
        .await;
    assert_eq!(
        (response.status().as_u16(), response.body().as_str()),
        (200, relay::twilio::twiml::EMPTY)
    );
    world.take_kept().await;
    world.sergio().receives("all of it");
}

#[tokio::test]
async fn what_twilio_signed_for_another_address_is_put_aside_and_reaches_nobody() {
    let world = with_fallback().await;
    let account = demo_account();
    let sid = "SM".to_owned() + &"0".repeat(32);
    let fields = [
        ("MessageSid", sid.as_str()),
        ("AccountSid", &account.account_sid),
        ("From", "+16195550107"),
        ("To", "+16195550100"),
        ("Body", "meant for somebody else"),
        ("ErrorUrl", "https://other.example.com/twilio/sms"),
    ];
    let url = "https://other.example.com/twilio/fallback";
    let request = signed_for(url, &fields, account.auth_token.expose());
    assert_eq!(world.answer(request).await.status(), 200);
    assert_eq!(world.kept(), 1);
    world.take_kept().await;
    assert_eq!(world.kept(), 0);
    let sid = MessageSid::parse(&sid).unwrap();
    assert_eq!(world.relay().store.inbound(&sid).await.unwrap(), None);
    world.sergio().receives_nothing();
    world.backup().receives_nothing();
}

/// Credentials that cannot be read at the moment.
struct Stale;

#[async_trait::async_trait]
impl CredentialsSource for Stale {
    async fn current(&self) -> anyhow::Result<Arc<Credentials>> {
        anyhow::bail!("the credentials are too old")
    }

    async fn newer(&self, _: &Credentials, _: RefreshReason) -> Option<Arc<Credentials>> {
        None
    }
}

/// A text of this number with a signature that nobody can check, as it comes from this address.
fn unchecked(n: u32, from: &str, words: &str, address: &str) -> http::Request<bytes::Bytes> {
    let from = from.replace('+', "%2B");
    // As they are, not as forms have them: what is kept has three bytes for each.
    let body = format!("MessageSid=SM{n:032x}&From={from}&To=%2B16195550100&Body={words}");
    let mut request = request(&[], "guessed");
    *request.body_mut() = body.into();
    let peer = Peer(address.parse().unwrap());
    request.extensions_mut().insert(peer);
    request
}

#[tokio::test]
async fn a_flood_that_nobody_can_check_leaves_room_for_a_real_text() {
    let account = demo_account();
    // 349 of these were all of the 64 MiB.
    let large = "\u{1}".repeat(65_000);
    let middle = "x".repeat(4_000);
    for (words, many_numbers, address) in [
        (&large, true, "203.0.113.9"),
        (&middle, true, "203.0.113.9"),
        (&middle, false, "127.0.0.1"),
        (&middle, true, "127.0.0.1"),
        (&large, true, "127.0.0.1"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let kept = SpoolFile::open(&folder.path().join("kept-texts.jsonl")).unwrap();
        let clock = Arc::new(ManualClock::at(IN_HOURS.parse().unwrap()));
        let mut context = FallbackContext {
            spool: Arc::new(kept.clone()),
            room: Arc::default(),
            credentials: Arc::new(Stale),
            clock: clock.clone(),
        };
        let mut refused = 0;
        for n in 0..349 {
            let from = format!("+1858555{:04}", if many_numbers { n } else { 0 });
            let request = unchecked(n, &from, words, address);
            let status = inbound_fallback::handle(&context, request).await.status();
            assert!(status == 200 || status == 503, "{status}");
            refused += u32::from(status == 503);
        }
        let kept = std::fs::metadata(folder.path().join("kept-texts.jsonl")).unwrap();
        assert!(kept.len() < 9 * 1024 * 1024, "{}", kept.len());
        assert!(refused > 0 || words.len() < 5_000 && many_numbers);
        // A customer's, brought by Twilio from another address or by the same proxy.
        let twilio = if address == "127.0.0.1" {
            address
        } else {
            "198.51.100.7"
        };
        let real = unchecked(1000, "+16195550107", "Is the boat ready?", twilio);
        let answer = inbound_fallback::handle(&context, real).await;
        assert_eq!(answer.status(), 200, "{many_numbers} {address}");
        // One that can be checked has room whatever came.
        context.credentials = Arc::new(Arc::new(demo_account()));
        let fields = [
            ("MessageSid", "SM0000000000000000000000000000ffff"),
            ("AccountSid", &account.account_sid),
            ("Body", &middle),
        ];
        let genuine = request(&fields, account.auth_token.expose());
        assert_eq!(
            inbound_fallback::handle(&context, genuine).await.status(),
            200
        );
    }
}
