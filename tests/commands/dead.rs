//! Dead letters from a shell, on one machine and on AWS.

use crate::support::records::Records as _;
use jiff::{SignedDuration, Timestamp};
use relay::adapters::sqlite::queue::SqliteQueue;
use relay::app::ports::queue::{DeadLetterQueue, Message, WakeUp};
use relay::domain::delivery::{Attempt, Delivery, GaveUp, Outcome, Recipient, State};
use relay::domain::ids::DeliveryId;
use relay::twilio::errors::failure;

use super::*;

fn sid(n: u32) -> MessageSid {
    MessageSid::parse(&format!("SM{n:032x}")).unwrap()
}

fn id(n: u32) -> String {
    DeliveryId::of_inbound(&sid(n)).to_string()
}

/// Puts text number `n` into the store, on which the relay gave up `hours` ago over this error.
async fn a_dead_letter(store: &impl Store, n: u32, hours: i64, error: u32) -> Delivery {
    let line = store.lines().await.unwrap().remove(0);
    let sms = InboundSms {
        sid: sid(n),
        from: Sender::parse("+18585550107"),
        to: line.number.clone(),
        place: Some("San Diego, CA".to_owned()),
        body: "Are you \u{1b}[2Jopen?".to_owned(),
        media: Vec::new(),
        media_left_out: 0,
        opt_out_type: None,
    };
    let gave_up = Timestamp::now() - SignedDuration::from_hours(hours);
    let received = gave_up - SignedDuration::from_hours(1);
    let backup = line.people.last().unwrap();
    let backup = Recipient {
        person: backup.name.clone(),
        number: backup.number.clone(),
    };
    let body =
        relay::domain::delivery::wording::relayed(relay::domain::language::Language::English, &sms);
    let attempt = Attempt {
        number: 1,
        to: backup.clone(),
        part: 0,
        of: 1,
        began: received,
        outcome: Outcome::Undelivered {
            code: Some(error),
            class: failure(Some(error), None).class,
        },
        since: received,
        sid: None,
        via: None,
        disproved: None,
        since_backup: None,
    };
    let delivery = Delivery {
        id: DeliveryId::of_inbound(&sms.sid),
        version: 0,
        line: line.name.clone(),
        from: line.number.clone(),
        public_url: line.public_url.clone(),
        message_sid: Some(sms.sid.clone()),
        sender: Some(sms.from.clone()),
        to: backup,
        remaining: Vec::new(),
        parts: relay::domain::sms::parts(&body, &[]),
        body,
        media: Vec::new(),
        attached: String::new(),
        attempts: vec![attempt],
        state: State::GaveUp {
            because: GaveUp::NobodyLeft,
        },
        created: received,
        deadline: gave_up,
        gave_up: Some(gave_up),
        replays: Vec::new(),
        slowed: Vec::new(),
        invitation: None,
        handed_over: Vec::new(),
        restored: None,
        in_conversation: None,
        purpose: Default::default(),
        policy: Default::default(),
        country: "US".to_owned(),
        language: Default::default(),
        time_zone: Default::default(),
    };
    let record = InboundRecord {
        decision: decide(
            &line,
            &Known::default(),
            &sms.from,
            Nature::Ordinary,
            received,
        ),
        sms,
        received,
        deliveries: vec![delivery.id.clone()],
        by_fallback: None,
        conversation: None,
        opt_out: None,
        subscriptions: Vec::new(),
        duty: None,
        words_removed: None,
    };
    let deliveries = std::slice::from_ref(&delivery);
    store.record(&record, deliveries).await.unwrap();
    delivery
}

fn database(place: &Place) -> Database {
    Database::open(&place.path().join(".relay").join(DATABASE)).unwrap()
}

fn queue(place: &Place) -> SqliteQueue {
    SqliteQueue::on(database(place))
}

/// The deliveries that a worker would be brought.
fn due(place: &Place) -> Vec<String> {
    let (due, _) = queue(place)
        .due(Timestamp::now(), 100, 100, |_| false)
        .unwrap();
    due.iter().map(Message::name).collect()
}

