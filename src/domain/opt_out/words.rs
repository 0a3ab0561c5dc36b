//! The words by which a phone refuses or asks for texts.
//!
//! Sources: Twilio, "Twilio support for opt-out keywords (SMS STOP filtering)": its own words are English, and
//! Spanish ones it knows only where the Messaging Service's Advanced Opt-Out was given them. 47 CFR 64.1200(a)(10),
//! by which "stop", "quit", "end", "revoke", "opt out", "cancel" and "unsubscribe" are opt-outs, and any other
//! reasonable way of saying so is one as well. The relay heeds what Twilio does not know all the same: it puts the
//! number on its list, and sends nothing to it. What a customer of a line may mean otherwise is none: `cancel
//! please` is about a booking, `stop by at 5` about a visit.

use serde::{Deserialize, Serialize};

use super::{Cause, phrases};
use crate::domain::characters::words;

/// What Twilio took a text for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OptOutType {
    Stop,
    Start,
    Help,
}

/// What somebody wants by such a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    Stop(Cause),
    Start,
    /// By a word that Twilio does not know: it cannot undo what Twilio keeps.
    StartOwn,
    /// Twilio has answered with the account's help already.
    Help,
}

/// The words that Twilio takes for an opt-out itself.
const TWILIOS: [&str; 8] = [
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
];

/// The opt-outs in Spanish, of which the relay alone knows. BAJA alone is none: it is a place and a word of every day.
#[rustfmt::skip]
const OWN_STOPS: [&str; 8] = [
    "ALTO", "CANCELAR", "CANCELAR SUSCRIPCION", "DAR DE BAJA", "DARME DE BAJA", "DETENER",
    "NO MAS MENSAJES", "PARAR",
];

/// Those that a customer does not say of a booking, so that politeness may stand around them.
const OWN_CLEAR: [&str; 4] = ["ALTO", "DAR DE BAJA", "DARME DE BAJA", "DETENER"];

impl Cause {
    /// Whether Twilio does not know of it, so that the relay may take it back.
    pub fn is_own(&self) -> bool {
        match self {
            Cause::Word(word) => !TWILIOS.contains(&word.as_str()),
            Cause::Hand => true,
            Cause::OptOutType | Cause::Refusal(_) => false,
        }
    }
}

impl Wish {
    /// Twilio's own word counts for more than the text's. Without it the whole text has to be the
    /// word, but for case, spaces, punctuation, emoji and politeness.
    pub fn of(body: &str, twilios: Option<OptOutType>) -> Option<Self> {
        match twilios {
            Some(OptOutType::Stop) => return Some(Wish::Stop(Cause::OptOutType)),
            Some(OptOutType::Start) => return Some(Wish::Start),
            Some(OptOutType::Help) => return Some(Wish::Help),
            None => {}
        }
        // Nobody writes a whole page to opt out.
        if body.len() > LONGEST {
            return None;
        }
        let words = words(body);
        let words: Vec<&str> = words.split(' ').filter(|word| *word != "*").collect();
        if let Some(stop) = stop(&words) {
            return Some(Wish::Stop(Cause::Word(stop.to_uppercase())));
        }
        let spanish = words.join(" ").to_uppercase();
        if OWN_STOPS.contains(&spanish.as_str()) {
            return Some(Wish::Stop(Cause::Word(spanish)));
        }
        match words[..] {
            ["start" | "yes" | "unstop"] => Some(Wish::Start),
            ["iniciar"] => Some(Wish::StartOwn),
            _ => None,
        }
    }
}

const LONGEST: usize = 200;

/// Alone, also letter by letter: `S T O P`.
const ALONE: [&str; 9] = [
    "stop",
    "unsubscribe",
    "end",
    "quit",
    "stopall",
    "revoke",
    "optout",
    "cancel",
    "stop2end",
];

/// Words of these that a customer does not say of a booking, so that politeness may stand around them.
const CLEAR: [&str; 5] = ["stop", "unsubscribe", "quit", "stopall", "optout"];

/// The same words with a slip in them that is no other word which somebody texts alone.
#[rustfmt::skip]
const SLIPS: [&str; 23] = [
    "stpo", "sotp", "tsop", "stopo", "stopt", "stiop", "stoip", "styop", "stpop", "satop", "stp",
    "unsuscribe", "unsubcribe", "unsubsribe", "unsubscibe", "unsubscrib", "unsubscribed", "unsubscrbe",
    "unsubscripe", "unscubscribe", "unsubscrive", "unsubsribed", "unsusbcribe",
];

/// `stooopp` as `stop`.
fn without_repeats(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    letters.dedup();
    letters.into_iter().collect()
}

fn is_slip(word: &str) -> bool {
    SLIPS.contains(&word)
        || matches!(
            without_repeats(word).as_str(),
            "stop" | "unsubscribe" | "quit"
        )
}

