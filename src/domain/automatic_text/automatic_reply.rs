//! Texts that a phone writes by itself in answer to another one.
//!
//! What people choose from a list when they decline a call ("Can't talk now. What's up?", "I'll call
//! you right back.", "I'm on my way.", on Google's, Samsung's and Apple's phones) is not among them:
//! a person chose it, it answers whoever called, and the same words are typed as answers.

use crate::domain::characters::words;

/// Whole texts as `words` gives them; … stands for any words.
///
/// The English ones of iPhones, of TRUCE (an app for fleets) and of cars (`MY ALTIMA`) are as shops got
/// them from customers; the name of the Focus differs. Not seen, but told: what Android Auto has preset,
/// and the Spanish and German texts of iPhones, of which only what must be in them stands here.
const WHOLE: &[&str] = &[
    "i m driving with … turned on i ll see your message when i get where i m going",
    "i m driving i ll see your message when i get where i m going",
    "i m driving right now",
    "i m driving right now i ll get back to you soon",
    "i m driving right now i ll get back to you later",
    "driving can t text sent from …",
    "… powered by truce",
    "estoy conduciendo con … activado … mensaje cuando llegue …",
    "estoy conduciendo con … activada … mensaje cuando llegue …",
    "estoy manejando con … activado … mensaje cuando llegue …",
    "estoy manejando con … activada … mensaje cuando llegue …",
    "ich fahre gerade … nicht storen … nachricht …",
    "ich fahre gerade … fokus … nachricht …",
];

/// The iPhone's second text; the Spanish and German ones are not seen either. Some iPhones send both as
/// one, and people write the first themselves.
const NOT_NOTIFIED: &[&str] = &[
    "i m not receiving notifications if this is urgent reply urgent to send a notification through \
     with your original message",
    "no estoy recibiendo notificaciones si es urgente responde urgente … mensaje original",
    "no recibo notificaciones si es urgente responde urgente … mensaje original",
    "ich erhalte keine mitteilungen … dringend … nachricht …",
    "ich erhalte derzeit keine mitteilungen … dringend … nachricht …",
];

/// How texts of auto-responders begin, before a colon or in brackets: subjects of mails that gateways
/// put in front.
#[rustfmt::skip]
const LABELS: &[&str] = &[
    "automatic reply", "auto reply", "autoreply", "automated reply", "automatic response",
    "auto response", "automated response", "out of office", "respuesta automatica",
    "mensaje automatico", "automatische antwort", "abwesenheitsnotiz", "reponse automatique",
];

/// Sentences by which they say what they are.
#[rustfmt::skip]
const SENTENCES: &[&str] = &[
    "this is an automatic reply", "this is an automated reply", "this is an auto reply",
    "this is an automatic message", "this is an automated message", "this is an automated response",
    "esta es una respuesta automatica", "este es un mensaje automatico",
    "dies ist eine automatische antwort", "dies ist eine automatische nachricht",
];

/// Whether a phone or a machine wrote this, by its words. The same words may be typed: whoever asks
/// also knows how soon the text came.
pub fn is_automatic_reply(body: &str) -> bool {
    let text = words(body);
    // Every text comes by here, and few have any of these words.
    let may_be_labelled = LABELS.iter().any(|label| text.starts_with(label));
    let may_say_so = SENTENCES.iter().any(|sentence| text.contains(sentence));
    let is_labelled = || {
        let label = body.split_once([':', ']', ')', '\n']);
        label.is_some_and(|(label, _)| LABELS.contains(&words(label).as_str()))
    };
    let mut sentences = body.split(['.', '!', '\n']).map(words);
    may_be_labelled && is_labelled()
        || may_say_so && sentences.any(|sentence| SENTENCES.contains(&sentence.as_str()))
        || WHOLE.iter().any(|known| is(known, &text))
        || NOT_NOTIFIED.iter().any(|known| {
            let begins = known.split('…').next().unwrap_or_default();
            if !text.contains(begins.trim()) {
                return false;
            }
            let (first, last) = (format!("{known} …"), format!("… {known}"));
            is(&first, &text) || is(&last, &text)
        })
}

/// Whether the words of a text are those of a known one.
fn is(known: &str, text: &str) -> bool {
    let mut parts = known.split('…').map(str::trim);
    let first = parts.next().unwrap_or_default();
    let Some(last) = parts.next_back() else {
        return text == first;
    };
    let inner = text.strip_prefix(first);
    let inner = inner.and_then(|inner| inner.strip_suffix(last));
    let rest = inner.and_then(|inner| {
        parts.try_fold(inner, |rest, part| {
            rest.split_once(part).map(|(_, rest)| rest)
        })
    });
    rest.is_some()
}

#[cfg(test)]
mod tests;
