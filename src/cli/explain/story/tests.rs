use super::*;
use crate::domain::delivery::{
    Class, Disproved, GaveUp, HandOver, Limit, MovedOn, Outcome, Purpose, Slowed,
};
use crate::domain::inbound::sms::InboundSms;
use crate::domain::inbound_record::ByFallback;
use crate::domain::line::{Line, config};
use crate::domain::phone::Sender;
use crate::domain::routing::nature::Nature;
use crate::domain::routing::{Known, decide};

const MASKED: Shown = Shown {
    numbers: false,
    body: false,
};

fn line() -> Line {
    config::parse(config::EXAMPLE, "relay.toml")
        .unwrap()
        .remove(0)
}

/// Seconds after Fri 2026-11-20 10:00:00 in Los Angeles.
fn at(seconds: i64) -> Timestamp {
    let ten: Timestamp = "2026-11-20T18:00:00Z".parse().unwrap();
    ten + jiff::SignedDuration::from_secs(seconds)
}

fn record(from: &str) -> InboundRecord {
    let line = line();
    let sms = InboundSms {
        sid: MessageSid::parse(&("SM".to_owned() + &"0".repeat(32))).unwrap(),
        from: Sender::parse(from),
        to: line.number.clone(),
        place: Some("San Diego, CA".to_owned()),
        body: "Are you open?".to_owned(),
        media: Vec::new(),
        media_left_out: 0,
        opt_out_type: None,
    };
    let decision = decide(&line, &Known::default(), &sms.from, Nature::Ordinary, at(1));
    let deliveries = vec![DeliveryId::of_inbound(&sms.sid)];
    InboundRecord {
        sms,
        received: at(0),
        decision,
        deliveries,
        by_fallback: None,
        conversation: None,
        opt_out: None,
        subscriptions: Vec::new(),
        duty: None,
        words_removed: None,
    }
}

fn to(person: usize) -> Recipient {
    let person = line().people.remove(person);
    Recipient {
        person: person.name,
        number: person.number,
    }
}

fn attempt(number: u32, person: usize, outcome: Outcome) -> Attempt {
    Attempt {
        number,
        to: to(person),
        part: 0,
        of: 1,
        began: at(i64::from(number) * 10),
        since: at(i64::from(number) * 10 + 1),
        outcome,
        sid: None,
        via: None,
        disproved: None,
        since_backup: None,
    }
}

fn delivery(person: usize, attempts: Vec<Attempt>, state: State) -> Delivery {
    let record = record("+18585550107");
    Delivery {
        id: record.deliveries[0].clone(),
        version: 1,
        line: "qdn".to_owned(),
        from: line().number,
        public_url: String::new(),
        message_sid: Some(record.sms.sid),
        sender: Some(record.sms.from),
        to: to(person),
        remaining: Vec::new(),
        body: "Are you open?".to_owned(),
        media: Vec::new(),
        attached: String::new(),
        parts: Vec::new(),
        attempts,
        state,
        created: at(1),
        deadline: at(3600),
        gave_up: None,
        replays: Vec::new(),
        slowed: Vec::new(),
        invitation: None,
        handed_over: Vec::new(),
        restored: None,
        in_conversation: None,
        purpose: Default::default(),
        policy: Default::default(),
        country: "US".to_owned(),
        language: Default::default(),
        time_zone: Default::default(),
    }
}

fn story(delivery: Option<Delivery>, shown: Shown) -> Story {
    let record = record("+18585550107");
    let deliveries = [(record.deliveries[0].clone(), delivery)];
    Story::of(&record, &deliveries, &[], &line().time_zone, shown)
}

fn moments(delivery: Option<Delivery>) -> Vec<String> {
    story(delivery, MASKED)
        .moments
        .into_iter()
        .map(|moment| moment.what)
        .collect()
}

#[test]
fn a_text_that_was_handed_over_is_told_from_beginning_to_end() {
    let refused = Outcome::Undelivered {
        code: Some(30006),
        class: Class::HandOver,
    };
    let attempts = vec![attempt(1, 0, refused), attempt(2, 1, Outcome::Delivered)];
    assert_eq!(
        moments(Some(delivery(1, attempts, State::Delivered))),
        [
            "it came in",
            "it was for Sergio, the first of the cascade who was available",
            "attempt 1 to Sergio (+1•••10)",
            "attempt 1: not delivered, error 30006: this number cannot be reached by text",
            "Sergio could not be reached, so Backup is next",
            "attempt 2 to Backup (+1•••11)",
            "attempt 2: delivered",
            "it reached Backup",
        ]
    );
}

