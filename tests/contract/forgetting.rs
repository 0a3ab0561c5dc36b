//! A customer who asks to be forgotten: what goes of the one-machine store, what stays, and that nothing of it is
//! left in the file.

use relay::app::ports::store::{Calls, Changed, Notices, Store, Subscribers, TokenDigest};
use relay::domain::call::{Call, Caller};
use relay::domain::conversation::question::{Choice, What};
use relay::domain::conversation::{Conversation, PersonState, Question, Words};
use relay::domain::delivery::{Delivery, Purpose, State};
use relay::domain::ids::{DeliveryId, MessageSid};
use relay::domain::notice::{Audience, Notice, NoticeState};
use relay::domain::opt_out::{self, Cause, OptOut};
use relay::domain::phone::Sender;
use relay::domain::subscriber::{self, Consent, How, To};
use relay::hosts::server::DATABASE;

use super::calls::{call, call_sid, live, with_message};
use super::examples::{delivery, now, number, sid};
use super::notices::notice;
use super::retention::{Machine, WORDS, days, found_in, link, text};
use crate::support::records::Records;

const ANA: &str = "+16195550107";

async fn forget(machine: &Machine) -> relay::adapters::sqlite::store::forget::Found {
    let store = &machine.store;
    let (found, gone) = store.of_number(&number(107)).unwrap();
    store
        .forget(&number(107), &found, &gone, days(30))
        .await
        .unwrap();
    store.rewrite().await.unwrap();
    found
}

/// The texts of another customer, which stay.
async fn ben(machine: &Machine) {
    let (mut record, mut delivery) = text(9, now(), Some(link(108)));
    record.sms.from = Sender::Phone(number(108));
    record.sms.body = "Ben asks for diesel".to_owned();
    record.sms.media.clear();
    delivery.media.clear();
    delivery.sender = Some(Sender::Phone(number(108)));
    delivery.body = "+16195550108: Ben asks for diesel".to_owned();
    delivery.parts[0].body = delivery.body.clone();
    let deliveries = std::slice::from_ref(&delivery);
    machine.store.record(&record, deliveries).await.unwrap();
}

