//! Where Twilio's libraries and the relay differ, and why that does no harm. Each has a test of its
//! own, which fails when a library changes its mind.

use std::collections::HashSet;

use relay::twilio::form::{BadForm, Form};

use super::requests::{Request, sha256};
use super::{Answer, Case, Language, ask};

/// A field that stands in the form twice. The libraries sign each of its values once, so that a
/// copy of a field goes unnoticed; what is read of the two is then a matter of taste. Twilio sends
/// no field twice, and the relay refuses it.
pub const TWICE: &str = "a field twice";
/// Bytes that are no UTF-8. The libraries put U+FFFD in their place, so that a signature over that
/// character fits several bodies; the relay refuses them.
pub const NOT_UTF8: &str = "not UTF-8";
/// URLs that Python's library writes in its own way before it checks them: the scheme in small
/// letters, and without a question mark, number sign or semicolon at the end of its part.
pub const REWRITTEN: &str = "URLs that Python rewrites";
/// Ports that Python's library cannot take away: behind a password or an IPv6 address it cuts the
/// host at the wrong colon, and it fails at what is no number.
pub const PORTS: &str = "ports that Python does not find";
/// Node's library also tries the URL as browsers would write it, for servers that get it rewritten
/// by others. The relay knows what Twilio called, byte by byte.
pub const NORMALISED: &str = "URLs that Node normalises";
/// Node sorts fields by UTF-16, Python and the relay by code points. Twilio's names are ASCII.
pub const SORTED: &str = "names beyond U+FFFF";
/// Python takes the first digest that is not empty, Node and the relay take the first.
pub const DIGESTS: &str = "several digests";

/// Why the verdicts may differ, if there is a reason.
pub fn reason(language: Language, case: &Case, we_accept: bool) -> Option<&'static str> {
    let got = &case.got;
    if !we_accept && got.form {
        match Form::parse(got.body.as_bytes()) {
            Err(BadForm::Repeated) => return Some(TWICE),
            Err(BadForm::NotUtf8) => return Some(NOT_UTF8),
            _ => {}
        }
    }
    match language {
        Language::Python if is_rewritten_by_python(&got.url) => Some(REWRITTEN),
        Language::Python if we_accept && hides_its_port_from_python(&got.url) => Some(PORTS),
        Language::Python if !we_accept && got.url.matches("bodySHA256=").count() > 1 => {
            Some(DIGESTS)
        }
        Language::Node if we_accept && got.body.contains("%F0%9F") => Some(SORTED),
        Language::Node if !we_accept && is_normalised_by_node(got) => Some(NORMALISED),
        _ => None,
    }
}

fn is_rewritten_by_python(url: &str) -> bool {
    let (without_fragment, fragment) = match url.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment)),
        None => (url, None),
    };
    let (path, query) = match without_fragment.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (without_fragment, None),
    };
    let scheme = path.split("://").next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    scheme.contains(|c: char| c.is_ascii_uppercase())
        || query == Some("")
        || fragment == Some("")
        || last.find(';').is_some_and(|at| at + 1 == last.len())
}

