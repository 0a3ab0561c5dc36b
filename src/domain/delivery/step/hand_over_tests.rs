//! When and why a text goes on to the next person, and when it does not.

use Event::Woken;

use super::tests::{accepted, after, alone, at, delivery, recipient, refused, status, unanswered};
use super::*;
use crate::domain::delivery::Replay;
use crate::domain::ids::DeliveryId;
use crate::domain::time_zone::TimeZone;

fn sergio() -> Recipient {
    recipient("Sergio", 10)
}

fn backup() -> Recipient {
    recipient("Backup", 11)
}

/// Sergio, then María, then the backup.
fn three() -> Delivery {
    let mut delivery = delivery(1);
    delivery.remaining.insert(0, recipient("María", 12));
    delivery
}

/// Wakes the delivery whenever it is due, up to that second. Returns what was to be done.
fn wakes(mut delivery: Delivery, until: i64) -> (Delivery, Vec<Effect>) {
    let mut effects = Vec::new();
    while let Some(due) = delivery.due().filter(|due| *due <= at(until)) {
        let second = due.as_second() - at(0).as_second();
        let more;
        (delivery, more) = after(delivery, [(second, Woken)]);
        effects.extend(more);
    }
    (delivery, effects)
}

fn hand_overs(delivery: &Delivery) -> Vec<(&str, MovedOn, Timestamp)> {
    let hand_overs = delivery.handed_over.iter();
    hand_overs
        .map(|h| (h.from.person.as_str(), h.because, h.at))
        .collect()
}

#[test]
fn silence_moves_the_text_on_at_the_end_of_the_persons_time_and_not_before() {
    for news in [Status::Queued, Status::Sending, Status::Sent] {
        let events = [(0, Woken), (1, accepted(1)), (2, status(1, news, None))];
        let (silent, _) = after(delivery(1), events);
        let (before, _) = wakes(silent.clone(), 179);
        assert_eq!(before.to, sergio(), "{news:?}");
        let (moved, effects) = wakes(silent, 180);
        assert_eq!(moved.to, backup(), "{news:?}");
        let (from, because) = (sergio(), MovedOn::NoReport);
        assert!(effects.contains(&Effect::ReportHandOver { from, because }));
        assert_eq!(hand_overs(&moved), [("Sergio", MovedOn::NoReport, at(180))]);
        let sends = |e: &&Effect| matches!(e, Effect::Send { .. });
        assert_eq!(effects.iter().filter(sends).count(), 1);
        assert_eq!(moved.attempt(2).unwrap().to, backup());
    }
}

#[test]
fn an_accepted_text_is_woken_by_itself_until_the_persons_time_is_over() {
    let (mut delivery, mut effects) = after(delivery(1), [(0, Woken), (1, accepted(1))]);
    while delivery.to == sergio() {
        let due = delivery.due().unwrap();
        assert!(effects.contains(&Effect::Wake { due }), "{due}");
        let second = due.as_second() - at(0).as_second();
        (delivery, effects) = after(delivery, [(second, Woken)]);
    }
}

#[test]
fn twilio_is_asked_once_more_before_a_silent_text_moves_on() {
    let (silent, _) = after(delivery(1), [(0, Woken), (1, accepted(1))]);
    let (silent, effects) = wakes(silent, 170);
    let asked = |e: &&Effect| matches!(e, Effect::AskAfter { .. });
    assert_eq!(effects.iter().filter(asked).count(), 2);
    let delivered = [(171, status(1, Status::Delivered, None)), (180, Woken)];
    let (done, effects) = after(silent, delivered);
    assert_eq!((done.state, done.to), (State::Delivered, sergio()));
    assert_eq!(effects, []);
}

