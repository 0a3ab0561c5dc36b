//! A caller hangs up in each moment of a call.

use relay::sandbox::Unchecked;

use super::*;

#[test]
fn while_the_phone_rings_it_is_canceled() {
    let line = Line::with_relay();
    let call = line.call();
    line.wait(7.0);
    line.caller(&call, Act::HangUp);
    let ended = line.only("/1/ended");
    assert_eq!(ended.get("CallStatus"), "completed");
    assert_eq!(
        (ended.get("DialCallStatus"), ended.get("DialBridged")),
        ("canceled", "false")
    );
    assert_eq!(ended.get("DialCallDuration"), "-");
    let progress = line.got("/1/progress").pop().unwrap();
    assert_eq!(progress.get("CallStatus"), "canceled");
    let end = line.only("/end");
    assert_eq!(
        (end.get("CallStatus"), end.get("CallDuration")),
        ("completed", "0")
    );
    assert_eq!(line.status(&call), CallStatus::Completed);
    // Nothing happens any more, and nothing is planned.
    assert_eq!(line.world.sandbox.next_due(), None);
    let before = line.paths().len();
    line.wait(600.0);
    assert_eq!(line.paths().len(), before);
}

#[test]
fn while_the_person_hears_the_whisper_their_leg_ends() {
    let line = Line::with_relay();
    let call = line.call();
    line.wait(7.0);
    line.sergio(Act::Answer);
    line.wait(1.0);
    line.caller(&call, Act::HangUp);
    let ended = line.only("/1/ended");
    assert_eq!(ended.get("CallStatus"), "completed");
    assert_eq!(
        (ended.get("DialCallStatus"), ended.get("DialBridged")),
        ("completed", "false")
    );
    line.wait(60.0);
    assert!(line.got("/1/chosen").is_empty());
}

#[test]
fn while_they_talk_and_before_anything_is_known() {
    let line = Line::with_relay();
    let call = line.call();
    line.wait(2.0);
    line.sergio(Act::Answer);
    line.sergio(press("1"));
    line.wait(30.0);
    line.caller(&call, Act::HangUp);
    let ended = line.only("/1/ended");
    assert_eq!(ended.get("CallStatus"), "completed");
    assert_eq!(
        (ended.get("DialCallStatus"), ended.get("DialBridged")),
        ("completed", "true")
    );
    assert_eq!(line.status(&call), CallStatus::Completed);

    // Before the first answer: it comes to nothing.
    let line = Line::with_relay();
    let call = line.call();
    let acted = line.world.sandbox.caller_acts(&call, &Act::HangUp);
    acted.unwrap();
    line.wait(30.0);
    assert!(line.got("/1/progress").is_empty());
    assert_eq!(line.only("/end").get("CallStatus"), "completed");
}

/// A call that is in the voicemail: the greeting is said from 1 s on.
fn in_voicemail() -> (Line, String) {
    let line = Line::with_relay();
    line.takes(SERGIO, TakesCalls::Busy);
    let call = line.call();
    line.wait(1.0);
    (line, call)
}

#[test]
fn during_the_greeting_nothing_is_recorded() {
    let (line, call) = in_voicemail();
    line.wait(0.5);
    line.caller(&call, Act::HangUp);
    line.wait(60.0);
    assert!(line.got("/recorded").is_empty() && line.got("/recording").is_empty());
    assert_eq!(line.only("/end").get("CallStatus"), "completed");
}

#[test]
fn at_the_tone_the_recording_is_absent() {
    let (line, call) = in_voicemail();
    line.wait(2.0);
    assert!(
        line.heard(&call).contains(&"beep".to_owned()),
        "{:?}",
        line.heard(&call)
    );
    line.caller(&call, Act::HangUp);
    line.wait(5.0);
    let recorded = line.only("/recorded");
    assert_eq!(
        (recorded.get("Digits"), recorded.get("CallStatus")),
        ("hangup", "completed")
    );
    assert_eq!(recorded.get("RecordingDuration"), "0");
    assert_eq!(line.only("/recording").get("RecordingStatus"), "absent");
}

#[test]
fn after_a_message_it_is_kept() {
    let (line, call) = in_voicemail();
    line.wait(3.0);
    line.caller(&call, Act::Say(23.0));
    line.wait(23.5);
    line.caller(&call, Act::HangUp);
    let recorded = line.only("/recorded");
    assert_eq!(
        (recorded.get("Digits"), recorded.get("RecordingDuration")),
        ("hangup", "23")
    );
    assert!(line.got("/recording").is_empty(), "the file takes a second");
    line.wait(1.0);
    let recording = line.only("/recording");
    for (name, value) in [
        ("RecordingStatus", "completed"),
        ("RecordingDuration", "23"),
        ("RecordingSource", "RecordVerb"),
        ("CallSid", call.as_str()),
        ("RecordingSid", recorded.get("RecordingSid")),
        ("RecordingUrl", recorded.get("RecordingUrl")),
    ] {
        assert_eq!(recording.get(name), value, "{name}");
    }
    assert!(recording.get("RecordingSid").starts_with("RE"));
}

#[test]
fn patience_ends_a_call_by_itself() {
    let line = Line::with_relay();
    let call = line.call_with(NewCall {
        hang_up_after: Some(Duration::from_secs(12)),
        ..NewCall::default()
    });
    line.wait(60.0);
    let view = line.view(&call);
    assert_eq!(line.seconds(view.ended.unwrap()), 12.0);
    assert_eq!(line.only("/1/ended").get("DialCallStatus"), "canceled");
}

#[test]
fn nothing_is_asked_after_that_if_twilio_does_not() {
    let line = Line::with_relay();
    line.world.sandbox.set_unchecked(Unchecked {
        no_action_after_hang_up: true,
        ..Unchecked::default()
    });
    let call = line.call();
    line.wait(7.0);
    line.caller(&call, Act::HangUp);
    line.wait(60.0);
    assert!(line.got("/1/ended").is_empty());
    assert_eq!(line.got("/end").len(), 1);
}
