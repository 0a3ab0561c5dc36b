//! What every store holds to about calls and what their callers said.

use futures::future::join_all;
use jiff::Timestamp;
use relay::app::ports::store::{MOST_SOUND, Saved, Store, TokenDigest};
use relay::domain::call::{Call, Caller, LineCalls, LiveCall, Message, Stage};
use relay::domain::ids::{CallSid, MessageSid};
use relay::domain::inbound_record::InboundRecord;
use relay::domain::line::Line;
use serde_json::json;

use super::contract;
#[cfg(feature = "aws")]
use super::examples::dynamodb;
use super::examples::{after, line, memory, now, number, record, sqlite};
use crate::support::records::Records as _;

contract! { dynamodb, sqlite, memory:
    a_call_is_read_back_whole,
    of_two_saves_of_a_call_one_wins,
    of_ten_who_save_the_same_new_call_one_wins,
    a_call_and_the_calls_of_its_line_are_saved_both_or_neither,
    of_ten_calls_that_begin_at_once_one_is_counted_at_a_time,
    a_request_about_a_call_finds_all_that_it_needs,
    a_call_to_a_reply_number_finds_the_calls_of_the_line,
    a_call_is_due_until_nobody_has_to_look_at_it,
    those_longest_due_come_first_and_only_so_many,
    the_calls_of_a_line_are_listed_from_the_latest,
    a_voicemail_is_read_back_whatever_its_length,
    a_voicemail_that_is_too_long_is_refused,
    a_voicemail_is_replaced,
    a_voicemail_is_gone_when_its_time_is_over,
    a_voicemails_token_leads_to_its_call,
    a_removed_voicemail_is_nowhere,
}

pub(super) fn call_sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

/// As it is saved first.
pub(super) fn call(n: u32) -> Call {
    let first = json!({
        "sid": call_sid(n), "version": 1, "line": number(100), "caller": {"phone": number(107)},
        "attestation": "a", "place": "San Diego, CA", "opened": now(),
        "decision": record(n).decision, "then": ["Backup"], "stage": {"ringing": {"leg": 1}},
        "due": after(215),
        "out": {
            "text": format!("SM{n:032x}"), "customer": call_sid(9), "answered": after(3),
            "ended": {"at": after(4), "status": "completed", "seconds": 1, "asked_what_next": true},
        },
    });
    serde_json::from_value(first).unwrap()
}

pub(super) fn with_message(n: u32, token: &str) -> Call {
    let message = Message {
        began: now(),
        token: Some(token.to_owned()),
        ..Message::default()
    };
    Call {
        stage: Stage::TakingMessage,
        message: Some(message),
        ..call(n)
    }
}

pub(super) fn live(version: u64, calls: &[u32]) -> LineCalls {
    let live = calls.iter().map(|n| LiveCall {
        sid: call_sid(*n),
        caller: Some(number(107)),
        person: Some(number(110)),
        until: after(300),
    });
    let all = json!({
        "version": version, "live": live.collect::<Vec<_>>(),
        "recent": [[now(), number(107)], [after(1), null]],
        "out": [[now(), number(110)]],
        "missed": [{"caller": number(107), "at": now(), "next": call_sid(3), "others": 2}, {"at": after(1)}],
        "unpressed": [{"person": number(110), "times": 2, "advised": after(2)}],
    });
    serde_json::from_value(all).unwrap()
}

async fn save(store: &impl Store, call: &Call) {
    let saved = store.save_call(call, None).await.unwrap();
    assert_eq!(saved, Saved::Yes);
}

async fn save_both(store: &impl Store, call: &Call, live: &LineCalls) -> Saved {
    store.save_call(call, Some(live)).await.unwrap()
}

async fn live_of(store: &impl Store, line: u32) -> LineCalls {
    let (line, sid) = (number(line), call_sid(999));
    store.for_call(&line, &sid, None).await.unwrap().live
}

async fn a_call_is_read_back_whole(store: &impl Store) {
    let first = call(1);
    assert_eq!(store.call(&first.sid).await.unwrap(), None);
    save(store, &first).await;
    assert_eq!(store.call(&first.sid).await.unwrap(), Some(first.clone()));
    let second = Call {
        version: 2,
        caller: Caller::Odd("sip:somebody@example.com".to_owned()),
        ..with_message(1, "token")
    };
    save(store, &second).await;
    assert_eq!(store.call(&first.sid).await.unwrap(), Some(second));
}

