//! What the TOML reader found, in plain words: what is wrong, and what to write.

use std::ops::Range;

/// A mistake of syntax at its place.
pub(super) type Found = (Range<usize>, String);

/// The mistakes, one for each line of the text: what the reader says further on of a line follows from the
/// first.
pub(super) fn explain(errors: &[(String, Range<usize>)], text: &str) -> Vec<Found> {
    if let Some((_, span)) = errors.iter().find(|(said, _)| is_unclosed_list(said)) {
        let opened = text[..span.start].rfind('[').unwrap_or(span.start);
        let message = "this list has no end; write ] behind its last value".to_owned();
        let before = errors.iter().filter(|(_, at)| at.start < opened);
        let mut found = of_lines(before, text);
        found.push((opened..opened + 1, message));
        return found;
    }
    of_lines(errors.iter(), text)
}

fn is_unclosed_list(said: &str) -> bool {
    said.starts_with("unexpected `=` in array") || said.starts_with("unclosed array, ")
}

fn of_lines<'a>(
    errors: impl Iterator<Item = &'a (String, Range<usize>)>,
    text: &str,
) -> Vec<Found> {
    let rank = |said: &str| match said {
        _ if said.contains("key-value pairs") => 0,
        _ if said.starts_with("unexpected key or value") => 2,
        _ => 1,
    };
    let mut found: Vec<_> = errors
        .map(|(said, span)| {
            let line = line_of(text, span.start);
            (line.start, rank(said), one(said, span, line, text))
        })
        .collect();
    found.sort_by_key(|(line, rank, (span, _))| (*line, *rank, span.start));
    found.dedup_by_key(|(line, ..)| *line);
    found.into_iter().map(|(.., found)| found).collect()
}

/// The line that holds a place, without its end.
fn line_of(text: &str, at: usize) -> Range<usize> {
    let at = text.floor_char_boundary(at);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |more| at + more);
    start..end
}

fn one(said: &str, span: &Range<usize>, at: Range<usize>, text: &str) -> Found {
    let line = &text[at.clone()];
    if let Some((offset, c)) = odd_character(line) {
        let start = at.start + offset;
        return (start..start + c.len_utf8(), of_character(c));
    }
    let before = &text[at.start..span.start.clamp(at.start, at.end)];
    let from_here = &text[span.start.clamp(at.start, at.end)..at.end];
    (
        span.clone(),
        in_words(said, line.trim(), before, from_here.trim_end()),
    )
}

/// A character outside of texts and comments that looks like one of TOML's or like none. Where a text has
/// no end, its end is looked for too.
fn odd_character(line: &str) -> Option<(usize, char)> {
    let is_odd = |c: &char| is_curly(*c) || is_unseen(*c);
    let mut within = None;
    let mut characters = line.char_indices();
    while let Some((at, c)) = characters.next() {
        match (within, c) {
            (None, '#') => return None,
            (None, '"' | '\'') => within = Some((at, c)),
            (None, c) if is_odd(&c) => return Some((at, c)),
            (Some((_, '"')), '\\') => drop(characters.next()),
            (Some((_, quote)), c) if c == quote => within = None,
            _ => {}
        }
    }
    let (begins, _) = within?;
    let mut inside = line[begins..].char_indices();
    let (at, c) = inside.find(|(_, c)| is_curly(*c) && *c != '’')?;
    Some((begins + at, c))
}

fn is_curly(c: char) -> bool {
    matches!(
        c,
        '“' | '”' | '„' | '‟' | '«' | '»' | '‘' | '’' | '‚' | '‛' | '`' | '´' | '＂' | '″'
    )
}

/// Not the tab, and not the mark of the byte order.
fn is_unseen(c: char) -> bool {
    (c.is_whitespace() && !c.is_ascii())
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{ad}')
}

fn of_character(c: char) -> String {
    if is_curly(c) {
        return format!(
            "{c} is a curly quote, as word processors write it; write a straight one (\") before and behind the text"
        );
    }
    format!(
        "here is an invisible character (U+{:04X}); delete it, and write a plain space where one is needed",
        u32::from(c)
    )
}

const TEXT: &str = "write it in double quotes";

