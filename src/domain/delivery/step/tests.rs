use Event::Woken;

use super::*;
use crate::domain::delivery::OnPhone;
use crate::domain::ids::DeliveryId;
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::sms;
use crate::twilio::errors;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn sid(n: u8) -> MessageSid {
    MessageSid::parse(&format!("SM{n:032x}")).unwrap()
}

fn number(last: u8) -> PhoneNumber {
    PhoneNumber::parse(&format!("+161955501{last:02}")).unwrap()
}

pub fn recipient(person: &str, last: u8) -> Recipient {
    Recipient {
        person: person.to_owned(),
        number: number(last),
    }
}

/// A delivery to Sergio, with the backup behind him, due now.
pub fn delivery(parts: usize) -> Delivery {
    let body = "x".repeat(1600 * (parts - 1) + 1);
    Delivery {
        id: DeliveryId::parse("test").unwrap(),
        version: 0,
        line: "qdn".to_owned(),
        from: number(0),
        public_url: "https://relay.example.com".to_owned(),
        message_sid: None,
        sender: Some(Sender::Phone(number(7))),
        to: recipient("Sergio", 10),
        remaining: vec![recipient("Backup", 11)],
        parts: sms::parts(&body, &[]),
        body,
        media: Vec::new(),
        attached: String::new(),
        attempts: Vec::new(),
        state: State::Waiting { due: at(0) },
        created: at(0),
        deadline: at(3600),
        gave_up: None,
        replays: Vec::new(),
        slowed: Vec::new(),
        invitation: None,
        handed_over: Vec::new(),
        restored: None,
        in_conversation: None,
        purpose: Default::default(),
        policy: Default::default(),
        country: "US".to_owned(),
        language: Default::default(),
        time_zone: Default::default(),
    }
}

/// A delivery to Sergio, and to nobody else.
pub fn alone() -> Delivery {
    let mut alone = delivery(1);
    alone.remaining.clear();
    alone
}

/// Lets events happen one after the other, each at its second; jitter is one half.
pub fn after(
    delivery: Delivery,
    events: impl IntoIterator<Item = (i64, Event)>,
) -> (Delivery, Vec<Effect>) {
    events
        .into_iter()
        .fold((delivery, Vec::new()), |(delivery, _), (second, event)| {
            step(delivery, event, at(second), 0.5)
        })
}

pub fn accepted(attempt: u32) -> Event {
    Event::Answered {
        attempt,
        answer: Answer::Accepted {
            sid: sid(attempt as u8),
        },
    }
}

pub fn refused(attempt: u32, code: Option<u32>, http_status: u16) -> Event {
    Event::Answered {
        attempt,
        answer: errors::refused(code, http_status, None),
    }
}

pub fn unanswered(attempt: u32) -> Event {
    Event::Answered {
        attempt,
        answer: Answer::Unknown,
    }
}

pub fn status(attempt: u32, status: Status, code: Option<u32>) -> Event {
    Event::Status {
        attempt,
        sid: sid(attempt as u8),
        status,
        failure: errors::failure(code, None),
    }
}

#[test]
fn a_delivery_that_is_due_is_claimed_and_sent() {
    let (delivery, effects) = after(delivery(1), [(0, Woken)]);
    assert_eq!(effects, [Effect::Send { attempt: 1 }]);
    assert_eq!(delivery.state, State::Sending { lease: at(60) });
}

#[test]
fn a_wake_up_that_comes_early_or_again_sends_nothing() {
    let mut early = delivery(1);
    early.state = State::Waiting { due: at(5) };
    assert_eq!(after(early, [(0, Woken)]).1, [Effect::Wake { due: at(5) }]);
    assert_eq!(
        after(delivery(1), [(0, Woken), (1, Woken)]).1,
        [Effect::Wake { due: at(60) }]
    );
    assert_eq!(
        after(delivery(1), [(0, Woken), (1, accepted(1)), (2, Woken)]).1,
        [Effect::Wake { due: at(121) }]
    );
}

