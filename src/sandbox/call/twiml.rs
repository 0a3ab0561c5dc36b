//! Reads TwiML for calls, strictly: what Twilio would only warn of is an error here, too.
//!
//! Sources: Twilio's pages of the verbs, "Error and warning dictionary".

use std::time::Duration;

use roxmltree::{Document, Node};

use super::attributes::{self, OFF_SCHEMA};

/// No document may be larger: Twilio's limit.
const MOST_BYTES: usize = 64 * 1024;
const TOO_LARGE: u32 = 11750;
const NOT_XML: u32 = 12100;
const NO_RESPONSE: u32 = 12102;
const BAD_CONTENT_TYPE: u32 = 12300;
/// "Dial: Cannot Dial out from a Dial Call Segment".
const DIAL_IN_LEG: u32 = 13201;
const MOST_NUMBERS: usize = 10;

/// What a document has a call do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    Dial(Dial),
    Gather(Gather),
    Prompt(Prompt),
    Pause(Duration),
    Record(Record),
    Hangup,
    Redirect(String),
    Reject { busy: bool },
}

/// What is heard: `<Say>` or `<Play>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    Say {
        text: String,
        times: u32,
    },
    Play {
        url: String,
        times: u32,
    },
    /// Only inside `<Gather>`.
    Pause(Duration),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    pub action: Option<String>,
    pub answer_on_bridge: bool,
    pub caller_id: Option<String>,
    pub hangup_on_star: bool,
    pub timeout: Duration,
    pub time_limit: Duration,
    pub numbers: Vec<Number>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub number: String,
    pub url: Option<String>,
    pub status_callback: Option<String>,
    /// The events that it is called for.
    pub events: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gather {
    pub action: Option<String>,
    pub action_on_empty_result: bool,
    pub finish_on_key: String,
    pub num_digits: Option<usize>,
    pub timeout: Duration,
    pub prompts: Vec<Prompt>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub action: Option<String>,
    pub finish_on_key: String,
    pub max_length: Duration,
    pub play_beep: bool,
    /// How much silence ends it.
    pub timeout: Duration,
    pub trims: bool,
    pub status_callback: Option<String>,
    pub events: Vec<String>,
}

/// Who is asked for the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    Caller,
    /// The `url` of a `<Number>`: what the callee hears before they are connected.
    Callee,
}

/// Why a document is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub code: u32,
    pub why: String,
}

fn refused<T>(code: u32, why: impl Into<String>) -> Result<T, Refused> {
    let why = why.into();
    Err(Refused { code, why })
}

/// Reads an answer by its content type. Plain text is read aloud and ends the call; sound is played.
pub fn read(content_type: Option<&str>, body: &str, to: For) -> Result<Vec<Verb>, Refused> {
    if body.len() > MOST_BYTES {
        return refused(TOO_LARGE, "the document is larger than 64 KiB");
    }
    let kind = content_type.unwrap_or_default().split(';').next();
    match kind
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        "text/xml" | "application/xml" | "text/html" => document(body, to),
        "text/plain" => Ok(vec![Verb::Prompt(Prompt::Say {
            text: body.trim().to_owned(),
            times: 1,
        })]),
        "" => refused(
            BAD_CONTENT_TYPE,
            "the answer has no Content-Type; send text/xml",
        ),
        other => {
            let why = format!("the answer has the Content-Type {other}; send text/xml");
            refused(BAD_CONTENT_TYPE, why)
        }
    }
}

