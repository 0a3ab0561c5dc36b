//! What one machine removes once it is too old, what it keeps however old that is, and that nothing of the
//! removed stays in the file.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use relay::adapters::sqlite::database::Database;
use relay::adapters::sqlite::store::SqliteStore;
use relay::adapters::sqlite::store::retention::Removed;
use relay::app::ports::store::{Calls, Changed, Notices, Store, Subscribers, TokenDigest};
use relay::domain::call::{Call, LineCalls};
use relay::domain::conversation::{Block, Blocker, Conversation, Link, PersonState, Waits, Words};
use relay::domain::delivery::{Attempt, Delivery, GaveUp, Outcome, State};
use relay::domain::ids::DeliveryId;
use relay::domain::inbound::sms::Media;
use relay::domain::inbound_record::InboundRecord;
use relay::domain::line::Line;
use relay::domain::notice::NoticeState;
use relay::domain::opt_out::{self, Cause, OptOut};
use relay::domain::phone::PhoneNumber;
use relay::domain::subscriber::{self, Consent, How, To};
use relay::hosts::server::DATABASE;

use super::calls::{call, live, with_message};
use super::examples::{delivery, line, now, number, record, sid};
use super::notices::notice;
use crate::support::records::Records;

pub(super) struct Machine {
    pub store: SqliteStore,
    pub database: Database,
    pub folder: tempfile::TempDir,
}

pub(super) const WORDS: &str = "the grey boat at the last pier";

impl Machine {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join(DATABASE)).unwrap();
        let store = SqliteStore::on(database.clone());
        store.put_line(&line(100)).await.unwrap();
        Self {
            store,
            database,
            folder,
        }
    }

    /// A text that came then, with its delivery that arrived.
    pub async fn has(&self, n: u32, received: Timestamp, link: Option<Link>) -> Delivery {
        let (record, delivery) = text(n, received, link);
        self.store
            .record(&record, std::slice::from_ref(&delivery))
            .await
            .unwrap();
        let message = sid(1000 + n);
        let claimed = self.store.claim_message(&delivery.id, &message, received);
        assert!(claimed.await.unwrap());
        delivery
    }

    async fn remove_old(&self, now: Timestamp) -> Removed {
        self.store.remove_old(now, Duration::ZERO).await.unwrap()
    }

    async fn body(&self, n: u32) -> Option<String> {
        let record = self.store.inbound(&sid(n)).await.unwrap();
        record.map(|record| record.sms.body)
    }
}

pub(super) fn text(n: u32, received: Timestamp, link: Option<Link>) -> (InboundRecord, Delivery) {
    let mut record = InboundRecord {
        received,
        conversation: link.clone(),
        ..record(n)
    };
    record.sms.body = format!("{WORDS} {n}");
    record.sms.media = vec![Media {
        url: "https://api.example.com/photo-of-the-boat".to_owned(),
        content_type: "image/jpeg".to_owned(),
    }];
    let mut delivery = Delivery {
        created: received,
        deadline: received,
        state: State::Delivered,
        body: format!("+16195550107: {WORDS} {n}"),
        media: vec!["https://api.example.com/photo-of-the-boat".to_owned()],
        ..delivery(n)
    };
    delivery.parts[0].body = delivery.body.clone();
    delivery.in_conversation =
        link.map(|link| Box::new(relay::domain::delivery::InConversation::of(link.customer)));
    delivery.attempts = vec![Attempt {
        number: 1,
        to: delivery.to.clone(),
        part: 0,
        of: 1,
        began: received,
        outcome: Outcome::Delivered,
        since: received,
        sid: Some(sid(1000 + n)),
        via: None,
        disproved: None,
        since_backup: None,
    }];
    (record, delivery)
}

pub(super) fn days(n: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * n)
}

pub(super) fn link(customer: u32) -> Link {
    Link {
        customer: number(customer),
        opened: now(),
        previous: None,
        sends: None,
    }
}

/// How often the bytes stand in any file of the folder.
pub(super) fn found_in(folder: &Path, bytes: &str) -> usize {
    let files = std::fs::read_dir(folder).unwrap();
    let counts = files.map(|file| {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        let windows = content.windows(bytes.len());
        windows.filter(|window| *window == bytes.as_bytes()).count()
    });
    counts.sum()
}

