//! How many segments a message takes on the radio network, and which character made it expensive.
//!
//! Sources: 3GPP TS 23.038, section 6.2.1 (the GSM 7 bit default alphabet and its extension
//! table) and TS 23.040 (the header of a concatenated message); Twilio, "What is GSM-7?", "What is
//! UCS-2?" and its Message Segment Calculator.

/// The GSM 7 bit default alphabet: one septet each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Its extension table: an escape and a septet each.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Gsm7,
    Ucs2,
}

impl Encoding {
    /// The septets (GSM-7) or 16 bit units (UCS-2) that fit into the only segment of a message.
    pub fn alone(self) -> usize {
        match self {
            Encoding::Gsm7 => 160,
            Encoding::Ucs2 => 70,
        }
    }

    /// The same for each of several segments, which carry a header of six bytes.
    pub fn concatenated(self) -> usize {
        match self {
            Encoding::Gsm7 => 153,
            Encoding::Ucs2 => 67,
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            Encoding::Gsm7 => septets(c).unwrap_or_default(),
            Encoding::Ucs2 => c.len_utf16(),
        }
    }
}

/// What a message costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    pub encoding: Encoding,
    /// What Twilio bills.
    pub count: usize,
    /// Septets or 16 bit units in all, headers not counted.
    pub units: usize,
    /// The first character that GSM-7 lacks: the reason for UCS-2.
    pub because: Option<char>,
}

/// Counts the segments of a message. An escape pair or a surrogate pair is never torn apart, so a
/// segment may end one unit early.
pub fn segments(text: &str) -> Segments {
    let because = first_outside_gsm7(text);
    let encoding = match because {
        None => Encoding::Gsm7,
        Some(_) => Encoding::Ucs2,
    };
    let units = text.chars().map(|c| encoding.units(c)).sum();
    let count = if units <= encoding.alone() {
        1
    } else {
        let mut count = 1;
        let mut filled = 0;
        for width in text.chars().map(|c| encoding.units(c)) {
            if filled + width > encoding.concatenated() {
                count += 1;
                filled = 0;
            }
            filled += width;
        }
        count
    };
    Segments {
        encoding,
        count,
        units,
        because,
    }
}

pub fn first_outside_gsm7(text: &str) -> Option<char> {
    text.chars().find(|c| septets(*c).is_none())
}

/// The septets that a character takes; `None` if GSM-7 lacks it.
pub(super) fn septets(c: char) -> Option<usize> {
    // Most are found without a search.
    if c.is_ascii_alphanumeric() || c == ' ' || BASIC.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(text: &str) -> usize {
        segments(text).count
    }

    #[test]
    fn the_default_alphabet_has_its_127_characters_and_the_extension_ten() {
        // 128 codes, one of which is the escape; the extension's tenth is the form feed.
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(EXTENSION.chars().count(), 10);
        assert!(!BASIC.chars().any(|c| EXTENSION.contains(c)));
    }

    #[test]
    fn a_gsm7_message_holds_160_alone_and_153_in_a_chain() {
        assert_eq!(count(""), 1);
        assert_eq!(count(&"a".repeat(160)), 1);
        assert_eq!(count(&"a".repeat(161)), 2);
        assert_eq!(count(&"a".repeat(306)), 2);
        assert_eq!(count(&"a".repeat(307)), 3);
    }

    #[test]
    fn euro_and_brackets_count_twice() {
        assert_eq!(segments("[5 €]").units, 8);
        assert_eq!(count(&"€".repeat(80)), 1);
        assert_eq!(count(&"€".repeat(81)), 2);
        // 153 is odd: the 77th euro does not fit into the first segment.
        assert_eq!(count(&"€".repeat(153)), 3);
    }

    #[test]
    fn one_character_outside_gsm7_makes_the_whole_message_ucs2() {
        let plain = segments(&"a".repeat(140));
        assert_eq!((plain.encoding, plain.because), (Encoding::Gsm7, None));
        let curly = segments(&("it’s ".to_owned() + &"a".repeat(135)));
        assert_eq!(
            (curly.encoding, curly.count, curly.because),
            (Encoding::Ucs2, 3, Some('’'))
        );
        assert_eq!(count(&"я".repeat(70)), 1);
        assert_eq!(count(&"я".repeat(71)), 2);
        assert_eq!(count(&"я".repeat(135)), 3);
    }

    #[test]
    fn an_emoji_is_two_units_and_stays_whole() {
        assert_eq!(segments("🚐").units, 2);
        assert_eq!(count(&"🚐".repeat(35)), 1);
        assert_eq!(count(&"🚐".repeat(36)), 2);
        // 33 fit into 67 units, one unit stays empty.
        assert_eq!(count(&"🚐".repeat(67)), 3);
    }

    /// The same from the standards' words, slowly: write out every unit, mark where a character
    /// begins, cut.
    fn by_the_book(text: &str) -> usize {
        let is_gsm7 = text
            .chars()
            .all(|c| BASIC.chars().chain(EXTENSION.chars()).any(|g| g == c));
        let (alone, chained) = if is_gsm7 { (160, 153) } else { (70, 67) };
        let mut begins = Vec::new();
        for c in text.chars() {
            let is_pair = if is_gsm7 {
                EXTENSION.chars().any(|g| g == c)
            } else {
                u32::from(c) > 0xFFFF
            };
            begins.push(true);
            begins.extend(is_pair.then_some(false));
        }
        if begins.len() <= alone {
            return 1;
        }
        let mut cuts = 1;
        let mut at = 0;
        while begins.len() - at > chained {
            at += chained;
            while !begins[at] {
                at -= 1;
            }
            cuts += 1;
        }
        cuts
    }

    proptest! {
        #[test]
        fn the_count_agrees_with_a_slow_model(
            text in prop_oneof!["[a-z€\\[~ ]{0,500}", "[a-zя🚐€ ]{0,300}", "\\PC{0,200}"]
        ) {
            prop_assert_eq!(count(&text), by_the_book(&text));
        }
    }
}
