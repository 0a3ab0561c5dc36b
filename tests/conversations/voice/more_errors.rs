//! More of Twilio's errors: those that the sandbox does not find by itself, and those of the account, of callbacks
//! and of transcripts.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use relay::sandbox::{
    CallFault, CallTrouble, Fault, Injection, NewCall, Requests, Sandbox, Unchecked,
};
use relay::twilio::form::Form;
use relay::twilio::signature::{HEADER, Signed, sign};
use relay::twilio::voice::what_to_do;

use super::trouble::FALLBACK;
use super::*;
use crate::support::world::Between;

/// Has Twilio name another error to the requests whose path ends so.
struct Names {
    code: u32,
    path_ends: &'static str,
    sandbox: Arc<Sandbox>,
}

impl Between for Names {
    fn asked(&self, request: Request<Bytes>) -> Request<Bytes> {
        if !request.uri().path().ends_with(self.path_ends) {
            return request;
        }
        let (mut parts, body) = request.into_parts();
        let form = Form::parse(&body).expect("the sandbox's form");
        let others = form.without(&["ErrorCode"]);
        let code = self.code.to_string();
        let fields = others.fields().chain([("ErrorCode", code.as_str())]);
        let form = Form::from_fields(fields);
        let host = parts.headers["host"].to_str().expect("a host");
        let url = format!("https://{host}{}", parts.uri);
        let signature = sign(&self.sandbox.auth_token(), &url, Signed::Form(&form));
        let signature = signature.parse().expect("a header");
        parts.headers.insert(HEADER, signature);
        Request::from_parts(parts, form.encode().into())
    }

    fn answered(&self, _: &Request<Bytes>, document: String) -> String {
        document
    }
}

fn names(world: &World, code: u32, path_ends: &'static str) {
    let sandbox = Arc::clone(&world.sandbox);
    world.puts_between(Arc::new(Names {
        code,
        path_ends,
        sandbox,
    }));
}

/// DNS, TLS, a part behind the `#` that Twilio does not take, no content type, and documents that the sandbox does not
/// refuse in this way: Twilio turns to the fallback, the caller leaves a message, and people read of it once.
#[tokio::test]
async fn whatever_keeps_twilio_from_a_document_the_caller_leaves_a_message_with_the_fallback() {
    for code in [11210, 11220, 11243, 12300, 13311, 13615, 13617] {
        let world = world().await;
        names(&world, code, "/voice/fallback");
        world.faults.answer_late_at("/voice", 2);
        let call = world.customer().calls().await;
        call.until_the_tone().await;
        assert_eq!(call.heard(), FALLBACK, "{code}");
        world.take_kept_now().await;
        call.leaves_a_message(10).await;
        world.take_kept().await;
        later(&world).await;
        world.sergio().receives("Voicemail 0:10");
        world.backup().receives_nothing();
        world.owner().receives_nothing();
        assert!(what_to_do(code).is_some(), "{code}");
    }
}

/// A leg's document that Twilio cannot read ends the leg, with a fallback for legs and without: the next person rings.
#[tokio::test]
async fn a_leg_whose_document_dials_ends_and_the_next_person_rings() {
    struct Dials;
    impl Between for Dials {
        fn asked(&self, request: Request<Bytes>) -> Request<Bytes> {
            request
        }

        fn answered(&self, asked: &Request<Bytes>, document: String) -> String {
            if asked.uri().path().ends_with("/1/screen") {
                "<Response><Dial>+16195550111</Dial></Response>".to_owned()
            } else {
                document
            }
        }
    }
    for callee_falls_back in [false, true] {
        let world = world().await;
        world.sandbox.set_unchecked(Unchecked {
            callee_falls_back,
            ..Unchecked::default()
        });
        world.puts_between(Arc::new(Dials));
        let call = world.customer().calls().await;
        world.advance(seconds(3)).await;
        world.sergio().answers().await;
        let alerts = world.sandbox.alerts();
        assert_eq!(alerts[0].error_code, 13201, "{alerts:?}");
        world.advance(seconds(2)).await;
        assert!(world.backup().rings());
        assert_eq!(call.heard(), "");
        world.backup().takes_the_call().await;
        world.advance(seconds(30)).await;
        call.hangs_up().await;
        later(&world).await;
        world.backup().receives("with Backup");
        world.sergio().receives_nothing();
        world.owner().receives_nothing();
    }
}

