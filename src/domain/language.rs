//! The languages of what the relay writes to phones, and what every text needs of them: its words in
//! both, side by side, lists, days and months.
//!
//! A Spanish sentence keeps to the letters of GSM-7 as an English one does, so that it costs no more: `é`,
//! `ñ`, `ü`, `¿` and `¡` are among them, `á`, `í`, `ó` and `ú` are not. It is worded so that it needs none
//! of those. Customers are addressed with "usted", people of a line with "tú".

use icu_normalizer::DecomposingNormalizerBorrowed;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

/// The language in which a line's texts are written. What people write is understood in all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "es")]
    Spanish,
}

/// Words in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase {
    pub english: &'static str,
    pub spanish: &'static str,
}

impl Phrase {
    pub const fn new(english: &'static str, spanish: &'static str) -> Self {
        Self { english, spanish }
    }

    pub fn of(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Spanish => self.spanish,
        }
    }

    pub fn in_all(self) -> [&'static str; 2] {
        [self.english, self.spanish]
    }
}

/// A sentence in a language: the English one, then the Spanish one. Both are those of `format!`, and name
/// the values that stand in them.
macro_rules! say {
    ($language:expr, $english:literal, $spanish:literal $(,)?) => {
        match $language {
            $crate::domain::language::Language::English => format!($english),
            $crate::domain::language::Language::Spanish => format!($spanish),
        }
    };
}
pub(crate) use say;

#[rustfmt::skip]
const WEEKDAYS: [Phrase; 7] = [
    Phrase::new("Mon", "lun"), Phrase::new("Tue", "mar"), Phrase::new("Wed", "mié"),
    Phrase::new("Thu", "jue"), Phrase::new("Fri", "vie"),
    // In full it is sábado; á is not in GSM-7.
    Phrase::new("Sat", "sab"), Phrase::new("Sun", "dom"),
];

#[rustfmt::skip]
const MONTHS: [Phrase; 12] = [
    Phrase::new("Jan", "ene"), Phrase::new("Feb", "feb"), Phrase::new("Mar", "mar"),
    Phrase::new("Apr", "abr"), Phrase::new("May", "may"), Phrase::new("Jun", "jun"),
    Phrase::new("Jul", "jul"), Phrase::new("Aug", "ago"), Phrase::new("Sep", "sep"),
    Phrase::new("Oct", "oct"), Phrase::new("Nov", "nov"), Phrase::new("Dec", "dic"),
];

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::Spanish];

    /// Its code by ISO 639-1, as the configuration has it.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Spanish => "es",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    pub fn is_english(&self) -> bool {
        *self == Language::English
    }

    /// `Mon`.
    pub fn weekday(self, day: Weekday) -> &'static str {
        WEEKDAYS[day.to_monday_zero_offset() as usize].of(self)
    }

    /// `Dec 7`.
    pub fn month_and_day(self, date: Date) -> String {
        let month = MONTHS[date.month() as usize - 1].of(self);
        let day = date.day();
        say!(self, "{month} {day}", "{day} {month}")
    }

    /// `Ana, Ben and Cleo`.
    pub fn list(self, names: &[&str]) -> String {
        let [first @ .., last] = names else {
            return String::new();
        };
        if first.is_empty() {
            return (*last).to_owned();
        }
        let (first, and) = (first.join(", "), self.and_before(last));
        format!("{first} {and} {last}")
    }

    /// Spanish has `e` before the sound of `i`: `Ana e Inés`, but `Ana y Hielo`.
    fn and_before(self, word: &str) -> &'static str {
        let word = word.to_lowercase();
        let sounds_i =
            word.starts_with(['i', 'í']) || word.starts_with("hi") || word.starts_with("hí");
        let is_diphthong = ["ia", "ie", "io", "hia", "hie", "hio"];
        let is_i = sounds_i && !is_diphthong.iter().any(|begin| word.starts_with(begin));
        match self {
            Language::English => "and",
            Language::Spanish if is_i => "e",
            Language::Spanish => "y",
        }
    }
}

/// The text without the accents of Latin letters: `mañana` is `manana`. Other scripts stay as they are.
pub fn unaccented(text: &str) -> String {
    let nfd = DecomposingNormalizerBorrowed::new_nfd();
    let shown = text.chars().filter(|c| !is_accent(*c));
    let base = |c: char| {
        let mut parts = nfd.normalize_iter(std::iter::once(c));
        let base = parts.next().filter(char::is_ascii_alphabetic);
        base.filter(|_| parts.all(is_accent)).unwrap_or(c)
    };
    shown.map(base).collect()
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sms::first_outside_gsm7;

    #[test]
    fn a_language_is_its_code_and_nothing_else() {
        for language in Language::ALL {
            assert_eq!(Language::parse(language.code()), Some(language));
            let stored = serde_json::to_string(&language).unwrap();
            assert_eq!(stored, format!("\"{}\"", language.code()));
        }
        for text in ["", "EN", "Spanish", "es-MX", " es", "de"] {
            assert_eq!(Language::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn names_are_listed_as_each_language_does() {
        for (names, english, spanish) in [
            (&[][..], "", ""),
            (&["Ana"], "Ana", "Ana"),
            (&["Ana", "Ben"], "Ana and Ben", "Ana y Ben"),
            (
                &["Ana", "Ben", "Cleo"],
                "Ana, Ben and Cleo",
                "Ana, Ben y Cleo",
            ),
            (&["Ana", "Inés"], "Ana and Inés", "Ana e Inés"),
            (&["Ana", "Hilda"], "Ana and Hilda", "Ana e Hilda"),
            (&["Ana", "Ian"], "Ana and Ian", "Ana y Ian"),
            (&["Ana", "Yolanda"], "Ana and Yolanda", "Ana y Yolanda"),
        ] {
            assert_eq!(Language::English.list(names), english);
            assert_eq!(Language::Spanish.list(names), spanish);
        }
    }

    #[test]
    fn accents_are_taken_off_latin_letters_alone() {
        for (text, plain) in [
            ("¿Quién está? Mañana, 5:30", "¿Quien esta? Manana, 5:30"),
            ("Volvi\u{301}", "Volvi"),
            ("Édith Müller", "Edith Muller"),
            ("Йод 한국 ß Ł", "Йод 한국 ß Ł"),
        ] {
            assert_eq!(unaccented(text), plain);
        }
    }

    #[test]
    fn no_day_and_no_month_makes_a_text_dearer() {
        let phrases = WEEKDAYS.into_iter().chain(MONTHS);
        for word in phrases.flat_map(Phrase::in_all) {
            assert_eq!(first_outside_gsm7(word), None, "{word}");
        }
    }
}
