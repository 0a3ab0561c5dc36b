//! How a line takes calls: `[line.voice]`, and what a person says of calls.

use toml::de::DeValue;

use super::mistakes::Mistakes;
use super::policy::{Time, in_words};
use super::retention;
use super::table::{Table, boolean, list, text, whole_number, wrong_kind};
use super::{templates, values};
use crate::domain::language::Language;
use crate::domain::line::voice::{
    AtNight, Greeting, MissedText, Treatment, Voicemail, seconds_to_say, whispered,
};
use crate::domain::line::{TakesCalls, Voice};
use crate::domain::phone::{Country, PhoneNumber};
use crate::domain::time_zone::Clock;

const RING: Time = Time("ring", 10..=40, "20s");
/// Networks of callers give up at some time after a minute.
const RING_FOR: Time = Time("ring_for", 25..=120, "65s");
/// Source of the most: Twilio, "TwiML Voice: Dial", `timeLimit`.
const TALK_LIMIT: Time = Time("talk_limit", 60..=14_400, "2h");
const IGNORE_UNDER: Time = Time("ignore_under", 1..=15, "3s");
const LONGEST: Time = Time("longest", 10..=300, "2m");

/// Source: Twilio, "TwiML Voice: Record", `transcribe`: English, and at most two minutes.
const LONGEST_TRANSCRIBED: u64 = 120;

/// A whisper is heard by whatever picks up, and keeps the caller waiting.
const LONGEST_WHISPER: f64 = 5.0;

const LONGEST_GREETING: usize = 500;

/// `spoken` are the language and the country of the line.
pub(super) fn read(
    line: &mut Table,
    name: &str,
    spoken: (Language, &str),
    clock: Clock,
) -> Option<Voice> {
    let mut table = line.table("voice", "line.voice")?;
    let mut voice = Voice::speaking(spoken.0, spoken.1);
    RING.set(&mut table, &mut voice.ring);
    RING_FOR.set(&mut table, &mut voice.ring_for);
    table.set("most_rings", &mut voice.most_rings, |v| {
        whole_number(
            v,
            1..=10,
            "write a number of people from 1 to 10, such as 4",
        )
    });
    table.set("screening", &mut voice.screening, boolean);
    TALK_LIMIT.set(&mut table, &mut voice.talk_limit);
    table.set("unknown_callers", &mut voice.unknown_callers, treatment);
    let failed = &mut voice.failed_attestation;
    table.set("failed_attestation", failed, treatment);
    table.set("caller_limit", &mut voice.caller_limit, |v| {
        whole_number(
            v,
            1..=20,
            "write a number of calls an hour from 1 to 20, such as 6",
        )
    });
    table.set("live_limit", &mut voice.live_limit, |v| {
        whole_number(
            v,
            1..=30,
            "write a number of calls at once from 1 to 30, such as 10",
        )
    });
    table.set("language", &mut voice.language, |v| language(text(v)?));
    voice.voice = table.optional("voice", |v| voice_name(text(v)?));
    table.set("after_call", &mut voice.after_call, boolean);
    IGNORE_UNDER.set(&mut table, &mut voice.ignore_under);
    let whisper = table.optional("whisper", |v| whisper(text(v)?));
    voice.whisper = whisper.filter(|template| is_short(template, name, &table));
    if let Some(mut table) = table.table("voicemail", "line.voice.voicemail") {
        read_voicemail(&mut table, &mut voice.voicemail, &voice.language);
    }
    voice.missed_text = read_missed_text(&mut table, clock);
    let place = "the voicemail's: write it under [line.voice.voicemail]";
    refuse_keys_of(&OF_VOICEMAIL, place, &mut table);
    table.refuse_other_keys(&[]);
    if voice.ring_for < voice.ring {
        let message = format!(
            "ring_for is {} and ring {}, so that nobody's phone would ring to the end; write a ring_for that \
             is as long as ring at least",
            in_words(voice.ring_for),
            in_words(voice.ring)
        );
        table.wrong(&["ring_for", "ring"], message);
    }
    Some(voice)
}

/// What stands in `[line.voice.voicemail]`.
const OF_VOICEMAIL: [&str; 5] = [
    "greeting",
    "longest",
    "transcribe",
    "keep",
    "keep_at_twilio",
];

