//! The answers, each held to the rules of the configuration as soon as it is given.

use super::is_yes;
use crate::cli::output::note;
use crate::domain::line::{Line, config};
use crate::domain::phone::{Country, PhoneNumber};
use crate::domain::time_zone::TimeZone;

/// What was answered so far, as text.
#[derive(Clone, Default)]
pub struct Draft {
    name: String,
    number: String,
    country: String,
    time_zone: String,
    public_url: String,
    pub people: Vec<Entry>,
    alert: String,
    takes_calls: bool,
}

#[derive(Clone)]
pub struct Entry {
    pub name: String,
    number: String,
    /// `always`, `never`, or windows with commas between.
    pub hours: String,
}

/// The answer where nobody else is in line.
const NOBODY: &str = "nobody";

type Ask<'a> = &'a mut dyn FnMut(&str, &str) -> anyhow::Result<String>;

impl Draft {
    pub fn asked(ask: Ask) -> anyhow::Result<Self> {
        let mut draft = Self {
            name: "main".to_owned(),
            country: "US".to_owned(),
            time_zone: "UTC".to_owned(),
            public_url: "https://relay.example.com".to_owned(),
            ..Self::default()
        };
        draft.put(
            ask,
            "The Twilio number, in full, such as +16195550100",
            "",
            |draft, answer| {
                answer.clone_into(&mut draft.number);
                if let Some(country) = country_of(answer) {
                    country.clone_into(&mut draft.country);
                }
            },
        )?;
        let country = draft.country.clone();
        draft.put(
            ask,
            "The country in whose way your people write numbers",
            &country,
            |draft, answer| {
                draft.country = answer.to_uppercase();
            },
        )?;
        draft.put(
            ask,
            "The line's name, which customers read in notices",
            "main",
            |draft, answer| {
                answer.clone_into(&mut draft.name);
            },
        )?;
        let zone = zone_here();
        draft.put(ask, "Time zone", &zone, |draft, answer| {
            answer.clone_into(&mut draft.time_zone);
        })?;
        draft.ask_people(ask)?;
        draft.put(
            ask,
            "Who is told when a text reached nobody: a number, or none",
            "none",
            |draft, answer| {
                draft.alert = if answer == "none" {
                    String::new()
                } else {
                    answer.to_owned()
                };
            },
        )?;
        let calls = ask("Shall calls to the line ring these people, too?", "yes")?;
        draft.takes_calls = is_yes(&calls);
        draft.put(
            ask,
            "The address at which Twilio reaches the relay; it can be changed later",
            "https://relay.example.com",
            |draft, answer| answer.clone_into(&mut draft.public_url),
        )?;
        Ok(draft)
    }

    /// People in the order in which they are tried, the backup last.
    fn ask_people(&mut self, ask: Ask) -> anyhow::Result<()> {
        let hours = Some("Mon-Fri 08:00-18:00");
        self.ask_person(ask, "Who gets texts first: a name", "", hours)?;
        loop {
            let before = self.people.len();
            self.ask_person(ask, "Who is next in line, before the backup", NOBODY, hours)?;
            if self.people.len() == before {
                break;
            }
        }
        self.ask_person(
            ask,
            "The backup, who is always available: a name",
            "Backup",
            None,
        )
    }

    /// `hours` is what to offer; the backup is asked for none.
    fn ask_person(
        &mut self,
        ask: Ask,
        question: &str,
        default: &str,
        hours: Option<&str>,
    ) -> anyhow::Result<()> {
        let before = self.people.len();
        self.put(ask, question, default, |draft, answer| {
            if answer != NOBODY {
                draft.people.push(Entry {
                    name: answer.to_owned(),
                    number: String::new(),
                    hours: "always".to_owned(),
                });
            }
        })?;
        if self.people.len() == before {
            return Ok(());
        }
        let who = self
            .people
            .last()
            .map(|entry| entry.name.clone())
            .unwrap_or_default();
        self.put(
            ask,
            &format!("  {who}'s own number"),
            "",
            |draft, answer| {
                if let Some(entry) = draft.people.last_mut() {
                    answer.clone_into(&mut entry.number);
                }
            },
        )?;
        let Some(offered) = hours else { return Ok(()) };
        self.put(
            ask,
            &format!("  {who}'s hours (with commas, or always)"),
            offered,
            |draft, answer| {
                if let Some(entry) = draft.people.last_mut() {
                    answer.clone_into(&mut entry.hours);
                }
            },
        )
    }

