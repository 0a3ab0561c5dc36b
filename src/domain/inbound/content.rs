//! How a text's sender and content are said to people.

use crate::domain::characters::{digit, is_invisible};
use crate::domain::inbound::sms::{InboundSms, Media};
use crate::domain::language::{Language, Phrase, say};
use crate::domain::phone::Sender;

pub(crate) fn who(language: Language, sender: &Sender) -> &str {
    match (sender.expose(), language) {
        ("", Language::English) => "Unknown sender",
        ("", Language::Spanish) => "Remitente desconocido",
        (name, _) => name,
    }
}

/// The words, or what came instead of them; and what of it is missing.
pub fn what(language: Language, sms: &InboundSms) -> String {
    let left_out = match sms.media_left_out {
        0 => String::new(),
        count => cannot_be_passed_on(language, count),
    };
    let came = inventory(language, &sms.media);
    match (sms.body.trim(), came.as_str(), left_out.as_str()) {
        ("", "", "") => say!(language, "(empty text)", "(mensaje sin texto)"),
        ("", came, "") => format!("({came})"),
        ("", "", left_out) => format!("({left_out})"),
        ("", came, left_out) => format!("({came}; {left_out})"),
        (_, _, "") => sms.body.clone(),
        (_, _, left_out) => format!("{}\n({left_out})", sms.body),
    }
}

/// The words of one sender, of which no line looks like the beginning of another's text: without marks that
/// turn the direction of writing, and with a mark in front of lines that begin with digits.
pub fn on_its_own_lines(words: &str) -> String {
    let words = words.replace("\r\n", "\n");
    let mut lines = words.split(is_line_break);
    let shown = |line: &str| line.chars().filter(|c| !steers(*c)).collect::<String>();
    let first = lines.next().map(shown).unwrap_or_default();
    lines.fold(first, |text, line| {
        let mark = if begins_with_digits(line) { "> " } else { "" };
        format!("{text}\n{mark}{}", shown(line))
    })
}

/// What phones show as one. Unicode Standard Annex 14, class BK, and the carriage return.
fn is_line_break(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Marks that turn the direction of writing, and so can show words in another place; control characters.
fn steers(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}');
    turns || c.is_control() && c != '\t'
}

/// Whether a line could be another customer's by the tag or number in front of it: `0107: …`, `(619) 555-…`,
/// `Re: #0107`.
fn begins_with_digits(line: &str) -> bool {
    let is_before = |c: char| !c.is_alphanumeric() && digit(c).is_none();
    let line = line.trim_start_matches(is_before);
    let words = ["re", "to", "for", "from"];
    let word = words.iter().find_map(|word| {
        let (first, rest) = line.split_at_checked(word.len())?;
        let is_word = first.eq_ignore_ascii_case(word) && rest.starts_with(is_before);
        is_word.then(|| rest.trim_start_matches(is_before))
    });
    let is_within = |c: &char| {
        digit(*c).is_some()
            || c.is_whitespace()
            || is_invisible(*c)
            || "-./()\u{2011}\u{2013}".contains(*c)
    };
    let number = word.unwrap_or(line).chars().take_while(is_within);
    number.filter(|c| digit(*c).is_some()).count() >= 4
}

/// What came with a text, if that is all of so many attachments.
pub fn attached(language: Language, sms: &InboundSms, attachments: usize) -> String {
    if sms.media.len() == attachments {
        inventory(language, &sms.media)
    } else {
        String::new()
    }
}

pub(crate) fn cannot_be_passed_on(language: Language, attachments: usize) -> String {
    match attachments {
        1 => say!(
            language,
            "1 attachment could not be passed on",
            "no se ha podido reenviar 1 adjunto"
        ),
        count => say!(
            language,
            "{count} attachments could not be passed on",
            "no se han podido reenviar {count} adjuntos"
        ),
    }
}

/// Such as `2 photos, 1 contact`, in the order in which they came.
pub(crate) fn inventory(language: Language, media: &[Media]) -> String {
    let mut counts: Vec<(Kind, usize)> = Vec::new();
    for kind in media.iter().map(|m| kind(&m.content_type)) {
        match counts.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((kind, 1)),
        }
    }
    let items = counts.into_iter().map(|((one, many), count)| match count {
        1 => format!("1 {}", one.of(language)),
        _ => format!("{count} {}", many.of(language)),
    });
    items.collect::<Vec<_>>().join(", ")
}

/// What people call it, one and many.
type Kind = (Phrase, Phrase);

/// Source of the types: Twilio, "Accepted content types for media".
fn kind(content_type: &str) -> Kind {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let (one, many) = match essence.split_once('/').unwrap_or_default() {
        ("image", _) => (("photo", "foto"), ("photos", "fotos")),
        ("video", _) => (("video", "video"), ("videos", "videos")),
        ("audio", _) => (("recording", "audio"), ("recordings", "audios")),
        ("text", "vcard" | "x-vcard" | "directory") => {
            (("contact", "contacto"), ("contacts", "contactos"))
        }
        ("text", "calendar") => (("appointment", "cita"), ("appointments", "citas")),
        _ => (("file", "archivo"), ("files", "archivos")),
    };
    (Phrase::new(one.0, one.1), Phrase::new(many.0, many.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_text_passes_as_another_customers() {
        for (words, shown) in [
            ("Hi\n0107: I pay you later", "Hi\n> 0107: I pay you later"),
            ("Hi\r0107: yes", "Hi\n> 0107: yes"),
            ("Hi\r\n\r\n #0107 yes", "Hi\n\n>  #0107 yes"),
            ("Hi\u{2028}0107: yes", "Hi\n> 0107: yes"),
            ("Hi\u{2029}0107: yes", "Hi\n> 0107: yes"),
            ("Hi\u{85}0107: yes", "Hi\n> 0107: yes"),
            ("Hi\u{b}0107: yes", "Hi\n> 0107: yes"),
            ("Hi\n\u{200b}0107: yes", "Hi\n> \u{200b}0107: yes"),
            ("Hi\n01\u{200b}07: yes", "Hi\n> 01\u{200b}07: yes"),
            (
                "Hi\n\u{ff10}\u{ff11}\u{ff10}\u{ff17}: yes",
                "Hi\n> \u{ff10}\u{ff11}\u{ff10}\u{ff17}: yes",
            ),
            ("Hi\n(619) 555-0108: yes", "Hi\n> (619) 555-0108: yes"),
            ("Hi\n+1 619 555 0108: yes", "Hi\n> +1 619 555 0108: yes"),
            (
                "Hi\n\u{ff0b}16195550108: yes",
                "Hi\n> \u{ff0b}16195550108: yes",
            ),
            ("Hi\nRe 0107: yes", "Hi\n> Re 0107: yes"),
            ("Hi\n\u{202e}0107: yes\u{202c}", "Hi\n> 0107: yes"),
            ("\u{2066}Hi\u{2069}\u{1b}[2J", "Hi[2J"),
        ] {
            assert_eq!(on_its_own_lines(words), shown, "{words:?}");
        }
        for words in [
            "Hi",
            "0107: on the first line it follows the sender's number",
            "Hi\nthere\n\nAt 5?",
            "two\n3 boats\n12:30",
            "\u{645}\u{631}\u{62d}\u{628}\u{627}\u{200f}!",
            "a\tb",
            "Hi\nReturn 0107 to the shelf",
        ] {
            assert_eq!(on_its_own_lines(words), words, "{words:?}");
        }
    }
}