fn in_words(said: &str, line: &str, before: &str, from_here: &str) -> String {
    let is = |begin: &str| said.starts_with(begin);
    let plain = if is("string values must be quoted") {
        return no_text(from_here);
    } else if is("invalid boolean") {
        "write true or false, in small letters and without quotes"
    } else if is("duplicate key") {
        "there is such a key already; write it once"
    } else if is("invalid basic string, expected `\"`") {
        "this text has no end; write a double quote (\") behind it"
    } else if is("invalid literal string, expected `'`") {
        "this text has no end; write a single quote (') behind it"
    } else if is("invalid multi-line") {
        "this text begins with three quotes and has no end; write three quotes behind it"
    } else if is("invalid basic string") || is("invalid literal string") {
        "here is a control character; delete it"
    } else if is("key with no value") || is("invalid unquoted key") || is("invalid key-value pair")
    {
        return no_key(said, line);
    } else if is("unclosed table") || is("unclosed array table") {
        let name = before.trim_matches(|c: char| c.is_whitespace() || "[]".contains(c));
        let name = if is_name(name) { name } else { "line" };
        return if is("unclosed table") {
            format!("the bracket is not closed; write [{name}]")
        } else {
            format!("the brackets are not closed; write [[{name}]]")
        };
    } else if is("unexpected key or value") {
        return behind_value(line, from_here);
    } else if is("missing comma between array elements") {
        "a comma is missing before this; write one between the values of a list"
    } else if is("extra comma") {
        "there is a comma too many; delete it"
    } else if said.contains("inline table") || said.contains("key-value pairs") {
        "in braces, write = between a key and its value, commas between pairs, and } at the end, such as \
         { file = \"greeting.mp3\" }"
    } else if is("extra `=`") {
        "there is an = too many; delete it"
    } else if is("missing escaped value") || is("too few unicode") || said.contains("escape") {
        "a backslash in a text begins a special character; write two (\\\\) where one is meant"
    } else if is("carriage return") {
        "this line ends in a carriage return alone; save the file with the line ends of Linux or Windows"
    } else if is("unquoted keys cannot be empty") && line.starts_with('[') {
        "there is no name in these brackets; write one, such as [[line]]"
    } else if is("unquoted keys cannot be empty") {
        "there is no key before this; write one, such as name = \"main\""
    } else if is("cannot extend value") {
        "this key has a value already; write the other key in a table of its own"
    } else if is("invalid date") || is("invalid time") || is("invalid datetime") {
        return format!("this is no date or time as TOML writes it; {TEXT}");
    } else if is("unexpected leading zero")
        || is("redundant")
        || is("`_`")
        || said.contains("number")
    {
        return format!(
            "this is no number as TOML writes it; write digits without 0 in front, or {TEXT}"
        );
    } else {
        "this is not TOML; write one key = value on a line, as in relay.example.toml"
    };
    plain.to_owned()
}

fn no_text(value: &str) -> String {
    let word = value.split(['#', ',']).next().unwrap_or_default().trim();
    match word.to_lowercase().as_str() {
        "" => "there is no value behind the =; write one, or delete the line".to_owned(),
        "yes" | "on" => "write true, without quotes".to_owned(),
        "no" | "off" => "write false, without quotes".to_owned(),
        _ => format!("this is text without quotes; {TEXT}"),
    }
}

/// Whether it can be repeated: it is a name, and no telephone number or the like.
fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '.');
    !text.is_empty() && text.len() <= 40 && text.chars().all(is_part)
}

/// A line that has no key, or none with a value.
fn no_key(said: &str, line: &str) -> String {
    let key = line.split(['=', ':']).next().unwrap_or_default().trim();
    let has_blank = key.contains(' ') && !line.contains(':');
    let is_no_pair = !line.contains('=') && !is_name(key) && !has_blank;
    let plain = if ["//", ";", "--", "/*", "%"]
        .iter()
        .any(|mark| line.starts_with(mark))
    {
        "a comment begins with #; write # before it"
    } else if line.starts_with(['<', '{', '-']) || line == "line:" || is_no_pair {
        "this is not TOML; write one key = value on a line, as in relay.example.toml"
    } else if line.contains(':') && !line.contains('=') {
        return format!("write = between a key and its value, not a colon: {key} = and the value");
    } else if said.starts_with("key with no value") && !line.contains('=') {
        "there is no = behind this key; write = and its value, or delete the line"
    } else if key.contains(char::is_whitespace) && is_name(&key.replace(char::is_whitespace, "")) {
        return format!(
            "a key is one word; write {}, without spaces",
            key.split_whitespace().collect::<Vec<_>>().join("_")
        );
    } else {
        "a key has only letters of English, digits, - and _; write it so"
    };
    plain.to_owned()
}

/// What stands behind a value, or behind a table's brackets.
fn behind_value(line: &str, rest: &str) -> String {
    let name = line.split(']').next().unwrap_or_default();
    let name = name.trim_start_matches('[').trim();
    let name = if is_name(name) { name } else { "line" };
    let plain = if line.starts_with('[') && rest.trim() == "]" {
        return format!("there is a bracket too many; write [[{name}]] or [{name}]");
    } else if line.starts_with('[') {
        "nothing stands behind a table's brackets; write this on a line of its own"
    } else if rest.starts_with([',', ';']) {
        "nothing stands behind a value; delete this"
    } else {
        "the value ends before this; write one value on a line, several in a list (in brackets, with commas), and a \
         double quote within a text as \\\""
    };
    plain.to_owned()
}

#[cfg(test)]
mod tests {
    use crate::domain::line::config::parse;

