//! What documents have a call do, and what happens when there is none to use.

use std::cell::Cell;
use std::collections::BTreeSet;

use relay::sandbox::{Unchecked, twiml_attributes};

use super::*;
use crate::support::tools::node_module;

/// A line whose first document is that; every other answer is empty.
fn answered(document: &'static str) -> (Line, String) {
    let line = Line::answered_by(move |path, _| match path {
        "" => xml(document),
        "/end" => Reply::Other(204, None, String::new()),
        _ => xml("<Say>Goodbye.</Say>"),
    });
    let call = line.call();
    line.wait(0.0);
    (line, call)
}

#[test]
fn digits_are_gathered_until_the_last_the_finishing_key_or_silence() {
    const SAY: &str = "<Say>Fourteen chars</Say>";
    for (gather, keys, digits, at, finished_on) in [
        ("numDigits=\"1\"", vec![(0.2, "1")], Some("1"), 0.2, "-"),
        (
            "numDigits=\"3\"",
            vec![(0.5, "12"), (0.5, "3")],
            Some("123"),
            1.0,
            "-",
        ),
        ("", vec![(0.5, "12"), (0.5, "#")], Some("12"), 1.0, "#"),
        (
            "finishOnKey=\"*\"",
            vec![(0.5, "1#"), (0.5, "*")],
            Some("1#"),
            1.0,
            "*",
        ),
        (
            "finishOnKey=\"\" timeout=\"3\"",
            vec![(2.0, "1*#")],
            Some("1*#"),
            5.0,
            "-",
        ),
        // Each key begins the wait anew.
        (
            "timeout=\"3\"",
            vec![(2.0, "1"), (2.0, "2")],
            Some("12"),
            7.0,
            "-",
        ),
        // Nothing: after what is said, a second here, and the timeout.
        (
            "timeout=\"3\" actionOnEmptyResult=\"true\"",
            vec![],
            Some(""),
            4.0,
            "-",
        ),
        ("timeout=\"3\"", vec![], None, 4.0, "-"),
        ("timeout=\"3\"", vec![(0.5, "#")], None, 0.5, "-"),
    ] {
        let document = format!(
            "<Gather action=\"{VOICE}/digits\" {gather}>{SAY}</Gather><Redirect>{VOICE}/nothing</Redirect>"
        );
        let (line, call) = answered(document.leak());
        for (wait, keys) in keys {
            line.wait(wait);
            line.caller(&call, press(keys));
        }
        line.wait(10.0);
        let got = match digits {
            Some(digits) => {
                let got = line.only("/digits");
                assert_eq!(got.get("Digits"), digits, "{gather}");
                assert_eq!(got.get("FinishedOnKey"), finished_on, "{gather}");
                got
            }
            None => line.only("/nothing"),
        };
        let took = line.seconds(got.at);
        assert!((took - at).abs() < 0.01, "{gather} took {took} s");
    }
}

#[test]
fn a_key_cuts_off_what_is_said_and_without_an_action_the_same_document_is_asked() {
    let (line, call) = answered(
        "<Gather numDigits=\"1\"><Say>One.</Say><Pause length=\"2\"/><Say>Two.</Say></Gather>",
    );
    line.wait(1.0);
    line.caller(&call, press("7"));
    let heard = line.heard(&call);
    assert!(heard.contains(&"One.".to_owned()) && !heard.contains(&"Two.".to_owned()));
    assert_eq!(line.got("")[1].get("Digits"), "7");
}

#[test]
fn a_recording_ends_by_silence_its_length_or_a_key() {
    for (record, says, press_at, seconds, ends_at, digits) in [
        // After what is said, and five seconds of silence; silence at both ends is cut off.
        ("", Some((2.0, 20.0)), None, "20", 27.0, "-"),
        (
            "trim=\"do-not-trim\"",
            Some((2.0, 20.0)),
            None,
            "27",
            27.0,
            "-",
        ),
        ("maxLength=\"10\"", Some((2.0, 20.0)), None, "8", 10.0, "-"),
        (
            "finishOnKey=\"#\"",
            Some((0.0, 9.0)),
            Some((4.0, "1#")),
            "4",
            4.0,
            "#",
        ),
        ("", Some((0.0, 9.0)), Some((4.0, "1")), "4", 4.0, "1"),
        (
            "finishOnKey=\"\"",
            Some((0.0, 3.0)),
            Some((1.0, "1")),
            "3",
            8.0,
            "-",
        ),
        ("timeout=\"3\"", None, None, "3", 3.0, "-"),
    ] {
        let document = format!(
            "<Record {record} action=\"{VOICE}/recorded\" recordingStatusCallback=\"{VOICE}/recording\" \
             recordingStatusCallbackEvent=\"in-progress completed absent\"/>"
        );
        let (line, call) = answered(document.leak());
        assert!(line.heard(&call).contains(&"beep".to_owned()));
        if let Some((wait, length)) = says {
            line.wait(wait);
            line.caller(&call, Act::Say(length));
        }
        if let Some((wait, key)) = press_at {
            line.wait(wait);
            line.caller(&call, press(key));
        }
        line.wait(40.0);
        let recorded = line.only("/recorded");
        assert_eq!(recorded.get("RecordingDuration"), seconds, "{record}");
        assert_eq!(recorded.get("Digits"), digits, "{record}");
        assert_eq!(line.seconds(recorded.at), ends_at, "{record}");
        let told: Vec<_> = line.got("/recording");
        let told: Vec<_> = told.iter().map(|got| got.get("RecordingStatus")).collect();
        assert_eq!(told, ["in-progress", "completed"], "{record}");
    }
}

