use super::*;
use crate::domain::conversation::Waits;

fn number(n: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("+1619555{n:04}")).unwrap()
}

fn day(day: i64) -> Timestamp {
    Timestamp::from_second(day * 86_400).unwrap()
}

fn text(n: u32) -> DeliveryId {
    DeliveryId::parse(&format!("in-SM{n:032x}")).unwrap()
}

/// The conversation of this customer, in which a text was last written on that day.
fn conversation(customer: u32, active: i64) -> Conversation {
    Conversation::new(number(customer), &[], day(active))
}

/// A phone on which the numbers 150 and 151 stand for these customers since that day.
fn state(customers: [u32; 2], since: i64) -> PersonState {
    let mut state = PersonState::default();
    for (n, customer) in (150..).zip(customers) {
        state.assign(&number(n), &number(customer), &text(n), day(since));
    }
    state
}

fn pool() -> Vec<PhoneNumber> {
    (150..153).map(number).collect()
}

#[test]
fn a_number_that_stands_for_nobody_comes_first_in_the_order_of_the_configuration() {
    let (pool, nobody) = (pool(), PersonState::default());
    assert_eq!(nobody.idle_longest(&pool, &[], day(0)), Some(&number(150)));
    let state = state([107, 108], 0);
    let free = state.idle_longest(&pool, &[], day(100));
    assert_eq!(free, Some(&number(152)));
    assert_eq!(state.idle_longest(&[], &[], day(100)), None);
}

#[test]
fn the_number_that_was_idle_longest_becomes_anothers_after_seven_days() {
    let (state, pool) = (state([107, 108], 0), &pool()[..2]);
    let conversations = [conversation(107, 3), conversation(108, 2)];
    let free = |now| state.idle_longest(pool, &conversations, now);
    assert_eq!(free(day(9) - Duration::from_secs(1)), None);
    assert_eq!(free(day(9)), Some(&number(151)));
    assert_eq!(free(day(11)), Some(&number(151)));
    // It stands for the conversation since later than the conversation's last text.
    let state = self::state([107, 108], 5);
    assert_eq!(state.idle_longest(pool, &conversations, day(11)), None);
    // A conversation that is forgotten is as good as idle.
    let free = state.idle_longest(pool, &conversations[1..], day(12));
    assert_eq!(free, Some(&number(150)));
}

#[test]
fn the_number_of_a_customer_who_waits_is_nobody_elses() {
    let (state, pool) = (state([107, 108], 0), &pool()[..2]);
    let waits = Conversation {
        waits: Some(Waits::since(day(1))),
        ..conversation(107, 1)
    };
    let conversations = [waits, conversation(108, 200)];
    let free = state.idle_longest(pool, &conversations, day(201));
    assert_eq!(free, None);
    let free = state.idle_longest(pool, &conversations, day(207));
    assert_eq!(free, Some(&number(151)));
}

#[test]
fn a_number_knows_whose_it_is_and_whose_it_was() {
    let mut state = state([107, 108], 0);
    let pool = pool();
    assert_eq!(state.reply_number(&number(108), &pool), Some(&number(151)));
    // It was taken out of the configuration.
    assert_eq!(state.reply_number(&number(108), &pool[..1]), None);
    state.assign(&number(151), &number(109), &text(9), day(20));
    assert_eq!(state.reply_number(&number(108), &pool), None);
    let known = state.on(&number(151)).unwrap();
    assert_eq!(known.customer, number(109));
    assert_eq!(known.before, Some(number(108)));
    assert_eq!(state.reply_numbers.len(), 2);
    state.assign(&number(151), &number(109), &text(10), day(40));
    assert_eq!(state.on(&number(151)).unwrap().before, None);
}
