//! How much memory the functions take. Measured with release binaries, by `make bench-start`.

use super::world::{FUNCTIONS, SERGIO, World, sid};

const MOST: f64 = 16e6;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures release binaries; `make bench-start` runs it"]
async fn a_batch_of_ten_fits_into_16_megabytes() {
    let world = World::with_silent_queue().await;
    for digit in '0'..='9' {
        assert_eq!(
            world.post_text(&sid(digit), "sandbox-auth-token").await,
            200
        );
    }
    let source = world.event_source();
    let mut messages = 0;
    while messages < 10 {
        messages += source.poll(1).await;
    }
    world.receives(SERGIO, 10).await;
    world.settles().await;
    for (function, _) in FUNCTIONS {
        let function = world.function(function);
        let peak = function.peak_memory() as f64;
        println!(
            "{}: {:.1} MB over {} invocations",
            function.name,
            peak / 1e6,
            function.invocations()
        );
        assert!(peak <= MOST, "{} takes {:.1} MB", function.name, peak / 1e6);
    }
}