/// What stands in `[line.voice]` and is easily written further down.
#[rustfmt::skip]
const OF_VOICE: [&str; 14] = [
    "ring", "ring_for", "most_rings", "screening", "talk_limit", "unknown_callers", "failed_attestation",
    "caller_limit", "live_limit", "language", "voice", "after_call", "ignore_under", "whisper",
];

/// Refuses these keys, which stand elsewhere or are written otherwise.
fn refuse_keys_of(keys: &[&'static str], place: &str, table: &mut Table) {
    for key in table.entries.keys() {
        let name: &str = key.get_ref();
        if let Some(known) = keys.iter().find(|of| **of == name) {
            table.known.push(known);
            let message = format!("{} has no key {name:?}; it is {place}", table.name);
            table.mistakes.unknown_key(key.span(), message);
        }
    }
}

fn read_voicemail(table: &mut Table, voicemail: &mut Voicemail, language: &str) {
    voicemail.greeting = table.optional("greeting", greeting);
    LONGEST.set(table, &mut voicemail.longest);
    table.set("transcribe", &mut voicemail.transcribe, boolean);
    table.set("keep", &mut voicemail.keep, |v| {
        retention::days(v, 1..=365, "30d")
    });
    table.set("keep_at_twilio", &mut voicemail.keep_at_twilio, boolean);
    refuse_keys_of(&OF_VOICE, "the voice's: write it under [line.voice]", table);
    refuse_keys_of(
        &["greeting_file", "file"],
        "written in braces: write greeting = { file = \"greeting.mp3\" }",
        table,
    );
    table.refuse_other_keys(&[]);
    if voicemail.transcribe && !language.starts_with("en") {
        let message = "only English is transcribed; leave transcribe out";
        table.wrong(&["transcribe"], message);
    } else if voicemail.transcribe && LONGEST_TRANSCRIBED < voicemail.longest.as_secs() {
        let message =
            "messages of more than two minutes are not transcribed; write longest = \"2m\"";
        table.wrong(&["longest", "transcribe"], message);
    }
}

fn read_missed_text(voice: &mut Table, clock: Clock) -> Option<MissedText> {
    let mut table = voice.table("missed_text", "line.voice.missed_text")?;
    let mut at_night = AtNight::default();
    table.set("at_night", &mut at_night, |v| match text(v)? {
        "wait" => Ok(AtNight::Wait),
        "never" => Ok(AtNight::Never),
        other => Err(format!(
            "{other:?} is nothing to do with it in the quiet hours; write \"wait\" or \"never\""
        )),
    });
    let reply = templates::reply(table, clock)?;
    Some(MissedText { reply, at_night })
}

fn treatment(value: &DeValue) -> Result<Treatment, String> {
    let advice = "write \"ring\", \"voicemail\" or \"refuse\"";
    match value.as_str() {
        Some("ring") => Ok(Treatment::Ring),
        Some("voicemail") => Ok(Treatment::Voicemail),
        Some("refuse") => Ok(Treatment::Refuse),
        Some(other) => Err(format!("{other:?} is nothing to do with a call; {advice}")),
        None => Err(wrong_kind(value, advice)),
    }
}

/// The relay's own words are in these two.
fn language(text: &str) -> Result<String, String> {
    let is_one = match text.split_once('-') {
        Some(("en" | "es", country)) => {
            country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase())
        }
        _ => false,
    };
    let advice = "write English or Spanish of a country, such as \"en-US\" or \"es-MX\"";
    is_one
        .then(|| text.to_owned())
        .ok_or_else(|| format!("{text:?} is no language that the relay speaks; {advice}"))
}

fn voice_name(text: &str) -> Result<String, String> {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let is_name = (1..=60).contains(&text.len()) && text.bytes().all(is_part);
    let advice = "write one as Twilio names it, such as \"Polly.Joanna-Neural\"";
    is_name
        .then(|| text.to_owned())
        .ok_or_else(|| format!("this is no name of a voice; {advice}"))
}

