//! What a machine writes down of a message: in the text about it, or the text comes without.

use relay::sandbox::{CallFault, CallTrouble, Fault, Injection, TakesCalls};

use super::*;
use crate::support::world::example;

const TOLD: &str = "+16195550107 (San Diego, CA): Voicemail ";

async fn world(fault: Option<CallTrouble>) -> World {
    let mut line = example();
    let voice = line.voice.as_mut().expect("it takes calls");
    voice.voicemail.transcribe = true;
    let world = World::with(line, IN_HOURS).await;
    world.sergio().takes_calls(TakesCalls::Busy);
    world.backup().takes_calls(TakesCalls::Busy);
    if let Some(what) = fault {
        let url = Some("/transcribed".to_owned());
        let url = url.filter(|_| what != CallTrouble::NotTranscribed);
        let fault = Fault::Call(CallFault { what, url });
        world.sandbox.inject(Injection::of(fault));
    }
    world
}

/// The caller speaks for so long and hangs up.
async fn speaks(world: &World, length: u64) {
    let call = world.customer().calls().await;
    call.until_the_tone().await;
    call.says(length as f64).await;
    world.advance(seconds(length)).await;
    if call.goes_on() {
        call.hangs_up().await;
    }
    world.advance(seconds(2)).await;
}

#[tokio::test]
async fn the_text_waits_for_the_words_and_says_that_a_machine_heard_them() {
    let world = world(None).await;
    speaks(&world, 4).await;
    world.sergio().receives_nothing();
    world.advance(seconds(25)).await;
    let told = world.sergio().reads();
    assert!(
        told.starts_with(&format!("{TOLD}0:04, 10:00 AM: https://")),
        "{told}"
    );
    assert!(
        told.ends_with("\nA machine heard: please call me back about the boat please"),
        "{told}"
    );
    later(&world).await;
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_long_message_is_cut_at_320_characters() {
    let world = world(None).await;
    speaks(&world, 100).await;
    later(&world).await;
    let told = world.sergio().reads();
    let (_, heard) = told.split_once("A machine heard: ").expect(&told);
    assert!(
        (310..=320).contains(&heard.chars().count()) && heard.ends_with("..."),
        "{told}"
    );
    world.sergio().receives_nothing();
}

#[tokio::test]
async fn a_message_that_nobody_could_write_down_is_told_at_once_and_a_lost_word_after_two_minutes()
{
    for (fault, waits) in [
        (CallTrouble::NotTranscribed, 25),
        (CallTrouble::LostCallback, 125),
    ] {
        let world = world(Some(fault.clone())).await;
        speaks(&world, 8).await;
        world.advance(seconds(waits - 10)).await;
        world.sergio().receives_nothing();
        world.advance(seconds(15)).await;
        let told = world.sergio().reads();
        assert!(
            told.starts_with(&format!("{TOLD}0:08")),
            "{fault:?}: {told}"
        );
        assert!(!told.contains("A machine heard"), "{told}");
        later(&world).await;
        world.sergio().receives_nothing();
    }
}

#[tokio::test]
async fn words_that_come_twice_are_told_once() {
    let world = world(Some(CallTrouble::RepeatedRequest)).await;
    speaks(&world, 8).await;
    later(&world).await;
    world
        .sergio()
        .receives("A machine heard: please call me back");
    world.sergio().receives_nothing();
}
