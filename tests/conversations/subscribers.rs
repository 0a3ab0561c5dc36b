//! Who joins a topic, who leaves it, and what they hear.

use relay::app::ports::audit::{Kind, Record};
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::routing::Rule;
use relay::domain::subscriber::{How, HowLeft, Subscriber};
use relay::sandbox::{Number, Text};

use crate::support::world::{IN_HOURS, World, example, instant, minutes, number, seconds};

const CUSTOMER: &str = "+16195550107";

async fn on_record(world: &World, from: &str) -> Vec<Subscriber> {
    let (store, from) = (&world.relay().store, number(from));
    let subscriptions = store.subscriptions_of(&world.line.number, &from);
    subscriptions.await.unwrap()
}

/// The topics that the number gets notices of.
async fn gets(world: &World, from: &str) -> Vec<String> {
    let on_record = on_record(world, from).await.into_iter();
    let active = on_record.filter(Subscriber::is_active);
    active.map(|subscriber| subscriber.topic).collect()
}

async fn rule(world: &World, sid: &MessageSid) -> Rule {
    let inbound = world.relay().store.inbound(sid).await.unwrap();
    inbound.expect("a text that was kept").decision.rule
}

fn records(world: &World, kind: Kind) -> Vec<Record> {
    let audit = world.audit().into_iter();
    audit.filter(|record| record.kind == kind).collect()
}

#[tokio::test]
async fn a_keyword_subscribes_and_nobody_else_hears_of_it() {
    let world = World::at(IN_HOURS).await;
    let sid = world.customer().texts("Events!").await;
    world
        .customer()
        .receives("qdn: you now get texts about new events.");
    world.sergio().receives_nothing();
    assert_eq!(rule(&world, &sid).await, Rule::Keyword);
    let [subscriber] = &on_record(&world, CUSTOMER).await[..] else {
        panic!("one subscription");
    };
    assert_eq!(
        (subscriber.topic.as_str(), subscriber.is_active()),
        ("events", true)
    );
    assert_eq!(subscriber.consent.at, instant(IN_HOURS));
    assert_eq!(subscriber.consent.how, How::Keyword(sid.clone()));

    let [record] = &records(&world, Kind::Subscribed)[..] else {
        panic!("one record");
    };
    assert_eq!(record.message_sid.as_ref(), Some(&sid));
    assert_eq!(record.topic.as_deref(), Some("events"));
    assert_eq!(record.outcome.as_deref(), Some("by the keyword"));
    assert!(!world.audit_text().contains("5550107"), "only masked");
}

#[tokio::test]
async fn a_keyword_again_is_answered_and_the_first_consent_stays() {
    let world = World::at(IN_HOURS).await;
    let first = world.customer().texts("EVENTS").await;
    world.customer().receives("you now get");
    world.advance(minutes(60)).await;
    world.customer().texts("events").await;
    world.customer().receives("you now get");
    let consent = on_record(&world, CUSTOMER).await.remove(0).consent;
    assert_eq!(consent.how, How::Keyword(first));
    assert_eq!(records(&world, Kind::Subscribed).len(), 1);
}

#[tokio::test]
async fn the_same_answer_goes_to_a_number_once_an_hour_and_the_rest_is_on_record() {
    let world = World::at(IN_HOURS).await;
    for minute in 0..45 {
        let topic = ["EVENTS", "STOP EVENTS", "MAINTENANCE"][minute % 3];
        world.customer().texts(topic).await;
        world.advance(minutes(1)).await;
    }
    let mut read = world.customer().reads_all();
    read.sort();
    assert_eq!(read.len(), 3, "each of the three once: {read:?}");
    assert_eq!(
        gets(&world, CUSTOMER).await,
        ["maintenance"],
        "heeded all the same"
    );
    let withheld = records(&world, Kind::Withheld);
    assert_eq!(withheld.len(), 42);
    let is_said = |record: &Record| record.outcome.as_deref() == Some("said lately");
    assert!(withheld.iter().all(is_said), "{withheld:?}");
    // Another number hears it, and this one does after the hour.
    world.advance(minutes(20)).await;
    world.phone("+18585550108").texts("EVENTS").await;
    world.phone("+18585550108").receives("you now get");
    world.customer().texts("EVENTS").await;
    world.customer().receives("you now get");
    world.customer().texts("EVENTS").await;
    world.customer().receives_nothing();
}

