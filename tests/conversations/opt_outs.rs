//! Who wants no more texts gets none, and nobody misses a text because of that.

use relay::app::ports::audit::Kind;
use relay::app::retry_worker;
use relay::domain::opt_out::{Cause, Change, OptOut};
use relay::domain::phone::PhoneNumber;
use relay::sandbox::{Fault, Number, Text};

use crate::support::world::{IN_HOURS, World, example, instant, minutes, number};

/// Who is on the line's list, and by what.
async fn listed(world: &World) -> Vec<(String, Cause)> {
    let opt_outs = world.relay().store.opt_outs(&world.line.number).await;
    let opt_outs = opt_outs.unwrap().0.into_iter();
    opt_outs
        .map(|(number, opt_out)| (number.expose().to_owned(), opt_out.by))
        .collect()
}

async fn opts_out(world: &World, number: &PhoneNumber) {
    let change = Change {
        number: number.clone(),
        to: Some(OptOut {
            since: instant(IN_HOURS),
            by: Cause::Hand,
        }),
        of_person: true,
    };
    let changed = world
        .relay()
        .store
        .change_opt_out(&world.line.number, &change);
    assert!(changed.await.unwrap());
}

#[tokio::test]
async fn a_customers_stop_and_start_reach_the_person_on_duty_with_what_they_mean() {
    let world = World::at(IN_HOURS).await;
    let sid = world.customer().texts("Stop").await;
    world.customer().receives("unsubscribed");
    let text = world.sergio().receives("Stop");
    assert!(text.contains("call them"), "{text}");
    assert_eq!(
        listed(&world).await,
        [("+16195550107".to_owned(), Cause::Word("STOP".to_owned()))]
    );
    assert!(
        world
            .story(&sid)
            .contains(&"opt_out opted out by the word STOP".to_owned())
    );

    world.customer().texts("STOP").await;
    world.sergio().receives("STOP");
    let sid = world.customer().texts("start").await;
    world.customer().receives("re-subscribed");
    world.sergio().receives("they can get texts again");
    assert_eq!(listed(&world).await, []);
    assert!(
        world
            .story(&sid)
            .contains(&"opt_out gets texts again".to_owned())
    );
    assert!(!world.audit_text().contains("5550107"), "only masked");
}

#[tokio::test]
async fn a_yes_is_an_answer_unless_they_had_opted_out() {
    let world = World::at(IN_HOURS).await;
    world.customer().texts("Yes").await;
    let text = world.sergio().reads();
    assert!(text.ends_with(": Yes"), "{text}");
}

#[tokio::test]
async fn words_of_advanced_opt_out_count_as_twilio_says() {
    let world = World::at(IN_HOURS).await;
    let no_more = Text::new("no mas").field("OptOutType", "STOP");
    world.customer().sends(no_more).await;
    world.sergio().receives("no mas\n(opted out");
    assert_eq!(
        listed(&world).await,
        [("+16195550107".to_owned(), Cause::OptOutType)]
    );
    let help = Text::new("ayuda").field("OptOutType", "HELP");
    world.customer().sends(help).await;
    let text = world.sergio().reads();
    assert!(text.ends_with(": ayuda"), "{text}");
    let again = Text::new("otra vez").field("OptOutType", "START");
    world.customer().sends(again).await;
    world.sergio().receives("they can get texts again");
    assert_eq!(listed(&world).await, []);
}

#[tokio::test]
async fn a_person_who_writes_stop_is_skipped_until_start() {
    let mut line = example();
    line.policy.alert = Some(number("+16195550112"));
    let world = World::with(line, IN_HOURS).await;
    world.sergio().texts("STOP").await;
    world.sergio().receives("unsubscribed");
    world.sergio().receives_nothing();
    for other in [world.owner(), world.backup()] {
        other.receives("Sergio opted out of texts (STOP). The line qdn cannot text them any more.");
        other.receives_nothing();
    }
    world.sergio().texts("STOP").await;
    world.backup().receives_nothing();

    let sid = world.customer().texts("anyone?").await;
    let text = world.backup().reads();
    assert!(
        text.starts_with("+16195550107"),
        "was theirs at once: {text}"
    );
    let record = world.relay().store.inbound(&sid).await.unwrap().unwrap();
    let reason = record.decision.candidates[0].because.to_string();
    assert!(reason.starts_with("opted out of texts on"), "{reason}");

    world.sergio().texts("START").await;
    world.sergio().receives("re-subscribed");
    world.phone("+18585550108").texts("and now?").await;
    world.sergio().receives("and now?");
}

