//! Screens in the frame that all have, and how they say times.

use std::sync::PoisonError;

use axum::response::IntoResponse;
use http::Uri;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::access::Session;
use super::answer::{HTML, unreadable};
use super::row::KINDS;
use super::{NAVIGATION, Page, assets, tail, templates};
use crate::domain::time_zone::TimeZone;

#[allow(unused_imports, reason = "for screens with forms")]
pub use super::answer::{Answer, Form, Problem, Query, see_other};

/// The most screens of which the last good view is kept.
const MOST_KEPT: usize = 64;

/// A screen as it was when all of it could be read.
pub struct LastGood {
    at: Timestamp,
    body: String,
}

/// An instant, for `{{ moment|time }}`.
#[derive(Debug, Clone, Serialize)]
pub struct Moment {
    pub iso: String,
    /// The time of day, and before that the day if it is not today.
    pub says: String,
    /// Day, time and zone.
    pub full: String,
}

impl Moment {
    pub fn new(at: Timestamp, zone: &TimeZone, now: Timestamp) -> Self {
        let (local, today) = (zone.at(at), zone.at(now).date());
        let form = match local.date() {
            date if date == today && now < at && local.second() == 0 => "%H:%M",
            date if date == today => "%H:%M:%S",
            date if date.year() == today.year() => "%a %d %b %H:%M",
            _ => "%Y-%m-%d %H:%M",
        };
        Self {
            iso: at.to_string(),
            says: local.strftime(form).to_string(),
            full: zone.show_seconds(at),
        }
    }
}

/// How long it was from one instant to another, in words: `9 s`, `12 min`, `3 h`, `2 days`.
pub fn lasted(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs().max(0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A name as a part of an address.
pub fn in_path(name: &str) -> impl std::fmt::Display {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC)
}

impl Page {
    /// A screen: a template with what it shows, in the frame that all have. If that could not be read, the
    /// screen as it was last with a word about it; if there is none, the problem.
    pub fn view(
        &self,
        session: &Session,
        uri: &Uri,
        (template, title): (&str, &str),
        shows: anyhow::Result<impl Serialize>,
    ) -> Answer {
        let now = self.now();
        let shown = session.shown(now);
        let key = format!("{} {} {uri}", session.id(), shown.numbers);
        let mut kept = self
            .last_good
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (body, stale) = match shows {
            Ok(shows) => {
                let body = templates::render(template, shows)?;
                if MOST_KEPT <= kept.len() && !kept.contains_key(&key) {
                    let oldest = kept.iter().min_by_key(|(_, kept)| kept.at);
                    let oldest = oldest.map(|(key, _)| key.clone());
                    oldest.map(|oldest| kept.remove(&oldest));
                }
                let good = LastGood {
                    at: now,
                    body: body.clone(),
                };
                kept.insert(key, good);
                (body, None)
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(error, "a screen of the page could not be made");
                match kept.get(&key) {
                    Some(good) => {
                        let at = Moment::new(good.at, &self.zone(), now).full;
                        (good.body.clone(), Some(at))
                    }
                    None => return Err(unreadable()),
                }
            }
        };
        drop(kept);
        let path = uri.path();
        let navigation = NAVIGATION
            .iter()
            .filter(|(.., dev)| !*dev || self.is_dev())
            .map(|(to, name, _)| {
                let current = if *to == "/" {
                    path == "/" || path.starts_with("/lines/")
                } else {
                    path.starts_with(to)
                };
                json!({ "to": to, "name": name, "current": current })
            });
        let page = templates::render(
            "base.html",
            json!({
                "title": title,
                "body": body,
                "stale": stale,
                "navigation": navigation.collect::<Vec<_>>(),
                "css": assets::css(),
                "js": assets::js(),
                "dev": self.is_dev(),
                "name": session.name(),
                "read_only": session.is_read_only(),
                "shows": shown.numbers,
                "back": uri.path_and_query().map(|path| path.as_str()),
                "until": session
                    .shows_until()
                    .map(|until| Moment::new(until, &self.zone(), now)),
                "from": tail::end(&self.audit()).ok().map(|end| end.to_string()),
                "kinds": KINDS.join(" "),
            }),
        )?;
        Ok(([HTML], page).into_response())
    }
}
