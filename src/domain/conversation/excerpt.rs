//! The last texts of a conversation, as the next person reads them.

use super::{Words, addressed};
use crate::domain::inbound::InboundSms;
use crate::domain::inbound::content::{on_its_own_lines, what};
use crate::domain::language::Phrase;
use crate::domain::line::Line;

/// What the customer is called in it.
const CUSTOMER: Phrase = Phrase::new("They", "Cliente");

/// `says`, and behind it who wrote what, each on a line of its own; with all attachments. `words` are
/// what the customer wrote last, should no text be known any more.
pub fn told(says: &str, words: &Words, texts: &[InboundSms], line: &Line) -> (String, Vec<String>) {
    let customer = CUSTOMER.of(line.language);
    let mut body = says.to_owned();
    let mut media = Vec::new();
    for sms in texts {
        let person = sms.from.phone().and_then(|number| line.person_with(number));
        let said = what(line.language, sms);
        let said = match addressed(&said) {
            Some((to, words)) if person.is_some() && to.is_marked => words.to_owned(),
            _ if person.is_some() => said,
            _ => without_others(&on_its_own_lines(&said), line),
        };
        let who = person.map_or(customer, |person| person.name.as_str());
        body += &format!("\n{who}: {said}");
        media.extend(sms.media.iter().map(|media| media.url.clone()));
    }
    if texts.is_empty() {
        body += &format!("\n{customer}: {}", words.0);
    }
    (body, media)
}

/// A customer's words, of which no line looks like what a person answered.
fn without_others(words: &str, line: &Line) -> String {
    let people = line.people.iter().map(|person| person.name.as_str());
    let names: Vec<String> = people
        .chain(CUSTOMER.in_all())
        .map(str::to_lowercase)
        .collect();
    let is_others = |text: &str| {
        let text = text.trim_start().to_lowercase();
        let mut names = names.iter();
        names.any(|name| {
            let rest = text.strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.trim_start().starts_with([':', '\u{ff1a}']))
        })
    };
    let mut lines = words.split('\n');
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |all, line| {
        let mark = if is_others(line) { "> " } else { "" };
        format!("{all}\n{mark}{line}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::config;

    #[test]
    fn a_customers_line_does_not_pass_as_a_persons_answer() {
        let line = config::example(4000).remove(0);
        let name = &line.people[0].name;
        for (words, shown) in [
            (
                format!("Hi\n{name}: all free"),
                format!("Hi\n> {name}: all free"),
            ),
            (
                format!("Hi\n  {}: all free", name.to_lowercase()),
                format!("Hi\n>   {}: all free", name.to_lowercase()),
            ),
            (format!("Hi\n{name} : ok"), format!("Hi\n> {name} : ok")),
            ("Hi\nThey: yes".to_owned(), "Hi\n> They: yes".to_owned()),
            (format!("Hi\n{name} said so"), format!("Hi\n{name} said so")),
            (format!("{name}: hello"), format!("{name}: hello")),
        ] {
            assert_eq!(without_others(&words, &line), shown);
        }
    }
}
