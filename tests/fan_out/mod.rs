//! A notice to very many: on one machine, whose worker is cut off at any await of its pages again and
//! again and whose wake-ups get lost. Afterwards every phone is looked at.
//!
//! `make fan-out SUBSCRIBERS=100000` does it with as many, and prints the figures.

mod machine;
mod phones;

use machine::{Machine, Trouble};

use crate::load::number;
use crate::load::report::Table;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn two_thousand_get_a_notice_each_once_whatever_breaks_off() {
    fan_out(2_000, Trouble::of(7)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whoever_dies_in_the_middle_of_page_37_leaves_nobody_out_and_nobody_twice() {
    let trouble = Trouble {
        only_page: Some(36),
        cut_off: 100,
        lost: 0,
        ..Trouble::of(37)
    };
    fan_out(4_050, trouble).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "takes minutes: make fan-out"]
async fn as_many() {
    let seed = number("SEED", 1).into();
    fan_out(number("SUBSCRIBERS", 100_000), Trouble::of(seed)).await;
}

/// What a fan-out may grow by from its first tenth on, in MiB: caches that fill, not recipients. Of
/// 100,000 of these each would have 160 bytes.
const MOST_GROWTH: u64 = 16;

async fn fan_out(subscribers: u32, trouble: Trouble) {
    let machine = Machine::with(subscribers).await;
    let done = machine.send_to_all(trouble).await;

    let mut table = Table::new(&format!(
        "a notice to {subscribers}, with pages that break off"
    ));
    table.row(
        "pages / cut off / lost",
        format!("{} / {} / {}", done.pages, done.cut_off, done.lost),
    );
    let seconds = done.took.as_secs_f64();
    table.row("duration", format!("{seconds:.1} s"));
    table.row(
        "texts a second",
        format!("{:.0}", f64::from(subscribers) / seconds),
    );
    let memory = done.memory.iter().map(|mib| mib.to_string());
    table.row(
        "memory by tenths, MiB",
        memory.collect::<Vec<_>>().join(" "),
    );
    table.row("most memory, MiB", done.most_memory);
    table.print();

    let times = machine.phones.times();
    let missed = times.iter().filter(|times| **times == 0).count();
    let doubled = times.iter().filter(|times| **times > 1).count();
    assert_eq!((missed, doubled), (0, 0), "of {subscribers}");
    let counts = machine.counts().await;
    assert_eq!(counts.total(), u64::from(subscribers));
    assert_eq!(counts.accepted + counts.delivered, u64::from(subscribers));
    assert!(done.cut_off > 0, "nothing broke off");
    if let [first, .., last] = done.memory[..] {
        assert!(last <= first + MOST_GROWTH, "{:?} MiB", done.memory);
    }
}
