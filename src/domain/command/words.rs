use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::away::{away, back, fuera, vuelvo};
use super::near_miss::bare;
use crate::domain::language::unaccented;
use crate::domain::line::Line;
use crate::domain::subscriber::Asked;

/// What a person asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// They are away until then, or until they say so.
    Away(Option<Timestamp>),
    Back,
    /// Who gets the texts.
    Who,
    /// How it stands with themselves.
    Status,
    Help,
    /// A conversation goes to the person of this name, or to the next: the one that ends in these
    /// digits, or the only one.
    Pass {
        to: Option<String>,
        which: Option<String>,
    },
    /// They take a conversation on.
    Claim(Option<String>),
    /// The customer waits no longer.
    Done(Option<String>),
    /// The customer's texts reach nobody any more.
    Block(Option<String>),
    /// They reach people again.
    Unblock(Option<String>),
    /// The person wants to talk with the customer: both are called.
    Call(Option<String>),
    /// They join one of the line's topics or leave it, with these words.
    Topic(String),
}

impl Command {
    /// Whether it is about the person, and not about a customer.
    pub fn is_about_duty(&self) -> bool {
        matches!(
            self,
            Command::Away(_)
                | Command::Back
                | Command::Who
                | Command::Status
                | Command::Help
                | Command::Topic(_)
        )
    }

    /// Not needed for what anybody may ask or join.
    pub fn needs_pin(&self) -> bool {
        !matches!(self, Command::Help | Command::Topic(_))
    }

    /// The digits by which it names any customer of the line, and not only one of the person's.
    pub fn names(&self) -> Option<&str> {
        match self {
            Command::Block(which) | Command::Unblock(which) | Command::Call(which) => {
                which.as_deref()
            }
            _ => None,
        }
    }

    /// Whether it names its customer or a person, so that it can hardly be words for anybody.
    pub fn says_whom(&self) -> bool {
        match self {
            Command::Pass { to, which } => to.is_some() || which.is_some(),
            Command::Claim(which)
            | Command::Done(which)
            | Command::Block(which)
            | Command::Unblock(which)
            | Command::Call(which) => which.is_some(),
            _ => false,
        }
    }

    /// Whether it puts the person back on duty, or only tells something.
    pub fn says_or_shows_duty(&self) -> bool {
        matches!(
            self,
            Command::Back | Command::Who | Command::Status | Command::Help
        )
    }

    /// Whether people also say its words to customers.
    pub fn is_conversational(&self) -> bool {
        match self {
            Command::Back | Command::Who | Command::Status | Command::Help | Command::Topic(_) => {
                true
            }
            Command::Pass { to, which } => to.is_none() && which.is_none(),
            Command::Done(which) => which.is_none(),
            Command::Away(_)
            | Command::Claim(_)
            | Command::Block(_)
            | Command::Unblock(_)
            | Command::Call(_) => false,
        }
    }
}

/// Why a command is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclear {
    NoTime,
    /// People mean either of these ends by it.
    TwoWays(Timestamp, Timestamp),
    /// It is a time that begins later, and ends then.
    Later(Timestamp),
    NotYet,
    Past,
    /// More than 30 days.
    TooLong,
}

/// How the words behind a command are read.
type Read = fn(&str, Timestamp, &Line) -> Option<Result<Command, Unclear>>;

