use super::*;
use crate::domain::delivery::{Answer, Class, Recipient};
use crate::domain::phone::PhoneNumber;
use crate::domain::sms::part::Part;
use crate::domain::time_zone::TimeZone;
use crate::twilio::errors;

const LINE: &str = "+16195550100";
const CUSTOMER: &str = "+16195550107";
const SERGIO: &str = "+16195550110";
const WORDS: &str = "+16195550107: Is the boat ready?";

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Two in the afternoon of the Sunday that is compared, and more.
fn afternoon(seconds: i64) -> Timestamp {
    instant("2026-11-22T14:00:00-08:00") + SignedDuration::from_secs(seconds)
}

fn now() -> Timestamp {
    instant("2026-11-23T04:10:00-08:00")
}

fn comparison() -> Comparison {
    let zone = TimeZone::named("America/Los_Angeles").unwrap();
    let day = Day::of(jiff::civil::date(2026, 11, 22), &zone).unwrap();
    Comparison::new("qdn", day, now())
}

fn sid(n: u32) -> MessageSid {
    MessageSid::parse(&format!("SM{n:032x}")).unwrap()
}

fn sent(n: u32, status: Status) -> Message {
    Message {
        sid: sid(n),
        at: afternoon(n.into()),
        way: Way::Out,
        other: Sender::parse(SERGIO),
        words: Words::of(SERGIO, WORDS),
        status,
        failure: errors::failure(None, None),
    }
}

fn received(n: u32) -> Message {
    Message {
        way: Way::In,
        other: Sender::parse(CUSTOMER),
        status: Status::Received,
        ..sent(n, Status::Received)
    }
}

/// A delivery to Sergio that was woken once; its request was answered so.
fn delivery(answer: Answer) -> Delivery {
    let body = WORDS.to_owned();
    let number = |text| PhoneNumber::parse(text).unwrap();
    let delivery = Delivery {
        id: DeliveryId::of_inbound(&sid(100)),
        version: 0,
        line: "qdn".to_owned(),
        from: number(LINE),
        public_url: "https://relay.example.com".to_owned(),
        message_sid: Some(sid(100)),
        to: Recipient {
            person: "Sergio".to_owned(),
            number: number(SERGIO),
        },
        remaining: Vec::new(),
        parts: vec![Part {
            body: body.clone(),
            media: Vec::new(),
        }],
        body,
        media: Vec::new(),
        attached: String::new(),
        attempts: Vec::new(),
        state: State::Waiting { due: afternoon(0) },
        created: afternoon(0),
        deadline: afternoon(3600),
        gave_up: None,
        replays: Vec::new(),
        handed_over: Vec::new(),
        restored: None,
        in_conversation: None,
        sender: None,
        slowed: Vec::new(),
        invitation: None,
        purpose: Default::default(),
        policy: Default::default(),
        country: "US".to_owned(),
        language: Default::default(),
        time_zone: Default::default(),
    };
    let (delivery, _) = step(delivery, Event::Woken, afternoon(0), 0.0);
    let answered = Event::Answered { attempt: 1, answer };
    step(delivery, answered, afternoon(1), 0.0).0
}

fn accepted(n: u32) -> Delivery {
    delivery(Answer::Accepted { sid: sid(n) })
}

fn ended(n: u32, status: Status) -> Delivery {
    let Message {
        sid,
        status,
        failure,
        ..
    } = sent(n, status);
    let news = News {
        attempt: 1,
        sid,
        status,
        failure,
    };
    step(accepted(n), news.event(), afternoon(5), 0.0).0
}

fn found(comparison: Comparison) -> Vec<(What, bool)> {
    let report = comparison.finish();
    let differences = report.differences.iter();
    differences.map(|d| (d.what, d.put_right)).collect()
}

#[test]
fn a_day_on_which_both_agree_has_no_differences() {
    let mut day = comparison();
    assert_eq!(day.received(&received(100), true), None);
    let delivery = ended(1, Status::Delivered);
    assert_eq!(day.sent(&sent(1, Status::Delivered), Some(&delivery)), None);
    assert_eq!(day.delivery(&delivery), []);
    let report = day.finish();
    assert_eq!(report.differences, []);
    assert_eq!((report.counts.received, report.counts.sent), (1, 1));
}

#[test]
fn a_text_without_a_record_was_lost() {
    let mut day = comparison();
    let lost = day.received(&received(100), false).unwrap();
    assert_eq!(lost.what, What::NeverRecorded);
    assert_eq!(lost.message_sid, Some(sid(100)));
    assert!(!day.is_too_old(&received(100)));
}

#[test]
fn a_text_of_more_than_three_days_ago_is_not_relayed_any_more() {
    let zone = TimeZone::named("America/Los_Angeles").unwrap();
    let day = Day::of(jiff::civil::date(2026, 11, 22), &zone).unwrap();
    let is_too_old = |hours| {
        let now = received(100).at + SignedDuration::from_hours(hours);
        Comparison::new("qdn", day, now).is_too_old(&received(100))
    };
    assert!(!is_too_old(72));
    assert!(is_too_old(73));
}

#[test]
fn a_message_of_nobody_was_sent_by_somebody_else() {
    let mut day = comparison();
    assert_eq!(day.sent(&sent(1, Status::Delivered), None), None);
    assert_eq!(found(day), [(What::NotOurs, false)]);
}

