//! Calls that a person asks for by text.

use super::*;
use crate::domain::ids::MessageSid;
use crate::domain::language::Language;

const CUSTOMER: &str = "+16195550107";

fn text() -> MessageSid {
    MessageSid::parse(&format!("MM{:032x}", 7)).unwrap()
}

fn begun(line: Line, live: &LineCalls) -> World {
    let (text, customer) = (text(), number(CUSTOMER));
    let sid = CallSid::of_text(&text).unwrap();
    let new = CallOut {
        sid: &sid,
        text: &text,
        person: &line.people[0],
        customer: &customer,
    };
    let began = call_out(&line, &Known::default(), live, new, at(0));
    World {
        known: Known::default(),
        call: began.call,
        live: began.live,
        answer: began.answer,
        effects: began.effects,
        line,
    }
}

/// The provider has made the call.
fn made() -> World {
    let mut world = begun(line(), &LineCalls::default());
    assert_eq!(world.effects, [Effect::MakeCall]);
    world.takes(1, Event::Made { sid: sid(1) });
    world
}

/// The customer's phone rings.
fn calls() -> World {
    let mut world = made();
    world.takes(5, picked_up(1));
    let answer = world.takes(9, pressed(1, "1"));
    assert!(matches!(answer, Answer::CallCustomer { .. }), "{answer:?}");
    world
}

fn reached(
    status: LegStatus,
    bridged: Option<bool>,
    seconds: Option<u32>,
    caller_hung_up: bool,
) -> Event {
    let how = Dialed {
        status,
        bridged,
        seconds,
        caller_hung_up,
    };
    Event::Reached { how }
}

fn customer(status: LegStatus, seconds: Option<u32>) -> Event {
    Event::Customer {
        sid: sid(2),
        status,
        seconds,
    }
}

fn not_reached(because: NotReached) -> Option<Outcome> {
    Some(Outcome::NotReached { because })
}

#[test]
fn the_name_of_the_call_is_the_texts_so_that_it_is_begun_once() {
    assert_eq!(CallSid::of_text(&text()), Some(sid(7)));
    let upper = MessageSid::parse(&format!("SM{}", "0A".repeat(16))).unwrap();
    assert_eq!(
        CallSid::of_text(&upper).unwrap().as_str(),
        format!("CA{}", "0a".repeat(16))
    );
    let mut world = made();
    let before = world.call.clone();
    for event in [
        Event::Made { sid: sid(5) },
        Event::NotMade { code: Some(13227) },
        Event::Unanswered,
        Event::NoneFound,
        Event::Began,
    ] {
        assert_eq!(world.takes(2, event), Answer::Nothing);
        assert_eq!(world.call, before);
    }
}

#[test]
fn the_person_hears_whom_they_call_and_only_1_calls_them() {
    let mut world = made();
    let Answer::AskToCall { says } = world.takes(5, picked_up(1)) else {
        panic!("{:?}", world.answer);
    };
    assert_eq!(says.text, "Q D N, your call to 0 1 0 7. Press 1.");
    let answer = world.takes(9, pressed(1, "1"));
    let Answer::CallCustomer {
        number: called,
        shows,
        talk,
        ..
    } = &answer
    else {
        panic!("{answer:?}");
    };
    assert_eq!((called, shows), (&number(CUSTOMER), &world.line.number));
    assert_eq!(talk.as_secs(), 7200);
    // Repeated, it says the same; and nobody else gets a word of it.
    assert_eq!(world.takes(9, pressed(1, "1")), answer);
    assert_eq!(world.takes(9, pressed(1, "")), answer);
    assert_eq!(world.takes(9, pressed(3, "1")), Answer::HangUp);
    assert_eq!(world.takes(10, picked_up(1)), Answer::HangUp);
    for keys in ["", "0", "2", "11", "#", "hangup"] {
        let mut world = made();
        world.takes(5, picked_up(1));
        assert_eq!(world.takes(9, pressed(1, keys)), Answer::HangUp, "{keys:?}");
        assert_eq!(world.outcome(), not_reached(NotReached::NotTaken).as_ref());
        assert_eq!(world.takes(9, pressed(1, "1")), Answer::HangUp);
        assert_eq!(
            world.effects[1..],
            [Effect::TellNotReached(NotReached::NotTaken)]
        );
    }
}

#[test]
fn in_spanish_too() {
    let mut line = line();
    line.language = Language::Spanish;
    line.voice.as_mut().unwrap().language = "es-MX".to_owned();
    let mut world = begun(line, &LineCalls::default());
    let Answer::AskToCall { says } = world.takes(5, picked_up(1)) else {
        panic!("{:?}", world.answer);
    };
    assert_eq!(says.text, "Q D N, llamada a 0 1 0 7. Pulse 1.");
    assert_eq!(says.language, "es-MX");
    world.takes(9, pressed(1, "1"));
    let Answer::Say { says } = world.takes(40, reached(LegStatus::Busy, Some(false), None, false))
    else {
        panic!("{:?}", world.answer);
    };
    assert_eq!(says.text, "No contestan. Hasta luego.");
    let told = tells_not_reached(NotReached::NotTaken, "0107", &world.line).unwrap();
    assert!(told.starts_with("No se ha llamado a 0107: "), "{told}");
}

