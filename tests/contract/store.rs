//! What every store holds to.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use relay::delivery::{Attempt, Delivery, DeliveryId, Outcome, Part, Recipient, State};
use relay::duty::{Hours, Override, Overrides, Presence};
use relay::inbound::{InboundRecord, InboundSms, Media, MessageSid};
use relay::line::{Line, Person, TimeZone};
use relay::machine::{DATABASE, Database};
use relay::phone::{PhoneNumber, Sender};
use relay::routing::decide;
use relay::store::sqlite::SqliteStore;
use relay::store::{Recorded, Saved, Store};

use super::{Held, contract};

contract! { dynamodb, sqlite:
    a_record_is_read_back_whole,
    the_first_record_of_a_sid_stays,
    of_twenty_records_of_one_sid_one_is_new,
    a_record_is_kept_whole_or_not_at_all,
    a_text_as_large_as_twilio_sends_is_kept,
    a_delivery_is_saved_and_read_back_whole,
    of_two_saves_of_one_version_one_wins,
    of_ten_saves_at_once_one_wins,
    an_unknown_delivery_cannot_be_saved,
    what_is_due_comes_longest_due_first,
    only_so_many_as_wanted_are_due,
    a_delivery_is_due_by_its_last_save_alone,
    everything_for_a_decision_comes_together,
    overrides_are_set_replaced_and_cleared,
    overrides_set_at_once_are_all_kept,
    lines_are_added_replaced_and_removed,
    a_line_that_comes_back_has_no_old_overrides,
    more_lines_than_one_request_can_name,
}

#[cfg(feature = "aws")]
async fn dynamodb() -> Held<impl Store> {
    use crate::moto;
    let config = moto::config(moto::url()).await;
    let table = moto::table(&config).await;
    let client = aws_sdk_dynamodb::Client::new(&config);
    let held = relay::store::dynamodb::DynamoStore::new(client, table);
    Held { held, folder: None }
}

async fn sqlite() -> Held<impl Store> {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&folder.path().join(DATABASE)).unwrap();
    let held = SqliteStore::on(database);
    Held { held, folder: Some(folder) }
}

async fn a_record_is_read_back_whole(store: &impl Store) {
    let (record, delivery) = (record(1), delivery(1));
    assert_eq!(store.inbound(&sid(1)).await.unwrap(), None);
    assert_eq!(store.delivery(&delivery.id).await.unwrap(), None);
    let recorded = store.record(&record, std::slice::from_ref(&delivery)).await;
    assert_eq!(recorded.unwrap(), Recorded::New);
    assert_eq!(store.inbound(&sid(1)).await.unwrap(), Some(record));
    assert_eq!(store.delivery(&delivery.id).await.unwrap(), Some(delivery));
    assert_eq!(store.inbound(&sid(2)).await.unwrap(), None);
}

async fn the_first_record_of_a_sid_stays(store: &impl Store) {
    let first = record(1);
    assert_eq!(store.record(&first, &[delivery(1)]).await.unwrap(), Recorded::New);
    let mut second = record(1);
    second.sms.body = "another".to_owned();
    assert_eq!(
        store.record(&second, &[delivery(2)]).await.unwrap(),
        Recorded::Already
    );
    assert_eq!(store.inbound(&sid(1)).await.unwrap(), Some(first));
    assert_eq!(store.delivery(&delivery(2).id).await.unwrap(), None);
}

async fn of_twenty_records_of_one_sid_one_is_new(store: &impl Store) {
    let (record, deliveries) = (record(1), [delivery(1)]);
    let recorded = join_all((0..20).map(|_| store.record(&record, &deliveries))).await;
    let new = recorded
        .into_iter()
        .filter(|recorded| *recorded.as_ref().unwrap() == Recorded::New)
        .count();
    assert_eq!(new, 1);
}

async fn a_record_is_kept_whole_or_not_at_all(store: &impl Store) {
    store.record(&record(1), &[delivery(1)]).await.unwrap();
    let mine = delivery(2);
    let not_mine = delivery(1);
    assert!(store.record(&record(2), &[mine.clone(), not_mine]).await.is_err());
    assert_eq!(store.inbound(&sid(2)).await.unwrap(), None);
    assert_eq!(store.delivery(&mine.id).await.unwrap(), None);
}

