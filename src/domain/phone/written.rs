//! A number as people write and paste it: which digits it has, and what is no part of a number.

use std::fmt;

use crate::domain::characters::{digit, is_invisible};

/// The digits of what was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Whether a plus sign stands before them.
    pub has_plus: bool,
    pub digits: String,
    /// The digits without the zero that is dialled at home, if there is one in brackets: `(0)`.
    pub without_zero: Option<String>,
}

/// Why something is not read as a phone number. Says nothing of its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotANumber {
    Empty,
    /// It has this character in it.
    Character(char),
    /// It has a plus sign elsewhere than in front.
    Plus,
    /// It has none, where the country has to be said.
    NoPlus,
    Extension,
    /// A spreadsheet took it for an amount: `15123456789.0`, `1.51235E+10`, `15,123,456,789`.
    Spreadsheet,
    /// No country has the code that it begins with.
    Code,
    TooShort,
    TooLong,
    /// Its digits are not those of a telephone in its country.
    Plan,
}

impl fmt::Display for NotANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Character(c) => return character(*c, f),
            Self::Empty => "nothing is written there",
            Self::Plus => "a plus sign can only be in front",
            Self::NoPlus => "it has no plus sign and country's code in front",
            Self::Extension => "it has an extension, which a text cannot be sent to",
            Self::Spreadsheet => {
                "a spreadsheet has changed it into an amount; make its column text, and enter the number again"
            }
            Self::Code => "no country has the code that it begins with",
            Self::TooShort => "it has too few digits",
            Self::TooLong => "it has too many digits",
            Self::Plan => "no telephone in its country begins like this",
        })
    }
}

impl std::error::Error for NotANumber {}

/// By its code point, since what is taken for another character looks like it.
fn character(c: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let what = if c.is_alphabetic() {
        "letter"
    } else {
        "character"
    };
    let code = u32::from(c);
    if c.is_control() || c.is_whitespace() || is_invisible(c) {
        write!(f, "it has the character U+{code:04X} in it")
    } else {
        write!(f, "it has the {what} \"{c}\" (U+{code:04X}) in it")
    }
}

/// More is no number, and would take long to look at.
const LONGEST: usize = 250;

/// The 15 digits of E.164 and what is dialled before them.
const MOST_DIGITS: usize = 30;

const PLUS: [char; 2] = ['+', '\u{ff0b}'];

/// What stands between digits. Source: libphonenumber, `VALID_PUNCTUATION`; spaces of all kinds, and what
/// lists have between groups besides.
fn is_between(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
        || matches!(c, '-' | '.' | '/' | '(' | ')' | '[' | ']' | '~' | '\u{b7}')
        || matches!(
            c,
            '\u{2010}'
                ..='\u{2015}' | '\u{2043}' | '\u{2053}' | '\u{2212}' | '\u{2215}' | '\u{223c}'
        )
        || matches!(
            c,
            '\u{30fb}' | '\u{30fc}' | '\u{fe58}' | '\u{fe63}' | '\u{ff08}' | '\u{ff09}'
        )
        || matches!(
            c,
            '\u{ff0d}'..='\u{ff0f}' | '\u{ff3b}' | '\u{ff3d}' | '\u{ff5e}'
        )
}

impl Written {
    pub fn read(text: &str) -> Result<Self, NotANumber> {
        if text.len() > LONGEST {
            return Err(NotANumber::TooLong);
        }
        let seen: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        let text = unwrapped(&seen);
        if text.is_empty() {
            return Err(NotANumber::Empty);
        }
        let ascii: String = text.chars().map(|c| digit(c).unwrap_or(c)).collect();
        if is_amount(&ascii) {
            return Err(NotANumber::Spreadsheet);
        }
        let mut written = Self {
            has_plus: false,
            digits: String::new(),
            without_zero: ascii.split_once("(0)").map(|(before, behind)| {
                let digits = before.chars().chain(behind.chars());
                digits.filter(char::is_ascii_digit).collect()
            }),
        };
        for c in ascii.chars() {
            match c {
                c if c.is_ascii_digit() => written.digits.push(c),
                c if PLUS.contains(&c) && !written.has_plus && written.digits.is_empty() => {
                    written.has_plus = true;
                }
                c if PLUS.contains(&c) => return Err(NotANumber::Plus),
                c if is_between(c) => {}
                'x' | 'X' | 'e' | 'E' | '#' | ';' | ',' if written.digits.len() >= 7 => {
                    return Err(NotANumber::Extension);
                }
                c => return Err(NotANumber::Character(c)),
            }
        }
        match written.digits.len() {
            0 => Err(NotANumber::TooShort),
            1..=MOST_DIGITS => Ok(written),
            _ => Err(NotANumber::TooLong),
        }
    }
}

