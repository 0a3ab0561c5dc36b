//! Blocked customers from a shell, and what other commands say of them.

use crate::support::records::Records as _;
use relay::app::inbound_sms;

use super::*;

#[tokio::test]
async fn customers_are_blocked_shown_and_unblocked() {
    let place = Place::new();
    place.store().await;
    let list = || place.relay(&["block", "list"]).out();
    assert!(list().contains("nobody is blocked"), "{}", list());

    place.relay(&["block", "858-555-0107"]).refused(
        2,
        "Texts and calls of +18585550107 to qdn reach nobody from then on. There is no terminal to ask on: add --yes",
    );
    assert!(list().contains("nobody is blocked"), "{}", list());
    let block = ["block", "858-555-0107", "--yes"];
    assert_eq!(
        place.relay(&block).out(),
        "qdn: +18585550107 is blocked: their texts and calls reach nobody\n"
    );
    let again = ["block", "858-555-0107", "--line", "qdn", "--yes"];
    assert_eq!(
        place.relay(&again).out(),
        "qdn: +18585550107 is blocked already\n"
    );
    let shown = list();
    assert!(shown.contains("+1•••07"), "{shown}");
    assert!(shown.contains("by hand"), "{shown}");
    let listed = place
        .relay(&["block", "list", "--json", "--numbers"])
        .json();
    assert_eq!(listed[0]["number"], "+18585550107");
    assert_eq!(
        (&listed[0]["by"], &listed[0]["line"]),
        (&"hand".into(), &"qdn".into())
    );

    let remove = ["block", "remove", "+18585550107", "--json"];
    let removed = place.relay(&remove).json();
    assert_eq!(
        (&removed["changed"], &removed["blocked"]),
        (&true.into(), &false.into())
    );
    assert_eq!(place.relay(&remove).json()["changed"], false);
    assert!(list().contains("nobody is blocked"));

    let audit = std::fs::read_to_string(place.path().join(".relay/audit.jsonl")).unwrap();
    let outcomes: Vec<Value> = audit
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|record| record["kind"] == "block")
        .map(|record| record["outcome"].clone())
        .collect();
    assert_eq!(
        outcomes,
        ["+1•••07: blocked by hand", "+1•••07: not blocked any more"]
    );
    assert!(!audit.contains("8585550107"), "{audit}");
}

#[tokio::test]
async fn nobody_is_blocked_by_a_slip() {
    let place = Place::new();
    place
        .relay(&["block", "list"])
        .refused(1, "there is no relay in .relay");
    place.store().await;
    place.relay(&["block"]).refused(2, "say whom");
    place
        .relay(&["block", "555"])
        .refused(2, "is no telephone number");
    place
        .relay(&["block", "858-555-0107", "--line", "shop"])
        .refused(2, "there is no line \"shop\"");
    place.relay(&["block", "619-555-0110"]).refused(
        2,
        "that is Sergio, one of the people of qdn, who cannot be blocked",
    );
}

#[tokio::test]
async fn route_and_explain_say_that_a_customer_is_blocked() {
    let place = Place::new();
    let store = place.store().await;
    place.relay(&["block", "858-555-0107", "--yes"]).out();
    let route = ["route", "--data", ".relay", "--at", FRIDAY_10, "--json"];
    let text = ["--from", "858-555-0107", "--body", "hi"];
    let routed = place.relay(&[&route[..], &text].concat()).json();
    assert_eq!(
        (&routed["rule"], &routed["text"]),
        (&"blocked".into(), &Value::Null)
    );

    let line = store.lines().await.unwrap().remove(0);
    let sms = InboundSms {
        sid: MessageSid::parse(&("SM".to_owned() + &"0".repeat(32))).unwrap(),
        from: Sender::parse("+18585550107"),
        to: line.number.clone(),
        place: None,
        body: "hi".to_owned(),
        media: Vec::new(),
        media_left_out: 0,
        opt_out_type: None,
    };
    let (sid, now) = (sms.sid.clone(), FRIDAY_10.parse().unwrap());
    let found = store.for_inbound(&line.number, &sid, sms.from.phone());
    let found = found.await.unwrap();
    let known = found.known(now);
    let text = inbound_sms::text::Text::of(sms, now);
    let view = Default::default();
    let planned = inbound_sms::plan(&line, &known, &text, &found, &view).complete(&[]);
    store
        .record(&planned.record, &planned.deliveries)
        .await
        .unwrap();
    let told = place.relay(&["explain", sid.as_str()]).out();
    assert!(
        told.contains("it went to nobody: the customer is blocked"),
        "{told}"
    );
    assert!(told.contains("blocked by hand on "), "{told}");
}
