//! What every store holds to about opt-outs and paces.

use crate::support::records::Records as _;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use relay::app::ports::store::{Recorded, Store};
use relay::domain::ids::DeliveryId;
use relay::domain::line::{Line, Person};
use relay::domain::opt_out::{Cause, Change, OptOut, OptOuts};
use relay::domain::pace::{Budget, Key, PAIR, Rate, Slot, Spent};
use relay::domain::phone::PhoneNumber;
use relay::domain::time_zone::TimeZone;

use super::contract;
#[cfg(feature = "aws")]
use super::examples::dynamodb;
use super::examples::{after, line, memory, now, number, record, sid, sqlite};

contract! { dynamodb, sqlite, memory:
    an_opt_out_is_listed_once_and_cleared_once,
    opt_outs_are_each_lines_own,
    a_record_takes_its_opt_out_along,
    a_record_that_was_there_changes_no_opt_out,
    a_decision_knows_the_opt_outs_of_people_and_sender_alone,
    a_new_person_who_opted_out_before_is_known,
    who_opted_out_stays_so_when_the_line_comes_back,
    the_sender_is_recognised_as_a_line,
    what_sending_needs_comes_together,
    slots_follow_the_rate,
    a_slot_beyond_patience_is_not_taken,
    paces_are_each_keys_own,
    a_clock_that_was_ahead_for_a_moment_silences_nobody,
    a_pace_whose_time_has_passed_begins_anew,
    of_thirty_who_ask_at_once_each_gets_a_slot,
    of_a_days_budget_no_more_is_given_than_there_is,
    of_those_who_spend_at_once_none_gets_what_another_got,
    what_one_delivery_has_claimed_no_other_gets_for_a_while,
}

const FOR_EVER: Duration = Duration::MAX;

/// The customer of the examples.
fn customer() -> PhoneNumber {
    number(107)
}

fn opt_out(second: i64) -> OptOut {
    OptOut {
        since: after(second),
        by: Cause::Word("STOP".to_owned()),
    }
}

fn add(number: &PhoneNumber, second: i64) -> Change {
    Change {
        number: number.clone(),
        to: Some(opt_out(second)),
        of_person: false,
    }
}

fn add_person(number: &PhoneNumber, second: i64) -> Change {
    Change {
        of_person: true,
        ..add(number, second)
    }
}

fn remove(number: &PhoneNumber) -> Change {
    Change {
        to: None,
        ..add(number, 0)
    }
}

fn list<const N: usize>(entries: [(PhoneNumber, i64); N]) -> OptOuts {
    OptOuts(
        entries
            .map(|(number, second)| (number, opt_out(second)))
            .into(),
    )
}

async fn an_opt_out_is_listed_once_and_cleared_once(store: &impl Store) {
    let (line, number) = (number(100), customer());
    assert_eq!(store.opt_outs(&line).await.unwrap(), OptOuts::default());
    assert!(store.change_opt_out(&line, &add(&number, 1)).await.unwrap());
    assert!(!store.change_opt_out(&line, &add(&number, 2)).await.unwrap());
    let listed = store.opt_outs(&line).await.unwrap();
    assert_eq!(listed, list([(number.clone(), 1)]), "the first one stays");
    assert!(store.change_opt_out(&line, &remove(&number)).await.unwrap());
    assert!(!store.change_opt_out(&line, &remove(&number)).await.unwrap());
    assert_eq!(store.opt_outs(&line).await.unwrap(), OptOuts::default());
}

async fn opt_outs_are_each_lines_own(store: &impl Store) {
    let numbers: Vec<_> = (200..230).map(number).collect();
    for (n, number) in numbers.iter().enumerate() {
        let line = super::examples::number(100 + n as u32 % 2);
        assert!(store.change_opt_out(&line, &add(number, 1)).await.unwrap());
    }
    for line in [100, 101] {
        let listed = store.opt_outs(&number(line)).await.unwrap();
        assert_eq!(listed.0.len(), 15);
        let ours = numbers.iter().skip(line as usize - 100).step_by(2);
        assert!(listed.0.keys().eq(ours));
    }
}

