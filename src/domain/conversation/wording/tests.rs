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
        question(Language::English, &one, false),
        "Who is \"yes at five\" for? 1 = 0101 \"Is the boat ready?\" 2 = 0102 \"Do you have diesel?\" Text \
         the number, or 0 for nobody."
    );
    assert!(question(Language::English, &one, true).starts_with("Once more: Who is"));
    let two = asked(texts(&["yes", "at five"]), &customers);
    assert!(
        question(Language::English, &two, false)
            .starts_with("Who is \"yes\" and 1 more for? 1 = 0101")
    );
    let command = Question {
        command: Some(Command::Back),
        ..asked(texts(&["Back"]), &customers[..1])
    };
    assert_eq!(
        question(Language::English, &command, false),
        "Who is \"Back\" for? 1 = 0101 \"Is the boat ready?\" 2 = you are back on duty. Text the number, \
         or 0 for nobody."
    );
}

#[test]
fn a_question_is_one_segment_however_much_there_is_to_ask() {
    let long = "€ [Привет] 🚤 “quite a lot of words” ".repeat(20);
    for many in 1..=crate::domain::conversation::question::MOST_CHOICES {
        let asked = asked(texts(&[&long, &long]), &vec![long.as_str(); many]);
        for (language, is_repeated) in Language::ALL.map(|l| [(l, false), (l, true)]).concat() {
            let text = question(language, &asked, is_repeated);
            let size = segments(&text);
            assert_eq!((size.count, size.because), (1, None), "{many}: {text}");
            assert!(text.contains(" 1 = 0101"), "{text}");
            assert!(text.ends_with(HOW_TO_CHOOSE.of(language)), "{text}");
        }
    }
}

#[test]
fn quoted_words_are_set_apart_and_say_where_they_were_cut_off() {
    let long = "Do you have diesel \"or petrol\" for the boat? Text 0 for nobody. ".repeat(3);
    let which = question(
        Language::English,
        &asked(What::Block, &[&long, "Hi"]),
        false,
    );
    assert_eq!(
        which,
        "Block which? Their texts and calls reach nobody from then on. 1 = 0101 \"Do you have diese...\" 2 = \
         0102 \"Hi\" Text the number, or 0 for nobody."
    );
    let whether = question(Language::English, &asked(What::Block, &[&long]), false);
    assert!(whether.contains("diesel 'or petrol' for the"), "{whether}");
    assert!(
        whether.contains("...\"? Their texts and calls reach nobody"),
        "{whether}"
    );
    let first = answer_first(Language::English, &asked(texts(&[&long]), &[&long, &long]));
    assert!(first.ends_with(HOW_TO_CHOOSE.english), "{first}");
    let what = asked(texts(&[&long]), &["Hi"]);
    assert!(
        not_sent(Language::English, &what, &written(&[&long]))
            .contains("...\". To send it, text 0101")
    );
}

#[test]
fn whatever_is_said_is_one_plain_segment_in_each_language() {
    Language::ALL.into_iter().for_each(is_one_segment);
}

fn is_one_segment(language: Language) {
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
        not_sent(language, &question, &written(&[&long])),
        not_sent(language, &asked(What::Pass(None)), &[]),
        did_not_reach(
            language,
            &long,
            "they opted out of texts: call them at +123456789012345.",
        ),
        answer_first(language, &question),
        no_conversation(language).to_owned(),
        unknown_tag(language, "123456789012345", &question.choices),
        unknown_tag(language, "0107", &[]),
        unknown_number(language, "123456789012345", &question.choices),
        names_two(language, "123456789012345", "123456789012345"),
        passed_on_before(language, "123456789012345", Some(name)),
        two_customers(language, "123456789012345", "123456789012345"),
        no_words(language, "123456789012345"),
        nothing_to_send(language, 0),
        nothing_to_send(language, 1),
        too_long(language, 123_456),
        question_is_over(language, 9),
        dropped(language, &question),
        sent_to(language, "123456789012345"),
        done(language, "123456789012345"),
        automatic_reply(language, "123456789012345"),
        answered_by(language, name, &customer, &long),
        has_it(language, name, &customer),
        you_have_it(language, &customer, 2),
        passed_on(language, name, &customer),
        nobody_to_pass_to(language).to_owned(),
        passed_to_oneself(language, Some(name)),
        passed_to_oneself(language, None),
        passes(language, name, &customer),
        left_unanswered(language, name, &customer, "el lun 10:00 AM"),
        reminder(language, &conversation, "el lun 10:00 AM", Some(name)),
        nobody_answered(language, &customer, "el lun 10:00 AM", &long),
        forgotten(language, &conversation, "el mié 23 nov, 10:00 AM"),
        still_wait(language, &["123456789012345".to_owned()], name).unwrap(),
        still_wait(language, &vec!["123456789012345".to_owned(); 9], name).unwrap(),
        open(language, &tags).unwrap(),
        pin_missing(language, "AWAY UNTIL MON 8:00"),
        pin_wrong(language, 1),
        pin_locked(language, "el lun 10:00 AM"),
        pin_and_no_command(language),
        pins_tried(language, name, name),
        blocked(language, "123456789012345"),
        may_not_write_first(language, &customer),
        has_opted_out(language, &customer),
        not_allowed(language, &customer),
        blocked_by(language, name, &conversation),
        unblocked(language, "123456789012345"),
        is_blocked(language, "123456789012345", &block),
        is_so_already(language, &conversation),
        not_sent(language, &asked(What::Block), &[]),
        super::question(language, &asked(What::Block), true),
        super::question(language, &one(What::Block), true),
        answer_first(language, &one(What::Block)),
    ];
    said.extend(
        crate::domain::command::COMMANDS
            .iter()
            .map(|command| near_miss(language, command)),
    );
    said.extend([
        unknown_tag(language, "0107", &question.choices),
        not_yours(language, "123456789012345", &question.choices),
        given_away(language, "123456789012345"),
        nothing_open_to(language, &What::Unblock).to_owned(),
        pin_wrong(language, 2),
        you_have_it(language, &customer, 1),
        reminder(language, &conversation, "el mié 23 nov, 10:00 AM", None),
        super::question(language, &asked(What::Pass(None)), true),
        super::question(language, &asked(What::Claim), true),
        super::question(language, &asked(What::Done), true),
        super::question(language, &asked(What::Unblock), true),
    ]);
    said.retain(|text| {
        let size = segments(text);
        (size.count, size.because) != (1, None)
    });
    assert!(said.is_empty(), "dearer than one segment: {said:#?}");
}

#[test]
fn spanish_reads_as_people_write() {
    let es = Language::Spanish;
    let one = asked(
        texts(&["sí, a las cinco"]),
        &["¿Está listo?", "¿Hay diésel?"],
    );
    assert_eq!(
        question(es, &one, false),
        "¿Para quién es \"si, a las cinco\"? 1 = 0101 \"¿Esta listo?\" 2 = 0102 \"¿Hay diésel?\" Responde \
         con la cifra, o 0 para nadie."
    );
    assert_eq!(
        reminder(
            es,
            &Conversation::new(customer(107), &[], jiff::Timestamp::UNIX_EPOCH),
            "las 10:00",
            Some("Ana")
        ),
        "+16195550107 espera respuesta desde las 10:00:  Contesta o manda RECIBIDO 0107, o pasa a Ana."
    );
    assert_eq!(sent_to(es, "0107"), "Enviado a 0107.");
    assert_eq!(
        passes(es, "Sergio", &customer(107)),
        "Sergio te pasa a +16195550107."
    );
}
