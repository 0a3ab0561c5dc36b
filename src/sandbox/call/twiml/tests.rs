use super::*;

fn code(xml: &str) -> u32 {
    read(Some("text/xml"), xml, For::Caller).map_or_else(|refused| refused.code, |_| 0)
}

/// The code of a document that holds that.
fn inside(xml: &str) -> u32 {
    code(&format!("<Response>{xml}</Response>"))
}

#[test]
fn every_mistake_has_twilios_code() {
    for (xml, expected) in [
        (" <Response/>", 12100),
        ("\u{feff}<Response/>", 12100),
        ("<Response>", 12100),
        ("OK", 12100),
        ("", 12100),
        ("<Answer/>", 12102),
        ("<response/>", 12102),
        ("<Response><Dail/></Response>", 12200),
        ("<Response><Number>+16195550110</Number></Response>", 12200),
        ("<Response version=\"1\"/>", 12200),
        ("<Response>words</Response>", 12200),
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>", 0),
    ] {
        assert_eq!(code(xml), expected, "{xml}");
    }
    let large = format!("<Response><!--{}--></Response>", "x".repeat(MOST_BYTES));
    assert_eq!(code(&large), 11750);
    let number = "<Number>+16195550110</Number>";
    for (xml, expected) in [
        ("<Dial timeout=\"4\">+16195550110</Dial>", 13212),
        ("<Dial timeout=\"601\">+16195550110</Dial>", 13212),
        ("<Dial timeout=\"x\">+16195550110</Dial>", 13212),
        ("<Dial timeout=\"5\">+16195550110</Dial>", 0),
        ("<Dial timeLimit=\"0\">+16195550110</Dial>", 13216),
        ("<Dial method=\"PUT\">+16195550110</Dial>", 13210),
        ("<Dial hangupOnStar=\"yes\">+16195550110</Dial>", 13213),
        ("<Dial answerOnBridge=\"1\">+16195550110</Dial>", 13219),
        (
            "<Dial record=\"record-from-answer\">+16195550110</Dial>",
            13217,
        ),
        ("<Dial sequential=\"true\">+16195550110</Dial>", 13218),
        ("<Dial action=\"a b\">+16195550110</Dial>", 11100),
        ("<Dial timeOut=\"5\">+16195550110</Dial>", 12200),
        ("<Dial/>", 13223),
        ("<Dial><Say>no</Say></Dial>", 13215),
        ("<Dial><Conference>x</Conference></Dial>", 12200),
        ("<Dial>text<Number>+16195550110</Number></Dial>", 13215),
        (
            "<Dial><Number method=\"GET\">+16195550110</Number></Dial>",
            13221,
        ),
        (
            "<Dial><Number sendDigits=\"1\">+16195550110</Number></Dial>",
            13222,
        ),
        (
            "<Dial><Number statusCallbackEvent=\"busy\">+16195550110</Number></Dial>",
            12200,
        ),
        ("<Gather numDigits=\"0\"/>", 13314),
        ("<Gather timeout=\"-1\"/>", 13313),
        ("<Gather finishOnKey=\"x\"/>", 13310),
        ("<Gather finishOnKey=\"\"/>", 0),
        ("<Gather method=\"GET\"/>", 13312),
        ("<Gather input=\"speech\"/>", 13326),
        ("<Gather actionOnEmptyResult=\"on\"/>", 13338),
        ("<Gather><Hangup/></Gather>", 13320),
        ("<Gather>text</Gather>", 13320),
        ("<Gather><Say loop=\"-1\">a</Say></Gather>", 13510),
        ("<Say/>", 13520),
        ("<Say loop=\"x\">a</Say>", 13510),
        ("<Say rate=\"1\">a</Say>", 12200),
        ("<Say><Number>a</Number></Say>", 12200),
        ("<Play loop=\"1001\">https://x.example/a.mp3</Play>", 13410),
        ("<Play/>", 11100),
        ("<Pause length=\"0\"/>", 13910),
        ("<Pause>1</Pause>", 12200),
        ("<Record method=\"GET\"/>", 13610),
        ("<Record timeout=\"0\"/>", 13611),
        ("<Record maxLength=\"14401\"/>", 13612),
        ("<Record finishOnKey=\"a\"/>", 13613),
        ("<Record transcribe=\"maybe\"/>", 13614),
        ("<Record transcribe=\"true\" maxLength=\"121\"/>", 13615),
        ("<Record playBeep=\"no\"/>", 13616),
        ("<Record recordingStatusCallbackEvent=\"done\"/>", 13621),
        ("<Record recordingStatusCallback=\"\"/>", 13256),
        ("<Record trim=\"yes\"/>", 13699),
        ("<Redirect/>", 11100),
        (
            "<Redirect method=\"GET\">https://x.example/</Redirect>",
            13710,
        ),
        ("<Reject reason=\"rude\"/>", 13810),
        ("<Hangup><Say>no</Say></Hangup>", 12200),
        ("<Hangup reason=\"x\"/>", 12200),
    ] {
        assert_eq!(inside(xml), expected, "{xml}");
    }
    let many = format!("<Dial>{}</Dial>", number.repeat(11));
    assert_eq!(inside(&many), 13215);
    let ten = format!("<Dial>{}</Dial>", number.repeat(10));
    assert_eq!(inside(&ten), 0);
    let long = format!("<Say>{}</Say>", "a".repeat(4097));
    assert_eq!(inside(&long), 13521);
}

