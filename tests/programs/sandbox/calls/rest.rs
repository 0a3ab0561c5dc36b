//! Calls and recordings over Twilio's REST API.

use std::collections::BTreeSet;

use super::*;
use crate::support::tools::node_module;

/// A call of 15 s that left a message of 8 s, with the recording's SID.
fn with_message() -> (Line, String, String) {
    let line = Line::with_relay();
    line.takes(SERGIO, TakesCalls::Busy);
    let call = line.call();
    line.wait(4.0);
    line.caller(&call, Act::Say(8.0));
    line.wait(8.0);
    line.caller(&call, press("#"));
    let recording = line.only("/recorded").get("RecordingSid").to_owned();
    (line, call, recording)
}

#[test]
fn a_call_and_its_legs_are_fetched_and_listed() {
    let (line, call, _) = with_message();
    line.wait(10.0);
    let get = |path: &str| line.world.json(Method::GET, path, &[]);
    let (status, one) = get(&format!("/Calls/{call}.json"));
    assert_eq!(status, 200);
    for (name, value) in [
        ("sid", call.as_str()),
        ("from", CALLER),
        ("to", LINE),
        ("status", "completed"),
        ("direction", "inbound"),
    ] {
        assert_eq!(one[name], value, "{name}");
    }
    assert!(one["parent_call_sid"].is_null());
    assert_eq!(one["start_time"], "Mon, 05 Jan 2026 17:00:00 +0000");
    let answered: u32 = one["duration"].as_str().unwrap().parse().unwrap();
    assert!((12..=14).contains(&answered), "{answered}");
    let count = |query: &str| {
        let (status, list) = get(&format!("/Calls.json?{query}"));
        assert_eq!(status, 200, "{query}: {list}");
        list["calls"].as_array().unwrap().len()
    };
    for (query, calls) in [
        ("", 2),
        ("To=%2B16195550100", 1),
        ("To=%2B16195550110", 1),
        ("From=%2B16195550142", 1),
        ("Status=busy", 1),
        ("Status=in-progress", 0),
        ("StartTime=2026-01-05", 2),
        ("StartTime%3E=2026-01-06", 0),
        ("StartTime%3C=2026-01-05", 2),
        ("PageSize=1", 1),
        (format!("ParentCallSid={call}").as_str(), 1),
    ] {
        assert_eq!(count(query), calls, "{query}");
    }
    let (_, first) = get("/Calls.json?PageSize=1");
    let next = first["next_page_uri"].as_str().unwrap();
    let account = &line.world.account.account_sid;
    let next = next
        .strip_prefix(&format!("/2010-04-01/Accounts/{account}"))
        .unwrap();
    let (_, second) = get(next);
    assert_eq!(second["calls"][0]["sid"], call);
    assert!(second["next_page_uri"].is_null());
    assert_eq!(get("/Calls/CA0.json").0, 404);
    assert_eq!(get("/Calls.json?StartTime=x").0, 400);
}

#[test]
fn a_call_is_ended_over_the_api_as_if_it_hung_up() {
    let line = Line::with_relay();
    let call = line.call();
    line.wait(5.0);
    let path = format!("/Calls/{call}.json");
    let post = |form: &[(&str, &str)]| line.world.json(Method::POST, &path, form);
    assert_eq!(post(&[("Url", "https://x.example/")]).0, 400);
    let (status, ended) = post(&[("Status", "completed")]);
    assert_eq!((status, &ended["status"]), (200, &"completed".into()));
    line.wait(1.0);
    assert_eq!(line.only("/1/ended").get("DialCallStatus"), "canceled");
    let (status, refused) = post(&[("Status", "completed")]);
    assert_eq!((status, &refused["code"]), (400, &21220.into()));

    // A leg alone: the call goes on with what the action says.
    let line = Line::with_relay();
    let call = line.call();
    line.wait(5.0);
    let leg = line.view(&call).legs[0].sid.clone();
    let form = [("Status", "completed")];
    let (_, ended) = line
        .world
        .json(Method::POST, &format!("/Calls/{leg}.json"), &form);
    assert_eq!(ended["status"], "canceled");
    line.wait(1.0);
    assert_eq!(line.only("/1/ended").get("DialCallStatus"), "canceled");
    assert!(line.status(&call).is_live());
}

