//! What becomes of a call by what the phone does that is dialled.

use super::*;

#[test]
fn an_answered_call_is_asked_connected_and_told_of_to_the_end() {
    let line = Line::with_relay();
    let call = line.call_with(NewCall {
        stir_verstat: Some("TN-Validation-Passed-A".to_owned()),
        ..NewCall::default()
    });
    line.wait(12.0);
    let first = line.only("");
    for (name, value) in [
        ("CallSid", call.as_str()),
        ("AccountSid", line.world.account.account_sid.as_str()),
        ("From", CALLER),
        ("Caller", CALLER),
        ("To", LINE),
        ("Called", LINE),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("ApiVersion", "2010-04-01"),
        ("StirVerstat", "TN-Validation-Passed-A"),
        ("FromCity", "SAN DIEGO"),
        ("ParentCallSid", "-"),
    ] {
        assert_eq!(first.get(name), value, "{name}");
    }
    assert_eq!(line.status(&call), CallStatus::Ringing);

    line.sergio(Act::Answer);
    let screen = line.only("/1/screen");
    let leg = screen.get("CallSid").to_owned();
    for (name, value) in [
        ("ParentCallSid", call.as_str()),
        ("From", LINE),
        ("To", SERGIO),
        ("CallStatus", "in-progress"),
        ("Direction", "outbound-dial"),
        ("CallToken", "-"),
    ] {
        assert_eq!(screen.get(name), value, "{name}");
    }
    // Until somebody presses 1 the caller hears ringing, and is not billed.
    line.wait(3.0);
    assert_eq!(line.view(&call).answered, None);
    assert_eq!(line.heard(&call), ["ringing"]);
    line.sergio(press("1"));
    assert_eq!(line.only("/1/chosen").get("Digits"), "1");
    let view = line.view(&call);
    assert!(view.connected && view.legs[0].connected, "{}", view.now);
    assert_eq!(line.seconds(view.answered.unwrap()), 15.0);

    line.wait(60.0);
    line.sergio(Act::HangUp);
    let ended = line.only("/1/ended");
    for (name, value) in [
        ("DialCallSid", leg.as_str()),
        ("DialCallStatus", "completed"),
        ("DialBridged", "true"),
        ("DialCallDuration", "63"),
        ("CallStatus", "in-progress"),
    ] {
        assert_eq!(ended.get(name), value, "{name}");
    }
    let end = line.only("/end");
    assert_eq!(
        (end.get("CallStatus"), end.get("CallDuration")),
        ("completed", "60")
    );
    assert_eq!((end.get("Duration"), end.get("SequenceNumber")), ("1", "0"));
    assert_eq!(end.get("Timestamp"), "Mon, 05 Jan 2026 17:01:15 +0000");
    assert_eq!(end.get("CallbackSource"), "call-progress-events");
    let progress: Vec<_> = line.got("/1/progress");
    let told: Vec<_> = progress.iter().map(|got| got.get("CallStatus")).collect();
    assert_eq!(told, ["ringing", "in-progress", "completed"]);
    let numbers: Vec<_> = progress
        .iter()
        .map(|got| got.get("SequenceNumber"))
        .collect();
    assert_eq!(numbers, ["0", "1", "2"]);
    assert_eq!(line.alerts(), [0; 0]);
}