#[test]
fn every_end_of_the_customers_leg_is_one_outcome() {
    use LegStatus::*;
    let spoke = |seconds| {
        Some(Outcome::Spoke {
            person: "Sergio".to_owned(),
            seconds,
        })
    };
    for (event, outcome, is_told) in [
        (
            reached(Completed, Some(true), Some(64), false),
            spoke(Some(64)),
            true,
        ),
        (
            reached(Completed, Some(true), Some(64), true),
            spoke(Some(64)),
            true,
        ),
        (
            reached(Completed, None, Some(3), false),
            spoke(Some(3)),
            true,
        ),
        (
            reached(Completed, None, Some(0), false),
            not_reached(NotReached::NoAnswer),
            false,
        ),
        (
            reached(Completed, Some(false), Some(4), false),
            not_reached(NotReached::NoAnswer),
            false,
        ),
        (
            reached(NoAnswer, Some(false), None, false),
            not_reached(NotReached::NoAnswer),
            false,
        ),
        (
            reached(NoAnswer, None, None, false),
            not_reached(NotReached::NoAnswer),
            false,
        ),
        (
            reached(Busy, Some(false), None, false),
            not_reached(NotReached::Busy),
            false,
        ),
        (
            reached(Failed, Some(false), None, false),
            not_reached(NotReached::Failed),
            false,
        ),
        (
            reached(Canceled, Some(false), None, true),
            not_reached(NotReached::HungUp),
            false,
        ),
        (
            reached(NoAnswer, None, None, true),
            not_reached(NotReached::HungUp),
            false,
        ),
        (
            reached(Unknown, None, None, false),
            not_reached(NotReached::Unknown),
            false,
        ),
    ] {
        let mut world = calls();
        let answer = world.takes(90, event.clone());
        assert_eq!(world.outcome(), outcome.as_ref(), "{event:?}");
        assert_eq!(world.times_told(), usize::from(is_told), "{event:?}");
        assert!(world.call.told.is_some() && world.call.due.is_none());
        assert!(world.live.live.is_empty());
        assert_eq!(world.takes(91, event.clone()), answer, "{event:?}");
        assert_eq!(world.times_told(), usize::from(is_told), "{event:?}");
        match (&event, &outcome) {
            (Event::Reached { how }, _) if how.caller_hung_up => {
                assert_eq!(answer, Answer::Nothing)
            }
            (_, Some(Outcome::NotReached { .. })) => {
                assert!(matches!(answer, Answer::Say { .. }), "{answer:?}");
            }
            _ => assert_eq!(answer, Answer::HangUp),
        }
    }
}

#[test]
fn if_nobody_asks_what_comes_next_the_news_of_the_legs_say_how_it_ended() {
    for (news, outcome) in [
        (vec![], not_reached(NotReached::Unknown)),
        (
            vec![customer(LegStatus::Canceled, None)],
            not_reached(NotReached::HungUp),
        ),
        (
            vec![customer(LegStatus::Busy, None)],
            not_reached(NotReached::Busy),
        ),
        (
            vec![
                customer(LegStatus::Answered, None),
                customer(LegStatus::Completed, Some(33)),
            ],
            Some(Outcome::Spoke {
                person: "Sergio".to_owned(),
                seconds: Some(33),
            }),
        ),
        (
            vec![customer(LegStatus::Answered, None)],
            Some(Outcome::Spoke {
                person: "Sergio".to_owned(),
                seconds: Some(40),
            }),
        ),
    ] {
        let mut world = calls();
        for event in news.clone() {
            world.takes(20, event);
        }
        let over = Event::Progress {
            leg: 1,
            sid: sid(1),
            status: LegStatus::Completed,
            sip: None,
            code: None,
            seconds: Some(55),
        };
        world.takes(60, over);
        assert_eq!(world.outcome(), None, "the question may still come");
        world.is_left_alone();
        assert_eq!(world.outcome(), outcome.as_ref(), "{news:?}");
    }
}

#[test]
fn a_person_who_does_not_answer_has_nobody_called() {
    for (status, because) in [
        (LegStatus::NoAnswer, NotReached::NotTaken),
        (LegStatus::Busy, NotReached::NotTaken),
        (LegStatus::Canceled, NotReached::NotTaken),
        (LegStatus::Completed, NotReached::NotTaken),
        (LegStatus::Failed, NotReached::NotMade { code: None }),
    ] {
        let mut world = made();
        world.takes(25, progress(1, status));
        assert_eq!(world.outcome(), not_reached(because).as_ref());
        assert_eq!(world.effects[1..], [Effect::TellNotReached(because)]);
        assert_eq!(entry(&world.call, &world.line, None), None);
        assert_eq!(world.takes(26, picked_up(1)), Answer::HangUp);
    }
    // Nothing is heard at all.
    let mut world = made();
    world.is_left_alone();
    assert_eq!(world.outcome(), not_reached(NotReached::NotTaken).as_ref());
}

