//! Single values of a configuration. An error is a sentence: what is wrong, what to write instead.
//! None of them repeats a number or a URL, since error messages end up in logs.

use jiff::tz::TimeZoneDatabase;

use super::entries::nearest;
use crate::domain::line::pin::Pin;
use crate::domain::line::{Hours, Window};
use crate::domain::phone::{Country, PhoneNumber};
use crate::domain::time_zone::TimeZone;

const LONGEST_NAME: usize = 40;

pub(super) fn name(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("the name is empty; write one".to_owned());
    }
    if text.trim() != text {
        return Err(format!(
            "the name has spaces around it; write {:?}",
            text.trim()
        ));
    }
    if text.chars().any(char::is_control) {
        return Err("the name has control characters in it; write it without".to_owned());
    }
    if text.chars().count() > LONGEST_NAME {
        return Err(format!(
            "the name is too long; write at most {LONGEST_NAME} characters, since it stands in \
             texts"
        ));
    }
    Ok(text.to_owned())
}

pub(super) fn country(code: &str) -> Result<Country, String> {
    let upper = code.to_uppercase();
    let meant = match upper.as_str() {
        "UK" => "GB",
        "USA" | "UNITED STATES" => "US",
        other => other,
    };
    match Country::parse(meant) {
        Some(country) if meant == code => Ok(country),
        Some(_) => Err(format!("{code:?} is no country's code; write {meant:?}")),
        None => Err(format!(
            "{code:?} is no country's code; write its two letters by ISO 3166-1, such as \"US\", \
             \"MX\" or \"GB\""
        )),
    }
}

/// `None` if the country would have to be known, but is among the mistakes itself.
pub(super) fn number(text: &str, country: Option<Country>) -> Result<Option<PhoneNumber>, String> {
    let Some(country) = country else {
        return Ok(PhoneNumber::parse(text).ok());
    };
    country.read(text).map(Some).map_err(|_| {
        let code = country.code();
        let (as_there, everywhere) = country.example().map_or_else(
            || (String::new(), "+16195550110".to_owned()),
            |example| {
                let as_there = format!(" ({:?})", country.write(&example));
                (as_there, example.expose().to_owned())
            },
        );
        format!(
            "this is not a phone number of {code}; write it with its area code, as people in \
             {code} do{as_there}, or in international form ({everywhere:?})"
        )
    })
}

pub(super) fn time_zone(name: &str) -> Result<TimeZone, String> {
    let wrong = |advice: String| Err(format!("{name:?} is no time zone; {advice}"));
    match TimeZone::named(name) {
        // "EST" and its like are fixed offsets, of old, and know no daylight saving.
        Ok(zone) if !zone.name().contains('/') && zone.name() != "UTC" => wrong(
            "it is the name of an offset; write a place, such as \"America/New_York\"".to_owned(),
        ),
        Ok(zone) if zone.name() == name => Ok(zone),
        Ok(zone) => wrong(format!("write {:?}", zone.name())),
        Err(_) => wrong(match zones_like(name) {
            Some(meant) => format!("did you mean {meant:?}?"),
            None => "write the IANA name of a place, such as \"America/Los_Angeles\"".to_owned(),
        }),
    }
}

/// The zone that was probably meant: by its whole name, or by its city's.
fn zones_like(name: &str) -> Option<String> {
    let wanted = name.trim().replace(' ', "_");
    let zones: Vec<String> = TimeZoneDatabase::bundled()
        .available()
        .map(|zone| zone.as_str().to_owned())
        .filter(|zone| zone.contains('/') && !zone.starts_with("Etc/"))
        .collect();
    let city = |zone: &str| zone.rsplit('/').next().unwrap_or_default().to_lowercase();
    let wanted_city = city(&wanted);
    let same_city = zones.iter().find(|zone| city(zone) == wanted_city);
    same_city
        .map(String::as_str)
        .or_else(|| nearest(&wanted, zones.iter().map(String::as_str)))
        .map(str::to_owned)
}

pub(super) fn public_url(url: &str) -> Result<String, String> {
    const EXAMPLE: &str = "such as \"https://relay.example.com\"";
    let no = |message: &str| Err(format!("{message}, {EXAMPLE}"));
    let parsed = match url.parse::<http::Uri>() {
        Ok(parsed) => parsed,
        Err(_) => return no("this is not a URL; write what Twilio calls"),
    };
    match parsed.scheme_str() {
        Some("https" | "http") => {}
        _ => return no("the URL must begin with https:// or http://; write it in full"),
    }
    let Some(authority) = parsed.authority().filter(|a| !a.host().is_empty()) else {
        return no("the URL has no host; write it in full");
    };
    if authority.as_str().contains('@') {
        return no("the URL has a user or password in it; write it without, Twilio signs instead");
    }
    // An IPv6 address has its own colons within brackets.
    let after_host = authority.as_str().rsplit(']').next();
    let port = after_host.and_then(|rest| rest.split_once(':'));
    if port.is_some_and(|(_, port)| !matches!(port.parse::<u16>(), Ok(1..))) {
        return no("the URL's port is no number from 1 to 65535; write another or none");
    }
    // The parser drops a fragment without a word.
    if parsed.query().is_some() || url.contains('#') {
        return no("the URL has a query or fragment; write only what the paths are added to");
    }
    Ok(url.trim_end_matches('/').to_owned())
}

pub(super) fn pin(text: &str) -> Result<Pin, String> {
    Pin::parse(text).map_err(|bad| format!("{bad}; write one such as \"4711\", in quotes"))
}

pub(super) fn hours_word(word: &str) -> Result<Hours, String> {
    match word {
        "always" => Ok(Hours::Always),
        "never" => Ok(Hours::Never),
        other => Err(match Window::parse(other) {
            Ok(window) => format!("a window stands in a list; write hours = [\"{window}\"]"),
            Err(_) => format!(
                "{other:?} is no hours; write \"always\", \"never\" or a list such as \
                 [\"Mon-Fri 08:00-18:00\"]"
            ),
        }),
    }
}