#[test]
fn an_accepted_delivery_is_done_when_the_phone_has_it() {
    let (delivery, _) = after(delivery(1), [(0, Woken), (1, accepted(1))]);
    assert!(matches!(delivery.state, State::Accepted { .. }));
    let (delivery, effects) = after(
        delivery,
        [
            (2, status(1, Status::Sent, None)),
            (3, status(1, Status::Delivered, None)),
        ],
    );
    assert_eq!(delivery.state, State::Delivered);
    assert_eq!(effects, [Effect::Report { attempt: 1 }]);
}

#[test]
fn late_and_repeated_callbacks_change_nothing() {
    let news = [
        (0, Woken),
        (1, accepted(1)),
        (3, status(1, Status::Delivered, None)),
    ];
    let (done, _) = after(delivery(1), news);
    for late in [
        Status::Queued,
        Status::Sent,
        Status::Delivered,
        Status::Read,
        Status::Undelivered,
        Status::Failed,
    ] {
        assert_eq!(
            after(done.clone(), [(9, status(1, late, Some(30003)))]),
            (done.clone(), vec![])
        );
    }
    let foreign = Event::Status {
        attempt: 1,
        sid: sid(9),
        status: Status::Failed,
        failure: errors::failure(None, None),
    };
    let (sent, _) = after(delivery(1), [(0, Woken), (1, accepted(1))]);
    assert_eq!(after(sent.clone(), [(2, foreign)]), (sent, vec![]));
}

#[test]
fn a_callback_may_overtake_the_answer_to_the_request() {
    let (delivery, _) = after(
        delivery(1),
        [(0, Woken), (1, status(1, Status::Sent, None))],
    );
    assert!(matches!(delivery.state, State::Accepted { .. }));
    assert_eq!(
        after(delivery.clone(), [(2, accepted(1))]),
        (delivery, vec![])
    );
}

#[test]
fn passing_trouble_is_retried_with_growing_pauses() {
    let (mut delivery, mut now) = (alone(), 0);
    for (attempt, pause) in [(1, 2.5), (2, 5.0), (3, 10.0), (4, 20.0)] {
        (delivery, _) = after(
            delivery,
            [(now, Woken), (now, refused(attempt, Some(30001), 400))],
        );
        let due = at(now) + Duration::from_secs_f64(pause);
        assert_eq!(delivery.state, State::Waiting { due });
        now += 60;
    }
    assert_eq!(delivery.to.person, "Sergio");
}

#[test]
fn retry_after_is_honoured() {
    let answer = errors::refused(Some(20429), 429, Some(Duration::from_secs(40)));
    let (delivery, _) = after(
        delivery(1),
        [(0, Woken), (1, Event::Answered { attempt: 1, answer })],
    );
    assert_eq!(delivery.state, State::Waiting { due: at(41) });
}

#[test]
fn a_number_that_takes_no_texts_is_passed_over_at_once() {
    let (delivery, effects) = after(delivery(1), [(0, Woken), (1, refused(1, Some(21614), 400))]);
    assert_eq!(delivery.to.person, "Backup");
    assert_eq!(delivery.state, State::Waiting { due: at(1) });
    let from = recipient("Sergio", 10);
    assert!(effects.contains(&Effect::ReportHandOver {
        from,
        because: MovedOn::Failed {
            class: Class::HandOver,
            code: Some(21614),
        },
    }));
    assert!(
        delivery.parts[0].body.contains("Sergio"),
        "the backup reads why it came"
    );
}

#[test]
fn an_unreachable_phone_gets_one_more_try_before_the_next_person() {
    let news = [
        (0, Woken),
        (1, accepted(1)),
        (2, status(1, Status::Undelivered, Some(30003))),
    ];
    let (delivery, _) = after(delivery(1), news);
    assert_eq!(delivery.to.person, "Sergio");
    let news = [
        (20, Woken),
        (21, accepted(2)),
        (22, status(2, Status::Undelivered, Some(30003))),
    ];
    let (delivery, _) = after(delivery, news);
    assert_eq!(delivery.to.person, "Backup");
    let (delivery, effects) = after(delivery, [(22, Woken)]);
    assert!(effects.contains(&Effect::Send { attempt: 3 }));
    assert_eq!(delivery.attempt(3).unwrap().to.person, "Backup");
}

