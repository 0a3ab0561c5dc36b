//! Texts that a phone wrote by itself. Answering one is how two machines begin to talk.
//!
//! Sources of the wordings: Apple, "Use a Focus that stays on while driving" (the automatic reply
//! of iOS, in English, Spanish and German); Android Auto's automatic reply; the usual subjects of
//! RFC 3834 auto-responders, which text gateways of mail servers put in front.

/// Beginnings of texts that phones and gateways write by themselves.
const BEGINNINGS: &[&str] = &[
    // English
    "auto reply",
    "autoreply",
    "automatic reply",
    "automated reply",
    "automatic response",
    "auto response",
    "automated response",
    "out of office",
    "out of the office",
    "i am out of the office",
    "i m out of the office",
    "i am currently out of the office",
    "i m currently out of the office",
    "i m driving",
    "i am driving",
    "i m currently driving",
    "i am currently driving",
    "sorry i m driving",
    "driving can t talk",
    // Spanish
    "respuesta automatica",
    "mensaje automatico",
    "fuera de la oficina",
    "estoy fuera de la oficina",
    "estoy conduciendo",
    "estoy manejando",
    "voy conduciendo",
    "voy manejando",
    // German
    "automatische antwort",
    "automatische nachricht",
    "abwesenheitsnotiz",
    "ich bin nicht im buro",
    "ich fahre gerade",
    "ich sitze gerade am steuer",
    "ich bin gerade am steuer",
];

/// What stands anywhere in a text that a phone wrote by itself.
const ANYWHERE: &[&str] = &[
    "this is an automatic reply",
    "this is an automated reply",
    "this is an auto reply",
    "this is an automated message",
    "this is an automatic message",
    "do not disturb while driving",
    "driving focus",
    "esto es una respuesta automatica",
    "esta es una respuesta automatica",
    "este es un mensaje automatico",
    "dies ist eine automatische antwort",
    "dies ist eine automatische nachricht",
    "nicht storen beim fahren",
    "no molestar al conducir",
];

/// Whether a phone wrote this, and nobody.
pub fn is_automatic(body: &str) -> bool {
    let plain = plain(body);
    let begins = |beginning: &&str| {
        let rest = plain.strip_prefix(*beginning);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    BEGINNINGS.iter().any(begins) || ANYWHERE.iter().any(|words| plain.contains(words))
}

/// Small letters without accents, single spaces, no punctuation.
fn plain(body: &str) -> String {
    let letters = body.chars().flat_map(char::to_lowercase).map(|c| match c {
        'á' | 'à' | 'ä' => 'a',
        'é' | 'è' => 'e',
        'í' => 'i',
        'ó' | 'ö' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        c if c.is_alphanumeric() => c,
        _ => ' ',
    });
    let letters: String = letters.collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_phones_write_by_themselves_is_recognised() {
        for body in [
            "I’m driving with Do Not Disturb While Driving turned on. I’ll see your message when I \
             get where I’m going.",
            "(I’m not receiving notifications. If this is urgent, reply “urgent” to send a \
             notification through with your original message.) I'm driving with Driving Focus on",
            "I'm driving right now, I'll get back to you later.",
            "Automatic reply: out until Monday",
            "Auto-Reply: I will be back on Monday",
            "[AUTOMATIC RESPONSE] thank you",
            "Out of office until June 3",
            "I am currently out of the office.",
            "Hello, this is an automated message. Do not answer.",
            "Estoy conduciendo con No molestar al conducir activado. Leeré tu mensaje cuando \
             llegue.",
            "Estoy manejando. Te llamo luego.",
            "Respuesta automática: vuelvo el lunes",
            "Ich fahre gerade und habe „Nicht stören beim Fahren“ eingeschaltet.",
            "Automatische Antwort: Ich bin bis Montag nicht da",
            "Abwesenheitsnotiz",
            "Ich bin nicht im Büro",
        ] {
            assert!(is_automatic(body), "{body}");
        }
    }

    #[test]
    fn what_people_write_is_not_taken_for_it() {
        for body in [
            "",
            "Are you driving?",
            "Is the office open?",
            "We were out of office paper",
            "Tell them I'm driving over at five",
            "Autoreplying is hard",
            "¿Dónde estoy conduciendo?",
            "Ich fahre morgen",
        ] {
            assert!(!is_automatic(body), "{body}");
        }
    }
}
