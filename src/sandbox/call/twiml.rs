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
    /// Where it is told what was said, if a machine writes that down.
    pub transcribe_callback: Option<String>,
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
                transcribe_callback: own("transcribeCallback").filter(|_| bool("transcribe")),
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
mod tests;
