//! A record of the audit as a row for people, in the words of `relay explain` where it has any.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::app::ports::audit::{Kind, Record, Who};
use crate::cli::candidates::nobody;
use crate::cli::show::count;
use crate::domain::ids::DeliveryId;
use crate::domain::routing::Rule;
use crate::domain::time_zone::TimeZone;
use crate::printable::printable;
use crate::twilio::error_texts;

/// Every kind of record, as the events of `/events` are named.
pub const KINDS: [&str; 41] = [
    "decision",
    "duplicate",
    "not_kept",
    "decided_anew",
    "attempt",
    "outcome",
    "hand_over",
    "hand_back",
    "arrived",
    "unanswered",
    "told",
    "alert",
    "gave_up",
    "replayed",
    "dropped",
    "forgotten",
    "by_page",
    "shown",
    "difference",
    "reconciled",
    "opt_out",
    "block",
    "duty_by_text",
    "subscribed",
    "left",
    "slowed",
    "withheld",
    "invited",
    "invitation_failed",
    "notice",
    "notice_cancelled",
    "superseded",
    "notice_expired",
    "call",
    "rang",
    "pressed",
    "leg_ended",
    "voicemail",
    "call_ended",
    "call_refused",
    "call_loop",
];

/// What the rows can be narrowed down to.
pub const GROUPS: [(&str, &str); 5] = [
    ("texts", "Texts and decisions"),
    ("deliveries", "Attempts and outcomes"),
    ("calls", "Calls"),
    ("notices", "Notices and lists"),
    ("changes", "Changes by people"),
];

/// How a row stands, beside its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    Plain,
    Good,
    Warn,
    Bad,
}

#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Where the stream goes on behind it.
    pub id: String,
    pub iso: String,
    pub time: String,
    pub full: String,
    pub kind: String,
    pub group: &'static str,
    pub line: String,
    /// What happened, in a word or two.
    pub word: String,
    pub state: Look,
    /// Whose it is.
    pub person: Option<String>,
    pub says: String,
    /// How long it took since the text came in.
    pub took: Option<String>,
    pub story: Option<String>,
}

impl Row {
    pub fn is_problem(&self) -> bool {
        matches!(self.state, Look::Warn | Look::Bad)
    }
}

/// When the last texts came in and attempts began, so that rows can say how long something took.
#[derive(Default)]
pub struct Began {
    by_name: BTreeMap<String, Timestamp>,
    oldest: VecDeque<String>,
}

/// Of how many that is known.
const MOST_BEGAN: usize = 4096;

impl Began {
    fn note(&mut self, name: String, at: Timestamp) {
        if self.by_name.insert(name.clone(), at).is_none() {
            self.oldest.push_back(name);
        }
        if MOST_BEGAN < self.oldest.len()
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.by_name.remove(&oldest);
        }
    }

    /// How long it took from the text that a delivery is of, or from its first attempt.
    fn took(&mut self, record: &Record) -> Option<f64> {
        let delivery = record.delivery.as_ref().map(DeliveryId::to_string);
        match record.kind {
            Kind::Decision | Kind::DecidedAnew => {
                if let Some(delivery) = delivery {
                    self.note(delivery, record.at);
                }
                None
            }
            Kind::Attempt => {
                let delivery = delivery?;
                if !self.by_name.contains_key(&delivery) {
                    self.note(delivery, record.at);
                }
                None
            }
            Kind::Outcome | Kind::Arrived => {
                let began = self.by_name.get(&delivery?)?;
                let took = record.at.duration_since(*began).as_secs_f64();
                (0.0..86_400.0).contains(&took).then_some(took)
            }
            _ => None,
        }
    }
}

/// The seconds from when a text came in until it reached a phone, if that is what the record says.
pub fn reached_after(record: &Record, began: &mut Began) -> Option<f64> {
    let took = began.took(record);
    let reached = record.kind == Kind::Arrived || record.outcome.as_deref() == Some("delivered");
    took.filter(|_| reached)
}

