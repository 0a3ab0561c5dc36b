//! As much of a text as fits into one segment.

use unicode_segmentation::UnicodeSegmentation;

use crate::domain::sms::plain::room_beside;
use crate::domain::sms::{clipped, gsm7_line, segments};

/// As much of somebody's words as there is room for between other words.
pub(crate) fn quoting(before: &str, words: &str, after: &str) -> String {
    let room = room_beside(&format!("{before}{after}"));
    format!("{before}{}{after}", clipped(&gsm7_line(words), room))
}

/// The least of the words that is shown, in characters, even if that takes a second segment.
pub(crate) const FEWEST: usize = 40;

/// As much of a text as fits into one segment.
pub fn first_segment(text: &str) -> String {
    with_first_words("", text)
}

/// As many of the words as fit into one segment.
pub(crate) fn with_first_words(says: &str, words: &str) -> String {
    let whole = format!("{says}{words}");
    if segments(&whole).count <= 1 {
        return whole;
    }
    let cut = |end: usize| format!("{says}{}...", words[..end].trim_end());
    let ends = words.grapheme_indices(true).map(|(start, _)| start);
    // No segment holds more characters than 160.
    let ends: Vec<usize> = ends.skip(FEWEST).take(160).collect();
    let fits = ends
        .iter()
        .rev()
        .find(|end| segments(&cut(**end)).count <= 1);
    match fits.or(ends.first()) {
        Some(end) => cut(*end),
        None => whole,
    }
}