async fn a_text_as_large_as_twilio_sends_is_kept(store: &impl Store) {
    let mut record = record(1);
    record.sms.body = "🚐".repeat(16 * 1024);
    record.sms.media = (0..10)
        .map(|n| Media {
            url: format!("https://api.twilio.com/{n}/{}", "m".repeat(2_000)),
            content_type: "image/jpeg".to_owned(),
        })
        .collect();
    let mut delivery = delivery(1);
    delivery.body = record.sms.body.clone();
    delivery.parts = vec![Part { body: delivery.body.clone(), media: Vec::new() }];
    store.record(&record, std::slice::from_ref(&delivery)).await.unwrap();
    assert_eq!(store.inbound(&sid(1)).await.unwrap(), Some(record));
    assert_eq!(store.delivery(&delivery.id).await.unwrap(), Some(delivery));
}

async fn a_delivery_is_saved_and_read_back_whole(store: &impl Store) {
    let mut delivery = recorded(store, 1).await;
    let attempt = Attempt {
        number: 1,
        to: delivery.to.clone(),
        part: 0,
        began: now(),
        outcome: Outcome::Pending,
        sid: Some(sid(7)),
    };
    delivery.attempts.push(attempt);
    for state in [
        State::Sending { lease: after(60) },
        State::Unknown { ask: after(90) },
        State::Accepted,
        State::Delivered,
    ] {
        delivery.version += 1;
        delivery.state = state;
        assert_eq!(store.save(&delivery).await.unwrap(), Saved::Yes);
        let read = store.delivery(&delivery.id).await.unwrap();
        assert_eq!(read.as_ref(), Some(&delivery));
    }
}

async fn of_two_saves_of_one_version_one_wins(store: &impl Store) {
    let delivery = recorded(store, 1).await;
    let first = Delivery { version: 1, state: State::Accepted, ..delivery.clone() };
    let second = Delivery { version: 1, state: State::Delivered, ..delivery };
    assert_eq!(store.save(&first).await.unwrap(), Saved::Yes);
    assert_eq!(store.save(&second).await.unwrap(), Saved::Outdated);
    // Not even the same save twice: each claims an attempt.
    assert_eq!(store.save(&first).await.unwrap(), Saved::Outdated);
    assert_eq!(store.delivery(&first.id).await.unwrap(), Some(first));
}

async fn of_ten_saves_at_once_one_wins(store: &impl Store) {
    let mut delivery = recorded(store, 1).await;
    delivery.version += 1;
    let saved = join_all((0..10).map(|_| store.save(&delivery))).await;
    let won = saved
        .into_iter()
        .filter(|saved| *saved.as_ref().unwrap() == Saved::Yes)
        .count();
    assert_eq!(won, 1);
}

async fn an_unknown_delivery_cannot_be_saved(store: &impl Store) {
    for version in [0, 1] {
        let unknown = Delivery { version, ..delivery(1) };
        assert_eq!(store.save(&unknown).await.unwrap(), Saved::Outdated);
    }
    assert_eq!(store.delivery(&delivery(1).id).await.unwrap(), None);
}

async fn what_is_due_comes_longest_due_first(store: &impl Store) {
    // Enough of them that every part of a divided index has some.
    let expected: Vec<DeliveryId> = (0..24).map(|n| delivery(n).id).collect();
    for n in (0..24).rev() {
        let due = State::Waiting { due: after(n.into()) };
        let delivery = Delivery { state: due, ..delivery(n) };
        store.record(&record(n), &[delivery]).await.unwrap();
    }
    assert_eq!(store.due_before(after(24), 100).await.unwrap(), expected);
    assert_eq!(store.due_before(after(10), 100).await.unwrap(), expected[..10]);
    assert!(store.due_before(now(), 100).await.unwrap().is_empty());
}

