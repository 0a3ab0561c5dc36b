//! The lines and people of the file. Each value is checked as it is read, against those before it
//! too. What is missing from the result is among the mistakes.

use std::collections::HashMap;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeTable;

use super::alerts::AlertWays;
use super::mistakes::Mistakes;
use super::phones::{Numbers, Phones};
use super::table::{Table, boolean, text};
use super::{alerts, notices, policy, reply_numbers, retention, templates, values, voice, zone};
use crate::domain::language::{Language, unaccented};
use crate::domain::line::{Hours, Line, Person, Policy, TakesCalls};
use crate::domain::phone::{Country, PhoneNumber};
use crate::domain::time_zone::Clock;

/// What a file says.
pub struct File {
    pub lines: Vec<Line>,
    pub alerts: AlertWays,
    /// How long the months of the audit are kept on one machine.
    pub keep_audit: Duration,
    /// The sound files that it names, once somebody has read them.
    pub sounds: Vec<Sound>,
}

/// A sound file beside the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// The SHA-256 of its bytes.
    pub hash: String,
    pub bytes: Vec<u8>,
}

impl Default for File {
    fn default() -> Self {
        Self {
            lines: Vec::new(),
            alerts: AlertWays::default(),
            keep_audit: retention::AUDIT,
            sounds: Vec::new(),
        }
    }
}

pub(super) fn read<'a>(document: &'a Spanned<DeTable<'a>>, mistakes: &'a Mistakes) -> File {
    let mut file = Table::file(document, mistakes);
    let alerts = alerts::read(&mut file);
    let keep_audit = retention::read_audit(&mut file);
    let tables = file.tables("line", "line");
    file.refuse_other_keys(&[]);
    if !document.get_ref().contains_key("line") {
        file.wrong_here(
            "there is no line in the file; write a [[line]] with name, number, country, time_zone \
             and public_url, as in relay.example.toml",
        );
    }
    let (numbers_of_lines, reply_numbers) = (numbers_of(&tables), reply_numbers::of(&tables));
    let mut others = Others::default();
    let lines = tables.into_iter().filter_map(|line| {
        let phones = Phones {
            country: None,
            numbers_of_lines: &numbers_of_lines,
            reply_numbers: &reply_numbers,
        };
        read_line(line, &mut others, phones)
    });
    File {
        lines: lines.collect(),
        sounds: Vec::new(),
        alerts,
        keep_audit,
    }
}

/// The numbers of all lines. What is wrong with them is found when the lines are read.
fn numbers_of(lines: &[Table]) -> Numbers {
    let number_of = |line: &Table| {
        let text = |key: &str| line.entries.get(key)?.get_ref().as_str();
        let country = text("country").and_then(|code| values::country(code).ok());
        let number = values::number(text("number")?, country).ok()??;
        Some((number, text("name").unwrap_or("another line").to_owned()))
    };
    lines.iter().filter_map(number_of).collect()
}

/// The names and numbers of the lines, or of a line's people, that come before.
#[derive(Default)]
struct Others {
    names: HashMap<String, String>,
    numbers: Numbers,
    reply_numbers: Numbers,
}

impl Others {
    fn add_name(&mut self, what: &str, name: String) -> Result<String, String> {
        match self
            .names
            .insert(unaccented(&name).to_lowercase(), name.clone())
        {
            None => Ok(name),
            Some(other) => Err(format!(
                "there is a {what} {other:?} already, and names must differ in more than upper and \
                 lower case and accents; write another name"
            )),
        }
    }

    /// Gives the name of whoever has the number already.
    fn add_number(&mut self, number: Option<&PhoneNumber>, name: &str) -> Option<String> {
        self.numbers.insert(number?.clone(), name.to_owned())
    }
}

