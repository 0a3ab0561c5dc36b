//! Words of people in texts of the relay's own: short, and in GSM-7, so that such a text is one
//! segment whatever is quoted in it.

use super::segments::septets;

/// What stands where words were cut off.
const CUT: &str = "..";

/// The words in GSM-7 and on one line. Typographic characters become plain ones; what GSM-7 lacks
/// altogether becomes a question mark, one for several in a row.
pub fn plain(words: &str) -> String {
    let mut plain = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '‘' | '’' | '‚' | '´' | '`' => plain.push('\''),
            '“' | '”' | '„' | '«' | '»' => plain.push('"'),
            '–' | '—' | '‐' | '‑' | '−' => plain.push('-'),
            '…' => plain.push_str("..."),
            c if c.is_whitespace() => plain.push(' '),
            c if septets(c).is_some() => plain.push(c),
            '\u{200d}' | '\u{fe0f}' | '\u{300}'..='\u{36f}' => {}
            _ if plain.ends_with('?') => {}
            _ => plain.push('?'),
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
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
    use crate::text::segments;

    #[test]
    fn words_become_plain_without_losing_their_sense() {
        assert_eq!(plain("It’s “soon” – ok…"), "It's \"soon\" - ok...");
        assert_eq!(plain("  two\nlines\t here "), "two lines here");
        assert_eq!(plain("Ready? 🚤👨‍👩‍👧 yes"), "Ready? ? yes");
        assert_eq!(plain("Привет"), "?");
        assert_eq!(plain("¿Dónde está? ñ €5"), "¿D?nde est?? ñ €5");
    }

    #[test]
    fn clipped_words_never_take_more_room() {
        assert_eq!(clipped("Is the boat ready", 17), "Is the boat ready");
        assert_eq!(clipped("Is the boat ready", 11), "Is the bo..");
        assert_eq!(clipped("Is the boat ready", 9), "Is the..");
        assert_eq!(clipped("€€€€", 6), "€€..");
        assert_eq!(clipped("Is the boat ready", 2), "");
        for room in 0..40 {
            let text = clipped("[€uro] and {more} than that", room);
            assert!(segments(&text).units <= room, "{room}: {text}");
        }
    }
}
