use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Parameters;
use super::error::ApiError;
use crate::sandbox::{Message, State};

/// Twilio's page size where the request says none, and its largest.
const PAGE_SIZE: usize = 50;
const LARGEST_PAGE: usize = 1000;

impl State {
    /// A page of messages, newest first.
    pub(super) fn list(&self, path: &str, query: &Parameters) -> Result<Value, ApiError> {
        let filter = Filter::of(query)?;
        let page_size = number(query, "PageSize")?
            .unwrap_or(PAGE_SIZE)
            .clamp(1, LARGEST_PAGE);
        let page = number(query, "Page")?.unwrap_or(0);
        let matching: Vec<_> = self
            .messages
            .all()
            .rev()
            .filter(|message| filter.takes(message))
            .collect();
        // The token names the last message of the page before, so that what is created meanwhile
        // moves nothing from one page to the other.
        let start = match query.filled("PageToken").and_then(|t| t.strip_prefix("PA")) {
            Some(last) => matching
                .iter()
                .position(|message| message.sid.as_str() == last)
                .map_or(matching.len(), |at| at + 1),
            None => (page * page_size).min(matching.len()),
        };
        let end = (start + page_size).min(matching.len());
        let shown = &matching[start..end];
        let uri = |page: usize, token: Option<&str>| page_uri(path, query, page, page_size, token);
        let next = (end < matching.len())
            .then(|| uri(page + 1, shown.last().map(|message| message.sid.as_str())));
        let previous = (page > 0).then(|| uri(page - 1, None));
        let messages: Vec<_> = shown
            .iter()
            .map(|message| message.json(&self.account_sid))
            .collect();
        Ok(json!({
            "end": end.saturating_sub(1),
            "first_page_uri": uri(0, None),
            "messages": messages,
            "next_page_uri": next,
            "page": page,
            "page_size": page_size,
            "previous_page_uri": previous,
            "start": start,
            "uri": uri(page, None),
        }))
    }
}

/// A list that is never longer than a page.
pub(super) fn single_page(uri: &str, name: &str, records: Vec<Value>) -> Value {
    let end = records.len().saturating_sub(1);
    json!({
        "end": end,
        "first_page_uri": uri,
        name: records,
        "next_page_uri": null,
        "page": 0,
        "page_size": PAGE_SIZE,
        "previous_page_uri": null,
        "start": 0,
        "uri": uri,
    })
}

fn number(query: &Parameters, name: &str) -> Result<Option<usize>, ApiError> {
    let Some(text) = query.filled(name) else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|_| ApiError::bad(20001, format!("{name} {text} is not a number")))
}

fn page_uri(
    path: &str,
    query: &Parameters,
    page: usize,
    page_size: usize,
    token: Option<&str>,
) -> String {
    let filters = query
        .0
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "Page" | "PageSize" | "PageToken"));
    let mut uri = form_urlencoded::Serializer::new(String::new());
    uri.extend_pairs(filters)
        .append_pair("PageSize", &page_size.to_string())
        .append_pair("Page", &page.to_string());
    if let Some(token) = token {
        uri.append_pair("PageToken", &format!("PA{token}"));
    }
    format!("{path}?{}", uri.finish())
}

/// Which messages are wanted. Dates are days in GMT, both ends included; a message that was not
/// sent yet has no such date and matches none.
struct Filter<'a> {
    to: Option<&'a str>,
    from: Option<&'a str>,
    on: Option<Date>,
    not_before: Option<Date>,
    not_after: Option<Date>,
}

impl<'a> Filter<'a> {
    fn of(query: &'a Parameters) -> Result<Self, ApiError> {
        Ok(Self {
            to: query.filled("To"),
            from: query.filled("From"),
            on: day(query, "DateSent")?,
            not_before: day(query, "DateSent>")?,
            not_after: day(query, "DateSent<")?,
        })
    }

    fn takes(&self, message: &Message) -> bool {
        let sent = message
            .sent
            .map(|at| at.to_zoned_datetime(TimeZone::UTC).date());
        let dated = |wanted: Option<Date>, fits: fn(Date, Date) -> bool| {
            wanted.is_none_or(|wanted| sent.is_some_and(|sent| fits(sent, wanted)))
        };
        self.to.is_none_or(|to| to == message.to)
            && self.from.is_none_or(|from| from == message.from)
            && dated(self.on, |sent, on| sent == on)
            && dated(self.not_before, |sent, first| sent >= first)
            && dated(self.not_after, |sent, last| sent <= last)
    }
}

/// A day, or the day of an instant, which is what the SDKs send.
fn day(query: &Parameters, name: &str) -> Result<Option<Date>, ApiError> {
    let Some(text) = query.filled(name) else {
        return Ok(None);
    };
    let date = text.get(..10).and_then(|date| date.parse().ok());
    match date {
        Some(date) => Ok(Some(date)),
        None => Err(ApiError::bad(20001, format!("{name} {text} is not a date"))),
    }
}
