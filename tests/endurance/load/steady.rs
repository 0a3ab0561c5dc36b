//! A rate that is held, whatever Twilio does: texts are posted at their time, not when the one
//! before was answered, and waiting counts from the time at which a text should have been posted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::customer::Customers;
use super::phones::{Endings, settle};
use super::processes::{DISTANCE, Place, Process};
use super::report::{Percentiles, Table};
use super::town::Town;
use super::twilio::Twilio;

/// What the posting saw.
#[derive(Default)]
struct Seen {
    acknowledged: BTreeSet<u32>,
    refused: usize,
    times: Vec<Duration>,
}

pub async fn run(rate: u32, seconds: u32) {
    let town = Arc::new(Town::of(2000));
    let place = Place::of(&town);
    let (sandbox, url) = place.sandbox(DISTANCE);
    let twilio = Arc::new(Twilio::at(&url));
    twilio.connect(&town).await;
    let mut relay = place.start(&url);
    assert!(relay.is_ready(), "{}", place.end_of_log());

    let texts = rate * seconds;
    let trouble = Arc::clone(&twilio);
    let trouble = tokio::spawn(async move { trouble.trouble(rate).await });
    let memory = tokio::spawn(memory(relay.id(), seconds));
    let cpu = (relay.cpu(), sandbox.cpu());
    let began = Instant::now();
    let seen = post(&town, &place, texts, rate).await;
    let took = began.elapsed();
    let cpu = (relay.cpu() - cpu.0) / texts;
    trouble.abort();
    twilio.all_goes_well().await;
    let (start, middle, end, peak) = memory.await.unwrap();

    let database = place.data().join("relay.db");
    let (arrivals, dead) = settle(&database, &town, &twilio, texts).await;
    let settled = began.elapsed() - took;
    let endings = Endings::of(&town, &seen.acknowledged, &arrivals, &dead);
    let reached = seen.acknowledged.len() as f64 / took.as_secs_f64();
    let mut table = Table::new("steady: texts at their time, with faults at Twilio");
    table.row("duration", format!("{:.1} s", took.as_secs_f64()));
    table.row(
        "rate wanted / acknowledged",
        format!("{rate} / {reached:.1} a second"),
    );
    table.row(
        "texts acknowledged / refused",
        format!("{} / {}", seen.acknowledged.len(), seen.refused),
    );
    let percentiles = Percentiles::of(seen.times);
    table.percentiles(&percentiles);
    table.row(
        "processor time a text",
        format!("{} µs, sending and callbacks included", cpu.as_micros()),
    );
    table.row(
        "memory start / middle / end / peak",
        format!("{start:.1} / {middle:.1} / {end:.1} / {peak:.1} MiB"),
    );
    table.row("settled after", format!("{:.1} s", settled.as_secs_f64()));
    table.endings(&endings);
    table.files(&place);
    table.print();
    assert!(endings.are_good(), "{endings:?}");
    assert_eq!(seen.refused, 0, "{}", place.end_of_log());
    relay.stop();
}

/// Posts `texts` at `rate` a second.
async fn post(town: &Arc<Town>, place: &Place, texts: u32, rate: u32) -> Seen {
    let customers = Arc::new(Customers::of(place));
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut posts = JoinSet::new();
    let began = Instant::now();
    for number in 0..texts {
        let at = began + Duration::from_secs_f64(f64::from(number) / f64::from(rate));
        sleep_until(at).await;
        let (town, customers, seen) = (Arc::clone(town), Arc::clone(&customers), Arc::clone(&seen));
        posts.spawn(async move {
            let acknowledged = customers.post(&town.text(number)).await;
            let took = at.elapsed();
            let mut seen = seen.lock().unwrap();
            seen.times.push(took);
            if acknowledged {
                seen.acknowledged.insert(number);
            } else {
                seen.refused += 1;
            }
        });
        while posts.try_join_next().is_some() {}
    }
    posts.join_all().await;
    std::mem::take(&mut *seen.lock().unwrap())
}

/// The relay's memory at the start, in the middle and at the end, and the most of all, in MiB. The
/// start is when it has been at work for a twentieth of the time.
async fn memory(relay: u32, seconds: u32) -> (f64, f64, f64, f64) {
    let mut samples = Vec::new();
    let mut pause = tokio::time::interval(Duration::from_millis(500));
    for _ in 0..2 * seconds {
        pause.tick().await;
        samples.push(Process::memory_of(relay));
    }
    let last = samples.len() - 1;
    let peak = samples.iter().copied().fold(0.0, f64::max);
    (samples[last / 20], samples[last / 2], samples[last], peak)
}
