//! What is said by voice, in the line's language.

use super::out::MOST_OF_A_PERSON;
use super::{ByPhone, Call, NotReached, Spoken};
use crate::domain::language::say;
use crate::domain::line::voice::{seconds_to_say, whispered};
use crate::domain::line::{Line, Voice};

pub(super) fn spoken(voice: &Voice, text: String) -> Spoken {
    Spoken {
        text,
        language: voice.language.clone(),
        voice: voice.voice.clone(),
    }
}

/// Nobody listens to more of it, and a mailbox that picks up costs the caller this long.
const LONGEST_WHISPER: f64 = 4.0;

/// To whoever picked up: who calls, and that 1 connects.
pub(super) fn whisper(call: &Call, line: &Line, voice: &Voice) -> Spoken {
    let name = said_name(&line.name);
    let digits = call.caller.phone().map(|number| last_four(number.expose()));
    if let Some(template) = &voice.whisper {
        let caller = digits.unwrap_or_else(|| withheld(voice).to_owned());
        return spoken(voice, whispered(template, &name, &caller));
    }
    let forms = match (voice.speaks_spanish(), digits, call.has_conversation) {
        (false, None, _) => vec![
            format!("{name}, a call, number withheld. Press 1."),
            "A call, number withheld. Press 1.".to_owned(),
        ],
        (false, Some(digits), true) => vec![
            format!("{name}, {digits}, who texted today. Press 1."),
            format!("{digits}, who texted today. Press 1."),
        ],
        (false, Some(digits), false) => vec![
            format!("{name}, a call from {digits}. Press 1."),
            format!("A call from {digits}. Press 1."),
        ],
        (true, None, _) => vec![
            format!("{name}, llamada de número oculto. Pulse 1."),
            "Llamada de número oculto. Pulse 1.".to_owned(),
        ],
        (true, Some(digits), true) => vec![
            format!("{name}, {digits}, que escribió hoy. Pulse 1."),
            format!("{digits}, que escribió hoy. Pulse 1."),
        ],
        (true, Some(digits), false) => vec![
            format!("{name}, llamada de {digits}. Pulse 1."),
            format!("Llamada de {digits}. Pulse 1."),
        ],
    };
    let short = forms
        .iter()
        .find(|form| seconds_to_say(form) <= LONGEST_WHISPER);
    let text = short.or(forms.last()).cloned().unwrap_or_default();
    spoken(voice, text)
}

/// To a person who asked to be connected with a customer.
pub(super) fn whisper_out(call: &Call, line: &Line, voice: &Voice) -> Spoken {
    let name = said_name(&line.name);
    let digits = call.caller.phone().map(|number| last_four(number.expose()));
    let digits = digits.unwrap_or_default();
    let text = if voice.speaks_spanish() {
        format!("{name}, llamada a {digits}. Pulse 1.")
    } else {
        format!("{name}, your call to {digits}. Press 1.")
    };
    spoken(voice, text)
}

/// To a person who calls the line.
pub(super) fn menu(
    call: &Call,
    by_phone: &ByPhone,
    may_hear: bool,
    line: &Line,
    voice: &Voice,
) -> Spoken {
    let name = said_name(&line.name);
    let digits = call.caller.phone().map(|number| last_four(number.expose()));
    let digits = digits.unwrap_or_default();
    let ago = by_phone
        .called
        .map(|called| call.opened.duration_since(called).as_mins().max(1));
    let text = if voice.speaks_spanish() {
        let ago = match ago {
            None => String::new(),
            Some(1) => ", hace un minuto".to_owned(),
            Some(minutes @ ..=59) => format!(", hace {minutes} minutos"),
            Some(60..=119) => ", hace una hora".to_owned(),
            Some(minutes) => format!(", hace {} horas", minutes / 60),
        };
        let hear = if may_hear {
            ", 2 para oír el mensaje"
        } else {
            ""
        };
        let last = match by_phone.called {
            Some(_) => format!("la última llamada es de {digits}{ago}"),
            None => format!("el cliente es {digits}"),
        };
        format!("{name}, {last}. Pulse 1 para llamar{hear}.")
    } else {
        let ago = match ago {
            None => String::new(),
            Some(1) => ", a minute ago".to_owned(),
            Some(minutes @ ..=59) => format!(", {minutes} minutes ago"),
            Some(60..=119) => ", an hour ago".to_owned(),
            Some(minutes) => format!(", {} hours ago", minutes / 60),
        };
        let hear = if may_hear {
            ", 2 to hear the message"
        } else {
            ""
        };
        let last = match by_phone.called {
            Some(_) => format!("the last caller ends {digits}{ago}"),
            None => format!("the customer ends {digits}"),
        };
        format!("{name}, {last}. Press 1 to ring back{hear}.")
    };
    spoken(voice, text)
}

pub(super) fn asks_for_pin(voice: &Voice) -> Spoken {
    let text = if voice.speaks_spanish() {
        "Marque su PIN y la tecla numeral."
    } else {
        "Enter your PIN, then the pound key."
    };
    spoken(voice, text.to_owned())
}