fn whisper(text: &str) -> Result<String, String> {
    let advice = "write a text such as \"{{ line }}, a call from {{ caller }}. Press 1.\"";
    let text = values::presentable(text, 200, advice)?;
    let rest = text.replace("{{ line }}", "").replace("{{ caller }}", "");
    if rest.contains(['{', '}', '<', '>']) {
        return Err(format!(
            "this can show only {{{{ line }}}} and {{{{ caller }}}}, and no tags; {advice}"
        ));
    }
    Ok(text)
}

/// Whether a voice says it in the time that there is.
fn is_short(template: &str, name: &str, table: &Table) -> bool {
    let says = whispered(template, name, "0 1 4 2");
    let seconds = seconds_to_say(&says);
    if seconds <= LONGEST_WHISPER {
        return true;
    }
    let message = format!(
        "a voice needs about {seconds:.0} seconds to say this, and the caller waits for so long; write a \
         text of at most {LONGEST_WHISPER:.0} seconds"
    );
    table.wrong(&["whisper"], message);
    false
}

fn greeting(value: &DeValue) -> Result<Greeting, String> {
    let advice = "write what callers hear, or { file = \"greeting.mp3\" }";
    if let Some(table) = value.as_table() {
        let file = table.get("file").and_then(|file| file.get_ref().as_str());
        return match file {
            Some(name) if table.len() == 1 => sound_file(name),
            _ => Err(format!("this is no greeting; {advice}")),
        };
    }
    let says = text(value).map_err(|_| format!("this is no greeting; {advice}"))?;
    let length = says.chars().count();
    let is_file = [".mp3", ".wav", ".m4a", ".ogg", ".aac"];
    let is_file = is_file
        .iter()
        .any(|end| says.trim().to_lowercase().ends_with(end));
    if is_file && !says.trim().contains(char::is_whitespace) {
        return Err(
            "callers would hear these letters read; for an MP3 file write greeting = { file = \"greeting.mp3\" }"
                .to_owned(),
        );
    }
    if says.trim().is_empty() || says.chars().any(|c| c.is_control() && c != '\n') {
        return Err(format!("this says nothing, or not only words; {advice}"));
    }
    if LONGEST_GREETING < length {
        return Err(format!(
            "this has {length} characters, and callers wait for the tone; write at most {LONGEST_GREETING}"
        ));
    }
    Ok(Greeting::Text(says.to_owned()))
}

fn sound_file(name: &str) -> Result<Greeting, String> {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let is_name = name.len() <= 100 && name.bytes().all(is_part) && !name.starts_with('.');
    if !is_name || !name.ends_with(".mp3") {
        return Err(
            "this is no sound file beside the configuration; write the name of an MP3 file without a folder, \
             such as \"greeting.mp3\""
                .to_owned(),
        );
    }
    Ok(Greeting::File {
        name: name.to_owned(),
        hash: None,
    })
}

/// When a person takes calls, and whether any pick-up of their phone is an answer.
pub(super) fn read_person(person: &mut Table, takes_calls: bool) -> (TakesCalls, bool) {
    let mistakes = person.mistakes;
    let mut calls = TakesCalls::default();
    person.set("calls", &mut calls, |value| read_calls(value, mistakes));
    let mut screening = true;
    person.set("screening", &mut screening, boolean);
    if !takes_calls {
        let message = "the line takes no calls, so that this says nothing; add [line.voice] to the line, or \
                       leave this out";
        person.wrong(&["calls", "screening"], message);
    }
    (calls, !screening)
}

fn read_calls(value: &DeValue, mistakes: &Mistakes) -> Result<TakesCalls, String> {
    let advice = "write true, false or hours such as [\"Mon-Fri 08:00-18:00\"]";
    if let Some(takes) = value.as_bool() {
        return Ok(if takes {
            TakesCalls::OnDuty
        } else {
            TakesCalls::Never
        });
    }
    if list(value, advice)?.is_empty() {
        return Err("the list of hours is empty; write calls = false".to_owned());
    }
    values::windows(value, mistakes).map(TakesCalls::Weekly)
}

/// Refuses a number that costs callers of it more than a telephone does, or is none.
pub(super) fn check_number(number: &PhoneNumber) -> Result<(), String> {
    if Country::is_telephone(number) {
        return Ok(());
    }
    Err(
        "this is a premium, shared-cost or service number, which is not rung; write the person's own number, or \
         calls = false"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests;
