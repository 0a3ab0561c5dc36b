//! What is said by voice.

use super::*;
use crate::domain::line::voice::{self, seconds_to_say};

fn whispers(name: &str, language: &str, caller: Option<&str>, texted: bool) -> Spoken {
    let mut line = line();
    line.name = name.to_owned();
    let voice = line.voice.as_mut().unwrap();
    voice.language = language.to_owned();
    let known = Known {
        has_conversation: texted.then(|| "Sergio".to_owned()),
        ..Known::default()
    };
    let caller = caller.map_or(Caller::Withheld, |text| Caller::Phone(number(text)));
    let mut world = World::with(line, known, new(caller));
    match world.takes(5, picked_up(1)) {
        Answer::Ask { says, .. } => says,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_picks_up_hears_who_calls_in_four_seconds() {
    let english = |caller, texted| whispers("qdn", "en-US", caller, texted).text;
    let someone = Some(CALLER);
    assert_eq!(
        english(someone, false),
        "Q D N, a call from 0 1 4 2. Press 1."
    );
    assert_eq!(
        english(someone, true),
        "0 1 4 2, who texted today. Press 1."
    );
    assert_eq!(
        english(None, false),
        "Q D N, a call, number withheld. Press 1."
    );
    let spanish = whispers("qdn", "es-MX", someone, false);
    assert_eq!(spanish.text, "Q D N, llamada de 0 1 4 2. Pulse 1.");
    assert_eq!(spanish.language, "es-MX");
    for name in ["qdn", "Main", "The line with a name of forty letters...."] {
        for language in ["en-US", "es-ES"] {
            for caller in [someone, Some("+442079460000"), None] {
                for texted in [false, true] {
                    let says = whispers(name, language, caller, texted).text;
                    let seconds = seconds_to_say(&says);
                    assert!(seconds <= 4.0, "{says}: {seconds}");
                    assert!(!says.contains("619"), "{says}");
                }
            }
        }
    }
}

#[test]
fn the_estimate_counts_digits_and_letters() {
    assert!((seconds_to_say("0 1 4 2") - 1.6).abs() < 0.001);
    assert!((seconds_to_say(&"a".repeat(14)) - 1.0).abs() < 0.001);
    assert!(seconds_to_say("").abs() < 0.001);
}

#[test]
fn a_line_may_have_words_of_its_own() {
    let mut line = line();
    let voice = line.voice.as_mut().unwrap();
    voice.whisper = Some("{{ caller }} for {{ line }}. 1?".to_owned());
    voice.voice = Some("Polly.Joanna-Neural".to_owned());
    voice.voicemail.greeting = Some(voice::Greeting::Text("Say it.".to_owned()));
    let mut world = World::with(line, Known::default(), from(CALLER));
    let Answer::Ask { says, .. } = world.takes(5, picked_up(1)) else {
        panic!("{:?}", world.answer);
    };
    assert_eq!(says.text, "0 1 4 2 for Q D N. 1?");
    assert_eq!(says.voice.as_deref(), Some("Polly.Joanna-Neural"));
    let greets = |world: &mut World| {
        for leg in 1..=world.call.legs.len() + world.call.then.len() {
            world.takes(20, not_answered(leg));
        }
        match world.answer.clone() {
            Answer::TakeMessage { greeting, .. } => greeting,
            other => panic!("{other:?}"),
        }
    };
    let mut spoken = world.clone();
    assert!(matches!(greets(&mut spoken), Greeting::Spoken(says) if says.text == "Say it."));
    let file = |hash: Option<&str>| voice::Greeting::File {
        name: "greeting.mp3".to_owned(),
        hash: hash.map(str::to_owned),
    };
    let mut played = world.clone();
    played.line.voice.as_mut().unwrap().voicemail.greeting = Some(file(Some("ab12")));
    let hash = "ab12".to_owned();
    assert_eq!(greets(&mut played), Greeting::File { hash });
    // Its bytes are not there: the usual words.
    world.line.voice.as_mut().unwrap().voicemail.greeting = Some(file(None));
    let Greeting::Spoken(says) = greets(&mut world) else {
        panic!("a file without bytes");
    };
    assert!(says.text.starts_with("This is Q D N."), "{says:?}");
}