#[test]
fn an_unresolved_attempt_moves_on_at_the_end_of_the_persons_time() {
    let (unknown, _) = after(delivery(1), [(0, Woken), (10, unanswered(1))]);
    let events = [
        (60, Woken),
        (60, Event::NoAnswer),
        (179, Woken),
        (179, Event::NoAnswer),
    ];
    let (unknown, effects) = after(unknown, events);
    assert_eq!(unknown.to, sergio());
    assert!(effects.contains(&Effect::Wake { due: at(180) }));
    let (moved, _) = after(unknown, [(180, Woken)]);
    assert_eq!(hand_overs(&moved), [("Sergio", MovedOn::NoAnswer, at(180))]);
    // What becomes known later of Sergio's is for the record.
    let (late, _) = after(
        moved.clone(),
        [
            (180, Woken),
            (200, status(1, Status::Undelivered, Some(30003))),
        ],
    );
    assert_eq!(late.to, backup());
    assert_eq!(late.attempt(1).unwrap().outcome.code(), Some(30003));
}

#[test]
fn passing_trouble_ends_with_the_persons_time_and_leaves_the_reason() {
    let (mut delivery, mut n) = (delivery(1), 0);
    while delivery.to == sergio() {
        n += 1;
        let due = delivery.due().unwrap().as_second() - at(0).as_second() + 1;
        let events = [(due, Woken), (due, refused(n, Some(30001), 400))];
        (delivery, _) = after(delivery, events);
    }
    let because = MovedOn::Failed {
        class: Class::Retry,
        code: Some(30001),
    };
    assert_eq!(delivery.handed_over[0].because, because);
    assert!(delivery.handed_over[0].at <= at(180));
}

#[test]
fn one_retry_is_granted_whatever_failed_before_it() {
    let events = [
        (0, Woken),
        (1, refused(1, Some(30001), 400)),
        (10, Woken),
        (11, accepted(2)),
        (12, status(2, Status::Undelivered, Some(30003))),
    ];
    let (delivery, _) = after(delivery(1), events);
    assert_eq!(
        delivery.to,
        sergio(),
        "the first that says the phone is off"
    );
    let events = [
        (40, Woken),
        (41, accepted(3)),
        (42, status(3, Status::Undelivered, Some(30008))),
    ];
    assert_eq!(after(delivery, events).0.to, backup());
}

#[test]
fn everybody_has_their_own_time_and_the_last_one_has_the_rest() {
    let (delivery, _) = after(three(), [(0, Woken), (1, accepted(1))]);
    let (delivery, _) = wakes(delivery, 180);
    assert_eq!(delivery.to.person, "María");
    let (delivery, _) = after(delivery, [(181, accepted(2))]);
    assert_eq!(delivery.stage_end(), at(360));
    let (delivery, _) = wakes(delivery, 360);
    let (delivery, _) = after(delivery, [(361, accepted(3))]);
    assert_eq!((&delivery.to, delivery.stage_end()), (&backup(), at(3600)));
    let (delivery, _) = wakes(delivery, 3599);
    assert!(matches!(delivery.state, State::Accepted { .. }));
    let (over, effects) = wakes(delivery, 3600);
    let because = GaveUp::NoReport;
    assert_eq!(over.state, State::GaveUp { because });
    assert!(effects.contains(&Effect::ReportGivenUp { because }));
    assert_eq!(
        hand_overs(&over),
        [
            ("Sergio", MovedOn::NoReport, at(180)),
            ("María", MovedOn::NoReport, at(360))
        ]
    );
    assert!(over.parts[0].body.contains("María") && !over.parts[0].body.contains("Sergio"));
}

#[test]
fn the_last_persons_failures_are_retried_up_to_the_deadline() {
    let mut last = alone();
    let mut tried = 0;
    while let Some(due) = last.due() {
        let second = due.as_second() - at(0).as_second() + 1;
        tried += 1;
        let failed = [
            (second, Woken),
            (second, accepted(tried)),
            (second, status(tried, Status::Undelivered, Some(30003))),
        ];
        (last, _) = after(last, failed);
    }
    let because = GaveUp::Late;
    assert_eq!(last.state, State::GaveUp { because });
    assert!(tried > 8, "{tried}");
    assert!(last.gave_up.unwrap() > at(3600 - 900));
}

