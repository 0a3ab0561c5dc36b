//! A notice to very many: on the store of one machine, whose workers are cut off at any await of its pages and
//! texts again and again and whose wake-ups get lost, while people opt out. Afterwards every phone
//! is looked at.
//!
//! `make fan-out SUBSCRIBERS=100000` does it with as many, and prints the figures.

mod figures;
mod machine;
mod phones;
mod trouble;

use figures::Figures;
use machine::Machine;
use relay::domain::notice::NoticeState;
use trouble::Trouble;

use crate::endurance::load::number;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn two_thousand_get_a_notice_each_once_whatever_breaks_off() {
    let figures = fan_out(2_000, Trouble::of(7)).await;
    assert!(figures.pages_cut_off > 0 && figures.texts_cut_off > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whoever_dies_in_the_middle_of_page_37_leaves_nobody_out_and_nobody_twice() {
    let figures = fan_out(4_050, Trouble::on_page(36)).await;
    // It claims its time, makes its deliveries, wakes them, and says that it is done; it does not
    // always have to wait for each.
    assert!(figures.pages_cut_off > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "takes minutes: make fan-out"]
async fn as_many() {
    let seed = number("SEED", 1).into();
    let subscribers = number("SUBSCRIBERS", 100_000);
    let figures = fan_out(subscribers.try_into().unwrap(), Trouble::of(seed)).await;
    // Here alone: among other tests the process has their memory, too.
    if let [first, .., last] = figures.memory[..] {
        assert!(last <= first + MOST_GROWTH, "{:?} MiB", figures.memory);
    }
}

/// What a fan-out may grow by from its first tenth on, in MiB: caches that fill, not recipients. Of
/// 100,000 of these each would have 160 bytes.
const MOST_GROWTH: u64 = 16;

async fn fan_out(subscribers: usize, trouble: Trouble) -> Figures {
    let machine = Machine::with(subscribers).await;
    let figures = machine.send_to_all(trouble).await;
    let opted_out = machine.opted_out();
    figures.print(subscribers, opted_out.len());

    let times = machine.phones.times();
    let doubled = times.iter().filter(|times| **times > 1).count();
    let without: Vec<_> = (0..subscribers).filter(|n| times[*n] == 0).collect();
    let missed = without.iter().filter(|n| !opted_out.contains(n)).count();
    assert_eq!((missed, doubled), (0, 0), "of {subscribers}");

    let (notice, counts) = machine.standing().await;
    assert_eq!(notice.state, NoticeState::Sent);
    assert_eq!(counts.total(), subscribers as u64);
    assert_eq!(
        counts.accepted + counts.delivered,
        machine.phones.texts(),
        "{counts:?}"
    );
    assert_eq!(
        counts.opted_out + counts.skipped,
        without.len() as u64,
        "{counts:?}"
    );

    assert!(!without.is_empty(), "nobody opted out in time");
    figures
}