#[test]
fn a_record_without_action_asks_for_the_same_document_for_ever() {
    let (line, call) = answered("<Record timeout=\"5\" playBeep=\"false\"/>");
    line.wait(20.5);
    assert_eq!(line.got("").len(), 5);
    assert!(!line.heard(&call).contains(&"beep".to_owned()));
}

#[test]
fn silence_falls_through_to_the_next_verb_if_twilio_does_that() {
    let line = Line::answered_by(|path, _| match path {
        "" => xml(&voicemail()),
        path => relay(path, &Form::from_fields([("", ""); 0])),
    });
    line.world.sandbox.set_unchecked(Unchecked {
        silent_record_falls_through: true,
        ..Unchecked::default()
    });
    let call = line.call();
    line.wait(30.0);
    let recorded = line.only("/recorded");
    assert_eq!(
        (recorded.get("RecordingSid"), recorded.get("Digits")),
        ("-", "-")
    );
    assert!(line.got("/recording").is_empty());
    assert_eq!(line.status(&call), CallStatus::Completed);
}

#[test]
fn what_comes_first_decides_whether_the_call_is_answered() {
    for (document, status, answered_at) in [
        ("", CallStatus::Completed, Some(0.0)),
        ("<Hangup/>", CallStatus::Completed, Some(0.0)),
        ("<Reject/>", CallStatus::NoAnswer, None),
        ("<Reject reason=\"busy\"/>", CallStatus::Busy, None),
        (
            "<Pause length=\"3\"/><Reject reason=\"busy\"/>",
            CallStatus::Busy,
            None,
        ),
        (
            "<Pause length=\"3\"/><Say>Hi</Say>",
            CallStatus::Completed,
            Some(3.0),
        ),
        (
            "<Play loop=\"2\">https://x.example/a.mp3</Play>",
            CallStatus::Completed,
            Some(0.0),
        ),
    ] {
        let (line, call) = answered(document);
        line.wait(20.0);
        let view = line.view(&call);
        assert_eq!(view.status, status, "{document}");
        let at = view.answered.map(|at| line.seconds(at));
        assert_eq!(at, answered_at, "{document}");
        assert_eq!(line.got("/end").len(), 1, "{document}");
    }
}

#[test]
fn redirects_are_followed_ten_times_and_may_be_relative() {
    let line = Line::answered_by(|path, _| match path {
        "" => xml("<Redirect>voice/1</Redirect>"),
        "/10" => xml("<Say>Ten.</Say><Redirect>/twilio/voice/loop</Redirect>"),
        "/loop" => xml("<Redirect>/twilio/voice/loop</Redirect>"),
        path => {
            let next = path[1..].parse::<u32>().unwrap_or(0) + 1;
            xml(&format!("<Redirect>{VOICE}/{next}</Redirect>"))
        }
    });
    let call = line.call();
    line.wait(30.0);
    assert!(line.heard(&call).contains(&"Ten.".to_owned()));
    assert_eq!(line.got("/loop").len(), 10);
    assert_eq!(line.alerts(), [11215]);
    let heard = line.heard(&call);
    assert!(
        heard.iter().any(|text| text.contains("application error")),
        "{heard:?}"
    );
}

#[test]
fn plain_text_is_read_aloud_and_ends_the_call() {
    let line = Line::answered_by(|_, _| Reply::Other(200, Some("text/plain"), "Hello".into()));
    let call = line.call();
    line.wait(5.0);
    assert!(line.heard(&call).contains(&"Hello".to_owned()));
    assert_eq!(line.status(&call), CallStatus::Completed);
}

