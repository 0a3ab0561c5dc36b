//! What people read of a call: taken in like a text of its caller, so that it is answered, passed on and
//! reminded of like one.

use super::{Call, Caller, MissedAt, NotReached, Outcome, Stage};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::InboundSms;
use crate::domain::language::{Language, Phrase, say};
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
const VOICEMAIL: Phrase = Phrase::new("Voicemail ", "Mensaje de voz ");

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
        Outcome::NotReached { because } => not_reached(call, line, *because)?,
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
            Some(_) => Sender::Alphanumeric(say!(
                line.language,
                "Somebody behind the line",
                "Alguien del equipo"
            )),
        },
        Caller::Withheld => {
            Sender::Alphanumeric(say!(line.language, "Number withheld", "Teléfono oculto"))
        }
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
    let (language, time) = (line.language, time(call, line));
    let rang = rang(language, call);
    if 0 < call.others {
        let count = call.others.saturating_add(1);
        return say!(
            language,
            "{count} more missed calls since {time}, {rang}.",
            "Otras {count} llamadas perdidas desde {time}, {rang}."
        );
    }
    match at {
        MissedAt::Ringing => say!(
            language,
            "Missed call {time}, {rang}.",
            "Llamada perdida {time}, {rang}."
        ),
        MissedAt::Voicemail | MissedAt::Nobody => say!(
            language,
            "Missed call {time}, {rang}, no message.",
            "Llamada perdida {time}, {rang}, sin mensaje."
        ),
        MissedAt::CutOff => say!(
            language,
            "Call {time} was cut off, {rang}, no message.",
            "Llamada cortada {time}, {rang}, sin mensaje."
        ),
        MissedAt::TextsOnly => say!(
            language,
            "Call {time}: they heard that this line takes texts only.",
            "Llamada {time}: ha escuchado que solo se reciben mensajes de texto."
        ),
        MissedAt::Unknown => say!(
            language,
            "Missed call {time}, {rang}. They may have heard an error.",
            "Llamada perdida {time}, {rang}. Tal vez ha escuchado un error."
        ),
    }
}

/// Whether an entry is about a message.
pub fn says_voicemail(entry: &str) -> bool {
    let mut begins = VOICEMAIL.in_all().into_iter();
    begins.any(|begins| entry.starts_with(begins))
}

/// `rang Sergio and Backup`
fn rang(language: Language, call: &Call) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in call.legs.iter().map(|leg| plain_name(&leg.person)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (listed, count) = (language.list(&names), names.len());
    if names.is_empty() {
        return say!(language, "rang nobody", "no se ha llamado a nadie");
    }
    if LONGEST_NAMES < listed.chars().count() && 1 < count {
        return say!(
            language,
            "rang {count} people",
            "se ha llamado a {count} personas"
        );
    }
    say!(language, "rang {listed}", "se ha llamado a {listed}")
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
        "{}{}:{:02}, {}",
        VOICEMAIL.of(line.language),
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
        Some(heard) => {
            let heard = shortened(heard);
            say!(
                line.language,
                "{says}\nA machine heard: {heard}",
                "{says}\nTranscrito por un programa: {heard}"
            )
        }
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

/// Of a call of a person's only if the customer's phone rang.
fn not_reached(call: &Call, line: &Line, because: NotReached) -> Option<String> {
    let says = match because {
        NotReached::HungUp => Phrase::new("hung up before they answered", "ha colgado antes"),
        NotReached::NoAnswer => Phrase::new("no answer", "sin respuesta"),
        NotReached::Busy => Phrase::new("busy", "comunica"),
        NotReached::Failed => Phrase::new(
            "their number could not be called",
            "no se puede llamar a ese teléfono",
        ),
        NotReached::Unknown => Phrase::new("it is not known how it ended", "no se sabe el final"),
        _ => return None,
    };
    let (language, time) = (line.language, time(call, line));
    let (says, person) = (says.of(language), plain_name(&call.legs.first()?.person));
    Some(say!(
        language,
        "{person} called {time}: {says}.",
        "Llamada de {person} {time}: {says}."
    ))
}

fn spoke(call: &Call, line: &Line, person: &str, seconds: Option<u32>) -> String {
    let (language, time, person) = (line.language, time(call, line), plain_name(person));
    if call.out.is_some() {
        let talk = match seconds {
            Some(seconds @ 0..=59) => format!("{seconds} s"),
            Some(seconds) => format!("{} min", (seconds + 30) / 60),
            None => say!(language, "they talked", "hablaron"),
        };
        return say!(
            language,
            "{person} called {time}: {talk}. A reply here goes to them.",
            "Llamada de {person} {time}: {talk}. Si respondes, le llega."
        );
    }
    let talk = match seconds {
        Some(seconds @ 0..=59) => {
            say!(
                language,
                "{seconds} s with {person}",
                "{seconds} s con {person}"
            )
        }
        Some(seconds) => {
            let minutes = (seconds + 30) / 60;
            say!(
                language,
                "{minutes} min with {person}",
                "{minutes} min con {person}"
            )
        }
        None => say!(language, "talked with {person}", "con {person}"),
    };
    match from(call, line) {
        Sender::Phone(_) => say!(
            language,
            "Call {time}: {talk}. A reply here goes to them.",
            "Llamada {time}: {talk}. Si respondes, le llega."
        ),
        _ => say!(language, "Call {time}: {talk}.", "Llamada {time}: {talk}."),
    }
}
