//! What every store holds to about lines and overrides.

use crate::support::records::Records as _;
use futures::future::join_all;
use jiff::civil::date;
use relay::app::ports::store::{Recorded, Store};
use relay::domain::command::Change;
use relay::domain::duty::{Override, Overrides, Presence};
use relay::domain::inbound_record::InboundRecord;
use relay::domain::line::Line;

use super::contract;
#[cfg(feature = "aws")]
use super::examples::dynamodb;
use super::examples::{after, line, memory, number, record, recorded, sid, sqlite};

contract! { dynamodb, sqlite, memory:
    everything_for_a_decision_comes_together,
    overrides_are_set_replaced_and_cleared,
    overrides_set_at_once_are_all_kept,
    a_record_takes_its_override_along_once,
    lines_are_added_replaced_and_removed,
    a_line_that_comes_back_has_no_old_overrides,
    a_person_who_comes_back_has_no_old_override,
    more_lines_than_one_request_can_name,
    each_line_knows_its_last_reconciled_day,
    a_line_is_found_by_its_reply_numbers,
    a_reply_number_that_goes_to_another_line_is_found_there,
}

async fn everything_for_a_decision_comes_together(store: &impl Store) {
    let line = line(100);
    let nothing = store
        .for_inbound(&line.number, &sid(1), None)
        .await
        .unwrap();
    assert_eq!(nothing.line, None);
    assert_eq!(nothing.overrides, Overrides::default());
    assert_eq!(nothing.earlier, None);

    store.put_line(&line).await.unwrap();
    let away = Override {
        presence: Presence::Away,
        until: Some(after(3600)),
    };
    store
        .set_override(&line.number, "Sergio", Some(&away))
        .await
        .unwrap();
    recorded(store, 1).await;
    let everything = store
        .for_inbound(&line.number, &sid(1), None)
        .await
        .unwrap();
    assert_eq!(everything.line.as_ref(), Some(&line));
    assert_eq!(everything.overrides.0.get("Sergio"), Some(&away));
    assert_eq!(everything.earlier, Some(record(1)));
    let another = store
        .for_inbound(&line.number, &sid(2), None)
        .await
        .unwrap();
    assert_eq!(another.line, Some(line));
    assert_eq!(another.earlier, None);
}