async fn of_two_saves_of_a_call_one_wins(store: &impl Store) {
    save(store, &call(1)).await;
    let saves = (0..10).map(async |n| {
        let next = Call {
            version: 2,
            place: Some(n.to_string()),
            ..call(1)
        };
        let saved = store.save_call(&next, None).await.unwrap();
        (saved == Saved::Yes).then_some(next)
    });
    let won: Vec<Call> = join_all(saves).await.into_iter().flatten().collect();
    let [won] = &won[..] else {
        panic!("{} won", won.len());
    };
    assert_eq!(store.call(&won.sid).await.unwrap().as_ref(), Some(won));
    for version in [0, 1, 2, 4] {
        let other = Call { version, ..call(1) };
        let saved = store.save_call(&other, None).await.unwrap();
        assert_eq!(saved, Saved::Outdated, "{version}");
    }
    let unknown = Call {
        version: 2,
        ..call(2)
    };
    let saved = store.save_call(&unknown, None).await.unwrap();
    assert_eq!(saved, Saved::Outdated);
    assert_eq!(store.call(&unknown.sid).await.unwrap(), None);
}

async fn of_ten_who_save_the_same_new_call_one_wins(store: &impl Store) {
    let (new, live) = (call(1), live(1, &[1]));
    let saves = (0..10).map(|_| store.save_call(&new, Some(&live)));
    let saved = join_all(saves).await;
    let won = saved.iter().filter(|s| *s.as_ref().unwrap() == Saved::Yes);
    assert_eq!(won.count(), 1);
}

async fn a_call_and_the_calls_of_its_line_are_saved_both_or_neither(store: &impl Store) {
    assert_eq!(live_of(store, 100).await, LineCalls::default());
    assert_eq!(save_both(store, &call(1), &live(1, &[1])).await, Saved::Yes);
    assert_eq!(live_of(store, 100).await, live(1, &[1]));
    assert_eq!(live_of(store, 101).await, LineCalls::default());
    // Another call that did not see the first one.
    for version in [0, 1, 3] {
        assert_eq!(
            save_both(store, &call(2), &live(version, &[2])).await,
            Saved::Outdated,
            "{version}"
        );
    }
    assert_eq!(store.call(&call_sid(2)).await.unwrap(), None);
    assert_eq!(live_of(store, 100).await, live(1, &[1]));
    // The call itself is outdated.
    assert_eq!(
        save_both(store, &call(1), &live(2, &[])).await,
        Saved::Outdated
    );
    assert_eq!(live_of(store, 100).await, live(1, &[1]));
    assert_eq!(
        save_both(store, &call(2), &live(2, &[1, 2])).await,
        Saved::Yes
    );
    assert_eq!(live_of(store, 100).await, live(2, &[1, 2]));
}

/// Each reads again when somebody was quicker, as the app does.
async fn of_ten_calls_that_begin_at_once_one_is_counted_at_a_time(store: &impl Store) {
    let begin = async |n: u32| {
        loop {
            let mut live = live_of(store, 100).await;
            live.version += 1;
            live.recent.push((now(), Some(number(n))));
            let saved = store.save_call(&call(n), Some(&live)).await.unwrap();
            if saved == Saved::Yes {
                return;
            }
        }
    };
    join_all((1..=10).map(begin)).await;
    let live = live_of(store, 100).await;
    assert_eq!((live.version, live.recent.len()), (10, 10));
    let all = store.calls_of(&number(100), now(), 100).await.unwrap();
    assert_eq!(all.len(), 10);
}

async fn a_request_about_a_call_finds_all_that_it_needs(store: &impl Store) {
    let (line, caller) = (line(100), number(107));
    store.put_line(&line).await.unwrap();
    let ask = async |from| {
        let (line, sid) = (number(100), call_sid(1));
        store.for_call(&line, &sid, from).await.unwrap()
    };
    let new = ask(Some(&caller)).await;
    assert_eq!(new.inbound.line, Some(line));
    assert_eq!((new.call, new.live), (None, LineCalls::default()));
    assert_eq!(save_both(store, &call(1), &live(1, &[1])).await, Saved::Yes);
    // What people were told of it.
    let mut told = InboundRecord {
        deliveries: Vec::new(),
        ..record(1)
    };
    told.sms.sid = MessageSid::of_call(&call_sid(1));
    store.record(&told, &[]).await.unwrap();
    for from in [Some(&caller), None] {
        let found = ask(from).await;
        assert_eq!(found.call, Some(call(1)));
        assert_eq!(found.live, live(1, &[1]));
        assert_eq!(found.inbound.earlier, Some(told.clone()));
        let sid = MessageSid::of_call(&call_sid(1));
        let as_text = store.for_inbound(&number(100), &sid, from).await.unwrap();
        assert_eq!(found.inbound, as_text);
    }
}