/// What the action is told, when, and how often the phone's document was asked for.
#[test]
fn every_phone_does_what_it_is_set_to() {
    for (how, status, bridged, at, asked) in [
        // 15 s and the 5 that Twilio adds.
        (TakesCalls::On, "no-answer", "false", 20.0, 0),
        // The mailbox hears the whisper (4.2 s) and then 5 s of silence.
        (TakesCalls::Off, "completed", "false", 10.2, 1),
        // Its mailbox would answer after the time is over.
        (TakesCalls::Silent, "no-answer", "false", 20.0, 0),
        (TakesCalls::Busy, "busy", "false", 1.0, 0),
        (TakesCalls::BusyMailbox, "completed", "false", 10.7, 1),
        (TakesCalls::Declines, "busy", "false", 3.0, 0),
        (TakesCalls::NoMailbox, "no-answer", "false", 2.0, 0),
        (TakesCalls::Assistant, "completed", "false", 11.2, 1),
        (TakesCalls::Dead, "failed", "false", 0.5, 0),
    ] {
        let line = Line::with_relay();
        line.takes(SERGIO, how.clone());
        let call = line.call();
        line.wait(30.0);
        let ended = line.only("/1/ended");
        assert_eq!(ended.get("DialCallStatus"), status, "{how:?}");
        assert_eq!(ended.get("DialBridged"), bridged, "{how:?}");
        assert_eq!(
            ended.get("CallStatus"),
            "ringing",
            "{how:?}: never answered until then"
        );
        let took = line.seconds(ended.at);
        assert!((took - at).abs() < 0.3, "{how:?} took {took} s");
        assert_eq!(line.got("/1/screen").len(), asked, "{how:?}");
        let last = line.got("/1/progress").pop().unwrap();
        assert_eq!(last.get("CallStatus"), status, "{how:?}");
        // Nobody spoke to the voicemail that followed: the silence is stored, and it says goodbye.
        line.wait(60.0);
        assert_eq!(line.status(&call), CallStatus::Completed, "{how:?}");
        assert!(
            line.heard(&call)
                .contains(&"Thank you. Goodbye.".to_owned())
        );
    }
}

#[test]
fn a_silent_phones_mailbox_answers_while_the_dial_still_rings() {
    let line = Line::answered_by(|path, _| match path {
        "" => xml(&format!("<Dial timeout=\"30\">{SERGIO}</Dial>")),
        _ => xml(""),
    });
    line.takes(SERGIO, TakesCalls::Silent);
    let call = line.call();
    line.wait(26.0);
    // Without a document for the callee the mailbox gets the caller.
    let view = line.view(&call);
    assert!(view.connected);
    assert!(
        texts(&view)
            .iter()
            .any(|text| text.contains("You have reached a mailbox"))
    );
    // It records for two minutes and hangs up.
    line.wait(121.0);
    assert_eq!(line.status(&call), CallStatus::Completed);
}

#[test]
fn a_person_may_take_over_from_an_assistant() {
    let line = Line::with_relay();
    line.takes(SERGIO, TakesCalls::Assistant);
    let call = line.call();
    line.wait(4.0);
    line.sergio(Act::Answer);
    line.sergio(press("1"));
    assert!(line.view(&call).connected);
    assert!(matches!(
        line.world
            .sandbox
            .callee_acts(&number(SERGIO), &Act::Answer),
        Err(relay::sandbox::CannotAct::AnsweredAlready)
    ));
}

#[test]
fn a_phone_that_forwards_back_to_the_line_is_a_call_of_its_own_there() {
    let line = Line::answered_by(|path, fields| match path {
        "" if fields.get("From") == Some(LINE) => xml("<Reject reason=\"busy\"/>"),
        "" => xml(&ring(1, SERGIO)),
        path => relay(path, fields),
    });
    line.takes(SERGIO, TakesCalls::ForwardsTo(number(LINE)));
    let call = line.call();
    line.wait(2.0);
    let calls = line.got("");
    assert_eq!(calls.len(), 2);
    assert_eq!(
        (calls[1].get("From"), calls[1].get("ForwardedFrom")),
        (LINE, SERGIO)
    );
    assert_ne!(calls[1].get("CallSid"), call);
    assert_eq!(line.only("/1/ended").get("DialCallStatus"), "busy");
    assert_eq!(line.got("/end")[0].get("CallStatus"), "busy");
}

#[test]
fn a_program_that_does_not_notice_a_loop_is_stopped() {
    let line = Line::with_relay();
    line.takes(SERGIO, TakesCalls::ForwardsTo(number(LINE)));
    line.call();
    line.wait(100.0);
    assert!(line.got("").len() <= 6, "{}", line.got("").len());
}

