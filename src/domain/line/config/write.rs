use std::fmt::Write;

use serde::Serialize;
use toml::Value;

use super::in_words;
use super::notices::NO_QUIET;
use super::policy::NEVER;
use super::retention::in_days;
use crate::domain::line::voice::{Greeting, Voice};
use crate::domain::line::{Hours, Line, TakesCalls};

/// The lines as `relay.toml` has them; reads back as the same lines. What has its default is written
/// too: it is what is in force.
pub fn write(lines: &[Line]) -> String {
    let mut toml = String::new();
    for line in lines {
        write_line(&mut toml, line);
    }
    toml
}

fn write_line(toml: &mut String, line: &Line) {
    let (policy, notices) = (&line.policy, &line.notices);
    table(toml, "[[line]]");
    entry(toml, "name", &line.name);
    entry(toml, "number", &line.number);
    if !line.reply_numbers.is_empty() {
        entry(toml, "reply_numbers", &line.reply_numbers);
    }
    entry(toml, "country", &line.country);
    entry(toml, "time_zone", &line.time_zone);
    entry(toml, "language", line.language);
    entry(toml, "public_url", &line.public_url);
    let quiet_hours = notices.quiet_hours.map(String::from);
    entry(
        toml,
        "quiet_hours",
        quiet_hours.as_deref().unwrap_or(NO_QUIET),
    );
    let price = notices.price_per_segment.decimal();
    let _ = writeln!(toml, "price_per_segment = {price}");
    entry(toml, "segments_a_minute", notices.segments_a_minute);
    entry(toml, "hand_over_after", in_words(policy.hand_over_after));
    entry(toml, "deliver_within", in_words(policy.deliver_within));
    entry(toml, "alert", &policy.alert);
    if !policy.allowed_prefixes.is_empty() {
        entry(toml, "allowed_prefixes", &policy.allowed_prefixes);
    }
    entry(toml, "sender_limit", policy.sender_limit);
    entry(toml, "most_segments_a_day", policy.most_segments_a_day);
    entry(toml, "conversation_for", in_words(policy.conversation_for));
    let within = policy.answer_within.map(in_words);
    entry(toml, "answer_within", within.as_deref().unwrap_or(NEVER));
    entry(toml, "keep_words", in_days(line.retention.keep_words));
    entry(toml, "keep_texts", in_days(line.retention.keep_texts));
    table(toml, "[line.retry]");
    entry(toml, "first", in_words(policy.retry.first));
    entry(toml, "longest", in_words(policy.retry.longest));
    for topic in &notices.topics {
        table(toml, "[[line.topic]]");
        entry(toml, "name", &topic.name);
        entry(toml, "keyword", &topic.keyword);
        entry(toml, "about", &topic.about);
        entry(toml, "confirm", topic.confirm.then_some(true));
    }
    for (name, template) in &notices.templates {
        table(toml, &format!("[line.template.{name}]"));
        entry(toml, "text", &template.text);
        entry(toml, "sample", &template.sample);
    }
    if let Some(auto_reply) = &line.auto_reply {
        table(toml, "[line.auto_reply]");
        entry(toml, "text", &auto_reply.text);
        entry(toml, "when", auto_reply.when);
    }
    if let Some(voice) = &line.voice {
        write_voice(toml, voice);
    }
    for person in &line.people {
        table(toml, "[[line.person]]");
        entry(toml, "name", &person.name);
        entry(toml, "number", &person.number);
        match &person.hours {
            Hours::Weekly(windows) => entry(toml, "hours", windows),
            always_or_never => entry(toml, "hours", always_or_never),
        }
        entry(toml, "pin", &person.pin);
        entry(
            toml,
            "may_write_first",
            person.may_write_first.then_some(true),
        );
        match &person.calls {
            TakesCalls::OnDuty => {}
            TakesCalls::Never => entry(toml, "calls", false),
            TakesCalls::Weekly(windows) => entry(toml, "calls", windows),
        }
        entry(toml, "screening", person.unscreened.then_some(false));
    }
}

fn write_voice(toml: &mut String, voice: &Voice) {
    table(toml, "[line.voice]");
    entry(toml, "ring", in_words(voice.ring));
    entry(toml, "ring_for", in_words(voice.ring_for));
    entry(toml, "most_rings", voice.most_rings);
    entry(toml, "screening", voice.screening);
    entry(toml, "talk_limit", in_words(voice.talk_limit));
    entry(toml, "unknown_callers", voice.unknown_callers);
    entry(toml, "failed_attestation", voice.failed_attestation);
    entry(toml, "caller_limit", voice.caller_limit);
    entry(toml, "live_limit", voice.live_limit);
    entry(toml, "whisper", &voice.whisper);
    entry(toml, "language", &voice.language);
    entry(toml, "voice", &voice.voice);
    entry(toml, "after_call", voice.after_call);
    entry(toml, "ignore_under", in_words(voice.ignore_under));
    table(toml, "[line.voice.voicemail]");
    let voicemail = &voice.voicemail;
    match &voicemail.greeting {
        Some(Greeting::Text(text)) => entry(toml, "greeting", text),
        Some(Greeting::File { name, .. }) => {
            let file = std::collections::BTreeMap::from([("file", name)]);
            entry(toml, "greeting", file);
        }
        None => {}
    }
    entry(toml, "longest", in_words(voicemail.longest));
    entry(toml, "transcribe", voicemail.transcribe);
    entry(toml, "keep", in_days(voicemail.keep));
    entry(toml, "keep_at_twilio", voicemail.keep_at_twilio);
    if let Some(missed) = &voice.missed_text {
        table(toml, "[line.voice.missed_text]");
        entry(toml, "text", &missed.reply.text);
        entry(toml, "when", missed.reply.when);
        entry(toml, "at_night", missed.at_night);
    }
}

fn table(toml: &mut String, header: &str) {
    let blank = if toml.is_empty() { "" } else { "\n" };
    let _ = writeln!(toml, "{blank}{header}");
}

/// A value that is `None` is not written.
fn entry(toml: &mut String, key: &str, value: impl Serialize) {
    if let Ok(value) = Value::try_from(value) {
        let _ = writeln!(toml, "{key} = {value}");
    }
}