/// To a person whose customer cannot be reached.
pub(super) fn not_answered(voice: &Voice) -> Spoken {
    let text = if voice.speaks_spanish() {
        "No contestan. Hasta luego."
    } else {
        "They did not answer. Goodbye."
    };
    spoken(voice, text.to_owned())
}

/// What a person reads who asked for a call that did not come about. `tag` is the customer's.
pub fn not_reached(because: NotReached, tag: &str, line: &Line) -> Option<String> {
    let language = line.language;
    Some(match because {
        NotReached::TooMany => say!(
            language,
            "{tag} was not called: you asked for {MOST_OF_A_PERSON} calls within an hour. Try again later.",
            "No se ha llamado a {tag}: ya van {MOST_OF_A_PERSON} llamadas en una hora. Prueba luego."
        ),
        NotReached::InACall => say!(
            language,
            "{tag} was not called: you are in a call of this line. Text CALL {tag} after it.",
            "No se ha llamado a {tag}: hablas en otra llamada. Al terminar, escribe LLAMAR {tag}."
        ),
        NotReached::NotTaken => say!(
            language,
            "{tag} was not called: nobody pressed 1 on your phone. Text CALL {tag} to try again.",
            "No se ha llamado a {tag}: nadie ha pulsado 1 en tu teléfono. Para probar otra vez, escribe LLAMAR {tag}."
        ),
        NotReached::NotMade { code } => {
            let code = code.map(|code| format!(" (error {code})"));
            let code = code.unwrap_or_default();
            say!(
                language,
                "{tag} was not called: your phone could not be rung{code}. Text CALL {tag} to try again.",
                "No se ha llamado a {tag}: tu teléfono no ha sonado{code}. Para probar otra vez, escribe LLAMAR {tag}."
            )
        }
        _ => return None,
    })
}

/// What a person reads whose phone is picked up again and again, and nothing pressed.
pub fn save_the_number(line: &Line) -> String {
    let (name, number) = (&line.name, line.number.expose());
    say!(
        line.language,
        "Three calls of {name} were picked up on your phone and nobody pressed 1: perhaps a mailbox or an \
         assistant. Save {number} as a contact.",
        "Tu teléfono ha tomado tres llamadas de {name} y nadie ha pulsado 1: tal vez un asistente o el \
         contestador. Guarda {number} en tus contactos."
    )
}

fn withheld(voice: &Voice) -> &'static str {
    if voice.speaks_spanish() {
        "número oculto"
    } else {
        "number withheld"
    }
}

/// `0 1 4 2`: digit by digit.
fn last_four(number: &str) -> String {
    let from = number.len().saturating_sub(4);
    let digits: Vec<String> = number[from..].chars().map(String::from).collect();
    digits.join(" ")
}

/// A short name without a vowel is said letter by letter.
fn said_name(name: &str) -> String {
    let is_letters = name.chars().all(|c| c.is_ascii_alphabetic());
    let has_vowel = name.to_lowercase().contains(['a', 'e', 'i', 'o', 'u', 'y']);
    if is_letters && !has_vowel && name.len() <= 4 {
        let letters: Vec<String> = name.to_uppercase().chars().map(String::from).collect();
        letters.join(" ")
    } else {
        name.to_owned()
    }
}

pub(super) fn greeting(line: &Line, voice: &Voice) -> Spoken {
    let name = said_name(&line.name);
    let text = if voice.speaks_spanish() {
        format!(
            "Esta es la línea {name}. Ahora nadie puede contestar. Un mensaje de texto a este número \
             llega a las mismas personas. O deje un mensaje después del tono."
        )
    } else {
        format!(
            "This is {name}. Nobody can take your call right now. A text to this number reaches the \
             same people. Or leave a message after the tone."
        )
    };
    spoken(voice, text)
}

pub(super) fn cut_off(voice: &Voice) -> Spoken {
    let text = if voice.speaks_spanish() {
        "La llamada se cortó. Deje un mensaje después del tono, o vuelva a llamar."
    } else {
        "You were cut off. Leave a message after the tone, or call again."
    };
    spoken(voice, text.to_owned())
}

pub(super) fn thanks(voice: &Voice) -> Spoken {
    let text = if voice.speaks_spanish() {
        "Gracias. Hasta luego."
    } else {
        "Thank you. Goodbye."
    };
    spoken(voice, text.to_owned())
}

pub(super) fn texts_only(voice: &Voice) -> Spoken {
    let text = if voice.speaks_spanish() {
        "Este número solo recibe mensajes de texto. Envíe un mensaje de texto a este número. Hasta \
         luego."
    } else {
        "This number takes texts only. Please send a text to this number. Goodbye."
    };
    spoken(voice, text.to_owned())
}

/// Before the tone, where it is not known whose line it is.
pub fn neutral() -> Spoken {
    let text = "Nobody can take your call right now. Please leave a message after the tone.";
    spoken(&Voice::default(), text.to_owned())
}
