//! How a text's sender and content are said to people.

use crate::domain::inbound::sms::{InboundSms, Media};
use crate::domain::phone::Sender;

pub(crate) fn who(sender: &Sender) -> &str {
    match sender.expose() {
        "" => "Unknown sender",
        name => name,
    }
}

/// The words, or what came instead of them; and what of it is missing.
pub fn what(sms: &InboundSms) -> String {
    let left_out = match sms.media_left_out {
        0 => String::new(),
        count => cannot_be_passed_on(count),
    };
    let came = inventory(&sms.media);
    match (sms.body.trim(), came.as_str(), left_out.as_str()) {
        ("", "", "") => "(empty text)".to_owned(),
        ("", came, "") => format!("({came})"),
        ("", "", left_out) => format!("({left_out})"),
        ("", came, left_out) => format!("({came}; {left_out})"),
        (_, _, "") => sms.body.clone(),
        (_, _, left_out) => format!("{}\n({left_out})", sms.body),
    }
}

/// What came with a text, if that is all of so many attachments.
pub fn attached(sms: &InboundSms, attachments: usize) -> String {
    if sms.media.len() == attachments {
        inventory(&sms.media)
    } else {
        String::new()
    }
}

pub(crate) fn cannot_be_passed_on(attachments: usize) -> String {
    match attachments {
        1 => "1 attachment could not be passed on".to_owned(),
        count => format!("{count} attachments could not be passed on"),
    }
}

/// Such as `2 photos, 1 contact`, in the order in which they came.
pub(crate) fn inventory(media: &[Media]) -> String {
    let mut counts: Vec<(Kind, usize)> = Vec::new();
    for kind in media.iter().map(|m| kind(&m.content_type)) {
        match counts.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((kind, 1)),
        }
    }
    let items = counts.into_iter().map(|((one, many), count)| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    });
    items.collect::<Vec<_>>().join(", ")
}

/// What people call it, one and many.
pub(crate) type Kind = (&'static str, &'static str);

/// Source of the types: Twilio, "Accepted content types for media".
pub(crate) fn kind(content_type: &str) -> Kind {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match essence.split_once('/').unwrap_or_default() {
        ("image", _) => ("photo", "photos"),
        ("video", _) => ("video", "videos"),
        ("audio", _) => ("recording", "recordings"),
        ("text", "vcard" | "x-vcard" | "directory") => ("contact", "contacts"),
        ("text", "calendar") => ("appointment", "appointments"),
        _ => ("file", "files"),
    }
}