#[tokio::test]
async fn number_and_words_are_nowhere_and_others_stay() {
    let machine = Machine::new().await;
    let store = &machine.store;
    ben(&machine).await;
    machine.has(1, now(), Some(link(107))).await;
    // Younger: its SID stays, by which Twilio's list is compared.
    machine.has(2, days(29), Some(link(107))).await;
    let mut conversation = Conversation::new(number(107), &[], now());
    conversation.joins(&number(110), &DeliveryId::of_inbound(&sid(1)));
    conversation.words = Words(format!("{WORDS} 2"));
    let tag = conversation.tag.clone();
    let changed = Changed::new(None, conversation);
    store
        .save_conversation(&number(100), &changed)
        .await
        .unwrap();
    let asked = PersonState {
        version: 1,
        question: Some(Question {
            sid: sid(50),
            asked: now(),
            what: What::Claim,
            choices: vec![Choice {
                customer: number(107),
                tag: tag.clone(),
                words: Words(WORDS.to_owned()),
            }],
            first_number: 1,
            command: None,
        }),
        ..PersonState::default()
    };
    store
        .save_person_state(&number(100), &number(110), &asked)
        .await
        .unwrap();
    // Two texts to others: one calls them by their tag, the other has their words.
    let told = |n, purpose, body: &str| {
        let mut told = Delivery {
            purpose,
            body: body.to_owned(),
            state: State::Delivered,
            sender: None,
            ..delivery(n)
        };
        told.parts[0].body = body.to_owned();
        told
    };
    let question = told(60, Purpose::Conversation, &format!("1 for {tag} (grey b…)"));
    let quote = told(61, Purpose::Told, &format!("Moved on: {WORDS} 2"));
    let other = told(62, Purpose::Conversation, "1 for 0108 (diesel)");
    store.spawn(&[question, quote, other]).await.unwrap();
    let join = subscriber::Change {
        topic: "events".to_owned(),
        number: number(107),
        to: To::In(Consent {
            at: now(),
            how: How::Hand(None),
        }),
    };
    store
        .change_subscribers(&number(100), &[join])
        .await
        .unwrap();
    let sent = Notice {
        state: NoticeState::Sent,
        audience: Audience::Numbers(vec![number(107), number(108)]),
        text: format!("Call {ANA}"),
        data: serde_json::json!({"call": ANA}),
        ..notice("sent")
    };
    store.accept_notice(&sent).await.unwrap();
    // Remains of an earlier time, in free pages.
    let leave = |c: &rusqlite::Connection| {
        c.execute_batch(&format!(
            "PRAGMA secure_delete=OFF; CREATE TABLE before (words TEXT);
             INSERT INTO before VALUES ('{ANA} {}'); DROP TABLE before;",
            "free ".repeat(2000)
        ))
    };
    machine.database.write(leave).await.unwrap();
    assert!(found_in(machine.folder.path(), ANA) > 5);

    let found = forget(&machine).await;
    assert_eq!(
        (found.texts.len(), found.deliveries.len(), found.open),
        (2, 2, 0)
    );
    assert_eq!((found.quoting.len(), found.subscriptions), (2, 1));
    for bytes in [&ANA[1..], WORDS, "photo-of-the-boat", "grey b"] {
        assert_eq!(found_in(machine.folder.path(), bytes), 0, "{bytes}");
    }
    assert!(store.inbound(&sid(1)).await.unwrap().is_none());
    let left = store.inbound(&sid(2)).await.unwrap().unwrap();
    assert_eq!(left.words_removed, Some(days(30)));
    let listed = store
        .customers_of(&number(100), &number(110), 10)
        .await
        .unwrap();
    assert_eq!(listed, []);
    let state = store
        .person_state(&number(100), &number(110))
        .await
        .unwrap();
    assert_eq!((state.question, state.version), (None, 2));
    let kept = store.notice(sent.id).await.unwrap().unwrap();
    assert_eq!(kept.audience, Audience::Numbers(vec![number(108)]));
    assert_eq!(kept.text, "Call (forgotten)");
    let bens = store.inbound(&sid(9)).await.unwrap().unwrap();
    assert_eq!(bens.sms.body, "Ben asks for diesel");
    let other = store
        .delivery(&DeliveryId::of_inbound(&sid(62)))
        .await
        .unwrap();
    assert!(other.unwrap().has_words());
    assert!(machine.folder.path().join(DATABASE).exists());
}

#[tokio::test]
async fn an_opt_out_stays_and_what_is_open_is_counted() {
    let machine = Machine::new().await;
    let store = &machine.store;
    let opted_out = opt_out::Change {
        number: number(107),
        of_person: false,
        to: Some(OptOut {
            since: now(),
            by: Cause::Hand,
        }),
    };
    store
        .change_opt_out(&number(100), &opted_out)
        .await
        .unwrap();
    // One waits, one is a dead letter.
    let waiting = delivery(1);
    let dead = Delivery {
        state: State::Delivered,
        gave_up: Some(now()),
        ..delivery(2)
    };
    // So is one to somebody else that has their words.
    machine.has(3, now(), None).await;
    let mut quotes = Delivery {
        purpose: Purpose::Told,
        sender: None,
        body: format!("Moved on: {WORDS} 3"),
        ..delivery(4)
    };
    quotes.parts[0].body = quotes.body.clone();
    store.spawn(&[waiting, dead, quotes]).await.unwrap();
    let (found, _) = store.of_number(&number(107)).unwrap();
    assert_eq!((found.open, found.opt_outs), (3, 1));
    forget(&machine).await;
    assert_eq!(store.opt_outs(&number(100)).await.unwrap().0.len(), 1);
    assert_eq!(store.due_before(days(100), 10).await.unwrap(), []);
    assert_eq!(store.gave_up_before(days(100), 10).await.unwrap(), []);
    assert_eq!(found_in(machine.folder.path(), ANA), 1, "in the opt-out");
    assert_eq!(found_in(machine.folder.path(), WORDS), 0);
}