fn audit(place: &Place) -> Vec<Value> {
    let file = place.path().join(".relay/audit.jsonl");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The deliveries that `relay dead list` lists.
fn listed(place: &Place, rest: &[&str]) -> Vec<String> {
    let list = [&["dead", "list", "--json"][..], rest].concat();
    let listed = place.relay(&list).json();
    let texts = listed["texts"].as_array().unwrap();
    let ids = texts.iter().map(|text| text["delivery"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

#[tokio::test]
async fn dead_letters_are_listed_with_when_who_and_why() {
    let place = Place::new();
    let store = place.store().await;
    let empty = place.relay(&["dead", "list"]).out();
    assert_eq!(empty, "there are no dead letters\n");
    let dead = a_dead_letter(&store, 1, 3, 30007).await;
    a_dead_letter(&store, 2, 1, 21614).await;

    let out = place.relay(&["dead", "list"]).out();
    let line = store.lines().await.unwrap().remove(0);
    let when = line.time_zone.show(dead.gave_up.unwrap());
    for row in [
        format!("{}\n", sid(1)),
        format!("qdn: gave up {when}, from +1•••07 (San Diego, CA)"),
        "nobody is left in the cascade; the last attempt, to Backup: not delivered, error 30007"
            .to_owned(),
        "2 texts; `relay dead replay` has them tried again".to_owned(),
    ] {
        assert!(out.contains(&row), "{row:?} is not in {out}");
    }
    assert!(!out.contains("5550107") && !out.contains("open"), "{out}");
    let numbers = place.relay(&["dead", "list", "--numbers"]).out();
    assert!(numbers.contains("+18585550107"), "{numbers}");

    assert_eq!(listed(&place, &[]), [id(1), id(2)]);
    assert_eq!(listed(&place, &["--older-than", "2h"]), [id(1)]);
    assert_eq!(listed(&place, &["--error", "21614"]), [id(2)]);
    let none = place.relay(&["dead", "list", "--error", "1"]).out();
    assert!(none.contains("no dead letter is like that"), "{none}");
    place
        .relay(&["dead", "list", "--older-than", "5pm"])
        .refused(2, "\"5pm\" is no age; write one such as 90m");
}

#[tokio::test]
async fn a_dead_letter_is_shown_with_its_attempts_and_who_would_get_it_now() {
    let place = Place::new();
    let store = place.store().await;
    a_dead_letter(&store, 1, 3, 30007).await;
    place.relay(&["duty", "on", "Sergio"]).out();
    let show = |rest: &[&str]| place.relay(&[&["dead", "show"], rest].concat());
    let out = show(&[sid(1).as_str()]).out();
    for row in [
        "attempt 1 to Backup (+1•••11), ",
        "https://www.twilio.com/docs/api/errors/30007",
        "a replay would go to Sergio, then Backup",
    ] {
        assert!(out.contains(row), "{row:?} is not in {out}");
    }
    assert!(!out.contains("open"), "{out}");
    let shown = show(&[&id(1), "--numbers", "--body", "--json"]).json();
    assert_eq!(shown["tries"][0]["to"], "+16195550111");
    assert_eq!(
        shown["would_go_to"],
        serde_json::json!(["Sergio", "Backup"])
    );
    assert!(shown["body"].as_str().unwrap().contains("open"));
    let body = show(&[&id(1), "--body"]).out();
    assert!(
        body.contains("open?") && !body.contains('\u{1b}'),
        "{body:?}"
    );

    show(&[&id(9)]).refused(1, "there is no delivery in-SM");
    show(&["no such id"]).refused(2, "is neither the SID of a text");
}

#[tokio::test]
async fn a_replay_sets_the_text_on_its_way_once_and_is_on_record() {
    let place = Place::new();
    let store = place.store().await;
    let dead = a_dead_letter(&store, 1, 3, 30007).await;
    let replay = |rest: &[&str]| place.relay(&[&["dead", "replay"], rest].concat());
    let dry = replay(&["--all", "--dry-run"]).out();
    assert!(dry.contains("1 text would be replayed"), "{dry}");
    assert_eq!(store.delivery(&dead.id).await.unwrap(), Some(dead.clone()));
    assert!(due(&place).is_empty() && audit(&place).is_empty());

    // Nobody sits at a terminal, so nobody can be asked.
    let unasked = replay(&[sid(1).as_str()]);
    unasked.refused(
        2,
        "Replay 1 text? There is no terminal to ask on: add --yes",
    );
    let errors = unasked.errors();
    assert!(
        errors.contains(&format!("{} would be sent", id(1))),
        "{errors}"
    );
    assert!(due(&place).is_empty() && audit(&place).is_empty());

    let out = replay(&[sid(1).as_str(), "--yes"]).out();
    assert!(out.contains(&format!("{} sent → ", id(1))), "{out}");
    assert!(out.contains("replayed 1 text;"), "{out}");
    let replayed = store.delivery(&dead.id).await.unwrap().unwrap();
    assert!(matches!(replayed.state, State::Waiting { .. }));
    assert_eq!((replayed.version, replayed.attempts.len()), (1, 1));
    assert!(Timestamp::now() < replayed.deadline);
    assert_eq!(due(&place), [id(1)]);
    let records = audit(&place);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["kind"], "replayed");
    assert_eq!(records[0]["message_sid"], sid(1).as_str());
    assert!(listed(&place, &[]).is_empty());

    let again = replay(&[sid(1).as_str(), "--yes"]);
    assert_eq!(again.code(), 1);
    let errors = again.errors();
    assert!(
        errors.contains("is no dead letter: it is still being tried"),
        "{errors}"
    );
    assert_eq!(due(&place), [id(1)]);
    let story = place.relay(&["explain", sid(1).as_str()]).out();
    assert!(story.contains("somebody had it tried again"), "{story}");
}

#[tokio::test]
async fn all_that_are_like_that_are_replayed_and_no_others() {
    let place = Place::new();
    let store = place.store().await;
    for (n, hours, error) in [(1, 3, 30007), (2, 1, 30007), (3, 3, 21614)] {
        a_dead_letter(&store, n, hours, error).await;
    }
    let all = ["dead", "replay", "--all", "--older-than", "2h"];
    let done = place.relay(&[&all[..], &["--error", "30007", "--json", "--yes"]].concat());
    let done = done.json();
    assert_eq!(done["texts"][0]["delivery"], id(1).as_str());
    assert_eq!(done["texts"].as_array().unwrap().len(), 1);
    assert_eq!(listed(&place, &[]), [id(3), id(2)]);
    place.relay(&["dead", "replay", "--all", "--yes"]).out();
    assert!(listed(&place, &[]).is_empty());
    let nothing = place.relay(&["dead", "replay", "--all", "--yes"]).out();
    assert_eq!(nothing, "there is nothing to replay\n");
}

#[tokio::test]
async fn what_cannot_be_replayed_is_said_and_the_others_are_replayed() {
    let place = Place::new();
    let store = place.store().await;
    a_dead_letter(&store, 1, 1, 30007).await;
    let ran = place.relay(&["dead", "replay", sid(1).as_str(), &id(9), "--yes"]);
    assert_eq!(ran.code(), 1);
    assert!(ran.errors().contains("there is no delivery in-SM"));
    assert!(
        ran.printed().contains("replayed 1 text;"),
        "{}",
        ran.printed()
    );

    a_dead_letter(&store, 2, 1, 30007).await;
    let line = store.lines().await.unwrap().remove(0);
    store.remove_line(&line.number).await.unwrap();
    let ran = place.relay(&["dead", "replay", "--all", "--yes"]);
    assert_eq!(ran.code(), 1);
    let errors = ran.errors();
    assert!(errors.contains("the line qdn of delivery"), "{errors}");
    assert_eq!(listed(&place, &[]), [id(2)]);
}

#[tokio::test]
async fn wake_ups_that_were_put_aside_are_listed_and_brought_again() {
    let place = Place::new();
    let store = place.store().await;
    let mut delivery = a_dead_letter(&store, 7, 3, 30007).await;
    let due_at = delivery.created;
    delivery.state = State::Waiting { due: due_at };
    delivery.gave_up = None;
    delivery.version += 1;
    store.save(&delivery, &[]).await.unwrap();
    let queue = queue(&place);
    for id in [&delivery.id, &DeliveryId::parse("in-8").unwrap()] {
        let wake_up = WakeUp::new(id, due_at, due_at);
        queue.bury(&Message::Delivery(wake_up)).await.unwrap();
    }
    let out = place.relay(&["dead", "list"]).out();
    assert!(
        out.contains(&id(7)) && out.contains("in-8") && out.contains("2 wake-ups;"),
        "{out}"
    );
    let out = place.relay(&["dead", "show", &id(7)]).out();
    assert!(out.contains("was brought too often in vain"), "{out}");
    // Whose delivery is not there: a wake-up alone cannot be shown.
    place
        .relay(&["dead", "show", "in-8"])
        .refused(1, "there is no delivery in-8");
    let out = place.relay(&["dead", "replay", "--all", "--yes"]).out();
    assert!(
        out.contains("in-8 woken") && out.contains("replayed 2 wake-ups;"),
        "{out}"
    );
    assert!(queue.hold(1).await.unwrap().is_empty());
    assert_eq!(due(&place), [id(7)]);
}

#[tokio::test]
async fn a_dead_letter_that_was_dealt_with_leaves_the_list_and_is_on_record() {
    let place = Place::new();
    let store = place.store().await;
    let dead = a_dead_letter(&store, 1, 3, 30007).await;
    a_dead_letter(&store, 2, 1, 21614).await;
    let dropped = dead.message_sid.as_ref().unwrap().as_str();
    place.relay(&["dead", "drop", dropped]).refused(
        2,
        "Take 1 text off the list? There is no terminal to ask on: add --yes",
    );
    let drop = ["dead", "drop", dropped, "--yes"];
    let out = place.relay(&[&drop[..], &["--reason", "called back"]].concat());
    assert_eq!(out.out(), format!("{} is off the list\n", id(1)));
    assert_eq!(listed(&place, &[]), [id(2)]);
    assert_eq!(due(&place), [""; 0], "nothing is sent");
    let audit = audit(&place);
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0]["kind"], "dropped");
    assert_eq!(audit[0]["outcome"], "called back");
    assert_eq!(audit[0]["delivery"], id(1).as_str());

    // Once is enough, and what is none stays.
    place
        .relay(&drop)
        .refused(1, "is no dead letter: it gave up");
    place
        .relay(&["dead", "drop", "in-9", "--yes"])
        .refused(1, "there is no delivery in-9");
    place.relay(&["dead", "drop"]).refused(2, "<ID>");
    // Should somebody think better of it.
    let out = place.relay(&["dead", "replay", &id(1), "--yes"]).out();
    assert!(out.contains("replayed 1 text"), "{out}");
}

#[test]
fn wrong_usage_of_a_replay_exits_2() {
    let place = Place::new();
    let replay = |rest: &[&str]| place.relay(&[&["dead", "replay"], rest].concat());
    replay(&[]).refused(2, "required arguments were not provided");
    replay(&["in-1", "--all"]).refused(2, "cannot be used with");
    replay(&["in-1", "--error", "30007"]).refused(2, "add --all");
    let table = ["--all", "--table", "t"];
    replay(&table).refused(
        2,
        "name it with --queue-url (the stack's output DeliveriesQueueUrl)",
    );
    let queue = [&table[..], &["--queue-url", "https://sqs.example.com/q"]].concat();
    replay(&queue).refused(
        2,
        "name it with --log-group (the stack's output AuditLogGroup)",
    );
    replay(&["--all"]).refused(1, "there is no relay in .relay");
}

#[cfg(feature = "aws")]
mod on_aws {
    use relay::adapters::aws::dynamodb::DynamoStore;
    use relay::domain::line::config;

    use super::*;
    use crate::support::moto;

    #[tokio::test]
    async fn a_deployed_relays_dead_letters_are_listed_and_replayed() {
        let aws = moto::config(moto::url()).await;
        let sqs = aws_sdk_sqs::Client::new(&aws);
        let table = moto::table(&aws).await;
        let (queue, dead_queue) = (moto::queue(&aws).await, moto::queue(&aws).await);
        let group = moto::log_group(&aws).await;
        let store = DynamoStore::new(aws_sdk_dynamodb::Client::new(&aws), &table);
        let line = config::parse(EXAMPLE, "relay.toml").unwrap().remove(0);
        store.put_line(&line).await.unwrap();
        let dead = a_dead_letter(&store, 1, 3, 30007).await;
        let delivery = DeliveryId::parse("in-7").unwrap();
        let wake_up = WakeUp::new(&delivery, dead.created, dead.created);
        for message in [serde_json::to_string(&wake_up).unwrap(), "{}".to_owned()] {
            let send = sqs.send_message().queue_url(&dead_queue);
            send.message_body(message).send().await.unwrap();
        }

        let place = Place::new();
        let relay = |arguments: &[&str]| {
            let variables = [
                ("AWS_ENDPOINT_URL", moto::url()),
                ("AWS_REGION", moto::REGION),
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("TABLE_NAME", &table),
                ("DELIVERIES_QUEUE_URL", &queue),
                ("DEAD_LETTER_QUEUE_URL", &dead_queue),
                ("AUDIT_LOG_GROUP", &group),
            ];
            place.relay_with(arguments, &variables)
        };
        for _ in 0..2 {
            // Whoever looks keeps nobody else from looking.
            let listed = relay(&["dead", "list", "--json"]).json();
            assert_eq!(listed["texts"][0]["delivery"], id(1).as_str());
            assert_eq!(listed["wake_ups"].as_array().unwrap().len(), 2);
        }
        let other = a_dead_letter(&store, 2, 3, 30007).await;
        let out = relay(&["dead", "drop", other.id.as_str(), "--yes"]).out();
        assert!(out.contains("is off the list"), "{out}");
        let dropped = store.delivery(&other.id).await.unwrap().unwrap();
        assert_eq!(dropped.gave_up, None);
        let out = relay(&["dead", "replay", "--all", "--yes"]).out();
        assert!(out.contains("replayed 1 text and 1 wake-up"), "{out}");

        let replayed = store.delivery(&dead.id).await.unwrap().unwrap();
        assert!(matches!(replayed.state, State::Waiting { .. }));
        let receive = sqs.receive_message().queue_url(&queue);
        let received = receive.max_number_of_messages(10).send().await.unwrap();
        let wake_ups = received.messages().iter().map(|message| {
            let wake_up: WakeUp = serde_json::from_str(message.body().unwrap()).unwrap();
            wake_up.delivery.to_string()
        });
        let mut wake_ups: Vec<_> = wake_ups.collect();
        wake_ups.sort();
        assert_eq!(wake_ups, ["in-7".to_owned(), id(1)]);
        let listed = relay(&["dead", "list", "--json"]).json();
        assert_eq!(listed["texts"], serde_json::json!([]));
        let left = listed["wake_ups"].as_array().unwrap();
        assert_eq!(left.len(), 1, "what is no wake-up stays: {left:?}");
        let logs = aws_sdk_cloudwatchlogs::Client::new(&aws);
        let events = logs.filter_log_events().log_group_name(&group).send();
        let events = events.await.unwrap();
        let messages: Vec<_> = events.events().iter().filter_map(|e| e.message()).collect();
        assert_eq!(messages.len(), 2);
        for kind in ["dropped", "replayed"] {
            let kind = format!("\"kind\":\"{kind}\"");
            assert!(messages.iter().any(|m| m.contains(&kind)), "{messages:?}");
        }
    }
}
