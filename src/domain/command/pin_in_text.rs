//! A person's PIN in a text.
//!
//! It is found as people type it: in one piece, or its digits apart with anything but letters between
//! them. It begins and ends where a run of digits does: whoever reads 547115 does not learn 4711, and a
//! telephone number, a price or a gate code that happens to contain the PIN could never be sent. Nor is a
//! time of the clock the PIN, 12:30 of 1230: nobody types a PIN so, and that hour comes every day.

use std::ops::Range;

use crate::domain::characters::digit;

const INSTEAD: &str = "****";

pub fn contains_pin(body: &str, pin: &str) -> bool {
    first(body, pin).is_some()
}

/// The text with asterisks for each PIN in it.
pub fn without_pin(body: &str, pin: &str) -> String {
    let mut body = body.to_owned();
    // From the beginning each time: what stood around one may be another.
    while let Some(place) = first(&body, pin) {
        body.replace_range(place, INSTEAD);
    }
    body
}

/// Where the first PIN stands, from its first digit to its last.
fn first(body: &str, pin: &str) -> Option<Range<usize>> {
    if pin.is_empty() {
        return None;
    }
    let chars: Vec<(usize, char)> = body.char_indices().collect();
    let is_digit = |at: usize| chars.get(at).is_some_and(|(_, c)| digit(*c).is_some());
    let begins = |at: &usize| is_digit(*at) && !at.checked_sub(1).is_some_and(is_digit);
    (0..chars.len()).filter(begins).find_map(|start| {
        let mut wanted = pin.chars();
        let mut end = start;
        for (at, (_, c)) in chars.iter().enumerate().skip(start) {
            match digit(*c) {
                Some(digit) if wanted.next() != Some(digit) => return None,
                Some(_) => end = at,
                None if c.is_alphanumeric() => break,
                None => {}
            }
            if wanted.as_str().is_empty() {
                break;
            }
        }
        let place = chars[start].0..chars[end].0 + chars[end].1.len_utf8();
        let is_whole = wanted.as_str().is_empty() && !is_digit(end + 1);
        (is_whole && !is_time(&body[place.clone()])).then_some(place)
    })
}

/// `12:30`.
fn is_time(text: &str) -> bool {
    let time = text.split_once(':').filter(|_| text.len() == 5);
    let time = time.and_then(|(h, m)| Some((h.parse::<u8>().ok()?, m.parse::<u8>().ok()?)));
    time.is_some_and(|(hours, minutes)| hours < 24 && minutes < 60)
}

#[cfg(test)]
mod tests;
