//! Words of people in texts of the relay's own: short, and in GSM-7, so that such a text is one
//! segment whatever is quoted in it.

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::first_outside_gsm7;
use super::segments::septets;

/// What stands where words were cut off.
const CUT: &str = "...";

/// What typographers write and GSM-7 lacks. Unicode has no decomposition for these.
const LOOK_ALIKES: [(char, &str); 22] = [
    ('‘', "'"),
    ('’', "'"),
    ('‚', ","),
    ('“', "\""),
    ('”', "\""),
    ('„', "\""),
    ('«', "\""),
    ('»', "\""),
    ('–', "-"),
    ('—', "-"),
    ('‑', "-"),
    ('…', "..."),
    ('\u{a0}', " "),
    ('\u{202f}', " "),
    ('·', "."),
    ('•', "-"),
    ('đ', "d"),
    ('Đ', "D"),
    ('ł', "l"),
    ('Ł', "L"),
    ('ı', "i"),
    ('×', "x"),
];

/// The text with look-alikes for what GSM-7 lacks, so that García and Łukasz do not cost more than
/// half of the room: letters without those of their marks that it does not have. What has no
/// look-alike stays.
pub fn plain(text: &str) -> String {
    let nfd = DecomposingNormalizerBorrowed::new_nfd();
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if first_outside_gsm7(c.encode_utf8(&mut [0; 4])).is_none() {
            plain.push(c);
        } else if is_mark(c) {
            // Its letter stands before it.
        } else if let Some((_, like)) = LOOK_ALIKES.iter().find(|(known, _)| *known == c) {
            plain.push_str(like);
        } else {
            let base: String = nfd
                .normalize_iter(std::iter::once(c))
                .filter(|part| !is_mark(*part))
                .collect();
            if !base.is_empty() && first_outside_gsm7(&base).is_none() {
                plain.push_str(&base)
            } else {
                plain.push(c)
            }
        }
    }
    plain
}

/// The block of combining diacritical marks.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// The words in GSM-7 and on one line, for where nothing else may stand: what has no look-alike becomes a
/// question mark, one for several in a row.
pub fn gsm7_line(words: &str) -> String {
    let mut line = String::with_capacity(words.len());
    for c in plain(words).chars() {
        match c {
            c if c.is_whitespace() => line.push(' '),
            c if septets(c).is_some() => line.push(c),
            // What joins emoji or changes how they look.
            '\u{200d}' | '\u{fe0f}' => {}
            _ if line.ends_with('?') => {}
            _ => line.push('?'),
        }
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of plain words, in at most so many septets.
pub fn clipped(plain: &str, room: usize) -> String {
    let units = |text: &str| text.chars().filter_map(septets).sum::<usize>();
    if units(plain) <= room {
        return plain.to_owned();
    }
    let room = room.saturating_sub(CUT.len());
    let mut used = 0;
    let fits = |c: &char| {
        used += septets(*c).unwrap_or_default();
        used <= room
    };
    let kept: String = plain.chars().take_while(fits).collect();
    match kept.trim_end() {
        "" => String::new(),
        kept => format!("{kept}{CUT}"),
    }
}

/// How many septets are left of a segment.
pub fn room_beside(plain: &str) -> usize {
    let used: usize = plain.chars().filter_map(septets).sum();
    160_usize.saturating_sub(used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sms::segments;

    #[test]
    fn words_become_one_line_without_losing_their_sense() {
        assert_eq!(gsm7_line("It’s “soon” – ok…"), "It's \"soon\" - ok...");
        assert_eq!(gsm7_line("  two\nlines\t here "), "two lines here");
        assert_eq!(gsm7_line("Ready? 🚤👨‍👩‍👧 yes"), "Ready? ? yes");
        assert_eq!(gsm7_line("Привет"), "?");
        assert_eq!(
            gsm7_line("¿Dónde está María? ñ €5"),
            "¿Donde esta Maria? ñ €5"
        );
    }

    #[test]
    fn clipped_words_never_take_more_room() {
        assert_eq!(clipped("Is the boat ready", 17), "Is the boat ready");
        assert_eq!(clipped("Is the boat ready", 12), "Is the bo...");
        assert_eq!(clipped("Is the boat ready", 10), "Is the...");
        assert_eq!(clipped("€€€€", 7), "€€...");
        assert_eq!(clipped("Is the boat ready", 3), "");
        for room in 0..40 {
            let text = clipped("[€uro] and {more} than that", room);
            assert!(segments(&text).units <= room, "{room}: {text}");
        }
    }

    #[test]
    fn names_are_written_with_the_letters_that_cost_least() {
        for (written, sent) in [
            ("Pía García", "Pia Garcia"),
            ("Garci\u{301}a", "Garcia"),
            ("Łukasz Żurek", "Lukasz Zurek"),
            ("Zoë’s “crew” – tonight…", "Zoe's \"crew\" - tonight..."),
            ("Đorđe\u{a0}Šarić", "Dorde Saric"),
            // Those that GSM-7 has stay as they are.
            ("Édith Müller, Ñuñoa", "Édith Müller, Ñuñoa"),
            ("Юра 🚐", "Юра 🚐"),
        ] {
            assert_eq!(plain(written), sent);
        }
    }
}
