use jiff::Timestamp;

use super::{Change, Command, Unclear};
use crate::domain::duty::{Because, Duty, Override, Overrides, Presence, duty_of, next_change};
use crate::domain::language::{Language, Phrase, say};
use crate::domain::line::{Line, Person};
use crate::domain::routing::{Candidate, Known, decide_for_a_customer};
use crate::domain::sms;

/// What becomes of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// What it changes, if it changes anything.
    pub change: Option<Change>,
    /// What the person is answered: what is true from now on, in one segment.
    pub answer: String,
}

const HOW: Phrase = Phrase::new(
    "Text AWAY, AWAY 2H, AWAY UNTIL 5PM or AWAY UNTIL MON 8:00.",
    "Escribe FUERA, FUERA 2H, FUERA HASTA LAS 5 o FUERA HASTA LUN 8:00.",
);
const COMMANDS: Phrase = Phrase::new(
    "AWAY, AWAY 2H, AWAY UNTIL MON 8:00, BACK, WHO, STATUS, HELP. PASS, GOT IT, DONE, CALL, BLOCK, UNBLOCK \
     0107. Other words go to your customer; 0107 yes: to 0107.",
    "FUERA, FUERA 2H, FUERA HASTA LUN 8:00, VOLVI, QUIEN, ESTADO, AYUDA. PASAR, RECIBIDO, LISTO, LLAMAR, \
     BLOQUEAR, DESBLOQUEAR 0107. Lo otro va al cliente.",
);
const LATE: Phrase = Phrase::new(
    "That came late and changed nothing. ",
    "Ha llegado tarde y no cambia nada. ",
);

/// A line that somebody is a person of, and what is known of it.
#[derive(Clone, Copy)]
pub struct On<'a> {
    pub line: &'a Line,
    pub person: &'a Person,
    pub known: &'a Known,
}

/// Carries out what a person asks for on one line: on this one, and AWAY and BACK `elsewhere` as well, whose
/// changes it returns one by one. `written` is when their text reached Twilio: of what comes long after that,
/// nobody knows whether it is still meant.
pub fn heed(
    command: Result<Command, Unclear>,
    here: On,
    elsewhere: &[On],
    written: Timestamp,
    now: Timestamp,
) -> (Said, Vec<Option<Change>>) {
    let turned = |place: &Place| match &command {
        _ if is_late(written, now) => None,
        Ok(Command::Away(until)) => Some(place.away(*until)),
        Ok(Command::Back) => Some(place.back()),
        _ => None,
    };
    let everywhere = std::iter::once(&here).chain(elsewhere);
    let places = everywhere.map(|on| Place { on: *on, now });
    let turned: Vec<(Place, Turned)> = places
        .filter_map(|place| turned(&place).map(|turned| (place, turned)))
        .collect();
    let answer = match turned.as_slice() {
        [] => Place { on: here, now }.answer(command),
        [(place, one)] => one
            .to
            .as_ref()
            .map_or_else(Clone::clone, |to| place.status(to)),
        several => on_several(several),
    };
    let mut changes = turned.into_iter().map(|(_, turned)| turned.change);
    let said = Said {
        change: changes.next().flatten(),
        answer: sms::first_segment::first_segment(&answer),
    };
    (said, changes.collect())
}

/// What AWAY or BACK comes to on one line.
struct Turned {
    change: Option<Change>,
    /// Who is away from now on, or why nothing changes.
    to: Result<Overrides, String>,
}

/// Lines on which the same is true are named together.
fn on_several(turned: &[(Place, Turned)]) -> String {
    let mut same: Vec<(&Place, &Overrides, Vec<&str>)> = Vec::new();
    let mut said = Vec::new();
    for (place, turned) in turned {
        let name = place.on.line.name.as_str();
        match &turned.to {
            Err(why_not) => said.push(why_not.clone()),
            Ok(to) => {
                let own = place.own(to, "");
                match same
                    .iter_mut()
                    .find(|(first, to, _)| first.own(to, "") == own)
                {
                    Some((_, _, names)) => names.push(name),
                    None => same.push((place, to, vec![name])),
                }
            }
        }
    }
    let same = same.iter().map(|(place, to, names)| {
        let language = place.on.line.language;
        let on = language.list(names);
        place.own(to, &say!(language, " on {on}", " en {on}"))
    });
    same.chain(said).collect::<Vec<_>>().join(" ")
}

