//! A person whose mailbox takes the line's calls is told what to do about it.

use relay::sandbox::TakesCalls;

use super::*;

#[tokio::test]
async fn after_three_calls_that_a_mailbox_took_the_person_is_advised_once() {
    let world = world().await;
    world.sergio().takes_calls(TakesCalls::Off);
    for n in 1..=4 {
        let call = world.is_called_by_withheld().await;
        world.advance(seconds(14)).await;
        world.backup().takes_the_call().await;
        world.advance(seconds(20)).await;
        call.hangs_up().await;
        world.advance(minutes(11)).await;
        world.backup().receives("with Backup");
        let advised = world.sergio().reads_all();
        assert_eq!(advised.len(), usize::from(n == 3), "{n}: {advised:?}");
        if n == 3 {
            assert!(
                advised[0].contains("Save +16195550100 as a contact."),
                "{advised:?}"
            );
        }
    }
}