/// Without what says that it is a number, or keeps a spreadsheet from changing it: `tel:`, an apostrophe in
/// front, `="…"`.
///
/// Source: RFC 3966 for `tel:`, RFC 5724 for `sms:`.
fn unwrapped(text: &str) -> &str {
    let text = text.trim();
    let formula = text
        .strip_prefix("=\"")
        .and_then(|text| text.strip_suffix('"'));
    let text = formula.unwrap_or(text);
    let text = text
        .strip_prefix(['\'', '\u{2019}'])
        .unwrap_or(text)
        .trim_start();
    let schemes = ["tel:", "sms:", "callto:"];
    let rest = schemes.iter().find_map(|scheme| {
        let (first, rest) = text.split_at_checked(scheme.len())?;
        first.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    rest.unwrap_or(text)
        .trim_start_matches("//")
        .trim()
        .trim_end_matches(['.', ','])
}

/// What spreadsheets write of a number: with decimals, with an exponent, or with commas between thousands.
fn is_amount(text: &str) -> bool {
    let text = text.trim_start_matches(['+', '-']);
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_decimal = |text: &str| {
        let parts = text.split_once(['.', ',']);
        parts.is_some_and(|(whole, part)| all_digits(whole) && all_digits(part))
    };
    if let Some((mantissa, exponent)) = text.split_once(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        return all_digits(exponent) && (is_decimal(mantissa) || all_digits(mantissa));
    }
    if let Some((whole, part)) = text.rsplit_once(['.', ','])
        && all_digits(part)
        && part.len() <= 2
    {
        let bare = whole.replace([',', '.'], "");
        // Groups of two are how the French write numbers.
        let is_grouped = whole
            .split(['.', ','])
            .skip(1)
            .all(|group| group.len() == 3);
        return all_digits(&bare) && bare.len() >= 7 && is_grouped;
    }
    let mut groups = text.split(',');
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    let has_more = rest.peek().is_some();
    has_more
        && all_digits(first)
        && first.len() <= 3
        && rest.all(|group| all_digits(group) && group.len() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_found_among_what_people_and_programs_put_around_them() {
        for text in [
            "+4915123456789",
            "\u{202d}+49 151 23456789\u{202c}",
            "\u{2066}+49 151 23456789\u{2069}",
            "+49\u{a0}151\u{200b}23456789",
            "tel:+49-151-23456789",
            "TEL:+4915123456789",
            "sms:+4915123456789",
            "+49 151 2345\u{2013}6789",
            "\u{ff0b}\u{ff14}\u{ff19}\u{ff11}\u{ff15}\u{ff11}23456789",
            "+\u{664}\u{669}\u{661}\u{665}\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}\u{668}\u{669}",
            "(+49) 151 23456789",
            "'+4915123456789",
            "=\"+4915123456789\"",
            "+49/151/23456789.",
            "+49 151\u{202f}234\u{2009}56789",
        ] {
            let written = Written::read(text).unwrap();
            assert!(written.has_plus, "{text:?}");
            assert_eq!(written.digits, "4915123456789", "{text:?}");
        }
        let written = Written::read("0049 (0)151 23456789").unwrap();
        assert!(!written.has_plus);
        assert_eq!(written.digits, "0049015123456789");
        assert_eq!(written.without_zero.as_deref(), Some("004915123456789"));
    }

    #[test]
    fn what_a_spreadsheet_made_of_a_number_is_not_read() {
        for text in [
            "15123456789.0",
            "15123456789.00",
            "15123456789,0",
            "1.51235E+10",
            "1,51235E+10",
            "1.51235e10",
            "15123456789E0",
            "15,123,456,789",
            "15.123.456.789,00",
            "15,123,456,789.0",
            "+15123456789.0",
        ] {
            assert_eq!(Written::read(text), Err(NotANumber::Spreadsheet), "{text}");
        }
        for text in [
            "619.555.0107",
            "06.39.98.12.34",
            "612.345.678",
            "0151.2345678",
        ] {
            assert!(Written::read(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_part_of_a_number_is_named() {
        for (text, why) in [
            ("", "nothing is written there"),
            (" \u{200b} ", "nothing is written there"),
            ("619555O107", "it has the letter \"O\" (U+004F) in it"),
            (
                "619555\u{41e}107",
                "it has the letter \"\u{41e}\" (U+041E) in it",
            ),
            (
                "619\u{d7}5550107",
                "it has the character \"\u{d7}\" (U+00D7) in it",
            ),
            ("619\u{0}5550107", "it has the character U+0000 in it"),
            ("619\n5550107", "it has the character U+000A in it"),
            ("Sergio", "it has the letter \"S\" (U+0053) in it"),
            ("619+5550107", "a plus sign can only be in front"),
            ("++16195550107", "a plus sign can only be in front"),
            (
                "619-555-0107 x5",
                "it has an extension, which a text cannot be sent to",
            ),
            (
                "619-555-0107;ext=5",
                "it has an extension, which a text cannot be sent to",
            ),
            ("+", "it has too few digits"),
        ] {
            assert_eq!(
                Written::read(text).unwrap_err().to_string(),
                why,
                "{text:?}"
            );
        }
        for digits in [31, 1_000_000] {
            let digits = "1".repeat(digits);
            assert_eq!(Written::read(&digits), Err(NotANumber::TooLong));
        }
    }
}
