//! Text from outside, made fit for a terminal and for a line of a log.
//!
//! Anybody may text the line, and a terminal obeys control characters wherever they come from:
//! they could recolour, overwrite or invent what a command says. Marks that turn the direction of
//! writing could do so by show alone (Unicode Technical Report 36, "Unicode Security
//! Considerations").

/// One line of it: whatever steers the output is replaced by `�`, and line breaks are, too.
pub fn printable(text: &str) -> String {
    text.chars().map(harmless).collect()
}

/// The same for a text of several lines, which stay.
#[cfg(feature = "machine")]
pub fn printable_lines(text: &str) -> String {
    let lines = text.lines().map(printable);
    lines.collect::<Vec<_>>().join("\n")
}

fn harmless(c: char) -> char {
    match c {
        '\t' => ' ',
        c if steers(c) => '\u{fffd}',
        c => c,
    }
}

/// Whether a terminal would do something else than show it.
pub fn steers(c: char) -> bool {
    let turns = matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_replaced() {
        let text = "\u{1b}[31mEVIL\r\n\u{9b}2J\u{7f}\tgpj.\u{202e}exe";
        assert_eq!(printable(text), "�[31mEVIL���2J� gpj.�exe");
        let plain = "Grüße, 🚐 и 你好";
        assert_eq!(printable(plain), plain);
    }

    #[test]
    fn the_lines_of_a_text_stay_lines() {
        assert_eq!(printable_lines("Hi\r\nthere\n\u{1b}[2J"), "Hi\nthere\n�[2J");
    }
}