#[test]
fn news_of_the_first_person_does_not_disturb_the_second() {
    let news = [
        (0, Woken),
        (1, refused(1, Some(21614), 400)),
        (2, Woken),
        (3, accepted(2)),
    ];
    let (delivery, _) = after(delivery(1), news);
    let (after_news, _) = after(delivery.clone(), [(4, status(1, Status::Delivered, None))]);
    assert_eq!(after_news.state, delivery.state);
}

#[test]
fn when_nobody_is_left_the_delivery_ends() {
    let mut alone = delivery(1);
    alone.remaining.clear();
    let (delivery, effects) = after(alone, [(0, Woken), (1, refused(1, Some(21614), 400))]);
    assert_eq!(
        delivery.state,
        State::GaveUp {
            because: GaveUp::NobodyLeft
        }
    );
    assert!(effects.contains(&Effect::ReportGivenUp {
        because: GaveUp::NobodyLeft
    }));
    assert_eq!(delivery.due(), None);
}

#[test]
fn nothing_is_tried_again_after_the_deadline() {
    let mut alone = delivery(1);
    alone.remaining.clear();
    let late = State::GaveUp {
        because: GaveUp::Late,
    };
    let refusal = refused(1, Some(30001), 400);
    let (at_once, _) = after(alone.clone(), [(3599, Woken), (3599, refusal.clone())]);
    assert_eq!(at_once.state, late);
    let (waiting, _) = after(alone, [(0, Woken), (1, refusal), (3600, Woken)]);
    assert_eq!(waiting.state, late);
}

#[test]
fn a_fault_of_the_account_keeps_the_text_for_later() {
    let fault = [(0, Woken), (1, refused(1, Some(20003), 401))];
    let (last, _) = after(alone(), fault.clone());
    assert_eq!(last.due(), Some(at(601)));
    let (first, _) = after(delivery(1), fault);
    assert_eq!(
        (first.to.person.as_str(), first.due()),
        ("Sergio", Some(at(180)))
    );
    assert_eq!(after(first, [(180, Woken)]).0.to.person, "Backup");
}

#[test]
fn a_lost_answer_is_asked_about_before_anything_is_sent_again() {
    let (unknown, effects) = after(delivery(1), [(0, Woken), (10, unanswered(1))]);
    assert_eq!(
        unknown.state,
        State::Unknown {
            ask: at(60),
            asked: 0
        }
    );
    assert!(effects.contains(&Effect::Wake { due: at(60) }));
    let (asking, effects) = after(unknown, [(60, Woken)]);
    assert_eq!(effects, [Effect::Ask { attempt: 1 }]);

    let (found, _) = after(asking.clone(), [(61, status(1, Status::Sent, None))]);
    assert!(matches!(found.state, State::Accepted { .. }));

    let (absent, _) = after(asking.clone(), [(61, Event::Absent { attempt: 1 })]);
    assert_eq!(absent.attempts[0].outcome, Outcome::Absent);
    assert_eq!(
        after(absent, [(70, Woken)]).1,
        [Effect::Send { attempt: 2 }]
    );

    let (still_unknown, effects) = after(asking, [(61, Event::NoAnswer)]);
    assert!(matches!(still_unknown.state, State::Unknown { ask, asked: 1 } if ask >= at(91)));
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Send { .. }))
    );
}

#[test]
fn an_attempt_over_which_twilio_broke_down_is_asked_about_too() {
    let (delivery, _) = after(delivery(1), [(0, Woken), (1, refused(1, None, 502))]);
    assert_eq!(
        delivery.state,
        State::Unknown {
            ask: at(11),
            asked: 0
        }
    );
    assert_eq!(
        after(delivery, [(11, Woken)]).1,
        [Effect::Ask { attempt: 1 }]
    );
}