#[test]
fn whoever_gets_it_late_has_as_long_for_it_to_be_delivered() {
    // The relay was down for two hours.
    let (delivery, _) = after(delivery(1), [(7200, Woken), (7201, accepted(1))]);
    assert_eq!(wakes(delivery.clone(), 7259).0.to, sergio());
    let (moved, _) = wakes(delivery, 7260);
    assert_eq!(moved.to, backup());
    let (accepted, _) = after(moved, [(7261, accepted(2))]);
    assert!(matches!(
        wakes(accepted.clone(), 7319).0.state,
        State::Accepted { .. }
    ));
    let because = GaveUp::NoReport;
    assert_eq!(wakes(accepted, 7320).0.state, State::GaveUp { because });
}

#[test]
fn the_time_begins_with_the_first_attempt() {
    let (delivery, _) = after(delivery(1), [(100, Woken), (101, accepted(1))]);
    assert_eq!(delivery.stage_end(), at(280));
}

/// It has just moved on from Sergio, and nothing has been sent to the backup yet.
fn moved_on(parts: usize) -> Delivery {
    let mut delivery = delivery(parts);
    for part in 1..=parts as u32 {
        let second = i64::from(part);
        (delivery, _) = after(delivery, [(second, Woken), (second, accepted(part))]);
    }
    while delivery.to == sergio() {
        let second = delivery.due().unwrap().as_second() - at(0).as_second();
        (delivery, _) = after(delivery, [(second, Woken)]);
    }
    assert!(matches!(delivery.state, State::Waiting { .. }));
    delivery
}

#[test]
fn good_news_before_the_next_attempt_takes_the_hand_over_back() {
    let moved = moved_on(1);
    let (back, effects) = after(moved.clone(), [(181, status(1, Status::Delivered, None))]);
    assert_eq!((&back.to, &back.state), (&sergio(), &State::Delivered));
    assert_eq!(
        (back.remaining, back.handed_over.len()),
        (vec![backup()], 0)
    );
    assert!(!back.parts[0].body.contains("Sergio"));
    let from = backup();
    assert_eq!(
        effects,
        [
            Effect::Report { attempt: 1 },
            Effect::ReportHandBack { from }
        ]
    );

    let (tried, effects) = after(moved, [(181, Woken)]);
    assert!(effects.contains(&Effect::Tell { hand_over: 0 }));
    let (late, effects) = after(tried.clone(), [(182, status(1, Status::Delivered, None))]);
    assert_eq!((late.state, late.to), (tried.state, backup()));
    assert_eq!(effects, [Effect::Report { attempt: 1 }]);
}

#[test]
fn a_hand_over_is_taken_back_only_when_every_part_has_arrived() {
    let moved = moved_on(2);
    let first = (182, status(1, Status::Delivered, None));
    let (half, _) = after(moved, [first]);
    assert_eq!(half.to, backup());
    let second = (183, status(2, Status::Delivered, None));
    let (back, _) = after(half, [second]);
    assert_eq!((back.to, back.state), (sergio(), State::Delivered));
}

#[test]
fn whoever_had_it_is_told_once_when_the_next_ones_first_attempt_begins() {
    let (_, told) = after(moved_on(1), [(200, Woken)]);
    assert_eq!(
        told,
        [Effect::Tell { hand_over: 0 }, Effect::Send { attempt: 2 }]
    );
    let events = [
        (200, Woken),
        (201, refused(2, Some(30001), 400)),
        (210, Woken),
    ];
    let (_, again) = after(moved_on(1), events);
    assert_eq!(again, [Effect::Send { attempt: 3 }]);
}

#[test]
fn whoever_opted_out_is_passed_over_at_once_and_not_told() {
    let (delivery, _) = after(delivery(1), [(0, Woken), (1, refused(1, Some(21610), 400))]);
    let because = MovedOn::Failed {
        class: Class::Stop,
        code: Some(21610),
    };
    assert_eq!(hand_overs(&delivery), [("Sergio", because, at(1))]);
    assert_eq!(
        after(delivery, [(1, Woken)]).1,
        [Effect::Send { attempt: 2 }]
    );
}

