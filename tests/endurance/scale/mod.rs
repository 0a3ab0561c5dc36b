//! How many texts a second the deployed relay takes, and what ends it: a simulation by AWS's and Twilio's
//! limits, of what the relay was counted to ask of them. `docs/evidence.md` has the figures and what is assumed.

mod counted;
mod limits;
mod queue;
mod simulation;

use self::counted::{Counted, counted, summary};
use self::limits::{AS_SHIPPED, GROWN, QUOTA_RAISED, Setup, TWILIO_RAISED};
use self::simulation::{Load, Outcome, run};

fn load(lines: u64, rate: f64, seconds: u64) -> Load {
    let flood = 0.0;
    Load {
        lines,
        rate,
        flood,
        seconds,
    }
}

/// Nothing is refused, and nothing piles up.
fn holds(counted: &Counted, setup: Setup, load: Load) -> Outcome {
    let outcome = run(counted, setup, load, 1);
    assert!(outcome.texts as f64 > 0.9 * load.rate * load.seconds as f64);
    assert!(outcome.is_sustained(), "{load:?}: {outcome:?}");
    assert!(outcome.refused.is_empty(), "{load:?}: {outcome:?}");
    assert!(outcome.most_calls <= setup.twilio, "{load:?}: {outcome:?}");
    assert!(outcome.p99_ms() < 1_000, "{load:?}: {outcome:?}");
    outcome
}

/// Twilio takes no more than one text in three seconds for a phone, so what is sent is less by design.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_texts_a_second_to_one_line_are_taken() {
    holds(counted().await, GROWN, load(1, 200.0, 45));
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_texts_a_second_over_ten_thousand_lines_are_taken_and_sent() {
    let (counted, load) = (counted().await, load(10_000, 500.0, 45));
    let outcome = holds(counted, TWILIO_RAISED, load);
    let on_their_way = outcome.acknowledged - outcome.sent - outcome.have_to_wait;
    assert!(on_their_way < 1_500, "{outcome:?}");
}

/// What all customers of a line share would be taken by one after the other, and by one partition.
#[tokio::test(flavor = "multi_thread")]
async fn a_customers_text_writes_no_key_that_all_customers_of_the_line_share() {
    for units in &counted().await.webhook.keys {
        let own = ["{customer}", "{text}", "{digits}", "{shard}"];
        let is_own = own.iter().any(|part| units.key.contains(part));
        // A person's list of conversations has an item for each.
        let is_list = units.key == "conversations#{line}#{person}";
        assert!(units.writes == 0.0 || is_own || is_list, "{units:?}");
    }
}

/// Nearly every text has a reminder, so the sweep has as many to wake as there are texts.
#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_costs_the_sweep_a_tenth_of_a_request_and_no_write() {
    let swept = &counted().await.swept;
    assert!(swept.requests < 0.2 && swept.writes() == 0.0, "{swept:?}");
}

/// Without groups a line's flood would stand before everybody else's texts.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_to_one_line_delays_the_others_hardly() {
    let flooded = Load {
        lines: 1_000,
        rate: 50.0,
        flood: 400.0,
        seconds: 40,
    };
    let setup = Setup {
        worker: 10,
        ..GROWN
    };
    let outcome = run(counted().await, setup, flooded, 1);
    let [flood, others] = [true, false].map(|of_flood| outcome.waited_p99_ms(of_flood));
    assert!(flood > 5_000, "it is no flood: {flood} ms");
    assert!(others < 1_500, "the others wait for {others} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_is_the_same_each_time() {
    let counted = counted().await;
    let of = |seed| {
        let outcome = run(counted, GROWN, load(100, 100.0, 10), seed);
        (outcome.texts, outcome.sent, outcome.p99_ms())
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

/// The highest rate that is sustained, what became of it, and of a little more.
fn sustained(counted: &Counted, setup: Setup, lines: u64) -> (f64, Outcome, Outcome) {
    let at = |rate| run(counted, setup, load(lines, rate, 60), 1);
    let (mut low, mut high) = (1.0, 4_000.0);
    while high > 1.03 * low {
        let middle = f64::sqrt(low * high);
        if at(middle).is_sustained() {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low, at(low), at(high))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long; make scale"]
async fn as_many_as_possible() {
    let counted = counted().await;
    println!("\nCounted on the deployed relay, for one text of a new customer:\n");
    println!(
        "| | requests | one after the other | writes | reads |\n| --- | --- | --- | --- | --- |"
    );
    for (name, step) in summary(counted) {
        let (chain, writes, reads) = (step.chain.len(), step.writes(), step.reads());
        println!(
            "| {name} | {:.1} | {chain} | {writes:.1} | {reads:.1} |",
            step.requests
        );
        for units in &step.keys {
            if !units.key.contains("{text}") && !units.key.contains("{customer}") {
                let (writes, reads) = (units.writes, units.reads);
                println!("|   {} | | | {writes:.1} | {reads:.1} |", units.key);
            }
        }
    }
    println!("\n| | lines | texts a second | sent at once | acknowledged, p99 | ends it |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for setup in [AS_SHIPPED, QUOTA_RAISED, GROWN, TWILIO_RAISED] {
        for lines in [1, 100, 10_000] {
            let (rate, outcome, beyond) = sustained(counted, setup, lines);
            println!(
                "| {} | {lines} | {rate:.0} | {:.0} % | {} ms | {} |",
                setup.name,
                100.0 * outcome.sent as f64 / outcome.acknowledged.max(1) as f64,
                outcome.p99_ms(),
                beyond.ended_by(),
            );
        }
    }
}
