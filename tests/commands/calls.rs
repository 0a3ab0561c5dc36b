//! Calls and voicemails from a shell.

use jiff::{SignedDuration, Timestamp};
use relay::app::ports::store::{Calls, TokenDigest};
use relay::domain::call::{Attestation, Call, Caller, Event, NewCall, begin, step};
use relay::domain::ids::{CallSid, RecordingSid};
use relay::domain::phone::PhoneNumber;
use std::os::unix::fs::PermissionsExt;

use super::*;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn sid(n: u8) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

/// A withheld caller who hung up, and one who left a message of 23 seconds, with what they said kept.
async fn two_calls(place: &Place) -> Call {
    let store = place.store().await;
    let line = store.lines().await.unwrap().remove(0);
    let now = Timestamp::now();
    let known = Known::default();
    let save = async |mut call: Call| {
        call.version = 1;
        store.save_call(&call, None).await.unwrap();
        call
    };
    let new = |n: u8, caller| NewCall {
        sid: sid(n),
        caller,
        attestation: Attestation::Absent,
        place: None,
    };
    let call_of = |new: NewCall, minutes: i64, events: &[Event]| {
        let at = now - SignedDuration::from_mins(minutes);
        let began = begin(&line, &known, &Default::default(), new, at);
        let mut call = began.call;
        for (n, event) in events.iter().enumerate() {
            let at = at + SignedDuration::from_secs(10 + n as i64);
            let event = event.clone();
            let next = step(&call, &Default::default(), event, &line, &known, at);
            call = next.unwrap().call;
        }
        call
    };
    let seconds = Some(0);
    save(call_of(
        new(1, Caller::Withheld),
        20,
        &[Event::Ended { seconds }],
    ))
    .await;
    let recording = RecordingSid::parse(&format!("RE{}", "7".repeat(32))).unwrap();
    let caller = PhoneNumber::parse("+16195550142").unwrap();
    let mut left = call_of(
        new(2, Caller::Phone(caller)),
        10,
        &[
            Event::TakenByFallback,
            Event::Recording {
                sid: recording,
                seconds: Some(23),
            },
            Event::Kept,
        ],
    );
    left.message.as_mut().unwrap().token = Some(TOKEN.to_owned());
    let left = save(left).await;
    let until = now + SignedDuration::from_hours(24);
    let token = TokenDigest::of(TOKEN);
    store
        .keep_voicemail(&token, b"ID3 what they said", until)
        .await
        .unwrap();
    left
}

#[tokio::test]
async fn calls_are_listed_with_numbers_masked_and_explained() {
    let place = Place::new();
    two_calls(&place).await;
    let listed = place.relay(&["calls"]).out();
    let rows: Vec<&str> = listed.lines().skip(1).collect();
    assert_eq!(rows.len(), 2, "{listed}");
    assert!(rows[0].contains("+1•••42"), "{listed}");
    // By the line's clock, as the head of the list and all other commands.
    for row in listed.lines() {
        assert!(row.contains(" PST") || row.contains(" PDT"), "{row}");
        assert!(!row.contains(" AM") && !row.contains(" PM"), "{row}");
    }
    assert!(rows[0].contains("voicemail of 23 s"), "{listed}");
    assert!(rows[1].contains("number withheld"), "{listed}");
    assert!(
        rows[1].contains("missed, hung up while it rang"),
        "{listed}"
    );
    let live = place.relay(&["calls", "--live"]).out();
    assert!(live.contains("no call goes on"), "{live}");
    let late = place.relay(&["calls", "--since", "15m", "--json"]).json();
    assert_eq!(late[0]["calls"].as_array().unwrap().len(), 1);
    assert_eq!(late[0]["calls"][0]["caller"], "+1•••42");
    place
        .relay(&["calls", "--since", "soon"])
        .refused(2, "soon");

    let story = place.relay(&["explain", sid(2).as_str()]).out();
    for part in [
        "A call to qdn, of which nobody is told by text",
        "+1•••42",
        "outcome: voicemail of 23 s",
    ] {
        assert!(story.contains(part), "{story}");
    }
    let told = place.relay(&["explain", sid(2).as_str(), "--json"]).json();
    assert_eq!(told["call_sid"], sid(2).as_str());
    assert!(!told.to_string().contains("6195550142"), "{told}");
    place
        .relay(&["explain", sid(9).as_str()])
        .refused(1, "came in here");
}

#[tokio::test]
async fn a_message_is_listed_with_its_link_and_saved_for_its_owner_alone() {
    let place = Place::new();
    let call = two_calls(&place).await;
    let listed = place.relay(&["voicemail", "list"]).out();
    assert!(listed.contains("0:23"), "{listed}");
    assert!(listed.contains("kept until"), "{listed}");
    assert!(
        !listed.contains(" AM") && !listed.contains(" PM"),
        "{listed}"
    );
    assert!(listed.matches(" P").count() == 3, "{listed}");
    assert!(listed.contains(&format!("/v/{TOKEN}")), "{listed}");
    let json = place.relay(&["voicemail", "list", "--json"]).json();
    assert_eq!(json[0]["messages"].as_array().unwrap().len(), 1);
    assert_eq!(json[0]["messages"][0]["seconds"], 23);

    let file = place.path().join("message.mp3");
    let save = ["voicemail", "save", call.sid.as_str(), "message.mp3"];
    place.relay(&save).out();
    assert_eq!(std::fs::read(&file).unwrap(), b"ID3 what they said");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    place.relay(&save).refused(1, "not there yet");
    place
        .relay(&["voicemail", "save", sid(1).as_str(), "other.mp3"])
        .refused(1, "no message of call");
    place
        .relay(&["voicemail", "save", "SM1", "other.mp3"])
        .refused(2, "\"SM1\" is");
}

#[tokio::test]
async fn a_dry_call_shows_whom_it_would_ring_and_what_twilio_is_told() {
    let place = Place::new();
    let route = |at: &str| {
        let args = [
            "route",
            "--from",
            "858-555-0107",
            "--call",
            "--at",
            at,
            "--config",
            "relay.toml",
        ];
        place.relay(&args).out()
    };
    let day = route("2026-11-23T10:00:00-08:00");
    for part in [
        "rings Sergio for up to 20 s",
        "then, if nobody answers: Backup",
        "<Dial ",
        "+16195550110",
    ] {
        assert!(day.contains(part), "{day}");
    }
    let night = route("2026-11-24T02:00:00-08:00");
    assert!(night.contains("rings Backup"), "{night}");
    assert!(!night.contains("+16195550110"), "{night}");
    let withheld = [
        "route",
        "--from",
        "withheld",
        "--call",
        "--config",
        "relay.toml",
        "--json",
    ];
    let shown = place.relay(&withheld).json();
    assert!(
        shown["twiml"].as_str().unwrap().starts_with("<?xml"),
        "{shown}"
    );
    place
        .relay(&["route", "--from", "858-555-0107", "--config", "relay.toml"])
        .refused(2, "--body");
    place
        .relay(&["route", "--from", "858-555-0107", "--call", "--body", "hi"])
        .refused(2, "cannot be used with");
}
