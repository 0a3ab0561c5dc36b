//! What comes after a leg, by what Twilio says of it: all combinations.

use super::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Spoke,
    Missed,
    SamePerson,
    NextPerson,
    CutOff,
    /// The voicemail, and the owner is told.
    Alert,
}

const GIVEN: [Option<Given>; 3] = [None, Some(Given::Connect), Some(Given::HangUp)];
const STATUSES: [LegStatus; 7] = [
    LegStatus::Completed,
    LegStatus::Answered,
    LegStatus::Busy,
    LegStatus::NoAnswer,
    LegStatus::Failed,
    LegStatus::Canceled,
    LegStatus::Unknown,
];
const BRIDGED: [Option<bool>; 3] = [None, Some(false), Some(true)];
const SECONDS: [Option<u32>; 4] = [None, Some(0), Some(3), Some(9)];

/// The rows of the table, the first that fits.
fn expected(
    given: Option<Given>,
    (status, bridged, seconds): (LegStatus, Option<bool>, Option<u32>),
    caller_hung_up: bool,
) -> Then {
    use Given::{Connect, HangUp};
    let completed = matches!(status, LegStatus::Completed | LegStatus::Answered);
    // Without a length it is counted from the key that was pressed, 40 seconds before.
    // Of the length that is told, the second until the key is none of the talk.
    let short = seconds.is_some_and(|seconds| seconds < 9);
    match (caller_hung_up, given, bridged) {
        (true, Some(Connect) | None, Some(true)) => Then::Spoke,
        (true, Some(Connect), None) if completed => Then::Spoke,
        (true, ..) => Then::Missed,
        (false, Some(Connect) | None, Some(true)) if short => Then::CutOff,
        (false, Some(Connect) | None, Some(true)) => Then::Spoke,
        (false, Some(Connect), Some(false)) => Then::SamePerson,
        (false, Some(HangUp), Some(true)) => Then::Alert,
        (false, Some(Connect), None) if completed => match seconds {
            Some(0) => Then::SamePerson,
            _ if short => Then::CutOff,
            _ => Then::Spoke,
        },
        (false, ..) => Then::NextPerson,
    }
}

