//! What happens to requests on their way: nothing, something that means nothing, or a forgery.

use fastrand::Rng;
use relay::twilio::form::Form;

use super::requests::{Request, encode, one_of, sha256, sometimes};

pub const NONE: &str = "none";

type Change = fn(&mut Request, &mut String, &mut Rng);

const OF_ANY: &[(&str, Change)] = &[
    ("a byte of the URL", |got, _, rng| {
        a_byte(&mut got.url, URL, rng)
    }),
    ("a byte of the body", |got, _, rng| {
        a_byte(&mut got.body, BODY, rng)
    }),
    ("a byte of the signature", |_, signature, rng| {
        a_byte(signature, BASE64, rng)
    }),
    ("less of the URL", |got, _, rng| {
        got.url.truncate(got.url.len() - rng.usize(1..3))
    }),
    ("more of the URL", |got, _, rng| {
        got.url += one_of(&["/", "?", "#", "&a=b", "x", ";"], rng)
    }),
    ("a shorter signature", |_, signature, rng| {
        signature.truncate(rng.usize(..28))
    }),
    ("a longer signature", |_, signature, rng| {
        *signature += one_of(&["=", " ", "A", "AAAA"], rng)
    }),
    ("a signature in capitals", |_, signature, _| {
        signature.make_ascii_uppercase()
    }),
    ("the alphabet of URLs", |_, signature, _| {
        *signature = signature.replace('+', "-").replace('/', "_");
    }),
    ("loose bits at the end", |_, signature, _| {
        // The last character before the = holds two bits that mean nothing.
        let loose = signature.as_bytes()[26] + 1;
        signature.replace_range(26..27, char::from(loose).encode_utf8(&mut [0; 4]));
    }),
    ("another token", |got, _, rng| {
        a_byte(&mut got.token, BODY, rng)
    }),
    ("no port", |got, _, _| set_port(got, "")),
    ("the default port", |got, _, _| {
        let port = if got.url.starts_with("http:") {
            ":80"
        } else {
            ":443"
        };
        set_port(got, port);
    }),
    ("another port", |got, _, rng| {
        set_port(got, one_of(&[":8443", ":80", ":443", ":1"], rng))
    }),
    ("another scheme", |got, _, _| {
        got.url = match got.url.strip_prefix("http:") {
            Some(rest) => format!("https:{rest}"),
            None => got.url.replacen("https:", "http:", 1),
        };
    }),
];

const OF_FORMS: &[(&str, Change)] = &[
    ("other escapes", |got, _, rng| {
        with_fields(got, rng, |_, _| {})
    }),
    ("another order", |got, _, rng| {
        with_fields(got, rng, |fields, rng| rng.shuffle(fields))
    }),
    ("a field less", |got, _, rng| {
        with_fields(got, rng, |fields, rng| {
            drop(fields.remove(rng.usize(..fields.len())))
        });
    }),
    ("a field more", |got, _, rng| {
        with_fields(got, rng, |fields, _| {
            fields.push(("New".into(), String::new()))
        });
    }),
    ("a field of another name", |got, _, rng| {
        with_fields(got, rng, |fields, rng| {
            let at = rng.usize(..fields.len());
            fields[at].0.push('x');
        });
    }),
    ("a letter moved from value to name", |got, _, rng| {
        with_fields(got, rng, |fields, _| {
            for (name, value) in fields {
                if !value.is_empty() {
                    name.push(value.remove(0));
                    return;
                }
            }
        });
    }),
    ("values of other fields", |got, _, rng| {
        with_fields(got, rng, |fields, rng| {
            let (a, b) = (rng.usize(..fields.len()), rng.usize(..fields.len()));
            let value = fields[a].1.clone();
            fields[a].1 = std::mem::replace(&mut fields[b].1, value);
        });
    }),
    ("a field twice", |got, _, rng| {
        with_fields(got, rng, |fields, rng| {
            let mut field = fields[rng.usize(..fields.len())].clone();
            if rng.bool() {
                field.1.push('x');
            }
            fields.push(field);
        });
    }),
    ("bytes that are no UTF-8", |got, _, rng| {
        if got.body.contains("%EF%BF%BD") {
            got.body = got.body.replacen("%EF%BF%BD", "%FF", 1)
        } else {
            a_byte(&mut got.body, BODY, rng)
        }
    }),
];

const OF_JSON: &[(&str, Change)] = &[
    ("a digest in capitals", |got, _, _| {
        let digest = sha256(&got.body);
        got.url = got.url.replace(&digest, &digest.to_uppercase());
    }),
    ("no digest", |got, _, _| {
        got.url = got.url.replace("bodySHA256=", "body=")
    }),
    ("another body with its digest", |got, _, _| {
        let before = sha256(&got.body);
        got.body.push(' ');
        got.url = got.url.replace(&before, &sha256(&got.body));
    }),
];

/// Its name.
pub fn any(got: &mut Request, signature: &mut String, rng: &mut Rng) -> &'static str {
    if sometimes(35, rng) {
        return NONE;
    }
    let own = if got.form { OF_FORMS } else { OF_JSON };
    let at = rng.usize(..OF_ANY.len() + own.len());
    let (name, change) = OF_ANY.get(at).unwrap_or_else(|| &own[at - OF_ANY.len()]);
    change(got, signature, rng);
    name
}

const URL: &str = "aZ019%/?#&=:@+'.;[]~";
const BODY: &str = "aZ019%+&=";
const BASE64: &str = "ABab019+/=";

/// One byte is another one.
fn a_byte(text: &mut String, alphabet: &str, rng: &mut Rng) {
    let ascii: Vec<usize> = (0..text.len())
        .filter(|at| text.as_bytes()[*at].is_ascii())
        .collect();
    let other = alphabet.as_bytes()[rng.usize(..alphabet.len())];
    match ascii.get(rng.usize(..=ascii.len().max(1)) % ascii.len().max(1)) {
        Some(at) => text.replace_range(at..=at, char::from(other).encode_utf8(&mut [0; 4])),
        None => text.push(other.into()),
    }
}

fn with_fields(
    got: &mut Request,
    rng: &mut Rng,
    change: impl Fn(&mut Vec<(String, String)>, &mut Rng),
) {
    let form = Form::parse(got.body.as_bytes()).expect("it is sent by Twilio");
    let mut fields: Vec<_> = form
        .fields()
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect();
    change(&mut fields, rng);
    got.body = encode(&fields, rng);
}

fn set_port(got: &mut Request, port: &str) {
    let after_scheme = got.url.find("://").map_or(0, |at| at + 3);
    let rest = &got.url[after_scheme..];
    let end = after_scheme + rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = got.url[after_scheme..end].rfind(['@', ']']);
    let host = host.map_or(after_scheme, |at| after_scheme + at);
    let colon = got.url[host..end].find(':').map_or(end, |at| host + at);
    got.url.replace_range(colon..end, port);
}
