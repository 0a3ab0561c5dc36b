//! Voicemails, and calls of which nothing more is heard.

use super::*;
use crate::domain::language::Language;

fn at_the_tone() -> World {
    let mut world = World::new();
    for leg in 1..=3 {
        world.takes(leg as i64 * 20, not_answered(leg));
    }
    assert!(matches!(world.answer, Answer::TakeMessage { .. }));
    world
}

fn asked(is_over: bool) -> Event {
    Event::Asked {
        is_over,
        seconds: Some(200),
    }
}

fn done(hung_up: bool) -> Event {
    Event::Recorded { hung_up }
}

#[test]
fn a_message_is_told_once_fetched_and_deleted_after_it_is_kept() {
    let mut world = at_the_tone();
    assert!(matches!(world.takes(90, done(false)), Answer::Say { .. }));
    assert_eq!(world.call.due, Some(at(120)));
    world.takes(91, recorded(23));
    assert_eq!(world.outcome(), Some(&Outcome::Voicemail { seconds: 23 }));
    assert_eq!(
        world.effects,
        [Effect::FetchRecording(recording()), Effect::Tell]
    );
    world.takes(92, Event::NotKept);
    assert_eq!(world.call.due, Some(at(97)));
    world.takes(97, Event::Due);
    world.takes(98, Event::Kept);
    world.takes(99, Event::Kept);
    world.takes(99, deleted());
    assert_eq!(
        world.effects[2..],
        [
            Effect::FetchRecording(recording()),
            Effect::DeleteAtTwilio(recording())
        ]
    );
    assert_eq!((world.call.due, world.call.told), (None, Some(at(91))));
    assert!(matches!(world.takes(100, done(false)), Answer::Say { .. }));
    assert_eq!(world.times_told(), 1);
}

#[test]
fn who_says_nothing_has_missed_somebody() {
    for seconds in [None, Some(0), Some(1)] {
        let mut world = at_the_tone();
        world.takes(70, done(true));
        let sid = recording();
        world.takes(71, Event::Recording { sid, seconds });
        assert_eq!(world.outcome().cloned(), missed(MissedAt::Voicemail));
        assert_eq!(world.times_told(), 1);
        world.is_left_alone();
        let deleted = world.effects.contains(&Effect::DeleteAtTwilio(recording()));
        assert_eq!(deleted, seconds.is_some(), "what there is, is deleted");
        assert!(!world.effects.contains(&Effect::FetchRecording(recording())));
    }
}

#[test]
fn the_text_waits_for_a_recording_for_30_seconds() {
    let mut world = at_the_tone();
    world.takes(90, done(true));
    world.takes(119, Event::Due);
    assert_eq!(world.outcome(), None);
    world.takes(120, Event::Due);
    assert_eq!(world.effects, [Effect::AskTwilio]);
    world.takes(121, asked(true));
    assert_eq!(world.outcome().cloned(), missed(MissedAt::Voicemail));
    assert_eq!(world.times_told(), 1);
    // It comes later still: it is kept, and the owner hears of it.
    world.takes(200, recorded(23));
    assert_eq!(world.outcome(), Some(&Outcome::Voicemail { seconds: 23 }));
    assert_eq!(world.times_told(), 1);
    assert!(world.effects.contains(&Effect::Alert(Alert::LateVoicemail)));
    assert!(world.effects.contains(&Effect::FetchRecording(recording())));
}

