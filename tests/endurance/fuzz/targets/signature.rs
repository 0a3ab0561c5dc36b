//! Signatures: whatever is signed is accepted, whatever is changed afterwards is not.
//!
//! An input is the token, the URL and a signature, a line each, and then the body.

use relay::domain::credentials::Secret;
use relay::twilio::form::Form;
use relay::twilio::signature::{Signed, sign, verify};
use sha2::{Digest, Sha256};

use super::{Target, bytes};

pub const TARGET: Target = Target {
    name: "signature",
    seeds,
    words: &[
        "https://",
        "http://",
        "HTTPS://",
        ":443",
        ":80",
        ":8443",
        "@",
        "[::1]",
        "/",
        "?",
        "#",
        "bodySHA256=",
        "&bodySHA256=",
        "=",
        "\n",
    ],
    check,
};

fn seeds() -> Vec<Vec<u8>> {
    bytes([
        "12345\nhttps://mycompany.com/myapp.php?foo=1&bar=2\nRSOYDt4T1cUTdK1PDd93/VVr8B8=\n\
         CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309\
         &To=%2B18005551212",
        "12345\nhttps://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=\
         0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620\n\
         a9nBmqA0ju/hNViExpshrM61xv4=\n{\"property\": \"value\", \"boolean\": true}",
        "t\nhttp://me:pw@[2001:db8::1]:8080/a?b=:1#c\n====\nReason=1&ReasonConferenceEnded=2",
        "\nhttps://example.com\n\nReason=&ReasonCode=",
    ])
}

fn check(input: &[u8]) {
    let mut parts = input.splitn(4, |byte| *byte == b'\n');
    let mut text = || std::str::from_utf8(parts.next().unwrap_or_default());
    let (Ok(token), Ok(url), Ok(signature)) = (text(), text(), text()) else {
        return;
    };
    let body = parts.next().unwrap_or_default();
    let token = Secret::new(token);
    if let Ok(form) = Form::parse(body) {
        form_of(&token, url, signature, &form);
    }
    body_by_its_digest(&token, url, signature, body);
}

fn form_of(token: &Secret, url: &str, given: &str, form: &Form) {
    let signed = Signed::Form(form);
    let right = sign(token, url, signed);
    assert!(verify([token], &right, url, signed));
    assert!(!verify([&other(token)], &right, url, signed));
    assert!(verify([&other(token), token], &right, url, signed));
    assert!(!verify([token], &right, &format!("{url}x"), signed));
    only_the_whole_signature(given, &right, |signature| {
        verify([token], signature, url, signed)
    });

    let fields = || form.fields().map(|(n, v)| (n.to_owned(), v.to_owned()));
    let backwards: Vec<_> = fields().collect::<Vec<_>>().into_iter().rev().collect();
    let backwards = Form::from_fields(backwards);
    assert!(verify([token], &right, url, Signed::Form(&backwards)));
    // A field without name and value is signed as nothing.
    let one_less = Form::from_fields(fields().filter(|(n, v)| n.len() + v.len() > 0).skip(1));
    let is_less = fields().any(|(n, v)| n.len() + v.len() > 0);
    assert_eq!(
        verify([token], &right, url, Signed::Form(&one_less)),
        !is_less
    );
}

fn body_by_its_digest(token: &Secret, url: &str, given: &str, body: &[u8]) {
    let digest = Sha256::digest(body);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let bare = url.split(['?', '#']).next().unwrap_or_default();
    let url = format!("{bare}?bodySHA256={digest}");
    let right = sign(token, &url, Signed::Raw(body));
    let accepts =
        |signature: &str, body: &[u8]| verify([token], signature, &url, Signed::Raw(body));
    assert!(accepts(&right, body));
    assert!(!accepts(&right, &[body, b"x"].concat()));
    only_the_whole_signature(given, &right, |signature| accepts(signature, body));
    let without = sign(token, bare, Signed::Raw(body));
    assert!(!verify([token], &without, bare, Signed::Raw(body)));
}

/// Of all texts only those that are a signature to the last character can be right.
fn only_the_whole_signature(given: &str, right: &str, accepts: impl Fn(&str) -> bool) {
    for wrong in [
        &right[..right.len() - 1],
        &format!("{right}="),
        &format!(" {right}"),
        &format!("{right}{right}"),
    ] {
        assert!(!accepts(wrong), "{wrong:?}");
    }
    if accepts(given) {
        assert_eq!(given.len(), right.len());
    }
    // One character of it is another one: the input says which.
    if let Some(c) = given.chars().next().filter(char::is_ascii_alphanumeric) {
        let at = given.len() % right.len();
        let mut changed = right.to_owned();
        changed.replace_range(at..=at, c.encode_utf8(&mut [0; 4]));
        assert_eq!(accepts(&changed), changed == *right, "{changed:?}");
    }
}

fn other(token: &Secret) -> Secret {
    Secret::new(format!("{}x", token.expose()))
}