/// The command that `body` is, if it is one, in English or Spanish whatever the line's language is. Case,
/// accents, spaces, and what stands around it do not matter.
pub fn read(body: &str, now: Timestamp, line: &Line) -> Option<Result<Command, Unclear>> {
    let body = unaccented(&bare(body)).to_lowercase();
    let words: Vec<&str> = body.split_whitespace().collect();
    // Also `away2h` and `away: 2h`, but not `awayteam`.
    for (word, read) in [("away", away as Read), ("fuera", fuera), ("ausente", fuera)] {
        if let Some(rest) = body.strip_prefix(word)
            && !rest.starts_with(char::is_alphabetic)
        {
            if is_negative(rest) {
                return Some(Err(Unclear::NoTime));
            }
            let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
            return read(rest, now, line);
        }
    }
    match words[..] {
        ["back"] | ["volvi" | "regrese"] | ["ya", "volvi" | "regrese"] | ["de", "vuelta"] => {
            Some(Ok(Command::Back))
        }
        ["back", ref rest @ ..] => back(rest, now, line),
        ["vuelvo" | "regreso", ref rest @ ..] => vuelvo(rest, now, line),
        ["who" | "quien"] => Some(Ok(Command::Who)),
        ["status" | "estado"] => Some(Ok(Command::Status)),
        ["help" | "commands" | "ayuda" | "comandos"] => Some(Ok(Command::Help)),
        ["pass" | "pasar", ref rest @ ..] => Some(Ok(pass(rest, line)?)),
        ["got", "it"] | ["recibido"] | ["lo", "tengo"] => Some(Ok(Command::Claim(None))),
        ["got", "it", tag] | ["recibido", tag] | ["lo", "tengo", tag] => {
            Some(Ok(Command::Claim(Some(digits(tag)?))))
        }
        ["done" | "listo"] => Some(Ok(Command::Done(None))),
        ["done" | "listo", tag] => Some(Ok(Command::Done(Some(digits(tag)?)))),
        ["block" | "bloquear"] => Some(Ok(Command::Block(None))),
        ["block" | "bloquear", tag] => Some(Ok(Command::Block(Some(digits(tag)?)))),
        ["unblock" | "desbloquear"] => Some(Ok(Command::Unblock(None))),
        ["unblock" | "desbloquear", tag] => Some(Ok(Command::Unblock(Some(digits(tag)?)))),
        ["call" | "llamar"] => Some(Ok(Command::Call(None))),
        ["call" | "llamar", tag] | [tag, "call" | "llamar"] => {
            let tag = tag.trim_end_matches([':', ',']);
            Some(Ok(Command::Call(Some(digits(tag)?))))
        }
        _ => Asked::of(&body, &line.notices.topics).map(|_| Ok(Command::Topic(body.clone()))),
    }
}

/// Whether somebody who is away says so that they are there again: `I'm back`, `ya estoy de vuelta`.
pub fn says_back(body: &str) -> bool {
    const BEFORE: [&str; 16] = [
        "ok", "okay", "hey", "hi", "hello", "all", "so", "now", "i", "m", "im", "am", "ya", "hola",
        "estoy", "he",
    ];
    const BACK: [&[&str]; 6] = [
        &["back"],
        &["de", "vuelta"],
        &["de", "regreso"],
        &["vuelto"],
        &["volvi"],
        &["regrese"],
    ];
    #[rustfmt::skip]
    const BEHIND: [&str; 20] = [
        "", "now", "again", "online", "on duty", "on shift", "at work", "to work", "here", "everyone", "all",
        "folks", "ya", "ahora", "de nuevo", "otra vez", "al trabajo", "en el trabajo", "de turno", "al turno",
    ];
    const POLITE: [&str; 5] = ["thanks", "thank you", "gracias", "please", "por favor"];
    let words = crate::domain::characters::words(body);
    let words: Vec<&str> = words
        .split(' ')
        .filter(|word| !matches!(*word, "*" | ""))
        .collect();
    let at = words
        .iter()
        .take_while(|word| BEFORE.contains(word))
        .count();
    let Some(behind) = BACK.iter().find_map(|back| words[at..].strip_prefix(*back)) else {
        return false;
    };
    let behind = behind.join(" ");
    let polite = POLITE.iter().find_map(|polite| behind.strip_suffix(polite));
    let behind = polite.map_or(behind.as_str(), str::trim_end);
    // "From lunch" is of a few words, and names no time.
    let is_from = ["from ", "de la ", "de "]
        .iter()
        .any(|from| behind.starts_with(from))
        && behind.split(' ').count() <= 4
        && !behind.contains(|c: char| c.is_numeric());
    BEHIND.contains(&behind) || is_from
}