#[test]
fn an_attempt_says_of_itself_from_which_reply_number_it_comes() {
    let via = Event::WokenVia(number(50));
    let first = after(delivery(1), [(0, via), (1, refused(1, Some(21211), 400))]).0;
    assert_eq!(first.sent_from(&first.attempts[0]), &number(50));
    assert_eq!(
        first.on_phone_from(&number(50), &number(10), at(9)),
        OnPhone::No
    );
    assert!(!first.came_from_reply_number(&number(10)));
    // The next person has no such number.
    let second = after(first, [(1, Woken), (2, accepted(2))]).0;
    assert_eq!(second.sent_from(&second.attempts[1]), &number(0));
    assert!(!second.came_from_reply_number(&number(11)));
    let accepted = after(
        delivery(1),
        [(0, Event::WokenVia(number(50))), (1, accepted(1))],
    )
    .0;
    assert!(accepted.came_from_reply_number(&number(10)));
    let there = |via| accepted.on_phone_from(&number(via), &number(10), at(300));
    assert_eq!((there(50), there(51)), (OnPhone::Since(at(0)), OnPhone::No));
}

#[test]
fn what_twilio_does_not_send_from_a_reply_number_comes_from_the_line_at_once() {
    let not_ours = refused(1, Some(21606), 400);
    let via = [(0, Event::WokenVia(number(50))), (1, not_ours)];
    let (refused_there, _) = after(delivery(1), via);
    assert_eq!(refused_there.due(), Some(at(1)));
    let from_line = [(1, Woken), (2, refused(2, Some(21606), 400))];
    let (refused_here, _) = after(refused_there, from_line);
    assert_eq!(refused_here.to.person, "Sergio");
    assert!(at(60) < refused_here.due().unwrap(), "it waits for repair");
}

#[test]
fn an_attempt_whose_worker_died_is_asked_about() {
    let (delivery, effects) = after(delivery(1), [(0, Woken), (60, Woken)]);
    assert_eq!(
        delivery.state,
        State::Unknown {
            ask: at(120),
            asked: 0
        }
    );
    assert!(effects.contains(&Effect::Ask { attempt: 1 }));
}

#[test]
fn after_a_suspension_a_request_has_time_to_arrive_before_it_is_asked_about() {
    let (delivery, effects) = after(delivery(1), [(0, Woken), (90, Woken)]);
    assert!(!effects.contains(&Effect::Ask { attempt: 1 }));
    assert_eq!(delivery.due(), Some(at(120)));
    let (_, effects) = after(delivery, [(120, Woken)]);
    assert_eq!(effects, [Effect::Ask { attempt: 1 }]);
}

#[test]
fn one_worker_at_a_time_asks() {
    let asking = [(0, Woken), (10, unanswered(1)), (60, Woken)];
    let (asking, _) = after(delivery(1), asking);
    let (still, effects) = after(asking.clone(), [(61, Woken)]);
    assert_eq!(still, asking);
    assert_eq!(effects, [Effect::Wake { due: at(120) }]);
    let (_, effects) = after(asking, [(120, Woken)]);
    assert_eq!(effects, [Effect::Ask { attempt: 1 }]);
}

#[test]
fn a_request_that_never_left_is_simply_tried_again() {
    let answer = Event::Answered {
        attempt: 1,
        answer: Answer::NotSent,
    };
    let (delivery, _) = after(delivery(1), [(0, Woken), (1, answer)]);
    assert_eq!(delivery.attempts[0].outcome, Outcome::Absent);
    assert!(matches!(delivery.state, State::Waiting { .. }));
}

#[test]
fn a_long_text_goes_part_by_part_and_is_done_when_all_have_arrived() {
    let (delivery, effects) = after(delivery(2), [(0, Woken), (1, accepted(1))]);
    assert!(effects.contains(&Effect::Wake { due: at(1) }));
    let (delivery, _) = after(delivery, [(1, Woken), (2, accepted(2))]);
    assert!(matches!(delivery.state, State::Accepted { .. }));
    assert_eq!(
        delivery.attempts.iter().map(|a| a.part).collect::<Vec<_>>(),
        [0, 1]
    );
    let (delivery, _) = after(delivery, [(3, status(2, Status::Delivered, None))]);
    assert!(matches!(delivery.state, State::Accepted { .. }));
    let (delivery, _) = after(delivery, [(4, status(1, Status::Delivered, None))]);
    assert_eq!(delivery.state, State::Delivered);
}