#[test]
fn the_first_who_picks_up_ends_the_others_ringing() {
    let line = Line::answered_by(|path, _| match path {
        "" => xml(&format!(
            "<Dial action=\"{VOICE}/done\"><Number statusCallback=\"{VOICE}/a\">{SERGIO}</Number>\
             <Number statusCallback=\"{VOICE}/b\">{BACKUP}</Number></Dial>"
        )),
        _ => xml(""),
    });
    let call = line.call();
    line.wait(5.0);
    assert_eq!(line.view(&call).legs.len(), 2);
    // Without answerOnBridge the caller is answered, and billed, from the start.
    assert_eq!(line.seconds(line.view(&call).answered.unwrap()), 0.0);
    line.sergio(Act::Answer);
    assert_eq!(line.only("/b").get("CallStatus"), "canceled");
    assert!(line.view(&call).connected);
    line.sergio(Act::HangUp);
    let done = line.only("/done");
    assert_eq!(
        (done.get("DialCallStatus"), done.get("DialBridged")),
        ("completed", "true")
    );
}

#[test]
fn a_talk_ends_at_its_limit_and_by_a_star_if_that_is_asked_for() {
    let dial = |attributes: &'static str| {
        Line::answered_by(move |path, _| match path {
            "" => xml(&format!(
                "<Dial {attributes} action=\"{VOICE}/done\">{SERGIO}</Dial>"
            )),
            _ => xml(""),
        })
    };
    let line = dial("timeLimit=\"60\"");
    line.call();
    line.wait(1.0);
    line.sergio(Act::Answer);
    line.wait(59.0);
    assert!(line.got("/done").is_empty());
    line.wait(1.0);
    assert_eq!(line.only("/done").get("DialCallDuration"), "60");
    for (attributes, ends) in [("", false), ("hangupOnStar=\"true\"", true)] {
        let line = dial(attributes);
        let call = line.call();
        line.wait(1.0);
        line.sergio(Act::Answer);
        line.caller(&call, press("*"));
        assert_eq!(line.got("/done").len(), usize::from(ends), "{attributes}");
    }
}

#[test]
fn what_one_side_does_in_a_talk_the_other_hears() {
    let line = Line::answered_by(|path, _| match path {
        "" => xml(&format!("<Dial>{SERGIO}</Dial>")),
        _ => xml(""),
    });
    let call = line.call();
    line.wait(1.0);
    line.sergio(Act::Answer);
    line.sergio(press("5"));
    line.caller(&call, Act::Say(2.5));
    let view = line.view(&call);
    assert!(texts(&view).contains(&"key 5".to_owned()));
    let heard = &view.legs[0].heard;
    let voice = heard
        .iter()
        .find(|heard| heard.kind == Kind::Voice)
        .unwrap();
    assert_eq!(voice.text, "speaks for 2.5 s");
}

#[test]
fn acts_that_make_no_sense_are_refused() {
    use relay::sandbox::CannotAct;
    let line = Line::with_relay();
    let callee = |act: Act| line.world.sandbox.callee_acts(&number(SERGIO), &act).err();
    let caller = |sid: &str, act: Act| line.world.sandbox.caller_acts(sid, &act).err();
    assert_eq!(callee(Act::Answer), Some(CannotAct::NoCallHere));
    assert_eq!(caller("CA0", Act::HangUp), Some(CannotAct::NoSuchCall));
    let call = line.call();
    line.wait(1.0);
    assert_eq!(callee(press("1")), Some(CannotAct::NotAnswered));
    assert_eq!(callee(Act::HangUp), Some(CannotAct::NotAnswered));
    assert_eq!(caller(&call, Act::Answer), Some(CannotAct::NotCalled));
    assert_eq!(caller(&call, press("x")), Some(CannotAct::NoSuchKey));
    assert_eq!(caller(&call, press("")), Some(CannotAct::NoSuchKey));
    assert_eq!(caller(&call, Act::Say(0.0)), Some(CannotAct::BadLength));
    assert_eq!(
        caller(&call, Act::Say(f64::NAN)),
        Some(CannotAct::BadLength)
    );
    line.sergio(Act::Decline);
    assert_eq!(line.only("/1/ended").get("DialCallStatus"), "busy");
    let other = line
        .world
        .sandbox
        .call(CALLER, &number(BACKUP), NewCall::default());
    assert!(other.is_err());
}