fn hides_its_port_from_python(url: &str) -> bool {
    let rest = url.split("://").nth(1).unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (before, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    before.contains(':') || port.parse::<u16>().is_err()
}

fn is_normalised_by_node(got: &Request) -> bool {
    let Ok(url) = reqwest::Url::parse(&got.url) else {
        return false;
    };
    let query = got.url.split_once('?').map_or("", |(_, query)| query);
    url.as_str() != got.url || !is_kept_by_node(query)
}

/// Whether the query is the same after Node has read its pairs and written them again: each with
/// its sign, those of one name together, names that are numbers first.
fn is_kept_by_node(query: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()=&".contains(c);
    let mut names = HashSet::new();
    let pairs: Option<Vec<_>> = query.split('&').map(|pair| pair.split_once('=')).collect();
    let is_kept = |pairs: Vec<(&str, _)>| {
        let number = |name: &str| name.starts_with(|c: char| c.is_ascii_digit());
        (pairs.iter()).all(|(name, _)| !number(name) && names.insert(name.to_string()))
    };
    query.is_empty() || query.chars().all(plain) && pairs.is_some_and(is_kept)
}

/// What Python's library, Node's and the relay say of a request that was signed as another.
fn verdicts(signed: &Request, got: &Request) -> [bool; 3] {
    let case = || Case {
        number: 0,
        sent: signed.clone(),
        got: got.clone(),
        signature: signed.signature(),
        change: "by hand",
    };
    let [python, node] = [
        (Language::Python, "signatures.py"),
        (Language::Node, "signatures.js"),
    ]
    .map(|(language, program)| {
        let mut accepts = None;
        let cases = std::iter::once_with(case);
        ask(language, program, cases, |case: Case, answer: Answer| {
            accepts = Some(answer.accepts);
            let ours = case.got.is_accepted(&case.signature);
            if ours != answer.accepts {
                let reason = reason(language, &case, ours);
                assert!(reason.is_some(), "{language:?} differs for no reason");
            }
        });
        accepts.expect("it was asked")
    });
    [python, node, got.is_accepted(&signed.signature())]
}

fn form(url: &str, body: &str) -> Request {
    Request {
        token: "12345".to_owned(),
        url: url.to_owned(),
        form: true,
        body: body.to_owned(),
    }
}

const URL: &str = "https://relay.example.com/twilio/sms";

#[test]
fn a_field_that_came_twice_is_refused_by_the_relay_alone() {
    let signed = form(URL, "Body=a&From=b");
    let verdicts = verdicts(&signed, &form(URL, "Body=a&From=b&Body=a"));
    assert_eq!(verdicts, [true, true, false], "{TWICE}");
}

#[test]
fn bytes_that_are_no_text_are_refused_by_the_relay_alone() {
    let signed = form(URL, "Body=%EF%BF%BD");
    let verdicts = verdicts(&signed, &form(URL, "Body=%FF"));
    assert_eq!(verdicts, [true, true, false], "{NOT_UTF8}");
}

#[test]
fn python_refuses_urls_that_it_rewrites() {
    for url in [
        "HTTPS://relay.example.com/twilio/sms",
        "https://relay.example.com/twilio/sms?",
        "https://relay.example.com/twilio/sms#",
        "https://relay.example.com/twilio/sms;",
    ] {
        let request = form(url, "Body=a");
        assert_eq!(
            verdicts(&request, &request),
            [false, true, true],
            "{REWRITTEN}: {url}"
        );
    }
}

#[test]
fn python_cannot_take_away_a_port_behind_other_colons() {
    for (without, with) in [
        (
            "https://me:pw@a.example/sms",
            "https://me:pw@a.example:8443/sms",
        ),
        (
            "https://[2001:db8::1]/sms",
            "https://[2001:db8::1]:8443/sms",
        ),
        ("https://a.example/sms", "https://a.example:8x43/sms"),
    ] {
        let verdicts = verdicts(&form(without, "Body=a"), &form(with, "Body=a"));
        assert!(!verdicts[0] && verdicts[2], "{PORTS}: {with} {verdicts:?}");
    }
}

#[test]
fn node_accepts_urls_that_were_signed_as_browsers_write_them() {
    for (browsers, as_it_came) in [
        ("https://a.example/", "https://a.example"),
        ("https://a.example/sms", "https://A.example/sms"),
        ("https://a.example/sms", "https://a.example/x/../sms"),
        ("https://a.example/sms?a=%27", "https://a.example/sms?a='"),
        ("https://a.example/sms?a=%40", "https://a.example/sms?a=@"),
        ("https://a.example/sms?a=", "https://a.example/sms?a"),
    ] {
        let verdicts = verdicts(&form(browsers, "Body=a"), &form(as_it_came, "Body=a"));
        assert_eq!(verdicts, [false, true, false], "{NORMALISED}: {as_it_came}");
    }
}

#[test]
fn node_sorts_names_beyond_the_ffff_first() {
    let request = form(URL, "%EF%BC%A1=1&%F0%9F%9A%90=2");
    assert_eq!(
        verdicts(&request, &request),
        [true, false, true],
        "{SORTED}"
    );
}

#[test]
fn an_empty_digest_before_the_right_one_is_overlooked_by_python_alone() {
    let body = "{}";
    let digest = sha256(body);
    let request = Request {
        form: false,
        ..form(&format!("{URL}?bodySHA256=&bodySHA256={digest}"), body)
    };
    assert_eq!(
        verdicts(&request, &request),
        [true, false, false],
        "{DIGESTS}"
    );
}
