//! What the text says.

use relay::app::dead_letters;
use relay::domain::ids::DeliveryId;
use relay::sandbox::{Fault, Injection, Requests, Text};

use crate::support::world::{IN_HOURS, World, minutes, seconds};

#[tokio::test]
async fn the_text_says_who_wrote_from_where_and_what() {
    let world = World::at(IN_HOURS).await;
    let text = Text::new("Is it ready?")
        .field("FromCity", "SAN DIEGO")
        .field("FromState", "CA");
    world.customer().sends(text).await;
    let body = world.sergio().reads();
    for part in ["+16195550107", "San Diego", "Is it ready?"] {
        assert!(body.contains(part), "{body}");
    }
}

#[tokio::test]
async fn attachments_come_along() {
    let world = World::at(IN_HOURS).await;
    let urls: Vec<String> = (0..10)
        .map(|n| format!("https://api.twilio.com/media/{n}.jpg"))
        .collect();
    let sid = world
        .customer()
        .sends(Text::new("").media(urls.clone()))
        .await;
    assert!(sid.as_str().starts_with("MM"));
    world.sergio().receives("+16195550107");
    assert_eq!(world.sergio().media(), urls);
}

/// The photo's address of the webhook wants the account's credentials, which Twilio does not have when it
/// fetches what it is to send.
fn photo() -> Text {
    Text::new("Is it this one?").media(vec!["https://media.example.com/boat.jpg".to_owned()])
}

fn no_file_for(times: u32) -> Injection {
    let not_found = Fault::Refuse {
        code: 20404,
        status: 404,
    };
    Injection::of(not_found)
        .on(Requests::FetchFile)
        .times(times)
}

#[tokio::test]
async fn a_photo_that_twilio_does_not_have_yet_is_waited_for() {
    let world = World::at(IN_HOURS).await;
    world.sandbox.inject(no_file_for(1));
    world.customer().sends(photo()).await;
    world.advance(seconds(30)).await;
    world.sergio().receives("Is it this one?");
    assert_eq!(world.sergio().media().len(), 1);
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn the_words_do_not_wait_for_long_for_a_photo_that_never_comes() {
    let unreachable = Injection::of(Fault::LostRequest)
        .on(Requests::FetchFile)
        .times(1000);
    for fault in [no_file_for(1000), unreachable] {
        let world = World::at(IN_HOURS).await;
        world.sandbox.inject(fault);
        world.customer().sends(photo()).await;
        world.advance(minutes(2)).await;
        let text = world.sergio().receives("Is it this one?");
        assert!(
            text.ends_with("\n(1 photo could not be passed on)"),
            "{text}"
        );
        world.sergio().receives_nothing();
        world.backup().receives_nothing();
    }
}

#[tokio::test]
async fn each_send_asks_for_an_address_of_its_own_since_they_end_after_four_hours() {
    let world = World::at(IN_HOURS).await;
    let refused = Fault::Refuse {
        code: 21614,
        status: 400,
    };
    world.sandbox.inject(Injection::of(refused).times(1000));
    let sid = world.customer().sends(photo()).await;
    world.advance(minutes(60 * 5)).await;
    world.sergio().receives_nothing();
    world.sandbox.clear_faults();
    let id = DeliveryId::of_inbound(&sid);
    dead_letters::replay(world.relay(), &id).await.unwrap();
    world.advance(seconds(5)).await;
    world.sergio().receives("Is it this one?");
    assert_eq!(
        world.sergio().media(),
        ["https://media.example.com/boat.jpg"]
    );
}

#[tokio::test]
async fn a_long_text_comes_in_parts_and_in_order() {
    let world = World::at(IN_HOURS).await;
    let long = "All work and no play. ".repeat(72);
    world.customer().texts(long.trim()).await;
    let parts = [world.sergio().reads(), world.sergio().reads()];
    assert!(parts.iter().all(|part| part.chars().count() <= 1600));
    let words = parts.join(" ").matches("All work and no play.").count();
    assert_eq!(words, 72);
    assert!(parts[0].contains("+16195550107"));
}

#[tokio::test]
async fn emoji_arrive_as_they_were_sent() {
    let world = World::at(IN_HOURS).await;
    world.customer().texts("🚤 ready? 👨‍👩‍👧 “soon”").await;
    world.sergio().receives("🚤 ready? 👨‍👩‍👧 “soon”");
}

#[tokio::test]
async fn whoever_cannot_be_answered_is_relayed_all_the_same() {
    let world = World::at(IN_HOURS).await;
    for sender in ["72975", "ACME", "rcs:acme_agent"] {
        world.phone(sender).texts("Your code is 123").await;
        let body = world.sergio().receives("Your code is 123");
        assert!(body.contains(sender), "{body}");
    }
}

#[tokio::test]
async fn whoever_writes_by_rcs_is_the_person_with_that_number() {
    let world = World::at(IN_HOURS).await;
    let by_rcs =
        |words: &str, number: &str| Text::new(words).field("From", format!("rcs:{number}"));
    let customer = world.customer();
    customer.sends(by_rcs("Is it ready?", "+16195550107")).await;
    let text = world.sergio().receives("Is it ready?");
    assert!(
        text.starts_with("+16195550107") && !text.contains("cannot be answered"),
        "{text}"
    );

    // A person's answer by RCS is a person's answer, and reaches the customer's number.
    let sergio = world.line.people[0].number.clone();
    world
        .sergio()
        .sends(by_rcs("Yes, come by.", sergio.expose()))
        .await;
    customer.receives("Yes, come by.");

    // Opt-outs count for all channels of a number.
    customer.sends(by_rcs("STOP", "+16195550107")).await;
    let opt_outs = world
        .relay()
        .store
        .opt_outs(&world.line.number)
        .await
        .unwrap();
    assert_eq!(opt_outs.0.len(), 1);
    customer.receives("unsubscribed");
    world.sergio().receives("STOP");
}
