//! The sandbox's list of a day, as the relay's own client reads it.

use std::time::Duration;

use http::Method;
use jiff::civil::date;
use relay::domain::reconciliation::{Message, Way};
use relay::sandbox::Text;
use relay::twilio::client::{DayPage, Listing};

use super::{CUSTOMER, LINE, SERGIO, World, accepted, answer, number, world};

impl World {
    async fn on_monday(&self, listing: Listing) -> DayPage {
        let (line, monday) = (number(LINE), date(2026, 1, 5));
        let client = &self.client;
        let page = client.messages_on(&self.account, &line, listing, monday);
        page.await.unwrap()
    }
}

fn ways(messages: &[Message]) -> Vec<(Way, &str)> {
    let ways = messages.iter();
    ways.map(|m| (m.way, m.other.expose())).collect()
}

#[tokio::test]
async fn a_day_has_what_came_in_what_was_sent_and_what_twilio_answered() {
    let world = world();
    world.texts(CUSTOMER, Text::new("hi"));
    accepted(world.sends(SERGIO, "hi").await);
    world.texts(CUSTOMER, Text::new("STOP"));
    world.all_webhooks();
    world.clock.advance(Duration::from_secs(24 * 3600));
    world.texts(CUSTOMER, Text::new("on Tuesday"));

    let sent = world.on_monday(Listing::From).await;
    let expected = [(Way::Reply, CUSTOMER), (Way::Out, SERGIO)];
    assert_eq!(ways(&sent.messages), expected);
    let received = world.on_monday(Listing::To).await;
    assert_eq!(ways(&received.messages), [(Way::In, CUSTOMER); 2]);
    assert!(sent.next.is_none() && received.next.is_none());
}

#[tokio::test]
async fn a_day_of_more_than_a_thousand_messages_goes_on_on_the_next_page() {
    let world = world();
    for n in 0..1001 {
        world.texts(CUSTOMER, Text::new(n.to_string()));
    }
    let first = world.on_monday(Listing::To).await;
    assert_eq!(first.messages.len(), 1000);
    let next = first.next.expect("there is more");
    world.texts(CUSTOMER, Text::new("meanwhile"));
    let second = world.client.messages_at(&world.account, &next).await;
    let second = second.unwrap();
    assert_eq!(second.messages.len(), 1, "a new text moves nothing");
    assert!(second.next.is_none());
}

#[tokio::test]
async fn a_text_that_came_in_is_fetched_with_its_attachments() {
    let world = world();
    let pictures = [
        "https://media.example.com/a.png",
        "https://media.example.com/b.gif",
    ];
    let text = Text::new("look").media(pictures.map(str::to_owned).to_vec());
    let sid = world.texts(CUSTOMER, text);
    let received = world.client.received(&world.account, &sid).await;
    let received = received
        .unwrap()
        .expect("there is such a text")
        .into_inner();
    assert_eq!((received.sid, received.body.as_str()), (sid, "look"));
    assert_eq!(received.from.expose(), CUSTOMER);
    assert_eq!(received.to, number(LINE));
    let types: Vec<_> = received
        .media
        .iter()
        .map(|m| m.content_type.as_str())
        .collect();
    assert_eq!(types, ["image/png", "image/gif"]);

    // The addresses lead to the files, and with `.json` to what they are.
    for media in &received.media {
        let path = media.url.rsplit_once(&world.account.account_sid).unwrap().1;
        let response = answer(world.rest(Method::GET, path, &[]));
        assert_eq!(response.status(), 307);
        let file = response.headers()["location"].to_str().unwrap();
        assert!(file.starts_with("https://mms.twiliocdn.com/"), "{file}");
        let (status, described) = world.json(Method::GET, &format!("{path}.json"), &[]);
        assert_eq!(
            (status, &described["content_type"]),
            (200, &media.content_type.clone().into())
        );
    }
}

#[tokio::test]
async fn what_did_not_come_in_is_not_fetched_as_a_text() {
    let world = world();
    let sent = accepted(world.sends(SERGIO, "hi").await);
    world.all_webhooks();
    assert!(
        world
            .client
            .received(&world.account, &sent)
            .await
            .unwrap()
            .is_none()
    );
    let unknown =
        relay::domain::ids::message_sid::MessageSid::parse(&("SM".to_owned() + &"0".repeat(32)))
            .unwrap();
    assert!(
        world
            .client
            .received(&world.account, &unknown)
            .await
            .unwrap()
            .is_none()
    );
}
