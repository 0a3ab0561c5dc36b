//! What `relay explain` says of a call.

use relay::app::ports::store::{Calls as _, Saved};
use relay::domain::call::{Attestation, Caller, Event, LegStatus, LineCalls, NewCall, begin, step};
use relay::domain::ids::CallSid;
use relay::domain::line::Voice;
use relay::domain::phone::PhoneNumber;
use relay::domain::routing::Known;

use super::*;

#[tokio::test]
async fn a_call_of_which_nobody_was_told_is_explained() {
    let place = Place::new();
    let store = place.store().await;
    let mut line = relay::domain::line::config::example(4000).remove(0);
    line.voice = Some(Voice::default());
    let sid = CallSid::parse(&format!("CA{:032x}", 7)).unwrap();
    let new = NewCall {
        sid: sid.clone(),
        caller: Caller::Phone(PhoneNumber::parse("+16195550142").unwrap()),
        attestation: Attestation::A,
        place: None,
    };
    let now = "2026-11-20T18:00:00Z".parse().unwrap();
    let known = Known::default();
    let began = begin(&line, &known, &LineCalls::default(), new, now);
    let leg = Event::Progress {
        leg: 1,
        sid: CallSid::parse(&format!("CA{:032x}", 8)).unwrap(),
        status: LegStatus::Busy,
        sip: Some(486),
        seconds: None,
    };
    let mut call = step(&began.call, &began.live, leg, &line, &known, now)
        .unwrap()
        .call;
    call.version = 1;
    assert!(matches!(
        store.save_call(&call, None).await.unwrap(),
        Saved::Yes
    ));

    let told = place.relay(&["explain", sid.as_str()]).out();
    for said in [
        "A call to qdn, which is not over",
        "10:00:00  call from +1•••42 (attested A); no conversation; on duty: Sergio",
        "10:00:00  rang Sergio for up to 20 s",
        "10:00:00  Sergio was busy or declined, SIP 486",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
    let json = place.relay(&["explain", sid.as_str(), "--json"]).json();
    assert_eq!(
        (&json["line"], &json["call_sid"]),
        (&"qdn".into(), &sid.as_str().into())
    );
    let unknown = format!("CA{}", "0".repeat(32));
    assert_ne!(place.relay(&["explain", &unknown]).code(), 0);
}