async fn a_record_takes_its_opt_out_along(store: &impl Store) {
    let line = line(100);
    store.put_line(&line).await.unwrap();
    for (n, change) in [(1, add(&customer(), 1)), (2, remove(&customer()))] {
        let mut record = record(n);
        record.opt_out = Some(change.clone());
        assert_eq!(store.record(&record, &[]).await.unwrap(), Recorded::New);
        let listed = store.opt_outs(&line.number).await.unwrap();
        assert_eq!(listed.of(&customer()), change.to.as_ref());
        let kept = store.inbound(&sid(n)).await.unwrap();
        assert_eq!(kept, Some(record));
    }
}

async fn a_record_that_was_there_changes_no_opt_out(store: &impl Store) {
    store.record(&record(1), &[]).await.unwrap();
    let mut again = record(1);
    again.opt_out = Some(add(&customer(), 1));
    assert_eq!(store.record(&again, &[]).await.unwrap(), Recorded::Already);
    let listed = store.opt_outs(&number(100)).await.unwrap();
    assert_eq!(listed, OptOuts::default());
}

async fn known_opt_outs(store: &impl Store, line: &Line, from: &PhoneNumber) -> OptOuts {
    let known = store.for_inbound(&line.number, &sid(1), Some(from)).await;
    known.unwrap().opt_outs
}

async fn a_decision_knows_the_opt_outs_of_people_and_sender_alone(store: &impl Store) {
    let line = line(100);
    store.put_line(&line).await.unwrap();
    let (sergio, stranger) = (number(110), number(120));
    for change in [
        add_person(&sergio, 1),
        add(&customer(), 2),
        add(&stranger, 3),
    ] {
        store.change_opt_out(&line.number, &change).await.unwrap();
    }
    assert_eq!(
        known_opt_outs(store, &line, &customer()).await,
        list([(sergio.clone(), 1), (customer(), 2)])
    );
    let back = Change {
        to: None,
        ..add_person(&sergio, 0)
    };
    store.change_opt_out(&line.number, &back).await.unwrap();
    assert_eq!(
        known_opt_outs(store, &line, &sergio).await,
        OptOuts::default()
    );
}

async fn a_new_person_who_opted_out_before_is_known(store: &impl Store) {
    let (mut line, newcomer) = (line(100), number(112));
    store.put_line(&line).await.unwrap();
    let change = add(&newcomer, 1);
    store.change_opt_out(&line.number, &change).await.unwrap();
    let first = line.people[0].clone();
    line.people[0] = Person {
        name: "Newcomer".to_owned(),
        number: newcomer.clone(),
        ..first
    };
    store.put_line(&line).await.unwrap();
    assert_eq!(
        known_opt_outs(store, &line, &customer()).await,
        list([(newcomer, 1)])
    );
}

async fn who_opted_out_stays_so_when_the_line_comes_back(store: &impl Store) {
    let line = line(100);
    let sergio = number(110);
    store.put_line(&line).await.unwrap();
    let change = add_person(&sergio, 1);
    store.change_opt_out(&line.number, &change).await.unwrap();
    store.remove_line(&line.number).await.unwrap();
    store.put_line(&line).await.unwrap();
    assert_eq!(
        known_opt_outs(store, &line, &customer()).await,
        list([(sergio, 1)])
    );
}

async fn the_sender_is_recognised_as_a_line(store: &impl Store) {
    store.put_line(&line(100)).await.unwrap();
    store.put_line(&line(101)).await.unwrap();
    for (from, is_line) in [(Some(101), true), (Some(107), false), (None, false)] {
        let from = from.map(number);
        let known = store
            .for_inbound(&number(100), &sid(1), from.as_ref())
            .await;
        assert_eq!(known.unwrap().from_own_line, is_line, "{from:?}");
    }
}

