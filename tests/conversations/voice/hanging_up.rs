//! The caller hangs up at each moment: people are told of it once, or it was nothing.

use relay::sandbox::Act;

use super::*;

/// When the caller hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Before the relay has answered.
    AtOnce,
    FirstRings,
    /// While the first person hears who calls.
    Asked,
    Talking,
    BackupRings,
    Greeting,
    AtTheTone,
    Speaking,
    Thanked,
}

const ALL: [When; 9] = [
    When::AtOnce,
    When::FirstRings,
    When::Asked,
    When::Talking,
    When::BackupRings,
    When::Greeting,
    When::AtTheTone,
    When::Speaking,
    When::Thanked,
];

async fn hangs_up(world: &World, when: When) -> Call<'_> {
    let call = world.customer().calls().await;
    if when == When::AtOnce {
        call.hangs_up().await;
        return call;
    }
    world.advance(seconds(6)).await;
    match when {
        When::AtOnce | When::FirstRings => {}
        When::Asked => world.sergio().answers().await,
        When::Talking => {
            world.sergio().takes_the_call().await;
            world.advance(seconds(90)).await;
        }
        When::BackupRings => {
            world.sergio().declines().await;
            world.advance(seconds(4)).await;
            assert!(world.backup().rings());
        }
        _ => {
            world.sergio().declines().await;
            world.advance(seconds(1)).await;
            world.backup().declines().await;
            world.advance(seconds(2)).await;
            assert!(call.heard().starts_with(GREETING));
            if when != When::Greeting {
                call.until_the_tone().await;
            }
            if matches!(when, When::Speaking | When::Thanked) {
                call.says(11.0).await;
                world.advance(seconds(11)).await;
            }
            if when == When::Thanked {
                call.presses("#").await;
                assert_eq!(call.heard(), format!("{GREETING} {THANKS}"));
            }
        }
    }
    assert!(call.goes_on(), "{when:?}");
    call.hangs_up().await;
    call
}

/// The text about it, and how the call ended.
fn expected(when: When) -> (Option<&'static str>, Outcome) {
    match when {
        When::AtOnce => (None, missed(MissedAt::Ringing)),
        When::FirstRings | When::Asked => (
            Some("Missed call 10:00 AM, rang Sergio."),
            missed(MissedAt::Ringing),
        ),
        When::Talking => (
            Some("min with Sergio. A reply here goes to them."),
            Outcome::Spoke {
                person: "Sergio".to_owned(),
                seconds: None,
            },
        ),
        When::BackupRings => (
            Some("Missed call 10:00 AM, rang Sergio and Backup."),
            missed(MissedAt::Ringing),
        ),
        When::Greeting | When::AtTheTone => (
            Some("Missed call 10:00 AM, rang Sergio and Backup, no message."),
            missed(MissedAt::Voicemail),
        ),
        When::Speaking | When::Thanked => (
            Some("Voicemail 0:11, 10:00 AM: https://relay.example.com/v/"),
            Outcome::Voicemail { seconds: 11 },
        ),
    }
}

async fn check(world: &World, when: When) {
    let call = Box::pin(hangs_up(world, when)).await;
    world.advance(seconds(5)).await;
    later(world).await;
    let (told, outcome) = expected(when);
    let mut ended = call.outcome().await;
    if let Outcome::Spoke { seconds, .. } = &mut ended {
        *seconds = None;
    }
    assert_eq!(ended, outcome, "{when:?}");
    if let Some(told) = told {
        world.sergio().receives(told);
    }
    for phone in [world.sergio(), world.backup(), world.owner()] {
        assert_eq!(phone.reads_all(), [""; 0], "{when:?}");
        assert!(!phone.rings(), "{when:?}");
    }
}

#[tokio::test]
async fn at_each_of_nine_moments_people_hear_of_it_once() {
    for when in ALL {
        Box::pin(check(&world().await, when)).await;
    }
}

#[tokio::test]
async fn also_if_twilio_asks_nothing_after_the_caller_is_gone() {
    for when in ALL {
        let world = world().await;
        world.sandbox.set_unchecked(relay::sandbox::Unchecked {
            no_action_after_hang_up: true,
            dial_bridged_absent: true,
            ..relay::sandbox::Unchecked::default()
        });
        Box::pin(check(&world, when)).await;
    }
}

