use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::create::parsed;
use super::error::ApiError;
use crate::sandbox::Message;
use crate::sandbox::state::State;
use crate::twilio::form::Form;

/// Twilio's page size where the request says none, and its largest.
const PAGE_SIZE: usize = 50;
const LARGEST_PAGE: usize = 1000;

impl State {
    /// A page of messages, newest first.
    pub(super) fn list(&self, path: &str, query: &Form) -> Result<Value, ApiError> {
        let matching = self.matching(query)?;
        let sid = |message: &&Message| message.sid.to_string();
        let json = |message: &&Message| message.json(&self.account_sid);
        page(path, query, "messages", &matching, sid, json)
    }

    /// The messages that are wanted. Dates are days in GMT, both ends included; a message that was
    /// not sent yet has no such date and matches none.
    fn matching(&self, query: &Form) -> Result<Vec<&Message>, ApiError> {
        let day = |name| day(query, name);
        let (on, first, last) = (day("DateSent")?, day("DateSent>")?, day("DateSent<")?);
        let is = |name, value: &str| query.filled(name).is_none_or(|wanted| wanted == value);
        let matching = self.messages.all().rev().filter(|message| {
            let sent = message.sent.map(|at| TimeZone::UTC.to_datetime(at).date());
            is("To", &message.to)
                && is("From", &message.from)
                && (on.is_none() || sent == on)
                && first.is_none_or(|first| sent.is_some_and(|sent| sent >= first))
                && last.is_none_or(|last| sent.is_some_and(|sent| sent <= last))
        });
        Ok(matching.collect())
    }
}

/// The part of a list that a request asks for.
struct Part<'a, T> {
    shown: &'a [T],
    /// Places in the list.
    start: usize,
    end: usize,
    is_last: bool,
    page: usize,
    page_size: usize,
    /// Names the last record of this page.
    token: Option<String>,
}

impl<'a, T> Part<'a, T> {
    fn of(query: &Form, list: &'a [T], sid: impl Fn(&T) -> String) -> Result<Self, ApiError> {
        let number = |of| parsed(query, of, "a number", |text| text.parse().ok());
        let page_size: usize = number("PageSize")?.unwrap_or(PAGE_SIZE);
        let page_size = page_size.clamp(1, LARGEST_PAGE);
        let page = number("Page")?.unwrap_or(0);
        // The token names the last record of the page before, so that what is created meanwhile
        // moves nothing from one page to the other.
        let start = match query.filled("PageToken").and_then(|t| t.strip_prefix("PA")) {
            Some(last) => {
                let at = list.iter().position(|one| sid(one) == last);
                at.map_or(list.len(), |at| at + 1)
            }
            None => (page * page_size).min(list.len()),
        };
        let end = (start + page_size).min(list.len());
        let shown = &list[start..end];
        Ok(Self {
            shown,
            start,
            end,
            is_last: end == list.len(),
            page,
            page_size,
            token: shown.last().map(|one| format!("PA{}", sid(one))),
        })
    }

    /// Where a page is, with the request's filters.
    fn address(&self, at: &str, query: &Form, page: usize, token: Option<&String>) -> String {
        let filters = query.fields();
        let ours = ["Page", "PageSize", "PageToken"];
        let mut uri = form_urlencoded::Serializer::new(String::new());
        uri.extend_pairs(filters.filter(|(name, _)| !ours.contains(name)))
            .append_pair("PageSize", &self.page_size.to_string())
            .append_pair("Page", &page.to_string())
            .extend_pairs(token.map(|token| ("PageToken", token)));
        format!("{at}?{}", uri.finish())
    }
}

/// A page of what a list has.
pub(super) fn page<T>(
    path: &str,
    query: &Form,
    name: &str,
    matching: &[T],
    sid: impl Fn(&T) -> String,
    json: impl Fn(&T) -> Value,
) -> Result<Value, ApiError> {
    let part = Part::of(query, matching, sid)?;
    let uri = |page, token| part.address(path, query, page, token);
    Ok(json!({
        "end": part.end.saturating_sub(1),
        "first_page_uri": uri(0, None),
        name: part.shown.iter().map(json).collect::<Vec<_>>(),
        "next_page_uri": (!part.is_last).then(|| uri(part.page + 1, part.token.as_ref())),
        "page": part.page,
        "page_size": part.page_size,
        "previous_page_uri": (part.page > 0).then(|| uri(part.page - 1, None)),
        "start": part.start,
        "uri": uri(part.page, None),
    }))
}

/// The same as the newer APIs have it: with whole addresses, about which `meta` tells.
pub(super) fn meta_page<T>(
    url: &str,
    query: &Form,
    name: &str,
    matching: &[T],
    sid: impl Fn(&T) -> String,
    json: impl Fn(&T) -> Value,
) -> Result<Value, ApiError> {
    let part = Part::of(query, matching, sid)?;
    let address = |page, token| part.address(url, query, page, token);
    Ok(json!({
        name: part.shown.iter().map(json).collect::<Vec<_>>(),
        "meta": {
            "key": name,
            "page": part.page,
            "page_size": part.page_size,
            "first_page_url": address(0, None),
            "previous_page_url": (part.page > 0).then(|| address(part.page - 1, None)),
            "next_page_url": (!part.is_last).then(|| address(part.page + 1, part.token.as_ref())),
            "url": address(part.page, None),
        },
    }))
}

/// A day, or the day of an instant, which is what the SDKs send.
pub(super) fn day(query: &Form, name: &str) -> Result<Option<Date>, ApiError> {
    let day = |text: &str| text.get(..10)?.parse::<Date>().ok();
    parsed(query, name, "a date", day)
}

/// A list that is never longer than a page.
pub(super) fn single_page(path: &str, name: &str, records: impl Iterator<Item = Value>) -> Value {
    let records: Vec<Value> = records.collect();
    json!({
        "end": records.len().saturating_sub(1),
        "first_page_uri": path,
        name: records,
        "next_page_uri": null,
        "page": 0,
        "page_size": PAGE_SIZE,
        "previous_page_uri": null,
        "start": 0,
        "uri": path,
    })
}
