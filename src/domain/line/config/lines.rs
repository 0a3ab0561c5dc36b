//! The lines and people of a document, each value by itself.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::entries::{Entries, kind, text};
use super::mistakes::Mistakes;
use super::notices::{self, ReadNotices};
use super::policy::{self, ReadPolicy};
use super::{auto_reply, cascade, values};
use crate::domain::line::pin::Pin;
use crate::domain::line::{AutoReply, Hours, Line, Person, Window};
use crate::domain::phone::{Country, PhoneNumber};
use crate::domain::time_zone::TimeZone;

/// A line as far as it could be read: what is `None` is already among the mistakes.
pub(super) struct ReadLine {
    pub at: Range<usize>,
    pub name: Option<Spanned<String>>,
    pub number: Option<Spanned<PhoneNumber>>,
    country: Option<String>,
    time_zone: Option<TimeZone>,
    public_url: Option<String>,
    pub people: Vec<ReadPerson>,
    pub policy: ReadPolicy,
    pub notices: ReadNotices,
    auto_reply: Option<AutoReply>,
}

pub(super) struct ReadPerson {
    pub name: Option<Spanned<String>>,
    pub number: Option<Spanned<PhoneNumber>>,
    pub hours: Option<Spanned<Hours>>,
    pub pin: Option<Pin>,
}

impl ReadLine {
    /// The line, if everything could be read.
    pub fn complete(self) -> Option<Line> {
        Some(Line {
            name: self.name?.into_inner(),
            number: self.number?.into_inner(),
            country: self.country?,
            time_zone: self.time_zone?,
            public_url: self.public_url?,
            people: self
                .people
                .into_iter()
                .map(|person| {
                    Some(Person {
                        name: person.name?.into_inner(),
                        number: person.number?.into_inner(),
                        hours: person.hours?.into_inner(),
                        pin: person.pin,
                    })
                })
                .collect::<Option<_>>()?,
            policy: self.policy.complete(),
            notices: self.notices.complete()?,
            auto_reply: self.auto_reply,
        })
    }
}

pub(super) fn read(document: &Spanned<DeTable>, mistakes: &mut Mistakes) -> Vec<ReadLine> {
    let document = Entries {
        table: document.get_ref(),
        at: 0..0,
        what: "the file",
    };
    document.only(&["line"], mistakes);
    if !document.table.contains_key("line") {
        let message = "there is no line in the file; write a [[line]] with name, number, country, \
                       time_zone and public_url, as in relay.example.toml";
        mistakes.add(0..0, message);
    }
    let lines: Vec<ReadLine> = document
        .tables("line", "line", mistakes)
        .iter()
        .map(|entries| read_line(entries, mistakes))
        .collect();
    cascade::check(&lines, mistakes);
    lines
}

fn read_line(line: &Entries, mistakes: &mut Mistakes) -> ReadLine {
    let own = [
        "name",
        "number",
        "country",
        "time_zone",
        "public_url",
        "person",
    ];
    line.only(
        &[&own[..], &policy::KEYS, &notices::KEYS, &[auto_reply::KEY]].concat(),
        mistakes,
    );
    let name = line.required("name", "\"main\"", mistakes, |v| values::name(text(v)?));
    let country = line.required("country", "\"US\"", mistakes, |v| {
        let code = text(v)?;
        values::country(code).map(|country| (code.to_owned(), country))
    });
    let (code, country) = country.map(Spanned::into_inner).unzip();
    let number = read_number(line, "\"+16195550100\"", country, mistakes);
    let time_zone = line.required("time_zone", "\"America/Los_Angeles\"", mistakes, |v| {
        values::time_zone(text(v)?)
    });
    let example = "\"https://relay.example.com\"";
    let public_url = line.required("public_url", example, mistakes, |v| {
        values::public_url(text(v)?)
    });
    let people: Vec<ReadPerson> = line
        .tables("person", "line.person", mistakes)
        .iter()
        .map(|person| read_person(person, country, mistakes))
        .collect();
    ReadLine {
        at: line.at.clone(),
        name,
        number,
        country: code,
        auto_reply: auto_reply::read(line, time_zone.as_ref().map(Spanned::get_ref), mistakes),
        notices: notices::read(line, time_zone.as_ref().map(Spanned::get_ref), mistakes),
        time_zone: time_zone.map(Spanned::into_inner),
        public_url: public_url.map(Spanned::into_inner),
        people,
        policy: policy::read(line, country, mistakes),
    }
}

fn read_person(person: &Entries, country: Option<Country>, mistakes: &mut Mistakes) -> ReadPerson {
    let place = "it is the line's: write it above the first [[line.person]]";
    let elsewhere = [&policy::KEYS[..], &notices::KEYS, &[auto_reply::KEY]].concat();
    person.only_these(
        &["name", "number", "hours", "pin"],
        &elsewhere,
        place,
        mistakes,
    );
    ReadPerson {
        name: person.required("name", "\"Sergio\"", mistakes, |v| values::name(text(v)?)),
        number: read_number(person, "\"+16195550110\"", country, mistakes),
        hours: read_hours(person, mistakes),
        pin: person
            .optional("pin", mistakes, |v| values::pin(text(v)?))
            .map(Spanned::into_inner),
    }
}

fn read_number(
    entries: &Entries,
    example: &str,
    country: Option<Country>,
    mistakes: &mut Mistakes,
) -> Option<Spanned<PhoneNumber>> {
    let number = entries.required("number", example, mistakes, |value| {
        values::number(text(value)?, country)
    })?;
    let at = number.span();
    number.into_inner().map(|number| Spanned::new(at, number))
}

fn read_hours(person: &Entries, mistakes: &mut Mistakes) -> Option<Spanned<Hours>> {
    let example = "\"always\", \"never\" or [\"Mon-Fri 08:00-18:00\"]";
    let at = person
        .required("hours", example, mistakes, |_| Ok(()))?
        .span();
    let hours = match person.table.get("hours")?.get_ref() {
        DeValue::String(word) => values::hours_word(word),
        DeValue::Array(windows) if windows.is_empty() => {
            Err("the list of hours is empty; write hours = \"never\"".to_owned())
        }
        DeValue::Array(windows) if windows.len() > MOST_WINDOWS => Err(format!(
            "the list has {} windows, and a week has room for {MOST_WINDOWS} at most; write longer \
             ones, such as \"Mon-Fri 08:00-18:00\"",
            windows.len()
        )),
        DeValue::Array(windows) => Ok(Hours::Weekly(read_windows(windows, mistakes)?)),
        other => Err(format!("this is {}; write hours = {example}", kind(other))),
    };
    match hours {
        Ok(hours) => Some(Spanned::new(at, hours)),
        Err(message) => {
            mistakes.add(at, message);
            None
        }
    }
}

/// One for every hour of the week. Each is compared with all the others.
const MOST_WINDOWS: usize = 7 * 24;

fn read_windows(windows: &DeArray, mistakes: &mut Mistakes) -> Option<Vec<Window>> {
    let mut read: Vec<Spanned<Window>> = Vec::new();
    for item in windows.iter() {
        let window = text(item.get_ref())
            .and_then(|text| Window::parse(text).map_err(|bad| bad.to_string()));
        match window {
            Ok(window) => read.push(Spanned::new(item.span(), window)),
            Err(message) => mistakes.add(item.span(), message),
        }
    }
    cascade::overlaps(&read, mistakes);
    (read.len() == windows.len()).then(|| read.into_iter().map(Spanned::into_inner).collect())
}
