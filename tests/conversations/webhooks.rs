//! What comes to the webhooks that is not Twilio's, or not as it should be.

use bytes::Bytes;
use http::{Request, StatusCode};
use relay::app::ports::audit::HashKey;
use relay::domain::credentials::Secret;
use relay::sandbox::demo_account;
use relay::twilio::form::Form;
use relay::twilio::signature::{Signed, sign};

use crate::support::world::{IN_HOURS, World, minutes};

fn sid(prefix: &str) -> String {
    prefix.to_owned() + &"1".repeat(32)
}

fn fields(world: &World) -> Vec<(String, String)> {
    let account = &world.sandbox.account().account_sid;
    [
        ("MessageSid", sid("SM").as_str()),
        ("AccountSid", account),
        ("From", "+16195550107"),
        ("To", "+16195550100"),
        ("Body", "hello"),
        ("NumMedia", "0"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// A text's webhook as Twilio would make it, with these fields.
fn webhook(world: &World, fields: Vec<(String, String)>) -> http::request::Builder {
    signed(
        &world.sandbox.account().auth_token,
        "/twilio/sms",
        &Form::from_fields(fields),
    )
}

fn signed(token: &Secret, path: &str, form: &Form) -> http::request::Builder {
    let signature = sign(
        token,
        &format!("https://relay.example.com{path}"),
        Signed::Form(form),
    );
    Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", signature)
}

async fn status_of(
    world: &World,
    request: http::request::Builder,
    body: impl Into<Bytes>,
) -> StatusCode {
    world
        .answer(request.body(body.into()).unwrap())
        .await
        .status()
}

/// Nothing at all was kept or recorded.
async fn no_trace(world: &World) {
    let kept = world
        .relay()
        .store
        .inbound(&sid("SM").try_into().unwrap())
        .await
        .unwrap();
    assert_eq!(kept, None);
    assert_eq!(world.audit_text(), "");
    world.settle().await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_forged_or_unsigned_webhook_leaves_no_trace() {
    let world = World::at(IN_HOURS).await;
    let form = Form::from_fields(fields(&world));
    let mut tampered = fields(&world);
    tampered[4].1.push('!');
    let tampered = Form::from_fields(tampered).encode();

    let unsigned =
        Request::post("/twilio/sms").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(
        status_of(&world, unsigned, form.encode()).await,
        StatusCode::FORBIDDEN
    );
    let forged = signed(&Secret::new("guess"), "/twilio/sms", &form);
    assert_eq!(
        status_of(&world, forged, form.encode()).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        status_of(&world, webhook(&world, fields(&world)), tampered).await,
        StatusCode::FORBIDDEN
    );
    no_trace(&world).await;
}

#[tokio::test]
async fn the_host_of_the_request_does_not_matter_but_the_path_does() {
    let world = World::at(IN_HOURS).await;
    let form = Form::from_fields(fields(&world));
    let elsewhere = webhook(&world, fields(&world)).header("host", "internal:4000");
    assert_eq!(
        status_of(&world, elsewhere, form.encode()).await,
        StatusCode::OK
    );
    world.advance(crate::support::world::seconds(5)).await;
    world.sergio().receives("hello");
    let other_path = webhook(&world, fields(&world)).uri("/twilio/sms?x=1");
    assert_eq!(
        status_of(&world, other_path, form.encode()).await,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn what_is_no_form_of_one_meaning_is_refused() {
    let world = World::at(IN_HOURS).await;
    let cases: [(&[u8], StatusCode); 3] = [
        (b"To=%2B16195550100&Body=%FF", StatusCode::BAD_REQUEST),
        (b"To=%2B16195550100&Body=a&Body=b", StatusCode::BAD_REQUEST),
        (&[b'a'; 64 * 1024 + 1], StatusCode::PAYLOAD_TOO_LARGE),
    ];
    for (body, status) in cases {
        let request = webhook(&world, fields(&world));
        assert_eq!(status_of(&world, request, body.to_vec()).await, status);
    }
    let json = Request::post("/twilio/sms")
        .header("content-type", "application/json")
        .header("x-twilio-signature", "x");
    assert_eq!(
        status_of(&world, json, "{}").await,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    no_trace(&world).await;
}

#[tokio::test]
async fn an_unknown_line_or_account_is_refused() {
    let world = World::at(IN_HOURS).await;
    for (field, value) in [(3, "+16195550199".to_owned()), (1, sid("AC"))] {
        let mut fields = fields(&world);
        fields[field].1 = value;
        let body = Form::from_fields(fields.clone()).encode();
        assert_eq!(
            status_of(&world, webhook(&world, fields), body).await,
            StatusCode::FORBIDDEN
        );
    }
    no_trace(&world).await;
}

#[tokio::test]
async fn news_of_an_unknown_or_foreign_delivery_is_refused() {
    let world = World::at(IN_HOURS).await;
    let form = Form::from_fields([
        ("MessageSid", sid("SM").as_str()),
        ("MessageStatus", "delivered"),
    ]);
    let token = &world.sandbox.account().auth_token;
    for path in [
        "/twilio/status/in-nobody/1",
        "/twilio/status/in-nobody",
        "/twilio/status//x",
        "/twilio/status",
    ] {
        let status = status_of(&world, signed(token, path, &form), form.encode()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn neither_log_nor_audit_tells_a_number_or_a_body() {
    let world = World::at(IN_HOURS).await;
    world.customer().texts("my secret is hunter2").await;
    world.sergio().receives("hunter2");
    let audit = world.audit_text();
    assert!(audit.contains("decision") && audit.contains("+1•••07"));
    for private in ["hunter2", "6195550107", "6195550110"] {
        assert!(!audit.contains(private), "{private}");
    }
    // Whoever has the audit knows or guesses the account's SID, which stands in every URL.
    let records = world.audit();
    let who = records
        .iter()
        .find_map(|record| record.from.clone())
        .unwrap();
    let guess = HashKey::new(demo_account().account_sid.as_bytes());
    let guess = guess.who("+16195550107", who.masked.clone());
    assert_ne!((guess.hash, guess.key), (who.hash, who.key));
}

#[tokio::test]
async fn once_a_lines_url_is_known_a_forged_webhook_reads_nothing() {
    let world = World::at(IN_HOURS).await;
    world.customer().texts("hello").await;
    world.sergio().receives("hello");
    world.faults.break_store();
    let forged = |world: &World| {
        let form = Form::from_fields(fields(world));
        let request = signed(&Secret::new("x".repeat(32)), "/twilio/sms", &form);
        (request, form.encode())
    };
    let (request, body) = forged(&world);
    let answer = status_of(&world, request, body).await;
    assert_eq!(answer, StatusCode::FORBIDDEN);
    // What was read of the line is believed for a minute.
    world.advance(minutes(1)).await;
    let (request, body) = forged(&world);
    let answer = status_of(&world, request, body).await;
    assert_eq!(answer, StatusCode::SERVICE_UNAVAILABLE);
    world.faults.repair_store();
}
