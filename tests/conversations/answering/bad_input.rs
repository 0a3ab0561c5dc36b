//! What nobody was thought to write, in the order in which nobody was thought to write it.

use super::*;
use crate::support::world::seconds;

/// Areas whose customers' numbers all end in 5550107.
const AREAS: [&str; 10] = [
    "619", "858", "760", "949", "714", "310", "213", "323", "415", "510",
];

#[tokio::test]
async fn of_ten_customers_whose_numbers_end_alike_each_gets_their_own_answer() {
    let world = World::at(IN_HOURS).await;
    let customers = AREAS.map(|area| world.phone(&format!("+1{area}5550107")));
    for (n, customer) in customers.iter().enumerate() {
        customer.texts(&format!("It is about boat {n}.")).await;
        world.advance(seconds(20)).await;
        let read = world.sergio().receives(&format!("boat {n}."));
        assert!(
            read.starts_with(&format!("+1{}5550107", AREAS[n])),
            "{read}"
        );
    }
    // By what stands in front of their next texts. That may be the end of a later customer's number.
    let mut sent_at_once = 0;
    for (n, customer) in customers.iter().enumerate() {
        customer.texts("Hello?").await;
        world.advance(seconds(20)).await;
        let read = world.sergio().receives(": Hello?");
        let tag = read.split(':').next().unwrap();
        let answer = format!("Boat {n} is ready.");
        world.sergio().texts(&format!("{tag}: {answer}")).await;
        if let [asked] = &world.sergio().reads_all()[..] {
            assert!(asked.starts_with("Who is \"Boat"), "{asked}");
            customer.receives_nothing();
            world.sergio().texts("0").await;
            world.sergio().receives("Dropped");
            let number = format!("+1{}5550107", AREAS[n]);
            world.sergio().texts(&format!("{number}: {answer}")).await;
        } else {
            sent_at_once += 1;
        }
        assert_eq!(customer.reads(), answer);
        world.advance(seconds(20)).await;
    }
    assert!(
        sent_at_once >= 5,
        "only {sent_at_once} were not asked about"
    );
    for customer in &customers {
        customer.receives_nothing();
    }
    later(&world).await;
}

#[tokio::test]
async fn the_answer_to_a_question_that_is_over_reaches_nobody() {
    let world = two_customers().await;
    world.sergio().texts("Yes").await;
    world.sergio().receives("Who is \"Yes\" for? 1 = 0108");
    world.advance(minutes(61)).await;
    world.sergio().receives("Once more: Who is \"Yes\" for?");
    world
        .sergio()
        .receives("Not sent, as you did not say to whom: \"Yes\"");
    for late in ["1", "2."] {
        world.sergio().texts(late).await;
        world.sergio().receives("No question is open any more.");
    }
    ana(&world).receives_nothing();
    ben(&world).receives_nothing();
    // Which says how it is sent all the same.
    world.sergio().texts("0107 Yes").await;
    ana(&world).receives("Yes");
}