#[test]
fn a_recording_is_there_after_a_second_and_may_be_deleted() {
    let (line, call, sid) = with_message();
    let json = format!("/Recordings/{sid}.json");
    let mp3 = format!("/Recordings/{sid}.mp3");
    let file = || answer(line.world.rest(Method::GET, &mp3, &[]));
    assert_eq!(file().status(), 404, "it is not ready");
    line.wait(1.0);
    let (status, told) = line.world.json(Method::GET, &json, &[]);
    assert_eq!((status, &told["duration"]), (200, &"8".into()));
    assert_eq!(
        (&told["call_sid"], &told["source"]),
        (&call.as_str().into(), &"RecordVerb".into())
    );
    assert_eq!(
        (told["channels"].as_u64(), &told["status"]),
        (Some(1), &"completed".into())
    );
    let got = file();
    assert_eq!(got.status(), 200);
    assert_eq!(got.headers()["content-type"], "audio/mpeg");
    assert_eq!(&got.body()[..2], [0xff, 0xfb]);
    // 32 kbit/s.
    let expected = 8 * 32_000 / 8;
    assert!(
        got.body().len().abs_diff(expected) < 300,
        "{}",
        got.body().len()
    );

    let path = format!(
        "/2010-04-01/Accounts/{}{mp3}",
        line.world.account.account_sid
    );
    let unknown = Request::get(path).body(Bytes::new()).unwrap();
    assert_eq!(answer(line.world.sandbox.handle(unknown)).status(), 401);

    assert_eq!(line.world.json(Method::DELETE, &json, &[]).0, 204);
    assert_eq!(file().status(), 404);
    assert_eq!(line.world.json(Method::DELETE, &json, &[]).0, 404);
}

#[test]
fn a_restricted_key_may_do_what_its_policy_says() {
    let (line, call, recording) = with_message();
    // The goodbye is still said.
    line.wait(1.0);
    let status = |allow: &str, method: &Method, path: &str| {
        let account = &line.world.account;
        let policy = format!("{{\"allow\":[\"/twilio/voice/{allow}\"]}}");
        let form = Form::from_fields([
            ("AccountSid", account.account_sid.as_str()),
            ("KeyType", "restricted"),
            ("Policy", &policy),
        ]);
        let login = relay::twilio::api::Login {
            user: &account.account_sid,
            password: &account.auth_token,
        };
        let request = Request::post("/v1/Keys")
            .header("authorization", login.basic())
            .body(Bytes::from(form.encode()));
        let made = answer(line.world.sandbox.handle(request.unwrap()));
        let made: Value = serde_json::from_slice(made.body()).unwrap();
        let secret = relay::domain::credentials::Secret::new(made["secret"].as_str().unwrap());
        let login = relay::twilio::api::Login {
            user: made["sid"].as_str().unwrap(),
            password: &secret,
        };
        let request = Request::builder()
            .method(method)
            .uri(format!(
                "/2010-04-01/Accounts/{}{path}",
                account.account_sid
            ))
            .header("authorization", login.basic())
            .body(Bytes::from("Status=completed"));
        answer(line.world.sandbox.handle(request.unwrap()))
            .status()
            .as_u16()
    };
    let one = format!("/Calls/{call}.json");
    let json = format!("/Recordings/{recording}.json");
    let mp3 = format!("/Recordings/{recording}.mp3");
    let all = [
        "calls/read",
        "calls/list",
        "calls/update",
        "recordings/read",
        "recordings/delete",
    ];
    for (needed, method, path, good) in [
        ("calls/read", Method::GET, one.as_str(), 200),
        ("calls/list", Method::GET, "/Calls.json", 200),
        ("calls/update", Method::POST, one.as_str(), 200),
        ("recordings/read", Method::GET, json.as_str(), 200),
        ("recordings/read", Method::GET, mp3.as_str(), 200),
        ("recordings/delete", Method::DELETE, json.as_str(), 204),
    ] {
        for allow in all.iter().filter(|allow| **allow != needed) {
            assert_eq!(status(allow, &method, path), 401, "{allow} {method} {path}");
        }
        assert_eq!(status(needed, &method, path), good, "{needed} {path}");
    }
}