#[tokio::test]
async fn a_line_whose_day_is_used_up_answers_no_keyword_and_people_go_on() {
    let mut line = example();
    line.policy.most_segments_a_day = 100;
    line.policy.alert = Some(number("+16195550112"));
    let world = World::with(line, IN_HOURS).await;
    for n in 0..120 {
        let phone = world.phone(&format!("+1858555{:04}", 1000 + n));
        phone.texts("EVENTS").await;
        world.advance(seconds(1)).await;
        if n < 100 {
            phone.receives("you now get");
        }
        phone.receives_nothing();
    }
    let told = world.owner().receives("80% of most_segments_a_day (100)");
    assert!(told.contains("until Tue 12:00 AM"), "{told}");
    assert_eq!(records(&world, Kind::Alert).len(), 1);
    let withheld = records(&world, Kind::Withheld);
    assert_eq!(withheld.len(), 20);
    assert_eq!(withheld[0].outcome.as_deref(), Some("used up"));

    world.customer().texts("Is anybody there?").await;
    world.sergio().receives("Is anybody there?");
    world.sergio().texts("I am").await;
    world.customer().receives("I am");
    world.sergio().texts("STATUS").await;
    world.sergio().receives("");

    world.advance(minutes(24 * 60)).await;
    let phone = world.phone("+18585551119");
    phone.texts("EVENTS").await;
    phone.receives("you now get");
}

#[tokio::test]
async fn stop_and_a_topic_leaves_that_one_alone() {
    let world = World::at(IN_HOURS).await;
    for keyword in ["EVENTS", "MAINTENANCE"] {
        world.customer().texts(keyword).await;
        world.customer().receives("you now get");
    }
    let sid = world.customer().texts("Stop events").await;
    world
        .customer()
        .receives("you get no more texts about new events.");
    world.sergio().receives_nothing();
    assert_eq!(rule(&world, &sid).await, Rule::LeftTopic);
    assert_eq!(gets(&world, CUSTOMER).await, ["maintenance"]);
    let events = on_record(&world, CUSTOMER).await.remove(0);
    assert!(matches!(events.consent.how, How::Keyword(_)), "still known");
    assert_eq!(events.left.unwrap().how, HowLeft::Word(sid));
    let [left] = &records(&world, Kind::Left)[..] else {
        panic!("one record");
    };
    assert_eq!(left.topic.as_deref(), Some("events"));

    let opt_outs = world.relay().store.opt_outs(&world.line.number).await;
    assert!(
        opt_outs.unwrap().0.is_empty(),
        "the line's texts still reach them"
    );
    world.customer().texts("Opt out: maintenance").await;
    world.customer().receives("no more texts about");
    assert_eq!(gets(&world, CUSTOMER).await.len(), 0);

    // What a number was told within the hour it is not told again.
    world.advance(minutes(60)).await;
    world.customer().texts("EVENTS").await;
    world
        .customer()
        .receives("you now get texts about new events");
    assert_eq!(gets(&world, CUSTOMER).await, ["events"]);
}

#[tokio::test]
async fn who_never_joined_is_answered_the_same_and_nothing_changes() {
    let world = World::at(IN_HOURS).await;
    world.customer().texts("stop events").await;
    world
        .customer()
        .receives("you get no more texts about new events.");
    assert_eq!(on_record(&world, CUSTOMER).await, []);
    assert_eq!(records(&world, Kind::Left), []);
}

#[tokio::test]
async fn stop_blocks_what_they_subscribed_to_and_start_lifts_that() {
    let world = World::at(IN_HOURS).await;
    world.customer().texts("EVENTS").await;
    world.customer().receives("you now get");
    world.customer().texts("STOP").await;
    world.customer().receives("unsubscribed");
    world.sergio().receives("STOP");
    assert_eq!(
        gets(&world, CUSTOMER).await,
        ["events"],
        "for when they come back"
    );
    let to = number(CUSTOMER);
    let blocked = world.relay().store.for_sending(&world.line.number, &to);
    assert!(blocked.await.unwrap().opt_out.is_some());

    // It is on record, but Twilio would let no answer through, and the relay tries none.
    world.customer().texts("MAINTENANCE").await;
    world.customer().receives_nothing();
    world.sergio().receives_nothing();
    assert_eq!(gets(&world, CUSTOMER).await, ["events", "maintenance"]);
    assert_eq!(records(&world, Kind::Withheld).len(), 1);

    world.customer().texts("START").await;
    world.customer().receives("re-subscribed");
    world.sergio().receives("they can get texts again");
    let lifted = world.relay().store.for_sending(&world.line.number, &to);
    assert!(lifted.await.unwrap().opt_out.is_none());
    assert_eq!(gets(&world, CUSTOMER).await, ["events", "maintenance"]);
}

