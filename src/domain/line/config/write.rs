use std::fmt::Write;

use super::in_words;
use super::notices::NO_QUIET;
use crate::domain::line::auto_reply::Sends;
use crate::domain::line::{Hours, Line, Notices, Policy};

/// The lines as `relay.toml` has them; reads back as the same lines.
pub fn write(lines: &[Line]) -> String {
    let mut toml = String::new();
    for line in lines {
        table(&mut toml, "line");
        entry(&mut toml, "name", &line.name);
        entry(&mut toml, "number", line.number.expose());
        entry(&mut toml, "country", &line.country);
        entry(&mut toml, "time_zone", line.time_zone.name());
        entry(&mut toml, "public_url", &line.public_url);
        notices(&mut toml, &line.notices);
        policy(&mut toml, &line.policy);
        for topic in &line.notices.topics {
            table(&mut toml, "line.topic");
            entry(&mut toml, "name", &topic.name);
            entry(&mut toml, "keyword", &topic.keyword);
            entry(&mut toml, "about", &topic.about);
        }
        for (name, template) in &line.notices.templates {
            let _ = writeln!(toml, "\n[line.template.{name}]");
            entry(&mut toml, "text", &template.text);
            if let Ok(sample) = toml::Value::try_from(&template.sample) {
                let _ = writeln!(toml, "sample = {sample}");
            }
        }
        if let Some(auto_reply) = &line.auto_reply {
            let when = match auto_reply.when {
                Sends::OutsideHours => "outside_hours",
                Sends::Always => "always",
            };
            let _ = writeln!(toml, "\n[line.auto_reply]");
            entry(&mut toml, "text", &auto_reply.text);
            entry(&mut toml, "when", when);
        }
        for person in &line.people {
            table(&mut toml, "line.person");
            entry(&mut toml, "name", &person.name);
            entry(&mut toml, "number", person.number.expose());
            match &person.hours {
                Hours::Always => entry(&mut toml, "hours", "always"),
                Hours::Never => entry(&mut toml, "hours", "never"),
                Hours::Weekly(windows) => {
                    let windows: Vec<String> = windows
                        .iter()
                        .map(|window| quoted(&window.to_string()))
                        .collect();
                    let _ = writeln!(toml, "hours = [{}]", windows.join(", "));
                }
            }
            if let Some(pin) = &person.pin {
                entry(&mut toml, "pin", pin.expose());
            }
        }
    }
    toml
}

/// As far as they stand in the line's own table, which ends where the policy's begins.
fn notices(toml: &mut String, notices: &Notices) {
    let quiet = notices.quiet_hours.map(|hours| hours.to_string());
    entry(toml, "quiet_hours", quiet.as_deref().unwrap_or(NO_QUIET));
    let price = notices.price_per_segment.decimal();
    let _ = writeln!(toml, "price_per_segment = {price}");
    let _ = writeln!(toml, "segments_a_minute = {}", notices.segments_a_minute);
}

/// What has its default is written too: it is what is in force.
fn policy(toml: &mut String, policy: &Policy) {
    entry(toml, "hand_over_after", &in_words(policy.hand_over_after));
    entry(toml, "deliver_within", &in_words(policy.deliver_within));
    if let Some(alert) = &policy.alert {
        entry(toml, "alert", alert.expose());
    }
    let prefixes = policy.allowed_prefixes.iter();
    let prefixes: Vec<String> = prefixes.map(|prefix| quoted(prefix.as_str())).collect();
    if !prefixes.is_empty() {
        let _ = writeln!(toml, "allowed_prefixes = [{}]", prefixes.join(", "));
    }
    let _ = writeln!(toml, "sender_limit = {}", policy.sender_limit);
    entry(toml, "thread_for", &in_words(policy.thread_for));
    if let Some(within) = policy.answer_within {
        entry(toml, "answer_within", &in_words(within));
    }
    let _ = writeln!(toml, "\n[line.retry]");
    entry(toml, "first", &in_words(policy.retry.first));
    entry(toml, "longest", &in_words(policy.retry.longest));
}

fn table(toml: &mut String, name: &str) {
    if !toml.is_empty() {
        toml.push('\n');
    }
    let _ = writeln!(toml, "[[{name}]]");
}

fn entry(toml: &mut String, key: &str, text: &str) {
    let _ = writeln!(toml, "{key} = {}", quoted(text));
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