fn document(body: &str, to: For) -> Result<Vec<Verb>, Refused> {
    if body.starts_with(|c: char| c.is_whitespace() || c == '\u{feff}') {
        return refused(
            NOT_XML,
            "something stands before the XML: a blank or a byte order mark",
        );
    }
    let document = match Document::parse(body) {
        Ok(document) => document,
        Err(error) => return refused(NOT_XML, format!("the answer is no XML: {error}")),
    };
    let root = document.root_element();
    if !root.has_tag_name("Response") {
        return refused(NO_RESPONSE, "the root element is no <Response>");
    }
    if let Some(attribute) = root.attributes().next() {
        let why = format!("<Response> has no attribute {}", attribute.name());
        return refused(OFF_SCHEMA, why);
    }
    elements(root, OFF_SCHEMA)?
        .into_iter()
        .map(|element| verb(element, to))
        .collect()
}

/// The elements inside, all known and with right attributes; no text stands between them.
fn elements<'a, 'i>(node: Node<'a, 'i>, code: u32) -> Result<Vec<Node<'a, 'i>>, Refused> {
    let name = node.tag_name().name();
    let mut found = Vec::new();
    for child in node.children() {
        if child.is_element() {
            check(child)?;
            found.push(child);
        } else if child.is_text() && !child.text().unwrap_or_default().trim().is_empty() {
            return refused(code, format!("text stands in <{name}> outside an element"));
        }
    }
    Ok(found)
}

fn check(element: Node) -> Result<(), Refused> {
    let name = element.tag_name().name();
    if element.tag_name().namespace().is_some() || attributes::of(name).is_none() {
        return refused(OFF_SCHEMA, format!("the sandbox knows no element <{name}>"));
    }
    for attribute in element.attributes() {
        attributes::check(name, attribute.name(), attribute.value())
            .or_else(|(code, why)| refused(code, why))?;
    }
    Ok(())
}

fn verb(element: Node, to: For) -> Result<Verb, Refused> {
    let name = element.tag_name().name();
    match (name, to) {
        ("Dial", For::Callee) => {
            return refused(DIAL_IN_LEG, "a <Number>'s document may not hold <Dial>");
        }
        ("Say" | "Play" | "Gather" | "Hangup", _) | (_, For::Caller) => {}
        _ => {
            let why = format!(
                "a <Number>'s document may hold Play, Say, Gather and Hangup, and not <{name}>"
            );
            return refused(OFF_SCHEMA, why);
        }
    }
    let bool = |name| element.attribute(name) == Some("true");
    let own = |name: &str| element.attribute(name).map(str::to_owned);
    let seconds =
        |name, default| Duration::from_secs(number(element, name).unwrap_or(default).into());
    let all_keys = || "0123456789*#".to_owned();
    let events = |name, default: &str| words(element.attribute(name).unwrap_or(default));
    Ok(match name {
        "Say" | "Play" | "Pause" => match prompt(element)? {
            Prompt::Pause(length) => Verb::Pause(length),
            prompt => Verb::Prompt(prompt),
        },
        "Dial" => Verb::Dial(Dial {
            action: own("action"),
            answer_on_bridge: bool("answerOnBridge"),
            caller_id: own("callerId"),
            hangup_on_star: bool("hangupOnStar"),
            timeout: seconds("timeout", 30),
            time_limit: seconds("timeLimit", 14_400),
            numbers: numbers(element)?,
        }),
        "Gather" => Verb::Gather(Gather {
            action: own("action"),
            action_on_empty_result: bool("actionOnEmptyResult"),
            finish_on_key: own("finishOnKey").unwrap_or_else(|| "#".to_owned()),
            num_digits: number(element, "numDigits").map(|n| n as usize),
            timeout: seconds("timeout", 5),
            prompts: prompts(element)?,
        }),
        "Record" => {
            let max_length = seconds("maxLength", 3600);
            if bool("transcribe") && max_length > Duration::from_secs(120) {
                return refused(
                    13615,
                    "a transcribed <Record> has a maxLength of at most 120",
                );
            }
            empty(element)?;
            Verb::Record(Record {
                action: own("action"),
                finish_on_key: own("finishOnKey").unwrap_or_else(all_keys),
                max_length,
                play_beep: element.attribute("playBeep") != Some("false"),
                timeout: seconds("timeout", 5),
                trims: element.attribute("trim") != Some("do-not-trim"),
                status_callback: own("recordingStatusCallback"),
                events: events("recordingStatusCallbackEvent", "completed"),
            })
        }
        "Hangup" => {
            empty(element)?;
            Verb::Hangup
        }
        "Redirect" => match text(element)? {
            url if url.is_empty() || url.contains(char::is_whitespace) => {
                return refused(11100, "<Redirect> has no URL");
            }
            url => Verb::Redirect(url),
        },
        "Reject" => {
            empty(element)?;
            let busy = element.attribute("reason") == Some("busy");
            Verb::Reject { busy }
        }
        _ => return refused(OFF_SCHEMA, format!("<{name}> may not stand in <Response>")),
    })
}

