//! What the relay writes around a customer's words. Short, so that a phone's lock screen shows the
//! words themselves, and in GSM-7, so that the relay never makes a text dearer than it was.

use crate::domain::inbound::content::{cannot_be_passed_on, on_its_own_lines, what, who};
use crate::domain::inbound::sms::InboundSms;
use crate::domain::language::{Language, Phrase, say};
use crate::domain::opt_out;
use crate::domain::phone::Sender;
use crate::domain::provider;
use crate::domain::sms::first_outside_gsm7;
use crate::domain::sms::first_segment::{quoting, with_first_words};

/// Stands behind a sender who cannot be answered.
pub(crate) const CANNOT_BE_ANSWERED: Phrase =
    Phrase::new(" (cannot be answered): ", " (no se le puede contestar): ");

/// Stands behind the name of whoever did not get the text.
pub(crate) const COULD_NOT_BE_REACHED: Phrase =
    Phrase::new(" could not be reached. ", " no ha podido recibirlo. ");

/// Stands behind the name of whoever has too many texts waiting.
pub(crate) const PHONE_IS_BUSY: Phrase =
    Phrase::new("'s phone is busy. ", " tiene el teléfono ocupado. ");

pub(super) const NOT_DELIVERED_TO_YOU: Phrase = Phrase::new(
    ", as it did not reach you in time: ",
    ", porque no te ha llegado a tiempo: ",
);
pub(super) const REACHED_NOBODY: Phrase = Phrase::new(
    "reached nobody, please call: ",
    "no ha llegado a nadie, por favor llama: ",
);
const LATE: Phrase = Phrase::new("Late, received ", "Recibido tarde, ");
const MORE_ON_DUTY: Phrase = Phrase::new(
    " wait until then. More people on duty get them sooner.",
    " esperan hasta entonces. Con otra persona de turno llegan antes.",
);
const WAIT_FOR_REPAIR: Phrase = Phrase::new(
    " wait until account, number or campaign are repaired.",
    " no manda nada hasta que se repare cuenta, teléfono o campaña.",
);
const TOO_MANY: Phrase = Phrase::new(
    "You text faster than I may answer: ",
    "Escribes demasiado seguido: ",
);
const OPTED_OUT: Phrase = Phrase::new(
    " opted out of texts (STOP). ",
    " ha cancelado los mensajes (STOP). ",
);

/// What stands in each of the relay's own texts and hardly in anybody else's.
pub(crate) const MARKS: [Phrase; 9] = [
    TOO_MANY,
    OPTED_OUT,
    DID_NOT_REACH,
    CANNOT_BE_ANSWERED,
    LATE,
    NOT_DELIVERED_TO_YOU,
    REACHED_NOBODY,
    MORE_ON_DUTY,
    WAIT_FOR_REPAIR,
];

/// To a person who gets no answer to some of their texts.
pub fn too_many(language: Language) -> String {
    let mark = TOO_MANY.of(language);
    say!(
        language,
        "{mark}your last texts were heard, but get no answer. Text STATUS in a minute to see how things stand.",
        "{mark}tus mensajes valen, pero quedan sin respuesta. Manda ESTADO en un minuto para ver lo vigente."
    )
}

/// The text that relays `sms` to a person: who wrote, from where, and what.
///
/// The number stands in E.164 form, which phones make tappable whatever country they are in.
pub fn relayed(language: Language, sms: &InboundSms) -> String {
    let what = what(language, sms);
    let who = who(language, &sms.from);
    let place = sms
        .place
        .as_deref()
        .filter(|place| first_outside_gsm7(place).is_none() || first_outside_gsm7(&what).is_some());
    let remark = match (&sms.from, place) {
        (Sender::Phone(_), Some(place)) => format!(" ({place}): "),
        (Sender::Phone(_), None) => ": ".to_owned(),
        _ => CANNOT_BE_ANSWERED.of(language).to_owned(),
    };
    format!("{who}{remark}{}", on_its_own_lines(&what))
}

/// The text that relays an opt-out, or the end of one, with what it means for whoever reads it.
pub fn with_opt_out(language: Language, relayed: &str, change: &opt_out::Change) -> String {
    match change.to {
        Some(_) => say!(
            language,
            "{relayed}\n(opted out: they get no more texts, call them)",
            "{relayed}\n(ya no quiere mensajes y no los recibe: llama)"
        ),
        None => say!(
            language,
            "{relayed}\n(they can get texts again)",
            "{relayed}\n(ya puede recibir mensajes)"
        ),
    }
}

/// What is told of a call, if its caller gets no texts.
pub fn caller_opted_out(language: Language, relayed: &str) -> String {
    say!(
        language,
        "{relayed}\n(opted out: they get no texts, call them)",
        "{relayed}\n(no quiere mensajes y no los recibe: llama)"
    )
}

