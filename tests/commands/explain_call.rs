//! What `relay explain` says of a call.

use relay::app::ports::store::{Calls as _, Saved};
use relay::domain::call::{
    Attestation, CallOut, Caller, Event, LegStatus, LineCalls, NewCall, begin, call_out, step,
};
use relay::domain::ids::CallSid;
use relay::domain::ids::message_sid::MessageSid;
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
        code: Some(13227),
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
        "10:00:00  Sergio was busy or declined, SIP 486, error 13227",
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

#[tokio::test]
async fn a_call_that_a_person_made_is_told_as_theirs() {
    let place = Place::new();
    let store = place.store().await;
    let line = relay::domain::line::config::example(4000).remove(0);
    let text = MessageSid::parse(&format!("SM{:032x}", 3)).unwrap();
    let sid = CallSid::of_text(&text).unwrap();
    let customer = PhoneNumber::parse("+16195550142").unwrap();
    let new = CallOut {
        sid: &sid,
        text: &text,
        person: &line.people[0],
        customer: &customer,
    };
    let now = "2026-11-20T18:00:00Z".parse().unwrap();
    let begun = call_out(&line, &Known::default(), &LineCalls::default(), new, now);
    let mut call = begun.call;
    call.version = 1;
    assert!(matches!(
        store.save_call(&call, None).await.unwrap(),
        Saved::Yes
    ));
    let told = place.relay(&["explain", sid.as_str()]).out();
    for said in [
        "A call of Sergio for qdn, which is not over",
        "Sergio asked by text to call +1•••42",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
    let json = place.relay(&["explain", sid.as_str(), "--json"]).json();
    assert_eq!(json["called_by"], "Sergio");
}