    /// Asks until the answer makes no mistake in the file.
    fn put(
        &mut self,
        ask: Ask,
        question: &str,
        default: &str,
        put: impl Fn(&mut Self, &str),
    ) -> anyhow::Result<()> {
        loop {
            let answer = ask(question, default)?;
            let mut next = self.clone();
            put(&mut next, &answer);
            match next.mistake() {
                None => {
                    *self = next;
                    return Ok(());
                }
                Some(mistake) => note!("  {mistake}"),
            }
        }
    }

    /// The first mistake of what was answered so far, with somebody behind the line who is always available.
    fn mistake(&self) -> Option<String> {
        let mut whole = self.clone();
        let country = Country::parse(&self.country);
        let filler = country.and_then(Country::example);
        let filler = filler.map_or("+16195550199".to_owned(), |number| {
            number.expose().to_owned()
        });
        let other = format!(
            "{}{}",
            &filler[..filler.len() - 1],
            if filler.ends_with('1') { 2 } else { 1 }
        );
        for entry in &mut whole.people {
            if entry.number.is_empty() {
                entry.number.clone_from(&other);
            }
        }
        if self.people.last().is_none_or(|last| last.hours != "always") {
            whole.people.push(Entry {
                name: "(the backup)".to_owned(),
                number: filler,
                hours: "always".to_owned(),
            });
        }
        let errors = config::parse(&whole.toml(), "the answers").err()?;
        errors
            .mistakes()
            .first()
            .map(|mistake| mistake.message.clone())
    }

    pub fn line(&self) -> anyhow::Result<Line> {
        let mut lines = config::parse(&self.toml(), "the answers")?;
        Ok(lines.remove(0))
    }