#[test]
fn the_text_waits_two_minutes_for_what_a_machine_writes_down() {
    let transcribed = || {
        let mut world = at_the_tone();
        let voice = world.line.voice.as_mut().unwrap();
        voice.voicemail.transcribe = true;
        world
    };
    let text = || Event::Transcribed {
        text: Some("I am late.".to_owned()),
    };
    let mut world = transcribed();
    world.takes(90, recorded(23));
    assert_eq!((world.times_told(), world.call.told), (0, None));
    world.takes(95, Event::Kept);
    world.takes(130, text());
    world.takes(131, text());
    assert_eq!(world.times_told(), 1);
    assert!(world.entry().ends_with("A machine heard: I am late."));

    let mut sooner = transcribed();
    sooner.takes(89, text());
    sooner.takes(90, recorded(23));
    assert_eq!(sooner.times_told(), 1);

    let mut never = transcribed();
    never.takes(90, recorded(23));
    never.takes(95, Event::Kept);
    never.takes(96, deleted());
    assert_eq!(never.call.due, Some(at(210)));
    never.takes(210, Event::Due);
    assert_eq!(never.times_told(), 1);

    let mut failed = transcribed();
    failed.takes(90, recorded(23));
    failed.takes(91, Event::Transcribed { text: None });
    assert_eq!(failed.times_told(), 1);
}

#[test]
fn a_recording_that_cannot_be_had_for_an_hour_is_told_of_once() {
    let mut world = at_the_tone();
    world.takes(90, recorded(23));
    let mut tries = 0;
    while let Some(due) = world.call.due {
        let seconds = due.duration_since(at(0)).as_secs();
        world.takes(seconds, Event::Due);
        world.takes(seconds, Event::NotKept);
        tries += 1;
        assert!(tries < 30, "it is tried for ever");
    }
    let lost = world
        .effects
        .iter()
        .filter(|e| **e == Effect::Alert(Alert::RecordingLost));
    assert_eq!(lost.count(), 1);
    assert!(10 < tries, "{tries}");
    assert!(!world.effects.contains(&Effect::DeleteAtTwilio(recording())));
}

#[test]
fn a_talk_that_was_cut_off_goes_on_with_a_message() {
    let mut world = World::new();
    world.takes(5, picked_up(1));
    world.takes(6, pressed(1, "1"));
    world.takes(10, dialed(1, LegStatus::Completed, Some(true), Some(3)));
    assert_eq!(world.call.stage, Stage::TakingMessage);
    let mut silent = world.clone();
    silent.takes(20, done(true));
    silent.takes(50, Event::Due);
    silent.takes(51, asked(true));
    assert_eq!(silent.outcome().cloned(), missed(MissedAt::CutOff));
    world.takes(40, recorded(12));
    assert_eq!(world.outcome(), Some(&Outcome::Voicemail { seconds: 12 }));
}

#[test]
fn the_time_until_the_key_is_no_talk() {
    let mut world = World::new();
    world.takes(5, picked_up(1));
    world.takes(12, pressed(1, "1"));
    let mut short = world.clone();
    short.takes(15, dialed(1, LegStatus::Completed, Some(true), Some(10)));
    assert_eq!(short.call.stage, Stage::TakingMessage);
    world.takes(25, dialed(1, LegStatus::Completed, Some(true), Some(20)));
    let spoke = Outcome::Spoke {
        person: "Sergio".to_owned(),
        seconds: Some(13),
    };
    assert_eq!(world.outcome(), Some(&spoke));
}

#[test]
fn a_talk_stays_one_if_the_fallback_is_asked_what_comes_next() {
    let mut world = World::new();
    world.takes(5, picked_up(1));
    world.takes(6, pressed(1, "1"));
    let over = Event::Progress {
        leg: 1,
        sid: sid(1),
        status: LegStatus::Completed,
        sip: None,
        code: None,
        seconds: Some(75),
    };
    world.takes(81, over);
    world.takes(82, Event::TakenByFallback);
    let spoke = Outcome::Spoke {
        person: "Sergio".to_owned(),
        seconds: Some(74),
    };
    assert_eq!(world.outcome(), Some(&spoke));
    assert_eq!(world.times_told(), 1);
}

