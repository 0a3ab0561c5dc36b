//! Bodies of webhooks, against the reader of forms that browsers' standard describes.

use std::collections::HashSet;

use relay::twilio::form::{BadForm, Form, MOST_BYTES};

use super::{Target, bytes};

pub const TARGET: Target = Target {
    name: "form",
    seeds,
    words: &[
        "&",
        "=",
        "+",
        "%",
        "%20",
        "%2B",
        "%26",
        "%3D",
        "%00",
        "%C3%B1",
        "%f0%9f%9a%90",
        "%FF",
        "Body=",
        "From=",
        "&Body=",
        "MessageSid",
    ],
    check,
};

fn seeds() -> Vec<Vec<u8>> {
    bytes([
        "From=%2B16195550107&To=%2B16195550100&Body=Is+the+boat+ready%3F&NumMedia=0",
        "Body=a+b%20c%2B&Empty=&&Bare&Emoji=%F0%9F%9A%90&=nameless",
        "a=1&b=2&%61=3",
        "a=%FF&b=%C3",
        "%=%zz&%4=%%41",
    ])
}

fn check(body: &[u8]) {
    let standard: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let is_doubtful = |text: &str| text.contains('\u{fffd}');
    match Form::parse(body) {
        Ok(form) => {
            let ours: Vec<_> = form.fields().collect();
            let theirs: Vec<_> = standard.iter().map(|(n, v)| (&**n, &**v)).collect();
            assert_eq!(ours, theirs);
            for (name, value) in theirs {
                assert_eq!(form.get(name), Some(value));
            }
            let again = Form::decode(form.encode().as_bytes());
            assert!(again.is_ok_and(|again| again == form));
        }
        Err(BadForm::TooLarge) => assert!(body.len() > MOST_BYTES),
        Err(BadForm::NotUtf8) => {
            let mut fields = standard.iter();
            assert!(fields.any(|(name, value)| is_doubtful(name) || is_doubtful(value)));
        }
        Err(BadForm::Repeated) => {
            let names: HashSet<_> = standard.iter().map(|(name, _)| name).collect();
            assert!(names.len() < standard.len());
        }
    }
}