#[test]
fn a_person_with_no_time_left_for_a_report_gets_no_further_attempt() {
    let mut delivery = delivery(1);
    delivery.policy.hand_over_after = Duration::from_secs(30);
    let events = [(0, Woken), (8, refused(1, Some(30001), 400))];
    let (moved, _) = after(delivery.clone(), events);
    assert_eq!(moved.to, backup(), "2.5 s later there would be 19.5 s left");
    let events = [(0, Woken), (7, refused(1, Some(30001), 400))];
    assert_eq!(after(delivery, events).0.to, sergio());
}

#[test]
fn the_pauses_are_the_lines() {
    let mut delivery = alone();
    delivery.policy.retry.first = Duration::from_secs(60);
    let (delivery, _) = after(delivery, [(0, Woken), (0, refused(1, Some(30001), 400))]);
    assert_eq!(delivery.due(), Some(at(30)));
}

#[test]
fn a_replay_asks_about_a_silent_text_and_then_goes_to_somebody_who_has_nothing() {
    let (silent, _) = after(alone(), [(0, Woken), (1, accepted(1))]);
    let (dead, _) = wakes(silent, 3600);
    let replay = |cascade| Event::Replayed {
        cascade,
        public_url: "https://relay.example.com".to_owned(),
    };
    let (asking, _) = after(dead.clone(), [(9000, replay(vec![sergio(), backup()]))]);
    let (asking, effects) = wakes(asking, 9179);
    assert!(effects.contains(&Effect::AskAfter { attempt: 1 }));
    assert!(!effects.iter().any(|e| matches!(e, Effect::Send { .. })));
    let (round, effects) = wakes(asking, 9180);
    assert_eq!((&round.to, &round.remaining[..]), (&backup(), &[][..]));
    assert!(effects.contains(&Effect::Send { attempt: 2 }));

    // With nobody else there, nothing is sent a second time.
    let (asking, _) = after(dead, [(9000, replay(vec![sergio()]))]);
    let (over, effects) = wakes(asking, 9000 + 3600);
    let because = GaveUp::NoReport;
    assert_eq!(over.state, State::GaveUp { because });
    assert!(!effects.iter().any(|e| matches!(e, Effect::Send { .. })));
}

#[test]
fn the_relays_own_words_end_quietly_without_a_report() {
    for purpose in [
        Purpose::Answer,
        Purpose::Told,
        Purpose::Alert,
        Purpose::Repair,
    ] {
        let mut own = alone();
        own.purpose = purpose;
        let (silent, _) = after(own, [(0, Woken), (1, accepted(1))]);
        let (over, effects) = wakes(silent, 3600);
        assert!(matches!(over.state, State::Accepted { .. }), "{purpose:?}");
        assert_eq!((over.due(), over.gave_up), (None, None));
        assert!(
            !effects
                .iter()
                .any(|e| matches!(e, Effect::ReportGivenUp { .. }))
        );
    }
}

#[test]
fn a_record_from_before_there_were_hand_overs_is_read() {
    let mut json = serde_json::to_value(delivery(1)).unwrap();
    for field in ["handed_over", "purpose", "policy", "time_zone"] {
        json.as_object_mut().unwrap().remove(field).unwrap();
    }
    let read: Delivery = serde_json::from_value(json).unwrap();
    assert_eq!(read, delivery(1));
    assert_eq!(read.id, DeliveryId::parse("test").unwrap());
}

#[test]
fn everything_about_a_hand_over_is_stored() {
    let mut delivery = moved_on(1);
    delivery.replays.push(Replay {
        at: at(1),
        attempts: 0,
        resumed: true,
    });
    delivery.policy.alert = Some(backup().number);
    delivery.time_zone = TimeZone::named("America/Los_Angeles").unwrap();
    let json = serde_json::to_string(&delivery).unwrap();
    assert_eq!(serde_json::from_str::<Delivery>(&json).unwrap(), delivery);
}
