//! Requests about calls: their paths, their forms, and what failed by `ErrorUrl`.

use relay::domain::call::Event;
use relay::twilio::voice::VoicePath;
use relay::twilio::webhook::voice;

use super::{Target, bytes, webhook};

pub const TARGET: Target = Target {
    name: "voice",
    seeds,
    words: &[
        "/twilio/voice",
        "/{CA}/1/screen",
        "/{CA}/9/chosen",
        "/{CA}/2/progress",
        "/{CA}/3/ended",
        "/{CA}/recorded",
        "/{CA}/recording",
        "/{CA}/transcribed",
        "/end",
        "/fallback",
        "AccountSid={AC}",
        "&CallSid={CA}",
        "&ParentCallSid={CA}",
        "&From=%2B16195550142",
        "&From=%2B266696687",
        "&To=%2B16195550100",
        "&CallStatus=completed",
        "&DialCallStatus=no-answer",
        "&DialBridged=false",
        "&Digits=1",
        "hangup",
        "&RecordingSid={RE}",
        "&RecordingStatus=absent",
        "&RecordingDuration=-1",
        "&StirVerstat=TN-Validation-Passed-A",
        "&CallToken=x",
        "&ErrorUrl=https%3A%2F%2Frelay.example.com%2Ftwilio%2Fvoice",
        "%2F",
        "%00",
        "\n",
    ],
    check,
};

fn seeds() -> Vec<Vec<u8>> {
    bytes([
        "/twilio/voice\n\n\nAccountSid={AC}&CallSid={CA}&From=%2B16195550142&To=%2B16195550100\
         &CallStatus=ringing&FromCity=SAN+DIEGO&FromState=CA&StirVerstat=TN-Validation-Passed-A&CallToken=x",
        "/twilio/voice/{CA}/1/chosen\n\n\nAccountSid={AC}&CallSid={CA}&From=%2B16195550100\
         &To=%2B16195550110&Digits=1&CallStatus=in-progress",
        "/twilio/voice/{CA}/1/ended\n\n\nAccountSid={AC}&CallSid={CA}&From=anonymous&To=%2B16195550100\
         &DialCallStatus=completed&DialBridged=true&DialCallDuration=64&CallStatus=in-progress",
        "/twilio/voice/{CA}/recording\n\n\nAccountSid={AC}&CallSid={CA}&RecordingSid={RE}\
         &RecordingStatus=completed&RecordingDuration=23&RecordingUrl=https%3A%2F%2Fexample.com",
        "/twilio/voice/fallback\n\n\nAccountSid={AC}&CallSid={CA}&From=%2B16195550142&To=%2B16195550100\
         &ErrorCode=11200&ErrorUrl=https%3A%2F%2Frelay.example.com%2Ftwilio%2Fvoice%2F{CA}%2F1%2Fscreen%23rc%3D1",
    ])
}

fn check(input: &[u8]) {
    let input = String::from_utf8_lossy(input).into_owned();
    let input = input
        .replace("{CA}", &sid("CA"))
        .replace("{RE}", &sid("RE"));
    let mut parts = input.splitn(2, '\n');
    let path = parts.next().unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let read = VoicePath::parse(path);
    if let Some(path_read) = &read
        && path != "/twilio/voice/"
    {
        assert_eq!(path_read.to_string(), path, "in no other spelling");
    }
    let Some(form) = webhook::verified(input.as_bytes()) else {
        return;
    };
    let Some(path) = read else {
        return;
    };
    let (named, call) = (path.call().cloned(), form.get("CallSid").map(str::to_owned));
    let is_of_leg = path.is_of_leg();
    let news = match voice(path, form) {
        Ok(news) => news.into_inner(),
        Err(refusal) => {
            let expected = ["incomplete", "other_call"];
            return assert!(expected.contains(&refusal.counts_as()), "{refusal:?}");
        }
    };
    if let Some(named) = named {
        assert_eq!(news.call, named);
        assert!(is_of_leg || call.as_deref() == Some(named.as_str()));
    }
    if let Some(Event::Pressed {
        keys: Some(keys), ..
    }) = &news.event
    {
        assert!((1..=32).contains(&keys.chars().count()), "{keys:?}");
    }
}

fn sid(prefix: &str) -> String {
    prefix.to_owned() + &"0".repeat(32)
}
