//! Answers to Twilio's webhooks in its XML.

/// "Nothing to do." The relay sends texts through the API, where they can be retried, never in
/// the answer to a webhook.
pub const EMPTY: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#;

pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// A text as it can stand inside a verb, or between quotes as an attribute, so that whoever reads
/// the XML gets the same text back: white space included, which readers would normalise otherwise
/// (XML 1.0, 2.11 and 3.3.3). Characters that XML cannot hold in any spelling (2.2), such as most
/// control characters, are left out.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_xml_is_escaped_and_what_it_cannot_hold_left_out() {
        assert_eq!(escape("a 🚐 €"), "a 🚐 €");
        assert_eq!(
            escape("<Say to=\"x\">Tom's & \r\n]]>"),
            "&lt;Say to=&quot;x&quot;&gt;Tom&apos;s &amp; &#13;&#10;]]&gt;"
        );
        assert_eq!(escape("a\0\u{1b}[31m\u{ffff}b"), "a[31mb");
    }
}
