//! What stands in texts beside plain letters: invisible characters, emoji, digits of other scripts.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// Whether nothing of it is seen: soft hyphens, joiners, marks of direction, variation selectors,
/// tags, and what an iPhone leaves where an attachment stood.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fffc}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e01ef}')
}

/// Whether it is part of an emoji. Unicode, `emoji-data.txt`; digits of keycaps are not.
pub fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{203c}' | '\u{2049}' | '\u{20e3}' | '\u{3030}' | '\u{303d}' | '\u{2300}'..='\u{23ff}'
        | '\u{25a0}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// The zeros of the scripts that phones write, each followed by its other digits. Unicode, `Nd`.
#[rustfmt::skip]
const ZEROS: [char; 38] = [
    '0', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}',
    '\u{c66}', '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{1090}',
    '\u{17e0}', '\u{1810}', '\u{1946}', '\u{19d0}', '\u{1a80}', '\u{1a90}', '\u{1b50}', '\u{1bb0}',
    '\u{1c40}', '\u{1c50}', '\u{a620}', '\u{a8d0}', '\u{a900}', '\u{a9d0}', '\u{a9f0}', '\u{aa50}',
    '\u{abf0}', '\u{ff10}', '\u{1d7ce}',
];

/// The digit that it is, also in Arabic, Persian and Hindi and on keyboards for Japanese.
pub fn digit(c: char) -> Option<char> {
    let from = |zero: &char| char::from_digit((c as u32).checked_sub(*zero as u32)?, 10);
    ZEROS.iter().find_map(from)
}

/// A text as it is compared: small letters without accents, one space between words, an asterisk
/// for emoji, and nothing else.
pub fn words(text: &str) -> String {
    let nfkd = DecomposingNormalizerBorrowed::new_nfkd();
    let mut words = String::with_capacity(text.len());
    let shown = text.chars().filter(|c| !is_invisible(*c));
    for c in nfkd.normalize_iter(shown) {
        match c {
            '\u{300}'..='\u{36f}' => {}
            // Unicode has no decomposition for these, and carriers write them plainly.
            'ł' | 'Ł' => words.push('l'),
            'đ' | 'Đ' => words.push('d'),
            'ı' => words.push('i'),
            c if is_emoji(c) && words.trim_end().ends_with('*') => {}
            c if is_emoji(c) => words.push_str(" * "),
            c if c.is_alphanumeric() => words.extend(c.to_lowercase()),
            _ => words.push(' '),
        }
    }
    one_spaced(&words)
}

/// The same words with one space between them.
pub fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_read_the_same_have_the_same_words() {
        for (text, as_words) in [
            ("", ""),
            ("  Is the\nboat\tready? ", "is the boat ready"),
            ("I’m on “my” way…", "i m on my way"),
            ("I'm on \"my\" way...", "i m on my way"),
            ("Le encantó", "le encanto"),
            ("Le encanto\u{301}", "le encanto"),
            ("Łukasz Đorđe", "lukasz dorde"),
            ("ＢＡＣＫ ４", "back 4"),
            ("Reacted 😂 to", "reacted * to"),
            ("Reacted ❤️‍🔥👍🏽to", "reacted * to"),
            ("a\u{200b}way", "away"),
            ("\u{200a}\u{200b}👍\u{200b} to", "* to"),
            ("Straße", "straße"),
        ] {
            assert_eq!(words(text), as_words, "{text:?}");
        }
    }

    #[test]
    fn digits_of_other_scripts_are_digits() {
        for (c, read) in [
            ('0', Some('0')),
            ('9', Some('9')),
            ('７', Some('7')),
            ('٤', Some('4')),
            ('۴', Some('4')),
            ('४', Some('4')),
            ('a', None),
            ('/', None),
            (':', None),
            ('½', None),
        ] {
            assert_eq!(digit(c), read, "{c}");
        }
    }
}
