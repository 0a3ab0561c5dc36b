use Event::Woken;

use super::*;
use crate::domain::delivery::step::tests::{
    accepted, after, alone, at, delivery, recipient, refused, status, unanswered,
};

const PUBLIC_URL: &str = "https://new.example.com";

fn replayed(to: Recipient, remaining: &[Recipient]) -> Event {
    Event::Replayed {
        cascade: [&[to], remaining].concat(),
        public_url: PUBLIC_URL.to_owned(),
    }
}

fn sergio() -> Recipient {
    recipient("Sergio", 10)
}

fn backup() -> Recipient {
    recipient("Backup", 11)
}

/// Neither Sergio's number nor the backup's takes texts.
fn given_up() -> Delivery {
    let events = [
        (0, Woken),
        (1, refused(1, Some(21614), 400)),
        (2, Woken),
        (3, refused(2, Some(30005), 400)),
    ];
    let (delivery, _) = after(delivery(1), events);
    assert!(matches!(delivery.state, State::GaveUp { .. }));
    delivery
}

#[test]
fn a_delivery_that_gave_up_says_when_and_over_which_error() {
    let dead = given_up();
    assert_eq!(
        (dead.gave_up, dead.last_error()),
        (Some(at(3)), Some(30005))
    );
    assert_eq!(after(dead.clone(), [(9, Woken)]), (dead, vec![]));
}

#[test]
fn a_replay_is_due_at_once_with_as_much_time_as_before() {
    let (alive, effects) = after(given_up(), [(7200, replayed(sergio(), &[backup()]))]);
    assert_eq!(alive.state, State::Waiting { due: at(7200) });
    assert_eq!(effects, [Effect::Wake { due: at(7200) }]);
    assert_eq!((alive.gave_up, alive.deadline), (None, at(7200 + 3600)));
    assert_eq!(
        (alive.public_url.as_str(), alive.attempts.len()),
        (PUBLIC_URL, 2)
    );
    let (sending, effects) = after(alive, [(7200, Woken)]);
    assert_eq!(effects, [Effect::Send { attempt: 3 }]);
    assert_eq!(sending.attempt(3).unwrap().to, sergio());
    // A second replay has the same time again, not the time since the text came.
    let again = [
        (7201, refused(3, Some(21614), 400)),
        (7201, Woken),
        (7202, refused(4, Some(30005), 400)),
        (9000, replayed(backup(), &[])),
    ];
    assert_eq!(after(sending, again).0.deadline, at(9000 + 3600));
}

#[test]
fn only_what_gave_up_is_replayed() {
    let (sending, _) = after(delivery(1), [(0, Woken)]);
    for alive in [delivery(1), sending] {
        let replay = replayed(backup(), &[]);
        assert_eq!(after(alive.clone(), [(1, replay)]), (alive, vec![]));
    }
    let (once, _) = after(given_up(), [(10, replayed(backup(), &[]))]);
    let twice = after(once.clone(), [(11, replayed(sergio(), &[]))]);
    assert_eq!(twice, (once, vec![]));
}

#[test]
fn failures_before_the_replay_do_not_count_any_more() {
    // Sergio's phone was off twice, which is once more than anybody waits for.
    let events = [
        (0, Woken),
        (1, accepted(1)),
        (2, status(1, Status::Undelivered, Some(30003))),
        (20, Woken),
        (21, refused(2, Some(21614), 400)),
    ];
    let mut alone = delivery(1);
    alone.remaining.clear();
    let (dead, _) = after(alone, events);
    let events = [
        (100, replayed(sergio(), &[backup()])),
        (100, Woken),
        (101, accepted(3)),
        (102, status(3, Status::Undelivered, Some(30003))),
    ];
    let (alive, _) = after(dead, events);
    assert_eq!(alive.to, sergio(), "one more try");
    assert!(matches!(alive.state, State::Waiting { .. }));
}

#[test]
fn another_person_gets_the_whole_text_and_not_who_could_not_be_reached() {
    let dead = given_up();
    assert!(dead.parts[0].body.contains("Sergio"));
    let (alive, _) = after(dead.clone(), [(10, replayed(sergio(), &[]))]);
    assert_eq!(alive.parts[0].body, dead.body);
    let (resumed, _) = after(dead.clone(), [(10, replayed(backup(), &[]))]);
    assert_eq!(resumed.parts, dead.parts);
}

#[test]
fn a_person_who_has_the_beginning_gets_the_rest() {
    let mut alone = delivery(2);
    alone.remaining.clear();
    let events = [
        (0, Woken),
        (1, accepted(1)),
        (1, Woken),
        (2, refused(2, Some(21614), 400)),
    ];
    let (dead, _) = after(alone, events);
    let (resumed, _) = after(dead.clone(), [(10, replayed(sergio(), &[])), (10, Woken)]);
    assert_eq!(resumed.attempt(3).unwrap().part, 1);
    // What they have may turn out not to have arrived.
    let late = [
        (11, accepted(3)),
        (12, status(1, Status::Undelivered, Some(30005))),
        (12, Woken),
    ];
    let (resumed, effects) = after(resumed, late);
    assert_eq!(effects, [Effect::Send { attempt: 4 }]);
    assert_eq!(resumed.attempt(4).unwrap().part, 0);

    let anew = [(10, replayed(backup(), &[])), (10, Woken)];
    assert_eq!(after(dead, anew).0.attempt(3).unwrap().part, 0);
}