#[test]
fn whoever_wants_to_be_left_alone_for_too_long_is_passed_over() {
    let answer = errors::refused(Some(21611), 429, Some(Duration::from_secs(7200)));
    let answered = Event::Answered { attempt: 1, answer };
    let (delivery, _) = after(delivery(1), [(0, Woken), (1, answered)]);
    assert_eq!(delivery.to.person, "Backup");
    assert_eq!(delivery.state, State::Waiting { due: at(1) });
}

#[test]
fn whoever_cannot_be_reached_for_passing_trouble_has_no_more_than_their_time() {
    let (mut delivery, mut attempt, mut now) = (delivery(1), 0, 0);
    while delivery.to.person == "Sergio" {
        attempt += 1;
        let refused = refused(attempt, Some(30001), 400);
        (delivery, _) = after(delivery, [(now, Woken), (now, refused)]);
        now = delivery.due().unwrap().as_second() - at(0).as_second() + 1;
    }
    assert!((60..=180).contains(&now) && attempt > 4, "{now} {attempt}");
}

#[test]
fn nobody_is_passed_over_without_an_attempt_even_if_the_relay_was_down_for_hours() {
    let (delivery, effects) = after(delivery(1), [(7200, Woken)]);
    assert_eq!(effects, [Effect::Send { attempt: 1 }]);
    let (delivery, _) = after(
        delivery,
        [(7200, refused(1, Some(30001), 400)), (7201, Woken)],
    );
    assert_eq!(
        (delivery.to.person.as_str(), delivery.attempts.len()),
        ("Backup", 2)
    );
    let (delivery, _) = after(delivery, [(7202, refused(2, Some(30001), 400))]);
    assert_eq!(
        delivery.state,
        State::GaveUp {
            because: GaveUp::Late
        }
    );
}

#[test]
fn no_pause_that_twilio_asks_for_breaks_the_calendar() {
    let answer = errors::refused(None, 503, Some(Duration::MAX));
    after(
        delivery(1),
        [(0, Woken), (1, Event::Answered { attempt: 1, answer })],
    );
    let answer = errors::refused(Some(20003), 401, Some(Duration::MAX));
    after(
        delivery(1),
        [(0, Woken), (1, Event::Answered { attempt: 1, answer })],
    );
}

#[test]
fn twilio_is_asked_when_no_callback_tells_the_end_but_not_for_ever() {
    let (mut delivery, effects) = after(alone(), [(0, Woken), (1, accepted(1))]);
    assert!(effects.contains(&Effect::Wake { due: at(121) }));
    for (asked, next) in [
        (121, 361),
        (361, 841),
        (841, 1801),
        (1801, 3590),
        (3590, 3600),
    ] {
        let effects;
        (delivery, effects) = after(delivery, [(asked, Woken)]);
        let wake = Effect::Wake { due: at(next) };
        assert_eq!(effects, [Effect::AskAfter { attempt: 1 }, wake]);
    }
    let found = status(1, Status::Undelivered, Some(30001));
    let (again, _) = after(delivery.clone(), [(3591, found)]);
    assert!(matches!(again.state, State::Waiting { .. }));
    let (over, _) = after(delivery, [(3600, Woken)]);
    let because = GaveUp::NoReport;
    assert_eq!((over.due(), over.state), (None, State::GaveUp { because }));
}

#[test]
fn a_question_that_twilio_never_answers_ends_at_the_deadline_with_nothing_sent() {
    let (mut delivery, _) = after(alone(), [(0, Woken), (10, unanswered(1))]);
    let mut asked = 0;
    while let Some(due) = delivery.due() {
        let second = due.as_second() - at(0).as_second() + 1;
        let effects;
        (delivery, effects) = after(delivery, [(second, Woken)]);
        assert_eq!(effects, [Effect::Ask { attempt: 1 }]);
        (delivery, _) = after(delivery, [(second, Event::NoAnswer)]);
        asked += 1;
    }
    assert_eq!(
        delivery.state,
        State::GaveUp {
            because: GaveUp::Unresolved
        }
    );
    assert!(asked < 20, "{asked}");
}