#[test]
fn a_document_that_cannot_be_used_is_the_fallbacks_with_its_code() {
    let wrong = |document: &'static str| Reply::Xml(document.to_owned());
    type Wrong = fn(&'static str) -> Reply;
    let text: Wrong = |body| Reply::Other(200, None, body.to_owned());
    let error: Wrong = |body| Reply::Other(503, None, body.to_owned());
    let missing: Wrong = |body| Reply::Other(404, None, body.to_owned());
    for (reply, document, code, asked) in [
        (wrong as Wrong, " <Response/>", "12100", 1),
        (wrong, "<Answer/>", "12102", 1),
        (wrong, "<Response><Dail/></Response>", "12200", 1),
        (
            wrong,
            "<Response><Dial timeout=\"1\">+16195550110</Dial></Response>",
            "13212",
            1,
        ),
        (text, "<Response/>", "12300", 1),
        // The overrides have 5xx tried again, and not 4xx.
        (error, "", "11200", 2),
        (missing, "", "11200", 1),
        (|_| Reply::Nothing, "", "11205", 2),
    ] {
        let line = Line::answered_by(move |path, _| match path {
            "" => reply(document),
            "/fallback" => xml("<Say>Fallback.</Say>"),
            _ => xml(""),
        });
        let call = line.call();
        line.wait(20.0);
        assert_eq!(line.got("").len(), asked, "{document}");
        let fallback = line.only("/fallback");
        assert_eq!(fallback.get("ErrorCode"), code, "{document}");
        assert_eq!(fallback.get("ErrorUrl"), VOICE, "{document}");
        assert_eq!(fallback.get("CallSid"), call, "{document}");
        assert!(
            line.heard(&call).contains(&"Fallback.".to_owned()),
            "{document}"
        );
        assert_eq!(line.alerts()[0].to_string(), code);
    }
}

#[test]
fn without_a_good_fallback_the_caller_hears_an_application_error() {
    for fallback in [Some("<Oops"), None] {
        let line = Line::answered_by(move |path, _| match (path, fallback) {
            ("/fallback", Some(document)) => Reply::Xml(document.to_owned()),
            _ => Reply::Other(500, None, String::new()),
        });
        let call = line.call();
        line.wait(20.0);
        let heard = line.heard(&call);
        assert!(
            heard.iter().any(|text| text.contains("application error")),
            "{heard:?}"
        );
        assert_eq!(line.status(&call), CallStatus::Completed);
    }
}

#[test]
fn a_failing_action_is_the_fallbacks_and_a_failing_whisper_ends_the_leg() {
    let failing = |what: &'static str| {
        Line::answered_by(move |path, fields| match path {
            path if path == what => Reply::Other(500, None, String::new()),
            "/fallback" if fields.get("Direction") == Some("outbound-dial") => xml("<Hangup/>"),
            "/fallback" => xml("<Say>Fallback.</Say>"),
            path => relay(path, fields),
        })
    };
    let line = failing("/1/ended");
    line.takes(SERGIO, TakesCalls::Busy);
    let call = line.call();
    line.wait(10.0);
    assert_eq!(
        line.only("/fallback").get("ErrorUrl"),
        format!("{VOICE}/1/ended")
    );
    assert!(line.heard(&call).contains(&"Fallback.".to_owned()));

    for falls_back in [false, true] {
        let line = failing("/1/screen");
        line.world.sandbox.set_unchecked(Unchecked {
            callee_falls_back: falls_back,
            ..Unchecked::default()
        });
        line.call();
        line.wait(3.0);
        line.sergio(Act::Answer);
        line.wait(1.0);
        assert_eq!(line.got("/fallback").len(), usize::from(falls_back));
        let ended = line.only("/1/ended");
        assert_eq!(
            (ended.get("DialCallStatus"), ended.get("DialBridged")),
            ("completed", "false")
        );
    }
}

#[test]
fn a_callees_document_that_dials_is_refused() {
    let line = Line::answered_by(|path, fields| match path {
        "/1/screen" => xml(&format!("<Dial>{BACKUP}</Dial>")),
        path => relay(path, fields),
    });
    line.call();
    line.wait(1.0);
    line.sergio(Act::Answer);
    assert_eq!(line.alerts(), [13201]);
    assert_eq!(line.only("/1/ended").get("DialBridged"), "false");
}

#[test]
fn a_bad_number_or_caller_id_fails_the_leg() {
    let many = Cell::new(0);
    for (dial, code) in [
        (format!("<Dial action=\"{VOICE}/done\">0190</Dial>"), 13223),
        (
            format!("<Dial action=\"{VOICE}/done\" callerId=\"+12125550100\">{SERGIO}</Dial>"),
            13214,
        ),
    ] {
        let (line, _) = answered(dial.leak());
        line.wait(1.0);
        assert_eq!(line.only("/done").get("DialCallStatus"), "failed");
        assert_eq!(line.alerts(), [code]);
        many.set(many.get() + 1);
    }
    assert_eq!(many.get(), 2);
}

/// Every element has the attributes that Twilio's own library has for it, and no others.
#[test]
fn the_attributes_are_those_of_twilios_own_library() {
    let file = node_module("twilio/lib/twiml/VoiceResponse.d.ts");
    let text = std::fs::read_to_string(file).unwrap();
    for (element, ours) in twiml_attributes() {
        let ours: BTreeSet<&str> = ours.into_iter().collect();
        let start = format!("export interface {element}Attributes {{");
        let Some((_, rest)) = text.split_once(&start) else {
            assert!(
                ours.is_empty(),
                "{element} has attributes that nobody knows"
            );
            continue;
        };
        let (block, _) = rest.split_once("\n    }").unwrap();
        let theirs = block
            .lines()
            .filter_map(|line| line.trim().split_once("?:"));
        let theirs: BTreeSet<&str> = theirs.map(|(name, _)| name).collect();
        assert_eq!(ours, theirs, "{element}");
    }
}