fn read_line(mut line: Table, others: &mut Others, phones: Phones) -> Option<Line> {
    let name = line.required("name", "\"main\"", |name| {
        others.add_name("line", values::name(name)?)
    });
    let called = name.as_deref().unwrap_or("another line");
    let country = line.required("country", "\"US\"", values::country);
    let number = line.required("number", "\"+16195550100\"", |number| {
        let number = values::number(number, country)?;
        match others.add_number(number.as_ref(), called) {
            None => Ok(number),
            Some(other) => Err(format!(
                "this is the number of line {other:?} already; give each line its own Twilio number"
            )),
        }
    });
    let number = number.flatten();
    let phones = Phones { country, ..phones };
    let reply_numbers = reply_numbers::read(&mut line, called, &phones, &mut others.reply_numbers);
    let example = "\"America/Los_Angeles\"";
    let time_zone = line.required("time_zone", example, zone::time_zone);
    let example = "\"https://relay.example.com\"";
    let public_url = line.required("public_url", example, values::public_url);
    let zone = time_zone.clone().unwrap_or_default();
    let mut language = Language::default();
    line.set("language", &mut language, |v| values::language(text(v)?));
    let of = country.as_ref().map_or("", Country::code);
    let clock = Clock::new(&zone, of).speaking(language);
    let notices = notices::read(&mut line, clock);
    let policy = policy::read(&mut line, &phones);
    let retention = retention::read(&mut line);
    let auto_reply = templates::read_auto_reply(&mut line, clock);
    let voice = voice::read(&mut line, called, (language, of), clock);
    let takes_calls = voice.is_some();
    let people = read_people(&mut line, number.as_ref(), &phones, &policy, takes_calls);
    line.refuse_other_keys(&[]);
    Some(Line {
        name: name?,
        number: number?,
        reply_numbers,
        country: country?.code().to_owned(),
        time_zone: time_zone?,
        language,
        public_url: public_url?,
        people,
        policy,
        notices,
        retention,
        auto_reply,
        voice,
    })
}

fn read_people(
    line: &mut Table,
    own_number: Option<&PhoneNumber>,
    phones: &Phones,
    policy: &Policy,
    takes_calls: bool,
) -> Vec<Person> {
    let tables = line.tables("person", "line.person");
    if tables.is_empty() {
        line.wrong_here(
            "nobody is behind this line; add a [[line.person]] with name, number and hours = \
             \"always\"",
        );
    }
    let last = tables.len().saturating_sub(1);
    let mut others = Others::default();
    let people = tables.into_iter().enumerate().map(|(n, mut person)| {
        let name = person.required("name", "\"Sergio\"", |name| {
            others.add_name("person", values::person_name(name)?)
        });
        let called = name.as_deref().unwrap_or("this person");
        let number = person.required("number", "\"+16195550110\"", |number| {
            let number = values::number(number, phones.country)?;
            if number.is_some() && number.as_ref() == own_number {
                return Err(LINE_ITSELF.to_owned());
            }
            phones.check(number.as_ref(), "the person's own number", policy)?;
            match others.add_number(number.as_ref(), called) {
                None => Ok(number),
                Some(other) => Err(format!(
                    "{other} has this number already, and a text that fails would go there twice; \
                     write another number or leave this person out"
                )),
            }
        });
        let hours = read_hours(&mut person, called, n == last);
        let pin = person.optional("pin", |v| values::pin(text(v)?));
        let mut may_write_first = false;
        person.set("may_write_first", &mut may_write_first, boolean);
        let (calls, unscreened) = voice::read_person(&mut person, takes_calls);
        if let Some(Some(number)) = &number
            && takes_calls
            && calls != TakesCalls::Never
            && let Err(message) = voice::check_number(number)
        {
            person.wrong(&["number"], message);
        }
        person.refuse_other_keys(&line.known);
        Some(Person {
            number: number??,
            hours: hours?,
            name: name?,
            pin,
            may_write_first,
            calls,
            unscreened,
        })
    });
    people.flatten().collect()
}

/// What is wrong with such a person's number.
const LINE_ITSELF: &str = "this is the number of the line itself, and texts would go round in \
                           circles; write the person's own number";

fn read_hours(person: &mut Table, called: &str, is_backup: bool) -> Option<Hours> {
    let mistakes = person.mistakes;
    person.expect("hours", values::HOURS);
    person.optional("hours", |value| {
        let hours = match value.as_str() {
            Some(word) => values::hours_word(word)?,
            None => Hours::Weekly(values::windows(value, mistakes)?),
        };
        if is_backup && hours != Hours::Always {
            return Err(format!(
                "{called} is last and so the backup, but not always available; write hours = \
                 \"always\", or add somebody who is after {called}"
            ));
        }
        Ok(hours)
    })
}
