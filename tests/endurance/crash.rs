//! The relay on one machine is killed at any instant, again and again, while texts come in, people
//! answer and command, and things go wrong at Twilio. Afterwards the phones are looked at.
//!
//! `make crash KILLS=300` does it several hundred times.

mod persons;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use self::persons::{Outcomes, Written, reactions};
use crate::endurance::load::customer::Customers;
use crate::endurance::load::number;
use crate::endurance::load::phones::{Endings, settle};
use crate::endurance::load::processes::Place;
use crate::endurance::load::report::Table;
use crate::endurance::load::town::{SignedText, Town};
use crate::endurance::load::twilio::Twilio;

/// How far away Twilio is, in milliseconds each way: time enough to be killed in.
const DISTANCE: u32 = 10;

/// How long a relay serves at most.
const LONGEST_LIFE: Duration = Duration::from_millis(600);

/// How long those live at most that are killed while they start.
const LONGEST_START: Duration = Duration::from_millis(200);

/// How often is looked whether one serves.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How often Twilio posts a text again that was not acknowledged, with `#rc=3&rp=ct,rt,5xx`.
const RETRIES: usize = 3;

/// How often a person's text is brought again: there are few of them, and one relay or the other takes each.
const PERSONS_RETRIES: usize = 1200;

/// Between two of them.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// How many texts of customers come in for each hundred lines: with what its people write, fewer than
/// twenty a minute for each.
const TEXTS_A_SECOND: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn texts_survive_when_the_relay_is_killed_at_any_instant() {
    kill(number("KILLS", 20), 100, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "takes minutes: make crash"]
async fn as_many() {
    kill(number("KILLS", 300), number("LINES", 300), true).await;
}

/// With `people`, those on duty answer and command.
async fn kill(kills: u32, lines: u32, people: bool) {
    let town = Arc::new(Town::of(lines));
    let place = Place::of(&town);
    let (_sandbox, url) = place.sandbox(DISTANCE);
    let twilio = Arc::new(Twilio::at(&url));
    twilio.connect(&town).await;

    let began = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let rate = TEXTS_A_SECOND * lines / 100;
    let posting = tokio::spawn(post_until(
        Arc::clone(&stop),
        Arc::clone(&town),
        Customers::of(&place),
        rate,
        people,
    ));
    let trouble = Arc::clone(&twilio);
    let trouble = tokio::spawn(async move { trouble.trouble(rate).await });
    let mut killed_early = 0;
    for kill in 0..kills {
        let mut relay = place.start(&url);
        // One of five does not get to serve anything.
        let is_early = kill % 5 == 0;
        let longest = if is_early {
            LONGEST_START
        } else {
            LONGEST_LIFE
        };
        while !is_early && !place.listens() {
            assert!(!relay.has_ended(), "{}", place.end_of_log());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
        assert!(!relay.has_ended(), "{}", place.end_of_log());
        killed_early += u32::from(!place.listens());
        relay.kill();
    }
    stop.store(true, Ordering::SeqCst);
    trouble.abort();
    twilio.all_goes_well().await;
    let mut relay = place.start(&url);
    assert!(relay.is_ready(), "{}", place.end_of_log());
    let (texts, posted) = posting.await.unwrap();
    let acknowledged: BTreeSet<u32> = posted.iter().filter_map(|posted| posted.text).collect();
    let written: Vec<Written> = posted.into_iter().flat_map(|posted| posted.after).collect();
    let took = began.elapsed();

    let database = place.data().join("relay.db");
    let (arrivals, dead) = settle(&database, &town, &twilio, texts).await;
    let endings = Endings::of(&town, &acknowledged, &arrivals, &dead);
    let outcomes = Outcomes::of(&town, &database, &twilio.screens().await, &written);
    let mut table = Table::new("killed at any instant, with faults at Twilio");
    table.row(
        "kills / before it listened",
        format!("{kills} / {killed_early}"),
    );
    table.row("duration", format!("{:.0} s", took.as_secs_f64()));
    table.row(
        "settled after",
        format!("{:.0} s", (began.elapsed() - took).as_secs_f64()),
    );
    table.row(
        "texts / acknowledged",
        format!("{texts} / {}", acknowledged.len()),
    );
    table.endings(&endings);
    table.row("not acknowledged, yet arrived", endings.unacknowledged);
    if people {
        outcomes.rows(&mut table);
    }
    table.print();
    assert!(endings.are_good(), "{endings:?}");
    assert!(outcomes.are_good(), "{outcomes:#?}");
    let are_many = acknowledged.len() > kills as usize && (!people || outcomes.are_many());
    assert!(are_many, "there was hardly anything to lose: {outcomes:?}");
    relay.stop();
}

/// What came of a customer's text and of what was written after it.
struct Posted {
    /// Its number, if it was acknowledged.
    text: Option<u32>,
    after: Vec<Written>,
}

/// Posts texts until it is to stop. Returns how many, and what came of each.
async fn post_until(
    stop: Arc<AtomicBool>,
    town: Arc<Town>,
    customers: Customers,
    rate: u32,
    people: bool,
) -> (u32, Vec<Posted>) {
    let customers = Arc::new(customers);
    let mut pause = tokio::time::interval(Duration::from_secs(1) / rate);
    let mut posts = JoinSet::new();
    let mut texts = 0;
    while !stop.load(Ordering::SeqCst) {
        pause.tick().await;
        let (town, customers, text) = (Arc::clone(&town), Arc::clone(&customers), texts);
        posts.spawn(async move { post(&town, &customers, text, people).await });
        texts += 1;
    }
    (texts, posts.join_all().await)
}

/// A customer's text, and what the person on duty writes once it is acknowledged.
async fn post(town: &Town, customers: &Customers, text: u32, people: bool) -> Posted {
    let is_taken = is_acknowledged(customers, &town.text(text), RETRIES).await;
    let mut after = Vec::new();
    for (kind, signed) in reactions(town, text) {
        // Whoever does not know whether it was taken does not go on.
        if !is_taken || !people || after.iter().any(|w: &Written| !w.acknowledged) {
            break;
        }
        after.push(Written {
            kind,
            after: text,
            acknowledged: is_acknowledged(customers, &signed, PERSONS_RETRIES).await,
            sid: signed.sid,
        });
    }
    Posted {
        text: is_taken.then_some(text),
        after,
    }
}

/// Posts a text until it is acknowledged, at most so often again; whether it was.
async fn is_acknowledged(customers: &Customers, text: &SignedText, retries: usize) -> bool {
    for _ in 0..=retries {
        if customers.post(text).await {
            return true;
        }
        tokio::time::sleep(RETRY_AFTER).await;
    }
    false
}
