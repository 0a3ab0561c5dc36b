//! Use, alerts and rules about webhooks as Twilio shows them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::super::create::parsed;
use super::super::error::ApiError;
use super::super::list;
use super::shown::{iso, record};
use crate::sandbox::message::{API_PATH, API_VERSION};
use crate::sandbox::state::State;
use crate::sandbox::{PastAlert, Usage, WebhookRule};
use crate::twilio::form::Form;

/// The API of alerts.
const MONITOR: &str = "https://monitor.twilio.com/v1";

/// What was used of something in a time.
pub(super) struct UsageRecord {
    category: String,
    first: Date,
    last: Date,
    usage: Usage,
}

impl UsageRecord {
    /// The name by which a page begins after this record.
    pub fn id(&self) -> String {
        format!("{}{}", self.category, self.last)
    }

    /// Counts another day in.
    fn add(&mut self, day: Date, usage: &Usage) {
        self.first = self.first.min(day);
        self.last = self.last.max(day);
        let sum = |a: &str, b: &str| {
            let number = |text: &str| text.parse::<f64>().unwrap_or_default();
            // To thousandths, as prices of single texts are.
            (((number(a) + number(b)) * 1000.0).round() / 1000.0).to_string()
        };
        self.usage.count = sum(&self.usage.count, &usage.count);
        self.usage.usage = sum(&self.usage.usage, &usage.usage);
        self.usage.price = sum(&self.usage.price, &usage.price);
    }
}

impl State {
    /// The use that is wanted: newest days first, or the whole time by category.
    pub(super) fn usage(&self, daily: bool, query: &Form) -> Result<Vec<UsageRecord>, ApiError> {
        let (start, end) = (list::day(query, "StartDate")?, list::day(query, "EndDate")?);
        let category = query.filled("Category");
        let mut records = Vec::new();
        let mut whole: BTreeMap<&String, UsageRecord> = BTreeMap::new();
        let days = self.account.usage.iter().rev().filter(|(day, _)| {
            start.is_none_or(|start| start <= **day) && end.is_none_or(|end| **day <= end)
        });
        for (day, by_category) in days {
            for (name, usage) in by_category {
                if category.is_some_and(|wanted| wanted != name) {
                    continue;
                }
                if !daily && let Some(record) = whole.get_mut(name) {
                    record.add(*day, usage);
                    continue;
                }
                let record = UsageRecord {
                    category: name.clone(),
                    first: *day,
                    last: *day,
                    usage: usage.clone(),
                };
                if daily {
                    records.push(record);
                } else {
                    whole.insert(name, record);
                }
            }
        }
        records.extend(whole.into_values());
        Ok(records)
    }

    pub(super) fn usage_json(&self, of: &UsageRecord) -> Value {
        let path = format!("{API_PATH}/{}/Usage/Records", self.account_sid);
        let category = &of.category;
        let more = json!({
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "as_of": iso(self.now),
            "category": category,
            "start_date": of.first,
            "end_date": of.last,
            "price_unit": self.account.currency.to_lowercase(),
            "subresource_uris": {
                "daily": format!("{path}/Daily.json?Category={category}"),
            },
            "uri": format!(
                "{path}.json?Category={category}&StartDate={}&EndDate={}",
                of.first, of.last
            ),
        });
        record(&of.usage, more)
    }

    /// What went wrong in the last thirty days and is wanted, newest first.
    pub(super) fn wanted_alerts(&self, query: &Form) -> Result<Vec<(String, PastAlert)>, ApiError> {
        let level = query.filled("LogLevel");
        let instant = |name| parsed(query, name, "a date", instant);
        let (start, end) = (instant("StartDate")?, instant("EndDate")?);
        let oldest = self.now - (30 * 24).hours();
        let mut alerts = self.past_alerts();
        alerts.retain(|(_, alert)| {
            level.is_none_or(|level| level == alert.log_level)
                && oldest <= alert.at
                && start.is_none_or(|start| start <= alert.at)
                && end.is_none_or(|end| alert.at <= end)
        });
        Ok(alerts)
    }

    /// Everything that went wrong, newest first, by SID.
    pub(super) fn past_alerts(&self) -> Vec<(String, PastAlert)> {
        let own = self.outbox.alerts.iter().rev();
        let own = own.map(|alert| (alert.sid.clone(), PastAlert::from(alert)));
        let set = self.account.alerts.iter();
        let set = set.map(|(sid, alert)| (sid.clone(), alert.clone()));
        let mut all: Vec<_> = own.chain(set).collect();
        all.sort_by_key(|(_, alert)| std::cmp::Reverse(alert.at));
        all
    }

    /// As a list has it: without what was sent and answered.
    pub(super) fn alert_json(&self, sid: &str, alert: &PastAlert) -> Value {
        let at = iso(alert.at);
        json!({
            "sid": sid,
            "account_sid": self.account_sid,
            "alert_text": alert.alert_text,
            "api_version": API_VERSION,
            "date_created": at,
            "date_generated": at,
            "date_updated": at,
            "error_code": alert.error_code.to_string(),
            "log_level": alert.log_level,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", alert.error_code),
            "request_method": alert.request_method,
            "request_url": alert.request_url,
            "resource_sid": alert.resource_sid,
            "service_sid": alert.service_sid,
            "url": format!("{MONITOR}/Alerts/{sid}"),
        })
    }

    /// The sandbox keeps nothing of what was sent and answered.
    pub(super) fn single_alert_json(&self, sid: &str, alert: &PastAlert) -> Value {
        let more = json!({
            "request_headers": null,
            "request_variables": "",
            "response_body": "",
            "response_headers": null,
        });
        record(self.alert_json(sid, alert), more)
    }

    /// The rules, with a token for the next page instead of its address.
    pub(super) fn rules_json(&self, query: &Form) -> Result<Value, ApiError> {
        let size = parsed(query, "PageSize", "a number", |text| text.parse().ok())?;
        let size: usize = size.unwrap_or(50_usize).clamp(1, 1000);
        let after = query.filled("PageToken").or(query.filled("pageToken"));
        let rules = self.account.webhook_rules.iter();
        let rest = rules.filter(|(id, _)| after.is_none_or(|after| after < id.as_str()));
        let rest: Vec<_> = rest.collect();
        let shown = &rest[..size.min(rest.len())];
        let more = shown.last().filter(|_| shown.len() < rest.len());
        let rules = shown.iter().map(|(id, rule)| self.rule_json(id, rule));
        Ok(json!({
            "rules": rules.collect::<Vec<_>>(),
            "meta": {
                "key": "rules",
                "pageSize": size,
                "nextToken": more.map(|(id, _)| id),
                "previousToken": null,
            },
        }))
    }

    pub(super) fn rule_json(&self, id: &str, rule: &WebhookRule) -> Value {
        let opened = self.opened_v1();
        record(
            rule,
            json!({ "id": id, "createdAt": opened, "updatedAt": opened }),
        )
    }
}

/// An instant, or the beginning of a day in GMT.
fn instant(text: &str) -> Option<Timestamp> {
    let day = || {
        let day: Date = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
    };
    text.parse().ok().or_else(day)
}