#[test]
fn a_lost_answer_is_looked_for_before_the_call_is_made_again() {
    let mut world = begun(line(), &LineCalls::default());
    world.takes(10, Event::Unanswered);
    assert_eq!(world.call.due, Some(at(25)));
    world.takes(24, Event::Due);
    assert_eq!(world.effects, [Effect::MakeCall], "it is not time yet");
    world.takes(25, Event::Due);
    assert_eq!(world.effects[1..], [Effect::FindCall]);
    // It had been made.
    let mut found = world.clone();
    found.takes(26, Event::Made { sid: sid(1) });
    found.is_left_alone();
    assert!(!found.effects[2..].contains(&Effect::MakeCall));
    // It had not.
    world.takes(26, Event::NoneFound);
    assert_eq!(world.effects[2..], [Effect::MakeCall]);
    world.takes(36, Event::Unanswered);
    world.takes(51, Event::Due);
    world.takes(121, Event::NoneFound);
    let because = NotReached::NotMade { code: None };
    assert_eq!(world.outcome(), not_reached(because).as_ref());
    assert_eq!(
        world.effects[3..],
        [Effect::FindCall, Effect::TellNotReached(because)]
    );
}

#[test]
fn whoever_was_to_make_it_and_died_is_noticed() {
    let mut world = begun(line(), &LineCalls::default());
    assert_eq!(world.call.due, Some(at(60)));
    world.takes(60, Event::Due);
    assert_eq!(world.effects[1..], [Effect::FindCall]);
}

#[test]
fn of_two_calls_that_were_made_by_mistake_the_one_that_is_picked_up_counts() {
    let mut world = made();
    let other = Event::PickedUp {
        leg: 1,
        sid: sid(9),
    };
    assert!(matches!(
        world.takes(5, other.clone()),
        Answer::AskToCall { .. }
    ));
    assert_eq!(world.takes(6, picked_up(1)), Answer::HangUp);
    world.takes(7, progress(1, LegStatus::Completed));
    assert_eq!(world.outcome(), None, "that was of the first");
    assert!(matches!(world.takes(8, other), Answer::AskToCall { .. }));
}

#[test]
fn nobody_is_called_who_is_in_a_call_and_nobody_without_end() {
    let mut world = begun(line(), &LineCalls::default());
    for n in 2..=10 {
        let live = LineCalls {
            live: Vec::new(),
            ..world.live.clone()
        };
        world = begun(line(), &live);
        assert_eq!(world.live.out.len(), n);
        assert_eq!(world.outcome(), None);
    }
    let busy = begun(
        line(),
        &LineCalls {
            live: vec![LiveCall {
                sid: sid(30),
                caller: None,
                person: Some(line().people[0].number.clone()),
                until: at(90),
            }],
            ..LineCalls::default()
        },
    );
    assert_eq!(busy.outcome(), not_reached(NotReached::InACall).as_ref());
    assert_eq!(busy.effects, [Effect::TellNotReached(NotReached::InACall)]);
    assert!(busy.call.due.is_none() && busy.live.out.is_empty());
    let live = LineCalls {
        live: Vec::new(),
        ..world.live
    };
    let flood = begun(line(), &live);
    assert_eq!(flood.outcome(), not_reached(NotReached::TooMany).as_ref());
    for because in [
        NotReached::InACall,
        NotReached::TooMany,
        NotReached::NotTaken,
        NotReached::NotMade { code: Some(13227) },
    ] {
        let told = tells_not_reached(because, "0107", &line()).unwrap();
        assert!(
            told.starts_with("0107 was not called: ") && told.len() <= 160,
            "{told}"
        );
    }
}

#[test]
fn it_is_told_and_entered_in_the_conversation() {
    let mut world = calls();
    world.takes(12, customer(LegStatus::Answered, None));
    world.takes(
        240,
        reached(LegStatus::Completed, Some(true), Some(228), false),
    );
    assert_eq!(
        world.entry(),
        "Sergio called 10:00 AM: 4 min. A reply here goes to them."
    );
    let zone = world.line.time_zone.clone();
    let told: Vec<String> = story(&world.call, &zone)
        .into_iter()
        .map(|(_, says)| says)
        .collect();
    assert_eq!(
        told,
        [
            format!("Sergio asked by text to call +1•••07 ({})", text()),
            "rang Sergio for up to 20 s".to_owned(),
            format!("the provider's name for the call is {}", sid(1)),
            "Sergio's phone was picked up".to_owned(),
            "Sergio pressed 1, and the customer was called".to_owned(),
            "the customer picked up".to_owned(),
            "the customer's leg was over after 228 s".to_owned(),
            "the call was over, 240 s after it was asked for".to_owned(),
            "outcome: spoke with Sergio for 228 s".to_owned(),
        ]
    );
    let mut world = calls();
    world.takes(40, reached(LegStatus::NoAnswer, Some(false), None, false));
    assert_eq!(world.entry(), "Sergio called 10:00 AM: no answer.");
}