/// The nouns of a `<Dial>`, or its text.
fn numbers(dial: Node) -> Result<Vec<Number>, Refused> {
    let to = |number: String| Number {
        number,
        url: None,
        status_callback: None,
        events: Vec::new(),
    };
    if !dial.children().any(|child| child.is_element()) {
        return match text(dial)? {
            number if number.is_empty() => refused(13223, "<Dial> names no number"),
            number => Ok(vec![to(number)]),
        };
    }
    let nouns = elements(dial, 13215)?;
    if nouns.len() > MOST_NUMBERS {
        return refused(13215, "<Dial> holds more than ten numbers");
    }
    let read = |noun: Node| {
        let name = noun.tag_name().name();
        if name != "Number" {
            return refused(13215, format!("<{name}> may not stand in <Dial>"));
        }
        let own = |name: &str| noun.attribute(name).map(str::to_owned);
        Ok(Number {
            url: own("url"),
            status_callback: own("statusCallback"),
            events: words(noun.attribute("statusCallbackEvent").unwrap_or("completed")),
            ..to(text(noun)?)
        })
    };
    nouns.into_iter().map(read).collect()
}

fn prompts(gather: Node) -> Result<Vec<Prompt>, Refused> {
    let read = |element: Node| match element.tag_name().name() {
        "Say" | "Play" | "Pause" => prompt(element),
        name => refused(13320, format!("<{name}> may not stand in <Gather>")),
    };
    elements(gather, 13320)?.into_iter().map(read).collect()
}

fn prompt(element: Node) -> Result<Prompt, Refused> {
    let times = number(element, "loop").unwrap_or(1);
    match element.tag_name().name() {
        "Say" => match text(element)? {
            text if text.is_empty() => refused(13520, "<Say> has no words"),
            text if text.chars().count() > 4096 => {
                refused(13521, "<Say> has more than 4,096 characters")
            }
            text => Ok(Prompt::Say { text, times }),
        },
        "Play" => match text(element)? {
            url if url.is_empty() => refused(11100, "<Play> has no URL"),
            url => Ok(Prompt::Play { url, times }),
        },
        _ => {
            empty(element)?;
            let length = number(element, "length").unwrap_or(1);
            Ok(Prompt::Pause(Duration::from_secs(length.into())))
        }
    }
}

/// The text in an element that may hold nothing else.
fn text(element: Node) -> Result<String, Refused> {
    let name = element.tag_name().name();
    let mut text = String::new();
    for child in element.children() {
        if child.is_element() {
            let inner = child.tag_name().name();
            return refused(OFF_SCHEMA, format!("<{inner}> may not stand in <{name}>"));
        }
        if child.is_text() {
            text += child.text().unwrap_or_default();
        }
    }
    Ok(text.trim().to_owned())
}

fn empty(element: Node) -> Result<(), Refused> {
    match text(element)?.as_str() {
        "" => Ok(()),
        _ => {
            let name = element.tag_name().name();
            refused(OFF_SCHEMA, format!("<{name}> may hold nothing"))
        }
    }
}

fn number(element: Node, name: &str) -> Option<u32> {
    element.attribute(name)?.parse().ok()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
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
}
