//! How much the relay on one machine takes: the `relay` command with its state on a disk, and a
//! sandbox beside it in place of Twilio. `make bench-load` runs this and prints figures.

pub mod burst;
pub mod customer;
pub mod phones;
pub mod processes;
pub mod report;
pub mod steady;
pub mod town;
pub mod twilio;

use self::town::Town;

/// A number from the environment; empty is absent.
pub fn number(name: &str, default: u32) -> u32 {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        _ => default,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "takes its time, and the whole machine: make bench-load"]
async fn burst() {
    let seconds = number("BURST_SECONDS", 20);
    burst::run("2,000 lines", Town::of(2000), seconds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "takes its time, and the whole machine: make bench-load"]
async fn burst_to_one_line() {
    let (seconds, town) = (number("BURST_SECONDS", 20), Town::of_one_line(10_000));
    burst::run("one line, 10,000 customers", town, seconds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "takes ten minutes: make bench-load"]
async fn steady() {
    steady::run(number("RATE", 500), number("SECONDS", 600)).await;
}
