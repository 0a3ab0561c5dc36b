use std::time::Duration;

use super::*;
use crate::domain::line::config::{EXAMPLE, parse, write};
use crate::domain::line::{Line, voice};

/// The example, in which calls are taken, without that.
fn example() -> String {
    EXAMPLE.replacen("\n[line.voice]\n", "\n# [line.voice]\n", 1)
}

/// The example with these tables of the line, and these keys of Sergio's.
fn file(tables: &str, keys: &str) -> String {
    let tables = format!("{tables}\n\n# What people can subscribe to");
    let file = example().replacen("# What people can subscribe to", &tables, 1);
    let hours = "hours = [\"Mon-Fri 08:00-18:00\", \"Sat 09:00-13:00\"]";
    file.replacen(hours, &format!("{hours}\n{keys}\n"), 1)
}

fn line(tables: &str, keys: &str) -> Result<Line, String> {
    let lines = parse(&file(tables, keys), "relay.toml").map_err(|error| error.to_string())?;
    lines.into_iter().next().ok_or_else(|| "no line".to_owned())
}

const ALL: &str = r#"
[line.voice]
ring = "25s"
ring_for = "70s"
most_rings = 3
screening = false
talk_limit = "1h"
unknown_callers = "refuse"
failed_attestation = "ring"
caller_limit = 20
live_limit = 1
whisper = "{{ line }}: {{ caller }}. 1!"
language = "es-MX"
voice = "Polly.Mia-Neural"
after_call = false
ignore_under = "5s"
[line.voice.voicemail]
greeting = "Hola."
longest = "90s"
transcribe = false
keep = "7d"
keep_at_twilio = true
[line.voice.missed_text]
text = "Perdón, {{ line }} no contestó."
when = "outside_hours"
at_night = "never"
"#;

#[test]
fn a_line_without_the_table_takes_no_calls() {
    assert_eq!(line("", "").unwrap().voice, None);
    let usual = line("[line.voice]", "").unwrap();
    assert_eq!(usual.voice, Some(Voice::default()));
    assert_eq!(usual.people[0].calls, TakesCalls::OnDuty);
}

#[test]
fn the_example_documents_what_is_in_force() {
    let example = example();
    let begins = example.find("# [line.voice]\n").unwrap();
    let ends = example.find("# What people can subscribe to").unwrap();
    let table: String = example[begins..ends]
        .lines()
        .map(|line| format!("{}\n", line.trim_start_matches("# ")))
        .collect();
    let documented = line(&table, "").unwrap().voice.unwrap();
    let usual = Voice::default();
    assert!(documented.whisper.is_some() && documented.voice.is_some());
    assert!(documented.missed_text.is_some());
    let documented = Voice {
        whisper: None,
        voice: None,
        missed_text: None,
        voicemail: Voicemail {
            greeting: None,
            ..documented.voicemail
        },
        ..documented
    };
    assert_eq!(documented, usual);
}

#[test]
fn everything_can_be_set_and_is_written_back() {
    for (tables, keys) in [
        (ALL.to_owned(), "calls = false\nscreening = false"),
        (ALL.to_owned(), "calls = [\"Mon-Fri 09:00-12:00\"]"),
        (
            ALL.replace("\"Hola.\"", "{ file = \"greeting.mp3\" }"),
            "calls = true",
        ),
    ] {
        let line = line(&tables, keys).unwrap();
        let voice = line.voice.as_ref().unwrap();
        assert_eq!(voice.ring, Duration::from_secs(25));
        assert_eq!(voice.unknown_callers, Treatment::Refuse);
        assert_eq!(voice.voicemail.keep, Duration::from_secs(7 * 24 * 3600));
        let lines = vec![line];
        assert_eq!(parse(&write(&lines), "relay.toml").unwrap(), lines);
        let stored = serde_json::to_string(&lines).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Line>>(&stored).unwrap(), lines);
    }
}