fn found(world: &World, answer: &Answer) -> Then {
    let alerts = world
        .effects
        .iter()
        .filter(|e| matches!(e, Effect::Alert(_)));
    let alerts = alerts.count();
    let then = match (world.outcome(), answer) {
        (Some(Outcome::Spoke { person, .. }), Answer::HangUp | Answer::Nothing) => {
            assert_eq!(person, "Sergio");
            Then::Spoke
        }
        (
            Some(Outcome::Missed {
                at: MissedAt::Ringing,
            }),
            Answer::Nothing,
        ) => Then::Missed,
        (None, Answer::Ring { leg: 2, .. }) => match world.rung()[1] {
            "Sergio" => Then::SamePerson,
            _ => Then::NextPerson,
        },
        (None, Answer::TakeMessage { .. }) if alerts == 1 => return Then::Alert,
        (None, Answer::TakeMessage { greeting, .. }) => {
            let Greeting::Spoken(says) = greeting else {
                panic!("{greeting:?}");
            };
            assert!(says.text.contains("cut off"), "{says:?}");
            Then::CutOff
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(alerts, 0);
    then
}

#[test]
fn every_row_of_the_table() {
    let mut rows = 0;
    for given in GIVEN {
        for status in STATUSES {
            for bridged in BRIDGED {
                for seconds in SECONDS {
                    for caller_hung_up in [false, true] {
                        let row = (status, bridged, seconds);
                        let mut world = World::new();
                        if let Some(given) = given {
                            world.takes(4, picked_up(1));
                            let keys = if given == Given::Connect { "1" } else { "" };
                            world.takes(5, pressed(1, keys));
                            assert_eq!(world.call.legs[0].given, Some(given));
                        }
                        let how = Dialed {
                            status,
                            bridged,
                            seconds,
                            caller_hung_up,
                        };
                        let event = Event::Dialed { leg: 1, how };
                        let answer = world.takes(45, event.clone());
                        let then = found(&world, &answer);
                        assert_eq!(
                            then,
                            expected(given, row, caller_hung_up),
                            "{given:?} {event:?}"
                        );
                        // Twilio asks once more: the same, and nothing is done again.
                        let (call, effects) = (world.call.clone(), world.effects.len());
                        assert_eq!(world.takes(46, event), answer);
                        assert_eq!((world.call, world.effects.len()), (call, effects));
                        rows += 1;
                    }
                }
            }
        }
    }
    assert_eq!(rows, 3 * 7 * 3 * 4 * 2);
}

#[test]
fn an_accept_that_was_lost_rings_the_same_person_once_more_and_then_the_next() {
    let mut world = World::new();
    for leg in 1..=2 {
        world.takes(leg as i64 * 10, picked_up(leg));
        assert_eq!(
            world.takes(leg as i64 * 10, pressed(leg, "1")),
            Answer::Connect
        );
        let lost = dialed(leg, LegStatus::Completed, Some(false), None);
        world.takes(leg as i64 * 10 + 1, lost);
    }
    assert_eq!(world.rung(), ["Sergio", "Sergio", "María"]);
}

#[test]
fn a_number_that_cannot_be_rung_twice_within_an_hour_is_told_of() {
    let failed = |leg| dialed(leg, LegStatus::Failed, None, None);
    let mut first = World::new();
    first.takes(1, failed(1));
    assert_eq!(rings(&first.answer), Some(2));
    assert_eq!(first.effects, []);
    let (line, known) = (line(), Known::default());
    let again = |seconds: i64| {
        let new = NewCall {
            sid: sid(60),
            ..from("+16195550143")
        };
        let began = begin(&line, &known, &first.live, new, at(seconds));
        step(
            &began.call,
            &began.live,
            failed(1),
            &line,
            &known,
            at(seconds + 1),
        )
        .unwrap()
    };
    let person = "Sergio".to_owned();
    assert_eq!(
        again(1800).effects,
        [Effect::Alert(Alert::CannotBeRung { person })]
    );
    assert_eq!(again(3700).effects, []);
}

#[test]
fn without_screening_whatever_picks_up_is_an_answer() {
    let mut line = line();
    line.people[0].unscreened = true;
    let mut world = World::with(line, Known::default(), from(CALLER));
    assert!(matches!(
        world.answer,
        Answer::Ring {
            unscreened: true,
            ..
        }
    ));
    let mut not_picked_up = world.clone();
    assert_eq!(rings(&not_picked_up.takes(25, not_answered(1))), Some(2));
    world.takes(4, progress(1, LegStatus::Answered));
    assert_eq!(world.call.stage, Stage::Talking { leg: 1 });
    world.takes(60, dialed(1, LegStatus::Completed, Some(true), Some(56)));
    let spoke = Outcome::Spoke {
        person: "Sergio".to_owned(),
        seconds: Some(56),
    };
    assert_eq!(world.outcome(), Some(&spoke));
}

#[test]
fn however_long_people_take_the_voicemail_begins_within_65_seconds() {
    // After ringing for so long something picks up and presses nothing for ten seconds.
    for picks_up_after in 0..=20 {
        let mut world = World::new();
        let mut now = 0;
        while let Answer::Ring { leg, ring, .. } = world.answer.clone() {
            let ring = ring.as_secs() as i64;
            let rung = ring.min(picks_up_after);
            assert!(now + ring + 10 <= 65, "leg {leg} at {now}");
            if rung < ring {
                world.takes(now + rung, picked_up(leg));
                world.takes(now + rung + 10, pressed(leg, ""));
                now += rung + 10;
                world.takes(
                    now,
                    dialed(leg, LegStatus::Completed, Some(false), Some(10)),
                );
            } else {
                now += ring;
                world.takes(now, not_answered(leg));
            }
        }
        assert!(matches!(world.answer, Answer::TakeMessage { .. }));
        assert!(now <= 65, "{now}");
        assert!(2 <= world.call.legs.len());
    }
}

#[test]
fn a_leg_that_was_never_rung_is_refused() {
    let mut world = World::new();
    for leg in [0, 2, usize::MAX] {
        let not = Err(NotOfTheCall::NoSuchLeg);
        assert_eq!(world.tries(1, not_answered(leg)), not);
        assert_eq!(world.tries(1, picked_up(leg)), not);
        assert_eq!(world.tries(1, pressed(leg, "1")), not);
        assert_eq!(world.tries(1, progress(leg, LegStatus::Busy)), not);
    }
}