/// A text that goes to somebody else than those before it, which follow. `from` had the conversation.
pub fn with_what_was_before(language: Language, relayed: &str, from: &str) -> String {
    say!(
        language,
        "{relayed}\nBefore, to {from}:",
        "{relayed}\nAntes, a {from}:"
    )
}

/// To those who rely on a person who opted out.
pub fn person_opted_out(language: Language, person: &str, line: &str) -> String {
    let mark = OPTED_OUT.of(language);
    say!(
        language,
        "{person}{mark}The line {line} cannot text them any more. START from their phone undoes it.",
        "{person}{mark}{line} ya no puede escribirle. START desde su teléfono lo deshace."
    )
}

/// The text as the next person gets it after `person` could not be reached.
pub fn handed_over(language: Language, person: &str, body: &str) -> String {
    format!("{person}{}{body}", COULD_NOT_BE_REACHED.of(language))
}

/// The text as the next person gets it because too many wait for `person`'s phone.
pub fn phone_is_busy(language: Language, person: &str, body: &str) -> String {
    format!("{person}{}{body}", PHONE_IS_BUSY.of(language))
}

/// Stands behind a text, or in place of one, whose attachments could not be passed on. `attached` is
/// what they are, if that is known.
pub(super) fn left_out(language: Language, attached: &str, count: usize) -> String {
    match (attached, count) {
        ("", count) => format!("({})", cannot_be_passed_on(language, count)),
        (attached, _) => say!(
            language,
            "({attached} could not be passed on)",
            "(no se ha podido reenviar: {attached})"
        ),
    }
}

/// What the owner reads when so many texts came that new ones wait until then on every phone.
pub fn all_are_busy(language: Language, line: &str, until: &str) -> String {
    let mark = MORE_ON_DUTY.of(language);
    say!(
        language,
        "All phones of {line} are busy until {until}: new texts{mark}",
        "{line} no da abasto hasta {until}. Los mensajes{mark}"
    )
}

/// That the line has sent most of what it may send on a day without anybody's hand; `until` is when it
/// may again.
pub fn most_is_used(language: Language, line: &str, most: u32, until: &str) -> String {
    say!(
        language,
        "{line} has sent 80% of most_segments_a_day ({most}). At 100% only customers' texts and \
         answers go on, until {until}.",
        "{line} ha usado el 80% de most_segments_a_day ({most}). Al 100% solo siguen clientes y \
         respuestas, hasta {until}."
    )
}

/// What `relay doctor` finds otherwise than the last time: the ids of its checks, such as `T08`.
pub fn setup_changed(language: Language, line: &str, broken: &str, right: &str) -> String {
    let none = |ids: &str| ids.is_empty();
    match (none(broken), none(right)) {
        (false, true) => say!(
            language,
            "{line}: relay doctor found {broken}. Run it: it says what to do.",
            "{line}: relay doctor ha encontrado {broken}. Ejecutelo: dice que hacer."
        ),
        (true, _) => say!(
            language,
            "{line}: {right} of relay doctor is right again.",
            "{line}: {right} de relay doctor vuelve a estar bien."
        ),
        (false, false) => say!(
            language,
            "{line}: relay doctor found {broken}; {right} is right again. Run it: it says what to do.",
            "{line}: relay doctor ha encontrado {broken}; {right} vuelve a estar bien. Ejecutelo: dice que hacer."
        ),
    }
}

/// The text as it goes out when the relay heard of it late; `since` is when it came, on the line's
/// clock.
pub fn late(language: Language, since: &str, body: &str) -> String {
    format!("{}{since}. {body}", LATE.of(language))
}

/// What a person reads whose text is `next`'s since `at`.
pub fn moved_on(language: Language, next: &str, at: &str, body: &str) -> String {
    let mark = NOT_DELIVERED_TO_YOU.of(language);
    let says = say!(
        language,
        "Moved on to {next} at {at}{mark}",
        "Ha pasado a {next} ({at}){mark}"
    );
    with_first_words(&says, body)
}

/// What the owner reads of a text that came at `at` and reached nobody, as far as is known.
pub fn reached_nobody(language: Language, at: &str, may_have_arrived: bool, body: &str) -> String {
    let mark = REACHED_NOBODY.of(language);
    let says = if may_have_arrived {
        say!(
            language,
            "This text of {at} may have {mark}",
            "Este mensaje ({at}) tal vez {mark}"
        )
    } else {
        say!(
            language,
            "This text of {at} {mark}",
            "Este mensaje ({at}) {mark}"
        )
    };
    with_first_words(&says, body)
}