#[tokio::test]
async fn also_if_the_process_ends_between_any_two_requests() {
    for when in ALL {
        let world = world().await;
        world.restarts_before_each_request();
        Box::pin(check(&world, when)).await;
    }
}

#[tokio::test]
async fn who_hangs_up_at_once_twice_means_it() {
    let world = world().await;
    hangs_up(&world, When::AtOnce).await;
    world.advance(minutes(1)).await;
    world.sergio().receives_nothing();
    hangs_up(&world, When::AtOnce).await;
    later(&world).await;
    world
        .sergio()
        .receives("Missed call 10:01 AM, rang Sergio.");
    world.backup().receives_nothing();
}

#[tokio::test]
async fn a_person_who_presses_1_as_the_caller_hangs_up_talks_with_nobody() {
    let world = world().await;
    let call = world.customer().calls().await;
    world.advance(seconds(6)).await;
    world.sergio().answers().await;
    // Both at the same instant: the relay hears of the key after the caller is gone.
    world
        .sandbox
        .caller_acts(&call.sid, &Act::HangUp)
        .expect("the call goes on");
    world.settle().await;
    assert!(!world.sergio().is_connected());
    later(&world).await;
    assert_eq!(call.outcome().await, missed(MissedAt::Ringing));
    world.sergio().receives("Missed call");
}

#[tokio::test]
async fn the_end_of_a_call_may_be_heard_of_before_the_call() {
    let world = world().await;
    let call = world.customer().calls_unheard();
    call.hangs_up_unheard();
    let requests = world.sandbox.due(relay::clock::Clock::now(&*world.clock));
    let [began, ended] = &requests[..] else {
        panic!("{} requests", requests.len());
    };
    assert_eq!(world.asks_again(ended).await.status(), 204);
    let answer = world.asks_again(began).await;
    assert!(answer.body().contains("<Hangup/>"), "{}", answer.body());
    assert_eq!(call.outcome().await, missed(MissedAt::Ringing));
    assert_eq!(call.rang().await, [""; 0]);
    // Nobody is taken to be in a call.
    let next = world.phone("+16195550108").calls().await;
    assert!(world.sergio().rings());
    next.hangs_up().await;
    later(&world).await;
    assert_eq!(world.sergio().reads_all(), [""; 0]);
}

#[tokio::test]
async fn a_caller_whom_nothing_answered_for_long_is_told_of_though_only_the_end_is_heard() {
    let world = world().await;
    let call = world.customer().calls_unheard();
    world.clock.advance(seconds(7));
    call.hangs_up_unheard();
    let requests = world.sandbox.due(relay::clock::Clock::now(&*world.clock));
    let ended = requests.last().expect("the end is told");
    assert_eq!(world.asks_again(ended).await.status(), 204);
    world.advance(seconds(5)).await;
    world
        .sergio()
        .receives("Missed call 10:00 AM, rang nobody.");
    later(&world).await;
    world.backup().receives_nothing();
}

#[tokio::test]
async fn a_flood_of_missed_calls_of_one_caller_is_two_texts() {
    for withheld in [false, true] {
        let world = world().await;
        for n in 0..5 {
            let call = if withheld {
                world.is_called_by_withheld().await
            } else {
                world.customer().calls().await
            };
            world.advance(seconds(8)).await;
            call.hangs_up().await;
            world.advance(seconds(22)).await;
            let told = world.sergio().reads_all();
            assert_eq!(told.len(), usize::from(n == 0), "{n}: {told:?}");
            let is_first = |text: &String| text.ends_with("Missed call 10:00 AM, rang Sergio.");
            assert!(told.iter().all(is_first), "{told:?}");
        }
        later(&world).await;
        world
            .sergio()
            .receives("4 more missed calls since 10:00 AM, rang Sergio.");
        world.backup().receives_nothing();
        world.owner().receives_nothing();
    }
}

#[tokio::test]
async fn of_a_call_that_is_missed_after_a_talk_people_hear_at_once() {
    let world = world().await;
    for talks in [false, true, false] {
        let call = world.customer().calls().await;
        world.advance(seconds(6)).await;
        if talks {
            world.sergio().takes_the_call().await;
            world.advance(seconds(60)).await;
        }
        call.hangs_up().await;
        world.advance(seconds(10)).await;
        let told = if talks {
            "min with Sergio"
        } else {
            "Missed call"
        };
        world.sergio().receives(told);
    }
    later(&world).await;
    world.sergio().receives_nothing();
}
