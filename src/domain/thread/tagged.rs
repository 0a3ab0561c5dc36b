//! What a person's text is, as far as threads go.

use crate::domain::ids::Tag;

/// A text of a person's that is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written<'t> {
    /// `#7 on my way`: to that thread, whatever it says.
    Tagged(Tag, &'t str),
    /// A number and nothing else: it may say which thread was meant. `None`: none of them.
    Number(Option<Tag>),
    Plain(&'t str),
}

/// Reads a text. `bare` is one without attachments: only that can be a number and nothing else.
pub fn read(body: &str, bare: bool) -> Written<'_> {
    let text = body.trim();
    let marked = text.strip_prefix('#').map(str::trim_start);
    let rest = marked.unwrap_or(text);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, words) = rest.split_at(digits);
    let ends = words.trim_start_matches([':', ',', '.', ')', '-']);
    let is_apart = ends.is_empty() || ends.starts_with(char::is_whitespace) || ends != words;
    let is_alone = ends.is_empty();
    match Tag::parse(number) {
        Some(tag) if is_alone && bare => Written::Number(Some(tag)),
        Some(tag) if marked.is_some() && is_apart => Written::Tagged(tag, ends.trim_start()),
        None if is_alone && bare && !number.is_empty() && number.bytes().all(|b| b == b'0') => {
            Written::Number(None)
        }
        _ => Written::Plain(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(number: &str, words: &'static str) -> Written<'static> {
        Written::Tagged(Tag::parse(number).unwrap(), words)
    }

    #[test]
    fn a_tag_in_front_says_whom_the_words_are_for() {
        for (body, read_as) in [
            ("#7 on my way", tagged("7", "on my way")),
            ("# 7 on my way", tagged("7", "on my way")),
            ("#7: on my way", tagged("7", "on my way")),
            ("#7, back", tagged("7", "back")),
            ("#7\nback", tagged("7", "back")),
            (" #12 7", tagged("12", "7")),
            ("#7 #8", tagged("7", "#8")),
        ] {
            assert_eq!(read(body, true), read_as, "{body:?}");
        }
        assert_eq!(read("#7", false), tagged("7", ""), "with a picture");
    }

    #[test]
    fn a_number_alone_may_be_the_answer_to_a_question() {
        let number = |text| Written::Number(Tag::parse(text));
        for body in ["7", " 7 ", "#7", "7.", "#7:", "07"] {
            assert_eq!(read(body, true), number("7"), "{body:?}");
        }
        assert_eq!(read("0", true), Written::Number(None));
        assert_eq!(read("7", false), Written::Plain("7"), "with a picture");
    }

    #[test]
    fn anything_else_is_words() {
        for body in [
            "",
            "on my way",
            "7 o'clock",
            "7pm",
            "#7pm",
            "#yes",
            "#",
            "1234",
            "#1234 ok",
            "+16195550107",
            "€7",
        ] {
            assert_eq!(read(body, true), Written::Plain(body), "{body:?}");
        }
    }
}