/// What the owner reads when texts of a line wait for a repair. `error` is the provider's code, or an
/// HTTP status.
pub fn needs_repair(language: Language, line: &str, error: u32) -> String {
    let see = match error {
        0..=999 => String::new(),
        code => format!(" {}", provider::page_of_error(code)),
    };
    let (provider, mark) = (provider::NAME, WAIT_FOR_REPAIR.of(language));
    say!(
        language,
        "{provider} error {error}: texts of {line}{mark}{see}",
        "{provider} error {error}: {line}{mark}{see}"
    )
}

pub(crate) const DID_NOT_REACH: Phrase = Phrase::new(
    "\" did not reach your customer: ",
    "\" no ha llegado a tu cliente: ",
);

/// An answer that a customer did not get. `why` says what to do, if anything helps.
pub fn did_not_reach(language: Language, words: &str, why: &str) -> String {
    let after = format!("{}{why}", DID_NOT_REACH.of(language));
    quoting("\"", words, &after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::message_sid::MessageSid;
    use crate::domain::inbound::Media;
    use crate::domain::phone::PhoneNumber;
    use crate::domain::sms::segments;

    fn sms(from: &str, place: Option<&str>, body: &str, types: &[&str]) -> InboundSms {
        InboundSms {
            sid: MessageSid::parse(&("SM".to_owned() + &"0".repeat(32))).unwrap(),
            from: Sender::parse(from),
            to: PhoneNumber::parse("+16195550100").unwrap(),
            place: place.map(str::to_owned),
            body: body.to_owned(),
            media: types
                .iter()
                .map(|content_type| Media {
                    url: "https://api.twilio.com/media".to_owned(),
                    content_type: (*content_type).to_owned(),
                })
                .collect(),
            media_left_out: 0,
            opt_out_type: None,
        }
    }

    fn text(from: &str, place: Option<&str>, body: &str) -> String {
        relayed(Language::English, &sms(from, place, body, &[]))
    }

    #[test]
    fn a_relayed_text_says_who_wrote_from_where_and_what() {
        assert_eq!(
            text("+16195550107", Some("San Diego, CA"), "hi"),
            "+16195550107 (San Diego, CA): hi"
        );
        assert_eq!(text("+16195550107", None, "hi"), "+16195550107: hi");
    }

    #[test]
    fn a_sender_that_cannot_be_answered_is_marked() {
        for from in ["72975", "ACME Alerts", "rcs:acme_agent"] {
            assert_eq!(
                text(from, Some("San Diego, CA"), "Your code is 1"),
                format!("{from} (cannot be answered): Your code is 1")
            );
        }
        assert_eq!(
            text("", None, "hi"),
            "Unknown sender (cannot be answered): hi"
        );
    }

    #[test]
    fn without_words_it_says_what_came() {
        let came =
            |types: &[&str]| relayed(Language::English, &sms("+16195550107", None, " ", types));
        assert_eq!(came(&["image/jpeg"]), "+16195550107: (1 photo)");
        assert_eq!(
            came(&["image/png", "text/x-vcard; charset=utf-8", "IMAGE/GIF"]),
            "+16195550107: (2 photos, 1 contact)"
        );
        assert_eq!(
            came(&[
                "audio/amr",
                "video/3gpp",
                "application/pdf",
                "",
                "text/calendar"
            ]),
            "+16195550107: (1 recording, 1 video, 2 files, 1 appointment)"
        );
        assert_eq!(came(&[]), "+16195550107: (empty text)");
    }

    #[test]
    fn it_says_how_many_attachments_are_missing() {
        let left_out = |body: &str, types: &[&str], media_left_out| {
            relayed(
                Language::English,
                &InboundSms {
                    media_left_out,
                    ..sms("+16195550107", None, body, types)
                },
            )
        };
        assert_eq!(
            left_out("", &[], 1),
            "+16195550107: (1 attachment could not be passed on)"
        );
        assert_eq!(
            left_out("", &["image/png"], 2),
            "+16195550107: (1 photo; 2 attachments could not be passed on)"
        );
        assert_eq!(
            left_out("see", &["image/png"], 1),
            "+16195550107: see\n(1 attachment could not be passed on)"
        );
    }

    #[test]
    fn what_the_relay_adds_never_makes_a_text_dearer_by_its_alphabet() {
        let foreign = Some("Łódź");
        assert_eq!(text("+48225550107", foreign, "hi"), "+48225550107: hi");
        assert_eq!(
            text("+48225550107", foreign, "cześć"),
            "+48225550107 (Łódź): cześć"
        );
        let header = text("+16195550107", Some("San Diego, CA"), "");
        assert_eq!(segments(&header).because, None);
        assert_eq!(
            segments(&handed_over(Language::English, "Sergio", "")).because,
            None
        );
        assert_eq!(
            segments(&late(Language::English, "Sun 14:05", "")).because,
            None
        );
    }

    #[test]
    fn a_text_that_moved_on_says_so_first() {
        assert_eq!(
            handed_over(Language::English, "Sergio", "+16195550107: hi"),
            "Sergio could not be reached. +16195550107: hi"
        );
    }

    #[test]
    fn whoever_is_told_of_a_text_reads_its_first_words_in_one_segment() {
        let long = format!(
            "+16195550107 (San Diego, CA): {}",
            "Is it ready? ".repeat(50)
        );
        for (told, begins) in [
            (
                moved_on(Language::English, "Backup", "10:03", &long),
                "Moved on to Backup at 10:03",
            ),
            (
                reached_nobody(Language::English, "10:00", false, &long),
                "This text of 10:00 reached nobody",
            ),
            (
                reached_nobody(Language::English, "Sat 23:59", true, &long),
                "This text of Sat 23:59 may have",
            ),
        ] {
            assert!(told.starts_with(begins), "{told}");
            assert!(
                told.contains("+16195550107 (San Diego, CA): Is it ready?"),
                "{told}"
            );
            assert!(told.ends_with("..."), "{told}");
            let segments = segments(&told);
            assert_eq!((segments.count, segments.because), (1, None), "{told}");
        }
        let short = moved_on(Language::English, "Backup", "10:03", "+16195550107: hi");
        assert!(short.ends_with(": +16195550107: hi"), "{short}");
    }

    #[test]
    fn words_in_another_alphabet_are_cut_between_characters_and_never_left_out() {
        let body = format!(
            "+380445550107: {}",
            "👨\u{200d}👩\u{200d}👧 Доброго дня! ".repeat(20)
        );
        let told = moved_on(Language::English, "Backup", "10:03", &body);
        assert!(
            told.contains("+380445550107: 👨\u{200d}👩\u{200d}👧 Доброго дня!"),
            "{told}"
        );
        assert!(segments(&told).count <= 3, "{told}");
        let emoji = "👨\u{200d}👩\u{200d}👧".repeat(100);
        assert!(moved_on(Language::English, "Backup", "10:03", &emoji).ends_with("👧..."));
    }

    #[test]
    fn a_repair_is_asked_for_in_one_segment() {
        let asks = needs_repair(Language::English, &"x".repeat(40), 30034);
        assert!(asks.contains("docs/api/errors/30034"), "{asks}");
        let cost = segments(&asks);
        assert_eq!((cost.count, cost.because), (1, None), "{asks}");
        let asks = all_are_busy(Language::English, &"x".repeat(40), "Mon 12:10 AM");
        let cost = segments(&asks);
        assert_eq!((cost.count, cost.because), (1, None), "{asks}");
        assert!(
            !needs_repair(Language::English, "qdn", 401).contains("twilio.com"),
            "no code, no page"
        );
    }

    /// With the longest names that a configuration may have, and times with their day.
    #[test]
    fn what_the_relay_says_of_texts_is_one_plain_segment_in_each_language() {
        let (line, until) = ("x".repeat(40), "el mié 23 nov, 12:10 AM");
        let person = "Maximilian-Alexander the Third";
        let mut said = Vec::new();
        for language in Language::ALL {
            said.extend([
                needs_repair(language, &line, 30034),
                all_are_busy(language, &line, "el lun 12:10 AM"),
                most_is_used(language, &line, 10_000, "el lun 12:10 AM"),
                too_many(language),
                person_opted_out(language, person, person),
                moved_on(language, person, until, &"Is it ready? ".repeat(50)),
                reached_nobody(language, until, true, &"Is it ready? ".repeat(50)),
                did_not_reach(
                    language,
                    &"x".repeat(200),
                    "su teléfono no recibe mensajes: llama al +16195550107.",
                ),
                left_out(language, "2 fotos, 1 contacto", 3),
                left_out(language, "", 3),
                handed_over(language, person, ""),
                phone_is_busy(language, person, ""),
                late(language, until, ""),
                with_what_was_before(language, "", person),
                caller_opted_out(language, ""),
            ]);
        }
        said.retain(|text| {
            let size = segments(text);
            (size.count, size.because) != (1, None)
        });
        assert!(said.is_empty(), "dearer than one segment: {said:#?}");
    }

    #[test]
    fn a_relayed_text_reads_in_spanish_as_the_line_does() {
        let es = Language::Spanish;
        let came = relayed(
            es,
            &sms("+16195550107", None, " ", &["image/jpeg", "text/calendar"]),
        );
        assert_eq!(came, "+16195550107: (1 foto, 1 cita)");
        let unknown = relayed(es, &sms("", None, "hola", &[]));
        assert_eq!(
            unknown,
            "Remitente desconocido (no se le puede contestar): hola"
        );
        assert_eq!(
            handed_over(es, "Ana", "+16195550107: hola"),
            "Ana no ha podido recibirlo. +16195550107: hola"
        );
    }
}
