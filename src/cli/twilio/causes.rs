//! Why a signature may not fit: the usual mistakes are tried, and the one that makes it fit is
//! named. The signature that would be right is never told, since it is all that a forger needs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Content, with_digest};
use crate::domain::credentials::Secret;
use crate::twilio::form::Form;
use crate::twilio::signature::{self, Signed};

/// The length of an HMAC-SHA1.
const BYTES: usize = 20;

/// What makes the signature fit; if nothing does, what remains to be looked at.
pub(super) fn of(tokens: &[Secret], given: &str, url: &str, content: &Content) -> Vec<String> {
    let given = given.trim();
    let decoded = STANDARD.decode(given).map(|bytes| bytes.len());
    if decoded != Ok(BYTES) {
        return vec![
            "this is not a whole signature, which is 28 characters of base64 that end in =; copy \
             the header X-Twilio-Signature again"
                .to_owned(),
        ];
    }
    let fits = |url: &str, signed: Signed| signature::verify(tokens, given, url, signed);
    if fits(url, content.signed()) {
        return vec!["it fits without the white space around the signature".to_owned()];
    }
    let urls = other_urls(url).into_iter();
    let urls = urls.filter(|(other, _)| fits(other, content.signed()));
    let in_console = "public_url and the URL in Twilio's console must be the same";
    let urls = urls.map(|(_, how)| format!("it fits {how}; {in_console}"));
    let mut causes: Vec<String> = urls.collect();
    let no_fields = Form::from_fields::<&str, &str>([]);
    let is_url_alone = fits(url, Signed::Form(&no_fields));
    match content {
        Content::Form(_) if is_url_alone => causes.push(
            "it fits without any field: the request was a GET, or the body belongs to another \
             request; let Twilio call with POST"
                .to_owned(),
        ),
        Content::Form(form) => {
            causes.extend(other_forms(form, |form| fits(url, Signed::Form(form))))
        }
        Content::Raw(body) => {
            if fits(&with_digest(url, body), content.signed()) {
                causes
                    .push("it fits with bodySHA256 in the URL; Twilio adds it, keep it".to_owned());
            } else if Form::parse(body).is_ok_and(|form| fits(url, Signed::Form(&form))) {
                causes.push("it fits if the body is a form".to_owned());
            }
            if is_url_alone {
                causes.push(
                    "the URL is signed, but the body is not the one whose digest is in bodySHA256; \
                     something on the way changed it"
                        .to_owned(),
                );
            }
        }
    }
    if causes.is_empty() {
        causes.extend(to_look_at(content));
    }
    causes
}

