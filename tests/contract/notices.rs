//! What every store holds to about notices, their deliveries, and how their recipients stand.

use futures::future::join_all;
use jiff::Timestamp;
use relay::app::ports::store::{Accepted, Saved, Store};
use relay::domain::delivery::source::Source;
use relay::domain::delivery::{Delivery, GaveUp, Purpose, State, Withheld};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::NoticeId;
use relay::domain::notice::{Audience, Counts, Cursor, Notice, NoticeState, Skipped};
use relay::domain::opt_out::{Cause, Change, OptOut};

use super::contract;
#[cfg(feature = "aws")]
use super::examples::dynamodb;
use super::examples::{after, delivery, memory, now, number, recorded, sqlite};

contract! { dynamodb, sqlite, memory:
    a_notice_is_read_back_whole,
    the_first_notice_of_a_key_stays_and_is_told,
    of_ten_who_accept_one_notice_one_is_new,
    of_two_saves_of_a_notice_one_wins,
    a_notice_that_there_is_not_cannot_be_saved,
    notices_are_found_by_their_subject,
    a_notice_is_due_while_it_is_open,
    only_so_many_notices_as_wanted_are_due,
    a_page_of_deliveries_is_kept_and_found_due,
    a_page_that_is_kept_again_changes_nothing,
    of_ten_who_keep_one_page_none_doubles_a_delivery,
    only_the_deliveries_that_there_are_are_read,
    recipients_are_counted_by_how_they_stand,
    counts_are_each_notices_own,
    a_delivery_of_a_notice_is_saved_like_any_other,
    opt_outs_of_some_are_those_of_them_alone,
}

pub(super) fn notice(key: &str) -> Notice {
    Notice {
        id: NoticeId::of(&number(100), key),
        version: 0,
        line: "qdn".to_owned(),
        from: number(100),
        topic: "events".to_owned(),
        audience: Audience::Subscribers,
        template: "event_published".to_owned(),
        data: serde_json::json!({"name": "Żurek 🚐", "starts": "2026-04-29T18:00:00-07:00"}),
        text: "Żurek 🚐, Wed Apr 29, 6:00 PM".to_owned(),
        text_if_unheard: None,
        subject: Some("zurek".to_owned()),
        not_before: now(),
        expires: after(86_400),
        key: key.to_owned(),
        request: "0".repeat(64),
        source: Source::Http {
            caller: "apps-script".to_owned(),
        },
        is_news: false,
        created: now(),
        state: NoticeState::Scheduled,
        supersedes: Vec::new(),
        cursor: Cursor::Start,
        page: 0,
        page_due: now(),
        spawned: 0,
        skipped: Skipped::default(),
        salt: "salt".to_owned(),
    }
}

/// The notice's delivery to the number `n`.
fn to(notice: &Notice, n: u32) -> Delivery {
    Delivery {
        id: DeliveryId::of_notice(&notice.id, &notice.salt, &number(n)),
        purpose: Purpose::Notice { notice: notice.id },
        message_sid: None,
        remaining: Vec::new(),
        ..delivery(1)
    }
}

async fn accepted(store: &impl Store, key: &str) -> Notice {
    let notice = notice(key);
    let kept = store.accept_notice(&notice).await.unwrap();
    assert_eq!(kept, Accepted::New);
    notice
}

async fn a_notice_is_read_back_whole(store: &impl Store) {
    let notice = notice("april");
    assert_eq!(store.notice(notice.id).await.unwrap(), None);
    accepted(store, "april").await;
    assert_eq!(store.notice(notice.id).await.unwrap(), Some(notice));
}

async fn the_first_notice_of_a_key_stays_and_is_told(store: &impl Store) {
    let first = accepted(store, "april").await;
    let second = Notice {
        text: "another".to_owned(),
        ..notice("april")
    };
    let kept = store.accept_notice(&second).await.unwrap();
    assert_eq!(kept, Accepted::Already(Box::new(first.clone())));
    assert_eq!(store.notice(first.id).await.unwrap(), Some(first));
}

async fn of_ten_who_accept_one_notice_one_is_new(store: &impl Store) {
    let notice = notice("april");
    let accepted = join_all((0..10).map(|_| store.accept_notice(&notice))).await;
    let new = accepted
        .iter()
        .filter(|a| *a.as_ref().unwrap() == Accepted::New);
    assert_eq!(new.count(), 1);
}