/// What people were told of a call of that number.
async fn told_of(machine: &Machine, n: u32, customer: u32) -> Delivery {
    let (mut record, mut told) = text(n, days(29), Some(link(customer)));
    let sid = MessageSid::of_call(&call_sid(n));
    record.sms.from = Sender::Phone(number(customer));
    record.sms.sid = sid.clone();
    record.sms.body = "Missed call 2:14 PM, rang Sergio and Backup.".to_owned();
    told.id = DeliveryId::of_inbound(&sid);
    told.message_sid = Some(sid);
    told.sender = Some(Sender::Phone(number(customer)));
    told.attempts.clear();
    told.body = format!("{}: {}", number(customer).expose(), record.sms.body);
    told.parts[0].body = told.body.clone();
    record.deliveries = vec![told.id.clone()];
    let deliveries = std::slice::from_ref(&told);
    machine.store.record(&record, deliveries).await.unwrap();
    told
}

#[tokio::test]
async fn calls_and_what_was_said_after_the_tone_go_and_those_of_others_stay() {
    const TOKEN: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    let machine = Machine::new().await;
    let store = &machine.store;
    let saved = async |call: &Call| store.save_call(call, None).await.unwrap();
    let mut anas = with_message(1, TOKEN);
    anas.due = None;
    anas.message.as_mut().unwrap().transcript = Some(WORDS.to_owned());
    store.save_call(&anas, Some(&live(1, &[1]))).await.unwrap();
    let sip = Call {
        caller: Caller::Odd(format!("sip:{ANA}@example.com")),
        due: None,
        ..call(2)
    };
    saved(&sip).await;
    let bens = Call {
        caller: Caller::Phone(number(108)),
        ..with_message(3, "another")
    };
    saved(&bens).await;
    let tokens = [TOKEN, "another"].map(TokenDigest::of);
    for (token, sound) in tokens.iter().zip(["the voice of Ana", "the voice of Ben"]) {
        let sound = sound.repeat(20_000);
        let keeping = store.keep_voicemail(token, sound.as_bytes(), days(60));
        keeping.await.unwrap();
    }
    told_of(&machine, 1, 107).await;
    let of_ben = told_of(&machine, 3, 108).await;
    // Another person was told of it too, without the number.
    let mut link = Delivery {
        purpose: Purpose::Told,
        body: format!("Moved on: https://relay.example.com/v/{TOKEN}"),
        state: State::Delivered,
        sender: None,
        ..delivery(60)
    };
    link.parts[0].body = link.body.clone();
    store.spawn(std::slice::from_ref(&link)).await.unwrap();

    let found = forget(&machine).await;
    assert_eq!((found.calls.len(), found.open), (2, 0));
    assert_eq!((found.texts.len(), found.deliveries.len()), (1, 1));
    assert_eq!(found.quoting, [link.id.to_string()]);
    let voice = "the voice of Ana";
    for bytes in [&ANA[1..], WORDS, voice, TOKEN, tokens[0].as_str()] {
        assert_eq!(found_in(machine.folder.path(), bytes), 0, "{bytes}");
    }
    assert_eq!(store.call(&anas.sid).await.unwrap(), None);
    assert_eq!(store.call(&bens.sid).await.unwrap(), Some(bens));
    let bens = store.voicemail(&tokens[1], now()).await.unwrap();
    assert_eq!(bens.unwrap().sound.len(), 320_000);
    let of_ben = store.delivery(&of_ben.id).await.unwrap();
    assert!(of_ben.unwrap().has_words(), "the same is told of his call");
    // How many came stays, and who of the people talks.
    let left = store.for_call(&number(100), &anas.sid, None).await.unwrap();
    let mut without = live(2, &[1]);
    without.live[0].caller = None;
    without.recent[0].1 = None;
    without.missed.remove(0);
    assert_eq!(left.live, without);
}

#[tokio::test]
async fn a_call_that_somebody_has_to_look_at_is_open() {
    let machine = Machine::new().await;
    machine.store.save_call(&call(1), None).await.unwrap();
    let (found, _) = machine.store.of_number(&number(107)).unwrap();
    assert_eq!((found.calls.len(), found.open), (1, 1));
}