async fn what_sending_needs_comes_together(store: &impl Store) {
    let (line, to) = (line(100), number(110));
    let nothing = store.for_sending(&line.number, &to).await.unwrap();
    assert_eq!((nothing.line, nothing.opt_out), (None, None));
    store.put_line(&line).await.unwrap();
    let change = add_person(&to, 1);
    store.change_opt_out(&line.number, &change).await.unwrap();
    let known = store.for_sending(&line.number, &to).await.unwrap();
    assert_eq!(known.line.as_ref(), Some(&line));
    assert_eq!(known.opt_out, Some(opt_out(1)));
    let another = store.for_sending(&line.number, &number(111)).await.unwrap();
    assert_eq!(another.opt_out, None);
}

fn pair(n: u32) -> Key {
    Key::pair(&number(100), &number(n))
}

async fn claimed(store: &impl Store, key: &Key, rate: Rate, second: i64) -> Timestamp {
    let slot = store.claim_slot(key, rate, FOR_EVER, after(second)).await;
    slot.unwrap().taken().expect("a slot, however late")
}

async fn slots_follow_the_rate(store: &impl Store) {
    let rate = Rate::a_minute(3);
    for (asked, slot) in [
        (0, 0),
        (0, 0),
        (1, 1),
        (1, 20),
        (2, 40),
        (30, 60),
        (200, 200),
    ] {
        assert_eq!(claimed(store, &pair(110), rate, asked).await, after(slot));
    }
}

async fn a_slot_beyond_patience_is_not_taken(store: &impl Store) {
    let (key, rate) = (pair(110), Rate::a_minute(1));
    let claim = |patience: u64, second| {
        let patience = Duration::from_secs(patience);
        store.claim_slot(&key, rate, patience, after(second))
    };
    assert_eq!(claim(0, 0).await.unwrap(), Slot::Taken(after(0)));
    for _ in 0..3 {
        assert_eq!(claim(0, 1).await.unwrap(), Slot::TooLate(after(60)));
        assert_eq!(claim(58, 1).await.unwrap(), Slot::TooLate(after(60)));
    }
    assert_eq!(claim(59, 1).await.unwrap(), Slot::Taken(after(60)));
}

async fn a_clock_that_was_ahead_for_a_moment_silences_nobody(store: &impl Store) {
    let rate = Rate::a_minute(1);
    for (n, ahead) in [(110, 86_400), (111, 10 * 365 * 86_400)] {
        assert_eq!(claimed(store, &pair(n), rate, ahead).await, after(ahead));
        assert_eq!(claimed(store, &pair(n), rate, 0).await, after(0));
        assert_eq!(claimed(store, &pair(n), rate, 1).await, after(60));
        let key = Key::sender(&number(100), number(n).expose());
        assert_eq!(claimed(store, &key, rate, ahead).await, after(ahead));
        let slot = store.claim_slot(&key, rate, Duration::ZERO, after(0)).await;
        assert_eq!(slot.unwrap(), Slot::Taken(after(0)));
    }
}

async fn paces_are_each_keys_own(store: &impl Store) {
    let rate = Rate::a_minute(1);
    let sender = Key::sender(&number(100), number(110).expose());
    for key in [pair(110), pair(111), sender] {
        assert_eq!(claimed(store, &key, rate, 0).await, after(0));
        assert_eq!(claimed(store, &key, rate, 0).await, after(60));
    }
}

async fn a_pace_whose_time_has_passed_begins_anew(store: &impl Store) {
    let (key, rate) = (pair(110), Rate::a_minute(2));
    for _ in 0..2 {
        claimed(store, &key, rate, 0).await;
    }
    let slots = [60, 60, 90];
    for slot in slots {
        assert_eq!(claimed(store, &key, rate, 60).await, after(slot));
    }
}

