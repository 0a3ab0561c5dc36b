use serde_json::{Value, json};

use super::*;
use crate::domain::delivery::source::Source;
use crate::domain::notice::Audience;
use crate::domain::template::When;

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn paths(refused: &Refused) -> Vec<&str> {
    refused
        .fields
        .iter()
        .map(|field| field.path.as_str())
        .collect()
}

fn a_notice() -> Value {
    json!({
        "topic": "maintenance",
        "template": "maintenance_scheduled",
        "data": {"what": "the booking page", "starts": "2026-05-02T22:00:00-07:00"},
        "idempotency_key": "window-17",
    })
}

fn an_invitation() -> Value {
    json!({
        "name": "Sam", "number": "+16195550110", "event": "Zurek",
        "link": "https://crew.example.com/i/7Jx2", "idempotency_key": "assignment-17",
    })
}

/// An event of the bus as EventBridge delivers it.
fn bus(detail_type: &str, detail: Value) -> Value {
    json!({
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": detail_type,
        "source": "events.pipeline",
        "account": "123456789012",
        "time": "2026-04-01T12:00:00Z",
        "region": "us-west-2",
        "resources": [],
        "detail": detail,
    })
}

/// A message of a topic as Lambda gets it from SNS.
fn topic(message: &str) -> Value {
    json!({"Records": [{
        "EventVersion": "1.0",
        "EventSubscriptionArn": "arn:aws:sns:us-west-2:123456789012:relay:21be56ed-a058-49f5-8c98-aedd2564c486",
        "EventSource": "aws:sns",
        "Sns": {
            "SignatureVersion": "1",
            "Timestamp": "2026-04-01T12:00:00.000Z",
            "Signature": "tcc6faL2yUC6dgZdmrwh1Y4cGa==",
            "SigningCertUrl": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService.pem",
            "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
            "Message": message,
            "MessageAttributes": {"Test": {"Type": "String", "Value": "TestString"}},
            "Type": "Notification",
            "UnsubscribeUrl": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe",
            "TopicArn": "arn:aws:sns:us-west-2:123456789012:relay",
            "Subject": "TestInvoke",
        },
    }]})
}

fn zurek() -> Value {
    json!({"id": "zurek", "name": "Zurek", "starts": "2026-04-29T18:00:00-07:00"})
}

