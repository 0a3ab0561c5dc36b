//! Inputs of the largest size that is let in, made to take as long or go as deep as possible.
//! The limits are wide: what they catch takes minutes, or all of the stack.

use std::time::{Duration, Instant};

use relay::credentials::repos_env as env_file;
use relay::domain::line::config;
use relay::twilio::form::{BadForm, Form, MOST_BYTES};

use super::targets;

const A_WHILE: Duration = Duration::from_secs(30);

#[track_caller]
fn soon<T>(run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    let took = start.elapsed();
    assert!(took < A_WHILE, "it took {took:?}");
    result
}

#[test]
fn a_form_of_twenty_thousand_fields_is_read_as_fast_as_any() {
    let mut body = String::new();
    for number in 0.. {
        let field = format!("&{number:x}");
        if body.len() + field.len() > MOST_BYTES {
            break;
        }
        body += &field;
    }
    let webhook = format!("/twilio/sms\n\n\n{{AC}}{body}");
    soon(|| {
        assert!(Form::parse(body.as_bytes()).is_ok_and(|form| form.fields().count() > 10_000));
        (targets::signature::TARGET.check)(format!("t\nhttps://a.example\n\n{body}").as_bytes());
        (targets::inbound::TARGET.check)(webhook.as_bytes());
    });
    let repeated = "a&".repeat(MOST_BYTES / 2);
    soon(|| {
        assert_eq!(
            Form::parse(repeated.as_bytes()).err(),
            Some(BadForm::Repeated)
        )
    });
}

#[test]
fn a_text_of_the_largest_size_is_cut_into_messages_soon() {
    for piece in [
        "a",
        "%F0%9F%9A%90",
        "%E2%80%8D",
        "+",
        "%0D%0A",
        "e%CC%81%CC%81",
    ] {
        let start = "AccountSid={AC}&MessageSid={SM}&From=a&To=%2B16195550100&Body=";
        let body = piece.repeat((MOST_BYTES - 200) / piece.len());
        let webhook = format!("/twilio/sms\n\n\n{start}{body}");
        soon(|| (targets::inbound::TARGET.check)(webhook.as_bytes()));
    }
}

/// As large as a configuration may be.
fn largest(start: &str, piece: &str, end: &str) -> String {
    let times = (config::MOST_BYTES as usize - start.len() - end.len()) / piece.len();
    start.to_owned() + &piece.repeat(times) + end
}

#[test]
fn a_configuration_of_any_depth_is_read_or_refused() {
    for text in [
        largest("a = ", "[", ""),
        largest("a = ", "[[],", ""),
        largest("a = ", "{a=", ""),
        largest("", "a.", "a = 1"),
        largest("[", "a.", "a]"),
        largest("[[", "line.", "person]]"),
        largest("a = { ", "a.", "a = 1 }"),
        largest("", "[a]\n", ""),
    ] {
        soon(|| config::parse(&text, "relay.toml").unwrap_err().to_string());
    }
}

#[test]
fn a_configuration_full_of_mistakes_is_refused_soon() {
    let person = "[[line.person]]\nname = \"a\"\nnumber = \"+1\"\nhours = 1\n";
    let window = "\"Mon 08:00-09:00\", ";
    let numbered: String = (0..100_000)
        .map(|number| format!("a{number} = 1\n"))
        .collect();
    for text in [
        largest("", "a\n", ""),
        largest("line = [", "1,", "]"),
        largest("[[line]]\n", person, ""),
        largest("[[line]]\n[[line.person]]\nhours = [", window, "]"),
        largest("[[line]]\n[[line.person]]\nhours = [", "\"\",", "]"),
        largest("[[line]]\ntime_zone = \"", "Los_Angeles/", "\""),
        largest("[[line]]\ncountry = \"", "ß", "\""),
        largest("[[line]]\nnumber = \"", "1", "\"\ncountry = \"US\""),
        largest("[[line]]\npublic_url = \"https://", "a:", "\""),
        largest("", "name_", "= 1"),
        numbered,
    ] {
        soon(|| config::parse(&text, "relay.toml").unwrap_err().to_string());
    }
}

#[test]
fn an_env_file_of_any_length_is_read_soon() {
    let many: String = (0..60_000).map(|number| format!("K{number}=\n")).collect();
    soon(|| assert_eq!(env_file::parse(&many).unwrap().len(), 60_000));
    let long = format!("A='{}'", "a$".repeat(500_000));
    soon(|| assert_eq!(env_file::parse(&long).unwrap().len(), 1));
}