async fn of_two_saves_of_a_notice_one_wins(store: &impl Store) {
    let notice = accepted(store, "april").await;
    let first = Notice {
        version: 1,
        cursor: Cursor::After(number(110)),
        state: NoticeState::Sending,
        ..notice.clone()
    };
    let second = Notice {
        version: 1,
        state: NoticeState::Cancelled { at: after(1) },
        ..notice
    };
    assert_eq!(store.save_notice(&first).await.unwrap(), Saved::Yes);
    assert_eq!(store.save_notice(&second).await.unwrap(), Saved::Outdated);
    assert_eq!(store.notice(first.id).await.unwrap(), Some(first));
}

async fn a_notice_that_there_is_not_cannot_be_saved(store: &impl Store) {
    for version in [0, 1] {
        let notice = Notice {
            version,
            ..notice("april")
        };
        assert_eq!(store.save_notice(&notice).await.unwrap(), Saved::Outdated);
    }
}

async fn notices_are_found_by_their_subject(store: &impl Store) {
    let first = accepted(store, "april").await;
    let second = accepted(store, "april, changed").await;
    let another = Notice {
        subject: Some("bigos".to_owned()),
        ..notice("may")
    };
    let unnamed = Notice {
        subject: None,
        ..notice("no subject")
    };
    for notice in [&another, &unnamed] {
        store.accept_notice(notice).await.unwrap();
    }
    let about = async |topic: &str, subject: &str| {
        let line = number(100);
        let found = store.notices_of_subject(&line, topic, subject).await;
        let mut found = found.unwrap();
        found.sort_unstable();
        found
    };
    let mut both = vec![first.id, second.id];
    both.sort_unstable();
    assert_eq!(about("events", "zurek").await, both);
    assert_eq!(about("events", "bigos").await, [another.id]);
    assert_eq!(about("maintenance", "zurek").await, []);
    let other_line = number(101);
    let found = store
        .notices_of_subject(&other_line, "events", "zurek")
        .await;
    assert_eq!(found.unwrap(), []);
}

async fn due(store: &impl Store, second: i64) -> Vec<NoticeId> {
    store.notices_due_before(after(second), 10).await.unwrap()
}

async fn a_notice_is_due_while_it_is_open(store: &impl Store) {
    let mut notice = accepted(store, "april").await;
    assert_eq!(due(store, 0).await, [], "not before its time");
    assert_eq!(due(store, 1).await, [notice.id]);
    notice.version = 1;
    notice.state = NoticeState::Sending;
    notice.page_due = after(100);
    store.save_notice(&notice).await.unwrap();
    assert_eq!(due(store, 100).await, []);
    assert_eq!(due(store, 101).await, [notice.id]);
    notice.version = 2;
    notice.state = NoticeState::Sent;
    store.save_notice(&notice).await.unwrap();
    assert_eq!(due(store, 101).await, []);
    let deliveries = store.due_before(after(1_000_000), 10).await.unwrap();
    assert_eq!(deliveries, [], "a notice is no delivery");
}

async fn only_so_many_notices_as_wanted_are_due(store: &impl Store) {
    for (n, key) in ["c", "a", "b"].into_iter().enumerate() {
        let notice = Notice {
            page_due: after(n as i64),
            ..notice(key)
        };
        store.accept_notice(&notice).await.unwrap();
    }
    let first = |most| store.notices_due_before(after(100), most);
    let longest = [notice("c").id, notice("a").id];
    assert_eq!(first(2).await.unwrap(), longest);
    assert_eq!(first(0).await.unwrap(), []);
    assert_eq!(first(9).await.unwrap().len(), 3);
}

async fn a_page_of_deliveries_is_kept_and_found_due(store: &impl Store) {
    let notice = notice("april");
    let page: Vec<_> = (110..210).map(|n| to(&notice, n)).collect();
    store.spawn(&page).await.unwrap();
    for delivery in [&page[0], &page[99]] {
        let kept = store.delivery(&delivery.id).await.unwrap();
        assert_eq!(kept.as_ref(), Some(delivery));
    }
    let due = store.due_before(after(1_000), 1_000).await.unwrap();
    assert_eq!(due.len(), page.len());
}

async fn a_page_that_is_kept_again_changes_nothing(store: &impl Store) {
    let notice = notice("april");
    let mut first = to(&notice, 110);
    store.spawn(std::slice::from_ref(&first)).await.unwrap();
    first.version = 1;
    first.state = State::Delivered;
    store.save(&first, &[]).await.unwrap();
    let again: Vec<_> = [110, 111].map(|n| to(&notice, n)).into();
    store.spawn(&again).await.unwrap();
    store.spawn(&[]).await.unwrap();
    assert_eq!(store.delivery(&first.id).await.unwrap(), Some(first));
    let counts = store.counts(notice.id).await.unwrap();
    assert_eq!((counts.delivered, counts.waiting), (1, 1));
}