/// Such as `2.1 s` and `3 min`.
pub fn seconds(took: f64) -> String {
    match took {
        took if took < 9.95 => format!("{took:.1} s"),
        took if took < 119.5 => format!("{took:.0} s"),
        took => format!("{:.0} min", took / 60.0),
    }
}

/// The row of a line of the audit, which ends before `id`. `zone` is that of the line named.
pub fn row(
    line: &[u8],
    id: String,
    zone: impl Fn(&str) -> TimeZone,
    began: &mut Began,
) -> Option<Row> {
    let Ok(record) = serde_json::from_slice::<Record>(line) else {
        return later_version(line, id, zone);
    };
    let took = began.took(&record);
    let (word, state, says) = in_words(&record, &zone(&record.line));
    let subject = record.message_sid.as_ref().map(ToString::to_string);
    let subject = subject.or_else(|| record.call_sid.as_ref().map(ToString::to_string));
    let took = took.filter(|_| matches!(state, Look::Good | Look::Bad));
    Some(Row {
        kind: name_of(&record.kind),
        group: group(record.kind),
        word,
        state,
        says: printable(&says),
        person: record.to_person.as_deref().map(printable),
        took: took.map(seconds),
        story: subject.map(|sid| format!("/texts/{sid}")),
        ..at(id, record.at, &record.line, &zone(&record.line))
    })
}

fn at(id: String, at: Timestamp, line: &str, zone: &TimeZone) -> Row {
    let local = zone.at(at);
    Row {
        id,
        iso: at.to_string(),
        time: local.strftime("%H:%M:%S").to_string(),
        full: zone.show_seconds(at),
        kind: String::new(),
        group: "changes",
        line: printable(line),
        word: String::new(),
        state: Look::Plain,
        person: None,
        says: String::new(),
        took: None,
        story: None,
    }
}

/// What a newer relay wrote, as far as it can be told. What is no record at all has no row.
fn later_version(line: &[u8], id: String, zone: impl Fn(&str) -> TimeZone) -> Option<Row> {
    let record: Value = serde_json::from_slice(line).ok()?;
    let text = |name: &str| record.get(name).and_then(Value::as_str);
    let (of_line, instant) = (text("line")?, text("at")?.parse().ok()?);
    let kind = printable(text("kind")?);
    Some(Row {
        word: kind.replace('_', " "),
        kind,
        says: "a record of another version of the relay, which this page cannot read".to_owned(),
        ..at(id, instant, of_line, &zone(of_line))
    })
}

fn name_of(kind: &Kind) -> String {
    let name = serde_json::to_value(kind).ok();
    name.and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn group(kind: Kind) -> &'static str {
    match kind {
        Kind::Decision
        | Kind::Duplicate
        | Kind::NotKept
        | Kind::DecidedAnew
        | Kind::Unanswered
        | Kind::Told
        | Kind::Alert => "texts",
        Kind::Attempt
        | Kind::Outcome
        | Kind::HandOver
        | Kind::HandBack
        | Kind::Arrived
        | Kind::GaveUp
        | Kind::Slowed
        | Kind::Withheld
        | Kind::Difference
        | Kind::Reconciled => "deliveries",
        Kind::Call
        | Kind::Rang
        | Kind::Pressed
        | Kind::LegEnded
        | Kind::Voicemail
        | Kind::CallEnded
        | Kind::CallRefused
        | Kind::CallLoop => "calls",
        Kind::Subscribed
        | Kind::Left
        | Kind::OptOut
        | Kind::Invited
        | Kind::InvitationFailed
        | Kind::Notice
        | Kind::NoticeCancelled
        | Kind::Superseded
        | Kind::NoticeExpired => "notices",
        Kind::Replayed
        | Kind::Dropped
        | Kind::Forgotten
        | Kind::Shown
        | Kind::ByPage
        | Kind::Block
        | Kind::DutyByText => "changes",
    }
}

