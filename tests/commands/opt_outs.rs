//! The list of opt-outs from a shell, and what other commands say of the guards.

use crate::support::records::Records as _;
use relay::app::inbound_sms;
use relay::domain::delivery::{Delivery, Limit, Purpose, Recipient, Slowed, State, Withheld};
use relay::domain::ids::DeliveryId;
use relay::domain::line::Hours;
use relay::domain::line::Line;

use super::*;

#[tokio::test]
async fn numbers_are_put_on_the_list_shown_and_taken_off() {
    let place = Place::new();
    place.store().await;
    let list = || place.relay(&["optouts", "list"]).out();
    assert!(
        list().contains("nobody opted out of its texts"),
        "{}",
        list()
    );

    let add = ["optouts", "add", "858-555-0107"];
    assert_eq!(
        place.relay(&add).out(),
        "qdn: +18585550107 gets no more texts\n"
    );
    assert!(place.relay(&add).out().contains("on the list already"));
    let shown = list();
    assert!(shown.contains("+1•••07"), "{shown}");
    assert!(shown.contains("by hand"), "{shown}");
    let listed = place
        .relay(&["optouts", "list", "--json", "--numbers"])
        .json();
    assert_eq!(listed[0]["number"], "+18585550107");
    assert_eq!(
        (&listed[0]["by"], &listed[0]["line"]),
        (&"hand".into(), &"qdn".into())
    );

    let remove = ["optouts", "remove", "+18585550107", "--json"];
    let removed = place.relay(&remove).json();
    assert_eq!(removed["changed"], true);
    assert_eq!(removed["opted_out"], false);
    assert_eq!(place.relay(&remove).json()["changed"], false);
    assert!(list().contains("nobody opted out of its texts"));

    let audit = std::fs::read_to_string(place.path().join(".relay/audit.jsonl")).unwrap();
    let kinds: Vec<Value> = audit
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].clone())
        .collect();
    assert_eq!(kinds, ["opt_out", "opt_out"], "one for each change");
    assert!(!audit.contains("8585550107"), "{audit}");
}

#[tokio::test]
async fn a_slip_of_the_pen_changes_no_list() {
    let place = Place::new();
    place
        .relay(&["optouts", "list"])
        .refused(1, "there is no relay in .relay");
    place.store().await;
    place
        .relay(&["optouts", "add", "555"])
        .refused(2, "is no telephone number");
    place
        .relay(&["optouts", "add", "858-555-0107", "--line", "shop"])
        .refused(2, "there is no line \"shop\"");
    place
        .relay(&["optouts", "add", "858-555-0107", "--table", "relay"])
        .refused(2, "--log-group");
}

#[tokio::test]
async fn route_and_duty_say_who_is_skipped_and_what_is_not_answered() {
    let place = Place::new();
    place.store().await;
    place.relay(&["optouts", "add", "619-555-0110"]).out();
    let route = |from, body| {
        let route = ["route", "--data", ".relay", "--at", FRIDAY_10, "--json"];
        place
            .relay(&[&route[..], &["--from", from, "--body", body]].concat())
            .json()
    };
    let routed = route("858-555-0107", "hi");
    assert_eq!(routed["to_person"], "Backup");
    let because = routed["candidates"][0]["because"].as_str().unwrap();
    assert!(because.starts_with("opted out of texts on"), "{because}");
    let duty = place.relay(&["duty", "show", "--json"]).json();
    assert_eq!(duty[0]["people"][1]["available"], true);

    let own = route("619-555-0111", "+18585550107: hi");
    assert_eq!(
        (&own["rule"], &own["text"]),
        (&"own_words".into(), &Value::Null)
    );
    // The others are told, and the writer has Twilio's answer.
    let stop = route("619-555-0111", "STOP");
    assert_eq!(stop["rule"], "opt_out_word");
    let text = stop["text"].as_str().unwrap();
    assert!(text.starts_with("Backup opted out of texts"), "{text}");
    let driving = route("619-555-0111", "I'm driving right now");
    assert_eq!(driving["rule"], "automatic_reply");
    let stop = route("858-555-0107", "stop");
    assert!(
        stop["text"].as_str().unwrap().contains("call them"),
        "{stop}"
    );
}

/// A text that came in on a Friday morning, and what the relay made of it, changed by `then`.
async fn explained(from: &str, body: &str, then: impl Fn(&mut Delivery)) -> String {
    let place = Place::new();
    let store = place.store().await;
    let line: Line = store.lines().await.unwrap().remove(0);
    assert_ne!(line.people[0].hours, Hours::Never);
    let sms = InboundSms {
        sid: MessageSid::parse(&("SM".to_owned() + &"0".repeat(32))).unwrap(),
        from: Sender::parse(from),
        to: line.number.clone(),
        place: None,
        body: body.to_owned(),
        media: Vec::new(),
        media_left_out: 0,
        opt_out_type: None,
    };
    let sid = sms.sid.clone();
    let now = FRIDAY_10.parse().unwrap();
    let text = inbound_sms::text::Text::of(sms, now);
    let (known, found, view) = Default::default();
    let planned = inbound_sms::plan(&line, &known, &text, &found, &view).complete(&[]);
    let (record, mut deliveries) = (planned.record, planned.deliveries);
    deliveries.iter_mut().for_each(then);
    store.record(&record, &deliveries).await.unwrap();
    let is_its = |delivery: &Delivery| {
        let reminder = DeliveryId::follow_up(&sid, "remind", 1);
        [DeliveryId::of_inbound(&sid), reminder].contains(&delivery.id)
    };
    assert!(deliveries.iter().all(is_its));
    place.relay(&["explain", sid.as_str()]).out()
}

#[tokio::test]
async fn explain_tells_what_the_guards_did() {
    let slowed = explained("+18585550107", "hi", |delivery| {
        delivery.slowed.push(Slowed::new(
            Limit::Sender,
            FRIDAY_10.parse().unwrap(),
            "2026-11-20T18:00:33Z".parse().unwrap(),
        ));
    });
    let slowed = slowed.await;
    assert!(
        slowed.contains("slowed until Fri 2026-11-20 10:00:33 PST"),
        "{slowed}"
    );

    let withheld = explained("+16195550110", "hi", |delivery| {
        assert_eq!(delivery.purpose, Purpose::Answer);
        let Recipient { person, .. } = &delivery.to;
        assert_eq!(person, "Sergio");
        let because = Withheld::TooMany;
        delivery.state = State::Withheld { because };
    });
    let withheld = withheld.await;
    assert!(
        withheld.contains("were not sent to Sergio: too many"),
        "{withheld}"
    );

    let stop = explained("+18585550107", "STOP", |_| {}).await;
    assert!(
        stop.contains("opted out of texts by the word STOP"),
        "{stop}"
    );
    let machine = explained("+16195550110", "Automatic reply: away", |_| {}).await;
    assert!(
        machine.contains("not answered: a person's phone"),
        "{machine}"
    );
}
