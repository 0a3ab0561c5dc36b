//! What is sent to the notifier: requests, and the envelopes of AWS around them as its documentation
//! shows them.

use relay::domain::delivery::source::Source;
use relay::domain::request::{Request, invoked};
use serde_json::{Value, json};

pub fn notice() -> Value {
    json!({
        "topic": "maintenance",
        "template": "maintenance_scheduled",
        "data": {"what": "Boat lift", "starts": "2027-05-08T08:00:00-07:00"},
        "idempotency_key": "lift-2027-05",
    })
}

pub fn invitation() -> Value {
    json!({
        "name": "Ana",
        "number": "+16195550121",
        "link": "https://crew.example.com/i/7Jx2",
        "event": "Zurek",
        "idempotency_key": "zurek-ana",
    })
}

/// The details of the bus's events.
pub fn event() -> Value {
    json!({"id": "zurek", "name": "Zurek", "starts": "2027-04-29T18:00:00-07:00"})
}

pub fn maintenance() -> Value {
    json!({"id": "lift-2027-05", "what": "Boat lift", "starts": "2027-05-08T08:00:00-07:00"})
}

pub fn crew() -> Value {
    json!({
        "id": "zurek-ana",
        "name": "Ana",
        "number": "+16195550121",
        "event": "Zurek",
        "link": "https://crew.example.com/i/7Jx2",
    })
}

const EVENT_ID: &str = "7bf73129-1428-4cd3-a780-95db273d1602";
const MESSAGE_ID: &str = "95df01b4-ee98-5cb9-9903-4c221d41eb5e";

/// An event as EventBridge brings it to a target.
///
/// Source: AWS, Amazon EventBridge User Guide, "Events: event structure".
pub fn bus(detail_type: &str, detail: &Value) -> Value {
    json!({
        "version": "0",
        "id": EVENT_ID,
        "detail-type": detail_type,
        "source": "events",
        "account": "123456789012",
        "time": "2027-04-01T21:29:54Z",
        "region": "us-west-2",
        "resources": [],
        "detail": detail,
    })
}

/// Source: AWS, Amazon EC2 User Guide, "State change events for Amazon EC2 instances".
fn of_ec2() -> Value {
    let mut event = bus(
        "EC2 Instance State-change Notification",
        &json!({"instance-id": "i-1234567890abcdef0", "state": "pending"}),
    );
    event["source"] = json!("aws.ec2");
    event["resources"] = json!(["arn:aws:ec2:us-west-2:123456789012:instance/i-1234567890abcdef0"]);
    event
}

/// What SNS brings to a function.
///
/// Source: AWS, Lambda Developer Guide, "Invoking Lambda functions with Amazon SNS notifications".
pub fn sns(message: &str) -> Value {
    json!({
        "Records": [{
            "EventVersion": "1.0",
            "EventSubscriptionArn": "arn:aws:sns:us-west-2:123456789012:relay:21be56ed-a058-49f5-8c98-aedd2564c486",
            "EventSource": "aws:sns",
            "Sns": {
                "SignatureVersion": "1",
                "Timestamp": "2027-04-01T12:45:07.000Z",
                "Signature": "tcc6faL2yUC6dgZdmrwh1Y4cGa==",
                "SigningCertUrl": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService.pem",
                "MessageId": MESSAGE_ID,
                "Message": message,
                "MessageAttributes": {
                    "Test": {"Type": "String", "Value": "TestString"},
                    "TestBinary": {"Type": "Binary", "Value": "TestBinary"},
                },
                "Type": "Notification",
                "UnsubscribeUrl": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe",
                "TopicArn": "arn:aws:sns:us-west-2:123456789012:relay",
                "Subject": "TestInvoke",
            },
        }],
    })
}

/// What SNS brings to a queue.
///
/// Source: AWS, Amazon SNS Developer Guide, "Parsing Amazon SNS message formats: HTTP/HTTPS notification
/// JSON format"; it has the capitals of `SigningCertURL`, and no subject if none was given.
pub fn sns_to_queue(message: &str) -> Value {
    json!({
        "Type": "Notification",
        "MessageId": MESSAGE_ID,
        "TopicArn": "arn:aws:sns:us-west-2:123456789012:relay",
        "Message": message,
        "Timestamp": "2027-04-01T12:45:07.000Z",
        "SignatureVersion": "1",
        "Signature": "tcc6faL2yUC6dgZdmrwh1Y4cGa==",
        "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService.pem",
        "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe",
        "MessageAttributes": {"Test": {"Type": "String", "Value": "TestString"}},
    })
}

fn read(event: &Value) -> (Option<Source>, Vec<Request>) {
    invoked(event.to_string().as_bytes()).unwrap_or_else(|refused| panic!("{refused}: {event}"))
}

/// The paths of what is wrong.
fn wrong(event: &Value) -> Vec<String> {
    let refused = invoked(event.to_string().as_bytes()).expect_err("refused");
    refused.fields.into_iter().map(|field| field.path).collect()
}

#[track_caller]
fn is_notice(requests: &[Request], key: &str) {
    let [Request::Notice(notice)] = requests else {
        panic!("{requests:?}");
    };
    assert_eq!(notice.idempotency_key, key);
}

#[test]
fn an_event_as_eventbridge_documents_it_is_read() {
    let (service, requests) = read(&bus("Event Published", &event()));
    assert_eq!(service, Some(Source::EventBridge));
    is_notice(&requests, EVENT_ID);
    assert_eq!(wrong(&of_ec2()), ["detail-type"]);
}

#[test]
fn a_message_as_sns_documents_it_is_read() {
    let events = [
        (json!({"notice": notice()}), "lift-2027-05"),
        (notice(), "lift-2027-05"),
        (bus("Event Published", &event()), EVENT_ID),
        (
            json!({"detail-type": "Event Published", "detail": event()}),
            MESSAGE_ID,
        ),
    ];
    for (message, key) in events {
        let (service, requests) = read(&sns(&message.to_string()));
        assert_eq!(service, Some(Source::Sns));
        is_notice(&requests, key);
    }
    let place = ["Records[0].Sns.Message"];
    assert_eq!(wrong(&sns("Hello from SNS!")), place);
    assert_eq!(
        wrong(&sns(&of_ec2().to_string())),
        ["Records[0].Sns.Message.detail-type"]
    );
}
