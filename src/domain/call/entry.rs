//! What people read of a call: taken in like a text of its caller, so that it is answered, passed on and
//! reminded of like one.

use super::{Call, Caller, MissedAt, Outcome, Stage};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::InboundSms;
use crate::domain::line::Line;
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::sms::gsm7_line;

/// More of what a machine heard is left out.
const LONGEST_TRANSCRIPT: usize = 320;

/// More of an address that is no telephone number is left out.
const LONGEST_ADDRESS: usize = 60;

/// With longer names only their number is said, so that the text stays one segment.
const LONGEST_NAMES: usize = 60;

/// What the entry of a message begins with.
const VOICEMAIL: &str = "Voicemail ";

/// The entry of a call that is over; `None` of one that goes on or was refused. `link` is where the message
/// can be heard.
pub fn entry(call: &Call, line: &Line, link: Option<&str>) -> Option<InboundSms> {
    let Stage::Over { outcome } = &call.stage else {
        return None;
    };
    let body = match outcome {
        Outcome::Missed { at } => missed(call, line, *at),
        Outcome::Voicemail { seconds } => voicemail(call, line, *seconds, link),
        Outcome::Spoke { person, seconds } => spoke(call, line, person, *seconds),
        Outcome::Refused { .. } => return None,
    };
    Some(InboundSms {
        sid: MessageSid::of_call(&call.sid),
        from: from(call, line),
        to: line.number.clone(),
        place: call.place.clone(),
        body,
        media: Vec::new(),
        media_left_out: 0,
        opt_out_type: None,
    })
}

/// Who can be written to is a phone; a person of the line is none here, and has no conversation.
fn from(call: &Call, line: &Line) -> Sender {
    match &call.caller {
        Caller::Phone(number) => match line.person_with(number) {
            None => Sender::Phone(number.clone()),
            Some(person) if PhoneNumber::of_address(&person.name).is_none() => {
                Sender::Alphanumeric(person.name.clone())
            }
            Some(_) => Sender::Alphanumeric("Somebody behind the line".to_owned()),
        },
        Caller::Withheld => Sender::Alphanumeric("Number withheld".to_owned()),
        Caller::Odd(address) => {
            Sender::Alphanumeric(address.chars().take(LONGEST_ADDRESS).collect())
        }
    }
}

fn time(call: &Call, line: &Line) -> String {
    let told = call.told.or(call.ended).unwrap_or(call.opened);
    line.clock().day_and_time(call.opened, told)
}

fn missed(call: &Call, line: &Line, at: MissedAt) -> String {
    let time = time(call, line);
    let rang = rang(call);
    match at {
        MissedAt::Ringing => format!("Missed call {time}, {rang}."),
        MissedAt::Voicemail | MissedAt::Nobody => {
            format!("Missed call {time}, {rang}, no message.")
        }
        MissedAt::CutOff => format!("Call {time} was cut off, {rang}, no message."),
        MissedAt::TextsOnly => format!("Call {time}: they heard that this line takes texts only."),
        MissedAt::Unknown => {
            format!("Missed call {time}, {rang}. They may have heard an error.")
        }
    }
}

/// Whether an entry is about a message.
pub fn says_voicemail(entry: &str) -> bool {
    entry.starts_with(VOICEMAIL)
}

/// `rang Sergio and Backup`
fn rang(call: &Call) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in call.legs.iter().map(|leg| plain_name(&leg.person)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let listed = match names.as_slice() {
        [] => return "rang nobody".to_owned(),
        [name] => name.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    };
    if LONGEST_NAMES < listed.chars().count() && 1 < names.len() {
        return format!("rang {} people", names.len());
    }
    format!("rang {listed}")
}

/// A name in letters that do not make the text dearer, if that leaves all of it.
fn plain_name(name: &str) -> String {
    let plain = gsm7_line(name);
    if plain.contains('?') {
        name.to_owned()
    } else {
        plain
    }
}

fn voicemail(call: &Call, line: &Line, seconds: u32, link: Option<&str>) -> String {
    let mut says = format!(
        "{VOICEMAIL}{}:{:02}, {}",
        seconds / 60,
        seconds % 60,
        time(call, line)
    );
    match link {
        Some(link) => {
            says.push_str(": ");
            says.push_str(link);
        }
        None => says.push('.'),
    }
    let message = call.message.as_ref();
    let transcript = message.and_then(|message| message.transcript.as_deref());
    match transcript.map(str::trim).filter(|heard| !heard.is_empty()) {
        Some(heard) => format!("{says}\nA machine heard: {}", shortened(heard)),
        None => says,
    }
}

fn shortened(heard: &str) -> String {
    if heard.chars().count() <= LONGEST_TRANSCRIPT {
        return heard.to_owned();
    }
    let begins: String = heard.chars().take(LONGEST_TRANSCRIPT - 3).collect();
    format!("{}...", begins.trim_end())
}

fn spoke(call: &Call, line: &Line, person: &str, seconds: Option<u32>) -> String {
    let (time, person) = (time(call, line), plain_name(person));
    let talk = match seconds {
        Some(seconds @ 0..=59) => format!("{seconds} s with {person}"),
        Some(seconds) => format!("{} min with {person}", (seconds + 30) / 60),
        None => format!("talked with {person}"),
    };
    match from(call, line) {
        Sender::Phone(_) => format!("Call {time}: {talk}. A reply here goes to them."),
        _ => format!("Call {time}: {talk}."),
    }
}
