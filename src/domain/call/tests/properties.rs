//! Whatever comes, in any order: what must never happen does not.

use proptest::prelude::*;

use super::*;

fn status() -> impl Strategy<Value = LegStatus> {
    prop::sample::select(vec![
        LegStatus::Ringing,
        LegStatus::Answered,
        LegStatus::Completed,
        LegStatus::Busy,
        LegStatus::NoAnswer,
        LegStatus::Failed,
        LegStatus::Canceled,
        LegStatus::Unknown,
    ])
}

fn seconds() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(prop::sample::select(vec![0_u32, 1, 2, 8, 60]))
}

fn dialed_somehow(bridged: impl Strategy<Value = Option<bool>>) -> impl Strategy<Value = Event> {
    (1..5_usize, status(), bridged, seconds(), any::<bool>()).prop_map(
        |(leg, status, bridged, seconds, caller_hung_up)| Event::Dialed {
            leg,
            how: Dialed {
                status,
                bridged,
                seconds,
                caller_hung_up,
            },
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let leg = || (1..5_usize, prop::bool::weighted(0.9));
    let of = |(leg, right): (usize, bool)| sid(if right { leg as u32 } else { 99 });
    let keys = prop::sample::select(vec!["1", "1", "", "2", "*", "12"]);
    prop_oneof![
        1 => Just(Event::Began),
        4 => leg().prop_map(move |l| Event::PickedUp { leg: l.0, sid: of(l) }),
        4 => (leg(), keys).prop_map(move |(l, keys)| Event::Pressed {
            leg: l.0,
            sid: of(l),
            keys: (!keys.is_empty()).then(|| keys.to_owned()),
        }),
        6 => dialed_somehow(prop::option::of(any::<bool>())),
        3 => (leg(), status(), seconds()).prop_map(move |(l, status, seconds)| Event::Progress {
            leg: l.0,
            sid: of(l),
            status,
            sip: None,
            code: None,
            seconds,
        }),
        2 => any::<bool>().prop_map(|hung_up| Event::Recorded { hung_up }),
        2 => seconds().prop_map(|seconds| Event::Recording { sid: recording(), seconds }),
        1 => Just(Event::Transcribed { text: None }),
        1 => Just(Event::Kept),
        1 => Just(Event::NotKept),
        1 => Just(deleted()),
        1 => Just(Event::TakenByFallback),
        1 => seconds().prop_map(|seconds| Event::Ended { seconds }),
        2 => Just(Event::Due),
        1 => (any::<bool>(), seconds()).prop_map(|(is_over, seconds)| Event::Asked { is_over, seconds }),
    ]
}

/// Whether the caller is still there, as far as the event says.
fn asks_for_a_document(event: &Event) -> bool {
    match event {
        Event::Began => true,
        Event::Dialed { how, .. } => !how.caller_hung_up,
        Event::Recorded { hung_up } => !hung_up,
        _ => false,
    }
}

proptest! {
    #[test]
    fn whatever_comes(
        events in prop::collection::vec((event(), 0..40_i64), 1..40),
        transcribe in any::<bool>(),
        keep_at_twilio in any::<bool>(),
    ) {
        let mut line = line();
        let voicemail = &mut line.voice.as_mut().unwrap().voicemail;
        (voicemail.transcribe, voicemail.keep_at_twilio) = (transcribe, keep_at_twilio);
        let mut world = World::with(line, Known::default(), from(CALLER));
        let mut connected = 0;
        let mut now = 0;
        for (event, passes) in events {
            now += passes;
            let before = world.clone();
            let Ok(answer) = world.tries(now, event.clone()) else {
                prop_assert_eq!(&world.call, &before.call);
                continue;
            };
            // P1: another phone rings only when the last one is over, and nobody talks.
            if before.call.legs.len() < world.call.legs.len() {
                let last = before.call.legs.len();
                let is_over = matches!(&event, Event::Dialed { leg, how } if *leg == last && !how.caller_hung_up);
                prop_assert!(is_over, "{:?}", event);
                prop_assert_eq!(world.call.legs.len(), last + 1);
            }
            // P3: nobody is connected but by the key 1, and of each leg at most once by a first key.
            if answer == Answer::Connect {
                let is_one = matches!(&event, Event::Pressed { leg, .. } if
                    world.call.legs[leg - 1].given == Some(Given::Connect));
                prop_assert!(is_one, "{:?}", event);
                if before.call != world.call {
                    connected += 1;
                    let keys = matches!(&event, Event::Pressed { keys: Some(keys), .. } if keys == "1");
                    prop_assert!(keys);
                }
            }
            // P2: whoever still listens is answered with something.
            if asks_for_a_document(&event) {
                prop_assert_ne!(&answer, &Answer::Nothing, "{:?}", event);
            }
            // P7: only people of the line are dialled, with the line's number.
            if let Answer::Ring { number: rung, shows, talk, .. } = &answer {
                prop_assert!(world.line.person_with(rung).is_some());
                prop_assert_eq!(shows, &world.line.number);
                prop_assert_eq!(*talk, Duration::from_secs(7200));
            }
            // P13: nothing is said to the caller before the voicemail.
            if matches!(answer, Answer::TakeMessage { .. } | Answer::Say { .. }) {
                prop_assert!(world.call.message.is_some());
            }
            if matches!(answer, Answer::TakeMessage { .. }) {
                prop_assert_eq!(&world.call.stage, &Stage::TakingMessage);
            }
            // P4: an outcome stays, but for a message that is heard of late.
            if let Some(outcome) = before.outcome() {
                let is_late = matches!(
                    (outcome, world.outcome()),
                    (Outcome::Missed { .. }, Some(Outcome::Voicemail { .. }))
                );
                prop_assert!(world.outcome() == Some(outcome) || is_late);
            }
            if before.call.told.is_some() {
                prop_assert_eq!(world.call.told, before.call.told);
            }
            prop_assert!(world.times_told() <= 1);
            // P6: once more, it is the same and nothing more is done.
            if event != Event::NotKept {
                let once = world.clone();
                prop_assert_eq!(world.tries(now, event.clone()), Ok(answer));
                prop_assert_eq!(&world.call, &once.call, "{:?}", event);
                prop_assert_eq!(&world.live, &once.live);
                prop_assert_eq!(&world.effects, &once.effects, "{:?}", event);
            }
            // What is stored is what was saved.
            let stored = serde_json::to_string(&world.call).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Call>(&stored).unwrap(), &world.call);
        }
        prop_assert!(connected <= world.call.legs.len());
        if let Some(Outcome::Spoke { person, .. }) = world.outcome() {
            let leg = world.call.legs.iter().rfind(|leg| leg.person == *person).unwrap();
            let bridged = leg.ended.as_ref().and_then(|end| end.bridged);
            let accepted = leg.given == Some(Given::Connect)
                || (leg.given.is_none() && bridged == Some(true));
            prop_assert!(accepted, "P3: {:?}", leg);
        }
        // P4: left alone, it ends and somebody is told, or it was not worth telling.
        world.is_left_alone();
        prop_assert!(world.outcome().is_some());
        prop_assert!(world.call.told.is_some());
        prop_assert!(world.times_told() <= 1);
        prop_assert!(world.live.live.is_empty());
        // P5: a message is deleted at Twilio only after it is kept.
        let at_of = |wanted: fn(&Effect) -> bool| world.effects.iter().position(wanted);
        let is_long = |message: &Message| message.seconds.is_some_and(|seconds| 2 <= seconds);
        if world.call.message.as_ref().is_some_and(is_long)
            && let Some(deleted) = at_of(|e| matches!(e, Effect::DeleteAtTwilio(_)))
        {
            let fetched = at_of(|e| matches!(e, Effect::FetchRecording(_)));
            prop_assert!(fetched.is_some_and(|fetched| fetched < deleted));
            prop_assert!(!keep_at_twilio);
        }
    }
}
