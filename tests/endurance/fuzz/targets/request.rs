//! What programs ask the notifier for, and what the function is invoked with.

use relay::domain::request::{Because, MOST_BYTES, Refused, Request, invitation, invoked, notice};

use super::{Target, bytes};

pub const TARGET: Target = Target {
    name: "request",
    seeds,
    words: &[
        "{\"notice\":",
        "{\"invitation\":",
        "{\"Records\":[{\"Sns\":{\"MessageId\":\"m\",\"Message\":\"",
        "\"detail-type\":\"Event Published\"",
        "\"detail\":{",
        "\"topic\":",
        "\"template\":",
        "\"data\":{",
        "\"audience\":{\"numbers\":[",
        "\"+16195550121\"",
        "\"idempotency_key\":\"k\"",
        "\"starts\":\"2027-04-29T18:00:00-07:00\"",
        "\"2027-04-29\"",
        "\"https://\"",
        "null",
        "\\u0000",
        "\\ud83d",
        ",",
        "}",
    ],
    check,
};

fn seeds() -> Vec<Vec<u8>> {
    bytes([
        r#"{"topic":"events","template":"event_published","data":{"name":"Zurek"},"audience":{"numbers":["+16195550121"]},"subject":"zurek","not_before":"2027-04-29T18:00:00-07:00","idempotency_key":"k","dry_run":true}"#,
        r#"{"name":"Ana","number":"+16195550121","event":"Zurek","starts":"2027-04-29","link":"https://crew.example.com/i/1","idempotency_key":"k"}"#,
        r#"{"version":"0","id":"e-1","detail-type":"Event Published","source":"events","detail":{"id":"zurek","name":"Zurek","starts":"2027-04-29T18:00","seats":40}}"#,
        r#"{"id":"e-2","detail-type":"Crew Assigned","detail":{"id":"a","name":"Ana","number":"+16195550121","event":"Zurek","link":"http://x","expires":"2027-04-29T18:00:00Z"}}"#,
        r#"{"Records":[{"EventSource":"aws:sns","Sns":{"MessageId":"m","Message":"{\"detail-type\":\"Maintenance Scheduled\",\"detail\":{\"id\":\"l\",\"what\":\"Boat lift\",\"starts\":\"2027-05-08\"}}"}}]}"#,
        r#"{"invitation":{"name":"Ana"}}"#,
        r#"{"show":"no-1"}"#,
        r#"{"cancel":"no-1"}"#,
    ])
}

fn check(event: &[u8]) {
    match invoked(event) {
        Ok((_, requests)) => requests.iter().for_each(is_the_same_again),
        Err(refused) => is_said_well(&refused, event),
    }
    for refused in [notice(event).err(), invitation(event).err()]
        .iter()
        .flatten()
    {
        is_said_well(refused, event);
    }
}

/// Whoever asks for the same in other words asks for the same. Not so for the template's values, whose
/// numbers with a point are read as well as they can be; and what the bus brought is news.
fn is_the_same_again(request: &Request) {
    match request.clone() {
        Request::Notice(mut asked) => {
            asked.data.clear();
            asked.is_news = false;
            let again = notice(&serde_json::to_vec(&asked).unwrap()).unwrap();
            assert_eq!((&again, again.digest()), (&asked, asked.digest()));
        }
        Request::Invitation(mut asked) => {
            asked.data.clear();
            let again = invitation(&serde_json::to_vec(&asked).unwrap()).unwrap();
            assert_eq!((&again, again.digest()), (&asked, asked.digest()));
        }
        Request::Show(id) | Request::Cancel(id) => assert!(!id.is_empty()),
    }
}

/// It says what is wrong, and neither steers a terminal nor grows without an end.
fn is_said_well(refused: &Refused, event: &[u8]) {
    assert_eq!(
        refused.because == Because::WrongFields,
        !refused.fields.is_empty()
    );
    if refused.because == Because::TooLarge {
        assert!(event.len() > MOST_BYTES);
    }
    let paths = refused.fields.iter().map(|field| &field.path);
    let problems = refused.fields.iter().map(|field| &field.problem);
    for text in paths.chain(problems).chain([&refused.detail]) {
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(text.len() < 1000, "{text:?}");
    }
    assert!(!refused.detail.is_empty());
}
