//! Texts that a relay wrote coming back: another relay in the cascade, or a phone that passes on
//! whatever comes in, would keep them going round for ever.

use crate::domain::conversation::wording as asking;
use crate::domain::delivery::wording::{COULD_NOT_BE_REACHED, MARKS, PHONE_IS_BUSY};
use crate::domain::language::Phrase;
use crate::domain::phone::PhoneNumber;
use crate::domain::subscriber::wording;

/// How far into a text the relay's first words reach at most, names and places included.
const MOST_BEFORE: usize = 160;

/// Whether a relay wrote this, as far as its first words tell.
pub fn is_own(body: &str) -> bool {
    let body = without_tag(body.trim());
    let beginning = beginning(body);
    is_relayed(body)
        || marks().any(|mark| beginning.contains(mark))
        || asking::MARKS_BEHIND_NUMBERS
            .into_iter()
            .flat_map(Phrase::in_all)
            .any(|mark| is_behind_a_number(beginning, mark))
        || [COULD_NOT_BE_REACHED, PHONE_IS_BUSY]
            .into_iter()
            .flat_map(Phrase::in_all)
            .any(|moved_on| {
                let person = beginning.split_once(moved_on).map(|(person, _)| person);
                person.is_some_and(|person| is_own(&body[person.len() + moved_on.len()..]))
            })
}

fn marks() -> impl Iterator<Item = &'static str> {
    let marks = MARKS.into_iter().chain(wording::MARKS);
    marks.chain(asking::MARKS).flat_map(Phrase::in_all)
}

fn is_behind_a_number(text: &str, mark: &str) -> bool {
    let before = text.split_once(mark).map(|(before, _)| before);
    before.is_some_and(|before| before.ends_with(|c: char| c.is_ascii_digit()))
}

/// What follows the tag of a conversation, if it begins with one.
fn without_tag(body: &str) -> &str {
    match body.split_once(": ") {
        Some((tag, rest)) if tag.len() >= 4 && tag.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => body,
    }
}

/// Whether it begins as relayed texts do: `+16195550107 (San Diego, CA): `.
pub fn is_relayed(body: &str) -> bool {
    let Some((before, _)) = body.split_once(':') else {
        return false;
    };
    let (number, place) = before.split_once(' ').unwrap_or((before, "()"));
    PhoneNumber::parse(number).is_ok() && place.starts_with('(') && place.ends_with(')')
}

fn beginning(body: &str) -> &str {
    let end = body.char_indices().nth(MOST_BEFORE);
    end.map_or(body, |(end, _)| &body[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::conversation::{Conversation, wording as asking};
    use crate::domain::delivery::wording::{
        all_are_busy, handed_over, late, moved_on, needs_repair, phone_is_busy, reached_nobody,
        too_many,
    };
    use crate::domain::language::Language;

    #[test]
    fn what_the_relay_writes_is_recognised_in_each_language() {
        Language::ALL.into_iter().for_each(are_recognised);
    }

    fn are_recognised(language: Language) {
        let relayed = "+16195550107 (San Diego, CA): hi";
        let customer = PhoneNumber::parse("+16195550107").unwrap();
        let conversation = Conversation::new(customer.clone(), &[], jiff::Timestamp::UNIX_EPOCH);
        let moved = handed_over(language, "Sergio", relayed);
        let moved_twice = handed_over(language, "Ana", &moved);
        let around = format!("+16195550100: {relayed}");
        for body in [
            relayed,
            "+16195550107: hi",
            "+16195550107: (1 photo)",
            "ACME Alerts (cannot be answered): Your code is 1",
            asking::no_conversation(language),
            &format!("+16195550100: {}", asking::no_conversation(language)),
            "0107: +16195550107: hi",
            "0107: Sergio could not be reached. +16195550107: hi",
            &asking::has_it(language, "Ana", &customer),
            &asking::answered_by(language, "Ana", &customer, "at five"),
            &asking::blocked(language, "0107"),
            &asking::blocked_by(language, "Ana", &conversation),
            &asking::nobody_answered(language, &customer, "10:00 AM", "hi"),
            &asking::two_customers(language, "0107", "0108"),
            &asking::forgotten(language, &conversation, "10:00 AM"),
            &asking::reminder(language, &conversation, "10:00 AM", None),
            &asking::left_unanswered(language, "Ana", &customer, "10:00 AM"),
            &crate::domain::delivery::wording::did_not_reach(
                language,
                "yes",
                "they opted out of texts.",
            ),
            &late(language, "Mon 10:00", relayed),
            &moved,
            &moved_twice,
            &around,
            &moved_on(language, "Backup", "10:03", relayed),
            &reached_nobody(language, "10:03", true, relayed),
            &needs_repair(language, "qdn", 30034),
            &all_are_busy(language, "qdn", "12:10 AM"),
            &too_many(language),
            &phone_is_busy(language, "Sergio", relayed),
        ] {
            assert!(is_own(body), "{body}");
        }
    }

    #[test]
    fn what_people_write_is_not_taken_for_it() {
        for body in [
            "",
            "ok",
            "Call +16195550107: he is waiting",
            "+16195550107",
            "+16195550107 is waiting: call",
            "Ana could not be reached. What now?",
            "12:30",
            ":",
            "🚐 could not be reached. ",
            "Ana knows it and takes care of it.",
            "He has answered me. Nothing was sent.",
            "Nobody has answered so far",
            "Nadie ha contestado hasta ahora",
            "Ya espera respuesta desde las 10",
            "Ana tiene a su hija y se encarga.",
            "Ana no ha podido recibirlo. ¿Y ahora?",
            "0107 on my way",
        ] {
            assert!(!is_own(body), "{body}");
        }
    }
}