/// The resources have the properties that Twilio's own description of its API has, and no others.
#[test]
fn calls_and_recordings_are_as_twilio_describes_them() {
    let file = node_module("@twilio/cli-core/src/services/twilio-api/twilio_api_v2010.json");
    let described: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let (line, call, recording) = with_message();
    let names = |object: &Value| -> BTreeSet<String> {
        object.as_object().unwrap().keys().cloned().collect()
    };
    for (name, path) in [
        ("call", format!("/Calls/{call}.json")),
        ("recording", format!("/Recordings/{recording}.json")),
    ] {
        let schema = &described["components"]["schemas"][format!("api.v2010.account.{name}")];
        let (_, ours) = line.world.json(Method::GET, &path, &[]);
        assert_eq!(names(&ours), names(&schema["properties"]), "{name}");
    }
}

const OUT: [(&str, &str); 5] = [
    ("To", SERGIO),
    ("From", LINE),
    ("Url", "https://relay.example.com/twilio/voice/out/ask#rc=1"),
    ("Timeout", "20"),
    (
        "StatusCallback",
        "https://relay.example.com/twilio/voice/out/progress",
    ),
];

/// A program that has Sergio press 1 and then calls the customer.
fn calls_out() -> Line {
    Line::answered_by(|path, fields| match path {
        "/out/ask" => xml(&format!(
            "<Gather action=\"{VOICE}/out/chosen\" numDigits=\"1\" timeout=\"5\"><Say>Press 1.</Say></Gather>\
             <Hangup/>"
        )),
        "/out/chosen" if fields.get("Digits") == Some("1") => xml(&format!(
            "<Dial callerId=\"{LINE}\" timeout=\"20\" action=\"{VOICE}/out/ended\"><Number>{CALLER}</Number></Dial>"
        )),
        "/out/ended" => xml("<Hangup/>"),
        _ => Reply::Other(204, None, String::new()),
    })
}

fn made(line: &Line) -> String {
    let (status, made) = line.world.json(Method::POST, "/Calls.json", &OUT);
    assert_eq!(
        (status, &made["status"]),
        (201, &"ringing".into()),
        "{made}"
    );
    assert_eq!(made["direction"], "outbound-api");
    assert!(made["parent_call_sid"].is_null() && made["duration"].is_null());
    made["sid"].as_str().unwrap().to_owned()
}