#[test]
fn news_of_an_earlier_round_does_not_disturb_the_next() {
    let mut dead = given_up();
    dead.attempts[0].outcome = Outcome::Accepted;
    let events = [
        (10, replayed(sergio(), &[])),
        (10, Woken),
        (11, accepted(3)),
    ];
    let (alive, _) = after(dead, events);
    let (heard, effects) = after(
        alive.clone(),
        [(12, status(1, Status::Undelivered, Some(30005)))],
    );
    assert_eq!(effects, [Effect::Report { attempt: 1 }]);
    assert_eq!(heard.state, alive.state);
}

#[test]
fn what_arrived_after_all_is_not_sent_again() {
    let mut dead = given_up();
    dead.attempts[0].outcome = Outcome::Accepted;
    let (dead, _) = after(dead, [(5, status(1, Status::Delivered, None))]);
    assert_eq!(dead.reached(), Some(&sergio()));
    let (done, effects) = after(dead, [(10, replayed(backup(), &[]))]);
    assert_eq!((&done.state, &done.to), (&State::Delivered, &sergio()));
    assert_eq!((done.gave_up, done.due()), (None, None));
    assert_eq!(effects, []);
}

/// Twilio did not say before the deadline whether it has Sergio's text.
fn unresolved() -> Delivery {
    let events = [(0, Woken), (10, unanswered(1)), (3600, Event::NoAnswer)];
    let (dead, _) = after(alone(), events);
    let because = GaveUp::Unresolved;
    assert_eq!(dead.state, State::GaveUp { because });
    dead
}

#[test]
fn what_twilio_may_have_is_asked_about_before_it_is_sent_again() {
    let (asking, effects) = after(
        unresolved(),
        [(9000, replayed(backup(), &[])), (9000, Woken)],
    );
    assert_eq!(effects, [Effect::Ask { attempt: 1 }]);
    let (found, _) = after(asking.clone(), [(9001, status(1, Status::Sent, None))]);
    assert!(matches!(found.state, State::Accepted { .. }));
    assert_eq!(found.to, sergio());
    let (found, _) = after(asking.clone(), [(9001, status(1, Status::Delivered, None))]);
    assert_eq!(found.state, State::Delivered);

    // Only what did not reach Sergio goes to whoever is on duty now.
    for nothing_came in [
        Event::Absent { attempt: 1 },
        status(1, Status::Undelivered, Some(30003)),
    ] {
        let (round, _) = after(asking.clone(), [(9001, nothing_came)]);
        assert_eq!((&round.to, round.due()), (&backup(), Some(at(9001))));
        let (_, effects) = after(round, [(9001, Woken)]);
        assert_eq!(effects, [Effect::Send { attempt: 2 }]);
    }
    let (waiting, _) = after(asking, [(9001, Event::NoAnswer)]);
    assert!(matches!(waiting.state, State::Unknown { asked: 1, .. }));
}

#[test]
fn what_twilio_has_after_all_is_not_sent_again_unless_it_fails() {
    let (dead, _) = after(unresolved(), [(4000, status(1, Status::Sent, None))]);
    let cascade = replayed(backup(), &[sergio()]);
    let (asking, effects) = after(dead, [(9000, cascade)]);
    assert!(matches!(asking.state, State::Accepted { ask: Some(_), .. }));
    let wake = Effect::Wake { due: at(9120) };
    assert_eq!(effects, [wake]);
    let (done, _) = after(asking.clone(), [(9001, status(1, Status::Delivered, None))]);
    assert_eq!((done.state, done.to), (State::Delivered, sergio()));
    let failed = status(1, Status::Undelivered, Some(30003));
    let (round, _) = after(asking, [(9001, failed)]);
    assert_eq!(
        (&round.to, &round.remaining[..]),
        (&backup(), &[sergio()][..])
    );
    assert_eq!(round.due(), Some(at(9001)));
}

#[test]
fn patience_with_a_person_begins_with_the_replay() {
    let mut dead = given_up();
    dead.to = sergio();
    dead.attempts.truncate(1);
    let events = [
        (90_000, replayed(sergio(), &[backup()])),
        (90_000, Woken),
        (90_001, refused(2, Some(30001), 400)),
    ];
    let (alive, _) = after(dead, events);
    assert_eq!(alive.to, sergio(), "passing trouble is worth another try");
}

#[test]
fn a_record_from_before_there_were_replays_is_read() {
    let mut json = serde_json::to_value(given_up()).unwrap();
    let fields = json.as_object_mut().unwrap();
    fields.remove("gave_up").unwrap();
    fields.remove("replays").unwrap();
    let read: Delivery = serde_json::from_value(json).unwrap();
    let (alive, _) = after(read, [(10, replayed(sergio(), &[]))]);
    assert_eq!(alive.due(), Some(at(10)));
}

#[test]
fn parts_of_two_turns_do_not_make_up_a_text() {
    let events = [
        (0, Woken),
        (1, accepted(1)),
        (1, Woken),
        (2, accepted(2)),
        (3, status(1, Status::Delivered, None)),
        (4, status(2, Status::Undelivered, Some(30005))),
        (5, Woken),
        (6, refused(3, Some(30005), 400)),
        (100, replayed(sergio(), &[])),
        (100, Woken),
        (101, accepted(4)),
        (101, Woken),
        (102, accepted(5)),
        (103, status(5, Status::Delivered, None)),
        (104, status(4, Status::Undelivered, Some(30005))),
    ];
    let (dead, _) = after(delivery(2), events);
    assert!(matches!(dead.state, State::GaveUp { .. }));
    assert_eq!(
        dead.attempts.iter().map(|a| a.part).collect::<Vec<_>>(),
        [0, 1, 0, 0, 1]
    );
    assert_eq!(dead.reached(), None);
    let (whole, _) = after(dead, [(105, status(2, Status::Delivered, None))]);
    assert_eq!(whole.reached(), Some(&sergio()), "those of the first do");
    assert_eq!(whole.state, State::Delivered);
}