#[tokio::test]
async fn error_21610_puts_sergio_on_the_list_and_the_text_goes_to_the_backup() {
    let world = World::at(IN_HOURS).await;
    let refused = Fault::Refuse {
        code: 21610,
        status: 400,
    };
    world.sergio().next_request_meets(refused);
    let sid = world.customer().texts("urgent").await;
    world.backup().receives("urgent");
    assert_eq!(
        listed(&world).await,
        [("+16195550110".to_owned(), Cause::Refusal(21610))]
    );
    let kinds: Vec<Kind> = world
        .audit()
        .iter()
        .filter(|record| record.message_sid.as_ref() == Some(&sid))
        .map(|record| record.kind)
        .collect();
    assert!(kinds.contains(&Kind::OptOut), "{kinds:?}");

    world.customer().texts("the next one").await;
    let text = world.backup().receives("the next one");
    assert!(text.starts_with("0107: "), "was theirs at once: {text}");
    world.advance(minutes(2)).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn who_opts_out_while_a_text_waits_is_not_tried_again() {
    let world = World::at(IN_HOURS).await;
    world.sergio().next_request_meets(Fault::TooManyRequests {
        retry_after: Some("30".into()),
    });
    world.customer().texts("hold on").await;
    opts_out(&world, &world.line.people[0].number).await;
    world.advance(minutes(1)).await;
    world.backup().receives("hold on");
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn if_everybody_opted_out_twilio_has_the_last_word_and_the_text_is_a_dead_letter() {
    let world = World::at(IN_HOURS).await;
    for person in &world.line.people {
        opts_out(&world, &person.number).await;
    }
    world.backup().next_request_meets(Fault::Refuse {
        code: 21610,
        status: 400,
    });
    let sid = world.customer().texts("anyone?").await;
    world.advance(minutes(2)).await;
    let story = world.story(&sid);
    assert!(
        story.contains(&"outcome refused Backup".to_owned()),
        "{story:?}"
    );
    assert!(
        story.iter().any(|line| line.starts_with("gave_up")),
        "{story:?}"
    );

    world.owner().receives("reached nobody");

    // On Twilio's own list there is nobody.
    world.customer().texts("and now?").await;
    world.backup().receives("and now?");
}

#[tokio::test]
async fn whoever_may_not_be_texted_any_more_is_passed_over() {
    let mut line = World::at(IN_HOURS).await.line.clone();
    line.people[0].number = number("+525550100110");
    let world = World::with(line.clone(), IN_HOURS).await;
    world.sergio().next_request_meets(Fault::TooManyRequests {
        retry_after: Some("30".into()),
    });
    world.customer().texts("hola").await;
    let prefix = relay::domain::phone::Prefix::parse("+1").unwrap();
    line.policy.allowed_prefixes = vec![prefix];
    world.relay().store.put_line(&line).await.unwrap();
    world.advance(minutes(1)).await;
    world.backup().receives("hola");
    world.sergio().receives_nothing();

    // Whoever writes from there is heard all the same.
    world.phone("+525550100107").texts("me too").await;
    world.backup().receives("+525550100107");
}

#[tokio::test]
async fn the_account_of_the_sandbox_can_use_advanced_opt_out() {
    let world = World::at(IN_HOURS).await;
    let setup = Number {
        sms_url: Some(format!("{}/twilio/sms", world.line.public_url)),
        advanced_opt_out: true,
        ..Number::default()
    };
    world.sandbox.set_number(world.line.number.clone(), setup);
    world.customer().texts("STOP").await;
    world.customer().receives("unsubscribed");
    world.sergio().receives("opted out");
    assert_eq!(
        listed(&world).await,
        [("+16195550107".to_owned(), Cause::OptOutType)]
    );
    assert_eq!(retry_worker::sweep(world.relay()).await.unwrap(), 0);
}