async fn overrides_are_set_replaced_and_cleared(store: &impl Store) {
    let (here, there) = (number(100), number(101));
    let away = Override {
        presence: Presence::Away,
        until: None,
    };
    let on = Override {
        presence: Presence::On,
        until: Some(after(60)),
    };
    // Names as people have them, and as nobody has them.
    let names = ["Sergio", "María José", "#1 @home", "json", "pk", "Ünal 🚐"];
    for name in names {
        store.set_override(&here, name, Some(&away)).await.unwrap();
    }
    store
        .set_override(&here, "Sergio", Some(&on))
        .await
        .unwrap();
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

async fn a_record_takes_its_override_along_once(store: &impl Store) {
    let away = Override {
        presence: Presence::Away,
        until: Some(after(60)),
    };
    let says = |n, to: Option<&Override>| InboundRecord {
        duty: Some(Change {
            person: "Sergio".to_owned(),
            to: to.cloned(),
        }),
        ..record(n)
    };
    let line = record(1).sms.to;
    let kept = store.record(&says(1, Some(&away)), &[]).await.unwrap();
    assert_eq!(kept, Recorded::New);
    assert_eq!(store.overrides(&line).await.unwrap().0["Sergio"], away);
    let kept = store.record(&says(2, None), &[]).await.unwrap();
    assert_eq!(kept, Recorded::New);
    // The first text comes again.
    let kept = store.record(&says(1, Some(&away)), &[]).await.unwrap();
    assert_eq!(kept, Recorded::Already);
    let overrides = store.overrides(&line).await.unwrap();
    assert_eq!(overrides, Overrides::default());
}

async fn overrides_set_at_once_are_all_kept(store: &impl Store) {
    let line = number(100);
    let away = Override {
        presence: Presence::Away,
        until: None,
    };
    let names: Vec<String> = (0..10).map(|n| format!("person {n}")).collect();
    for set in join_all(
        names
            .iter()
            .map(|n| store.set_override(&line, n, Some(&away))),
    )
    .await
    {
        set.unwrap();
    }
    assert_eq!(store.overrides(&line).await.unwrap().0.len(), names.len());
}

async fn lines_are_added_replaced_and_removed(store: &impl Store) {
    assert_eq!(store.lines().await.unwrap(), []);
    let (first, second) = (line(100), line(101));
    store.put_line(&second).await.unwrap();
    store.put_line(&first).await.unwrap();
    assert_eq!(
        store.lines().await.unwrap(),
        [first.clone(), second.clone()]
    );
    assert_eq!(
        store.line(&first.number).await.unwrap(),
        Some(first.clone())
    );

    let renamed = Line {
        name: "renamed".to_owned(),
        ..first.clone()
    };
    store.put_line(&renamed).await.unwrap();
    assert_eq!(store.lines().await.unwrap(), [renamed, second.clone()]);

    store.remove_line(&first.number).await.unwrap();
    store.remove_line(&first.number).await.unwrap();
    assert_eq!(store.lines().await.unwrap(), [second]);
    assert_eq!(store.line(&first.number).await.unwrap(), None);
}

async fn each_line_knows_its_last_reconciled_day(store: &impl Store) {
    let (line, other) = (line(100), line(101));
    store.put_line(&line).await.unwrap();
    assert_eq!(store.reconciled(&line.number).await.unwrap(), None);
    for day in [date(2026, 11, 22), date(2026, 11, 23)] {
        store.set_reconciled(&line.number, day).await.unwrap();
        assert_eq!(store.reconciled(&line.number).await.unwrap(), Some(day));
    }
    assert_eq!(store.reconciled(&other.number).await.unwrap(), None);
    assert_eq!(store.lines().await.unwrap(), std::slice::from_ref(&line));

    store.remove_line(&line.number).await.unwrap();
    store.put_line(&line).await.unwrap();
    assert_eq!(store.reconciled(&line.number).await.unwrap(), None);
}

async fn a_line_that_comes_back_has_no_old_overrides(store: &impl Store) {
    let (line, other) = (line(100), line(101));
    let away = Override {
        presence: Presence::Away,
        until: None,
    };
    for line in [&line, &other] {
        store.put_line(line).await.unwrap();
        store
            .set_override(&line.number, "Sergio", Some(&away))
            .await
            .unwrap();
    }
    store.remove_line(&line.number).await.unwrap();
    store.put_line(&line).await.unwrap();
    let overrides = store.overrides(&line.number).await.unwrap();
    assert_eq!(overrides, Overrides::default());
    assert_eq!(store.overrides(&other.number).await.unwrap().0.len(), 1);
}

async fn a_person_who_comes_back_has_no_old_override(store: &impl Store) {
    let (line, other) = (line(100), line(101));
    let away = Override {
        presence: Presence::Away,
        until: None,
    };
    for line in [&line, &other] {
        store.put_line(line).await.unwrap();
        for name in ["Sergio", "Backup", "#1 @home"] {
            store
                .set_override(&line.number, name, Some(&away))
                .await
                .unwrap();
        }
    }
    let without_sergio = Line {
        people: line.people[1..].to_vec(),
        ..line.clone()
    };
    store.put_line(&without_sergio).await.unwrap();
    store.put_line(&line).await.unwrap();
    let overrides = store.overrides(&line.number).await.unwrap();
    assert_eq!(overrides.0.into_keys().collect::<Vec<_>>(), ["Backup"]);
    assert_eq!(store.overrides(&other.number).await.unwrap().0.len(), 3);
}

async fn more_lines_than_one_request_can_name(store: &impl Store) {
    let lines: Vec<Line> = (100..205).map(line).collect();
    for some in lines.chunks(10) {
        for put in join_all(some.iter().map(|line| store.put_line(line))).await {
            put.unwrap();
        }
    }
    assert_eq!(store.lines().await.unwrap(), lines);
}

fn with_reply_numbers<const N: usize>(n: u32, numbers: [u32; N]) -> Line {
    Line {
        reply_numbers: numbers.map(number).to_vec(),
        ..line(n)
    }
}

/// The number of the line that is found by that number.
async fn found(store: &impl Store, to: u32) -> Option<Line> {
    let found = store.for_inbound(&number(to), &sid(1), None).await.unwrap();
    assert_eq!(store.line(&number(to)).await.unwrap(), found.line);
    found.line
}

async fn a_line_is_found_by_its_reply_numbers(store: &impl Store) {
    let line = with_reply_numbers(100, [150, 151]);
    store.put_line(&line).await.unwrap();
    let away = Override {
        presence: Presence::Away,
        until: None,
    };
    store
        .set_override(&line.number, "Sergio", Some(&away))
        .await
        .unwrap();
    for to in [100, 150, 151] {
        assert_eq!(found(store, to).await.as_ref(), Some(&line), "{to}");
        let everything = store
            .for_inbound(&number(to), &sid(1), Some(&number(150)))
            .await
            .unwrap();
        assert_eq!(everything.overrides.0.get("Sergio"), Some(&away), "{to}");
        assert!(everything.from_own_line, "{to}");
    }
    assert_eq!(store.lines().await.unwrap(), [line]);
    let fewer = with_reply_numbers(100, [151, 152]);
    store.put_line(&fewer).await.unwrap();
    assert_eq!(found(store, 150).await, None);
    for to in [100, 151, 152] {
        assert_eq!(found(store, to).await.as_ref(), Some(&fewer), "{to}");
    }
    let of_none = store
        .for_inbound(&number(100), &sid(1), Some(&number(150)))
        .await
        .unwrap();
    assert!(!of_none.from_own_line);
    store.remove_line(&fewer.number).await.unwrap();
    for to in [100, 151, 152] {
        assert_eq!(found(store, to).await, None, "{to}");
    }
    assert_eq!(store.lines().await.unwrap(), []);
}

async fn a_reply_number_that_goes_to_another_line_is_found_there(store: &impl Store) {
    let (first, second) = (
        with_reply_numbers(100, [150, 151]),
        with_reply_numbers(101, [151]),
    );
    store.put_line(&first).await.unwrap();
    store.put_line(&second).await.unwrap();
    assert_eq!(found(store, 151).await.as_ref(), Some(&second));
    // The line that it was of hears of it later.
    let first = with_reply_numbers(100, [150]);
    store.put_line(&first).await.unwrap();
    assert_eq!(found(store, 151).await.as_ref(), Some(&second));
    // A number may also become a line.
    let third = line(150);
    store.put_line(&third).await.unwrap();
    store.put_line(&line(100)).await.unwrap();
    assert_eq!(found(store, 150).await.as_ref(), Some(&third));
    assert_eq!(store.lines().await.unwrap().len(), 3);
    // And a line a reply number.
    let first = with_reply_numbers(100, [150]);
    store.put_line(&first).await.unwrap();
    store.remove_line(&third.number).await.unwrap();
    assert_eq!(found(store, 150).await.as_ref(), Some(&first));
    assert_eq!(store.lines().await.unwrap(), [first, second]);
}