#[test]
fn mistakes_are_named_with_what_to_write() {
    let voice = |keys: &str| format!("[line.voice]\n{keys}");
    let voicemail = |keys: &str| format!("[line.voice.voicemail]\n{keys}");
    let missed = |keys: &str| format!("[line.voice.missed_text]\n{keys}");
    for (tables, told) in [
        (voice("ring = \"9s\""), "too short"),
        (voice("ring = \"41s\""), "from 10s to 40s"),
        (
            voice("ring = \"40s\"\nring_for = \"30s\""),
            "as long as ring at least",
        ),
        (voice("most_rings = 0"), "from 1 to 10"),
        (voice("talk_limit = \"5h\""), "too long"),
        (voice("unknown_callers = \"hang up\""), "\"refuse\""),
        (
            voice("failed_attestation = true"),
            "this is a boolean; write \"ring\", \"voicemail\" or \"refuse\"",
        ),
        (voice("caller_limit = 21"), "from 1 to 20"),
        (voice("live_limit = 31"), "from 1 to 30"),
        (voice("whisper = \"Hi {{ name }}\""), "{{ caller }}"),
        (voice("whisper = \"<b>\""), "no tags"),
        (
            voice(
                "whisper = \"Somebody with the number {{ caller }} calls {{ line }}, please do press 1.\"",
            ),
            "about 6 seconds",
        ),
        (voice("language = \"de-DE\""), "\"es-MX\""),
        (voice("language = \"en\""), "\"es-MX\""),
        (voice("voice = \"a b\""), "Polly.Joanna-Neural"),
        (voice("rings = 3"), "did you mean ring?"),
        (voice("keep = \"30d\""), "under [line.voice.voicemail]"),
        (voice("greeting = \"Hi\""), "under [line.voice.voicemail]"),
        (
            voice("ring = \"20s\"\n[line.voice]\nring = \"20s\""),
            "a line has one",
        ),
        (voicemail("greeting = \"\""), "says nothing"),
        (
            voicemail("greeting = \"greeting.mp3\""),
            "write greeting = { file = \"greeting.mp3\" }",
        ),
        (
            voicemail("greeting = \"Hello.WAV\""),
            "for an MP3 file write greeting = { file",
        ),
        (
            voicemail("greeting_file = \"a.mp3\""),
            "write greeting = { file",
        ),
        (voicemail("ring = \"20s\""), "write it under [line.voice]"),
        (voicemail("whisper = \"Hi\""), "write it under [line.voice]"),
        (voice("longest = \"90s\""), "under [line.voice.voicemail]"),
        (missed("when = \"always\""), "text"),
        (missed("text = \"Sorry.\""), "when"),
        (
            missed("text = \"Sorry.\"\nwhen = \"sundays\""),
            "\"outside_hours\"",
        ),
        (
            missed("text = \"Sorry.\"\nwhen = \"always\"\nat_night = true"),
            "this is a boolean",
        ),
        (
            missed("text = \"Sorry.\"\nwhen = \"always\"\nat_night = \"later\""),
            "write \"wait\" or \"never\"",
        ),
        (
            missed("text = \"From {{ opens | when }}.\"\nwhen = \"always\""),
            "{% if opens %}",
        ),
        (
            missed("text = \"Sorry.\"\nwhen = \"always\"\nto = \"all\""),
            "has no key \"to\"",
        ),
        (
            voicemail("greeting = { name = \"a.mp3\" }"),
            "file = \"greeting.mp3\"",
        ),
        (
            voicemail("greeting = { file = \"../a.mp3\" }"),
            "without a folder",
        ),
        (voicemail("greeting = { file = \"a.wav\" }"), "MP3"),
        (voicemail("longest = \"6m\""), "too long"),
        (voicemail("keep = \"0d\""), "too short"),
        (
            voicemail("transcribe = true\nlongest = \"3m\""),
            "not transcribed",
        ),
        (
            "[line.voice]\nlanguage = \"es-MX\"\n[line.voice.voicemail]\ntranscribe = true"
                .to_owned(),
            "only English",
        ),
        (voicemail("keep_at_twillio = true"), "keep_at_twilio"),
    ] {
        let error = line(&tables, "").expect_err(&tables);
        assert!(error.contains(told), "{tables}: {error}");
    }
    let error = line("", "calls = true").unwrap_err();
    assert!(error.contains("takes no calls"), "{error}");
    let error = line("[line.voice]", "calls = \"always\"").unwrap_err();
    assert!(error.contains("write true, false or hours"), "{error}");
    let error = line("[line.voice]", "calls = []").unwrap_err();
    assert!(error.contains("write calls = false"), "{error}");
    let error = line("[line.voice]", "calls = [\"Monday\"]").unwrap_err();
    assert!(error.contains("\"Mon\""), "{error}");
}

#[test]
fn no_number_is_rung_that_is_no_persons_telephone() {
    let with = |number: &str, keys: &str| {
        let file = file("[line.voice]", keys).replacen("\"619-555-0110\"", number, 1);
        parse(&file, "relay.toml").map_err(|error| error.to_string())
    };
    for number in ["\"+19005550110\"", "\"+18005550110\""] {
        let refused = with(number, "").unwrap_err();
        assert!(refused.contains("which is not rung"), "{refused}");
        assert!(with(number, "calls = false").is_ok());
    }
    for number in ["\"911\"", "\"72975\""] {
        assert!(
            with(number, "calls = false").is_err(),
            "{number} is no phone"
        );
    }
    assert!(with("\"619-555-0110\"", "").is_ok());
}

#[test]
fn whoever_leaves_screening_out_is_warned() {
    let warned =
        |tables: &str, keys: &str| voice::warnings(&line(tables, keys).unwrap()).join("\n");
    assert_eq!(warned("", ""), "");
    assert_eq!(warned("[line.voice]", ""), "");
    let one = warned("[line.voice]\nring = \"23s\"", "screening = false");
    assert!(
        one.contains("ring is 23 s") && one.contains("Sergio's phone"),
        "{one}"
    );
    assert!(!one.contains("Backup's"), "{one}");
    let all = warned("[line.voice]\nscreening = false", "");
    assert!(
        all.contains("Sergio's") && all.contains("Backup's"),
        "{all}"
    );
}
