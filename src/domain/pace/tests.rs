use proptest::prelude::*;

use super::*;

const FOR_EVER: Duration = Duration::MAX;

fn at(milliseconds: u64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + milliseconds as i64).unwrap()
}

/// The slots of those who ask then, one after the other.
fn slots(rate: Rate, asked: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let mut tat = None;
    let slots = asked.into_iter().map(|asked| {
        let claim = claim(tat, at(asked), rate, FOR_EVER).expect("there is time");
        tat = Some(claim.tat);
        (claim.slot.as_millisecond() - at(0).as_millisecond()) as u64
    });
    slots.collect()
}

#[test]
fn a_burst_goes_at_once_and_the_rest_evenly() {
    let slots = slots(PAIR, [0; 13]);
    assert_eq!(slots[..10], [0; 10]);
    assert_eq!(slots[10..], [3000, 6000, 9000]);
}

#[test]
fn who_was_silent_for_a_while_may_burst_again() {
    let rate = Rate::a_minute(2);
    assert_eq!(
        slots(rate, [0, 0, 0, 90_000, 90_000, 90_000]),
        [0, 0, 30_000, 90_000, 90_000, 120_000]
    );
}

#[test]
fn who_has_no_patience_takes_no_slot() {
    let rate = Rate::a_minute(1);
    let first = claim(None, at(0), rate, Duration::ZERO).unwrap();
    let none = claim(Some(first.tat), at(0), rate, Duration::ZERO);
    assert_eq!(none, Err(at(60_000)));
    let minute = Duration::from_secs(60);
    let second = claim(Some(first.tat), at(0), rate, minute).unwrap();
    assert_eq!(second.slot, at(60_000));
}

#[test]
fn a_limit_of_nothing_is_one_a_minute() {
    assert_eq!(Rate::a_minute(0), Rate::a_minute(1));
}

#[test]
fn thirty_replies_within_thirty_seconds_never_come_together() {
    let slots = slots(PAIR, [0; 200]);
    for first in &slots {
        let window = *first..first + 30_000;
        let within = slots.iter().filter(|slot| window.contains(slot)).count();
        assert!(within <= 20, "{within} from {first}");
    }
}

/// A phone's two paces.
#[derive(Default)]
struct Phone {
    pair: Option<Timestamp>,
    urgent: Option<Timestamp>,
}

impl Phone {
    /// The slot of a text that asks then, if it gets one.
    fn slot(&mut self, asked: u64, urgency: Urgency, patience: Duration) -> Option<u64> {
        let lanes = urgency.lanes(patience).into_iter();
        let mut claimed = lanes.filter_map(|lane| {
            let tat = if lane.is_urgent {
                &mut self.urgent
            } else {
                &mut self.pair
            };
            let claim = claim(*tat, at(asked), lane.rate, lane.patience).ok()?;
            *tat = Some(claim.tat);
            Some(claim.slot.duration_since(at(0)).as_millis() as u64)
        });
        claimed.next()
    }
}

#[test]
fn answers_are_not_held_up_by_thousands_of_texts() {
    let mut phone = Phone::default();
    for n in 0..2000 {
        let urgency = [Urgency::First, Urgency::Rest][n % 2];
        phone.slot(0, urgency, FOR_EVER);
    }
    for asked in [0, 0, 10_000, 20_000] {
        let slot = phone.slot(asked, Urgency::Answer, Duration::ZERO);
        assert_eq!(slot, Some(asked));
    }
    assert_eq!(phone.slot(20_000, Urgency::Answer, Duration::ZERO), None);
}

#[test]
fn a_first_text_goes_before_the_rest() {
    let mut phone = Phone::default();
    for _ in 0..2000 {
        phone.slot(0, Urgency::Rest, FOR_EVER);
    }
    let mut first = |asked| phone.slot(asked, Urgency::First, FOR_EVER).unwrap();
    assert_eq!([first(0), first(0)], [0, 10_000]);
    assert!(first(0) > 5_000_000, "as many as that are no exception");
    assert_eq!(first(15_000), 20_000);
}

fn urgency() -> impl Strategy<Value = Urgency> {
    prop::sample::select(vec![Urgency::Answer, Urgency::First, Urgency::Rest])
}

proptest! {
    /// Twilio counts all that goes between two numbers.
    #[test]
    fn all_paces_together_stay_below_what_twilio_allows(
        asked in prop::collection::vec(
            (prop_oneof![3 => Just(0u64), 1 => 0u64..8_000], urgency(), 0u64..200, 1usize..12),
            1..60,
        ),
    ) {
        let (mut phone, mut now, mut slots) = (Phone::default(), 0, Vec::new());
        for (pause, urgency, patience, times) in asked {
            now += pause;
            let patience = Duration::from_secs(patience);
            slots.extend((0..times).filter_map(|_| phone.slot(now, urgency, patience)));
        }
        slots.sort_unstable();
        for (n, first) in slots.iter().enumerate() {
            let within = slots[n..].iter().take_while(|slot| **slot < first + 30_000).count();
            prop_assert!(within <= 27, "{} within 30 seconds", within);
        }
    }

    #[test]
    fn slots_keep_the_order_and_no_window_holds_more_than_the_rate_allows(
        a_minute in 1u32..200,
        at_once in 1u32..40,
        pauses in prop::collection::vec(0u64..20_000, 1..80),
        window in 1u64..120_000,
    ) {
        let rate = Rate { at_once, ..Rate::a_minute(a_minute) };
        let asked: Vec<u64> = pauses
            .iter()
            .scan(0, |now, pause| { *now += pause; Some(*now) })
            .collect();
        let slots = slots(rate, asked.iter().copied());
        prop_assert!(slots.is_sorted());
        prop_assert!(slots.iter().zip(&asked).all(|(slot, asked)| slot >= asked));
        let interval = rate.interval().as_millis() as u64;
        let most = u64::from(at_once) + window.div_ceil(interval);
        for first in &slots {
            let within = slots.iter().filter(|slot| (*first..first + window).contains(slot));
            prop_assert!(within.count() as u64 <= most);
        }
    }

    #[test]
    fn an_even_pace_within_the_rate_never_waits(a_minute in 1u32..200, texts in 1u64..100) {
        let rate = Rate::a_minute(a_minute);
        let interval = rate.interval().as_millis() as u64;
        let asked: Vec<u64> = (0..texts).map(|n| n * interval).collect();
        prop_assert_eq!(slots(rate, asked.iter().copied()), asked);
    }
}