/// Other ways in which the URL may have been signed.
fn other_urls(url: &str) -> Vec<(String, &'static str)> {
    let mut others = Vec::new();
    if let Some(rest) = url.strip_prefix("https:") {
        others.push((format!("http:{rest}"), "with http instead of https"));
    } else if let Some(rest) = url.strip_prefix("http:") {
        others.push((format!("https:{rest}"), "with https instead of http"));
    }
    let (before, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    match before.strip_suffix('/') {
        Some(bare) => others.push((format!("{bare}{query}"), "without the slash at its end")),
        None => others.push((format!("{before}/{query}"), "with a slash at its end")),
    }
    if !query.is_empty() {
        others.push((before.to_owned(), "without the query"));
    }
    if let Some((without, _)) = url.split_once('#') {
        let how = "without the part after #, which is never sent";
        others.push((without.to_owned(), how));
    }
    others
}

/// What may have happened to a value on the way.
type Change = fn(&str) -> String;

const CHANGES: [(Change, &str); 4] = [
    (
        |value| value.replace(' ', "+"),
        "its spaces were plus signs: a + in a form's value is written %2B",
    ),
    (
        |value| value.trim().to_owned(),
        "it had no white space around it",
    ),
    (
        |value| value.replace('\n', "\r\n"),
        "its lines ended in CR LF",
    ),
    (|_| String::new(), "it was empty"),
];

/// Which field is not as it was signed.
fn other_forms(form: &Form, fits: impl Fn(&Form) -> bool) -> Vec<String> {
    let fields: Vec<(&str, String)> = form
        .fields()
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    let mut causes = Vec::new();
    for (at, (name, value)) in fields.iter().enumerate() {
        let mut others = fields.clone();
        others.remove(at);
        if fits(&Form::from_fields(others)) {
            causes.push(format!(
                "it fits without {name}: Twilio did not send that field"
            ));
        }
        let change = CHANGES.iter().find(|(change, _)| {
            let mut changed = fields.clone();
            changed[at].1 = change(value);
            fits(&Form::from_fields(changed))
        });
        causes.extend(change.map(|(_, what)| format!("it fits if {what} ({name})")));
    }
    causes
}

fn to_look_at(content: &Content) -> [String; 3] {
    [
        "the auth token may be another one: of another account or subaccount, or of before a \
         rotation; Twilio signs with the primary token, never with an API key's secret"
            .to_owned(),
        "the URL may be another one: it must be the one in Twilio's console, letter by letter, with \
         its scheme, host, path and query; behind a proxy it is not the one the server sees"
            .to_owned(),
        match content {
            Content::Form(form) => format!(
                "a field may be missing or changed: {} were given, and all that Twilio sent must \
                 be there, empty ones and unknown ones, too",
                form.fields().count()
            ),
            Content::Raw(_) => {
                "the body may have been changed on the way: its digest stands in bodySHA256".into()
            }
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://relay.example.com/twilio/sms";
    const FIELDS: [(&str, &str); 3] = [("Body", "a b"), ("From", "+18585550107"), ("Place", "")];

    fn token() -> Secret {
        Secret::new("12345")
    }

    /// What is said of a signature over `url` and `fields` by somebody who expects the usual ones.
    fn said(url: &str, fields: &[(&str, &str)]) -> String {
        let signed = Form::from_fields(fields.iter().copied());
        let given = signature::sign(&token(), url, Signed::Form(&signed));
        let content = Content::Form(Form::from_fields(FIELDS));
        let causes = of(&[token()], &given, URL, &content).join("\n");
        let right = signature::sign(&token(), URL, content.signed());
        assert!(
            !causes.contains(&right),
            "the right signature is told: {causes}"
        );
        causes
    }

    #[test]
    fn the_mistake_that_was_made_is_named() {
        for (url, expected) in [
            (
                "http://relay.example.com/twilio/sms",
                "with http instead of https",
            ),
            (
                "https://relay.example.com/twilio/sms/",
                "with a slash at its end",
            ),
        ] {
            assert!(
                said(url, &FIELDS).contains(expected),
                "{}",
                said(url, &FIELDS)
            );
        }
        let body = |value| [("Body", value), FIELDS[1], FIELDS[2]];
        assert!(said(URL, &FIELDS[..2]).contains("it fits without Place"));
        assert!(said(URL, &[]).contains("the request was a GET"));
        assert!(said(URL, &body("a+b")).contains("its spaces were plus signs"));
        assert!(said(URL, &body("")).contains("it was empty (Body)"));
    }

    #[test]
    fn the_url_that_was_given_is_tried_without_its_ornaments() {
        let content = Content::Form(Form::from_fields(FIELDS));
        let given = signature::sign(&token(), URL, content.signed());
        for (ornament, expected) in [
            (
                "https://relay.example.com/twilio/sms?a=b",
                "without the query",
            ),
            ("https://relay.example.com/twilio/sms/", "without the slash"),
            (
                "https://relay.example.com/twilio/sms#rc=3",
                "without the part after #",
            ),
        ] {
            let causes = of(&[token()], &given, ornament, &content).join("\n");
            assert!(causes.contains(expected), "{ornament}: {causes}");
        }
    }

    #[test]
    fn what_is_no_signature_is_told_first() {
        let content = Content::Form(Form::from_fields(FIELDS));
        for given in ["", "no", "RSOYDt4T1cUTdK1PDd93", "%%%"] {
            let causes = of(&[token()], given, URL, &content);
            assert!(
                causes[0].starts_with("this is not a whole signature"),
                "{causes:?}"
            );
        }
    }

    #[test]
    fn without_a_known_mistake_there_is_a_list_of_what_to_look_at() {
        let said = said("https://other.example.com/", &[("Body", "other")]);
        assert!(said.contains("the auth token may be another one"), "{said}");
        assert!(said.contains("3 were given"), "{said}");
    }

    #[test]
    fn a_json_body_that_was_changed_is_told_from_a_missing_digest() {
        let token = [token()];
        let body = br#"{"a":1}"#.to_vec();
        let url = with_digest(URL, &body);
        let given = signature::sign(&token[0], &url, Signed::Raw(&body));
        let missing = of(&token, &given, URL, &Content::Raw(body));
        assert!(
            missing[0].contains("with bodySHA256 in the URL"),
            "{missing:?}"
        );
        let changed = of(&token, &given, &url, &Content::Raw(b"{}".to_vec()));
        assert!(
            changed[0].contains("something on the way changed it"),
            "{changed:?}"
        );
    }
}