#[tokio::test]
async fn two_texts_that_are_to_be_asked_about_go_each_to_its_own_customer() {
    let world = two_customers().await;
    world.sergio().texts("It is ready").await;
    world
        .sergio()
        .receives("Who is \"It is ready\" for? 1 = 0108");
    world.sergio().texts("We have ten litres").await;
    world
        .sergio()
        .receives("This one was not sent. First: Who is \"It is ready\"");
    world.sergio().texts("2").await;
    ana(&world).receives("It is ready");
    world.sergio().texts("We have ten litres").await;
    world
        .sergio()
        .receives("Who is \"We have ten litres\" for? 3 = 0108");
    world.sergio().texts("3").await;
    ben(&world).receives("We have ten litres");
    ana(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn thirty_texts_while_a_question_is_open_reach_nobody_and_the_question_is_still_answered() {
    let world = two_customers().await;
    world.sergio().texts("Yes").await;
    world.sergio().receives("Who is \"Yes\" for?");
    for n in 0..30 {
        world.sergio().texts(&format!("and {n}")).await;
    }
    world.advance(minutes(3)).await;
    let told = world.sergio().reads_all();
    let is_told = |text: &&String| text.starts_with("This one was not sent. First:");
    assert_eq!(told.iter().filter(is_told).count(), told.len(), "{told:?}");
    assert_eq!(told.len(), 30);
    ana(&world).receives_nothing();
    ben(&world).receives_nothing();
    world.sergio().texts("2").await;
    assert_eq!(ana(&world).reads(), "Yes");
    ana(&world).receives_nothing();
    ben(&world).receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn the_customers_of_a_person_who_is_taken_out_are_everybody_elses() {
    let world = two_customers().await;
    let mut line = world.line.clone();
    line.people.remove(0);
    world.relay().store.put_line(&line).await.unwrap();
    // Whoever was a person is a stranger now, who reaches no customer.
    world.sergio().texts("0107 Yes, at five").await;
    world
        .backup()
        .receives("+16195550110 (San Diego, CA): 0107 Yes, at five");
    ana(&world).receives_nothing();
    ana(&world).texts("Hello?").await;
    let read = world
        .backup()
        .receives("+16195550107 (San Diego, CA): Hello?");
    assert!(read.contains("Is the boat ready?"), "{read}");
    world.backup().texts("0107 Yes").await;
    ana(&world).receives("Yes");
    world.sergio().receives_nothing();
    ben(&world).receives_nothing();
}

#[tokio::test]
async fn whatever_a_customers_text_looks_like_it_is_that_customers_words() {
    let world = two_customers().await;
    for words in [
        "#0108 yes",
        "0108: yes",
        "+16195550108: yes",
        "2",
        "AWAY",
        ".back",
        "STATUS",
        "PASS 0108",
        "BLOCK 0108",
        "Liked \u{201c}Yes, at five\u{201d}",
        "Sergio passes +16195550108 to you.",
        "Sent to 0108.",
        "Who is \"Yes\" for? 1 = 0108 Do you have diesel? Text the number, or 0 for nobody.",
        "You are away until 5:00 PM. Texts go to Backup.",
    ] {
        ana(&world).texts(words).await;
        world.advance(seconds(20)).await;
        assert_eq!(world.sergio().reads(), format!("0107: {words}"));
    }
    // Another customer's line cannot be written into one's own.
    ana(&world)
        .texts("Hi\n0108: send me the code\n+16195550108 (San Diego, CA): and now")
        .await;
    let read = world.sergio().receives("0107: Hi");
    let is_others = |line: &str| line.starts_with("0108") || line.starts_with('+');
    assert!(!read.lines().any(is_others), "{read}");
    ben(&world).receives_nothing();
    ana(&world).receives_nothing();
    world.sergio().texts(".who").await;
    world.sergio().receives("Texts go to you");
}

#[tokio::test]
async fn answers_find_their_customers_when_the_clock_jumps() {
    let world = two_customers().await;
    let now = relay::clock::Clock::now(&*world.clock);
    world.clock.set(now - minutes(60));
    // What was read is in the future now.
    world.sergio().texts("0107 yes").await;
    ana(&world).receives("yes");
    world.sergio().texts("We do").await;
    world.sergio().receives("Who is \"We do\" for?");
    ben(&world).receives_nothing();
    world.sergio().texts("0108").await;
    ben(&world).receives("We do");
    // The phone is taken to be busy until the time that it was.
    ana(&world).texts("Thanks").await;
    world.backup().receives("Sergio's phone is busy. ");
    // And a week ahead.
    world.clock.set(now + minutes(7 * 24 * 60));
    world.settle().await;
    ben(&world).texts("And petrol?").await;
    world.sergio().receives("And petrol?");
    world.sergio().texts("That too").await;
    ben(&world).receives("That too");
    ana(&world).receives_nothing();
    world.backup().receives_nothing();
    later(&world).await;
}

#[tokio::test]
async fn an_answer_hours_later_reaches_the_customer() {
    let world = World::at(IN_HOURS).await;
    ana(&world).texts("Is the boat ready?").await;
    world.sergio().receives("Is the boat ready?");
    world.advance(minutes(4 * 60 + 31)).await;
    world.sergio().texts("Yes").await;
    ana(&world).receives("Yes");
    world.sergio().receives_nothing();
}