fn who(who: Option<&Who>) -> String {
    who.map_or_else(|| "somebody".to_owned(), |who| who.masked.to_string())
}

/// The error of Twilio's, with its title if it is known.
fn error(record: &Record) -> Option<String> {
    let code = record.error_code?;
    Some(match error_texts::title(code) {
        Some(title) => format!("error {code}, {title}"),
        None => format!("error {code}"),
    })
}

/// What happened in a word, how that is, and the rest as a sentence.
fn in_words(record: &Record, zone: &TimeZone) -> (String, Look, String) {
    let person = record.to_person.as_deref();
    let outcome = record.outcome.as_deref();
    let number = record.attempt.map(|number| format!("attempt {number}"));
    let next = record
        .next
        .map(|next| zone.at(next).strftime("%H:%M:%S").to_string());
    let mut parts: Vec<String> = Vec::new();
    let (word, look) = match record.kind {
        Kind::Decision | Kind::DecidedAnew | Kind::Duplicate | Kind::NotKept => {
            // Where it goes to no person, the rule says to whom, such as the customer.
            let rule = record.rule.as_deref();
            let known = rule.and_then(|rule| serde_json::from_value::<Rule>(rule.into()).ok());
            let (else_to, why) = known.map_or(("nobody", ""), nobody);
            let to = person.unwrap_or(else_to);
            parts.push(format!("{} → {to}", who(record.from.as_ref())));
            match person {
                None if !why.is_empty() => parts.push(why.to_owned()),
                _ => parts.extend(rule.map(|rule| rule.replace('_', " "))),
            }
            let chosen = record
                .candidates
                .iter()
                .find(|c| Some(c.person.as_str()) == person);
            parts.extend(chosen.map(|chosen| format!("{}: {}", chosen.person, chosen.because)));
            parts.extend(outcome.map(str::to_owned));
            if record.fallback.is_some() {
                parts.push("by the fallback".to_owned());
            }
            match record.kind {
                Kind::Duplicate => ("came again".to_owned(), Look::Plain),
                Kind::NotKept => ("not kept".to_owned(), Look::Bad),
                Kind::DecidedAnew => ("decided anew".to_owned(), Look::Plain),
                _ => ("decision".to_owned(), Look::Plain),
            }
        }
        Kind::Attempt => {
            let to = person.unwrap_or("somebody");
            parts.push(format!("{to} ({})", who(record.to.as_ref())));
            (number.unwrap_or_else(|| "attempt".to_owned()), Look::Plain)
        }
        Kind::Outcome => {
            parts.extend(person.map(str::to_owned));
            parts.extend(number);
            parts.extend(error(record));
            let look = match outcome {
                Some("delivered") => Look::Good,
                Some("refused" | "undelivered") => Look::Bad,
                Some("unknown" | "absent") => Look::Warn,
                _ => Look::Plain,
            };
            // Of one that Twilio has, it is only when it is asked about it.
            if matches!(look, Look::Warn | Look::Bad) {
                parts.extend(next.map(|next| format!("goes on at {next}")));
            }
            (outcome.unwrap_or("outcome").replace('_', " "), look)
        }
        kind => {
            parts.extend(person.map(|person| match &record.to {
                Some(_) => format!("{person} ({})", who(record.to.as_ref())),
                None => person.to_owned(),
            }));
            if person.is_none() {
                parts.extend(record.from.as_ref().map(|from| who(Some(from))));
            }
            parts.extend(outcome.map(str::to_owned));
            parts.extend(record.topic.as_ref().map(|topic| format!("topic {topic}")));
            parts.extend(record.rule.as_ref().map(|rule| rule.replace('_', " ")));
            parts.extend(record.day.map(|day| format!("of {day}")));
            parts.extend(error(record));
            parts.extend(next.map(|next| format!("goes on at {next}")));
            let available = record.candidates.iter().filter(|c| c.available).count();
            if kind == Kind::Call {
                parts.push(format!("{} can be rung", count(available, "phone")));
            }
            (name_of(&kind).replace('_', " "), look(kind))
        }
    };
    (word, look, parts.join(" · "))
}

