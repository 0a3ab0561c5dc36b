//! The last texts of a thread, as the next person reads them.

use super::{Words, Written, read};
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;

/// What the customer is called in it.
const CUSTOMER: &str = "They";

/// `says`, and behind it who wrote what, each on a line of its own; with all attachments. `words` are
/// what the customer wrote last, should no record tell.
pub fn told(
    says: &str,
    words: &Words,
    records: &[InboundRecord],
    line: &Line,
) -> (String, Vec<String>) {
    let mut body = says.to_owned();
    let mut media = Vec::new();
    for record in records {
        let sms = &record.sms;
        let person = sms.from.phone().and_then(|number| line.person_with(number));
        let said = crate::domain::inbound::content::what(sms);
        let said = match (person, read(&said, false)) {
            (Some(_), Written::Tagged(_, said)) => said.to_owned(),
            _ => said,
        };
        let who = person.map_or(CUSTOMER, |person| person.name.as_str());
        body += &format!("\n{who}: {said}");
        media.extend(sms.media.iter().map(|media| media.url.clone()));
    }
    if records.is_empty() {
        body += &format!("\n{CUSTOMER}: {}", words.0);
    }
    (body, media)
}
