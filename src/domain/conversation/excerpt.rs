//! The last texts of a conversation, as the next person reads them.

use super::{Words, addressed};
use crate::domain::inbound::InboundSms;
use crate::domain::inbound::content::what;
use crate::domain::line::Line;

/// What the customer is called in it.
const CUSTOMER: &str = "They";

/// `says`, and behind it who wrote what, each on a line of its own; with all attachments. `words` are
/// what the customer wrote last, should no text be known any more.
pub fn told(says: &str, words: &Words, texts: &[InboundSms], line: &Line) -> (String, Vec<String>) {
    let mut body = says.to_owned();
    let mut media = Vec::new();
    for sms in texts {
        let person = sms.from.phone().and_then(|number| line.person_with(number));
        let said = what(sms);
        let said = match addressed(&said) {
            Some((to, words)) if person.is_some() && to.is_marked => words.to_owned(),
            _ => said,
        };
        let who = person.map_or(CUSTOMER, |person| person.name.as_str());
        body += &format!("\n{who}: {said}");
        media.extend(sms.media.iter().map(|media| media.url.clone()));
    }
    if texts.is_empty() {
        body += &format!("\n{CUSTOMER}: {}", words.0);
    }
    (body, media)
}
