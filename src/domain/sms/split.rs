//! Cuts a long text into pieces where a reader would take a breath.

use unicode_segmentation::UnicodeSegmentation;

use super::segments::septets;

/// The size of a text by the unit of Twilio's limit on a message's body: characters, of which it
/// counts some as several. To be on the safe side, a character counts as often as it takes septets
/// or 16 bit units, whichever is more: twice for an emoji, and for a euro sign.
///
/// Source: Twilio, errors 21617 and 21658.
pub fn size(text: &str) -> usize {
    text.chars()
        .map(|c| septets(c).unwrap_or_default().max(c.len_utf16()))
        .sum()
}

/// Cuts `text` into pieces of at most `room`, at the end of a paragraph if there is one in the
/// second half of the room, else of a line, a sentence, a word, and only then within a word, but
/// never within what a reader sees as one character. The white space at a cut is left out; nothing
/// else is.
pub fn split(text: &str, room: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while size(rest) > room {
        let (piece, next) = rest.split_at(place_to_cut(rest, room));
        pieces.push(piece.trim_end());
        rest = next.trim_start();
    }
    pieces.push(rest);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// The places to cut at, the worst first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Character,
    Word,
    Sentence,
    Line,
    Paragraph,
}

/// Where to cut, in bytes: more than none, and with at most `room` before it.
fn place_to_cut(text: &str, room: usize) -> usize {
    let mut places = Vec::new();
    let (mut end, mut used) = (0, 0);
    for grapheme in text.graphemes(true) {
        if used + size(grapheme) > room {
            break;
        }
        used += size(grapheme);
        end += grapheme.len();
        places.push((end, used));
    }
    places
        .into_iter()
        .filter(|(_, used)| *used > room / 2)
        .map(|(at, _)| at)
        .max_by_key(|at| (place(text, *at), *at))
        .unwrap_or_else(|| within_a_grapheme(text, room))
}

/// A base letter with hundreds of marks on it is no text that anybody reads; but it must fit.
fn within_a_grapheme(text: &str, room: usize) -> usize {
    let mut used = 0;
    text.char_indices()
        .find(|(_, c)| {
            used += size(c.encode_utf8(&mut [0; 4]));
            used > room
        })
        .map_or(text.len(), |(at, _)| at)
        .max(text.chars().next().map_or(0, char::len_utf8))
}

fn place(text: &str, at: usize) -> Place {
    let (before, after) = text.split_at(at);
    let sentence = before
        .trim_end_matches(['"', '\'', '’', '”', '»', ')', ']'])
        .ends_with(['.', '!', '?', '…', '。', '！', '？']);
    let gap = &after[..after.len() - after.trim_start().len()];
    if gap.is_empty() || before.ends_with(char::is_whitespace) {
        // Chinese and Japanese end a sentence without a space.
        return if before.ends_with(['。', '！', '？']) {
            Place::Sentence
        } else {
            Place::Character
        };
    }
    match gap.matches('\n').count() {
        0 if sentence => Place::Sentence,
        0 => Place::Word,
        1 => Place::Line,
        _ => Place::Paragraph,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_is_made_at_the_best_place_in_the_second_half() {
        let cut = |text| split(text, 20);
        assert_eq!(cut("fits into the room"), ["fits into the room"]);
        assert_eq!(
            cut("One two. Three!\n\nFour five."),
            ["One two. Three!", "Four five."]
        );
        assert_eq!(
            cut("One two three\nfour five six"),
            ["One two three", "four five six"]
        );
        assert_eq!(
            cut("It is done. Or is it not yet?"),
            ["It is done.", "Or is it not yet?"]
        );
        assert_eq!(
            cut("He said \"go.\" And he went on."),
            ["He said \"go.\"", "And he went on."]
        );
        assert_eq!(
            cut("one two three four five six"),
            ["one two three four", "five six"]
        );
        // The only sentence ends too early to be worth a piece of its own.
        assert_eq!(cut("No. one two three four"), ["No. one two three", "four"]);
        assert_eq!(
            cut("https://example.com/a/long/address"),
            ["https://example.com/", "a/long/address"]
        );
        assert_eq!(
            cut("今日は定休日です。明日は九時から営業しています。"),
            ["今日は定休日です。明日は九時から営業して", "います。"]
        );
    }

    #[test]
    fn what_a_reader_sees_as_one_character_stays_whole() {
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(size(family), 11);
        assert_eq!(
            split(&family.repeat(3), 25),
            [family.repeat(2).as_str(), family]
        );
        let flag = "🇺🇸";
        assert_eq!(split(&flag.repeat(3), 7), [flag, flag, flag]);
        assert_eq!(
            split(&"e\u{301}".repeat(4), 5),
            ["e\u{301}e\u{301}", "e\u{301}e\u{301}"]
        );
    }

    #[test]
    fn one_character_larger_than_the_room_is_cut_all_the_same() {
        let towering = "e".to_owned() + &"\u{301}".repeat(40);
        let pieces = split(&towering, 16);
        assert!(pieces.iter().all(|piece| size(piece) <= 16));
        assert_eq!(pieces.concat(), towering);
    }

    #[test]
    fn white_space_alone_makes_no_piece() {
        assert!(split(&" ".repeat(50), 20).is_empty());
        assert!(split("", 20).is_empty());
    }

    fn without_space(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_piece_fits(
            text in prop_oneof!["\\PC{0,300}", "([a-z€]{1,9}[ .\n]{1,2}){0,60}", "[🚐👍🏽e\u{301} ]{0,200}"],
            room in 16_usize..80,
        ) {
            let pieces = split(&text, room);
            for piece in &pieces {
                prop_assert!(!piece.is_empty() && size(piece) <= room);
            }
            prop_assert_eq!(without_space(&pieces.concat()), without_space(&text));
        }

        #[test]
        fn words_that_fit_are_never_torn(words in prop::collection::vec("[a-z]{1,7}", 1..80)) {
            let pieces = split(&words.join(" "), 16).join(" ");
            prop_assert_eq!(pieces.split(' ').collect::<Vec<_>>(), words);
        }
    }
}