#[test]
fn of_a_call_whose_end_nobody_hears_twilio_is_asked() {
    let mut world = World::new();
    world.takes(1, progress(1, LegStatus::Ringing));
    world.takes(60, Event::Due);
    world.takes(214, Event::Due);
    assert_eq!(world.effects, []);
    world.takes(215, Event::Due);
    assert_eq!(world.effects, [Effect::AskTwilio]);
    world.takes(216, asked(false));
    assert_eq!(world.call.due, Some(at(216 + 300)));
    world.takes(516, Event::Due);
    world.takes(517, asked(true));
    assert_eq!(world.outcome().cloned(), missed(MissedAt::Unknown));
    assert_eq!(world.times_told(), 1);

    let mut talks = World::new();
    talks.takes(5, pressed(1, "1"));
    talks.takes(8000, Event::Due);
    talks.takes(8001, asked(true));
    assert!(matches!(talks.outcome(), Some(Outcome::Spoke { .. })));
}

#[test]
fn of_a_leg_of_which_nothing_is_heard_twilio_is_asked_soon_and_nobody_is_taken_to_be_rung_for_long()
{
    let mut world = World::new();
    assert_eq!(world.live.live[0].until, at(60));
    world.takes(59, Event::Due);
    assert_eq!(world.effects, []);
    world.takes(60, Event::Due);
    assert_eq!(world.effects, [Effect::AskTwilio]);
    world.takes(61, asked(true));
    assert_eq!(world.live.live, []);
}

#[test]
fn a_call_that_ended_before_it_was_heard_of_rang_nobody() {
    let (line, known, live) = (line(), Known::default(), LineCalls::default());
    for (rang, told) in [(0, 0), (2, 0), (3, 1), (9, 1)] {
        let was = Found {
            came: at(0),
            seconds: Some(0),
            left: Left::HungUp,
        };
        let mut ended = found(&line, &known, &live, from(CALLER), was, at(rang));
        assert_eq!(ended.call.ended, Some(at(rang)));
        assert_eq!((&ended.call.legs[..], ended.call.due), (&[][..], None));
        assert_eq!(ended.effects, vec![Effect::Tell; told], "{rang} s");
        assert_eq!(ended.live.live, []);
        // The first request comes after the end.
        let came = Event::Began;
        ended = step(&ended.call, &ended.live, came, &line, &known, at(rang)).unwrap();
        assert_eq!(ended.answer, Answer::HangUp);
        // Whoever tries again means it.
        let was = Found {
            came: at(60),
            ..was
        };
        let again = found(&line, &known, &ended.live, from(CALLER), was, at(60));
        // Of a second one people are told with what comes after it.
        assert_eq!(again.effects, vec![Effect::Tell; 1 - told]);
        assert_eq!(again.call.due.is_some(), told == 1);
    }
}

#[test]
fn who_hangs_up_at_once_is_told_of_only_if_they_try_again() {
    let gone = || hung_up(1, LegStatus::Canceled, Some(false), None);
    let mut world = World::new();
    world.takes(2, gone());
    assert_eq!((world.times_told(), world.call.told), (0, Some(at(2))));
    let mut later = World::new();
    later.takes(3, gone());
    assert_eq!(later.times_told(), 1);
    let (line, known) = (line(), Known::default());
    let again = |seconds: i64| {
        let new = NewCall {
            sid: sid(70),
            ..from(CALLER)
        };
        let began = begin(&line, &known, &world.live, new, at(seconds));
        let gone = step(
            &began.call,
            &began.live,
            gone(),
            &line,
            &known,
            at(seconds + 2),
        );
        gone.unwrap().effects
    };
    assert_eq!(again(500), [Effect::Tell]);
    assert_eq!(again(700), []);
}

