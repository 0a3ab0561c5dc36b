//! What the text says.

use relay::sandbox::Text;

use crate::support::world::{IN_HOURS, World};

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