#[test]
fn the_same_words_within_minutes_may_be_a_double_and_otherwise_are_not() {
    let ours = ended(60, Status::Delivered);
    for (n, words, what) in [
        (659, WORDS, What::Doubled),
        (661, WORDS, What::NotOurs),
        (61, "Something else", What::NotOurs),
    ] {
        let mut day = comparison();
        // The other one may stand before or behind in the list.
        let other = Message {
            words: Words::of(SERGIO, words),
            ..sent(n, Status::Delivered)
        };
        day.sent(&other, None);
        day.sent(&sent(60, Status::Delivered), Some(&ours));
        let report = day.finish();
        let [difference] = report.differences.as_slice() else {
            panic!("{:?}", report.differences);
        };
        assert_eq!(difference.what, what, "{n} {words}");
        let of = (what == What::Doubled).then(|| ours.id.clone());
        assert_eq!(difference.delivery, of);
    }
}

#[test]
fn what_twilio_answers_on_its_own_is_counted_and_no_difference() {
    let mut day = comparison();
    let reply = Message {
        way: Way::Reply,
        ..sent(1, Status::Delivered)
    };
    assert_eq!(day.sent(&reply, None), None);
    let report = day.finish();
    assert_eq!((report.counts.replies, report.counts.differences), (1, 0));
}

#[test]
fn a_message_that_twilio_does_not_list_is_asked_about() {
    let delivery = ended(1, Status::Delivered);
    let mut day = comparison();
    assert_eq!(day.delivery(&delivery), [(1, sid(1))]);
    assert_eq!(day.asked(&delivery, 1, &sid(1), None), None);
    assert_eq!(day.delivery(&delivery), [], "once is enough");
    assert_eq!(found(day), [(What::NotListed, false)]);

    let mut day = comparison();
    let delivered = Some((Status::Delivered, errors::failure(None, None)));
    assert_eq!(day.asked(&delivery, 1, &sid(1), delivered), None);
    assert_eq!(found(day), []);
}

#[test]
fn the_end_that_no_callback_told_is_news() {
    let heard = accepted(1);
    for (status, code) in [
        (Status::Sent, None),
        (Status::Delivered, None),
        (Status::Undelivered, Some(30003)),
        (Status::Failed, Some(30008)),
    ] {
        let failure = errors::failure(code, None);
        let message = Message {
            failure,
            ..sent(1, status)
        };
        let (difference, news) = comparison().sent(&message, Some(&heard)).unwrap();
        assert_eq!(difference.what, What::OtherEnd);
        let told = (news.attempt, news.status, news.failure);
        assert_eq!(told, (1, status, failure));
        let (after, _) = step(heard.clone(), news.event(), now(), 0.0);
        assert_eq!(
            comparison().sent(&message, Some(&after)),
            None,
            "{status:?}"
        );
    }
    let queued = sent(1, Status::Queued);
    assert_eq!(comparison().sent(&queued, Some(&heard)), None);
}

#[test]
fn what_arrived_has_arrived_whatever_else_is_told() {
    let ended_with = |outcome| {
        let mut delivery = ended(1, Status::Delivered);
        delivery.attempts[0].outcome = outcome;
        delivery
    };
    let delivered = ended_with(Outcome::Delivered);
    let mut day = comparison();
    let undelivered = sent(1, Status::Undelivered);
    assert_eq!(day.sent(&undelivered, Some(&delivered)), None);
    assert_eq!(found(day), [(What::OtherEnd, false)]);

    let lost = Outcome::Undelivered {
        code: Some(30003),
        class: Class::RetryOnce,
    };
    for outcome in [lost, Outcome::Absent] {
        let arrived = sent(1, Status::Delivered);
        let told = comparison().sent(&arrived, Some(&ended_with(outcome)));
        let (difference, news) = told.unwrap();
        assert_eq!(
            (difference.what, news.status),
            (What::OtherEnd, Status::Delivered)
        );
    }
}

#[test]
fn a_message_whose_answer_got_lost_is_recognised_by_its_words() {
    let lost = delivery(Answer::Unknown);
    let (_, news) = comparison()
        .sent(&sent(1, Status::Delivered), Some(&lost))
        .unwrap();
    assert_eq!((news.attempt, &news.sid), (1, &sid(1)));

    let mut day = comparison();
    let other = Message {
        words: Words::of(SERGIO, "Something else"),
        ..sent(1, Status::Delivered)
    };
    assert_eq!(day.sent(&other, Some(&lost)), None);
    assert_eq!(found(day), [(What::NotOurs, false)]);
}

#[test]
fn a_delivery_that_is_open_after_its_deadline_is_told_once() {
    let mut day = comparison();
    let mut delivery = accepted(1);
    day.sent(&sent(1, Status::Accepted), Some(&delivery));
    day.delivery(&delivery);
    day.delivery(&delivery);
    assert_eq!(found(day), [(What::StillOpen, false)]);

    delivery.deadline = now();
    let mut day = comparison();
    day.sent(&sent(1, Status::Accepted), Some(&delivery));
    day.delivery(&delivery);
    assert_eq!(found(day), [], "it has time until now");
}

#[test]
fn messages_of_the_days_beside_are_not_this_days() {
    for at in ["2026-11-21T23:59:59-08:00", "2026-11-23T00:00:00-08:00"] {
        let at = instant(at);
        let mut day = comparison();
        assert_eq!(day.received(&Message { at, ..received(1) }, false), None);
        assert_eq!(
            day.sent(
                &Message {
                    at,
                    ..sent(1, Status::Sent)
                },
                None
            ),
            None
        );
        let report = day.finish();
        assert_eq!(report.counts, Counts::default());
    }
}

#[test]
fn very_many_differences_are_all_counted() {
    let mut day = comparison();
    for n in 0..1500 {
        let mut difference = day.received(&received(n), false).unwrap();
        difference.put_right = n % 2 == 0;
        day.add(difference);
    }
    let report = day.finish();
    assert_eq!(report.differences.len(), MOST);
    assert_eq!((report.counts.differences, report.counts.left), (1500, 750));
}
