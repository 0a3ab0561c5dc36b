//! Twilio's errors of calls: for each, what the caller hears and what people read.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::Request;
use relay::sandbox::{CallFault, CallTrouble, Fault, Injection};
use relay::twilio::voice::what_to_do;

use super::trouble::FALLBACK;
use super::*;
use crate::support::world::Between;

/// The person cannot be rung. Source of the codes: Twilio, "Error and warning dictionary".
const OF_A_LEG: [u32; 12] = [
    13214, 13223, 13224, 13225, 13226, 13227, 21210, 21215, 21216, 32017, 32203, 32224,
];

/// The caller hears it ring on, and the next person takes the call. The second time within an hour the owner reads
/// whose phone it is.
#[tokio::test]
async fn whatever_keeps_a_person_from_being_rung_the_next_one_rings_and_the_owner_hears_of_it() {
    for code in OF_A_LEG {
        let world = world().await;
        for n in 1..=2 {
            let failed = Fault::Call(CallFault {
                what: CallTrouble::Failed { code },
                url: None,
            });
            let to = world.line.people[0].number.clone();
            world.sandbox.inject(Injection::of(failed).to(&to).times(1));
            // Another customer each time: the backup has the first one from then on.
            let caller = world.phone(&format!("+1619555012{n}"));
            let call = caller.calls().await;
            world.advance(seconds(2)).await;
            assert!(world.backup().rings(), "{code}");
            assert_eq!(call.heard(), "", "{code}");
            world.backup().takes_the_call().await;
            world.advance(seconds(30)).await;
            call.hangs_up().await;
            world.advance(minutes(1)).await;
            world.backup().receives("with Backup");
        }
        later(&world).await;
        world.owner().receives("Sergio's phone cannot be rung");
        assert!(what_to_do(code).is_some(), "{code}");
    }
}

/// Has the relay answer the first request of each call with something else.
struct Answers(String);

impl Between for Answers {
    fn asked(&self, request: Request<Bytes>) -> Request<Bytes> {
        request
    }

    fn answered(&self, asked: &Request<Bytes>, document: String) -> String {
        match asked.uri().path() {
            "/twilio/voice" => self.0.clone(),
            _ => document,
        }
    }
}

fn response(verbs: &str) -> String {
    format!("<Response>{verbs}</Response>")
}

/// A caller who reached the fallback leaves a message, which people read of once.
async fn leaves_a_message_with_the_fallback(world: &World, code: u32) {
    let call = world.customer().calls().await;
    call.until_the_tone().await;
    assert_eq!(call.heard(), FALLBACK, "{code}");
    let alerts = world.sandbox.alerts();
    assert!(
        alerts.iter().any(|it| it.error_code == code),
        "{code}: {alerts:?}"
    );
    world.take_kept_now().await;
    call.leaves_a_message(10).await;
    world.take_kept().await;
    later(world).await;
    world.sergio().receives("Voicemail 0:10");
    world.backup().receives_nothing();
    world.owner().receives_nothing();
    assert!(what_to_do(code).is_some(), "{code}");
}

#[tokio::test]
async fn a_caller_whose_document_twilio_cannot_read_leaves_a_message_with_the_fallback() {
    let gather = |attribute: &str| response(&format!("<Gather {attribute}><Say>Hi</Say></Gather>"));
    let record = |attribute: &str| response(&format!("<Record {attribute}/>"));
    let dial = |attribute: &str| response(&format!("<Dial {attribute}>+16195550111</Dial>"));
    for (code, document) in [
        (
            11750,
            response(&format!("<Say>{}</Say>", "x".repeat(65 * 1024))),
        ),
        (12100, "<Response>".to_owned()),
        (12102, "<Answer/>".to_owned()),
        (12200, response("<Ring/>")),
        (13212, dial("timeout=\"4\"")),
        (13216, dial("timeLimit=\"0\"")),
        (13310, gather("finishOnKey=\"x\"")),
        (13312, gather("method=\"GET\"")),
        (13313, gather("timeout=\"0\"")),
        (13314, gather("numDigits=\"0\"")),
        (13610, record("method=\"GET\"")),
        (13611, record("timeout=\"0\"")),
        (13612, record("maxLength=\"0\"")),
        (13613, record("finishOnKey=\"x\"")),
        (13614, record("transcribe=\"perhaps\"")),
        (13616, record("playBeep=\"perhaps\"")),
    ] {
        let world = world().await;
        world.puts_between(Arc::new(Answers(document)));
        leaves_a_message_with_the_fallback(&world, code).await;
    }
}

#[tokio::test]
async fn a_caller_whom_the_relay_does_not_answer_leaves_a_message_with_the_fallback() {
    // The first time and once more.
    type Fails = fn(&World);
    let fails: [(u32, Fails); 2] = [
        (11200, |world| world.faults.reads.store(2, Ordering::SeqCst)),
        (11205, |world| world.faults.answer_late_at("/voice", 2)),
    ];
    for (code, fails) in fails {
        let world = world().await;
        fails(&world);
        leaves_a_message_with_the_fallback(&world, code).await;
    }
}

/// Without a fallback the caller hears Twilio's own error, and people read so once the relay looks.
#[tokio::test]
async fn a_caller_who_hears_twilios_error_is_told_of_as_a_missed_call() {
    let world = World::at(IN_HOURS).await;
    world.puts_between(Arc::new(Answers("<Response>".to_owned())));
    let call = world.customer().calls().await;
    world.advance(seconds(10)).await;
    assert!(!call.goes_on());
    assert!(call.heard().contains("An application error has occurred"));
    later(&world).await;
    world.sergio().receives("Missed call 10:00 AM");
}