/// Twilio follows ten redirects; then the caller hears its own error, and people read so.
#[tokio::test]
async fn a_caller_who_is_redirected_without_end_is_told_of() {
    struct Redirects;
    impl Between for Redirects {
        fn asked(&self, request: Request<Bytes>) -> Request<Bytes> {
            request
        }

        fn answered(&self, asked: &Request<Bytes>, document: String) -> String {
            let to = "https://relay.example.com/twilio/voice";
            match asked.uri().path() {
                "/twilio/voice" => format!("<Response><Redirect>{to}</Redirect></Response>"),
                _ => document,
            }
        }
    }
    let world = world().await;
    world.puts_between(Arc::new(Redirects));
    let call = world.customer().calls().await;
    world.advance(seconds(10)).await;
    let alerts = world.sandbox.alerts();
    assert!(alerts.iter().any(|it| it.error_code == 11215), "{alerts:?}");
    assert!(call.heard().contains("An application error has occurred"));
    later(&world).await;
    world.sergio().receives("Missed call 10:00 AM");
    world.backup().receives_nothing();
    assert!(what_to_do(11215).is_some());
}

/// The text about a message comes without the words that nobody could write down.
#[tokio::test]
async fn a_message_that_cannot_be_written_down_is_told_of_without_words() {
    for code in [13618, 13619, 13620] {
        let mut line = World::at(IN_HOURS).await.line.clone();
        line.voice.get_or_insert_default().voicemail.transcribe = true;
        let world = World::with(line, IN_HOURS).await;
        world.set_fallback_url();
        names(&world, code, "/transcribed");
        let fails = Fault::Call(CallFault {
            what: CallTrouble::NotTranscribed,
            url: None,
        });
        world.sandbox.inject(Injection::of(fails));
        for phone in [&world.line.people[0], &world.line.people[1]] {
            let how = relay::sandbox::TakesCalls::NoMailbox;
            world.sandbox.takes_calls(&phone.number, how);
        }
        let call = world.customer().calls().await;
        call.leaves_a_message(10).await;
        later(&world).await;
        let read = world.sergio().reads();
        assert!(read.contains("Voicemail 0:10"), "{code}: {read}");
        assert!(!read.contains("A machine heard"), "{code}: {read}");
        world.owner().receives_nothing();
        assert!(what_to_do(code).unwrap().contains("transcribed"), "{code}");
    }
}

/// Twilio gives up telling how a call ended: the relay asks, and people read of it.
#[tokio::test]
async fn of_a_call_whose_news_the_relay_did_not_take_twilio_is_asked() {
    let world = world().await;
    world.sandbox.set_unchecked(Unchecked {
        no_action_after_hang_up: true,
        ..Unchecked::default()
    });
    let fails = Fault::Call(CallFault {
        what: CallTrouble::LostCallback,
        url: Some("/voice/end".to_owned()),
    });
    world.sandbox.inject(Injection::of(fails));
    let call = world.customer().calls().await;
    world.advance(seconds(8)).await;
    call.hangs_up().await;
    world.advance(seconds(20)).await;
    world.sergio().receives_nothing();
    later(&world).await;
    world
        .sergio()
        .receives("Missed call 10:00 AM, rang Sergio.");
    world.backup().receives_nothing();
    assert!(what_to_do(15003).unwrap().contains("asks Twilio"));
}

/// The account, or the call, does not allow it: the person reads Twilio's error, and nobody is called.
#[tokio::test]
async fn a_call_that_the_account_cannot_make_is_told_with_its_error() {
    for code in [10003, 10004, 21219, 21220] {
        let world = world().await;
        world.customer().texts("Please call me").await;
        world.sergio().receives("Please call me");
        let fault = Fault::Refuse { status: 400, code };
        world
            .sandbox
            .inject(Injection::of(fault).on(Requests::CreateCall));
        world.sergio().texts("CALL 0107").await;
        world.sergio().receives(&format!(
            "0107 was not called: your phone could not be rung (error {code})."
        ));
        later(&world).await;
        assert_eq!(world.sandbox.calls().len(), 0, "{code}");
        assert!(what_to_do(code).is_some(), "{code}");
    }
}

/// The caller's network could not vouch for the number, which is no reason to refuse them.
#[tokio::test]
async fn a_caller_for_whom_their_network_does_not_vouch_rings_as_any() {
    let world = world().await;
    let new = NewCall {
        extra_fields: vec![("ErrorCode".to_owned(), "32021".to_owned())],
        ..NewCall::default()
    };
    let call = world.customer().calls_as(new).await;
    world.advance(seconds(3)).await;
    assert!(world.sergio().rings());
    call.hangs_up().await;
    later(&world).await;
    world.sergio().receives("Missed call");
    assert!(what_to_do(32021).unwrap().contains("nothing is to be done"));
}
