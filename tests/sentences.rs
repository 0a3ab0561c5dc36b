//! The relay's own sentences, in the languages that it writes. The source is read as text, so that a new
//! sentence is held to this without being listed anywhere.

use std::fs;
use std::path::{Path, PathBuf};

use relay::domain::sms::{first_outside_gsm7, segments};

/// How the source marks words that are there in each language.
const MARKS: [&str; 2] = ["say!(", "Phrase::new("];

/// Sentences that need a letter outside GSM-7, which makes a text of 70 characters a segment.
const EXCEPTIONS: [&str; 0] = [];

/// The most segments of a sentence without the values in it.
const MOST_SEGMENTS: usize = 2;

#[test]
fn no_sentence_makes_a_text_dearer_by_its_letters_and_none_is_long() {
    let mut sentences = 0;
    for (file, both) in in_both_languages() {
        assert_eq!(both.len(), 2, "{}: {both:?}", file.display());
        for text in both {
            sentences += 1;
            let outside = first_outside_gsm7(&text);
            let is_known = outside.is_none() || EXCEPTIONS.contains(&text.as_str());
            assert!(is_known, "{}: {outside:?} in {text:?}", file.display());
            let count = segments(&text).count;
            assert!(count <= MOST_SEGMENTS, "{}: {text:?}", file.display());
        }
    }
    assert!(sentences > 400, "{sentences}");
}

#[test]
fn a_sentence_names_the_same_values_in_each_language() {
    for (file, both) in in_both_languages() {
        let [english, spanish] = both.map(|text| values(&text));
        assert_eq!(english, spanish, "{}", file.display());
    }
}

/// The names in braces, each once.
fn values(text: &str) -> Vec<String> {
    let parts = text.split('{').skip(1);
    let names = parts.filter_map(|part| part.split_once('}'));
    let mut names: Vec<String> = names.map(|(name, _)| name.trim().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

fn in_both_languages() -> Vec<(PathBuf, [String; 2])> {
    let mut found = Vec::new();
    for file in sources(Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/domain"
    ))) {
        let source = fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        for mark in MARKS {
            for (at, _) in code.match_indices(mark) {
                let texts = literals(&code[at + mark.len()..]);
                if let [english, spanish, ..] = &texts[..] {
                    found.push((file.clone(), [english.clone(), spanish.clone()]));
                }
            }
        }
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

/// The texts in quotes up to the closing bracket.
fn literals(code: &str) -> Vec<String> {
    let (mut texts, mut depth) = (Vec::new(), 1);
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '"' => texts.push(literal(&mut chars)),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    texts
}

/// The rest of a text in quotes, as the program has it.
fn literal(chars: &mut std::str::Chars) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('\n') => {
                    let rest = chars.as_str();
                    let blanks = rest.len() - rest.trim_start().len();
                    *chars = rest[blanks..].chars();
                }
                Some('n') => text.push('\n'),
                Some(c) => text.push(c),
                None => {}
            },
            c => text.push(c),
        }
    }
    text
}