#[test]
fn a_callees_document_may_only_speak_ask_and_hang_up() {
    let code = |xml: &str| {
        let document = format!("<Response>{xml}</Response>");
        let read = read(Some("text/xml"), &document, For::Callee);
        read.map_or_else(|refused| refused.code, |_| 0)
    };
    assert_eq!(code("<Dial>+16195550110</Dial>"), 13201);
    for verb in [
        "<Record/>",
        "<Redirect>https://x.example/</Redirect>",
        "<Reject/>",
        "<Pause/>",
    ] {
        assert_eq!(code(verb), 12200, "{verb}");
    }
    assert_eq!(code("<Gather><Say>Press 1.</Say></Gather><Hangup/>"), 0);
}

#[test]
fn the_content_type_decides_how_an_answer_is_read() {
    let of = |kind| read(kind, "<Response/>", For::Caller);
    for xml in ["text/xml; charset=utf-8", "application/xml", "TEXT/HTML"] {
        assert_eq!(of(Some(xml)), Ok(vec![]), "{xml}");
    }
    for wrong in [None, Some(""), Some("application/json"), Some("image/png")] {
        assert_eq!(of(wrong).unwrap_err().code, 12300, "{wrong:?}");
    }
    let aloud = read(Some("text/plain"), "Hello\n", For::Caller).unwrap();
    let text = "Hello".to_owned();
    assert_eq!(aloud, [Verb::Prompt(Prompt::Say { text, times: 1 })]);
}

#[test]
fn defaults_are_twilios() {
    let one = |xml: &str| {
        let document = format!("<Response>{xml}</Response>");
        let mut verbs = read(Some("text/xml"), &document, For::Caller).unwrap();
        assert_eq!(verbs.len(), 1);
        verbs.remove(0)
    };
    let Verb::Dial(dial) = one("<Dial><Number>+16195550110</Number></Dial>") else {
        panic!("no Dial");
    };
    assert!(!dial.answer_on_bridge && !dial.hangup_on_star && dial.action.is_none());
    assert_eq!(dial.timeout.as_secs(), 30);
    assert_eq!(dial.time_limit.as_secs(), 14_400);
    assert_eq!(dial.numbers[0].number, "+16195550110");
    assert_eq!(dial.numbers[0].events, ["completed"]);
    let Verb::Gather(gather) = one("<Gather/>") else {
        panic!("no Gather");
    };
    assert_eq!(
        (gather.finish_on_key.as_str(), gather.num_digits),
        ("#", None)
    );
    assert_eq!(gather.timeout.as_secs(), 5);
    let Verb::Record(record) = one("<Record/>") else {
        panic!("no Record");
    };
    assert!(record.play_beep && record.trims && record.action.is_none());
    assert_eq!(record.finish_on_key, "0123456789*#");
    assert_eq!(
        (record.max_length.as_secs(), record.timeout.as_secs()),
        (3600, 5)
    );
    assert_eq!(one("<Reject/>"), Verb::Reject { busy: false });
    assert_eq!(one("<Pause/>"), Verb::Pause(Duration::from_secs(1)));
}
