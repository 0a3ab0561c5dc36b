use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::domain::inbound::sms::InboundSms;
use crate::domain::phone::Sender;
use crate::domain::routing::Rule;

const HOUR: u64 = 60;

fn at(minute: u64) -> Timestamp {
    let minutes = SignedDuration::from_mins(minute.try_into().unwrap());
    Timestamp::from_second(1_800_000_000).unwrap() + minutes
}

fn times(minute: u64) -> Times {
    Times {
        now: at(minute),
        thread_for: Duration::from_secs(4 * 60 * 60),
    }
}

fn customer(n: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("+1858555{n:04}")).unwrap()
}

fn sid(n: u64) -> MessageSid {
    MessageSid::parse(&format!("SM{n:032x}")).unwrap()
}

fn tag(number: &str) -> Option<Tag> {
    Tag::parse(number)
}

/// A line's threads, minute by minute; each text has its own SID.
#[derive(Default)]
struct Line {
    threads: Threads,
    texts: u64,
}

impl Line {
    fn next(&mut self) -> MessageSid {
        self.texts += 1;
        sid(self.texts)
    }

    /// The tag that the person reads.
    fn writes(&mut self, n: u32, to: &str, minute: u64) -> Option<Tag> {
        let text = self.next();
        let words = Words(format!("text of {n}"));
        let way = (to, &DeliveryId::of_inbound(&text));
        let began = self
            .threads
            .customer_wrote(&customer(n), words, &text, way, times(minute));
        self.threads.forget(times(minute));
        began.tag
    }

    fn answers(&mut self, person: &str, body: &str, minute: u64) -> Carried {
        self.carries_out(Wanted::Answer, person, body, minute)
    }

    fn carries_out(&mut self, wanted: Wanted, person: &str, body: &str, minute: u64) -> Carried {
        let sms = InboundSms {
            sid: self.next(),
            from: Sender::parse("+16195550110"),
            to: PhoneNumber::parse("+16195550100").unwrap(),
            place: None,
            body: body.to_owned(),
            media: Vec::new(),
            media_left_out: 0,
            opt_out_type: None,
        };
        let writer = Writer {
            person,
            sms: &sms,
            written: at(minute),
            times: times(minute),
            just_read: &[],
        };
        carry_out(&mut self.threads, wanted, Some("Backup"), writer)
    }
}

fn sent(carried: &Carried) -> Option<(&PhoneNumber, &str)> {
    let sent = carried.sent.as_ref()?;
    Some((&sent.customer, sent.body.as_str()))
}

#[test]
fn the_lowest_free_tag_is_each_persons_own() {
    let mut line = Line::default();
    assert_eq!(line.writes(1, "Sergio", 0), None, "his only thread");
    assert_eq!(line.writes(2, "Sergio", 1), tag("2"));
    assert_eq!(line.writes(3, "Ana", 2), None, "her only thread");
    assert_eq!(line.writes(4, "Ana", 3), tag("2"));
    assert_eq!(line.writes(1, "Sergio", 4), tag("1"), "the same as before");
    assert_eq!(line.writes(5, "Sergio", 5), tag("3"));
}

#[test]
fn a_tag_is_free_again_when_whoever_had_it_knows() {
    let mut line = Line::default();
    line.writes(1, "Sergio", 0);
    line.writes(2, "Sergio", 2 * HOUR);
    // The first is over after four hours, and is remembered for half an hour.
    assert_eq!(line.writes(3, "Sergio", 4 * HOUR + 10), tag("3"));
    assert_eq!(line.writes(4, "Sergio", 4 * HOUR + 31), tag("1"));
}

#[test]
fn an_answer_goes_to_the_only_thread_and_keeps_it_alive() {
    let mut line = Line::default();
    line.writes(1, "Sergio", 0);
    let carried = line.answers("Sergio", "yes", 3 * HOUR);
    assert_eq!(carried.rule, Rule::Answer);
    assert_eq!(sent(&carried), Some((&customer(1), "yes")));
    let carried = line.answers("Sergio", "well", 6 * HOUR);
    assert_eq!(sent(&carried), Some((&customer(1), "well")));
    let carried = line.answers("Sergio", "too late", 11 * HOUR);
    assert_eq!((carried.rule, sent(&carried)), (Rule::FromPerson, None));
}

#[test]
fn answers_follow_one_another_and_texts_do() {
    let mut line = Line::default();
    line.writes(1, "Sergio", 0);
    let first = line.answers("Sergio", "one", 1).sent.unwrap();
    let second = line.answers("Sergio", "two", 2).sent.unwrap();
    assert_eq!(first.after, None);
    assert_eq!(second.after, Some(DeliveryId::reply(&first.sid)));
    let thread = line.threads.of(&customer(1)).unwrap();
    assert_eq!(thread.last_in, Some(DeliveryId::of_inbound(&sid(1))));
}

#[test]
fn a_text_that_comes_late_can_be_answered() {
    let mut line = Line::default();
    line.writes(1, "Sergio", 0);
    let reaches = |line: &mut Line, person: &str, minute: u64| {
        line.threads.reaches(&customer(1), person, times(minute))
    };
    assert_eq!(reaches(&mut line, "Sergio", 1), ReachedNow::AsPlanned);
    assert_eq!(reaches(&mut line, "Ana", 1), ReachedNow::NoSeat);
    assert_eq!(reaches(&mut line, "Sergio", 3 * HOUR), ReachedNow::Changed);
    let carried = line.answers("Sergio", "yes", 6 * HOUR);
    assert_eq!(sent(&carried), Some((&customer(1), "yes")));
    assert_eq!(reaches(&mut line, "Sergio", 10 * HOUR), ReachedNow::NoSeat);
    let threads = &mut line.threads;
    threads.moved_to(&customer(1), None, "Sergio", &sid(1), times(10 * HOUR));
    let carried = line.answers("Sergio", "and yes", 13 * HOUR);
    assert_eq!(sent(&carried), Some((&customer(1), "and yes")));
}

