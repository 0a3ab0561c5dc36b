//! Whom a call rings, and which it does not.

use super::*;
use crate::domain::duty::{Override, Overrides, Presence};
use crate::domain::line::TakesCalls;
use crate::domain::line::voice::Treatment;
use crate::domain::opt_out::OptOuts;
use crate::domain::phone::Prefix;

fn called(known: Known, change: impl FnOnce(&mut Line)) -> World {
    let mut line = line();
    change(&mut line);
    World::with(line, known, from(CALLER))
}

fn away(person: &str) -> Known {
    let set = Override {
        presence: Presence::Away,
        until: None,
    };
    Known {
        overrides: Overrides([(person.to_owned(), set)].into()),
        ..Known::default()
    }
}

fn has(person: &str) -> Known {
    Known {
        has_conversation: Some(person.to_owned()),
        ..Known::default()
    }
}

fn voice(line: &mut Line) -> &mut Voice {
    line.voice.as_mut().unwrap()
}

/// Whom it rings if nobody answers, and who is passed over.
fn all(mut world: World) -> (Vec<String>, Vec<(String, Skip)>) {
    let mut leg = 0;
    while let Some(rung) = rings(&world.answer) {
        assert_eq!(rung, leg + 1);
        leg = rung;
        world.takes(0, not_answered(leg));
    }
    let rung = world.rung().into_iter().map(str::to_owned).collect();
    let skipped = world.call.skipped.into_iter();
    (rung, skipped.map(|s| (s.person, s.because)).collect())
}

