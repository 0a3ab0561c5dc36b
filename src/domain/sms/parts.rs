//! A text and its attachments as messages that Twilio takes.

use super::{size, split};
use crate::domain::sms::part::Part;

/// The longest body that Twilio takes, in the unit of [`size`].
pub const MOST_CHARACTERS: usize = 1600;

/// The most attachments that Twilio takes with one message.
pub const MOST_MEDIA: usize = 10;

/// Cuts a text and its attachments into messages that Twilio takes: at least one, the attachments
/// with the first, and what is more than ten with those that follow. Several parts begin with a
/// mark such as `(1/3)`, because phones may show them in another order.
pub fn parts(body: &str, media: &[String]) -> Vec<Part> {
    let mut media = media.chunks(MOST_MEDIA);
    let mut bodies = bodies(body, media.len());
    bodies.resize(bodies.len().max(media.len()), "");
    let total = bodies.len();
    bodies
        .into_iter()
        .enumerate()
        .map(|(index, body)| Part {
            body: marked(index + 1, total, body),
            media: media.next().unwrap_or_default().to_vec(),
        })
        .collect()
}

/// The text in pieces that leave room for their marks, in a delivery of at least so many messages.
fn bodies(text: &str, messages: usize) -> Vec<&str> {
    if size(text) <= MOST_CHARACTERS && messages <= 1 {
        return vec![text];
    }
    let mut digits = 1;
    loop {
        let mark = "(/) ".len() + 2 * digits;
        let pieces = split(text, MOST_CHARACTERS - mark);
        if pieces.len().max(messages) < 10_usize.pow(digits as u32) {
            return pieces;
        }
        digits += 1;
    }
}

fn marked(number: usize, total: usize, body: &str) -> String {
    match (total, body) {
        (1, _) => body.to_owned(),
        (_, "") => format!("({number}/{total})"),
        _ => format!("({number}/{total}) {body}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn urls(count: usize) -> Vec<String> {
        (0..count)
            .map(|n| format!("https://example.com/{n}"))
            .collect()
    }

    #[test]
    fn a_text_that_fits_is_one_part_and_bears_no_mark() {
        let body = "a".repeat(1600);
        let parts = parts(&body, &urls(2));
        assert_eq!(parts.len(), 1);
        assert_eq!((&parts[0].body, &parts[0].media), (&body, &urls(2)));
    }

    #[test]
    fn a_longer_one_is_cut_and_its_parts_are_counted() {
        let body = "A sentence of some words. ".repeat(100);
        let parts = parts(&body, &urls(1));
        assert_eq!(parts.len(), 2);
        assert!(parts[0].body.starts_with("(1/2) A sentence"));
        assert!(parts[0].body.ends_with("words."));
        assert!(parts[1].body.starts_with("(2/2) A sentence"));
        assert_eq!((parts[0].media.len(), parts[1].media.len()), (1, 0));
    }

    #[test]
    fn more_than_ten_attachments_go_on_with_the_following_messages() {
        let parts = parts("see", &urls(23));
        let bodies: Vec<_> = parts.iter().map(|part| part.body.as_str()).collect();
        assert_eq!(bodies, ["(1/3) see", "(2/3)", "(3/3)"]);
        assert_eq!(parts.concat_media(), urls(23));
        assert!(parts.iter().all(|part| part.media.len() <= MOST_MEDIA));
    }

    #[test]
    fn attachments_without_words_are_one_message() {
        let parts = parts("", &urls(10));
        assert_eq!((parts.len(), parts[0].body.as_str()), (1, ""));
    }

    #[test]
    fn emoji_count_twice_so_that_every_counting_of_twilios_is_met() {
        assert_eq!(parts(&"🚐".repeat(800), &[]).len(), 1);
        assert_eq!(parts(&"🚐".repeat(801), &[]).len(), 2);
    }

    trait ConcatMedia {
        fn concat_media(&self) -> Vec<String>;
    }

    impl ConcatMedia for Vec<Part> {
        fn concat_media(&self) -> Vec<String> {
            self.iter().flat_map(|part| part.media.clone()).collect()
        }
    }

    fn without_space(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn nothing_is_lost_and_every_part_fits(
            body in prop_oneof!["([a-z€]{1,9}[ .\n]{1,2}){0,2000}", "[🚐я ]{0,9000}"],
            attachments in 0_usize..25,
        ) {
            let parts = parts(&body, &urls(attachments));
            let mut words = String::new();
            for (index, part) in parts.iter().enumerate() {
                prop_assert!(size(&part.body) <= MOST_CHARACTERS);
                prop_assert!(part.media.len() <= MOST_MEDIA);
                let mark = match parts.len() {
                    1 => String::new(),
                    total => format!("({}/{total})", index + 1),
                };
                words += part.body.strip_prefix(&mark).unwrap();
            }
            prop_assert_eq!(without_space(&words), without_space(&body));
            prop_assert_eq!(parts.concat_media(), urls(attachments));
        }
    }
}