#[tokio::test]
async fn a_person_of_the_cascade_may_subscribe_too() {
    let world = World::at(IN_HOURS).await;
    world.sergio().texts("events").await;
    world
        .sergio()
        .receives("you now get texts about new events");
    assert_eq!(gets(&world, "+16195550110").await, ["events"]);
    world.sergio().texts("stop events").await;
    world.sergio().receives("you get no more");
    world.backup().receives_nothing();
}

#[tokio::test]
async fn what_is_more_than_the_keyword_is_a_text_like_any_other() {
    let world = World::at(IN_HOURS).await;
    let with_media = Text::new("events").media(vec!["https://api.twilio.com/1.jpg".to_owned()]);
    world.customer().sends(with_media).await;
    world.sergio().receives(": events");
    for body in ["Any events tonight?", "stop it", "event"] {
        world.customer().texts(body).await;
        world.sergio().receives(body);
    }
    world.phone("72975").texts("events").await;
    world
        .sergio()
        .receives("72975 (cannot be answered): events");
    world.customer().receives_nothing();
    assert_eq!(on_record(&world, CUSTOMER).await, []);
}

#[tokio::test]
async fn a_line_without_topics_relays_every_text() {
    let mut line = World::at(IN_HOURS).await.line.clone();
    line.notices.topics.clear();
    let world = World::with(line, IN_HOURS).await;
    for body in ["events", "stop events"] {
        world.customer().texts(body).await;
        world.sergio().receives(body);
    }
}

#[tokio::test]
async fn what_twilio_does_not_take_for_an_opt_out_is_one_if_it_clearly_says_so() {
    for body in [
        "opt out",
        "OPT OUT",
        "STOP ALL",
        "Stop all.",
        "please stop",
        "unsubscribe me",
    ] {
        let world = World::at(IN_HOURS).await;
        world.customer().texts("events").await;
        world.customer().receives("you now get");
        world.customer().texts(body).await;
        world.sergio().receives(&format!("{body}\n(opted out"));
        world.customer().receives_nothing();
        let opt_outs = world.relay().store.opt_outs(&world.line.number).await;
        assert_eq!(opt_outs.unwrap().0.len(), 1, "{body}");
    }
    let world = World::at(IN_HOURS).await;
    world.customer().texts("stop by at 5").await;
    world.sergio().receives("stop by at 5");
    let opt_outs = world.relay().store.opt_outs(&world.line.number).await;
    assert!(opt_outs.unwrap().0.is_empty());
}

#[tokio::test]
async fn what_twilio_takes_for_an_opt_out_is_one() {
    let world = World::at(IN_HOURS).await;
    world.customer().texts("events").await;
    world.customer().receives("you now get");
    let stop = Text::new("stop events").field("OptOutType", "STOP");
    world.customer().sends(stop).await;
    world.sergio().receives("stop events\n(opted out");
    world.advance(minutes(60)).await;
    let opt_in = Text::new("events").field("OptOutType", "START");
    world.customer().sends(opt_in).await;
    world.customer().receives("you now get");
    assert_eq!(gets(&world, CUSTOMER).await, ["events"]);
}

#[tokio::test]
async fn a_repeated_webhook_answers_once() {
    let world = World::at(IN_HOURS).await;
    world.customer().sends(Text::new("events").copies(3)).await;
    world.customer().receives("you now get");
    world.customer().receives_nothing();
    assert_eq!(records(&world, Kind::Subscribed).len(), 1);
}

#[tokio::test]
async fn a_keyword_that_is_found_late_does_not_bring_back_who_has_left_since() {
    let world = World::at(IN_HOURS).await;
    let sunday = jiff::civil::date(2026, 11, 22);
    let store = &world.relay().store;
    store
        .set_reconciled(&world.line.number, sunday)
        .await
        .unwrap();
    let set = |url: Option<String>| {
        let setup = Number {
            sms_url: url,
            ..Number::default()
        };
        world.sandbox.set_number(world.line.number.clone(), setup);
    };
    // No webhook comes of the first.
    set(None);
    let lost = world.customer().texts("EVENTS").await;
    set(Some(format!("{}/twilio/sms", world.line.public_url)));
    world.advance(minutes(5)).await;
    world.customer().texts("EVENTS").await;
    world.customer().receives("you now get");
    world.customer().texts("STOP EVENTS").await;
    world.customer().receives("you get no more");

    world.advance(minutes(18 * 60 + 10)).await;
    relay::app::reconciliation::run(world.relay())
        .await
        .unwrap();
    world.advance(minutes(1)).await;
    assert_eq!(rule(&world, &lost).await, Rule::Keyword, "it was found");
    assert_eq!(gets(&world, CUSTOMER).await.len(), 0);
    world.customer().receives_nothing();
}

