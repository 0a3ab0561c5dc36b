use Token::{Nth, Number, Sign, Word};

/// Spaces part tokens, and so does the change from digits to letters: `5pm` is two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'t> {
    Number(&'t str),
    /// `10th`.
    Nth(&'t str),
    Word(&'t str),
    Sign(char),
}

pub type Tokens<'a> = &'a [Token<'a>];

/// Small letters, without the full stops of abbreviations, apostrophes, and commas but those of
/// decimals: `p.m.` is `pm`.
pub fn plain(text: &str) -> String {
    let chars: Vec<char> = text.to_lowercase().chars().collect();
    let is_digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let shown = chars.iter().enumerate().filter(|(at, c)| match c {
        '.' => !at
            .checked_sub(1)
            .is_some_and(|at| chars[at].is_alphabetic()),
        ',' => at.checked_sub(1).is_some_and(is_digit) && is_digit(at + 1),
        '\'' | '’' => false,
        _ => true,
    });
    shown.map(|(_, c)| c).collect()
}

pub fn tokens(plain: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = plain.trim_start();
    while let Some(first) = rest.chars().next() {
        let (is_digit, is_letter) = (first.is_ascii_digit(), first.is_alphabetic());
        let is_same = |c: char| {
            (is_digit, is_letter) == (c.is_ascii_digit(), c.is_alphabetic())
                && (is_digit || is_letter)
        };
        let end = rest
            .find(|c| !is_same(c))
            .unwrap_or(rest.len())
            .max(first.len_utf8());
        let (token, more) = rest.split_at(end);
        match (tokens.last_mut(), token) {
            (Some(last), "st" | "nd" | "rd" | "th") if let Number(digits) = *last => {
                *last = Nth(digits)
            }
            (_, number) if is_digit => tokens.push(Number(number)),
            (_, "of") => {}
            (_, word) if is_letter => tokens.push(Word(word)),
            _ => tokens.push(Sign(first)),
        }
        rest = more.trim_start();
    }
    tokens
}

/// A number of at most so many digits.
pub fn number(digits: &str, most: usize) -> Option<i64> {
    digits.parse().ok().filter(|_| digits.len() <= most)
}

/// The number that a word is.
pub fn number_word(word: &str) -> Option<i64> {
    const NUMBERS: &str = "one two three four five six seven eight nine ten eleven twelve";
    let at = NUMBERS.split(' ').position(|number| number == word)?;
    Some(at as i64 + 1)
}