fn one_after_the_other(world: World) -> String {
    let (rung, skipped) = all(world);
    let skipped = skipped
        .into_iter()
        .map(|(p, because)| format!("not {p}: {because:?}"));
    rung.into_iter()
        .chain(skipped)
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn a_call_rings_the_people_in_their_order_one_at_a_time() {
    let world = World::new();
    let expected = Answer::Ring {
        leg: 1,
        number: number("+16195550110"),
        shows: number("+16195550100"),
        ring: Duration::from_secs(20),
        talk: Duration::from_secs(7200),
        unscreened: false,
    };
    assert_eq!(world.answer, expected);
    assert_eq!(world.call.stage, Stage::Ringing { leg: 1 });
    assert_eq!(world.call.due, Some(at(20 + 40)));
    assert_eq!(one_after_the_other(world), "Sergio, María, Backup");
}

#[test]
fn who_has_the_conversation_is_rung_first() {
    let world = called(has("Backup"), |_| {});
    assert!(world.call.has_conversation);
    assert_eq!(one_after_the_other(world), "Backup, Sergio, María");
}

#[test]
fn who_cannot_take_it_is_passed_over_with_the_reason() {
    let never = |line: &mut Line| line.people[0].calls = TakesCalls::Never;
    assert_eq!(
        one_after_the_other(called(Known::default(), never)),
        "María, Backup, not Sergio: NoCallsNow"
    );
    let hours = |line: &mut Line| {
        let window = crate::domain::line::Window::parse("Fri 09:00-10:00").unwrap();
        line.people[1].calls = TakesCalls::Weekly(vec![window]);
    };
    assert_eq!(
        one_after_the_other(called(Known::default(), hours)),
        "Sergio, Backup, not María: NoCallsNow"
    );
    let prefixes = |line: &mut Line| {
        line.people[0].number = number("+525550000110");
        line.policy.allowed_prefixes = vec![Prefix::parse("+1").unwrap()];
    };
    assert_eq!(
        one_after_the_other(called(Known::default(), prefixes)),
        "María, Backup, not Sergio: OutsideAllowedPrefixes"
    );
    let most = |line: &mut Line| voice(line).most_rings = 2;
    assert_eq!(
        one_after_the_other(called(Known::default(), most)),
        "Sergio, María, not Backup: MostRings"
    );
    // Not on duty, and so not among those whom it is decided for.
    assert_eq!(
        one_after_the_other(called(away("María"), |_| {})),
        "Sergio, Backup"
    );
    let person = World::with(line(), Known::default(), from("+16195550110"));
    assert_eq!(
        one_after_the_other(person),
        "María, Backup, not Sergio: IsTheCaller"
    );
}

#[test]
fn who_goes_away_while_it_rings_is_not_rung_any_more() {
    let mut world = World::new();
    world.known = away("María");
    assert_eq!(
        one_after_the_other(world),
        "Sergio, Backup, not María: NotAvailable"
    );
}

#[test]
fn who_talks_already_is_rung_only_if_nobody_else_is_there() {
    let talks = |people: &[&str]| {
        let live = people.iter().enumerate().map(|(n, person)| LiveCall {
            sid: sid(n as u32 + 100),
            caller: None,
            person: Some(number(person)),
            until: at(100),
        });
        LineCalls {
            live: live.collect(),
            ..LineCalls::default()
        }
    };
    let rung = |people: &[&str]| {
        let (line, known) = (line(), Known::default());
        let began = begin(&line, &known, &talks(people), from(CALLER), at(0));
        let rung: Vec<_> = began
            .call
            .legs
            .iter()
            .map(|leg| leg.person.clone())
            .collect();
        rung.join(", ")
    };
    assert_eq!(rung(&["+16195550110"]), "María");
    assert_eq!(rung(&["+16195550110", "+16195550113"]), "Backup");
    let all = ["+16195550110", "+16195550113", "+16195550111"];
    assert_eq!(rung(&all), "Sergio");
}

#[test]
fn if_nobody_takes_calls_the_voicemail_begins_and_the_owner_hears_of_it_unless_it_is_meant_so() {
    let nobody_is_allowed = called(Known::default(), |line| {
        line.policy.allowed_prefixes = vec![Prefix::parse("+44").unwrap()];
    });
    let nobody_by_hours = called(Known::default(), |line| {
        for person in &mut line.people {
            person.calls = TakesCalls::Never;
        }
    });
    let alert = [Effect::Alert(Alert::NobodyToRing)];
    for (nobody, told) in [(nobody_is_allowed, &alert[..]), (nobody_by_hours, &[])] {
        assert!(matches!(nobody.answer, Answer::TakeMessage { .. }));
        assert_eq!(nobody.call.unrung, Some(Unrung::Nobody));
        assert_eq!(nobody.effects, told);
        assert_eq!(nobody.call.due, Some(at(120 + 90)));
    }
}

#[test]
fn a_line_without_voice_says_that_it_takes_texts_and_people_are_told() {
    let world = called(Known::default(), |line| line.voice = None);
    let Answer::Say { says } = &world.answer else {
        panic!("{:?}", world.answer);
    };
    assert!(says.text.contains("texts only"));
    assert_eq!(world.outcome().cloned(), missed(MissedAt::TextsOnly));
    assert_eq!((world.times_told(), world.call.told), (1, Some(at(0))));
    assert!(world.live.live.is_empty());
}

#[test]
fn a_phone_that_forwards_calls_back_hears_busy_and_its_owner_is_told_once_a_day() {
    let line = line();
    let known = Known::default();
    let first = begin(&line, &known, &LineCalls::default(), from(CALLER), at(0));
    let back = |live: &LineCalls, seconds| {
        let new = NewCall {
            sid: sid(50),
            ..from("+16195550100")
        };
        begin(&line, &known, live, new, at(seconds))
    };
    let looped = back(&first.live, 5);
    assert_eq!(looped.answer, Answer::Reject(Rejected::Busy));
    let person = Some("Sergio".to_owned());
    assert_eq!(looped.effects, [Effect::Alert(Alert::Loop { person })]);
    assert_eq!(back(&looped.live, 60).effects, []);
    assert_eq!(back(&looped.live, 86_405).effects.len(), 1);

    let own = Known {
        from_own_line: true,
        ..Known::default()
    };
    let world = World::with(line.clone(), own, from("+16195550101"));
    assert_eq!(world.answer, Answer::Reject(Rejected::Busy));
    assert!(world.call.legs.is_empty(), "a loop rings nobody");
}

#[test]
fn callers_without_a_number_are_treated_as_the_line_says() {
    let odd = Caller::Odd("sip:desk@example.com".to_owned());
    for caller in [Caller::Withheld, odd] {
        for (treatment, refused) in [
            (Treatment::Ring, None),
            (Treatment::Voicemail, None),
            (Treatment::Refuse, Some(Refused::Withheld)),
        ] {
            let mut line = line();
            voice(&mut line).unknown_callers = treatment;
            let known = has("Backup");
            let world = World::with(line, known, new(caller.clone()));
            assert!(!world.call.has_conversation);
            match treatment {
                Treatment::Ring => assert_eq!(world.rung(), ["Sergio"]),
                Treatment::Voicemail => assert_eq!(world.call.unrung, Some(Unrung::Withheld)),
                Treatment::Refuse => assert_eq!(world.answer, Answer::Reject(Rejected::Rejected)),
            }
            let outcome = refused.map(|because| Outcome::Refused { because });
            assert_eq!(world.outcome().cloned(), outcome);
            assert_eq!(world.effects, []);
        }
    }
}

#[test]
fn a_forged_number_rings_only_if_its_customer_has_a_conversation() {
    let forged = |known: Known| {
        let new = NewCall {
            attestation: Attestation::Failed,
            ..from(CALLER)
        };
        World::with(line(), known, new)
    };
    let stranger = forged(Known::default());
    assert_eq!(stranger.call.unrung, Some(Unrung::FailedAttestation));
    assert!(matches!(stranger.answer, Answer::TakeMessage { .. }));
    assert_eq!(forged(has("María")).rung(), ["María"]);
}

#[test]
fn who_is_blocked_is_refused_and_who_opted_out_is_not() {
    let blocked = Known {
        blocked: Some("blocked by Sergio".to_owned()),
        ..Known::default()
    };
    let world = called(blocked, |_| {});
    assert_eq!(world.answer, Answer::Reject(Rejected::Rejected));
    let because = Refused::Blocked;
    assert_eq!(world.outcome(), Some(&Outcome::Refused { because }));
    assert_eq!((world.times_told(), world.call.told), (0, Some(at(0))));
    let opted_out = Known {
        opt_outs: OptOuts::default(),
        ..Known::default()
    };
    assert_eq!(called(opted_out, |_| {}).rung(), ["Sergio"]);
}

#[test]
fn of_too_many_calls_the_next_go_to_the_voicemail_and_of_a_flood_they_are_refused() {
    let (line, known) = (line(), Known::default());
    let mut live = LineCalls::default();
    let mut treated = Vec::new();
    for n in 0..70_u32 {
        let new = NewCall {
            sid: sid(n),
            ..from(CALLER)
        };
        let began = begin(&line, &known, &live, new, at(i64::from(n)));
        // Each is over before the next comes.
        let over = Event::Ended { seconds: Some(0) };
        let over = step(
            &began.call,
            &began.live,
            over,
            &line,
            &known,
            at(i64::from(n)),
        );
        live = over.unwrap().live;
        live.live.clear();
        treated.push(match began.answer {
            Answer::Ring { .. } => 'r',
            Answer::TakeMessage { .. } => 'v',
            Answer::Reject(_) => 'x',
            other => panic!("{other:?}"),
        });
    }
    let treated: String = treated.into_iter().collect();
    let expected = format!("{}{}{}", "r".repeat(6), "v".repeat(54), "x".repeat(10));
    assert_eq!(treated, expected);
    // An hour later they are callers like any other.
    let new = from(CALLER);
    let later = begin(&line, &known, &live, new, at(70 + 3600));
    assert!(matches!(later.answer, Answer::Ring { .. }));
    assert_eq!(later.live.recent.len(), 1);
}

#[test]
fn a_fourth_call_of_one_number_at_once_goes_to_the_voicemail() {
    let (line, known) = (line(), Known::default());
    let mut live = LineCalls::default();
    let mut treated = String::new();
    for n in 0..5_u32 {
        let new = NewCall {
            sid: sid(n),
            ..from(CALLER)
        };
        let began = begin(&line, &known, &live, new, at(0));
        treated.push(if began.call.unrung.is_some() {
            'v'
        } else {
            'r'
        });
        live = began.live;
    }
    assert_eq!(treated, "rrrvv");
}

#[test]
fn what_is_remembered_of_calls_is_bounded() {
    let (mut line, known) = (line(), Known::default());
    voice(&mut line).live_limit = 30;
    let mut live = LineCalls::default();
    for n in 0..1000_u32 {
        let new = NewCall {
            sid: sid(n),
            ..from(&format!("+1619555{n:04}"))
        };
        live = begin(&line, &known, &live, new, at(i64::from(n))).live;
    }
    assert!(live.recent.len() <= 300, "{}", live.recent.len());
    assert!(live.live.len() <= 300, "{}", live.live.len());
}

#[test]
fn a_call_that_only_the_fallback_saw_left_a_message() {
    let began = taken_by_fallback(
        &line(),
        &Known::default(),
        &LineCalls::default(),
        from(CALLER),
        at(0),
    );
    assert!(began.call.by_fallback && began.call.legs.is_empty());
    assert_eq!(began.call.unrung, Some(Unrung::Fallback));
    assert!(matches!(began.answer, Answer::TakeMessage { .. }));
}
