//! TwiML: what is escaped reads back the same, and the sandbox takes any answer to a webhook.

use std::sync::Arc;

use relay::clock::ManualClock;
use relay::domain::phone::{PhoneNumber, Sender};
use relay::sandbox::{NewCall, Number, Sandbox, Text, demo_account};
use relay::twilio::twiml::escape;

use super::{Target, bytes};

pub const TARGET: Target = Target {
    name: "twiml",
    seeds,
    words: &[
        "&",
        "<",
        ">",
        "\"",
        "'",
        "&amp;",
        "&#13;",
        "]]>",
        "<![CDATA[",
        "<?xml version=\"1.0\"?>",
        "<Response>",
        "</Response>",
        "<Message>",
        "<Message to=\"",
        "</Message>",
        "<Body>",
        "<Media>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]>",
        "&b;",
        "\r\n",
        "\u{fffe}",
        "\u{85}",
    ],
    check,
};

fn seeds() -> Vec<Vec<u8>> {
    bytes([
        "Tom's <b> & \"co\" ]]> \r\n\t🚐\u{0}\u{b}",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Message to=\"+16195550107\"><Body>Hi \
         &amp; bye</Body><Media>https://x.example/a.png</Media></Message></Response>",
        "<Response><Dial timeout=\"15\"><Number url=\"/a\">+16195550110</Number></Dial><Gather numDigits=\"1\">\
         <Say>Press 1.</Say></Gather><Record maxLength=\"5\"/><Redirect>/b</Redirect></Response>",
        "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;\">]><Response><Message>&c;\
         </Message></Response>",
    ])
}

fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let escaped = escape(&text);
    let answer = format!("<Response><Message note=\"{escaped}\">{escaped}</Message></Response>");
    let document = roxmltree::Document::parse(&answer).expect("it is XML");
    let message = document.root_element().first_child().expect("it is there");
    let kept: String = text.chars().filter(|c| is_xml(*c)).collect();
    assert_eq!(message.text().unwrap_or_default(), kept);
    assert_eq!(message.attribute("note"), Some(&*kept));
    assert!(message.children().all(|node| node.is_text()));

    let screen = replied(&answer);
    if kept.trim().is_empty() {
        assert!(screen.len() <= 1);
    } else {
        assert_eq!(screen, [kept.trim()]);
    }
    replied(&text);
    called(&text);
}

/// The characters that a document may hold: XML 1.0, 2.2.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn sandbox() -> (Sandbox, Arc<ManualClock>, PhoneNumber) {
    let start = "2026-01-05T17:00:00Z".parse().expect("it is an instant");
    let clock = Arc::new(ManualClock::at(start));
    let sandbox = Sandbox::new(Arc::new(demo_account()), clock.clone());
    let line = PhoneNumber::parse("+16195550100").expect("it is a number");
    let setup = Number {
        sms_url: Some("https://relay.example.com/twilio/sms".into()),
        voice_url: Some("https://relay.example.com/twilio/voice".into()),
        ..Number::default()
    };
    sandbox.set_number(line.clone(), setup);
    (sandbox, clock, line)
}

/// Takes every step of a call of which each request is answered so; a document may have it go on for ever.
fn called(answer: &str) {
    let (sandbox, clock, line) = sandbox();
    let called = sandbox.call("+16195550107", &line, NewCall::default());
    called.expect("the line is there");
    for _ in 0..200 {
        let Some(at) = sandbox.next_due() else {
            return;
        };
        clock.set(at.max(relay::clock::Clock::now(&*clock)));
        for webhook in sandbox.due(at) {
            sandbox.answered(webhook.id, 200, answer);
        }
    }
}

/// What a customer's phone shows after an answer to their text.
fn replied(answer: &str) -> Vec<String> {
    let (sandbox, clock, line) = sandbox();
    let customer = Sender::parse("+16195550107");
    let sid = sandbox.text(&customer, &line, Text::new("hi"));
    sid.expect("the line is there");
    while let Some(at) = sandbox.next_due() {
        clock.set(at.max(relay::clock::Clock::now(&*clock)));
        for webhook in sandbox.due(at) {
            sandbox.answered(webhook.id, 200, answer);
        }
    }
    let screen = sandbox.screen(&customer);
    let received = screen.into_iter().skip(1);
    received.map(|entry| entry.body).collect()
}