/// `-2h`, which is no time, and not `- 2h` or `away-2h`, in which the stroke is nothing.
fn is_negative(rest: &str) -> bool {
    const BEFORE: [&str; 9] = [
        "for", "until", "till", "til", "in", "por", "hasta", "las", "en",
    ];
    let mut words = rest
        .split_whitespace()
        .skip_while(|word| BEFORE.contains(word));
    let number = words.next().and_then(|word| word.strip_prefix(['-', '−']));
    let is_apart = rest.starts_with(char::is_whitespace);
    is_apart && number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

/// `PASS`, `PASS ANA`, `PASS 0107`, `PASS 0107 TO ANA`, `PASAR 0107 A ANA`.
fn pass(words: &[&str], line: &Line) -> Option<Command> {
    let (mut names, mut which) = (Vec::new(), None);
    for word in words {
        match digits(word) {
            Some(digits) if which.is_none() => which = Some(digits),
            _ if matches!(*word, "to" | "a") => {}
            _ => names.push(*word),
        }
    }
    let name = names.join(" ");
    let mut people = line.people.iter().map(|person| &person.name);
    let to = people
        .find(|person| unaccented(&person.to_lowercase()) == name)
        .cloned();
    // "Pass me the salt" is none.
    (names.is_empty() || to.is_some()).then_some(Command::Pass { to, which })
}

/// The digits of a tag or number, such as `0107` or `#0107`.
fn digits(word: &str) -> Option<String> {
    let digits = word.strip_prefix(['#', '@', '+']).unwrap_or(word);
    let plain = (4..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::config;

    fn line() -> Line {
        config::parse(config::EXAMPLE, "relay.toml")
            .unwrap()
            .remove(0)
    }

    /// What `body` is, read on Fri 2026-11-20 at 10:00 in Los Angeles.
    fn said_at(body: &str, now: &str) -> String {
        let line = line();
        match read(body, now.parse().unwrap(), &line) {
            Some(Ok(Command::Away(Some(until)))) => format!("away {}", line.time_zone.show(until)),
            Some(Ok(command)) => format!("{command:?}"),
            Some(Err(unclear)) => format!("{unclear:?}"),
            None => "none".to_owned(),
        }
    }

    fn said(body: &str) -> String {
        said_at(body, "2026-11-20T18:00:00Z")
    }

    #[test]
    fn a_time_with_a_minus_is_none() {
        for body in [
            "AWAY -2H",
            "away -30 min",
            "away for -2 hours",
            "away until -5",
            "AWAY −1h",
            "fuera -2h",
            "fuera por -2 horas",
            ".away -2h",
        ] {
            assert_eq!(said(body.trim_start_matches('.')), "NoTime", "{body}");
        }
        for body in ["away-2h", "away - 2h", "away 2h", "AWAY – 2h"] {
            assert_eq!(said(body), "away Fri 2026-11-20 12:00 PST", "{body}");
        }
    }

    /// A sentence that only somebody who was away says of themselves.
    #[test]
    fn who_was_away_says_in_many_ways_that_they_are_back() {
        for body in [
            "I'm back",
            "Im back!",
            "I am back",
            "i’m back now",
            "back now",
            "Back again",
            "back on duty",
            "ok I'm back",
            "I'm back, thanks",
            "Back from lunch",
            "hey im back online",
            "Ya estoy de vuelta",
            "estoy de vuelta",
            "Ya volví",
            "ya regresé",
            "he vuelto",
            "ya estoy de regreso",
            "Estoy de vuelta de la comida",
        ] {
            assert!(says_back(body), "{body}");
        }
        for body in [
            "I'm back at 5",
            "I'll be back",
            "Be right back",
            "back in stock",
            "back to you soon",
            "the boat is back",
            "I'm back there on Monday",
            "He's back",
            "volveré",
            "de vuelta a las 5",
            "back",
            "call me back",
            "",
        ] {
            assert!(!says_back(body) || body == "back", "{body}");
        }
    }

    #[test]
    fn nobody_is_called_like_a_command() {
        for command in crate::domain::command::COMMANDS {
            let name = format!("name = {command:?}");
            let text = config::EXAMPLE.replacen("name = \"Sergio\"", &name, 1);
            let refused = config::parse(&text, "relay.toml").map(|_| ());
            let refused = refused.expect_err(command).to_string();
            assert!(refused.contains("is a word of commands"), "{refused}");
        }
    }

    #[test]
    fn a_command_is_the_whole_text_in_any_case() {
        for (body, command) in [
            ("away", "Away(None)"),
            (" AWAY! ", "Away(None)"),
            ("back", "Back"),
            ("Back.", "Back"),
            ("who?", "Who"),
            ("Status", "Status"),
            ("HELP", "Help"),
            ("commands", "Help"),
            ("Pass", "Pass { to: None, which: None }"),
            ("pass #0107", "Pass { to: None, which: Some(\"0107\") }"),
            ("PASS BACKUP", "Pass { to: Some(\"Backup\"), which: None }"),
            (
                "pass 0107 to backup",
                "Pass { to: Some(\"Backup\"), which: Some(\"0107\") }",
            ),
            ("got it", "Claim(None)"),
            ("Got it!", "Claim(None)"),
            ("got it #0112", "Claim(Some(\"0112\"))"),
            ("Done", "Done(None)"),
            ("done 0107.", "Done(Some(\"0107\"))"),
            ("EVENTS!", "Topic(\"events\")"),
            ("stop events", "Topic(\"stop events\")"),
            ("Block 0107!", "Block(Some(\"0107\"))"),
            ("block", "Block(None)"),
            ("UNBLOCK #0107", "Unblock(Some(\"0107\"))"),
            ("Call", "Call(None)"),
            ("CALL 0107!", "Call(Some(\"0107\"))"),
            ("call #0107", "Call(Some(\"0107\"))"),
            ("#0107: call.", "Call(Some(\"0107\"))"),
            ("0107 CALL", "Call(Some(\"0107\"))"),
        ] {
            assert_eq!(said(body), command, "{body}");
        }
        for body in [
            "",
            "I am away",
            "away games are on Sunday",
            "back in stock",
            "back at the dock",
            "who is there",
            "who's this?",
            "helpful",
            "status of the boat?",
            "away with it",
            "away from the keyboard, back at 5",
            "away at 5",
            "away in Italy",
            "awayteam",
            "away by 5",
            "away on friday",
            "away to the races",
            "away team at 5",
            "away tomorrow 9 to 5",
            "away may be",
            "away the",
            "pass me the salt",
            "pass it on",
            "got it at last",
            "I got it",
            "#0107 back",
            "pass 7",
            "done deal",
            "call him",
            "call me back",
            "call me at 6195550142",
            "call 619-555-0142",
            "please call",
            "they call",
            "call 911",
        ] {
            assert_eq!(said(body), "none", "{body}");
        }
    }

    #[test]
    fn the_end_is_read_as_people_write_it() {
        for (body, until) in [
            ("away 2h", "Fri 2026-11-20 12:00 PST"),
            ("Away 2 hours", "Fri 2026-11-20 12:00 PST"),
            ("away for 90 min", "Fri 2026-11-20 11:30 PST"),
            ("away 1 hour and 30 minutes", "Fri 2026-11-20 11:30 PST"),
            ("away 3d", "Mon 2026-11-23 10:00 PST"),
            ("away until 5pm", "Fri 2026-11-20 17:00 PST"),
            ("AWAY UNTIL 5 PM.", "Fri 2026-11-20 17:00 PST"),
            ("away 5pm", "Fri 2026-11-20 17:00 PST"),
            ("away till 17:30", "Fri 2026-11-20 17:30 PST"),
            ("away until Mon 8:00", "Mon 2026-11-23 08:00 PST"),
            ("away until monday 8am", "Mon 2026-11-23 08:00 PST"),
            ("away until tomorrow 8am", "Sat 2026-11-21 08:00 PST"),
            ("away 30d", "Sun 2026-12-20 10:00 PST"),
            ("away 5", "Fri 2026-11-20 17:00 PST"),
            ("away to 5", "Fri 2026-11-20 17:00 PST"),
            ("away tomorrow 9", "Sat 2026-11-21 09:00 PST"),
            ("away until tomorrow", "Sat 2026-11-21 00:00 PST"),
            ("away half an hour", "Fri 2026-11-20 10:30 PST"),
            ("away for the day", "Sat 2026-11-21 00:00 PST"),
            ("away today", "Sat 2026-11-21 00:00 PST"),
            ("away friday", "Sat 2026-11-21 00:00 PST"),
            ("away until friday", "Fri 2026-11-27 00:00 PST"),
            ("away this week", "Mon 2026-11-23 00:00 PST"),
            ("away today until 5", "Fri 2026-11-20 17:00 PST"),
            ("away until the weekend", "Sat 2026-11-21 00:00 PST"),
            ("away until 12/10", "Thu 2026-12-10 00:00 PST"),
            ("away2h", "Fri 2026-11-20 12:00 PST"),
            ("away 2hrs.", "Fri 2026-11-20 12:00 PST"),
            ("Away: until 5", "Fri 2026-11-20 17:00 PST"),
            ("back in 5", "Fri 2026-11-20 10:05 PST"),
            ("Back in 10 min.", "Fri 2026-11-20 10:10 PST"),
            ("back in two hours", "Fri 2026-11-20 12:00 PST"),
            ("back at 5", "Fri 2026-11-20 17:00 PST"),
            ("back by noon", "Fri 2026-11-20 12:00 PST"),
        ] {
            assert_eq!(said(body), format!("away {until}"), "{body}");
        }
    }

    #[test]
    fn an_end_that_is_none_is_told() {
        for (body, unclear) in [
            ("away until yesterday", "Past"),
            ("away until whenever", "NoTime"),
            ("away for 5", "NoTime"),
            ("away 9 to 5", "NoTime"),
            ("away until", "NoTime"),
            ("away for lunch", "NoTime"),
            ("away until 25:00", "NoTime"),
            ("away until 2026-11-19", "Past"),
            ("away until today 9am", "Past"),
            ("away 0m", "Past"),
            ("away 90d", "TooLong"),
            ("away until 2027-03-01", "TooLong"),
            ("away 99999999999h", "NoTime"),
            ("away in 10 min", "NotYet"),
            ("away in 2 hours", "NotYet"),
            ("away tomorrow", "Later(2026-11-22T08:00:00Z)"),
            ("away tomorrow until 5", "Later(2026-11-22T01:00:00Z)"),
            ("away for the weekend", "Later(2026-11-23T08:00:00Z)"),
            ("away tonight", "Later(2026-11-21T08:00:00Z)"),
            ("away next weekend", "Later(2026-11-23T08:00:00Z)"),
            (
                "away 17h",
                "TwoWays(2026-11-21T01:00:00Z, 2026-11-21T11:00:00Z)",
            ),
        ] {
            assert_eq!(said(body), unclear, "{body}");
        }
    }

    #[test]
    fn on_nights_on_which_clocks_change_hours_are_hours_and_times_are_the_clocks() {
        for (body, now, until) in [
            (
                "away 2h",
                "2027-03-14T09:00:00Z",
                "Sun 2027-03-14 04:00 PDT",
            ),
            (
                "away until 5am",
                "2027-03-14T09:00:00Z",
                "Sun 2027-03-14 05:00 PDT",
            ),
            (
                "away until 2:30",
                "2027-03-14T09:00:00Z",
                "Sun 2027-03-14 03:30 PDT",
            ),
            (
                "away 2h",
                "2026-11-01T08:00:00Z",
                "Sun 2026-11-01 02:00 PST",
            ),
            (
                "away until 1:30",
                "2026-11-01T09:00:00Z",
                "Sun 2026-11-01 01:30 PST",
            ),
        ] {
            assert_eq!(
                said_at(body, now),
                format!("away {until}"),
                "{body} at {now}"
            );
        }
    }

    #[test]
    fn commands_are_understood_in_spanish_with_and_without_accents() {
        for (body, command) in [
            ("fuera", "Away(None)"),
            ("¡Fuera!", "Away(None)"),
            ("AUSENTE", "Away(None)"),
            ("fuera hasta las 5", "away Fri 2026-11-20 17:00 PST"),
            (
                "Fuera hasta las 5 de la tarde",
                "away Fri 2026-11-20 17:00 PST",
            ),
            ("ausente 2 horas", "away Fri 2026-11-20 12:00 PST"),
            ("fuera 2h", "away Fri 2026-11-20 12:00 PST"),
            ("fuera por dos horas", "away Fri 2026-11-20 12:00 PST"),
            ("fuera una hora y media", "away Fri 2026-11-20 11:30 PST"),
            ("fuera media hora", "away Fri 2026-11-20 10:30 PST"),
            ("fuera mañana 9", "away Sat 2026-11-21 09:00 PST"),
            (
                "fuera hasta mañana a las 9",
                "away Sat 2026-11-21 09:00 PST",
            ),
            ("fuera hasta manana", "away Sat 2026-11-21 00:00 PST"),
            ("fuera hasta pasado mañana", "away Sun 2026-11-22 00:00 PST"),
            (
                "fuera hasta mañana por la mañana",
                "away Sat 2026-11-21 08:00 PST",
            ),
            ("fuera hasta el lunes", "away Mon 2026-11-23 00:00 PST"),
            (
                "fuera hasta el lunes a las 8",
                "away Mon 2026-11-23 08:00 PST",
            ),
            ("fuera hasta mié 8:00", "away Wed 2026-11-25 08:00 PST"),
            (
                "fuera hasta el martes a las 17 horas",
                "away Tue 2026-11-24 17:00 PST",
            ),
            ("fuera hasta mar 8:00", "away Tue 2026-11-24 08:00 PST"),
            (
                "fuera hasta el 10 de diciembre",
                "away Thu 2026-12-10 00:00 PST",
            ),
            ("fuera hoy", "away Sat 2026-11-21 00:00 PST"),
            ("fuera todo el día", "away Sat 2026-11-21 00:00 PST"),
            ("fuera hasta la 1", "away Fri 2026-11-20 13:00 PST"),
            ("fuera hasta las 5 y media", "away Fri 2026-11-20 17:30 PST"),
            ("away hasta las 5", "away Fri 2026-11-20 17:00 PST"),
            ("fuera until 5", "away Fri 2026-11-20 17:00 PST"),
            ("vuelvo en 10 min", "away Fri 2026-11-20 10:10 PST"),
            ("Vuelvo a las 5", "away Fri 2026-11-20 17:00 PST"),
            ("regreso el lunes", "away Mon 2026-11-23 00:00 PST"),
            ("volví", "Back"),
            ("Ya volvi", "Back"),
            ("de vuelta", "Back"),
            ("¿Quién?", "Who"),
            ("quien", "Who"),
            ("Estado", "Status"),
            ("AYUDA", "Help"),
            ("pasar", "Pass { to: None, which: None }"),
            (
                "PASAR 0107 A BACKUP",
                "Pass { to: Some(\"Backup\"), which: Some(\"0107\") }",
            ),
            (
                "pasar a backup",
                "Pass { to: Some(\"Backup\"), which: None }",
            ),
            ("Listo.", "Done(None)"),
            ("listo 0107", "Done(Some(\"0107\"))"),
            ("recibido #0107", "Claim(Some(\"0107\"))"),
            ("Recibido!", "Claim(None)"),
            ("lo tengo 0107", "Claim(Some(\"0107\"))"),
            ("Bloquear 0107", "Block(Some(\"0107\"))"),
            ("desbloquear 0107", "Unblock(Some(\"0107\"))"),
            ("baja events", "Topic(\"baja events\")"),
        ] {
            assert_eq!(said(body), command, "{body}");
        }
        for body in [
            "Listo, gracias",
            "listo para salir",
            "recibido, gracias",
            "fuera de servicio",
            "fuera de la oficina",
            "fuera del agua",
            "fueras",
            "estoy fuera",
            "vuelvo luego",
            "vuelvo con el barco",
            "regreso del mar",
            "quién es?",
            "quien viene",
            "estado del barco?",
            "pasar a recoger",
            "pasar mañana",
            "pasa",
            "ya voy",
            "de vuelta al muelle",
            "ayuda a mi hermano",
            "lo tengo listo",
            "bloquear la puerta",
        ] {
            assert_eq!(said(body), "none", "{body}");
        }
    }

    #[test]
    fn a_person_is_passed_to_with_or_without_the_accents_of_their_name() {
        let mut line = line();
        line.people[1].name = "José Núñez".to_owned();
        for body in ["pass 0107 to josé núñez", "PASAR 0107 A JOSE NUNEZ"] {
            let read = read(body, Timestamp::UNIX_EPOCH, &line);
            let Some(Ok(Command::Pass { to, .. })) = read else {
                panic!("{body}: {read:?}");
            };
            assert_eq!(to.as_deref(), Some("José Núñez"));
        }
    }
}