#[test]
fn what_the_fallback_kept_ends_the_call_with_its_message() {
    let mut world = World::new();
    world.takes(30, Event::TakenByFallback);
    assert!(world.call.by_fallback);
    assert_eq!(world.call.stage, Stage::TakingMessage);
    world.takes(60, recorded(20));
    assert_eq!(world.outcome(), Some(&Outcome::Voicemail { seconds: 20 }));
    world.takes(61, Event::TakenByFallback);
    assert_eq!(world.times_told(), 1);
    // Kept requests of a call that went on.
    let mut spoke = World::new();
    spoke.takes(5, pressed(1, "1"));
    spoke.takes(70, dialed(1, LegStatus::Completed, Some(true), Some(60)));
    spoke.takes(300, Event::TakenByFallback);
    assert!(matches!(spoke.outcome(), Some(Outcome::Spoke { .. })));
}

#[test]
fn while_somebody_talks_they_are_not_rung_for_others() {
    let mut world = World::new();
    assert_eq!(world.live.live[0].person, Some(number("+16195550110")));
    world.takes(20, not_answered(1));
    assert_eq!(world.live.live[0].person, Some(number("+16195550113")));
    world.takes(25, pressed(2, "1"));
    assert_eq!(world.live.live[0].until, at(25 + 7200 + 150));
    world.takes(60, Event::Ended { seconds: Some(30) });
    assert!(world.live.live.is_empty(), "the lease ends with the call");
}

/// Somebody calls and hangs up after ten seconds, each time a minute later.
fn calls_missed(times: u32) -> (Vec<Step>, LineCalls) {
    let (line, known) = (line(), Known::default());
    let mut live = LineCalls::default();
    let ended = (0..times).map(|n| {
        let now = 60 * i64::from(n);
        let new = NewCall {
            sid: sid(n),
            ..from(CALLER)
        };
        let began = begin(&line, &known, &live, new, at(now));
        let hung_up = hung_up(1, LegStatus::Canceled, Some(false), None);
        let ended = step(
            &began.call,
            &began.live,
            hung_up,
            &line,
            &known,
            at(now + 10),
        );
        let ended = ended.unwrap();
        live = ended.live.clone();
        ended
    });
    (ended.collect(), live)
}

fn due_at(call: &Call, live: &LineCalls, seconds: i64) -> Step {
    step(
        call,
        live,
        Event::Due,
        &line(),
        &Known::default(),
        at(seconds),
    )
    .unwrap()
}

#[test]
fn who_calls_again_and_again_is_told_of_once_and_once_more_of_the_rest() {
    let (ended, live) = calls_missed(5);
    assert_eq!(ended[0].effects, [Effect::Tell]);
    for (n, step) in ended.iter().enumerate().skip(1) {
        assert_eq!(step.effects, [], "{n}");
    }
    // Ten minutes after the first text.
    assert_eq!(ended[1].call.due, Some(at(610)));
    assert_eq!(ended[4].call.told_with, Some(sid(1)));
    assert_eq!(ended[4].call.due, None);
    let tells = due_at(&ended[1].call, &live, 610);
    assert_eq!(tells.effects, [Effect::Tell]);
    assert_eq!((tells.call.others, tells.call.due), (3, None));
    let says = |language| {
        let line = Line { language, ..line() };
        entry(&tells.call, &line, None).unwrap().body
    };
    assert_eq!(
        says(Language::English),
        "4 more missed calls since 10:01 AM, rang Sergio."
    );
    assert!(says(Language::Spanish).starts_with("Otras 4 llamadas perdidas desde "));
    // And again ten minutes later, while it goes on.
    assert_eq!(tells.live.missed[0].at, at(610));
    assert_eq!(tells.live.missed[0].next, None);
}

#[test]
fn a_second_missed_call_is_told_of_as_one_and_others_are_told_of_at_once() {
    let (ended, live) = calls_missed(2);
    let tells = due_at(&ended[1].call, &live, 610);
    let words = entry(&tells.call, &line(), None).unwrap().body;
    assert_eq!(words, "Missed call 10:01 AM, rang Sergio.");

    let (line, known) = (line(), Known::default());
    for (caller, now) in [("+16195550143", 200), (CALLER, 700)] {
        let new = NewCall {
            sid: sid(9),
            ..from(caller)
        };
        let live = if caller == CALLER {
            &ended[0].live
        } else {
            &live
        };
        let began = begin(&line, &known, live, new, at(now));
        let hung_up = hung_up(1, LegStatus::Canceled, Some(false), None);
        let ended = step(
            &began.call,
            &began.live,
            hung_up,
            &line,
            &known,
            at(now + 10),
        );
        assert_eq!(ended.unwrap().effects, [Effect::Tell], "{caller}");
    }
}