const POLITE_BEFORE: &[&[&str]] = &[
    &["please"],
    &["pls"],
    &["plz"],
    &["just"],
    &["kindly"],
    &["hey"],
    &["hi"],
    &["hello"],
    &["por", "favor"],
    &["porfavor"],
    &["porfa"],
    &["favor", "de"],
    &["hola"],
];
/// The same before a whole sentence. "Can you stop?" is about a boat.
const REQUESTS: &[&[&str]] = &[
    &["can", "you"],
    &["could", "you"],
    &["would", "you"],
    &["will", "you"],
    &["wrong", "number"],
    &["numero", "equivocado"],
];
const POLITE_BEHIND: &[&[&str]] = &[
    &["please"],
    &["pls"],
    &["plz"],
    &["thanks"],
    &["thank", "you"],
    &["thx"],
    &["ty"],
    &["right", "now"],
    &["now"],
    &["immediately"],
    &["asap"],
    &["already"],
    &["ever", "again"],
    &["again"],
    &["anymore"],
    &["any", "more"],
    &["por", "favor"],
    &["porfavor"],
    &["porfa"],
    &["muchas", "gracias"],
    &["gracias"],
    &["ya"],
    &["ahora"],
];

/// `stop stop stop` and `opt out opt out`, as if it was said once.
fn said_once<'w, 'a>(words: &'w [&'a str]) -> &'w [&'a str] {
    let repeats = |length: &usize| {
        let mut chunks = words.chunks(*length);
        let first = chunks.next();
        words.len().is_multiple_of(*length) && chunks.all(|chunk| Some(chunk) == first)
    };
    let length = (1..words.len()).find(repeats);
    length.map_or(words, |length| &words[..length])
}

/// The words behind these.
fn without<'w, 'a>(
    mut words: &'w [&'a str],
    before: &'static [&'static [&'static str]],
) -> &'w [&'a str] {
    while let Some(rest) = before.iter().find_map(|p| words.strip_prefix(*p)) {
        words = rest;
    }
    words
}

