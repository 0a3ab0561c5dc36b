//! Who picked up, and what they pressed.

use super::*;

#[test]
fn only_1_connects() {
    for keys in [
        "0", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "", "12", "11", " 1", "hangup", "١",
    ] {
        let mut world = World::new();
        assert!(matches!(
            world.takes(5, picked_up(1)),
            Answer::Ask { leg: 1, .. }
        ));
        assert_eq!(world.takes(9, pressed(1, keys)), Answer::HangUp, "{keys:?}");
        assert_eq!(world.call.stage, Stage::Ringing { leg: 1 });
        // What was decided stays, whatever comes later.
        assert_eq!(world.takes(9, pressed(1, "1")), Answer::HangUp);
    }
    let mut world = World::new();
    world.takes(5, picked_up(1));
    assert_eq!(world.takes(9, pressed(1, "1")), Answer::Connect);
    assert_eq!(world.call.stage, Stage::Talking { leg: 1 });
    assert_eq!(world.call.due, Some(at(9 + 7200 + 150)));
    assert_eq!(world.takes(9, pressed(1, "")), Answer::Connect);
    assert_eq!(world.effects, []);
}

#[test]
fn a_leg_is_who_it_was_at_first() {
    let mut world = World::new();
    world.takes(5, picked_up(1));
    let other = Event::Pressed {
        leg: 1,
        sid: sid(9),
        keys: Some("1".to_owned()),
    };
    assert_eq!(world.tries(6, other), Err(NotOfTheCall::OtherLeg));
    let of_the_call = Event::PickedUp {
        leg: 1,
        sid: sid(0),
    };
    assert_eq!(
        World::new().tries(6, of_the_call),
        Err(NotOfTheCall::OtherLeg)
    );
    world.takes(20, not_answered(1));
    let of_the_first = Event::PickedUp {
        leg: 2,
        sid: sid(1),
    };
    assert_eq!(world.tries(21, of_the_first), Err(NotOfTheCall::OtherLeg));
}

#[test]
fn after_the_leg_nobody_is_asked_or_connected_any_more() {
    let mut world = World::new();
    world.takes(20, not_answered(1));
    assert_eq!(world.takes(21, picked_up(1)), Answer::HangUp);
    assert_eq!(world.takes(21, pressed(1, "1")), Answer::HangUp);
    assert_eq!(world.call.legs[0].given, None);
    assert_eq!(world.call.stage, Stage::Ringing { leg: 2 });

    let mut gone = World::new();
    gone.takes(4, picked_up(1));
    gone.takes(6, Event::Ended { seconds: None });
    assert_eq!(gone.takes(7, picked_up(1)), Answer::HangUp);
    assert_eq!(gone.takes(7, pressed(1, "1")), Answer::HangUp);
    gone.takes(7, hung_up(1, LegStatus::Canceled, Some(false), None));
    assert_eq!(gone.outcome().cloned(), missed(MissedAt::Ringing));
}

#[test]
fn a_person_who_was_connected_though_nothing_could_be_kept_has_spoken() {
    let mut world = World::new();
    world.takes(5, picked_up(1));
    // The key came while the store was down.
    world.takes(70, dialed(1, LegStatus::Completed, Some(true), Some(60)));
    let spoke = Outcome::Spoke {
        person: "Sergio".to_owned(),
        seconds: Some(60),
    };
    assert_eq!(world.outcome(), Some(&spoke));
    assert_eq!(world.times_told(), 1);
}

#[test]
fn news_of_a_leg_in_any_order_say_the_same() {
    let news = [
        progress(1, LegStatus::Ringing),
        progress(1, LegStatus::Answered),
        Event::Progress {
            leg: 1,
            sid: sid(1),
            status: LegStatus::Busy,
            sip: Some(486),
            code: Some(13227),
            seconds: Some(0),
        },
        dialed(1, LegStatus::Busy, Some(false), Some(0)),
    ];
    let mut ends = Vec::new();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 3, 0, 1], [1, 3, 2, 0]] {
        let mut world = World::new();
        for at in order {
            world.takes(20, news[at].clone());
        }
        ends.push((world.call.legs[0].clone(), world.call.stage));
    }
    assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{ends:#?}");
    assert_eq!(ends[0].0.sip, Some(486));
    assert_eq!(ends[0].0.code, Some(13227));
}

/// Sergio's phone is picked up so many seconds after the first call, and these keys are pressed. Whether he is
/// advised.
fn is_advised(live: &mut LineCalls, seconds: i64, keys: &str) -> bool {
    let mut world = World::new();
    world.live = std::mem::take(live);
    world.takes(seconds, picked_up(1));
    world.takes(seconds + 5, pressed(1, keys));
    *live = world.live;
    let advice = Effect::Advise {
        person: "Sergio".to_owned(),
    };
    world.effects.contains(&advice)
}

#[test]
fn whose_phone_is_picked_up_three_times_with_nothing_pressed_is_advised_once_a_month() {
    let day = 24 * 60 * 60;
    let mut live = LineCalls::default();
    let advised: Vec<bool> = (0..9).map(|n| is_advised(&mut live, 5 * n, "")).collect();
    let third = [false, false, true, false, false, false, false, false, false];
    assert_eq!(advised, third);
    assert!(!is_advised(&mut live, 29 * day, ""));
    assert!(is_advised(&mut live, 31 * day, ""));
    let says = save_the_number(&line());
    assert!(
        says.ends_with("Save +16195550100 as a contact.") && says.len() <= 160,
        "{says}"
    );
}

#[test]
fn whoever_pressed_a_key_in_between_is_not_advised() {
    for key in ["1", "2"] {
        let mut live = LineCalls::default();
        for keys in ["", "", key, "", "", key, "", ""] {
            assert!(!is_advised(&mut live, 5, keys), "{key}");
        }
    }
}