async fn a_call_to_a_reply_number_finds_the_calls_of_the_line(store: &impl Store) {
    let line = Line {
        reply_numbers: vec![number(150)],
        ..line(100)
    };
    store.put_line(&line).await.unwrap();
    assert_eq!(save_both(store, &call(1), &live(1, &[1])).await, Saved::Yes);
    let (to, sid, from) = (number(150), call_sid(1), number(107));
    let found = store.for_call(&to, &sid, Some(&from)).await.unwrap();
    assert_eq!(found.inbound.line, Some(line));
    assert_eq!(found.call, Some(call(1)));
    assert_eq!(found.live, live(1, &[1]));
}

async fn due(store: &impl Store, before: Timestamp) -> Vec<CallSid> {
    store.calls_due_before(before, 100).await.unwrap()
}

async fn a_call_is_due_until_nobody_has_to_look_at_it(store: &impl Store) {
    save(store, &call(1)).await;
    assert_eq!(due(store, after(215)).await, []);
    assert_eq!(due(store, after(216)).await, [call_sid(1)]);
    let later = Call {
        version: 2,
        due: Some(after(500)),
        ..call(1)
    };
    save(store, &later).await;
    assert_eq!(due(store, after(500)).await, []);
    assert_eq!(due(store, after(501)).await, [call_sid(1)]);
    // It is nobody else's work.
    assert_eq!(store.due_before(after(9000), 100).await.unwrap(), []);
    let notices = store.notices_due_before(after(9000), 100).await.unwrap();
    assert_eq!(notices, []);
    let over = Call {
        version: 3,
        due: None,
        ..call(1)
    };
    save(store, &over).await;
    assert_eq!(due(store, after(9000)).await, []);
    assert_eq!(store.call(&over.sid).await.unwrap(), Some(over));
}

async fn those_longest_due_come_first_and_only_so_many(store: &impl Store) {
    for (n, seconds) in [(1, 30), (2, 10), (3, 20)] {
        let call = Call {
            due: Some(after(seconds)),
            ..call(n)
        };
        save(store, &call).await;
    }
    let first = store.calls_due_before(after(60), 2).await.unwrap();
    assert_eq!(first, [call_sid(2), call_sid(3)]);
    assert_eq!(due(store, after(60)).await.len(), 3);
}

async fn the_calls_of_a_line_are_listed_from_the_latest(store: &impl Store) {
    let opened = [(1, 0), (2, 100), (3, 50), (4, 50)];
    for (n, seconds) in opened {
        let call = Call {
            opened: after(seconds),
            ..call(n)
        };
        save(store, &call).await;
    }
    let other = Call {
        line: number(101),
        ..call(5)
    };
    save(store, &other).await;
    let changed = Call {
        version: 2,
        opened: after(50),
        place: None,
        ..call(3)
    };
    save(store, &changed).await;
    let listed = async |since, limit| {
        let line = number(100);
        let calls = store.calls_of(&line, after(since), limit).await.unwrap();
        calls.into_iter().map(|call| call.sid).collect::<Vec<_>>()
    };
    let sids = |of: &[u32]| of.iter().map(|n| call_sid(*n)).collect::<Vec<_>>();
    assert_eq!(listed(0, 100).await, sids(&[2, 4, 3, 1]));
    assert_eq!(listed(50, 100).await, sids(&[2, 4, 3]));
    assert_eq!(listed(51, 100).await, sids(&[2]));
    assert_eq!(listed(101, 100).await, []);
    assert_eq!(listed(0, 2).await, sids(&[2, 4]));
    assert_eq!(listed(0, 0).await, []);
    let calls = store.calls_of(&number(100), after(50), 3).await.unwrap();
    assert_eq!(calls[2], changed, "as it was saved last");
}

