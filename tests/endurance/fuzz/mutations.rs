use std::ops::Range;

use fastrand::Rng;

/// Long enough for whatever depends on the length of a line or a text.
const LONGEST: usize = 8 * 1024;

/// One of the seeds after some random changes.
pub fn changed(seeds: &[Vec<u8>], words: &[&str], rng: &mut Rng) -> Vec<u8> {
    let mut input = seeds[rng.usize(..seeds.len())].clone();
    for _ in 0..rng.usize(1..6) {
        change(&mut input, seeds, words, rng);
        input.truncate(LONGEST);
    }
    input
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str], rng: &mut Rng) {
    let at = rng.usize(..=input.len());
    match rng.u8(..7) {
        0 => input.insert(at, rng.u8(..)),
        1 if at < input.len() => input[at] ^= 1 << rng.u8(..8),
        2 => drop(input.drain(range(input, rng))),
        3 => input.truncate(at),
        4 => {
            let other = &seeds[rng.usize(..seeds.len())];
            let piece = other[range(other, rng)].to_vec();
            input.splice(at..at, piece);
        }
        5 => {
            let piece = input[range(input, rng)].repeat(rng.usize(1..9));
            input.splice(at..at, piece);
        }
        _ => {
            let word = words[rng.usize(..words.len())].bytes();
            let end = if rng.bool() {
                at
            } else {
                (at + word.len()).min(input.len())
            };
            input.splice(at..end, word);
        }
    }
}

fn range(input: &[u8], rng: &mut Rng) -> Range<usize> {
    let (a, b) = (rng.usize(..=input.len()), rng.usize(..=input.len()));
    a.min(b)..a.max(b)
}
