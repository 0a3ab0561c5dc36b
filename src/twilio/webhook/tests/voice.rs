use super::*;
use crate::domain::call::{Attestation, Caller, Dialed, Event, LegStatus};
use crate::domain::ids::{CallSid, RecordingSid};
use crate::domain::phone::PhoneNumber;
use crate::twilio::voice::VoicePath;
use crate::twilio::webhook::{CallFrom, VoiceNews, VoiceRequest, voice};

const LINE: &str = "+16195550100";

fn call() -> CallSid {
    CallSid::parse(&sid("CA")).unwrap()
}

fn leg() -> CallSid {
    CallSid::parse(&("CA".to_owned() + &"1".repeat(32))).unwrap()
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

/// A request of the caller's call, as Twilio sends it.
fn of_call(path: VoicePath, fields: &[(&str, &str)]) -> Webhook {
    let mut request = Webhook::new(&path.to_string(), &[]);
    for (name, value) in [
        ("CallSid", sid("CA").as_str()),
        ("From", "+16195550142"),
        ("To", LINE),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("ApiVersion", "2010-04-01"),
        ("FromCity", "SAN DIEGO"),
        ("FromState", "CA"),
        ("CallToken", "%7B%22parentCallInfoToken%22%7D"),
        ("StirVerstat", "TN-Validation-Passed-A"),
    ]
    .iter()
    .chain(fields)
    {
        request.set(name, value);
    }
    request
}

/// A request of the leg to a person.
fn of_leg(path: VoicePath, fields: &[(&str, &str)]) -> Webhook {
    let mut request = of_call(path, &[]);
    for name in ["CallToken", "StirVerstat", "FromCity", "FromState"] {
        request.without(name);
    }
    for (name, value) in [
        ("CallSid", leg().as_str()),
        ("ParentCallSid", &sid("CA")),
        ("From", LINE),
        ("To", "+16195550110"),
        ("Direction", "outbound-dial"),
    ]
    .iter()
    .chain(fields)
    {
        request.set(name, value);
    }
    request
}

impl Webhook {
    fn told(&self) -> Result<VoiceNews, Refusal> {
        let request = Unverified::read(&self.signed())?.voice()?;
        let news = voice(request.path.clone(), self.verify()?)?.into_inner();
        let VoiceNews {
            path,
            call,
            line,
            from,
            ..
        } = news.clone();
        let caller = from.and_then(|from| from.caller.phone().cloned());
        let same = VoiceRequest {
            path,
            call,
            line,
            caller,
        };
        assert_eq!(same, request);
        Ok(news)
    }

    fn event(&self) -> Option<Event> {
        self.told().unwrap().event
    }

    fn refused(&self) -> (u16, &'static str) {
        let refusal = self.told().expect_err("it should be refused");
        (refusal.status().as_u16(), refusal.counts_as())
    }
}

#[test]
fn a_call_says_who_calls_and_whether_the_network_vouches_for_it() {
    let news = of_call(VoicePath::Call, &[]).told().unwrap();
    assert_eq!(news.call, call());
    assert_eq!(news.line, Some(number(LINE)));
    assert_eq!(news.event, Some(Event::Began));
    assert_eq!(
        news.from,
        Some(CallFrom {
            caller: Caller::Phone(number("+16195550142")),
            attestation: Attestation::A,
            place: Some("San Diego, CA".to_owned()),
        })
    );
    let withheld = of_call(VoicePath::Call, &[("From", "+266696687")]).told();
    assert_eq!(withheld.unwrap().from.unwrap().caller, Caller::Withheld);
    let client = of_call(VoicePath::Call, &[("From", "client:+16195550142")]).told();
    let odd = Caller::Odd("client:+16195550142".to_owned());
    assert_eq!(client.unwrap().from.unwrap().caller, odd);
}

#[test]
fn a_leg_is_told_apart_from_the_call_that_it_belongs_to() {
    let news = of_leg(VoicePath::Screen(call(), 2), &[]).told().unwrap();
    assert_eq!(news.call, call());
    assert_eq!(news.line, Some(number(LINE)));
    assert_eq!(news.from, None, "it comes from the line itself");
    let sid = leg();
    assert_eq!(news.event, Some(Event::PickedUp { leg: 2, sid }));
    // Whether it names the call at all is not described everywhere.
    let mut silent = of_leg(VoicePath::Screen(call(), 2), &[]);
    assert_eq!(silent.without("ParentCallSid").told().unwrap().call, call());
}

#[test]
fn keys_are_what_was_pressed() {
    let pressed = |digits: &[(&str, &str)]| {
        let chosen = of_leg(VoicePath::Chosen(call(), 1), digits);
        match chosen.event() {
            Some(Event::Pressed { leg: 1, keys, .. }) => keys,
            other => panic!("{other:?}"),
        }
    };
    for keys in ["1", "2", "*", "#", "12", "hangup"] {
        assert_eq!(pressed(&[("Digits", keys)]).as_deref(), Some(keys));
    }
    assert_eq!(pressed(&[("Digits", "")]), None);
    assert_eq!(
        pressed(&[("SpeechResult", "one")]),
        None,
        "speech is no key"
    );
    assert_eq!(
        pressed(&[("Digits", &"1".repeat(9999))]),
        Some("1".repeat(32))
    );
}

#[test]
fn the_end_of_a_leg_says_whether_the_two_were_connected_and_whether_the_caller_is_gone() {
    let ended = |fields: &[(&str, &str)]| match of_call(VoicePath::Ended(call(), 3), fields).event()
    {
        Some(Event::Dialed { leg: 3, how }) => how,
        other => panic!("{other:?}"),
    };
    let how = ended(&[
        ("DialCallStatus", "completed"),
        ("DialBridged", "true"),
        ("DialCallDuration", "64"),
        ("CallStatus", "in-progress"),
    ]);
    let expected = Dialed {
        status: LegStatus::Completed,
        bridged: Some(true),
        seconds: Some(64),
        caller_hung_up: false,
    };
    assert_eq!(how, expected);
    for (name, status) in [
        ("completed", LegStatus::Completed),
        ("answered", LegStatus::Answered),
        ("busy", LegStatus::Busy),
        ("no-answer", LegStatus::NoAnswer),
        ("failed", LegStatus::Failed),
        ("canceled", LegStatus::Canceled),
        ("complete", LegStatus::Unknown),
    ] {
        assert_eq!(ended(&[("DialCallStatus", name)]).status, status);
    }
    let status = |bridged| ended(&[("DialBridged", bridged)]).bridged;
    assert_eq!(status("false"), Some(false));
    assert_eq!(status("perhaps"), None);
    assert_eq!(ended(&[]).bridged, None);
    assert_eq!(ended(&[("DialCallDuration", "NaN")]).seconds, None);
    for (status, is_gone) in [
        ("completed", true),
        ("canceled", true),
        ("no-answer", true),
        ("ringing", false),
        ("in-progress", false),
        ("", false),
    ] {
        assert_eq!(ended(&[("CallStatus", status)]).caller_hung_up, is_gone);
    }
}

#[test]
fn news_of_a_leg_says_what_the_carrier_answered() {
    let progress = of_leg(
        VoicePath::Progress(call(), 1),
        &[
            ("CallStatus", "busy"),
            ("SipResponseCode", "486"),
            ("CallDuration", "0"),
            ("Timestamp", "no date"),
            ("SequenceNumber", "-1"),
            ("ErrorCode", "13227"),
        ],
    );
    assert_eq!(progress.told().unwrap().error_code, Some(13227));
    let expected = Event::Progress {
        leg: 1,
        sid: leg(),
        status: LegStatus::Busy,
        sip: Some(486),
        code: Some(13227),
        seconds: Some(0),
    };
    assert_eq!(progress.event(), Some(expected));
    for odd in ["0", "99", "700", "65536", "-486", "x"] {
        let fields = [("SipResponseCode", odd), ("CallDuration", "-1")];
        let event = of_leg(VoicePath::Progress(call(), 1), &fields).event();
        let silent = matches!(
            event,
            Some(Event::Progress {
                sip: None,
                seconds: None,
                ..
            })
        );
        assert!(silent, "{odd}: {event:?}");
    }
}

#[test]
fn a_recording_is_known_by_its_sid_and_by_nothing_else() {
    let recording = |fields: &[(&str, &str)]| {
        let mut request = of_call(VoicePath::Recording(call()), &[]);
        // This request says neither who calls nor whom.
        request.without("From").without("To");
        request.set("RecordingSid", &sid("RE"));
        request.set("RecordingUrl", "https://example.com/somebody-elses");
        for (name, value) in fields {
            request.set(name, value);
        }
        request
    };
    let sid = RecordingSid::parse(&sid("RE")).unwrap();
    let completed = recording(&[
        ("RecordingStatus", "completed"),
        ("RecordingDuration", "23"),
    ]);
    let news = completed.told().unwrap();
    assert_eq!((news.line, news.from), (None, None));
    let expected = |seconds| {
        Some(Event::Recording {
            sid: sid.clone(),
            seconds,
        })
    };
    assert_eq!(news.event, expected(Some(23)));
    let absent = recording(&[("RecordingStatus", "absent"), ("RecordingDuration", "-1")]);
    assert_eq!(absent.event(), expected(None));
    assert_eq!(
        recording(&[("RecordingStatus", "in-progress")]).event(),
        None
    );
    for duration in ["-1", "NaN", ""] {
        let fields = [
            ("RecordingStatus", "completed"),
            ("RecordingDuration", duration),
        ];
        assert_eq!(recording(&fields).refused(), (400, "incomplete"));
    }
    for other in [
        "",
        "RE0",
        &super::sid("CA"),
        &super::sid("RE").to_lowercase(),
    ] {
        let refused = recording(&[("RecordingSid", other)]).refused();
        assert_eq!(refused, (400, "incomplete"), "{other}");
    }
}

#[test]
fn the_end_of_a_message_and_of_a_call_are_told() {
    let recorded = |fields: &[(&str, &str)]| of_call(VoicePath::Recorded(call()), fields).event();
    let in_progress = ("CallStatus", "in-progress");
    let hung_up = |hung_up| Some(Event::Recorded { hung_up });
    assert_eq!(
        recorded(&[in_progress, ("Digits", "hangup")]),
        hung_up(true)
    );
    assert_eq!(recorded(&[in_progress, ("Digits", "#")]), hung_up(false));
    assert_eq!(recorded(&[in_progress]), hung_up(false));
    assert_eq!(recorded(&[("CallStatus", "completed")]), hung_up(true));

    let transcribed = |status, text| {
        let fields = [("TranscriptionStatus", status), ("TranscriptionText", text)];
        of_call(VoicePath::Transcribed(call()), &fields).event()
    };
    let text = Some("Is it free?".to_owned());
    assert_eq!(
        transcribed("completed", "Is it free?"),
        Some(Event::Transcribed { text })
    );
    for (status, text) in [("failed", "Is it free?"), ("completed", "")] {
        assert_eq!(
            transcribed(status, text),
            Some(Event::Transcribed { text: None })
        );
    }

    let end = |status, seconds| {
        let fields = [("CallStatus", status), ("CallDuration", seconds)];
        of_call(VoicePath::End, &fields).event()
    };
    assert_eq!(
        end("completed", "64"),
        Some(Event::Ended { seconds: Some(64) })
    );
    assert_eq!(end("no-answer", ""), Some(Event::Ended { seconds: None }));
    assert_eq!(end("ringing", ""), None, "it is not over");
}

#[test]
fn what_was_added_after_the_signing_is_let_in_and_not_read() {
    // Twilio signs all fields, or all but these two; which is not known.
    for signed_with in [true, false] {
        let whole = of_call(VoicePath::Call, &[]);
        let mut signed = of_call(VoicePath::Call, &[]);
        if !signed_with {
            signed.without("CallToken").without("StirVerstat");
        }
        let mut request = signed.signed();
        *request.body_mut() = Form::from_fields(whole.fields.clone()).encode().into();
        let unverified = Unverified::read(&request).unwrap();
        assert_eq!(unverified.check_signature(&ours(), PUBLIC_URL), Ok(()));
        let form = unverified.verify(&ours(), PUBLIC_URL).ok().unwrap();
        let from = voice(VoicePath::Call, form).unwrap().into_inner().from;
        let attestation = if signed_with {
            Attestation::A
        } else {
            Attestation::Absent
        };
        assert_eq!(from.unwrap().attestation, attestation);
    }
    // Nothing else may be added, and these two may not be changed to hide that.
    let mut request = of_call(VoicePath::Call, &[]).signed();
    let mut others = of_call(VoicePath::Call, &[]);
    others.without("CallToken").set("From", "+16195550143");
    *request.body_mut() = Form::from_fields(others.fields).encode().into();
    assert_eq!(refusal(&request), (403, "forged"));
}

#[test]
fn a_path_and_a_form_that_name_two_calls_are_refused() {
    let other = leg();
    let of_other = |path: VoicePath, field| {
        let mut request = if path.is_of_leg() {
            of_leg(path, &[])
        } else {
            of_call(path, &[])
        };
        request.set(field, other.as_str());
        request.refused()
    };
    for path in [
        VoicePath::Ended(call(), 1),
        VoicePath::Recorded(call()),
        VoicePath::Recording(call()),
        VoicePath::Transcribed(call()),
    ] {
        assert_eq!(of_other(path, "CallSid"), (403, "other_call"));
    }
    for path in [
        VoicePath::Screen(call(), 1),
        VoicePath::Chosen(call(), 1),
        VoicePath::Progress(call(), 1),
    ] {
        assert_eq!(of_other(path, "ParentCallSid"), (403, "other_call"));
    }
    assert_eq!(Refusal::OtherCall.to_string(), Refusal::Forged.to_string());
}

#[test]
fn what_no_call_looks_like_is_refused() {
    let incomplete = (400, "incomplete");
    for sid in ["", "CA0", &sid("SM"), &sid("CA").replace('0', "A"), "CA%00"] {
        let began = of_call(VoicePath::Call, &[("CallSid", sid)]);
        assert_eq!(began.refused(), incomplete, "{sid}");
        let screen = of_leg(VoicePath::Screen(call(), 1), &[("CallSid", sid)]);
        assert_eq!(screen.refused(), incomplete, "{sid}");
    }
    for to in ["", "anonymous", "sip:line@example.com", "rcs:+16195550100"] {
        assert_eq!(
            of_call(VoicePath::Call, &[("To", to)]).refused(),
            incomplete
        );
        let screen = of_leg(VoicePath::Screen(call(), 1), &[("From", to)]);
        assert_eq!(screen.refused(), incomplete);
    }
    for rest in ["0/screen", "99/screen", "-1/screen", "1%2Fscreen", "1", ""] {
        let mut request = of_leg(VoicePath::Screen(call(), 1), &[]);
        request.path = format!("/twilio/voice/{}/{rest}", sid("CA"));
        assert_eq!(request.refused(), (404, "no_such_path"), "{rest}");
    }
    let mut large = of_leg(VoicePath::Chosen(call(), 1), &[]);
    large.set("Digits", &"1".repeat(1024 * 1024));
    assert_eq!(large.refused(), (413, "too_large"));
    let mut twice = of_call(VoicePath::Call, &[]);
    twice.fields.push(("CallSid".to_owned(), leg().to_string()));
    assert_eq!(twice.refused(), (400, "unreadable"));

    let mut garbled = of_call(VoicePath::Call, &[]).signed();
    let body = [garbled.body(), b"&CallerName=%FF%FE".as_slice()].concat();
    *garbled.body_mut() = body.into();
    assert_eq!(refusal(&garbled), (400, "unreadable"));
    let mut json = of_call(VoicePath::Call, &[]).signed();
    let headers = json.headers_mut();
    headers.insert("content-type", "application/json".parse().unwrap());
    assert_eq!(refusal(&json), (415, "not_a_form"));
    let mut by_rule = of_call(VoicePath::Call, &[]).signed();
    let headers = by_rule.headers_mut();
    headers.insert(signature::SETTINGS_HEADER, SHA256.parse().unwrap());
    assert_eq!(refusal(&by_rule), (403, "no_webhook_key"));
}

#[test]
fn xml_in_a_field_is_a_text_like_any() {
    let city = [("FromCity", "<Dial>+1</Dial>"), ("FromState", "")];
    let place = of_call(VoicePath::Call, &city)
        .told()
        .unwrap()
        .from
        .unwrap()
        .place;
    assert_eq!(place.as_deref(), Some("<Dial>+1</Dial>"));
}

#[test]
fn the_fallback_knows_what_failed_by_its_path_alone() {
    let of = |url: &str| {
        let fields = [("ErrorUrl", url), ("ErrorCode", "11200")];
        let request = of_call(VoicePath::Fallback, &fields);
        let unverified = Unverified::read(&request.signed()).unwrap();
        assert_eq!(request.event(), Some(Event::Began));
        let address = unverified.genuine_address(&ours()).ok();
        (unverified.failed_voice(), address)
    };
    let screen = VoicePath::Screen(call(), 1);
    let url = format!("{PUBLIC_URL}{screen}#ct=1500&rc=1");
    let ours = Some(PUBLIC_URL.to_owned());
    assert_eq!(of(&url), (Some(screen.clone()), ours.clone()));
    let url = format!("{PUBLIC_URL}/twilio/voice");
    assert_eq!(of(&url), (Some(VoicePath::Call), ours));
    // Somebody else's address is never the relay's: it was not signed for that.
    let url = format!("https://example.com{screen}");
    assert_eq!(of(&url), (Some(screen), None));
    for url in [
        "",
        "/twilio/voice/x",
        "https://relay.example.com/twilio/sms",
    ] {
        assert_eq!(of(url).0, None, "{url}");
    }
}