#[test]
fn the_api_calls_a_phone_and_its_document_may_dial_another() {
    let line = calls_out();
    let sid = made(&line);
    line.wait(3.0);
    line.sergio(Act::Answer);
    line.wait(1.0);
    let ask = line.only("/out/ask");
    for (name, value) in [
        ("CallSid", sid.as_str()),
        ("From", LINE),
        ("To", SERGIO),
        ("Direction", "outbound-api"),
        ("CallStatus", "in-progress"),
        ("ParentCallSid", "-"),
        ("CallToken", "-"),
    ] {
        assert_eq!(ask.get(name), value, "{name}");
    }
    line.sergio(press("1"));
    line.wait(2.0);
    let customer = number(CALLER);
    let leg = line.view(&sid).legs.remove(0);
    assert_eq!((leg.from.as_str(), leg.to.as_str()), (LINE, CALLER));
    line.world
        .sandbox
        .callee_acts(&customer, &Act::Answer)
        .unwrap();
    line.settle();
    assert!(line.view(&sid).connected && line.view(&leg.sid).connected);
    line.wait(30.0);
    line.world
        .sandbox
        .callee_acts(&customer, &Act::HangUp)
        .unwrap();
    line.wait(1.0);
    let ended = line.only("/out/ended");
    assert_eq!(
        [
            "DialCallStatus",
            "DialCallDuration",
            "DialBridged",
            "CallStatus"
        ]
        .map(|name| ended.get(name)),
        ["completed", "30", "true", "in-progress"]
    );
    assert_eq!(line.status(&sid), CallStatus::Completed);
    assert_eq!(line.only("/out/progress").get("CallStatus"), "completed");
    let (_, list) = line.world.json(
        Method::GET,
        "/Calls.json?To=%2B16195550110&From=%2B16195550100",
        &[],
    );
    assert_eq!(list["calls"][0]["sid"], sid.as_str());
}

#[test]
fn a_phone_that_the_api_calls_and_nobody_answers_is_told_as_such() {
    for (how, status) in [
        (TakesCalls::On, "no-answer"),
        (TakesCalls::Declines, "busy"),
        (TakesCalls::Busy, "busy"),
        (TakesCalls::NoMailbox, "no-answer"),
        (TakesCalls::Dead, "failed"),
    ] {
        let line = calls_out();
        line.takes(SERGIO, how.clone());
        let (_, made) = line.world.json(Method::POST, "/Calls.json", &OUT);
        line.wait(26.0);
        let over = line.only("/out/progress");
        assert_eq!(over.get("CallStatus"), status, "{how:?}");
        assert_eq!(over.get("CallSid"), made["sid"].as_str().unwrap());
        assert!(line.got("/out/ask").is_empty());
    }
}

#[test]
fn a_person_who_hangs_up_ends_the_customers_leg_and_the_api_can_end_both() {
    for by_api in [false, true] {
        let line = calls_out();
        let sid = made(&line);
        line.sergio(Act::Answer);
        line.wait(1.0);
        line.sergio(press("1"));
        line.wait(2.0);
        if by_api {
            let path = format!("/Calls/{sid}.json");
            line.world
                .json(Method::POST, &path, &[("Status", "completed")]);
        } else {
            line.sergio(Act::HangUp);
        }
        line.wait(1.0);
        assert_eq!(line.only("/out/ended").get("DialCallStatus"), "canceled");
        assert_eq!(line.view(&sid).legs[0].status, CallStatus::Canceled);
        assert_eq!(line.status(&sid), CallStatus::Completed);
    }
}

#[test]
fn a_call_that_twilio_would_not_make_is_refused() {
    let line = calls_out();
    for (name, value, code) in [
        ("To", "", 21201),
        ("To", "619-555", 21211),
        ("From", "", 21213),
        ("From", "x", 21212),
        ("From", CALLER, 21210),
        ("Url", "", 21205),
        ("Url", "relay.example.com", 21205),
        ("Timeout", "601", 21208),
        ("Timeout", "soon", 21208),
        ("StatusCallback", "relay", 21609),
        ("StatusCallbackEvent", "busy", 20001),
        ("Method", "GET", 20001),
        ("MachineDetection", "Enable", 20001),
        ("Twiml", "<Response/>", 20001),
    ] {
        let others = OUT.iter().filter(|(other, _)| *other != name);
        let form: Vec<_> = others.copied().chain([(name, value)]).collect();
        let (status, refused) = line.world.json(Method::POST, "/Calls.json", &form);
        assert_eq!(
            (status, &refused["code"]),
            (400, &code.into()),
            "{name}={value}"
        );
    }
    assert!(line.world.sandbox.calls().is_empty());
}
