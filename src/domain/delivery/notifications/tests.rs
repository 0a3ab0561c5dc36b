use super::*;
use crate::domain::delivery::Event::{self, Woken};
use crate::domain::delivery::step::tests::{
    accepted, after, alone, at, delivery, recipient, refused, status,
};
use crate::domain::delivery::{Hold, State, Status};
use crate::domain::phone::PhoneNumber;
use crate::domain::time_zone::TimeZone;

const OWNERS: &str = "+16195550112";

/// With an owner to alert, in San Diego.
fn with_owner(mut delivery: Delivery) -> Delivery {
    delivery.policy.alert = Some(PhoneNumber::parse(OWNERS).unwrap());
    delivery.time_zone = TimeZone::named("America/Los_Angeles").unwrap();
    delivery.body = "+16195550107: Is it ready?".to_owned();
    delivery
}

/// What the last event spawns, and the delivery after it.
fn spawns(
    delivery: Delivery,
    events: impl IntoIterator<Item = (i64, Event)>,
) -> (Delivery, Vec<Delivery>) {
    let events: Vec<_> = events.into_iter().collect();
    let now = at(events.last().unwrap().0);
    let (delivery, effects) = after(delivery, events);
    let spawned = spawned(&delivery, &effects, now);
    (delivery, spawned)
}

#[test]
fn the_first_person_is_told_when_the_next_one_gets_it() {
    let events = [(0, Woken), (1, refused(1, Some(21614), 400)), (62, Woken)];
    let (_, spawned) = spawns(with_owner(delivery(1)), events);
    let [told] = &spawned[..] else {
        panic!("{spawned:?}");
    };
    assert_eq!(told.id.as_str(), "moved-1-test");
    assert_eq!(
        (told.to.clone(), told.purpose),
        (recipient("Sergio", 10), Purpose::Told)
    );
    assert_eq!(
        told.body,
        "Moved on to Backup at 12:00 AM, as it did not reach you in time: +16195550107: Is it \
         ready?"
    );
    assert_eq!((told.remaining.len(), told.due()), (0, Some(at(62))));
    assert_eq!(told.deadline, at(62 + 3600));
}

#[test]
fn the_owner_is_told_once_an_hour_that_all_phones_are_busy() {
    let slow = |at_second, until, limit| {
        let slowed = Slowed::new(limit, at(at_second), at(until));
        let held = Event::Held(Hold::Slowed(slowed));
        spawns(with_owner(delivery(1)), [(at_second, held)]).1
    };
    let first = slow(0, 601, Limit::Pair);
    let [busy] = &first[..] else {
        panic!("{first:?}");
    };
    assert_eq!(busy.to.number.expose(), OWNERS);
    assert_eq!(
        busy.body,
        "All phones of qdn are busy until 12:10 AM: new texts wait until then. More people on duty \
         get them sooner."
    );
    assert_eq!(slow(1200, 3000, Limit::Pair)[0].id, busy.id);
    assert_ne!(slow(3600, 5400, Limit::Pair)[0].id, busy.id);
    assert_eq!(slow(0, 600, Limit::Pair), []);
    assert_eq!(
        slow(0, 900, Limit::Sender),
        [],
        "that is the sender's doing"
    );
}

#[test]
fn the_owner_is_alerted_when_a_text_reached_nobody() {
    let refusal = refused(1, Some(21614), 400);
    let (_, spawned) = spawns(with_owner(alone()), [(0, Woken), (1, refusal.clone())]);
    let [alert] = &spawned[..] else {
        panic!("{spawned:?}");
    };
    assert_eq!(alert.id.as_str(), "alert-0-test");
    assert_eq!(
        (alert.to.number.expose(), alert.purpose),
        (OWNERS, Purpose::Alert)
    );
    assert_eq!(
        alert.body,
        "This text of 12:00 AM reached nobody, please call: +16195550107: Is it ready?"
    );

    // Without an alert number there is nobody to tell.
    assert!(spawns(alone(), [(0, Woken), (1, refusal)]).1.is_empty());
}

#[test]
fn a_text_of_another_day_is_told_with_its_day() {
    let day = 24 * 3600;
    let events = [(0, Woken), (day, refused(1, Some(21614), 400))];
    let (_, spawned) = spawns(with_owner(alone()), events);
    assert!(
        spawned[0].body.starts_with("This text of Fri 12:00 AM "),
        "{}",
        spawned[0].body
    );
}

#[test]
fn a_text_without_a_report_may_have_arrived() {
    let mut delivery = with_owner(alone());
    delivery.deadline = at(100);
    let (_, spawned) = spawns(delivery, [(0, Woken), (1, accepted(1)), (100, Woken)]);
    let body = &spawned[0].body;
    assert!(
        body.starts_with("This text of 12:00 AM may have reached nobody"),
        "{body}"
    );
}

#[test]
fn a_repair_is_asked_for_whether_the_request_or_the_message_failed() {
    let refusal = [(0, Woken), (1, refused(1, Some(21608), 400))];
    let filtered = [
        (0, Woken),
        (1, accepted(1)),
        (2, status(1, Status::Undelivered, Some(30007))),
    ];
    let by_status = [(0, Woken), (1, refused(1, None, 403))];
    for (events, error) in [(&refusal[..], 21608), (&filtered, 30007), (&by_status, 403)] {
        let (_, spawned) = spawns(with_owner(delivery(1)), events.iter().cloned());
        let [repair] = &spawned[..] else {
            panic!("{spawned:?}");
        };
        assert_eq!(repair.purpose, Purpose::Repair);
        assert_eq!(repair.to.person, crate::domain::delivery::OWNER);
        assert_eq!(repair.id, DeliveryId::repair(&repair.from, error, at(0)));
        assert!(
            repair
                .body
                .starts_with(&format!("Twilio error {error}: texts of qdn wait"))
        );
    }
}

#[test]
fn texts_that_tell_of_others_bring_about_nothing() {
    for purpose in [Purpose::Told, Purpose::Alert, Purpose::Repair] {
        for (code, status) in [(21614, 400), (21610, 400), (20003, 401), (21617, 400)] {
            let mut telling = with_owner(alone());
            telling.purpose = purpose;
            let (telling, effects) = after(
                telling,
                [(0, Woken), (3599, refused(1, Some(code), status))],
            );
            assert!(matches!(telling.state, State::GaveUp { .. }), "{code}");
            assert_eq!(telling.gave_up, None, "it is no dead letter");
            assert!(
                spawned(&telling, &effects, at(3599)).is_empty(),
                "{purpose:?} {code}"
            );
        }
    }
}

#[test]
fn an_answer_that_reaches_nobody_alerts_nobody() {
    let mut answer = with_owner(alone());
    answer.purpose = Purpose::Answer;
    let (answer, spawned) = spawns(answer, [(0, Woken), (1, refused(1, Some(21614), 400))]);
    assert!(answer.gave_up.is_some() && spawned.is_empty());
}

#[test]
fn everything_that_was_told_of_a_text_is_found_by_its_id() {
    let events = [(0, Woken), (1, refused(1, Some(21614), 400)), (1, Woken)];
    let (moved, told) = spawns(with_owner(delivery(1)), events);
    assert!(moved.telling_ids().contains(&told[0].id));
    let (dead, alerts) = spawns(moved, [(2, refused(2, Some(21614), 400))]);
    assert!(dead.telling_ids().contains(&alerts[0].id));
}