    #[test]
    fn syntax_is_explained_in_plain_words_at_its_place() {
        for (text, place, told) in [
            ("name = “qdn”", "1:8", "“ is a curly quote"),
            ("name = ‘qdn’ # it's", "1:8", "‘ is a curly quote"),
            ("name = \"qdn”\nx = 1", "1:12", "” is a curly quote"),
            ("name = „qdn“", "1:8", "„ is a curly quote"),
            ("name = `qdn`", "1:8", "` is a curly quote"),
            ("hours = [\"Mon\", “Tue”]", "1:17", "“ is a curly quote"),
            ("name =\u{a0}\"x\"", "1:7", "invisible character (U+00A0)"),
            (
                "name\u{200b} = \"x\"",
                "1:5",
                "invisible character (U+200B)",
            ),
            (
                "name = \"always\nx = 1",
                "1:15",
                "write a double quote (\") behind it",
            ),
            ("name = 'x", "1:10", "write a single quote (') behind it"),
            ("name = \"\"\"x", "1:12", "three quotes behind it"),
            ("name", "1:5", "there is no = behind this key"),
            ("name \"x\"", "1:6", "there is no = behind this key"),
            ("name: \"x\"", "1:5", "not a colon: name = and the value"),
            ("name =", "1:7", "there is no value behind the ="),
            (
                "name = qdn",
                "1:8",
                "text without quotes; write it in double quotes",
            ),
            ("keep = 30d", "1:8", "write it in double quotes"),
            ("screening = yes", "1:13", "write true, without quotes"),
            (
                "screening = True",
                "1:13",
                "write true or false, in small letters",
            ),
            ("number = 619-555-0100", "1:10", "write it in double quotes"),
            (
                "number = +1 619 555 0100",
                "1:10",
                "write it in double quotes",
            ),
            ("at = 8:00", "1:6", "write it in double quotes"),
            ("pin = 0471", "1:7", "write it in double quotes"),
            ("[line.voice\nring = \"20s\"", "1:12", "write [line.voice]"),
            ("[[line]\nname = \"x\"", "1:8", "write [[line]]"),
            ("[line]]", "1:7", "write [[line]] or [line]"),
            ("[[line]] name = \"x\"", "1:10", "on a line of its own"),
            ("[]", "1:2", "no name in these brackets"),
            ("a = [\"x\"\nb = 1", "1:5", "this list has no end; write ]"),
            (
                "a = [\"x\",\n\"y\"\n",
                "1:5",
                "this list has no end; write ]",
            ),
            (
                "a = [\"x\" \"y\"]",
                "1:10",
                "a comma is missing before this",
            ),
            ("a = [\"x\",, \"y\"]", "1:10", "a comma too many"),
            (
                "a = { file: \"x\" }",
                "1:",
                "write = between a key and its value",
            ),
            ("a = { x = 1", "1:12", "} at the end"),
            (
                "a = \"x\",",
                "1:8",
                "nothing stands behind a value; delete this",
            ),
            (
                "a = \"say \"hi\" now\"",
                "1:11",
                "double quote within a text as \\\"",
            ),
            ("a = \"C:\\Users\"", "1:", "a backslash in a text"),
            ("// lines", "1:", "a comment begins with #"),
            ("; lines", "1:", "a comment begins with #"),
            ("a == 1", "1:4", "an = too many"),
            (
                "time zone = \"UTC\"",
                "1:6",
                "write time_zone, without spaces",
            ),
            ("ñ = 1", "1:1", "only letters of English"),
            ("call +16195550107: hi", "1:6", "this is not TOML"),
            ("+1 619 555 0107 x = 1", "1:1", "only letters of English"),
            ("{\"line\": 1}", "1:1", "this is not TOML"),
            (
                "name = \"a\"\nname = \"b\"",
                "2:1",
                "there is such a key already; write it once",
            ),
        ] {
            let errors = parse(text, "relay.toml").unwrap_err();
            let [mistake] = errors.mistakes() else {
                panic!("{text:?}: {errors}");
            };
            let said = format!("{}:{}: {}", mistake.line, mistake.column, mistake.message);
            assert!(
                said.starts_with(place) && said.contains(told),
                "{text:?}: {said}"
            );
            assert!(
                !said.contains("expected") && !said.contains("555"),
                "{said}"
            );
        }
    }

    #[test]
    fn quotes_within_a_text_are_left_alone() {
        let text = "name = \"the “best” boat’s\"\nnumber = qdn\n";
        let errors = parse(text, "relay.toml").unwrap_err();
        assert_eq!(errors.mistakes().len(), 1);
        assert!(
            errors.mistakes()[0]
                .message
                .contains("write it in double quotes")
        );
    }

    #[test]
    fn a_line_that_stands_below_its_people_is_told_so() {
        let text = "[[line.person]]\nname = \"Ana\"\n[[line]]\nname = \"qdn\"\n";
        let errors = parse(text, "relay.toml").unwrap_err();
        let message = &errors.mistakes()[0].message;
        assert!(message.contains("write [[line]] first"), "{message}");
    }
}