/// Longer than a webhook that Twilio brings again takes.
fn is_late(written: Timestamp, now: Timestamp) -> bool {
    now.duration_since(written).as_secs() > 5 * 60
}

/// What the owner, who is none of the line's people, is answered when they ask who gets its texts.
/// `waiting` are the tags of the customers who wait.
pub fn tell_owner(line: &Line, known: &Known, waiting: &[String], now: Timestamp) -> String {
    let names = on_duty(line, known, &known.overrides, now);
    let language = line.language;
    let who = texts_go_to(language, names.iter().map(String::as_str));
    let waits = match waiting {
        [] => say!(language, "Nobody is waiting.", "Nadie espera."),
        waiting => {
            let waiting = waiting.join(", ");
            say!(language, "Waiting: {waiting}.", "Esperan: {waiting}.")
        }
    };
    sms::first_segment::first_segment(&format!("{}: {who} {waits}", line.name))
}

struct Place<'a> {
    on: On<'a>,
    now: Timestamp,
}

impl Turned {
    fn not(why: String) -> Self {
        Self {
            change: None,
            to: Err(why),
        }
    }
}

impl Place<'_> {
    fn language(&self) -> Language {
        self.on.line.language
    }

    /// What is answered to what changes nothing.
    fn answer(&self, command: Result<Command, Unclear>) -> String {
        let language = self.language();
        match command {
            Ok(Command::Help) => COMMANDS.of(language).to_owned(),
            Ok(Command::Who) => self.who(&self.on.known.overrides),
            // What becomes of conversations and subscriptions is not decided here.
            Ok(
                Command::Pass { .. }
                | Command::Claim(_)
                | Command::Done(_)
                | Command::Block(_)
                | Command::Unblock(_)
                | Command::Call(_)
                | Command::Topic(_),
            ) => String::new(),
            Ok(Command::Status) => self.status(&self.on.known.overrides),
            Ok(Command::Away(_) | Command::Back) => {
                format!(
                    "{}{}",
                    LATE.of(language),
                    self.status(&self.on.known.overrides)
                )
            }
            Err(unclear) => self.unclear(unclear),
        }
    }

    /// Why a command is not done, and what to write instead.
    fn unclear(&self, unclear: Unclear) -> String {
        let (language, how) = (self.language(), HOW.of(self.language()));
        match unclear {
            Unclear::TooLong => say!(
                language,
                "That is more than 30 days. Text AWAY alone, and BACK when you are there again.",
                "Eso pasa de un mes. Escribe solo FUERA, y VOLVI cuando vuelvas."
            ),
            Unclear::NoTime => say!(
                language,
                "I cannot read that time. {how}",
                "No entiendo esa hora. {how}"
            ),
            Unclear::Past => {
                let clock = self.on.line.clock().time(self.now);
                say!(
                    language,
                    "That time is over. It is {clock}. {how}",
                    "Esa hora ya ha pasado. Ahora: {clock}. {how}"
                )
            }
            Unclear::NotYet => say!(
                language,
                "AWAY begins at once; text it when you go. {how}",
                "FUERA vale desde ya; manda eso al irte. {how}"
            ),
            Unclear::Later(end) => {
                let how = self.until(end);
                say!(
                    language,
                    "AWAY begins at once; text it when you go. To be away from now on, text {how}.",
                    "FUERA vale desde ya; manda eso al irte. Para irte desde ahora, escribe {how}."
                )
            }
            Unclear::TwoWays(one, other) => {
                let (one, other) = (self.until(one), self.until(other));
                say!(
                    language,
                    "That can be two times. Text {one} or {other}.",
                    "Eso puede ser dos horas distintas. Escribe {one} o {other}."
                )
            }
        }
    }

    /// How to write that one is away until then.
    fn until(&self, end: Timestamp) -> String {
        let end = self.on.line.clock().day_and_time(end, self.now);
        let end = end.to_uppercase();
        say!(self.language(), "AWAY UNTIL {end}", "FUERA HASTA {end}")
    }

    fn away(&self, until: Option<Timestamp>) -> Turned {
        let On { line, person, .. } = self.on;
        let to = Override {
            presence: Presence::Away,
            until,
        };
        let after = self.with(Some(to.clone()));
        // An opted-out backup would not get the texts, though nobody else is left.
        let mut others = self.on_duty(&after);
        others.retain(|name| *name != person.name);
        if others.is_empty() {
            let (name, who) = (&line.name, self.who(&self.on.known.overrides));
            return Turned::not(say!(
                line.language,
                "You cannot be away: nobody else would get the texts of {name}. {who}",
                "No puedes irte: nadie recibe entonces los mensajes de {name}. {who}"
            ));
        }
        if self.duty(&after).available {
            let (name, others) = (&line.name, others.join(", "));
            return Turned::not(say!(
                line.language,
                "You are the last of {name} and cannot be away; on duty now: {others}.",
                "Eres el respaldo de {name} y no puedes irte; de turno ahora: {others}."
            ));
        }
        Turned {
            change: Some(self.change(Some(to))),
            to: Ok(after),
        }
    }

    fn back(&self) -> Turned {
        let cleared = self.with(None);
        if self.duty(&cleared).available {
            let overrides = &self.on.known.overrides;
            let has_one = overrides.0.contains_key(&self.on.person.name);
            return Turned {
                change: has_one.then(|| self.change(None)),
                to: Ok(cleared),
            };
        }
        // Outside their hours they are there until these begin, and then the hours decide.
        let until = next_change(self.on.line, self.on.person, &cleared, self.now);
        let to = Override {
            presence: Presence::On,
            until,
        };
        Turned {
            to: Ok(self.with(Some(to.clone()))),
            change: Some(self.change(Some(to))),
        }
    }

    /// How it stands with the person, and who gets the texts.
    fn status(&self, overrides: &Overrides) -> String {
        format!("{} {}", self.own(overrides, ""), self.who(overrides))
    }

    /// How it stands with the person; `on` says on which lines.
    fn own(&self, overrides: &Overrides, on: &str) -> String {
        let On {
            line,
            person,
            known,
        } = self.on;
        let (duty, language) = (self.duty(overrides), line.language);
        let until = |end: &Option<Timestamp>, else_: Phrase| match end {
            Some(end) => {
                let end = line.clock().behind_until(*end, self.now);
                say!(language, "until {end}", "hasta {end}")
            }
            None => else_.of(language).to_owned(),
        };
        match &duty.because {
            Because::Away(end) => {
                let back = Phrase::new("until you text BACK", "hasta que escribas VOLVI");
                let until = until(end, back);
                say!(
                    language,
                    "You are away{on} {until}.",
                    "Quedas fuera{on} {until}."
                )
            }
            Because::On(end) => {
                let away = Phrase::new("until you text AWAY", "hasta que escribas FUERA");
                let until = until(end, away);
                say!(
                    language,
                    "You are on duty{on} {until}.",
                    "Quedas de turno{on} {until}."
                )
            }
            _ if known.opt_outs.of(&person.number).is_some() => say!(
                language,
                "You opted out of this line's texts; text START to get them.",
                "Has cancelado los mensajes; manda START para recibirlos."
            ),
            Because::Backup => say!(
                language,
                "You are the backup{on} and always there.",
                "Eres el respaldo{on}, siempre de turno."
            ),
            _ => {
                let change = next_change(line, person, overrides, self.now);
                let until = match &change {
                    Some(_) => format!(" {}", until(&change, Phrase::new("", ""))),
                    None => String::new(),
                };
                if duty.available {
                    say!(
                        language,
                        "You are on duty{on}{until}.",
                        "Tienes turno{on}{until}."
                    )
                } else {
                    say!(
                        language,
                        "You are off duty{on}{until}.",
                        "No tienes turno{on}{until}."
                    )
                }
            }
        }
    }

    fn who(&self, overrides: &Overrides) -> String {
        let names = self.on_duty(overrides);
        let called = names.iter().map(|name| {
            if *name == self.on.person.name {
                Phrase::new("you", "ti").of(self.language())
            } else {
                name.as_str()
            }
        });
        texts_go_to(self.language(), called)
    }

    fn on_duty(&self, overrides: &Overrides) -> Vec<String> {
        on_duty(self.on.line, self.on.known, overrides, self.now)
    }

    fn duty(&self, overrides: &Overrides) -> Duty {
        duty_of(self.on.line, self.on.person, overrides, self.now)
    }

    fn with(&self, to: Option<Override>) -> Overrides {
        let mut overrides = self.on.known.overrides.clone();
        let name = self.on.person.name.clone();
        match to {
            Some(to) => drop(overrides.0.insert(name, to)),
            None => drop(overrides.0.remove(&name)),
        }
        overrides
    }

    fn change(&self, to: Option<Override>) -> Change {
        Change {
            person: self.on.person.name.clone(),
            to,
        }
    }
}