#[tokio::test]
async fn words_go_first_and_then_the_records_and_nothing_of_them_stays_in_the_file() {
    let machine = Machine::new().await;
    let delivery = machine.has(1, now(), None).await;
    machine.has(2, days(60), None).await;
    assert_eq!(machine.remove_old(days(89)).await, Removed::default());
    assert_eq!(machine.body(1).await.unwrap(), format!("{WORDS} 1"));

    let removed = machine.remove_old(days(90)).await;
    assert_eq!((removed.words, removed.texts), (2, 0), "{removed:?}");
    let record = machine.store.inbound(&sid(1)).await.unwrap().unwrap();
    assert_eq!(record.words_removed, Some(days(90)));
    assert!(record.sms.body.is_empty() && record.sms.media.is_empty());
    let after = machine.store.delivery(&delivery.id).await.unwrap().unwrap();
    assert!(!after.has_words());
    assert_eq!(after.parts.len(), 1, "a late report is understood by that");
    assert_eq!(found_in(machine.folder.path(), &format!("{WORDS} 1")), 0);
    assert!(found_in(machine.folder.path(), &format!("{WORDS} 2")) > 0);
    assert_eq!(machine.remove_old(days(90)).await, Removed::default());

    let removed = machine.remove_old(days(400)).await;
    assert_eq!((removed.texts, removed.deliveries), (1, 1), "{removed:?}");
    assert_eq!(machine.body(1).await, None);
    assert_eq!(machine.store.delivery(&delivery.id).await.unwrap(), None);
    assert_eq!(machine.store.owner_of(&sid(1001)).await.unwrap(), None);
    assert!(machine.store.owner_of(&sid(1002)).await.unwrap().is_some());
    for bytes in [sid(1).as_str(), sid(1001).as_str()] {
        assert_eq!(found_in(machine.folder.path(), bytes), 0);
    }
    machine.remove_old(days(500)).await;
    for bytes in ["+16195550107", WORDS, "photo-of-the-boat"] {
        assert_eq!(found_in(machine.folder.path(), bytes), 0, "{bytes}");
    }
}

#[tokio::test]
async fn each_line_says_how_long() {
    let machine = Machine::new().await;
    let mut quick = Line {
        reply_numbers: vec![number(150)],
        ..line(100)
    };
    quick.retention.keep_words = Duration::from_secs(2 * 24 * 3600);
    quick.retention.keep_texts = Duration::from_secs(7 * 24 * 3600);
    machine.store.put_line(&quick).await.unwrap();
    machine.has(1, now(), None).await;
    // To a reply number of that line, and to a line that is not configured.
    for (n, to) in [(2, 150), (3, 199)] {
        let (mut record, mut delivery) = text(n, now(), None);
        record.sms.to = number(to);
        delivery.from = number(if to == 199 { 199 } else { 100 });
        let deliveries = std::slice::from_ref(&delivery);
        machine.store.record(&record, deliveries).await.unwrap();
    }
    machine.remove_old(days(2)).await;
    assert_eq!(machine.body(1).await.as_deref(), Some(""));
    assert_eq!(machine.body(2).await.as_deref(), Some(""));
    assert_eq!(machine.body(3).await.unwrap(), format!("{WORDS} 3"));
    let removed = machine.remove_old(days(7)).await;
    assert_eq!((removed.texts, removed.deliveries), (2, 2));
    assert!(machine.body(3).await.is_some());
}