#[test]
fn the_candidates_stand_with_the_decision_and_the_errors_page_with_the_attempt() {
    let refused = Outcome::Refused {
        code: Some(20429),
        http_status: 429,
        class: Class::Retry,
    };
    let waiting = State::Waiting { due: at(15) };
    let story = story(
        Some(delivery(0, vec![attempt(1, 0, refused)], waiting)),
        MASKED,
    );
    assert_eq!(
        story.moments[1].details,
        [
            "✓ Sergio: within Mon-Fri 08:00-18:00",
            "✓ Backup: the backup is always available"
        ]
    );
    let known = &story.moments[3];
    assert_eq!(
        known.what,
        "attempt 1: refused (HTTP 429, error 20429): passing trouble, worth another try"
    );
    assert_eq!(
        known.details,
        [r#""Too Many Requests": see https://www.twilio.com/docs/api/errors/20429"#]
    );
    assert_eq!(known.at, Some(at(11)));
    let next = &story.moments[4];
    assert_eq!(next.at, Some(at(15)));
    assert_eq!(
        next.what,
        "the next attempt is due, to Sergio; they go on until Fri 2026-11-20 11:00 PST"
    );
}

#[test]
fn a_hand_over_that_is_under_way_is_told_before_its_first_attempt() {
    let refused = Outcome::Refused {
        code: Some(21610),
        http_status: 400,
        class: Class::Stop,
    };
    let waiting = State::Waiting { due: at(11) };
    let moments = moments(Some(delivery(1, vec![attempt(1, 0, refused)], waiting)));
    assert_eq!(moments[4], "Sergio could not be reached, so Backup is next");
    assert!(moments[5].starts_with("the next attempt is due, to Backup"));
}

#[test]
fn every_state_says_what_happens_next() {
    for (state, expected) in [
        (
            State::Sending { lease: at(70) },
            "Twilio is asked on Fri 2026-11-20 10:01 PST",
        ),
        (
            State::Unknown {
                ask: at(40),
                asked: 0,
            },
            "Twilio is asked whether it has the message",
        ),
        (
            State::Accepted {
                ask: None,
                asked: 0,
            },
            "whether it reached Sergio is still to be heard",
        ),
        (
            State::GaveUp {
                because: GaveUp::Late,
            },
            "11:00 PST was the time to give up",
        ),
        (
            State::GaveUp {
                because: GaveUp::NobodyLeft,
            },
            "nobody is left in the cascade",
        ),
        (
            State::GaveUp {
                because: GaveUp::Refused,
            },
            "nobody else would change that",
        ),
    ] {
        let moments = moments(Some(delivery(0, Vec::new(), state)));
        assert!(moments.last().unwrap().contains(expected), "{moments:?}");
    }
    assert!(
        moments(None)
            .last()
            .unwrap()
            .ends_with("is not stored any more")
    );
}

#[test]
fn numbers_and_words_are_shown_only_when_asked_for() {
    let delivered = || {
        Some(delivery(
            0,
            vec![attempt(1, 0, Outcome::Sent)],
            State::Accepted {
                ask: None,
                asked: 0,
            },
        ))
    };
    let json = serde_json::to_string(&story(delivered(), MASKED)).unwrap();
    for hidden in ["5550107", "5550110", "Are you open"] {
        assert!(!json.contains(hidden), "{json}");
    }
    let shown = Shown {
        numbers: true,
        body: true,
    };
    let json = serde_json::to_string(&story(delivered(), shown)).unwrap();
    for visible in [
        "+18585550107 (San Diego, CA)",
        "+16195550110",
        "Are you open?",
    ] {
        assert!(json.contains(visible), "{json}");
    }
}

#[test]
fn a_text_that_is_relayed_to_nobody_says_why() {
    let record = record("+16195550110");
    let story = Story::of(&record, &[], &[], &line().time_zone, MASKED);
    assert!(
        story.moments[1]
            .what
            .contains("a person of the cascade wrote")
    );
    assert_eq!(story.content, "13 characters");
}

#[test]
fn a_give_up_and_a_replay_are_moments_of_their_own() {
    let refused = |n, person| {
        let class = Class::HandOver;
        let code = Some(21614);
        attempt(n, person, Outcome::Undelivered { code, class })
    };
    let because = GaveUp::NobodyLeft;
    let mut replayed = delivery(
        1,
        vec![refused(1, 1), refused(2, 0), refused(3, 1)],
        State::GaveUp { because },
    );
    replayed.gave_up = Some(at(40));
    replayed.replays.push(Replay {
        at: at(15),
        attempts: 1,
        resumed: false,
    });
    let told = moments(Some(replayed.clone()));
    let at_row = |part: &str| told.iter().position(|row| row.contains(part)).unwrap();
    let replay = at_row("somebody had it tried again");
    assert!(at_row("attempt 1:") < replay && replay < at_row("attempt 2 to Sergio"));
    let handed_over = told
        .iter()
        .filter(|row| row.contains("could not be reached, so"));
    assert_eq!(handed_over.count(), 1, "a replay is no hand-over: {told:?}");
    let story = story(Some(replayed), MASKED);
    let end = story.moments.last().unwrap();
    assert_eq!(end.at, Some(at(40)));
    assert!(end.details[0].starts_with("`relay dead replay in-SM"));
}

#[test]
fn a_hand_over_by_time_says_when_and_why_and_who_was_told() {
    let attempts = vec![
        attempt(1, 0, Outcome::Sent),
        attempt(20, 1, Outcome::Delivered),
    ];
    let mut moved = delivery(1, attempts, State::Delivered);
    moved.handed_over.push(HandOver {
        at: at(190),
        from: to(0),
        because: MovedOn::NoReport,
        attempts: 1,
        replays: 0,
    });
    let refusal = Outcome::Refused {
        code: Some(21614),
        http_status: 400,
        class: Class::HandOver,
    };
    let mut telling = delivery(0, vec![attempt(1, 0, refusal)], State::Delivered);
    telling.purpose = Purpose::Told;
    telling.created = at(191);
    let told = |telling: &Delivery| {
        let record = record("+18585550107");
        let deliveries = [(record.deliveries[0].clone(), Some(moved.clone()))];
        let tellings = std::slice::from_ref(telling);
        Story::of(&record, &deliveries, tellings, &line().time_zone, MASKED)
    };
    let story = told(&telling);
    let find = |part: &str| {
        let mut moments = story.moments.iter();
        moments
            .position(|moment| moment.what.contains(part))
            .unwrap()
    };
    let moved_on = find("Sergio could not be reached, so Backup is next");
    assert_eq!(story.moments[moved_on].at, Some(at(190)));
    assert_eq!(
        story.moments[moved_on].details,
        ["no delivery report in time"]
    );
    let told_of = find("Sergio (+1•••10) was to be told that the text moved on");
    assert_eq!(story.moments[told_of].details, ["that text reached Sergio"]);
    assert!(moved_on < told_of && told_of < find("attempt 20 to Backup"));

    telling.state = State::GaveUp {
        because: GaveUp::NobodyLeft,
    };
    let story = serde_json::to_string(&told(&telling)).unwrap();
    assert!(story.contains("that text did not reach Sergio: refused (HTTP 400, error 21614)"));
}

#[test]
fn a_busy_phone_that_was_passed_over_is_told_of() {
    let mut moved = delivery(1, vec![attempt(1, 1, Outcome::Delivered)], State::Delivered);
    moved.handed_over.push(HandOver {
        at: at(0),
        from: to(0),
        because: MovedOn::Busy { until: at(240) },
        attempts: 0,
        replays: 0,
    });
    // A slot at once is no wait.
    moved.slowed.push(Slowed::new(Limit::Pair, at(0), at(0)));
    let told = moments(Some(moved)).join("\n");
    let busy = "the phone of Sergio is busy until Fri 2026-11-20 10:04:00 PST, so Backup is next";
    assert!(told.contains(busy), "{told}");
    assert!(
        !told.contains("slowed") && !told.contains("could not be reached"),
        "{told}"
    );
}

#[test]
fn a_text_that_waits_for_its_report_says_until_when() {
    let mut accepted = delivery(
        0,
        vec![attempt(1, 0, Outcome::Sent)],
        State::Accepted {
            ask: Some(at(130)),
            asked: 0,
        },
    );
    accepted.remaining = vec![to(1)];
    let story = story(Some(accepted), MASKED);
    let details = &story.moments.last().unwrap().details;
    assert_eq!(
        details,
        &["if not by Fri 2026-11-20 10:03 PST, it goes to Backup"]
    );
}

#[test]
fn a_text_that_came_by_the_fallback_says_so_and_why() {
    let mut record = record("+18585550107");
    record.by_fallback = Some(ByFallback {
        received: record.received,
        error_code: Some(11205),
    });
    let story = Story::of(&record, &[], &[], &line().time_zone, MASKED);
    assert_eq!(
        story.moments[0].what,
        "it came in by the fallback: the main path failed (Twilio's error 11205)"
    );
}

#[test]
fn a_text_that_arrived_after_all_is_told_with_what_was_believed_before() {
    let lost = Outcome::Undelivered {
        code: Some(30003),
        class: Class::RetryOnce,
    };
    let mut late = attempt(1, 0, Outcome::Delivered);
    late.disproved = Some(Box::new(Disproved {
        outcome: lost,
        at: late.since,
    }));
    late.since = at(25);
    let second = attempt(2, 0, Outcome::Accepted);
    let told = moments(Some(delivery(0, vec![late, second], State::Delivered)));
    let position = |what: &str| {
        let found = told.iter().position(|moment| moment.starts_with(what));
        found.unwrap_or_else(|| panic!("{what}: {told:#?}"))
    };
    assert!(position("attempt 1: not delivered, error 30003") < position("attempt 2 to"));
    assert!(position("attempt 2 to") < position("attempt 1: it reached Sergio after all"));
    assert_eq!(told.last().unwrap(), "it reached Sergio");
}