fn look(kind: Kind) -> Look {
    match kind {
        Kind::GaveUp | Kind::Alert | Kind::InvitationFailed | Kind::CallRefused => Look::Bad,
        Kind::HandOver
        | Kind::Unanswered
        | Kind::Slowed
        | Kind::Withheld
        | Kind::Difference
        | Kind::NoticeExpired
        | Kind::CallLoop => Look::Warn,
        Kind::Arrived => Look::Good,
        _ => Look::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(record: &str) -> Option<Row> {
        let zone = |_: &str| TimeZone::named("America/Los_Angeles").unwrap();
        row(
            record.as_bytes(),
            "1-2".to_owned(),
            zone,
            &mut Began::default(),
        )
    }

    #[test]
    fn every_kind_of_record_is_an_event() {
        let source = include_str!("../../app/ports/audit.rs");
        let kinds = source.split("pub enum Kind {").nth(1).unwrap();
        let kinds = kinds.split("\n}").next().unwrap();
        let kinds = kinds
            .lines()
            .filter_map(|line| line.trim().strip_suffix(','));
        let count = kinds
            .filter(|name| name.chars().all(char::is_alphanumeric))
            .count();
        assert_eq!(KINDS.len(), count);
        for kind in KINDS {
            let parsed: Result<Kind, _> = serde_json::from_value(kind.into());
            assert!(parsed.is_ok(), "{kind}");
        }
    }

    #[test]
    fn rows_say_what_happened_how_long_it_took_and_where_the_story_is() {
        let sid = format!("SM{}", "1".repeat(32));
        let mut began = Began::default();
        let mut rows = Vec::new();
        for record in [
            format!(
                r#"{{"at":"2026-11-20T22:02:11Z","kind":"decision","version":1,"line":"qdn","message_sid":"{sid}","delivery":"{sid}-1","rule":"first_available","to_person":"Sergio","candidates":[{{"person":"Sergio","available":true,"because":"within Mon-Fri 08:00-18:00"}}]}}"#
            ),
            format!(
                r#"{{"at":"2026-11-20T22:02:13.1Z","kind":"outcome","version":1,"line":"qdn","message_sid":"{sid}","delivery":"{sid}-1","attempt":1,"outcome":"delivered","to_person":"Sergio"}}"#
            ),
            format!(
                r#"{{"at":"2026-11-20T22:02:14Z","kind":"outcome","version":1,"line":"qdn","message_sid":"{sid}","delivery":"{sid}-1","attempt":1,"outcome":"undelivered","error_code":30003,"to_person":"Sergio"}}"#
            ),
        ] {
            let zone = |_: &str| TimeZone::named("America/Los_Angeles").unwrap();
            rows.extend(row(record.as_bytes(), String::new(), zone, &mut began));
        }
        assert_eq!(rows[0].time, "14:02:11");
        assert!(
            rows[0]
                .says
                .contains("→ Sergio · first available · Sergio: within"),
            "{:?}",
            rows[0]
        );
        assert_eq!(rows[0].story, Some(format!("/texts/{sid}")));
        assert_eq!(
            (rows[1].word.as_str(), rows[1].took.as_deref()),
            ("delivered", Some("2.1 s"))
        );
        assert!(rows[1].state == Look::Good && !rows[1].is_problem());
        assert!(
            rows[2].says.contains("error 30003") && rows[2].is_problem(),
            "{:?}",
            rows[2]
        );
    }

    #[test]
    fn a_record_of_a_later_version_has_a_row_and_damage_has_none() {
        let later = r#"{"at":"2026-11-20T22:02:11Z","kind":"by_pigeon","version":9,"line":"qdn"}"#;
        assert_eq!(shown(later).unwrap().word, "by pigeon");
        for damage in ["", "{", "[]", "{\"at\":1}", "\0\0"] {
            assert!(shown(damage).is_none(), "{damage:?}");
        }
    }
}
