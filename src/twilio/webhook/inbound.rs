//! The fields of an inbound text.
//!
//! Source: Twilio, "Twilio's request to your incoming message webhook URL". Fields get added to it
//! without notice, and most of them may be absent.

use std::net::IpAddr;

use http::Uri;
use http::uri::Scheme;

use super::{Refusal, Verified};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::sms::{InboundSms, Media};
use crate::domain::opt_out::OptOutType;
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::sms::MOST_MEDIA;
use crate::twilio::form::Form;

/// Understands a verified webhook as a text. A text is refused for lack of a name or of a line,
/// but not for anything else: it would be lost.
pub fn inbound(form: Verified<Form>) -> Result<Verified<InboundSms>, Refusal> {
    let to = form.get("To").unwrap_or_default();
    let (media, media_left_out) = media(&form);
    Ok(Verified(InboundSms {
        sid: message_sid(&form)?,
        from: Sender::parse(form.get("From").unwrap_or_default()),
        to: PhoneNumber::of_address(to).ok_or(Refusal::Incomplete("To"))?,
        place: place(form.filled("FromCity"), form.filled("FromState")),
        body: form.get("Body").unwrap_or_default().to_owned(),
        media,
        media_left_out,
        opt_out_type: form.get("OptOutType").and_then(opt_out_type),
    }))
}

/// What Twilio's "Advanced Opt-Out" took a text for, whatever words the account has chosen.
fn opt_out_type(name: &str) -> Option<OptOutType> {
    match name {
        "STOP" => Some(OptOutType::Stop),
        "START" => Some(OptOutType::Start),
        "HELP" => Some(OptOutType::Help),
        _ => None,
    }
}

/// The message's name, under any of the names that Twilio has given it over the years.
pub(super) fn message_sid(form: &Form) -> Result<MessageSid, Refusal> {
    ["MessageSid", "SmsSid", "SmsMessageSid"]
        .iter()
        .find_map(|name| form.filled(name))
        .and_then(|sid| MessageSid::parse(sid).ok())
        .ok_or(Refusal::Incomplete("MessageSid"))
}

/// The attachments that are there, whatever `NumMedia` says of them, and how many more there are
/// that cannot be passed on.
fn media(form: &Form) -> (Vec<Media>, usize) {
    let (fetchable, others): (Vec<_>, Vec<_>) = (0..MOST_MEDIA)
        .filter_map(|n| {
            let url = form.filled(&format!("MediaUrl{n}"))?;
            let content_type = form.get(&format!("MediaContentType{n}"));
            Some(Media {
                url: url.to_owned(),
                content_type: content_type.unwrap_or_default().to_owned(),
            })
        })
        .partition(|media| is_fetchable(&media.url));
    (fetchable, others.len())
}

/// Whether an attachment may be passed on. Twilio keeps them behind https; the one other address
/// that is let through is the sandbox's, on this machine.
pub fn is_fetchable(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let is_https = uri.scheme() == Some(&Scheme::HTTPS) && uri.host().is_some();
    is_https || (uri.scheme() == Some(&Scheme::HTTP) && is_of_this_machine(&uri))
}

/// Whether a URL leads to this machine, whatever a name server says.
pub fn is_of_this_machine(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    host == "localhost" || address.is_ok_and(|address: IpAddr| address.is_loopback())
}

/// `SAN DIEGO` and `CA` as people write it: `San Diego, CA`.
pub(super) fn place(city: Option<&str>, state: Option<&str>) -> Option<String> {
    let city = city.map(in_title_case);
    let state = state.map(|state| match state.chars().count() {
        0..=3 => state.to_owned(),
        _ => in_title_case(state),
    });
    match (city, state) {
        (Some(city), Some(state)) => Some(format!("{city}, {state}")),
        (city, state) => city.or(state),
    }
}

/// Capitals only at the beginning of words, unless the name has small letters already.
fn in_title_case(name: &str) -> String {
    if name.chars().any(char::is_lowercase) {
        return name.to_owned();
    }
    let mut title = String::with_capacity(name.len());
    let mut letters = name.chars().peekable();
    let mut before = ' ';
    while let Some(c) = letters.next() {
        let is_last = !letters.peek().is_some_and(|next| next.is_alphabetic());
        // The S of "MARTHA'S" is no beginning, the F of "O'FALLON" is.
        let is_within = before.is_alphabetic() || (before == '\'' && is_last);
        if is_within {
            title.extend(c.to_lowercase());
        } else {
            title.push(c);
        }
        before = c;
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_people_write_it() {
        let place = |city, state| place(Some(city), Some(state)).unwrap();
        assert_eq!(place("SAN DIEGO", "CA"), "San Diego, CA");
        assert_eq!(place("O'FALLON", "MO"), "O'Fallon, MO");
        assert_eq!(place("MARTHA'S VINEYARD", "MA"), "Martha's Vineyard, MA");
        assert_eq!(place("WINSTON-SALEM", "NC"), "Winston-Salem, NC");
        assert_eq!(place("McAllen", "TX"), "McAllen, TX");
        assert_eq!(place("SÃO PAULO", "SÃO PAULO"), "São Paulo, São Paulo");
    }

    #[test]
    fn what_twilio_took_a_text_for_is_known_by_its_name() {
        assert_eq!(opt_out_type("STOP"), Some(OptOutType::Stop));
        assert_eq!(opt_out_type("START"), Some(OptOutType::Start));
        assert_eq!(opt_out_type("HELP"), Some(OptOutType::Help));
        assert_eq!(opt_out_type("SOMETHING NEW"), None);
    }

    #[test]
    fn half_a_place_is_better_than_none() {
        assert_eq!(place(Some("SAN DIEGO"), None).as_deref(), Some("San Diego"));
        assert_eq!(place(None, Some("CA")).as_deref(), Some("CA"));
        assert_eq!(place(None, None), None);
    }

    #[test]
    fn attachments_come_over_https_or_from_this_machine() {
        for url in [
            "https://api.twilio.com/2010-04-01/Media/1",
            "http://127.0.0.1:4010/media/1",
            "http://localhost:4010/media/1",
            "http://[::1]:4010/media/1",
        ] {
            assert!(is_fetchable(url), "{url}");
        }
        for url in [
            "http://example.com/1",
            "http://127.0.0.1.example.com/1",
            "http://localhost@example.com/1",
            "ftp://127.0.0.1/1",
            "file:///etc/passwd",
            "/media/1",
            "",
        ] {
            assert!(!is_fetchable(url), "{url}");
        }
    }
}
