//! What must hold between the values of a configuration: between windows, people and lines.

use std::collections::HashMap;

use toml::Spanned;

use super::lines::{ReadLine, ReadPerson};
use super::mistakes::Mistakes;
use crate::domain::line::{Hours, Window};
use crate::domain::phone::{PhoneNumber, Prefix};

pub(super) fn check(lines: &[ReadLine], mistakes: &mut Mistakes) {
    names_once(lines.iter().map(|line| &line.name), "line", mistakes);
    let mut numbers = HashMap::new();
    for line in lines {
        let Some(number) = &line.number else { continue };
        let name = line
            .name
            .as_ref()
            .map_or("another line", |name| name.get_ref());
        if let Some(other) = numbers.insert(number.get_ref(), name) {
            let message = format!(
                "this is the number of line {other:?} already; give each line its own Twilio number"
            );
            mistakes.add(number.span(), message);
        }
    }
    for line in lines {
        check_line(line, &numbers, mistakes);
    }
}

fn check_line(
    line: &ReadLine,
    numbers_of_lines: &HashMap<&PhoneNumber, &str>,
    mistakes: &mut Mistakes,
) {
    let people = &line.people;
    names_once(people.iter().map(|person| &person.name), "person", mistakes);
    let mut seen = HashMap::new();
    for person in people {
        let Some(number) = &person.number else {
            continue;
        };
        let own = line.number.as_ref().map(Spanned::get_ref) == Some(number.get_ref());
        if own {
            let message = "this is the number of the line itself, and texts would go round in \
                           circles; write the person's own number";
            mistakes.add(number.span(), message);
        } else if let Some(other) = numbers_of_lines.get(number.get_ref()) {
            let message = format!(
                "this is the number of line {other:?}, which is no phone; write the person's own \
                 number"
            );
            mistakes.add(number.span(), message);
        }
        if let Some(other) = seen.insert(number.get_ref(), called(person)) {
            let message = format!(
                "{other} has this number already, and a text that fails would go there twice; \
                 write another number or leave this person out"
            );
            mistakes.add(number.span(), message);
        }
    }
    alert(line, numbers_of_lines, mistakes);
    prefixes(line, mistakes);
    backup(line, mistakes);
}

/// The number that is alerted must be a phone.
fn alert(line: &ReadLine, numbers_of_lines: &HashMap<&PhoneNumber, &str>, mistakes: &mut Mistakes) {
    if let Some(alert) = &line.policy.alert
        && let Some(name) = numbers_of_lines.get(alert.get_ref())
    {
        let message = format!(
            "this is the number of line {name:?}, which is no phone; write the number of whoever \
             should hear of it"
        );
        mistakes.add(alert.span(), message);
    }
}

/// Whoever could be texted must be allowed to.
fn prefixes(line: &ReadLine, mistakes: &mut Mistakes) {
    let policy = line.policy.complete();
    let people = line
        .people
        .iter()
        .filter_map(|person| person.number.as_ref());
    for number in people.chain(&line.policy.alert) {
        if !policy.allows(number.get_ref()) {
            let allowed = policy.allowed_prefixes.iter().map(Prefix::as_str);
            let message = format!(
                "numbers that begin like this one are not texted, only those with {}; write \
                 another number, or add what it begins with to allowed_prefixes in [[line]]",
                allowed.collect::<Vec<_>>().join(", ")
            );
            mistakes.add(number.span(), message);
        }
    }
}

/// The last of the cascade must always be available.
fn backup(line: &ReadLine, mistakes: &mut Mistakes) {
    let Some(last) = line.people.last() else {
        let message = "nobody is behind this line; add a [[line.person]] with name, number and \
                       hours = \"always\"";
        mistakes.add(line.at.clone(), message);
        return;
    };
    if let Some(hours) = &last.hours
        && *hours.get_ref() != Hours::Always
    {
        let message = format!(
            "{} is last and so the backup, but not always available; write hours = \"always\", or \
             add somebody who is after {0}",
            called(last)
        );
        mistakes.add(hours.span(), message);
    }
}

/// Two windows of one person must not cover the same minute.
pub(super) fn overlaps(windows: &[Spanned<Window>], mistakes: &mut Mistakes) {
    for (number, window) in windows.iter().enumerate() {
        let earlier = windows[..number].iter().find_map(|earlier| {
            let shared = earlier.get_ref().overlap(window.get_ref())?;
            Some((earlier.get_ref(), shared))
        });
        if let Some((earlier, shared)) = earlier {
            let message = format!(
                "\"{}\" overlaps \"{earlier}\": both cover {shared}; let one end where the other \
                 begins",
                window.get_ref()
            );
            mistakes.add(window.span(), message);
        }
    }
}

fn names_once<'a>(
    names: impl Iterator<Item = &'a Option<Spanned<String>>>,
    what: &str,
    mistakes: &mut Mistakes,
) {
    let mut seen = HashMap::new();
    for name in names.flatten() {
        if let Some(earlier) = seen.insert(name.get_ref().to_lowercase(), name.get_ref()) {
            let message = format!(
                "there is a {what} {earlier:?} already, and names differ in more than upper and \
                 lower case; write another name"
            );
            mistakes.add(name.span(), message);
        }
    }
}

fn called(person: &ReadPerson) -> &str {
    person
        .name
        .as_ref()
        .map_or("this person", |name| name.get_ref().as_str())
}