    pub fn toml(&self) -> String {
        let mut toml = format!(
            "#:schema ./infra/integrations/relay.schema.json\n\
             # relay.example.toml tells what else can stand here. After a change: relay config check\n\n\
             [[line]]\nname = {}\nnumber = {}\ncountry = {}\ntime_zone = {}\npublic_url = {}\n",
            quoted(&self.name),
            quoted(&self.number),
            quoted(&self.country),
            quoted(&self.time_zone),
            quoted(&self.public_url),
        );
        if !self.alert.is_empty() {
            toml += &format!("alert = {}\n", quoted(&self.alert));
        }
        if self.takes_calls {
            toml += "\n[line.voice]\n";
        }
        for Entry {
            name,
            number,
            hours,
        } in &self.people
        {
            let hours = match hours.as_str() {
                "always" | "never" => quoted(hours),
                windows => {
                    let windows: Vec<_> = windows.split(',').map(|w| quoted(w.trim())).collect();
                    format!("[{}]", windows.join(", "))
                }
            };
            let (name, number) = (quoted(name), quoted(number));
            toml +=
                &format!("\n[[line.person]]\nname = {name}\nnumber = {number}\nhours = {hours}\n");
        }
        toml
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The country that a whole number is most likely of.
fn country_of(number: &str) -> Option<String> {
    let country = Country::of(&PhoneNumber::parse(number).ok()?)?;
    Some(country.code().to_owned())
}

/// The zone of this machine, if it is a place.
fn zone_here() -> String {
    let by_variable = std::env::var("TZ").ok();
    let by_file = || std::fs::read_to_string("/etc/timezone").ok();
    let by_link = || {
        let link = std::fs::read_link("/etc/localtime").ok()?;
        let link = link.to_str()?.split_once("zoneinfo/")?.1;
        Some(link.to_owned())
    };
    let names = [by_variable, by_file(), by_link()];
    let place = names
        .into_iter()
        .flatten()
        .map(|name| name.trim().to_owned());
    let mut place = place.filter(|name| name.contains('/') && !name.starts_with("Etc/"));
    let place = place.find(|name| TimeZone::named(name).is_ok());
    place.unwrap_or_else(|| "America/Los_Angeles".to_owned())
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    /// What the answers make; what was asked is listed.
    fn made(answers: &[&str]) -> (anyhow::Result<Draft>, Vec<String>) {
        let mut left = answers.iter();
        let mut asked = Vec::new();
        let draft = Draft::asked(&mut |question, default| {
            asked.push(question.to_owned());
            match left.next() {
                Some(&"") if !default.is_empty() => Ok(default.to_owned()),
                Some(answer) => Ok((*answer).to_owned()),
                None => bail!("no answer to {question}"),
            }
        });
        (draft, asked)
    }

    #[test]
    fn a_few_answers_make_a_line() {
        let (draft, _) = made(&[
            "+16195550100",
            "",
            "qdn",
            "America/New_York",
            "Sergio",
            "619-555-0110",
            "Mon-Fri 08:00-18:00, Sat 9:00-13:00",
            "",
            "Ana",
            "(619) 555-0111",
            "619-555-0112",
            "yes",
            "",
        ]);
        let draft = draft.unwrap();
        let line = draft.line().unwrap();
        assert_eq!((line.name.as_str(), line.country.as_str()), ("qdn", "US"));
        assert_eq!(line.time_zone.name(), "America/New_York");
        let people: Vec<_> = line
            .people
            .iter()
            .map(|p| (p.name.as_str(), p.number.expose()))
            .collect();
        assert_eq!(
            people,
            [("Sergio", "+16195550110"), ("Ana", "+16195550111")]
        );
        assert!(line.voice.is_some());
        assert_eq!(
            line.policy.alert.as_ref().map(PhoneNumber::expose),
            Some("+16195550112")
        );
        assert_eq!(config::parse(&draft.toml(), "relay.toml").unwrap(), [line]);
    }

    #[test]
    fn what_cannot_be_used_is_asked_for_again() {
        let (draft, asked) = made(&[
            "555",
            "+16195550100",
            "XX",
            "US",
            "",
            "Los Angeles",
            "America/Los_Angeles",
            "Sergio",
            "+16195550100",
            "619-555-0110",
            "8 to 5",
            "Mon-Fri 08:00-17:00",
            "",
            "sergio",
            "Ana",
            "619-555-0110",
            "619-555-0111",
            "none",
            "no",
            "relay.example.com",
            "https://relay.example.com/",
        ]);
        let line = draft.unwrap().line().unwrap();
        assert_eq!(line.public_url, "https://relay.example.com");
        assert_eq!(line.people[1].name, "Ana");
        let times = |part: &str| {
            asked
                .iter()
                .filter(|question| question.contains(part))
                .count()
        };
        assert_eq!(times("The Twilio number"), 2);
        assert_eq!(times("country"), 2);
        assert_eq!(times("Time zone"), 2);
        assert_eq!(times("Sergio's own number"), 2);
        assert_eq!(times("Sergio's hours"), 2);
        assert_eq!(times("The backup"), 2);
        assert_eq!(times("Ana's own number"), 2);
        assert_eq!(times("The address"), 2);
    }

    #[test]
    fn quotes_and_brackets_in_a_name_break_nothing() {
        let (draft, _) = made(&[
            "+16195550100",
            "",
            "Bob's \"Best\" [#1]",
            "UTC",
            "Ana \\ María",
            "619-555-0110",
            "always",
            "",
            "",
            "619-555-0111",
            "",
            "no",
            "",
        ]);
        let line = draft.unwrap().line().unwrap();
        assert_eq!(line.name, "Bob's \"Best\" [#1]");
        assert_eq!(line.people[0].name, "Ana \\ María");
        assert_eq!(line.people[1].name, "Backup");
        assert!(line.voice.is_none() && line.policy.alert.is_none());
    }

    #[test]
    fn the_country_is_that_of_the_number() {
        for (number, country) in [
            ("+16195550100", "US"),
            ("+4930901820", "DE"),
            ("+525512345678", "MX"),
        ] {
            assert_eq!(country_of(number).as_deref(), Some(country));
        }
        assert_eq!(country_of("619"), None);
    }
}