/// A line that asks before it subscribes a number to its events.
async fn confirming() -> World {
    let mut line = example();
    line.notices.topics[0].confirm = true;
    World::with(line, IN_HOURS).await
}

#[tokio::test]
async fn where_a_topic_asks_first_a_keyword_alone_subscribes_nobody() {
    let world = confirming().await;
    world.customer().texts("EVENTS").await;
    let question = world
        .customer()
        .receives("do you want texts about new events?");
    assert!(question.contains("Reply YES within a day"), "{question}");
    world.sergio().receives_nothing();
    assert_eq!(gets(&world, CUSTOMER).await.len(), 0);
    assert_eq!(records(&world, Kind::Subscribed), []);
    // Another topic does not ask.
    world.customer().texts("MAINTENANCE").await;
    world.customer().receives("you now get");
    assert_eq!(gets(&world, CUSTOMER).await, ["maintenance"]);

    world.advance(minutes(23 * 60)).await;
    let yes = world.customer().texts("Yes!").await;
    world
        .customer()
        .receives("you now get texts about new events.");
    world.sergio().receives_nothing();
    assert_eq!(rule(&world, &yes).await, Rule::Keyword);
    assert_eq!(gets(&world, CUSTOMER).await, ["events", "maintenance"]);
    let events = on_record(&world, CUSTOMER).await.remove(0);
    assert_eq!(events.consent.how, How::Confirmed(yes));
    assert!(events.consent.at > instant(IN_HOURS) + minutes(22 * 60));
    let record = records(&world, Kind::Subscribed).pop().unwrap();
    assert_eq!(record.outcome.as_deref(), Some("by the keyword and a yes"));
    // A second yes is a text like any other.
    world.customer().texts("YES").await;
    world.backup().reads_all();
    world.sergio().reads_all();
}

#[tokio::test]
async fn a_yes_after_a_day_or_to_nothing_subscribes_nobody() {
    let world = confirming().await;
    world.customer().texts("YES").await;
    world.sergio().receives("YES");
    world.phone("+18585550108").texts("EVENTS").await;
    world.phone("+18585550108").receives("do you want");
    world.advance(minutes(24 * 60)).await;
    world.phone("+18585550108").texts("YES").await;
    world.sergio().receives("YES");
    assert_eq!(gets(&world, "+18585550108").await.len(), 0);
}

#[tokio::test]
async fn a_yes_in_a_conversation_is_the_persons_and_with_the_keyword_it_is_the_topics() {
    let world = confirming().await;
    world.customer().texts("Shall I come at five?").await;
    world.sergio().receives("at five?");
    world.customer().texts("EVENTS").await;
    world.customer().receives("Reply YES EVENTS within a day");
    world.customer().texts("YES").await;
    world.sergio().receives("YES");
    assert_eq!(gets(&world, CUSTOMER).await.len(), 0);
    world.customer().texts("yes events").await;
    world
        .customer()
        .receives("you now get texts about new events.");
    assert_eq!(gets(&world, CUSTOMER).await, ["events"]);
}

#[tokio::test]
async fn who_is_asked_and_says_no_is_not_subscribed_by_a_later_yes() {
    let world = confirming().await;
    world.customer().texts("EVENTS").await;
    world.customer().receives("do you want");
    world.customer().texts("STOP EVENTS").await;
    world.customer().receives("no more texts");
    world.customer().texts("YES").await;
    world.sergio().receives("YES");
    assert_eq!(gets(&world, CUSTOMER).await.len(), 0);
}

#[tokio::test]
async fn a_forged_keyword_changes_nothing_about_who_is_in_or_has_left() {
    let world = confirming().await;
    for (text, answer) in [
        ("EVENTS", "do you want"),
        ("YES", "you now get"),
        ("EVENTS", ""),
        ("STOP EVENTS", "no more texts"),
    ] {
        world.customer().texts(text).await;
        if !answer.is_empty() {
            world.customer().receives(answer);
        }
    }
    let left = on_record(&world, CUSTOMER).await.remove(0);
    world.advance(minutes(61)).await;
    world.customer().texts("EVENTS").await;
    world.customer().receives("do you want");
    let asked = on_record(&world, CUSTOMER).await.remove(0);
    assert_eq!((&asked.consent, &asked.left), (&left.consent, &left.left));
    assert!(!asked.is_active());
}

#[tokio::test]
async fn the_lines_own_people_are_not_asked() {
    let world = confirming().await;
    world.sergio().texts("EVENTS").await;
    world.sergio().receives("you now get");
}
