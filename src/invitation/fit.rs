//! Whether the words of an invitation fit into one segment, and which of them do not.
//!
//! Half a link is worth nothing, and phones put the segments of a long text together only if all of
//! them arrive.

use icu_normalizer::DecomposingNormalizerBorrowed;

use crate::text::{Encoding, first_outside_gsm7, segments};

/// A value that does not fit, and what is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The value's name; `None` if the template itself is too long.
    pub value: Option<String>,
    pub problem: String,
}

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
            match !base.is_empty() && first_outside_gsm7(&base).is_none() {
                true => plain.push_str(&base),
                false => plain.push(c),
            }
        }
    }
    plain
}

/// The block of combining diacritical marks.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// Which of `values`, as they were put into `text`, keeps it from fitting into one segment; `None` if
/// it fits.
pub fn unfitting(text: &str, values: &[(&str, &str)]) -> Option<Misfit> {
    let needed = segments(text);
    if needed.count == 1 {
        return None;
    }
    let room = needed.encoding.alone();
    let over = needed.units - room;
    if let Some(c) = needed.because {
        let holder = values.iter().find(|(_, value)| value.contains(c));
        let problem = format!(
            "has the character {c:?}, with which one segment holds {room} instead of {} characters; \
             leave it out, or make the text shorter by {over}",
            Encoding::Gsm7.alone(),
        );
        return Some(Misfit {
            value: holder.map(|(name, _)| (*name).to_owned()),
            problem,
        });
    }
    let length = |value: &str| segments(value).units;
    let longest = values.iter().max_by_key(|(_, value)| length(value));
    // One that is shorter than what is too much cannot help.
    let longest = longest.filter(|(_, value)| over < length(value));
    Some(Misfit {
        value: longest.map(|(name, _)| (*name).to_owned()),
        problem: format!(
            "makes the text longer than one segment ({} of {room} characters); shorten it by {over}",
            needed.units,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misfit(name: &str, link: &str) -> Option<Misfit> {
        let text = format!("{name}, you are invited: {link}");
        unfitting(&text, &[("name", name), ("link", link)])
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

    #[test]
    fn what_fits_is_right() {
        assert_eq!(misfit("Ana", "https://qdn.example.com/i/abc"), None);
        let rest = ", you are invited: ".len();
        let link = "https://a.example.com/".to_owned() + &"x".repeat(160 - rest - 3 - 22);
        assert_eq!(misfit("Ana", &link), None);
        let misfit = misfit("Anna", &link).unwrap();
        assert_eq!(misfit.value.as_deref(), Some("link"));
        assert!(misfit.problem.contains("161 of 160"), "{}", misfit.problem);
        assert!(misfit.problem.ends_with("shorten it by 1"));
    }

    #[test]
    fn brackets_in_a_link_count_twice() {
        let link = format!("https://a.example.com/{}", "~".repeat(65));
        let misfit = misfit("Ana", &link).unwrap();
        assert_eq!(misfit.value.as_deref(), Some("link"));
    }

    #[test]
    fn the_value_with_the_expensive_character_is_named() {
        let link = "https://a.example.com/i/".to_owned() + &"x".repeat(30);
        let misfit = misfit("Юра", &link).unwrap();
        assert_eq!(misfit.value.as_deref(), Some("name"));
        assert!(misfit.problem.contains("'Ю'"), "{}", misfit.problem);
    }

    #[test]
    fn a_template_that_is_too_long_is_no_values_fault() {
        let text = "x".repeat(400);
        assert_eq!(unfitting(&text, &[("name", "xxx")]).unwrap().value, None);
    }
}
