use super::*;
use crate::domain::conversation::{Blocker, Words};
use crate::domain::delivery::wording::did_not_reach;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::sms::segments;

fn customer(n: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("+1619555{n:04}")).unwrap()
}

fn asked(what: What, words: &[&str]) -> Question {
    let choices = words.iter().zip(101..).map(|(words, n)| Choice {
        customer: customer(n),
        tag: format!("{n:04}"),
        words: Words((*words).to_owned()),
    });
    Question {
        sid: sid(),
        asked: jiff::Timestamp::UNIX_EPOCH,
        what,
        choices: choices.collect(),
        first_number: 1,
        command: None,
    }
}

fn sid() -> MessageSid {
    MessageSid::parse(&format!("SM{}", "0".repeat(32))).unwrap()
}

fn texts(bodies: &[&str]) -> What {
    What::Send(written(bodies))
}

fn written(bodies: &[&str]) -> Vec<Written> {
    let texts = bodies.iter().map(|body| Written {
        sid: sid(),
        body: Words((*body).to_owned()),
        media: Vec::new(),
    });
    texts.collect()
}

#[test]
fn a_question_names_the_customers_and_what_they_wrote_last() {
    let customers = ["Is the boat ready?", "Do you have diesel?"];
    let one = asked(texts(&["yes at five"]), &customers);
    assert_eq!(
        question(&one, false),
        "Who is \"yes at five\" for? 1 = 0101 \"Is the boat ready?\" 2 = 0102 \"Do you have diesel?\" Text \
         the number, or 0 for nobody."
    );
    assert!(question(&one, true).starts_with("Once more: Who is"));
    let two = asked(texts(&["yes", "at five"]), &customers);
    assert!(question(&two, false).starts_with("Who is \"yes\" and 1 more for? 1 = 0101"));
    let command = Question {
        command: Some(Command::Back),
        ..asked(texts(&["Back"]), &customers[..1])
    };
    assert_eq!(
        question(&command, false),
        "Who is \"Back\" for? 1 = 0101 \"Is the boat ready?\" 2 = you are back on duty. Text the number, \
         or 0 for nobody."
    );
}

#[test]
fn a_question_is_one_segment_however_much_there_is_to_ask() {
    let long = "€ [Привет] 🚤 “quite a lot of words” ".repeat(20);
    for many in 1..=crate::domain::conversation::question::MOST_CHOICES {
        let asked = asked(texts(&[&long, &long]), &vec![long.as_str(); many]);
        for is_repeated in [false, true] {
            let text = question(&asked, is_repeated);
            let size = segments(&text);
            assert_eq!((size.count, size.because), (1, None), "{many}: {text}");
            assert!(text.contains(" 1 = 0101"), "{text}");
            assert!(text.ends_with(HOW_TO_CHOOSE), "{text}");
        }
    }
}

#[test]
fn quoted_words_are_set_apart_and_say_where_they_were_cut_off() {
    let long = "Do you have diesel \"or petrol\" for the boat? Text 0 for nobody. ".repeat(3);
    let which = question(&asked(What::Block, &[&long, "Hi"]), false);
    assert_eq!(
        which,
        "Block which? Their texts reach nobody from then on. 1 = 0101 \"Do you have diesel 'or...\" 2 = \
         0102 \"Hi\" Text the number, or 0 for nobody."
    );
    let whether = question(&asked(What::Block, &[&long]), false);
    assert!(whether.contains("diesel 'or petrol' for the"), "{whether}");
    assert!(
        whether.contains("...\"? Their texts reach nobody"),
        "{whether}"
    );
    let first = answer_first(&asked(texts(&[&long]), &[&long, &long]));
    assert!(first.ends_with(HOW_TO_CHOOSE), "{first}");
    let what = asked(texts(&[&long]), &["Hi"]);
    assert!(not_sent(&what, &written(&[&long])).contains("...\". To send it, text 0101"));
}

#[test]
fn whatever_is_said_is_one_plain_segment() {
    let (name, long) = (
        "Maximilian-Alexander the Third",
        "“🚤 all about it” ".repeat(40),
    );
    let customer = PhoneNumber::parse("+123456789012345").unwrap();
    let conversation = Conversation {
        tag: "123456789012345".to_owned(),
        words: Words(long.clone()),
        ..Conversation::new(customer.clone(), &[], jiff::Timestamp::UNIX_EPOCH)
    };
    let tags = vec!["56789012345".to_owned(); 30];
    let one = |what| asked(what, &[long.as_str()]);
    let asked = |what| asked(what, &[long.as_str(), long.as_str()]);
    let block = Block {
        since: jiff::Timestamp::UNIX_EPOCH,
        by: Blocker::Person(name.to_owned()),
    };
    let question = asked(texts(&[&long]));
    let mut said = vec![
        not_sent(&question, &written(&[&long])),
        not_sent(&asked(What::Pass(None)), &[]),
        did_not_reach(
            &long,
            "they opted out of texts: call them at +123456789012345.",
        ),
        answer_first(&question),
        no_conversation().to_owned(),
        unknown_tag("123456789012345", &question.choices),
        unknown_tag("0107", &[]),
        unknown_number("123456789012345", &question.choices),
        names_two("123456789012345", "123456789012345"),
        passed_on_before("123456789012345", Some(name)),
        two_customers("123456789012345", "123456789012345"),
        no_words("123456789012345"),
        nothing_to_send(0),
        nothing_to_send(1),
        too_long(123_456),
        question_is_over(9),
        dropped(&question),
        sent_to("123456789012345"),
        done("123456789012345"),
        automatic_reply("123456789012345"),
        answered_by(name, &customer, &long),
        has_it(name, &customer),
        you_have_it(&customer, 2),
        passed_on(name, &customer),
        nobody_to_pass_to().to_owned(),
        passes(name, &customer),
        left_unanswered(name, &customer, "Mon 10:00 AM"),
        reminder(&conversation, "Mon 10:00 AM", Some(name)),
        nobody_answered(&customer, "Mon 10:00 AM", &long),
        forgotten(&conversation, "Mon Nov 23, 10:00 AM"),
        still_wait(&["123456789012345".to_owned()], name).unwrap(),
        still_wait(&vec!["123456789012345".to_owned(); 9], name).unwrap(),
        open(&tags).unwrap(),
        pin_missing("AWAY UNTIL MON 8:00"),
        pin_wrong(1),
        pin_locked("Mon 10:00 AM"),
        pin_and_no_command(),
        pins_tried(name, name),
        blocked("123456789012345"),
        may_not_write_first(&customer),
        has_opted_out(&customer),
        not_allowed(&customer),
        blocked_by(name, &conversation),
        unblocked("123456789012345"),
        is_blocked("123456789012345", &block),
        is_so_already(&conversation),
        not_sent(&asked(What::Block), &[]),
        super::question(&asked(What::Block), true),
        super::question(&one(What::Block), true),
        answer_first(&one(What::Block)),
    ];
    said.extend(
        crate::domain::command::COMMANDS
            .iter()
            .map(|command| near_miss(command)),
    );
    for text in said {
        let size = segments(&text);
        assert_eq!((size.count, size.because), (1, None), "{text}");
    }
}
