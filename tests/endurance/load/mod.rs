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
    burst::run(number("BURST_SECONDS", 20)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "takes ten minutes: make bench-load"]
async fn steady() {
    steady::run(number("RATE", 500), number("SECONDS", 600)).await;
}