async fn only_so_many_as_wanted_are_due(store: &impl Store) {
    for n in 0..10 {
        let due = State::Waiting { due: after(n.into()) };
        let delivery = Delivery { state: due, ..delivery(n) };
        store.record(&record(n), &[delivery]).await.unwrap();
    }
    let first: Vec<DeliveryId> = (0..3).map(|n| delivery(n).id).collect();
    assert_eq!(store.due_before(after(100), 3).await.unwrap(), first);
    assert!(store.due_before(after(100), 0).await.unwrap().is_empty());
}

async fn a_delivery_is_due_by_its_last_save_alone(store: &impl Store) {
    let mut delivery = recorded(store, 1).await;
    let id = delivery.id.clone();
    for (state, due_soon, due_late) in [
        (State::Sending { lease: after(60) }, false, true),
        (State::Unknown { ask: after(5) }, true, true),
        (State::Accepted, false, false),
        (State::Waiting { due: after(1) }, true, true),
        (State::Delivered, false, false),
    ] {
        delivery.version += 1;
        delivery.state = state;
        store.save(&delivery).await.unwrap();
        let is_due = async |before| store.due_before(before, 10).await.unwrap().contains(&id);
        assert_eq!(is_due(after(10)).await, due_soon, "{:?}", delivery.state);
        assert_eq!(is_due(after(100)).await, due_late, "{:?}", delivery.state);
    }
}

async fn everything_for_a_decision_comes_together(store: &impl Store) {
    let line = line(100);
    let nothing = store.for_inbound(&line.number, &sid(1)).await.unwrap();
    assert_eq!(nothing.line, None);
    assert_eq!(nothing.overrides, Overrides::default());
    assert_eq!(nothing.earlier, None);

    store.put_line(&line).await.unwrap();
    let away = Override { presence: Presence::Away, until: Some(after(3600)) };
    store.set_override(&line.number, "Sergio", Some(&away)).await.unwrap();
    recorded(store, 1).await;
    let everything = store.for_inbound(&line.number, &sid(1)).await.unwrap();
    assert_eq!(everything.line.as_ref(), Some(&line));
    assert_eq!(everything.overrides.0.get("Sergio"), Some(&away));
    assert_eq!(everything.earlier, Some(record(1)));
    let another = store.for_inbound(&line.number, &sid(2)).await.unwrap();
    assert_eq!(another.line, Some(line));
    assert_eq!(another.earlier, None);
}

async fn overrides_are_set_replaced_and_cleared(store: &impl Store) {
    let (here, there) = (number(100), number(101));
    let away = Override { presence: Presence::Away, until: None };
    let on = Override { presence: Presence::On, until: Some(after(60)) };
    // Names as people have them, and as nobody has them.
    let names = ["Sergio", "María José", "#1 @home", "json", "pk", "Ünal 🚐"];
    for name in names {
        store.set_override(&here, name, Some(&away)).await.unwrap();
    }
    store.set_override(&here, "Sergio", Some(&on)).await.unwrap();
    let overrides = store.overrides(&here).await.unwrap();
    assert_eq!(overrides.0.len(), names.len());
    assert_eq!(overrides.0["Sergio"], on);
    assert_eq!(overrides.0["#1 @home"], away);
    assert_eq!(store.overrides(&there).await.unwrap(), Overrides::default());
    for name in names {
        store.set_override(&here, name, None).await.unwrap();
        store.set_override(&here, name, None).await.unwrap();
    }
    assert_eq!(store.overrides(&here).await.unwrap(), Overrides::default());
}

async fn overrides_set_at_once_are_all_kept(store: &impl Store) {
    let line = number(100);
    let away = Override { presence: Presence::Away, until: None };
    let names: Vec<String> = (0..10).map(|n| format!("person {n}")).collect();
    for set in join_all(names.iter().map(|n| store.set_override(&line, n, Some(&away)))).await {
        set.unwrap();
    }
    assert_eq!(store.overrides(&line).await.unwrap().0.len(), names.len());
}