#[test]
fn a_message_of_who_called_again_and_again_is_told_of_at_once() {
    let (ended, live) = calls_missed(2);
    let heard = recorded(12);
    let told = step(
        &ended[1].call,
        &live,
        heard,
        &line(),
        &Known::default(),
        at(90),
    )
    .unwrap();
    assert!(told.effects.contains(&Effect::Tell), "{:?}", told.effects);
    assert!(!told.effects.contains(&Effect::Alert(Alert::LateVoicemail)));
    assert_eq!(told.call.told, Some(at(90)));
}

/// Sergio talked with the caller and hung up.
fn after_a_talk() -> World {
    let mut world = World::new();
    world.takes(5, pressed(1, "1"));
    world.takes(60, dialed(1, LegStatus::Completed, None, Some(58)));
    assert!(matches!(world.outcome(), Some(Outcome::Spoke { .. })));
    world.effects.clear();
    world
}

#[test]
fn after_a_talk_twilio_is_asked_for_a_message_unless_the_caller_is_gone_at_once() {
    let mut gone = after_a_talk();
    gone.takes(62, Event::Ended { seconds: Some(57) });
    assert_eq!((gone.call.due, gone.call.asks_for_message), (None, None));

    // The answer to the question what comes next was lost, and the fallback took a message.
    let mut stays = after_a_talk();
    stays.takes(95, Event::Ended { seconds: Some(90) });
    assert_eq!(stays.call.due, Some(at(95 + 30)));
    stays.takes(125, Event::Due);
    assert_eq!(stays.effects, [Effect::AskTwilio]);
    stays.takes(126, recorded(12));
    assert!(stays.effects.contains(&Effect::FetchRecording(recording())));
    assert!(stays.effects.contains(&Effect::Alert(Alert::LateVoicemail)));

    // Nothing is heard of the end.
    let mut silent = after_a_talk();
    assert_eq!(silent.call.due, Some(at(60 + 150)));
    silent.takes(210, Event::Due);
    silent.takes(211, asked(false));
    assert_eq!(silent.call.due, Some(at(211 + 300)));
    silent.takes(511, Event::Due);
    silent.takes(512, asked(true));
    assert_eq!(silent.call.due, None);
    assert_eq!(silent.times_told(), 0);
}

#[test]
fn another_recording_of_the_call_is_deleted_too() {
    let mut world = at_the_tone();
    world.takes(90, recorded(12));
    world.takes(91, Event::Kept);
    world.takes(92, deleted());
    assert_eq!(world.call.due, None);
    world.effects.clear();
    let other = RecordingSid::parse(&format!("RE{:032x}", 8)).unwrap();
    let heard = || Event::Recording {
        sid: other.clone(),
        seconds: Some(4),
    };
    world.takes(100, heard());
    world.takes(101, heard());
    assert_eq!(world.effects, [Effect::DeleteAtTwilio(other.clone())]);
    // It could not be deleted.
    let due = world.call.due.unwrap();
    assert_eq!(due, at(100 + 600));
    world.takes(700, Event::Due);
    assert_eq!(world.effects.len(), 2);
    let sid = other.clone();
    world.takes(701, Event::Deleted { sid });
    assert_eq!(world.call.due, None);
    let message = world.call.message.unwrap();
    assert_eq!(message.deleted_at_twilio, Some(at(92)));
    assert_eq!(message.recording, Some(recording()));
}