async fn of_ten_who_keep_one_page_none_doubles_a_delivery(store: &impl Store) {
    let notice = notice("april");
    let page: Vec<_> = (110..120).map(|n| to(&notice, n)).collect();
    let kept = join_all((0..10).map(|_| store.spawn(&page))).await;
    assert!(kept.iter().all(Result::is_ok));
    assert_eq!(store.counts(notice.id).await.unwrap().total(), 10);
}

async fn only_the_deliveries_that_there_are_are_read(store: &impl Store) {
    let notice = notice("april");
    let page: Vec<_> = (110..113).map(|n| to(&notice, n)).collect();
    store.spawn(&page).await.unwrap();
    // More than DynamoDB reads at once.
    let ids: Vec<_> = (110..260).map(|n| to(&notice, n).id).collect();
    let mut read = store.deliveries(&ids).await.unwrap();
    read.sort_by(|a, b| a.id.cmp(&b.id));
    let mut page = page;
    page.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(read, page);
    assert_eq!(store.deliveries(&[]).await.unwrap(), []);
}

async fn recipients_are_counted_by_how_they_stand(store: &impl Store) {
    let notice = notice("april");
    let page: Vec<_> = (110..120).map(|n| to(&notice, n)).collect();
    store.spawn(&page).await.unwrap();
    let withheld = |because| State::Withheld { because };
    let states = [
        State::Sending { lease: after(60) },
        State::Accepted {
            ask: None,
            asked: 0,
        },
        State::Delivered,
        State::GaveUp {
            because: GaveUp::Late,
        },
        withheld(Withheld::OptedOut),
        withheld(Withheld::LeftTopic),
        withheld(Withheld::Expired),
        withheld(Withheld::Cancelled),
        withheld(Withheld::Superseded),
    ];
    for (delivery, state) in page.into_iter().zip(states) {
        let saved = Delivery {
            version: 1,
            state,
            ..delivery
        };
        assert_eq!(store.save(&saved, &[]).await.unwrap(), Saved::Yes);
    }
    let expected = Counts {
        waiting: 1,
        sending: 1,
        accepted: 1,
        delivered: 1,
        failed: 1,
        opted_out: 2,
        expired: 1,
        cancelled: 1,
        superseded: 1,
        skipped: 0,
    };
    assert_eq!(store.counts(notice.id).await.unwrap(), expected);
}

async fn counts_are_each_notices_own(store: &impl Store) {
    recorded(store, 1).await;
    let (april, may) = (notice("april"), notice("may"));
    store
        .spawn(&[to(&april, 110), to(&april, 111)])
        .await
        .unwrap();
    store.spawn(&[to(&may, 110)]).await.unwrap();
    for (notice, count) in [(april, 2), (may, 1), (self::notice("june"), 0)] {
        let counts = store.counts(notice.id).await.unwrap();
        assert_eq!((counts.waiting, counts.total()), (count, count));
    }
}

async fn a_delivery_of_a_notice_is_saved_like_any_other(store: &impl Store) {
    let notice = notice("april");
    let delivery = to(&notice, 110);
    store.spawn(std::slice::from_ref(&delivery)).await.unwrap();
    let saves = (0..5).map(|n| Delivery {
        version: 1,
        deadline: after(n),
        ..delivery.clone()
    });
    let saves: Vec<_> = saves.collect();
    let saved = join_all(saves.iter().map(|save| store.save(save, &[]))).await;
    let yes = saved
        .iter()
        .filter(|saved| *saved.as_ref().unwrap() == Saved::Yes);
    assert_eq!(yes.count(), 1);
    let unknown = Delivery {
        version: 1,
        ..to(&notice, 111)
    };
    assert_eq!(store.save(&unknown, &[]).await.unwrap(), Saved::Outdated);
    assert_eq!(store.counts(notice.id).await.unwrap().total(), 1);
}

async fn opt_outs_of_some_are_those_of_them_alone(store: &impl Store) {
    let opt_out = OptOut {
        since: Timestamp::UNIX_EPOCH,
        by: Cause::Hand,
    };
    for n in [110, 111, 112] {
        let change = Change {
            number: number(n),
            to: Some(opt_out.clone()),
            of_person: false,
        };
        store.change_opt_out(&number(100), &change).await.unwrap();
    }
    let some = [109, 110, 112, 113].map(number);
    let listed = store.opted_out_of(&number(100), &some).await.unwrap();
    let numbers: Vec<_> = listed.0.into_keys().collect();
    assert_eq!(numbers, [110, 112].map(number));
    let other_line = store.opted_out_of(&number(101), &some).await.unwrap();
    assert!(other_line.0.is_empty());
    assert!(
        store
            .opted_out_of(&number(100), &[])
            .await
            .unwrap()
            .0
            .is_empty()
    );
}
