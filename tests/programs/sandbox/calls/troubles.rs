//! What goes wrong with calls on purpose, and what nobody could check about Twilio.

use relay::sandbox::{CallFault, CallTrouble, Fault, Injection, Unchecked};

use super::*;

impl Line {
    fn suffers(&self, what: CallTrouble, url: &str) {
        let url = (!url.is_empty()).then(|| url.to_owned());
        let fault = Fault::Call(CallFault { what, url });
        self.world.sandbox.inject(Injection::of(fault));
    }
}

fn unchecked(change: impl FnOnce(&mut Unchecked)) -> Line {
    let line = Line::with_relay();
    let mut facts = Unchecked::default();
    change(&mut facts);
    line.world.sandbox.set_unchecked(facts);
    line
}

#[test]
fn an_answer_that_is_lost_or_too_late_is_asked_for_again() {
    for trouble in [
        CallTrouble::LostAnswer,
        CallTrouble::SlowAnswer { ms: 7000 },
    ] {
        let line = Line::with_relay();
        line.suffers(trouble.clone(), "");
        let call = line.call();
        line.wait(3.9);
        assert_eq!(
            (line.got("").len(), line.view(&call).legs.len()),
            (1, 0),
            "{trouble:?}"
        );
        line.wait(0.2);
        assert_eq!(
            (line.got("").len(), line.view(&call).legs.len()),
            (2, 1),
            "{trouble:?}"
        );
        assert_eq!(line.got("")[1].get("CallSid"), call);
        assert_eq!(line.alerts(), [11205]);
    }
    // In time.
    let line = Line::with_relay();
    line.suffers(CallTrouble::SlowAnswer { ms: 3000 }, "");
    let call = line.call();
    line.wait(2.9);
    assert!(line.view(&call).legs.is_empty());
    line.wait(0.2);
    assert_eq!((line.got("").len(), line.view(&call).legs.len()), (1, 1));
}

#[test]
fn an_answer_that_comes_after_the_caller_hung_up_is_ignored() {
    let line = Line::with_relay();
    line.suffers(CallTrouble::SlowAnswer { ms: 3000 }, "");
    let call = line.call();
    line.wait(1.0);
    line.caller(&call, Act::HangUp);
    line.wait(60.0);
    assert!(line.view(&call).legs.is_empty());
    assert_eq!(line.status(&call), CallStatus::Completed);
}

#[test]
fn a_fault_strikes_the_url_that_it_names() {
    let line = Line::with_relay();
    line.takes(SERGIO, TakesCalls::Busy);
    line.suffers(CallTrouble::ErrorAnswer { status: 503 }, "/ended");
    line.call();
    line.wait(10.0);
    assert_eq!((line.got("").len(), line.got("/1/ended").len()), (1, 2));
    assert!(line.world.sandbox.pending_faults().is_empty());

    let line = Line::with_relay();
    line.takes(SERGIO, TakesCalls::Busy);
    line.suffers(CallTrouble::RepeatedRequest, "/ended");
    let call = line.call();
    line.wait(3.0);
    let twice = line.got("/1/ended");
    assert_eq!(twice.len(), 2);
    assert_eq!(twice[0].fields.encode(), twice[1].fields.encode());
    let beeps = line.heard(&call);
    assert_eq!(
        beeps.iter().filter(|heard| *heard == "beep").count(),
        1,
        "{beeps:?}"
    );
}

#[test]
fn callbacks_are_lost_or_overtake_one_another() {
    let line = Line::with_relay();
    line.suffers(CallTrouble::LostCallback, "/progress");
    line.call();
    line.wait(1.0);
    line.sergio(Act::Decline);
    let told = line.only("/1/progress");
    assert_eq!(
        (told.get("CallStatus"), told.get("SequenceNumber")),
        ("busy", "1")
    );

    let line = Line::with_relay();
    line.suffers(CallTrouble::ReorderedCallback, "/progress");
    line.call();
    line.wait(1.0);
    line.sergio(Act::Answer);
    line.wait(4.0);
    let told = line.got("/1/progress");
    let numbers: Vec<_> = told.iter().map(|got| got.get("SequenceNumber")).collect();
    assert_eq!(numbers, ["1", "0"]);
}