#[test]
fn a_customer_whose_text_comes_late_still_waits() {
    let mut line = Line::default();
    line.writes(1, "Sergio", 0);
    let threads = &mut line.threads;
    threads.moved_to(
        &customer(1),
        Some("Sergio"),
        "Ana",
        &sid(1),
        times(5 * HOUR),
    );
    let thread = threads.of(&customer(1)).unwrap();
    assert_eq!(
        (thread.opened, thread.unanswered),
        (at(5 * HOUR), Some(at(0)))
    );
    assert_eq!(threads.who_has(&customer(1), times(5 * HOUR)), Some("Ana"));
}

#[test]
fn a_number_is_an_answer_only_to_a_question() {
    let mut line = Line::default();
    line.writes(1, "Sergio", 0);
    let carried = line.answers("Sergio", "7", 1);
    assert_eq!(sent(&carried), Some((&customer(1), "7")));
    line.writes(2, "Sergio", 2);
    let held = line.answers("Sergio", "yes", 3);
    assert_eq!((held.rule, held.questions.len()), (Rule::Held, 1));
    let carried = line.answers("Sergio", "2", 4);
    assert_eq!(sent(&carried), Some((&customer(2), "yes")));
    assert_eq!(
        carried.thread.unwrap().sends,
        Some(held.questions[0].held.sid.clone())
    );
}

#[test]
fn a_question_that_was_asked_twice_needs_a_second_answer_to_the_next_one() {
    let mut line = Line::default();
    line.writes(1, "Sergio", 0);
    line.writes(2, "Sergio", 0);
    line.answers("Sergio", "one", 1);
    // Asked at 1 and at 11; one of two answers is on its way.
    line.answers("Sergio", "two", 12);
    let carried = line.answers("Sergio", "1", 13);
    assert_eq!(sent(&carried), Some((&customer(1), "one")));
    for number in ["1", "2"] {
        let carried = line.answers("Sergio", number, 14);
        assert_eq!(sent(&carried), None, "{number} may be for the first");
        assert!(carried.questions[0].is_repeated);
    }
    let carried = line.answers("Sergio", "2", 15);
    assert_eq!(sent(&carried), Some((&customer(2), "two")));
}

#[test]
fn nobody_has_more_threads_than_can_be_told_apart() {
    let mut line = Line::default();
    for n in 0..100 {
        line.writes(n, "Sergio", u64::from(n) / 10);
    }
    let live = line.threads.live_of_person("Sergio", times(10)).count();
    assert_eq!(live, MOST_LIVE);
    let size = serde_json::to_string(&line.threads).unwrap().len();
    assert!(
        size < 100_000,
        "{size} bytes, and DynamoDB's items hold 400 KB"
    );
    line.writes(200, "Sergio", 10 * HOUR);
    assert_eq!(line.threads.threads.len(), 1, "what is over is forgotten");
}

#[derive(Debug, Clone)]
enum Step {
    Writes(u32, bool),
    Answers(bool, String),
    Passes(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let body = prop_oneof![
        Just("yes".to_owned()),
        (0_u32..6).prop_map(|n| n.to_string()),
        (0_u32..6).prop_map(|n| format!("#{n} yes")),
        "\\PC{0,20}",
    ];
    prop_oneof![
        (0_u32..6, any::<bool>()).prop_map(|(n, who)| Step::Writes(n, who)),
        (any::<bool>(), body).prop_map(|(who, body)| Step::Answers(who, body)),
        any::<bool>().prop_map(Step::Passes),
    ]
}

fn name(is_first: bool) -> &'static str {
    if is_first { "Sergio" } else { "Backup" }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is written when: a person's tags name one thread each, words go to a customer whom the
    /// person may mean, and what is kept reads back.
    #[test]
    fn threads_hold_together(steps in proptest::collection::vec((step(), 0_u64..90), 1..60)) {
        let mut line = Line::default();
        let mut minute = 0;
        for (step, pause) in steps {
            minute += pause;
            match step {
                Step::Writes(n, who) => drop(line.writes(n, name(who), minute)),
                Step::Passes(who) => {
                    line.carries_out(Wanted::Pass(None), name(who), "pass", minute);
                }
                Step::Answers(who, body) => {
                    let before = line.threads.clone();
                    let carried = line.answers(name(who), &body, minute);
                    if let Some(sent) = &carried.sent {
                        let known = before.of(&sent.customer).and_then(|t| t.seat_of(name(who)));
                        prop_assert!(known.is_some(), "{body:?} went to a stranger");
                        let live = before.live_of_person(name(who), times(minute));
                        prop_assert!(carried.rule != Rule::Answer || live.count() == 1);
                    } else {
                        let is_said = carried.answer.is_some() || !carried.questions.is_empty();
                        prop_assert!(is_said, "{body:?} went nowhere without a word");
                    }
                }
            }
            for person in ["Sergio", "Backup"] {
                let seats = line.threads.of_person(person, times(minute));
                let mut tags: Vec<Tag> = seats.iter().map(|(_, seat, _)| seat.tag).collect();
                tags.sort_unstable();
                let count = tags.len();
                tags.dedup();
                prop_assert_eq!(tags.len(), count, "a tag names two threads");
            }
            let json = serde_json::to_string(&line.threads).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Threads>(&json).unwrap(), &line.threads);
        }
    }
}
