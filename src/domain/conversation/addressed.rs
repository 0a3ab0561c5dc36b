//! The customer whom a text names in front: `#0107 yes`, `0107: yes`, `+16195550107 (San Diego, CA): yes`.

use crate::domain::characters::{digit, is_invisible};
use crate::domain::phone::{Country, PhoneNumber, international};

/// A tag or a number as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits<'t> {
    written: &'t str,
    /// A sign in front or a colon behind says that a customer is meant. Without, the digits may be an
    /// hour of the day: `1230 works for me`.
    pub is_marked: bool,
    /// The sign in front, if there is one.
    sign: Option<char>,
}

impl Digits<'_> {
    /// Its 4 to 15 digits, as in 0107 or 16195550107.
    pub fn ascii(&self) -> String {
        self.written.chars().filter_map(digit).collect()
    }

    /// Whether it can name nothing but somebody: unlike a time with a colon behind it.
    pub fn is_signed_or_number(&self) -> bool {
        self.sign.is_some() || self.is_marked && self.ascii().len() > 6
    }

    /// The whole number that it is: with a plus sign, or behind another sign as people in this country
    /// write it.
    pub fn whole_number(&self, country: Option<Country>) -> Option<PhoneNumber> {
        let digits = self.ascii();
        match self.sign? {
            sign if PLUS.contains(&sign) => international(&format!("+{digits}")).ok(),
            _ => country?.read(&digits).ok(),
        }
    }
}

const SIGNS: &[char] = &['#', '@', '+', '＃', '＠', '＋'];
const PLUS: &[char] = &['+', '＋'];
const COLONS: &[char] = &[':', '：'];
const BRACKETS: &[char] = &['(', '['];
/// What else may stand between a tag and the words.
const BEHIND: &[char] = &[
    ',', ';', '.', '!', ')', ']', '-', '–', '—', '>', '→', '=', '|', '/',
];
/// What stands between the digits of a number.
const WITHIN: &[char] = &['-', '‑', '–', '.', '(', ')', '/'];
const QUOTES: &[char] = &['"', '“', '”', '„', '«', '»'];

/// From here on the digits are a whole number: with its area, and with its country in any country.
const WHOLE_NUMBER: usize = 10;

/// The tag or number that a text begins with, and the rest of the text.
pub fn addressed(body: &str) -> Option<(Digits<'_>, &str)> {
    let text = without_re(without_quotes(body.trim_matches(is_blank)));
    let unsigned = text.trim_start_matches(SIGNS);
    let sign = text[..text.len() - unsigned.len()].chars().next();
    let is_signed = sign.is_some();
    let has_plus = text.starts_with(PLUS);
    let text = unsigned.trim_start_matches(is_blank);
    let is_tag = |(_, after): &(&str, &str)| {
        rest(after).is_some() || is_signed && after.starts_with(char::is_alphabetic)
    };
    let tag = tag(text, has_plus).filter(is_tag);
    let (written, after) = tag.or_else(|| number(text, has_plus))?;
    let (has_colon, rest) = rest(after).unwrap_or((false, after));
    let is_marked = is_signed || has_colon;
    let digits = Digits {
        written,
        is_marked,
        sign,
    };
    Some((digits, rest.trim_matches(is_blank)))
}

/// What follows the word between two tags: `0107 and 0108 yes`, `0107 y 0108`.
pub fn behind_and(words: &str) -> &str {
    let words = words.trim_start_matches(|c| is_blank(c) || matches!(c, '&' | '+'));
    let behind = ["and ", "y "].iter().find_map(|and| {
        let first = words.get(..and.len())?;
        first.eq_ignore_ascii_case(and).then(|| &words[and.len()..])
    });
    behind.unwrap_or(words)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// The relay's own hint has quotes: `"0107 yes" sends it.`
fn without_quotes(text: &str) -> &str {
    let inner = text
        .strip_prefix(QUOTES)
        .and_then(|text| text.strip_suffix(QUOTES));
    inner.map_or(text, |inner| inner.trim_matches(is_blank))
}

/// `Re 0107: yes`, `To 0107: yes`.
fn without_re(text: &str) -> &str {
    let behind = ["re", "to", "for", "para"].iter().find_map(|word| {
        let (first, behind) = text.split_at_checked(word.len())?;
        let words = behind
            .trim_start_matches(COLONS)
            .trim_start_matches(is_blank);
        let is_word = words.len() < behind.len() && first.eq_ignore_ascii_case(word);
        is_word.then_some(words)
    });
    behind.unwrap_or(text)
}

/// Digits in one piece, also in brackets.
fn tag(text: &str, has_plus: bool) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(BRACKETS);
    let end = text
        .find(|c: char| digit(c).is_none())
        .unwrap_or(text.len());
    let least = if has_plus { 7 } else { 4 };
    let count = text[..end].chars().count();
    (least..=15).contains(&count).then(|| text.split_at(end))
}

/// A number whose digits stand in groups: `(619) 555-0107`, `+49 151 23456789`. It ends where a colon
/// follows, or else with the group that makes it whole: behind it may stand a time. Groups with spaces
/// between them are one only where a plus, a bracket or a colon says so.
fn number(text: &str, has_plus: bool) -> Option<(&str, &str)> {
    [usize::MAX, WHOLE_NUMBER].into_iter().find_map(|enough| {
        let (count, end) = groups(text, enough);
        let (number, after) = text.split_at(end);
        let (has_colon, words) = rest(after)?;
        // The colon of 2026-12-10 15:30 is one of a time.
        let has_colon = has_colon && !words.starts_with(|c| digit(c).is_some());
        let is_number = (WHOLE_NUMBER..=15).contains(&count)
            || (7..WHOLE_NUMBER).contains(&count) && has_plus
            || count == 7 && has_colon;
        let is_one =
            has_plus || text.starts_with(BRACKETS) || !number.contains(char::is_whitespace);
        let ends_here = has_colon || enough == WHOLE_NUMBER && is_one;
        (is_number && ends_here).then_some((number, after))
    })
}

/// How many digits there are in front, and where they end: at what is no part of a number, or after a
/// group once there are enough.
fn groups(text: &str, enough: usize) -> (usize, usize) {
    let (mut count, mut end) = (0, 0);
    for (at, c) in text.char_indices() {
        if digit(c).is_some() {
            count += 1;
            end = at + c.len_utf8();
        } else if count >= enough || c == '\n' || !(WITHIN.contains(&c) || is_blank(c)) {
            break;
        }
    }
    (count, end)
}

/// Whether a colon follows, and the words; `None` if the digits go on as a time, a price or a word.
fn rest(after: &str) -> Option<(bool, &str)> {
    let next = after.trim_start_matches(is_blank);
    if let Some(words) = without_place(next).strip_prefix(COLONS) {
        return Some((true, words));
    }
    let words = next.trim_start_matches(BEHIND);
    let is_apart = next.len() < after.len() || words.is_empty();
    let ends = words.len() < next.len() && !words.starts_with(|c| digit(c).is_some());
    (is_apart || ends).then_some((false, words))
}

/// What follows the place of a number: `(San Diego, CA)`.
fn without_place(text: &str) -> &str {
    let place = text.strip_prefix('(').and_then(|text| text.split_once(')'));
    let place = place.filter(|(place, _)| !place.contains('\n'));
    place.map_or(text, |(_, behind)| behind.trim_start_matches(is_blank))
}

#[cfg(test)]
mod tests;