/// What opts out, if all of the words do.
fn stop(words: &[&str]) -> Option<String> {
    let keyword = |words: &[&str]| {
        let together = words.concat();
        let whole = together.strip_suffix("all").filter(|rest| *rest != "stop");
        let is_one = |text: &str| ALONE.contains(&text);
        // `unsubscribe all`, but no word that ends so by chance: none of them does.
        let is_keyword = is_one(&together) || whole.is_some_and(is_one);
        is_keyword.then_some(together)
    };
    let once = said_once(words);
    if let Some(keyword) = keyword(words).or_else(|| keyword(once)) {
        return Some(keyword);
    }
    let mut plain = once;
    plain = without(plain, POLITE_BEFORE);
    while let Some(rest) = POLITE_BEHIND.iter().find_map(|p| plain.strip_suffix(*p)) {
        plain = rest;
    }
    let slip = plain.concat();
    if is_slip(&slip) && slip != "stop" {
        return keyword(plain).or(Some(slip));
    }
    // "Please do not text me anymore": the sentence is one with and without what is behind it.
    let request = without(without(plain, REQUESTS), POLITE_BEFORE);
    if [request, once].iter().any(|words| phrases::is_one(words)) {
        return Some(request.join(" "));
    }
    let own = plain.join(" ").to_uppercase();
    if OWN_CLEAR.contains(&own.as_str()) {
        return Some(own);
    }
    keyword(plain).filter(|keyword| {
        let word = keyword.strip_suffix("all").unwrap_or(keyword);
        CLEAR.contains(&keyword.as_str()) || CLEAR.contains(&word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(word: &str) -> Option<Wish> {
        Some(Wish::Stop(Cause::Word(word.to_owned())))
    }

    #[test]
    fn the_words_are_known_in_any_case_and_with_any_punctuation() {
        for word in [
            "STOP",
            "UNSUBSCRIBE",
            "END",
            "QUIT",
            "STOPALL",
            "REVOKE",
            "OPTOUT",
            "CANCEL",
        ] {
            let small = word.to_lowercase();
            for body in [
                word,
                &small,
                &format!(" \"{small}\".\n"),
                &format!("{word}!!"),
            ] {
                assert_eq!(Wish::of(body, None), stop(word), "{body:?}");
            }
        }
        assert_eq!(Wish::of("opt-out", None), stop("OPTOUT"));
        for word in ["START", "Yes.", "unstop"] {
            assert_eq!(Wish::of(word, None), Some(Wish::Start), "{word}");
        }
    }

    #[test]
    fn the_words_in_spanish_are_the_relays_own() {
        for (body, word) in [
            ("ALTO", "ALTO"),
            ("Dar de baja.", "DAR DE BAJA"),
            ("¡Parar!", "PARAR"),
            ("Cancelar", "CANCELAR"),
            ("Cancelar suscripción", "CANCELAR SUSCRIPCION"),
            ("no más mensajes", "NO MAS MENSAJES"),
        ] {
            let wish = Wish::of(body, None);
            assert_eq!(wish, stop(word), "{body}");
            assert!(
                matches!(wish, Some(Wish::Stop(by)) if by.is_own()),
                "{body}"
            );
        }
        assert!(!Cause::Word("STOP".to_owned()).is_own());
        assert_eq!(Wish::of("Iniciar", None), Some(Wish::StartOwn));
        for body in [
            "Baja",
            "Baja ya",
            "Alto ahí",
            "quiero cancelar",
            "sí",
            "ayuda",
            "no más",
        ] {
            assert_eq!(Wish::of(body, None), None, "{body}");
        }
    }

    #[test]
    fn a_word_within_a_text_is_part_of_what_somebody_says() {
        for body in [
            "Yes, at five",
            "Cancel my order",
            "stop\nit",
            "the end",
            "STOPS",
            "",
            "…",
            "stop by at 5",
            "Can you stop by at 5?",
            "please stop by",
            "please cancel",
            "cancel please",
            "Cancel it now",
            "end of the road",
            "I quit smoking",
            "We opt out of the extra towels",
            "don't stop",
            "never stop",
            "stop sign",
            "Stop at the dock please",
            "please",
            "thanks",
            "remove me from the 5 o'clock tour",
            "no more texts today, I am driving",
            "call",
        ] {
            assert_eq!(Wish::of(body, None), None, "{body:?}");
        }
    }

    #[test]
    fn what_twilio_took_it_for_counts_for_more() {
        let wish = |body, twilios| Wish::of(body, Some(twilios));
        let stop = Some(Wish::Stop(Cause::OptOutType));
        assert_eq!(wish("no mas", OptOutType::Stop), stop);
        assert_eq!(wish("otra vez", OptOutType::Start), Some(Wish::Start));
        assert_eq!(wish("STOP", OptOutType::Help), Some(Wish::Help));
    }

    /// What Twilio takes for an opt-out by default, and what the rule of the FCC names.
    const PUBLISHED: [(&str, &str); 15] = [
        ("STOP", "STOP"),
        ("UNSUBSCRIBE", "UNSUBSCRIBE"),
        ("END", "END"),
        ("QUIT", "QUIT"),
        ("STOPALL", "STOPALL"),
        ("REVOKE", "REVOKE"),
        ("OPTOUT", "OPTOUT"),
        ("CANCEL", "CANCEL"),
        ("stop", "STOP"),
        ("quit", "QUIT"),
        ("end", "END"),
        ("revoke", "REVOKE"),
        ("opt out", "OPTOUT"),
        ("cancel", "CANCEL"),
        ("unsubscribe", "UNSUBSCRIBE"),
    ];

    #[test]
    fn the_published_words_opt_out_however_they_are_typed() {
        for (published, word) in PUBLISHED {
            let spaced: Vec<String> = published.chars().map(String::from).collect();
            for body in [
                published.to_owned(),
                published.to_lowercase(),
                format!("{published}."),
                format!(" \u{201c}{published}\u{201d}!\n"),
                format!("{published} \u{1f6d1}"),
                format!("\u{200b}{published}\u{202c}"),
                format!("{published} {published} {published}"),
                spaced.join(" "),
                published.replace(' ', "-"),
                published.replace(' ', "  "),
            ] {
                assert_eq!(Wish::of(&body, None), stop(word), "{body:?}");
            }
        }
        assert_eq!(
            Wish::of("\u{ff33}\u{ff34}\u{ff2f}\u{ff30}", None),
            stop("STOP")
        );
    }

    #[test]
    fn any_clear_way_of_saying_so_opts_out() {
        for (body, said) in [
            ("OPT OUT", "OPTOUT"),
            ("Opt-out.", "OPTOUT"),
            ("STOP ALL", "STOPALL"),
            ("Stop all", "STOPALL"),
            ("STOPALL.", "STOPALL"),
            ("unsubscribe all", "UNSUBSCRIBEALL"),
            ("please stop", "STOP"),
            ("Stop please!", "STOP"),
            ("Please STOP now, thank you", "STOP"),
            ("pls unsubscribe", "UNSUBSCRIBE"),
            ("unsubscribe me", "UNSUBSCRIBE ME"),
            ("Please unsubscribe me.", "UNSUBSCRIBE ME"),
            ("opt me out", "OPT ME OUT"),
            ("Stop texting me!", "STOP TEXTING ME"),
            ("please stop texting me anymore", "STOP TEXTING ME"),
            ("Don\u{2019}t text me any more", "DON T TEXT ME"),
            ("Remove me from your list", "REMOVE ME FROM YOUR LIST"),
            ("no more texts please", "NO MORE TEXTS"),
            ("Stop2End", "STOP2END"),
        ] {
            assert_eq!(Wish::of(body, None), stop(said), "{body:?}");
        }
    }
}
