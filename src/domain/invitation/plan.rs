//! What becomes of a request for an invitation: its delivery, or why there is none. Pure.

use jiff::Timestamp;
use serde_json::Value;

use super::{delivery, unfitting};
use crate::domain::delivery::invitation::{Invitation, Report};
use crate::domain::delivery::source::Source;
use crate::domain::delivery::{Delivery, Recipient};
use crate::domain::line::Line;
use crate::domain::request::{InvitationRequest, Refused};
use crate::domain::sms::plain;

/// The delivery that `asked` comes to, in the words of the line's template.
pub fn plan(
    lines: &[Line],
    line: &Line,
    asked: &InvitationRequest,
    source: Source,
    now: Timestamp,
) -> Result<Delivery, Refused> {
    if asked.expires.is_some_and(|expires| expires <= now) {
        return Err(Refused::field("expires", "is over already"));
    }
    let over = asked
        .starts
        .as_ref()
        .and_then(|starts| starts.end(&line.time_zone));
    if over.is_some_and(|over| over <= now) {
        let problem = "is over: nobody could follow the link in time";
        return Err(Refused::field("starts", problem));
    }
    if lines
        .iter()
        .flat_map(Line::numbers)
        .any(|own| *own == asked.number)
    {
        let problem = "is a line of this relay; an invitation goes to a person's phone";
        return Err(Refused::field("number", problem));
    }
    if !line.policy.allows(&asked.number) {
        let problem = format!(
            "does not begin as the numbers do that the line {} may text (allowed_prefixes)",
            line.name
        );
        return Err(Refused::field("number", problem));
    }
    let text = compose(line, asked, now)?;
    let to = Recipient {
        person: asked.name.clone(),
        number: asked.number.clone(),
    };
    let invitation = Invitation {
        event: asked.event.clone(),
        key: asked.idempotency_key.clone(),
        subject: asked.subject.clone(),
        request: asked.digest(),
        source,
        report: Report::NotNeeded,
    };
    let expires = asked.expires.into_iter().chain(over).min();
    Ok(delivery(line, to, text, invitation, expires, now))
}

/// The text, of one segment.
fn compose(line: &Line, asked: &InvitationRequest, now: Timestamp) -> Result<String, Refused> {
    let mut values = asked.values();
    for value in values.values_mut() {
        if let Value::String(text) = value {
            *text = plain(text);
        }
    }
    let name = InvitationRequest::TEMPLATE;
    let template = line.template(name).ok_or_else(|| {
        let problem = format!("{} has no template {name}", line.name);
        Refused::field("line", problem)
    })?;
    // In the request, or in the line's template.
    let wrong = |value: Option<&str>, problem: String| match value {
        Some(value @ ("name" | "event" | "link" | "starts")) => Refused::field(value, problem),
        Some(value) => Refused::field(format!("data.{value}"), problem),
        None => Refused::field(
            "line",
            format!("{}: its template {name}: {problem}", line.name),
        ),
    };
    let text = template
        .render(&values, line.clock(), now)
        .map_err(|error| wrong(error.value(), error.to_string()))?;
    let texts = values.iter();
    let texts = texts.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let texts: Vec<_> = texts.filter(|(name, _)| *name != "starts").collect();
    match unfitting(&text, &texts) {
        None => Ok(text),
        Some(misfit) => Err(wrong(misfit.value.as_deref(), misfit.problem)),
    }
}