async fn lines_are_added_replaced_and_removed(store: &impl Store) {
    assert_eq!(store.lines().await.unwrap(), []);
    let (first, second) = (line(100), line(101));
    store.put_line(&second).await.unwrap();
    store.put_line(&first).await.unwrap();
    assert_eq!(store.lines().await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(store.line(&first.number).await.unwrap(), Some(first.clone()));

    let renamed = Line { name: "renamed".to_owned(), ..first.clone() };
    store.put_line(&renamed).await.unwrap();
    assert_eq!(store.lines().await.unwrap(), [renamed, second.clone()]);

    store.remove_line(&first.number).await.unwrap();
    store.remove_line(&first.number).await.unwrap();
    assert_eq!(store.lines().await.unwrap(), [second]);
    assert_eq!(store.line(&first.number).await.unwrap(), None);
}

async fn a_line_that_comes_back_has_no_old_overrides(store: &impl Store) {
    let (line, other) = (line(100), line(101));
    let away = Override { presence: Presence::Away, until: None };
    for line in [&line, &other] {
        store.put_line(line).await.unwrap();
        store.set_override(&line.number, "Sergio", Some(&away)).await.unwrap();
    }
    store.remove_line(&line.number).await.unwrap();
    store.put_line(&line).await.unwrap();
    let overrides = store.overrides(&line.number).await.unwrap();
    assert_eq!(overrides, Overrides::default());
    assert_eq!(store.overrides(&other.number).await.unwrap().0.len(), 1);
}

async fn more_lines_than_one_request_can_name(store: &impl Store) {
    let lines: Vec<Line> = (100..205).map(line).collect();
    for put in join_all(lines.iter().map(|line| store.put_line(line))).await {
        put.unwrap();
    }
    assert_eq!(store.lines().await.unwrap(), lines);
}

/// Records inbound and delivery number `n`. Returns the delivery.
async fn recorded(store: &impl Store, n: u32) -> Delivery {
    let delivery = delivery(n);
    store.record(&record(n), std::slice::from_ref(&delivery)).await.unwrap();
    delivery
}

fn now() -> Timestamp {
    "2026-11-23T18:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn sid(n: u32) -> MessageSid {
    MessageSid::parse(&format!("SM{n:032x}")).unwrap()
}

fn number(n: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("+1619555{n:04}")).unwrap()
}

fn line(n: u32) -> Line {
    let person = |name: &str, n, hours| Person { name: name.to_owned(), number: number(n), hours };
    Line {
        name: format!("line {n}"),
        number: number(n),
        country: "US".to_owned(),
        time_zone: TimeZone::named("America/Los_Angeles").unwrap(),
        public_url: "https://relay.example.com".to_owned(),
        people: vec![
            person("Sergio", 110, Hours::Never),
            person("Backup", 111, Hours::Always),
        ],
    }
}

fn record(n: u32) -> InboundRecord {
    let from = Sender::Phone(number(107));
    InboundRecord {
        decision: decide(&line(100), &Overrides::default(), &from, now()),
        sms: InboundSms {
            sid: sid(n),
            from,
            to: number(100),
            place: Some("San Diego, CA".to_owned()),
            body: "¿Está abierto? 🚐".to_owned(),
            media: Vec::new(),
        },
        received: now(),
        deliveries: vec![delivery(n).id],
    }
}

fn delivery(n: u32) -> Delivery {
    let recipient = |name: &str, n| Recipient { person: name.to_owned(), number: number(n) };
    let body = "+16195550107: ¿Está abierto? 🚐".to_owned();
    Delivery {
        id: DeliveryId::of_inbound(&sid(n)),
        version: 0,
        line: "line 100".to_owned(),
        from: number(100),
        public_url: "https://relay.example.com".to_owned(),
        message_sid: Some(sid(n)),
        to: recipient("Sergio", 110),
        remaining: vec![recipient("Backup", 111)],
        parts: vec![Part { body: body.clone(), media: Vec::new() }],
        body,
        media: Vec::new(),
        attempts: Vec::new(),
        state: State::Waiting { due: now() },
        created: now(),
        deadline: after(3600),
    }
}