#[test]
fn a_leg_fails_with_the_code_that_is_wanted() {
    for code in [13224, 13225, 13227] {
        let line = Line::with_relay();
        line.suffers(CallTrouble::Failed { code }, "");
        let call = line.call();
        line.wait(2.0);
        assert_eq!(line.only("/1/ended").get("DialCallStatus"), "failed");
        assert_eq!(line.alerts(), [code]);
        assert_eq!(line.view(&call).legs[0].error_code, Some(code));
        let told = line.only("/1/progress");
        assert_eq!(told.get("ErrorCode"), code.to_string());
    }
}

#[test]
fn faults_are_written_as_json() {
    let read = |json| serde_json::from_str::<Injection>(json);
    let fault = CallFault {
        what: CallTrouble::SlowAnswer { ms: 7000 },
        url: Some("/ended".to_owned()),
    };
    let json = r#"{"fault": {"call": {"what": {"slow_answer": {"ms": 7000}}, "url": "/ended"}}}"#;
    assert_eq!(read(json).unwrap(), Injection::of(Fault::Call(fault)));
    assert!(read(r#"{"fault": {"call": {"what": "lost_answer"}}}"#).is_ok());
    assert!(read(r#"{"fault": {"call": {"what": "lost_anser"}}}"#).is_err());
    assert!(read(r#"{"fault": {"call": {"what": "lost_answer", "path": "/"}}}"#).is_err());
}

#[test]
fn every_fact_that_nobody_could_check_can_be_either_way() {
    let line = unchecked(|facts| facts.extra_ring_ms = 0);
    line.call();
    line.wait(16.0);
    assert_eq!(line.seconds(line.only("/1/ended").at), 15.0);

    let line = unchecked(|facts| facts.dial_bridged_absent = true);
    line.takes(SERGIO, TakesCalls::Busy);
    line.call();
    line.wait(2.0);
    assert_eq!(line.only("/1/ended").get("DialBridged"), "-");

    let line = unchecked(|facts| facts.callee_without_parent = true);
    line.call();
    line.wait(1.0);
    line.sergio(Act::Answer);
    line.sergio(press("1"));
    assert_eq!(line.only("/1/screen").get("ParentCallSid"), "-");
    assert_eq!(line.only("/1/chosen").get("ParentCallSid"), "-");
    assert_ne!(line.got("/1/progress")[0].get("ParentCallSid"), "-");

    for answers in [false, true] {
        let line = Line::answered_by(|path, fields| match path {
            "/1/ended" => xml(&ring(2, BACKUP)),
            path => relay(path, fields),
        });
        line.world.sandbox.set_unchecked(Unchecked {
            second_dial_answers: answers,
            ..Unchecked::default()
        });
        line.takes(SERGIO, TakesCalls::Busy);
        let call = line.call();
        line.wait(5.0);
        let view = line.view(&call);
        assert_eq!(view.legs.len(), 2);
        assert_eq!(view.answered.is_some(), answers);
    }
}

#[test]
fn two_fields_may_be_added_after_signing() {
    let world = world();
    let setup = Number {
        voice_url: Some(VOICE.to_owned()),
        ..Number::default()
    };
    world.sandbox.set_number(number(LINE), setup);
    world.sandbox.set_unchecked(Unchecked {
        attested_after_signing: true,
        ..Unchecked::default()
    });
    let new = NewCall {
        stir_verstat: Some("TN-Validation-Passed-A".to_owned()),
        ..NewCall::default()
    };
    world.sandbox.call(CALLER, &number(LINE), new).unwrap();
    let mut due = world.webhooks();
    assert!(!world.is_signed(&due[0]));
    let form = Form::parse(due[0].body.as_bytes()).unwrap();
    let others = form.fields();
    let others = others.filter(|(name, _)| !["CallToken", "StirVerstat"].contains(name));
    due[0].body = Form::from_fields(others).encode();
    assert!(world.is_signed(&due[0]));
}