#[tokio::test]
async fn what_is_still_needed_stays_however_old_it_is() {
    let machine = Machine::new().await;
    let store = &machine.store;
    let open = State::Waiting { due: days(700) };
    let gave_up = State::GaveUp {
        because: GaveUp::NobodyLeft,
    };
    let (_, delivery) = text(10, now(), None);
    let states = [
        (11, open, None),
        (12, gave_up.clone(), Some(now())),
        (13, gave_up, None),
    ];
    let deliveries = states.map(|(n, state, gave_up)| Delivery {
        id: DeliveryId::of_inbound(&sid(n)),
        state,
        gave_up,
        ..delivery.clone()
    });
    store.spawn(&deliveries).await.unwrap();
    // A customer waits; of their texts, those that somebody is yet to read stay.
    let mut waits = Conversation::new(number(107), &[], now());
    waits.joins(&number(110), &DeliveryId::of_inbound(&sid(2)));
    waits.waits = Some(Waits::since(now()));
    waits.words = Words(WORDS.to_owned());
    waits.texts = vec![sid(2)];
    let mut blocked = Conversation::new(number(108), &[], now());
    blocked.words = Words("what a blocked one wrote".to_owned());
    blocked.blocked = Some(Block {
        since: now(),
        by: Blocker::Hand,
    });
    let mut over = Conversation::new(number(109), &[], now());
    over.joins(&number(110), &DeliveryId::of_inbound(&sid(3)));
    for conversation in [&waits, &blocked, &over] {
        let changed = Changed::new(None, conversation.clone());
        store
            .save_conversation(&number(100), &changed)
            .await
            .unwrap();
    }
    machine.has(1, now(), Some(link(107))).await;
    machine.has(2, now(), Some(link(107))).await;
    machine.has(3, now(), Some(link(109))).await;
    let to = OptOut {
        since: now(),
        by: Cause::Hand,
    };
    let opted_out = opt_out::Change {
        number: number(104),
        of_person: false,
        to: Some(to),
    };
    store
        .change_opt_out(&number(100), &opted_out)
        .await
        .unwrap();
    let joins = subscriber::Change {
        topic: "events".to_owned(),
        number: number(105),
        to: To::In(Consent {
            at: now(),
            how: How::Hand(None),
        }),
    };
    store
        .change_subscribers(&number(100), &[joins])
        .await
        .unwrap();
    let (going, open) = (notice("over"), notice("open"));
    let going = relay::domain::notice::Notice {
        state: NoticeState::Sent,
        ..going
    };
    for notice in [&going, &open] {
        store.accept_notice(notice).await.unwrap();
    }

    machine.remove_old(days(1000)).await;
    let is_there = async |n| {
        let id = DeliveryId::of_inbound(&sid(n));
        store
            .delivery(&id)
            .await
            .unwrap()
            .is_some_and(|d| d.has_words())
    };
    assert!(is_there(11).await, "it is not delivered yet");
    assert!(is_there(12).await, "it is a dead letter");
    assert!(!is_there(13).await, "somebody dropped it");
    assert!(is_there(2).await, "the customer waits");
    assert_eq!(machine.body(1).await, None);
    assert_eq!(machine.body(2).await.unwrap(), format!("{WORDS} 2"));
    assert_eq!(machine.body(3).await, None);
    let conversations = [107, 108, 109].map(number);
    let kept = store
        .conversations(&number(100), &conversations)
        .await
        .unwrap();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert_eq!(kept[0].words.0, WORDS);
    assert!(kept[1].blocked.is_some() && kept[1].words.0.is_empty());
    let listed = store
        .customers_of(&number(100), &number(110), 10)
        .await
        .unwrap();
    assert_eq!(listed, [number(107)]);
    assert_eq!(store.opt_outs(&number(100)).await.unwrap().0.len(), 1);
    let subscribed = store.subscriptions_of(&number(100), &number(105)).await;
    assert_eq!(subscribed.unwrap().len(), 1);
    assert_eq!(store.notice(going.id).await.unwrap(), None);
    assert!(store.notice(open.id).await.unwrap().is_some());
}

#[tokio::test]
async fn the_words_of_a_question_go_and_reply_numbers_of_conversations_that_went() {
    use relay::domain::conversation::question::{Choice, What};
    use relay::domain::conversation::{Question, ReplyNumber};
    let machine = Machine::new().await;
    let choice = |customer: PhoneNumber| Choice {
        customer,
        tag: "0107".to_owned(),
        words: Words(WORDS.to_owned()),
    };
    let state = PersonState {
        version: 1,
        question: Some(Question {
            sid: sid(1),
            asked: now(),
            what: What::Claim,
            choices: vec![choice(number(107))],
            first_number: 1,
            command: None,
        }),
        reply_numbers: vec![ReplyNumber {
            number: number(150),
            customer: number(107),
            since: now(),
            text: DeliveryId::of_inbound(&sid(1)),
            before: None,
        }],
        ..PersonState::default()
    };
    let (line, sergio) = (number(100), number(110));
    let store = &machine.store;
    store
        .save_person_state(&line, &sergio, &state)
        .await
        .unwrap();
    let over = Conversation::new(number(107), &[], now());
    let changed = Changed::new(None, over);
    store.save_conversation(&line, &changed).await.unwrap();
    machine.remove_old(days(91)).await;
    let after = store.person_state(&line, &sergio).await.unwrap();
    assert_eq!(after.question, None);
    assert_eq!(after.reply_numbers, state.reply_numbers);
    machine.remove_old(days(401)).await;
    let after = store.person_state(&line, &sergio).await.unwrap();
    assert_eq!(after.reply_numbers, []);
    assert_eq!(found_in(machine.folder.path(), "+16195550107"), 0);
}