fn texts_go_to<'n>(language: Language, names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.collect();
    let Some((first, then)) = names.split_first() else {
        return say!(
            language,
            "Texts go to nobody.",
            "Los mensajes no llegan a nadie."
        );
    };
    let then = then.join(", ");
    match then.as_str() {
        "" => say!(
            language,
            "Texts go to {first}.",
            "Los mensajes llegan a {first}."
        ),
        then => say!(
            language,
            "Texts go to {first}, then to {then}.",
            "Los mensajes llegan a {first}, luego a {then}."
        ),
    }
}

/// Who would get a customer's text, first choice first.
fn on_duty(line: &Line, known: &Known, overrides: &Overrides, now: Timestamp) -> Vec<String> {
    let known = Known {
        overrides: overrides.clone(),
        opt_outs: known.opt_outs.clone(),
        ..Known::default()
    };
    let candidates = decide_for_a_customer(line, &known, now)
        .candidates
        .into_iter();
    let gets = |c: &Candidate| c.available && !matches!(c.because, Because::OptedOutBackup(_));
    candidates.filter(gets).map(|c| c.person).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::config;
    use crate::domain::opt_out::{Cause, OptOut, OptOuts};
    use crate::domain::sms::segments;

    const FRIDAY_10: &str = "2026-11-20T18:00:00Z";
    const FRIDAY_20: &str = "2026-11-21T04:00:00Z";

    fn line() -> Line {
        config::parse(config::EXAMPLE, "relay.toml")
            .unwrap()
            .remove(0)
    }

    fn says_with(known: &Known, person: usize, body: &str, now: &str) -> Said {
        let (line, now) = (line(), now.parse().unwrap());
        let command = crate::domain::command::read(body, now, &line).unwrap();
        let here = On {
            line: &line,
            person: &line.people[person],
            known,
        };
        let (said, _) = heed(command, here, &[], now, now);
        let size = segments(&said.answer);
        assert_eq!((size.count, size.because), (1, None), "{}", said.answer);
        said
    }

    fn says(person: usize, body: &str, now: &str) -> Said {
        says_with(&Known::default(), person, body, now)
    }

    #[test]
    fn whoever_goes_away_reads_until_when_and_who_gets_the_texts() {
        for (body, answer) in [
            (
                "away",
                "You are away until you text BACK. Texts go to Backup.",
            ),
            (
                "away 2h",
                "You are away until 12:00 PM. Texts go to Backup.",
            ),
            (
                "away until mon 8:00",
                "You are away until Mon 8:00 AM. Texts go to Backup.",
            ),
            (
                "away 2w",
                "You are away until Fri Dec 4, 10:00 AM. Texts go to Backup.",
            ),
        ] {
            let said = says(0, body, FRIDAY_10);
            assert_eq!(said.answer, answer);
            let to = said.change.unwrap().to.unwrap();
            assert_eq!(to.presence, Presence::Away);
        }
    }

    #[test]
    fn nobody_goes_who_would_leave_nobody() {
        let said = says(1, "away", FRIDAY_10);
        assert_eq!(
            (said.change, said.answer.as_str()),
            (
                None,
                "You are the last of qdn and cannot be away; on duty now: Sergio."
            )
        );
        let said = says(1, "away 2h", FRIDAY_20);
        assert_eq!(
            (said.change, said.answer.as_str()),
            (
                None,
                "You cannot be away: nobody else would get the texts of qdn. Texts go to you."
            )
        );
        let out = OptOut {
            since: FRIDAY_10.parse().unwrap(),
            by: Cause::Refusal(21610),
        };
        let known = Known {
            opt_outs: OptOuts([(line().people[1].number.clone(), out)].into()),
            ..Known::default()
        };
        let said = says_with(&known, 0, "away", FRIDAY_10);
        assert_eq!(said.change, None, "{}", said.answer);
    }

    #[test]
    fn whoever_is_back_is_on_duty_until_the_hours_decide() {
        let away = says(0, "away", FRIDAY_10).change.unwrap().to.unwrap();
        let known = Known {
            overrides: Overrides([("Sergio".to_owned(), away)].into()),
            ..Known::default()
        };
        let said = says_with(&known, 0, "back", FRIDAY_10);
        assert_eq!(said.change.unwrap().to, None);
        assert_eq!(
            said.answer,
            "You are on duty until 6:00 PM. Texts go to you, then to Backup."
        );
        // At night the hours say that he is off.
        let said = says_with(&known, 0, "back", FRIDAY_20);
        let to = said.change.unwrap().to.unwrap();
        assert_eq!(to.presence, Presence::On);
        assert_eq!(
            said.answer,
            "You are on duty until Sat 9:00 AM. Texts go to you, then to Backup."
        );
        assert_eq!(says(0, "back", FRIDAY_10).change, None, "he was there");
    }

    #[test]
    fn whoever_asks_reads_what_is_true_and_changes_nothing() {
        for (person, body, now, answer) in [
            (0, "who", FRIDAY_10, "Texts go to you, then to Backup."),
            (1, "who", FRIDAY_10, "Texts go to Sergio, then to you."),
            (1, "who", FRIDAY_20, "Texts go to you."),
            (
                0,
                "status",
                FRIDAY_20,
                "You are off duty until Sat 9:00 AM. Texts go to Backup.",
            ),
            (
                1,
                "status",
                FRIDAY_10,
                "You are the backup and always there. Texts go to Sergio, then to you.",
            ),
        ] {
            let said = says(person, body, now);
            assert_eq!((said.change, said.answer.as_str()), (None, answer));
        }
        assert!(
            says(0, "help", FRIDAY_10)
                .answer
                .contains("AWAY UNTIL MON 8:00")
        );
    }

    #[test]
    fn help_names_every_command_in_one_segment() {
        let english = says(0, "help", FRIDAY_10).answer;
        let spanish = says_in_spanish(0, "ayuda", FRIDAY_10);
        for command in crate::domain::command::COMMANDS {
            // It is another word for FUERA.
            let is_there = english.contains(command) || spanish.contains(command);
            assert!(is_there || command == "AUSENTE", "{command}");
        }
        assert!(english.ends_with("0107 yes: to 0107."), "{english}");
        assert!(spanish.ends_with("va al cliente."), "{spanish}");
    }

    #[test]
    fn an_unclear_command_is_answered_with_what_to_write() {
        for (body, words) in [
            (
                "away until whenever",
                "I cannot read that time. Text AWAY, AWAY 2H",
            ),
            (
                "away tomorrow",
                "AWAY begins at once; text it when you go. To be away from now on, text AWAY UNTIL \
                 SUN 12:00 AM.",
            ),
            (
                "away until mon midnight",
                "That can be two times. Text AWAY UNTIL MON 12:00 AM or AWAY UNTIL TUE 12:00 AM.",
            ),
            (
                "away until today 9am",
                "That time is over. It is 10:00 AM. Text AWAY",
            ),
            ("away 90d", "more than 30 days"),
        ] {
            let said = says(0, body, FRIDAY_10);
            assert!(said.answer.contains(words), "{}", said.answer);
            assert_eq!(said.change, None);
        }
    }

    #[test]
    fn what_comes_late_changes_nothing() {
        let (line, now) = (line(), FRIDAY_10.parse().unwrap());
        let hour_ago = "2026-11-20T17:00:00Z".parse().unwrap();
        let here = On {
            line: &line,
            person: &line.people[0],
            known: &Known::default(),
        };
        let (said, _) = heed(Ok(Command::Away(None)), here, &[], hour_ago, now);
        assert_eq!(said.change, None);
        assert!(
            said.answer
                .starts_with("That came late and changed nothing. You are on duty")
        );
    }

    fn says_in_spanish(person: usize, body: &str, now: &str) -> String {
        let mut line = line();
        line.language = Language::Spanish;
        let now = now.parse().unwrap();
        let command = crate::domain::command::read(body, now, &line).unwrap();
        let known = Known::default();
        let here = On {
            line: &line,
            person: &line.people[person],
            known: &known,
        };
        let (said, _) = heed(command, here, &[], now, now);
        let size = segments(&said.answer);
        assert_eq!((size.count, size.because), (1, None), "{}", said.answer);
        said.answer
    }

    #[test]
    fn a_line_in_spanish_answers_in_spanish() {
        for (person, body, answer) in [
            (
                0,
                "FUERA",
                "Quedas fuera hasta que escribas VOLVI. Los mensajes llegan a Backup.",
            ),
            (
                0,
                "fuera hasta las 5",
                "Quedas fuera hasta las 5:00 PM. Los mensajes llegan a Backup.",
            ),
            (
                0,
                "away 2h",
                "Quedas fuera hasta las 12:00 PM. Los mensajes llegan a Backup.",
            ),
            (
                0,
                "fuera hasta el lunes a las 8",
                "Quedas fuera hasta el lun 8:00 AM. Los mensajes llegan a Backup.",
            ),
            (0, "quién", "Los mensajes llegan a ti, luego a Backup."),
            (
                0,
                "estado",
                "Tienes turno hasta las 6:00 PM. Los mensajes llegan a ti, luego a Backup.",
            ),
            (
                1,
                "estado",
                "Eres el respaldo, siempre de turno. Los mensajes llegan a Sergio, luego a ti.",
            ),
            (
                1,
                "fuera",
                "Eres el respaldo de qdn y no puedes irte; de turno ahora: Sergio.",
            ),
            (
                0,
                "fuera hasta las 25:00",
                "No entiendo esa hora. Escribe FUERA, FUERA 2H, FUERA HASTA LAS 5 o FUERA HASTA LUN 8:00.",
            ),
            (
                0,
                "fuera mañana",
                "FUERA vale desde ya; manda eso al irte. Para irte desde ahora, escribe FUERA HASTA DOM 12:00 AM.",
            ),
        ] {
            assert_eq!(says_in_spanish(person, body, FRIDAY_10), answer, "{body}");
        }
        for body in [
            "ayuda",
            "fuera hasta ayer",
            "fuera en 10 min",
            "fuera 90 dias",
            "fuera 17h",
        ] {
            says_in_spanish(0, body, FRIDAY_10);
        }
    }

    #[test]
    fn what_is_offered_in_an_answer_can_be_written_so() {
        let mut line = line();
        for (language, command) in [(Language::English, "AWAY"), (Language::Spanish, "FUERA")] {
            line.language = language;
            let now: Timestamp = FRIDAY_10.parse().unwrap();
            // A month in steps that meet every day of the week and both ends of a month.
            for hours in (1..29 * 24).step_by(7) {
                let end = now + std::time::Duration::from_secs(hours * 3600);
                let until = line.clock().day_and_time(end, now).to_uppercase();
                let offered = match language {
                    Language::English => format!("{command} UNTIL {until}"),
                    Language::Spanish => format!("{command} HASTA {until}"),
                };
                let read = crate::domain::command::read(&offered, now, &line);
                assert_eq!(read, Some(Ok(Command::Away(Some(end)))), "{offered}");
            }
        }
    }
}