#[test]
fn a_notice_is_read_with_what_may_be_left_out() {
    let read = notice(&bytes(&a_notice())).unwrap();
    assert_eq!(read.audience, Audience::Subscribers);
    assert_eq!((read.line, read.dry_run), (None, false));
    let mut full = a_notice();
    full["line"] = json!("main");
    full["audience"] = json!({"numbers": ["+16195550110", "+16195550111", "+16195550110"]});
    full["not_before"] = json!("2026-05-01T08:00:00-07:00");
    full["expires"] = json!("2026-05-02T22:00:00-07:00");
    full["subject"] = Value::Null;
    full["dry_run"] = json!(true);
    let read = notice(&bytes(&full)).unwrap();
    let Audience::Numbers(numbers) = &read.audience else {
        panic!("{:?}", read.audience);
    };
    assert_eq!(numbers.len(), 2, "each number once");
    assert_eq!(read.not_before, "2026-05-01T15:00:00Z".parse().ok());
    assert!(read.dry_run && read.subject.is_none());
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_path() {
    let wrong = json!({
        "template": 7, "data": [], "audience": {"numbers": ["+16195550110", "6195550111", 7]},
        "not_before": "tomorrow", "idempotency_key": "two words", "colour": "red", "dry_run": "no",
    });
    let refused = notice(&bytes(&wrong)).unwrap_err();
    assert_eq!(refused.because, Because::WrongFields);
    assert_eq!(
        paths(&refused),
        [
            "topic",
            "template",
            "data",
            "audience.numbers[1]",
            "audience.numbers[2]",
            "not_before",
            "idempotency_key",
            "dry_run",
            "colour",
        ]
    );
    let says = |path: &str| {
        let field = refused.fields.iter().find(|field| field.path == path);
        field.unwrap().problem.as_str()
    };
    assert!(says("topic").starts_with("is missing; write text"));
    assert!(says("not_before").contains("2026-04-29T18:00:00-07:00"));
    assert!(
        says("colour").contains("topic, template"),
        "{}",
        says("colour")
    );
    let all = format!("{refused:?} {refused}");
    assert!(
        !all.contains("6195550111") && !all.contains("two words"),
        "{all}"
    );
}

#[test]
fn an_audience_is_neither_empty_nor_beyond_counting() {
    let numbers = |count: u32| {
        let mut notice = a_notice();
        let numbers = (0..count).map(|n| format!("+1619555{n:04}"));
        notice["audience"] = json!({"numbers": numbers.collect::<Vec<_>>()});
        notice
    };
    assert!(notice(&bytes(&numbers(500))).is_ok());
    for count in [0, 501] {
        let refused = notice(&bytes(&numbers(count))).unwrap_err();
        assert_eq!(paths(&refused), ["audience.numbers"], "{count}");
    }
    for wrong in [json!("everybody"), json!([]), json!({"topic": "events"})] {
        let mut notice = a_notice();
        notice["audience"] = wrong;
        let refused = super::notice(&bytes(&notice)).unwrap_err();
        assert!(paths(&refused)[0].starts_with("audience"), "{refused}");
    }
}

#[test]
fn a_notice_ends_after_it_begins() {
    let mut wrong = a_notice();
    wrong["not_before"] = json!("2026-05-02T08:00:00-07:00");
    wrong["expires"] = json!("2026-05-02T15:00:00Z");
    let refused = notice(&bytes(&wrong)).unwrap_err();
    assert_eq!(refused.to_string(), "expires must be after not_before");
}

#[test]
fn the_digest_tells_requests_apart_and_not_ways_to_write_one() {
    let digest = |value: &Value| notice(&bytes(value)).unwrap().digest();
    let plain = digest(&a_notice());
    let spaced = serde_json::to_vec_pretty(&a_notice()).unwrap();
    assert_eq!(notice(&spaced).unwrap().digest(), plain);
    let mut same = a_notice();
    same["audience"] = json!("subscribers");
    same["dry_run"] = json!(true);
    same["line"] = Value::Null;
    assert_eq!(digest(&same), plain);
    let mut other = a_notice();
    other["data"]["what"] = json!("the shop");
    assert_ne!(digest(&other), plain);
}

#[test]
fn an_invitation_is_read_and_its_template_gets_its_values() {
    let mut asked = an_invitation();
    asked["starts"] = json!("2026-04-29T18:00:00-07:00");
    asked["data"] = json!({"meet": "at the gate", "link": "https://elsewhere.example.com"});
    let read = invitation(&bytes(&asked)).unwrap();
    assert_eq!(read.starts, When::parse("2026-04-30T01:00:00Z"));
    let values = Value::from(read.values());
    assert_eq!(values["meet"], "at the gate");
    assert_eq!(values["link"], "https://crew.example.com/i/7Jx2", "its own");
}

#[test]
fn a_link_is_one_that_a_phone_opens() {
    for link in [
        "crew.example.com/i",
        "ftp://crew.example.com",
        "https://",
        "https:///i",
        "https://a b",
        "https://ñ.example.com",
        "javascript:alert(1)",
        "",
    ] {
        let mut wrong = an_invitation();
        wrong["link"] = json!(link);
        let refused = invitation(&bytes(&wrong)).unwrap_err();
        assert_eq!(paths(&refused), ["link"], "{link}");
    }
}

#[test]
fn each_type_of_detail_becomes_its_request() {
    for (detail_type, template) in [
        ("Event Published", "event_published"),
        ("Event Changed", "event_changed"),
        ("Event Cancelled", "event_cancelled"),
    ] {
        let mut detail = zurek();
        detail["seats"] = json!(40);
        let (service, requests) = invoked(&bytes(&bus(detail_type, detail.clone()))).unwrap();
        assert_eq!(service, Some(Source::EventBridge));
        let [Request::Notice(notice)] = &requests[..] else {
            panic!("{requests:?}");
        };
        assert_eq!(notice.template, template);
        assert_eq!(
            (notice.topic.as_str(), notice.subject.as_deref()),
            ("events", Some("zurek"))
        );
        assert_eq!(
            notice.idempotency_key,
            "17793124-05d4-b198-2fde-7ededc63b103"
        );
        assert_eq!(
            Value::from(notice.data.clone()),
            detail,
            "added fields are the template's"
        );
    }
    let window = json!({"id": "w", "what": "the page", "starts": "2026-05-02", "topic": "it"});
    let (_, requests) = invoked(&bytes(&bus("Maintenance Scheduled", window))).unwrap();
    let [Request::Notice(notice)] = &requests[..] else {
        panic!("{requests:?}");
    };
    assert_eq!(
        (notice.topic.as_str(), notice.template.as_str()),
        ("it", "maintenance_scheduled")
    );
    let mut crew = an_invitation();
    crew["idempotency_key"].take();
    crew["id"] = json!("a-17");
    crew["shift"] = json!("late");
    let (_, requests) = invoked(&bytes(&bus("Crew Assigned", crew))).unwrap();
    let [Request::Invitation(invitation)] = &requests[..] else {
        panic!("{requests:?}");
    };
    assert_eq!(invitation.name, "Sam");
    assert_eq!(invitation.values()["shift"], "late");
}

#[test]
fn another_type_of_detail_is_answered_with_the_ones_there_are() {
    // The example of AWS's user guide for the structure of events.
    let mut event = bus(
        "EC2 Instance State-change Notification",
        json!({"instance-id": "i-1234567890abcdef0", "state": "terminated"}),
    );
    event["source"] = json!("aws.ec2");
    event["resources"] = json!(["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"]);
    let refused = invoked(&bytes(&event)).unwrap_err();
    assert_eq!(paths(&refused), ["detail-type"]);
    for (known, _) in DETAIL_TYPES {
        assert!(refused.detail.contains(known), "{refused}");
    }
}

#[test]
fn a_wrong_field_of_a_detail_is_named_from_the_top() {
    let detail = json!({"id": "zurek", "starts": "Wednesday", "url": "events.example.com"});
    let refused = invoked(&bytes(&bus("Event Published", detail))).unwrap_err();
    assert_eq!(
        paths(&refused),
        ["detail.name", "detail.starts", "detail.url"]
    );
    let refused = invoked(&bytes(&bus("Event Published", json!("Zurek")))).unwrap_err();
    assert_eq!(paths(&refused), ["detail"]);
    let mut event = bus("Event Published", zurek());
    event.as_object_mut().unwrap().remove("id");
    let refused = invoked(&bytes(&event)).unwrap_err();
    assert_eq!(paths(&refused), ["id"]);
}

#[test]
fn a_message_of_sns_has_its_own_id_for_a_key() {
    let mut asked = a_notice();
    asked.as_object_mut().unwrap().remove("idempotency_key");
    let message = json!({"notice": asked}).to_string();
    let (service, requests) = invoked(&bytes(&topic(&message))).unwrap();
    assert_eq!(service, Some(Source::Sns));
    let [Request::Notice(notice)] = &requests[..] else {
        panic!("{requests:?}");
    };
    assert_eq!(
        notice.idempotency_key,
        "95df01b4-ee98-5cb9-9903-4c221d41eb5e"
    );
    let message = bus("Event Published", zurek()).to_string();
    let (service, requests) = invoked(&bytes(&topic(&message))).unwrap();
    assert_eq!((service, requests.len()), (Some(Source::Sns), 1));
    let short = json!({"detail-type": "Event Published", "detail": zurek()}).to_string();
    let (_, requests) = invoked(&bytes(&topic(&short))).unwrap();
    let [Request::Notice(notice)] = &requests[..] else {
        panic!("{requests:?}");
    };
    assert_eq!(
        notice.idempotency_key,
        "95df01b4-ee98-5cb9-9903-4c221d41eb5e"
    );
}

#[test]
fn a_message_of_sns_that_is_something_else_is_named_with_its_place() {
    let refused = invoked(&bytes(&topic("Hello from SNS!"))).unwrap_err();
    assert_eq!(paths(&refused), ["Records[0].Sns.Message"]);
    let refused = invoked(&bytes(&topic(r#"{"notice": {}}"#))).unwrap_err();
    assert_eq!(paths(&refused)[0], "Records[0].Sns.Message.notice.topic");
    let mut two = topic(&json!({"invitation": an_invitation()}).to_string());
    let broken = topic("{}")["Records"][0].clone();
    two["Records"].as_array_mut().unwrap().push(broken);
    let refused = invoked(&bytes(&two)).unwrap_err();
    assert_eq!(
        paths(&refused),
        ["Records[1].Sns.Message"],
        "one is refused, all are"
    );
    let refused = invoked(br#"{"Records": []}"#).unwrap_err();
    assert_eq!(paths(&refused), ["Records"]);
}

#[test]
fn a_direct_invocation_names_what_it_asks_for() {
    let (service, requests) = invoked(&bytes(&json!({"notice": a_notice()}))).unwrap();
    assert!(service.is_none() && matches!(requests[..], [Request::Notice(_)]));
    let (_, requests) = invoked(&bytes(&json!({"invitation": an_invitation()}))).unwrap();
    assert!(matches!(requests[..], [Request::Invitation(_)]));
    let (_, requests) = invoked(&bytes(&a_notice())).unwrap();
    assert!(matches!(requests[..], [Request::Notice(_)]));
    let (_, requests) = invoked(br#"{"show": "no-1"}"#).unwrap();
    assert_eq!(requests, [Request::Show("no-1".to_owned())]);
    let (_, requests) = invoked(br#"{"cancel": "no-1"}"#).unwrap();
    assert_eq!(requests, [Request::Cancel("no-1".to_owned())]);
    assert_eq!(
        paths(&invoked(br#"{"cancel": 1}"#).unwrap_err()),
        ["cancel"]
    );
    for wrong in [
        json!([]),
        json!("notice"),
        json!({}),
        json!({"data": {}}),
        json!({"notice": a_notice(), "invitation": an_invitation()}),
        json!({"notice": a_notice(), "more": 1}),
    ] {
        let refused = invoked(&bytes(&wrong)).unwrap_err();
        assert_eq!(paths(&refused), [""], "{wrong}");
    }
    let refused = invoked(&bytes(&json!({"notice": {"topic": ""}}))).unwrap_err();
    assert_eq!(
        paths(&refused),
        ["notice.topic", "notice.template", "notice.idempotency_key"]
    );
}

#[test]
fn what_is_no_json_or_too_large_is_refused_before_it_is_understood() {
    let because = |body: &[u8]| notice(body).unwrap_err().because;
    assert_eq!(because(b""), Because::NotJson);
    assert_eq!(because(b"{\"topic\": "), Because::NotJson);
    assert_eq!(because(b"\xff"), Because::NotJson);
    assert_eq!(because(&b"[".repeat(5000)), Because::NotJson);
    assert_eq!(because(&b" ".repeat(MOST_BYTES + 1)), Because::TooLarge);
    let mut large = bytes(&a_notice());
    large.resize(MOST_BYTES, b' ');
    assert!(notice(&large).is_ok());
    let secret = notice(br#"{"topic": hunter2}"#).unwrap_err();
    assert!(!format!("{secret:?}").contains("hunter2"));
}

#[test]
fn an_empty_text_in_an_optional_field_is_none() {
    for empty in ["", " "] {
        let event = json!({
            "detail-type": "Event Published", "id": "e-1",
            "detail": {
                "id": "zurek", "name": "Zurek", "starts": "2027-04-29", "ends": empty, "place": empty,
                "url": empty, "topic": empty, "line": empty,
            },
        });
        let (_, requests) = invoked(event.to_string().as_bytes()).unwrap();
        let [Request::Notice(notice)] = &requests[..] else {
            panic!("one notice");
        };
        assert_eq!((notice.topic.as_str(), &notice.line), ("events", &None));
        let notice = json!({
            "topic": "events", "template": "event_published", "idempotency_key": "k",
            "line": empty, "subject": empty, "not_before": empty, "expires": empty,
        });
        let read = NoticeRequest::read(&notice).unwrap();
        assert_eq!(
            (read.line, read.subject, read.not_before, read.expires),
            (None, None, None, None)
        );
        let invitation = json!({
            "name": "Ana", "number": "+16195550121", "link": "https://crew.example.com/i", "event": "Zurek",
            "idempotency_key": "k", "starts": empty, "expires": empty, "subject": empty, "line": empty,
        });
        let read = InvitationRequest::read(&invitation).unwrap();
        assert_eq!(
            (read.starts, read.expires, read.subject),
            (None, None, None)
        );
    }
}

#[test]
fn a_number_has_as_many_digits_as_telephones_in_its_country() {
    let problem = |number: &str| {
        let invitation = json!({
            "name": "Ana", "number": number, "link": "https://crew.example.com/i", "event": "Zurek",
            "idempotency_key": "k",
        });
        InvitationRequest::read(&invitation)
            .map(drop)
            .map_err(|refused| refused.detail)
    };
    for (number, reason) in [
        ("+1619555012", "it has too few digits"),
        ("+161955501211", "it has too many digits"),
        (
            "+4407700900123",
            "it has digits that are dialled in its country alone",
        ),
        (
            "+16191550121",
            "no telephone in its country begins like this",
        ),
        (
            "+2101234567890",
            "no country has the code that it begins with",
        ),
        ("16195550121", "it has no plus sign"),
        (
            "\u{202d}+16195550121\u{202c}",
            "must be a phone number in E.164 form",
        ),
    ] {
        let said = problem(number).unwrap_err();
        assert!(said.contains(reason), "{number}: {said}");
        assert!(!said.contains("0121"), "{said}");
    }
    for number in [
        "+16195550121",
        "+447700900123",
        "+4915123456789",
        "+390612345678",
    ] {
        assert_eq!(problem(number), Ok(()), "{number}");
    }
}