#[tokio::test]
async fn a_text_that_comes_meanwhile_waits_for_a_small_group_at_most() {
    let machine = Machine::new().await;
    for n in 1..=500 {
        let (record, delivery) = text(n, now(), None);
        let deliveries = std::slice::from_ref(&delivery);
        machine.store.record(&record, deliveries).await.unwrap();
    }
    let left = || {
        let count = "SELECT count(*) FROM inbounds";
        let count = machine
            .database
            .read(|c| c.query_row(count, [], |row| row.get::<_, i64>(0)));
        count.unwrap()
    };
    let store = SqliteStore::on(machine.database.clone());
    let long = Duration::from_secs(3600);
    let removing = tokio::spawn(async move { store.remove_old(days(1000), long).await });
    while left() == 500 {
        tokio::task::yield_now().await;
    }
    assert_eq!(left(), 475);
    // It pauses, and a text goes between.
    machine.has(1000, days(1000), None).await;
    assert_eq!(left(), 476);
    removing.abort();
    let removed = machine.remove_old(days(1000)).await;
    assert_eq!((removed.texts, removed.deliveries), (475, 500));
    assert_eq!(left(), 1);
}

/// The log has a page for each that was written.
#[tokio::test]
async fn what_is_overwritten_when_removed_costs_a_text_no_further_page() {
    let pages = async |secure: &'static str| {
        let machine = Machine::new().await;
        let set = move |c: &rusqlite::Connection| c.pragma_update(None, "secure_delete", secure);
        machine.database.write(set).await.unwrap();
        for n in 1..=100 {
            let (record, mut delivery) = text(n, now(), None);
            let deliveries = std::slice::from_ref(&delivery);
            machine.store.record(&record, deliveries).await.unwrap();
            for _ in 0..4 {
                delivery.version += 1;
                machine.store.save(&delivery, &[]).await.unwrap();
            }
        }
        let log = machine.folder.path().join(format!("{DATABASE}-wal"));
        log.metadata().unwrap().len() / 4120
    };
    let (without, with) = (pages("OFF").await, pages("ON").await);
    assert!(
        100 < without && with <= without,
        "{with} and {without} pages"
    );
}

#[tokio::test]
async fn calls_go_after_their_time_and_what_was_said_after_its_own() {
    let machine = Machine::new().await;
    let store = &machine.store;
    let mut said = with_message(1, "token");
    said.due = None;
    said.message.as_mut().unwrap().transcript = Some(WORDS.to_owned());
    store.save_call(&said, Some(&live(1, &[1]))).await.unwrap();
    // Nobody looked at this one.
    store.save_call(&call(2), None).await.unwrap();
    let young = Call {
        opened: days(60),
        due: None,
        ..call(3)
    };
    store.save_call(&young, None).await.unwrap();
    let voice = "a voice after the tone".repeat(30_000);
    let tokens = ["token", "other"].map(TokenDigest::of);
    for (token, until) in tokens.iter().zip([30, 31]) {
        let keeping = store.keep_voicemail(token, voice.as_bytes(), days(until));
        keeping.await.unwrap();
    }
    assert_eq!(machine.remove_old(days(29)).await, Removed::default());
    let removed = machine.remove_old(days(30)).await;
    let one = Removed {
        voicemails: 1,
        ..Removed::default()
    };
    assert_eq!(removed, one);
    assert_eq!(store.voicemail(&tokens[0], now()).await.unwrap(), None);
    assert!(store.voicemail(&tokens[1], now()).await.unwrap().is_some());
    assert_eq!(machine.remove_old(days(31)).await, one);
    assert_eq!(found_in(machine.folder.path(), "voice after the tone"), 0);

    let removed = machine.remove_old(days(90)).await;
    assert_eq!((removed.words, removed.calls), (1, 0), "{removed:?}");
    assert_eq!(found_in(machine.folder.path(), WORDS), 0);
    let left = store.call(&said.sid).await.unwrap().unwrap();
    assert_eq!(left.version, 2);
    assert_eq!(left.message.unwrap().transcript, None);

    let all = store.for_call(&number(100), &said.sid, None).await.unwrap();
    assert_eq!(all.live, live(1, &[1]));
    let removed = machine.remove_old(days(401)).await;
    assert_eq!((removed.words, removed.calls), (0, 1), "{removed:?}");
    let left = store.calls_of(&number(100), now(), 10).await.unwrap();
    let sids: Vec<_> = left.into_iter().map(|call| call.sid).collect();
    assert_eq!(sids, [young.sid, call(2).sid], "the one that is due stays");
    let none = store.voicemail_call(&tokens[0]).await.unwrap();
    assert_eq!(none, None);
    let all = store.for_call(&number(100), &said.sid, None).await.unwrap();
    let nobody = LineCalls {
        version: 2,
        ..LineCalls::default()
    };
    assert_eq!(all.live, nobody);
    assert_eq!(machine.remove_old(days(402)).await, Removed::default());
}
