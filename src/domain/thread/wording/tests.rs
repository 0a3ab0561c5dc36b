use super::*;
use crate::domain::delivery::wording::did_not_reach;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::sms::segments;
use crate::domain::thread::{Choice, Words};

fn customer(n: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("+1619555{n:04}")).unwrap()
}

fn held(what: What, words: &[&str]) -> Held {
    let choices = words.iter().zip(1..).map(|(words, n)| Choice {
        tag: Tag::all().nth(n - 1).unwrap(),
        customer: customer(100 + n as u32),
        words: Words((*words).to_owned()),
    });
    Held {
        sid: MessageSid::parse(&format!("SM{}", "0".repeat(32))).unwrap(),
        person: "Sergio".to_owned(),
        what,
        choices: choices.collect(),
        asked: jiff::Timestamp::UNIX_EPOCH,
        round: 0,
        repeated: 0,
        answered: 0,
        doubts: None,
        chosen: None,
    }
}

fn words(body: &str) -> What {
    What::Send {
        body: Words(body.to_owned()),
        media: Vec::new(),
    }
}

#[test]
fn a_question_names_the_tags_the_numbers_and_what_was_written_last() {
    let held = held(
        words("yes at five"),
        &["Is the boat ready?", "Do you have diesel?"],
    );
    assert_eq!(
        question(&held, false),
        "Who gets \"yes at five\"? 1: 0101 Is the boat ready? 2: 0102 Do you have diesel? Text the \
         number, or 0 for nobody."
    );
    assert!(question(&held, true).starts_with("Once more: Who gets"));
}

#[test]
fn a_question_is_one_segment_however_much_there_is_to_ask() {
    let long = "€ [Привет] 🚤 “quite a lot of words” ".repeat(20);
    for many in 1..=30 {
        let held = held(words(&long), &vec![long.as_str(); many]);
        for is_repeated in [false, true] {
            let text = question(&held, is_repeated);
            let size = segments(&text);
            assert_eq!((size.count, size.because), (1, None), "{many}: {text}");
            assert!(text.contains(" 1: 0101"), "{text}");
            assert!(text.ends_with(HOW_TO_CHOOSE), "{text}");
        }
    }
}

#[test]
fn whatever_is_said_is_one_plain_segment() {
    let (name, long) = (
        "Maximilian-Alexander the Third",
        "“🚤 all about it” ".repeat(40),
    );
    let customer = PhoneNumber::parse("+123456789012345").unwrap();
    let tag = Tag::parse("999").unwrap();
    let live = vec![(tag, customer.clone()); 30];
    for text in [
        not_sent(&held(words(&long), &[])),
        did_not_reach(
            &long,
            "they opted out of texts: call them at +123456789012345.",
        ),
        no_thread().to_owned(),
        unknown_tag(tag, &live),
        unknown_tag(tag, &[]),
        no_words(tag),
        nothing_to_send(0),
        nothing_to_send(1),
        too_long(123_456),
        too_many_wait().to_owned(),
        answered_already(Some(tag)),
        answered_already(None),
        dropped(&long),
        answered_by(name, &customer, &long),
        has_it(name, &customer),
        you_have_it(&customer, 2),
        passed_on(name, &customer),
        nobody_to_pass_to().to_owned(),
        passes(name, &customer),
        left_unanswered(name, &customer, "Mon 10:00 AM"),
        reminder(&customer, "Mon 10:00 AM", &long, Some(name)),
        nobody_answered(&customer, "Mon 10:00 AM", &long),
        pin_missing("AWAY UNTIL MON 8:00"),
        pin_wrong(1),
        pin_locked("Mon 10:00 AM"),
        pin_and_no_command(),
        pins_tried(name, name),
    ] {
        let size = segments(&text);
        assert_eq!((size.count, size.because), (1, None), "{text}");
    }
}