fn token(n: u32) -> TokenDigest {
    TokenDigest::of(&format!("{n:032x}"))
}

/// No part of it is like another one.
fn sound(bytes: usize) -> Vec<u8> {
    let words = (0_u64..).flat_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    words.take(bytes).collect()
}

async fn keep(store: &impl Store, token: &TokenDigest, sound: &[u8]) {
    let keeping = store.keep_voicemail(token, sound, after(60));
    keeping.await.unwrap();
}

async fn kept(store: &impl Store, n: u32) -> Option<Vec<u8>> {
    let found = store.voicemail(&token(n), now()).await.unwrap();
    found.map(|voicemail| voicemail.sound)
}

async fn a_voicemail_is_read_back_whatever_its_length(store: &impl Store) {
    let lengths = [0, 1, 349_999, 350_000, 350_001, 1_200_000, MOST_SOUND];
    for (n, bytes) in (0..).zip(lengths) {
        assert!(kept(store, n).await.is_none());
        let sound = sound(bytes);
        keep(store, &token(n), &sound).await;
        assert!(kept(store, n).await == Some(sound), "{bytes} bytes");
    }
    let found = store.voicemail(&token(1), now()).await.unwrap().unwrap();
    assert_eq!(found.until, after(60));
}

async fn a_voicemail_that_is_too_long_is_refused(store: &impl Store) {
    let sound = vec![1; MOST_SOUND + 1];
    let keeping = store.keep_voicemail(&token(1), &sound, after(60)).await;
    let error = keeping.unwrap_err().to_string();
    assert!(error.contains("4194305 bytes"), "{error}");
    assert_eq!(kept(store, 1).await, None);
}

async fn a_voicemail_is_replaced(store: &impl Store) {
    for bytes in [800_000, 700_001, 3] {
        // Twice the same, as after a lost answer.
        for _ in 0..2 {
            keep(store, &token(1), &sound(bytes)).await;
        }
        assert!(kept(store, 1).await == Some(sound(bytes)), "{bytes} bytes");
    }
}

async fn a_voicemail_is_gone_when_its_time_is_over(store: &impl Store) {
    keep(store, &token(1), b"hello").await;
    let at = async |seconds| {
        let found = store.voicemail(&token(1), after(seconds)).await.unwrap();
        found.is_some()
    };
    assert!(at(59).await);
    assert!(!at(60).await);
}

async fn a_voicemails_token_leads_to_its_call(store: &impl Store) {
    let leads_to = async |token: &str| {
        let call = store.voicemail_call(&TokenDigest::of(token)).await;
        call.unwrap()
    };
    save(store, &call(1)).await;
    assert_eq!(leads_to("secret").await, None);
    let next = Call {
        version: 2,
        ..with_message(1, "secret")
    };
    save(store, &next).await;
    assert_eq!(leads_to("secret").await, Some(call_sid(1)));
    assert_eq!(leads_to("other").await, None);
    // A save that comes to nothing makes no link.
    let outdated = Call {
        version: 2,
        ..with_message(1, "another")
    };
    let saved = store.save_call(&outdated, None).await.unwrap();
    assert_eq!(saved, Saved::Outdated);
    assert_eq!(leads_to("another").await, None);
    // And it stays once the sound is kept.
    let secret = TokenDigest::of("secret");
    keep(store, &secret, b"hello").await;
    assert_eq!(leads_to("secret").await, Some(call_sid(1)));
    let third = Call { version: 3, ..next };
    save(store, &third).await;
    let found = store.voicemail(&secret, now()).await.unwrap().unwrap();
    assert_eq!(found.sound, b"hello");
}

async fn a_removed_voicemail_is_nowhere(store: &impl Store) {
    let secret = TokenDigest::of("secret");
    save(store, &with_message(1, "secret")).await;
    // Before there is any sound, and once more than is there.
    for bytes in [None, Some(5), Some(800_000), None] {
        if let Some(bytes) = bytes {
            keep(store, &secret, &sound(bytes)).await;
        }
        store.remove_voicemail(&secret).await.unwrap();
        assert_eq!(store.voicemail(&secret, now()).await.unwrap(), None);
        assert_eq!(store.voicemail_call(&secret).await.unwrap(), None);
    }
    keep(store, &token(2), b"hello").await;
    store.remove_voicemail(&secret).await.unwrap();
    assert!(kept(store, 2).await.is_some());
}