async fn of_thirty_who_ask_at_once_each_gets_a_slot(store: &impl Store) {
    let key = pair(110);
    let slots = join_all((0..30).map(|_| claimed(store, &key, PAIR, 0)));
    let mut slots = slots.await;
    slots.sort();
    // A client that had to ask twice may have lost a slot, but no two have the same.
    let (at_once, later) = slots.split_at(slots.partition_point(|slot| *slot == now()));
    assert!(at_once.len() <= 10, "{slots:?}");
    let apart = |two: &[Timestamp]| two[1] >= two[0] + Duration::from_secs(3);
    assert!(later.windows(2).all(apart), "{slots:?}");
    assert!(later.first() >= Some(&after(3)), "{slots:?}");
}

fn budget(most: u32) -> Budget {
    Budget::line(&number(100), most, &TimeZone::default(), now())
}

async fn of_a_days_budget_no_more_is_given_than_there_is(store: &impl Store) {
    let today = budget(100);
    let spend = async |budget: &Budget, segments| store.spend(budget, segments).await.unwrap();
    assert_eq!(spend(&today, 101).await, Spent::Not { used: 0 });
    assert_eq!(spend(&today, 60).await, Spent::Yes { used: 60 });
    assert_eq!(spend(&today, 41).await, Spent::Not { used: 60 });
    assert_eq!(spend(&today, 101).await, Spent::Not { used: 60 });
    assert_eq!(spend(&today, 40).await, Spent::Yes { used: 100 });
    assert_eq!(spend(&today, 1).await, Spent::Not { used: 100 });
    // The limit may be raised on the same day, and another line, caller and day have their own.
    assert_eq!(spend(&budget(150), 50).await, Spent::Yes { used: 150 });
    let zone = TimeZone::default();
    let tomorrow = Budget::line(&number(100), 100, &zone, after(24 * 3600));
    let other = Budget::line(&number(101), 100, &zone, now());
    let caller = Budget::caller("crew", 100, &zone, now());
    for budget in [tomorrow, other, caller] {
        assert_eq!(spend(&budget, 100).await, Spent::Yes { used: 100 });
    }
    assert_eq!(spend(&today, 1).await, Spent::Not { used: 150 });
}

async fn of_those_who_spend_at_once_none_gets_what_another_got(store: &impl Store) {
    let today = budget(100);
    let spent = join_all((0..30).map(|_| store.spend(&today, 7))).await;
    let given = spent.into_iter().filter_map(|spent| match spent.unwrap() {
        Spent::Yes { used } => Some(used),
        Spent::Not { .. } => None,
    });
    let mut given: Vec<_> = given.collect();
    given.sort_unstable();
    let all: Vec<_> = (1..=14).map(|n| 7 * n).collect();
    assert_eq!(given, all);
}

async fn what_one_delivery_has_claimed_no_other_gets_for_a_while(store: &impl Store) {
    let key = Key::said(&number(100), &number(107), "0a");
    let [first, second] = ["one", "two"].map(|id| DeliveryId::parse(id).unwrap());
    let claim = async |key: &Key, by: &DeliveryId, second: i64| {
        let hour = Duration::from_secs(3600);
        store
            .claim_once(key, by, hour, after(second))
            .await
            .unwrap()
    };
    assert!(claim(&key, &first, 0).await);
    assert!(!claim(&key, &second, 0).await);
    assert!(!claim(&key, &second, 3500).await);
    assert!(claim(&key, &first, 3500).await, "its own again");
    let other = Key::said(&number(100), &number(107), "0b");
    assert!(claim(&other, &second, 0).await);
    assert!(claim(&key, &second, 3700).await);
    assert!(!claim(&key, &first, 3700).await);
    // A clock that was ten years ahead for a moment keeps it from nobody.
    let ahead = Key::said(&number(100), &number(107), "0c");
    assert!(claim(&ahead, &first, 10 * 365 * 24 * 3600).await);
    assert!(claim(&ahead, &second, 0).await);
}
