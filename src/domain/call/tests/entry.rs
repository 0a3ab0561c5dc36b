//! What people read of a call.

use super::*;
use crate::domain::sms::segments;

fn gone(world: &mut World, leg: usize, seconds: i64) {
    world.takes(
        seconds,
        hung_up(leg, LegStatus::Canceled, Some(false), None),
    );
}

#[test]
fn a_missed_call_says_when_and_who_was_rung() {
    let mut world = World::new();
    world.takes(20, not_answered(1));
    let mut one = World::new();
    gone(&mut one, 1, 10);
    assert_eq!(one.entry(), "Missed call 10:00 AM, rang Sergio.");
    gone(&mut world, 2, 30);
    assert_eq!(
        world.entry(),
        "Missed call 10:00 AM, rang Sergio and Maria."
    );
    let sms = entry(&world.call, &world.line, None).unwrap();
    assert_eq!(sms.sid.call(), Some(sid(0)));
    assert_eq!(sms.from.expose(), CALLER);
    assert_eq!(sms.place.as_deref(), Some("San Diego, CA"));
    assert_eq!(segments(&sms.body).because, None);
    // Told a day later, the day is said.
    world.call.told = Some(at(86_400));
    assert_eq!(
        world.entry(),
        "Missed call Fri 10:00 AM, rang Sergio and Maria."
    );
}

#[test]
fn a_voicemail_says_how_long_and_where_it_can_be_heard() {
    let mut world = World::new();
    for leg in 1..=3 {
        world.takes(leg as i64 * 20, not_answered(leg));
    }
    let mut silent = world.clone();
    silent.takes(70, Event::Recorded { hung_up: true });
    silent.is_left_alone();
    assert_eq!(
        silent.entry(),
        "Missed call 10:00 AM, rang Sergio, Maria and Backup, no message."
    );
    world.takes(90, recorded(83));
    assert_eq!(
        world.entry(),
        "Voicemail 1:23, 10:00 AM: https://relay.example.com/v/T"
    );
    let without = entry(&world.call, &world.line, None).unwrap();
    assert_eq!(without.body, "Voicemail 1:23, 10:00 AM.");
    let message = world.call.message.as_mut().unwrap();
    message.transcript = Some("word ".repeat(100));
    let heard = world.entry();
    let (_, heard) = heard.split_once("A machine heard: ").unwrap();
    assert!(
        heard.chars().count() <= 320 && heard.ends_with("..."),
        "{heard}"
    );
}

#[test]
fn a_talk_says_how_long_and_that_they_can_be_answered() {
    let spoke = |caller: NewCall, seconds| {
        let mut world = World::with(line(), Known::default(), caller);
        world.takes(5, pressed(1, "1"));
        world.takes(400, hung_up(1, LegStatus::Completed, Some(true), seconds));
        world
    };
    let known = spoke(from(CALLER), Some(245));
    assert_eq!(
        known.entry(),
        "Call 10:00 AM: 4 min with Sergio. A reply here goes to them."
    );
    assert_eq!(known.times_told(), 1);
    let withheld = spoke(new(Caller::Withheld), Some(42));
    assert_eq!(withheld.entry(), "Call 10:00 AM: 42 s with Sergio.");
    let mut line = line();
    line.voice.as_mut().unwrap().after_call = false;
    let mut quiet = World::with(line, Known::default(), from(CALLER));
    quiet.takes(5, pressed(1, "1"));
    quiet.takes(60, hung_up(1, LegStatus::Completed, Some(true), Some(50)));
    assert_eq!((quiet.times_told(), quiet.call.told), (0, Some(at(60))));
}

#[test]
fn who_has_no_number_or_is_behind_the_line_has_no_conversation() {
    let read = |caller: Caller| {
        let mut world = World::with(line(), Known::default(), new(caller));
        gone(&mut world, 1, 10);
        let sms = entry(&world.call, &world.line, None).unwrap();
        assert_eq!(sms.from.phone(), None);
        let stored = serde_json::to_string(&sms).unwrap();
        let stored: crate::domain::inbound::InboundSms = serde_json::from_str(&stored).unwrap();
        assert_eq!(stored.from.phone(), None);
        sms.from.expose().to_owned()
    };
    assert_eq!(read(Caller::Withheld), "Number withheld");
    assert_eq!(read(Caller::Phone(number("+16195550110"))), "Sergio");
    let address = "sip:desk@example.com".to_owned();
    assert_eq!(read(Caller::Odd(address.clone())), address);
}

#[test]
fn every_other_end_says_what_happened() {
    let ended = |at: MissedAt| {
        let mut world = World::new();
        world.call.stage = Stage::Over {
            outcome: Outcome::Missed { at },
        };
        world.entry()
    };
    let when = "10:00 AM";
    assert_eq!(
        ended(MissedAt::TextsOnly),
        format!("Call {when}: they heard that this line takes texts only.")
    );
    assert_eq!(
        ended(MissedAt::CutOff),
        format!("Call {when} was cut off, rang Sergio, no message.")
    );
    assert_eq!(
        ended(MissedAt::Unknown),
        format!("Missed call {when}, rang Sergio. They may have heard an error.")
    );
    let mut goes_on = World::new();
    assert_eq!(entry(&goes_on.call, &goes_on.line, None), None);
    goes_on.call.stage = Stage::Over {
        outcome: Outcome::Refused {
            because: Refused::TooMany,
        },
    };
    assert_eq!(entry(&goes_on.call, &goes_on.line, None), None);
}

#[test]
fn long_names_do_not_make_it_longer_than_a_segment() {
    let mut line = line();
    for person in &mut line.people {
        person.name = format!("{} {}", person.name, "x".repeat(30));
    }
    let mut world = World::with(line, Known::default(), from(CALLER));
    world.takes(20, not_answered(1));
    world.takes(40, not_answered(2));
    gone(&mut world, 3, 50);
    assert_eq!(world.entry(), "Missed call 10:00 AM, rang 3 people.");
}
