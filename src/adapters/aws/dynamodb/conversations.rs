//! Conversations, the lists of those who take part in them, and what is known of persons.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::item::{self, Key};
use super::table::Table;
use crate::app::ports::store::{Changed, Result};
use crate::domain::conversation::{Block, Conversation, PersonState, digits_alike};
use crate::domain::phone::PhoneNumber;

pub async fn of(
    table: &Table,
    line: &PhoneNumber,
    customers: &[PhoneNumber],
) -> Result<Vec<Conversation>> {
    let keys: Vec<Key> = customers
        .iter()
        .map(|customer| Key::conversation(line, customer))
        .collect();
    let items = table.read(&keys).await?;
    // In the order in which they were asked for.
    let found = keys.iter().filter_map(|key| key.find(&items));
    found.map(item::from_json).collect()
}

pub async fn alike(
    table: &Table,
    line: &PhoneNumber,
    digits: &str,
    limit: usize,
) -> Result<Vec<PhoneNumber>> {
    let query = table.query(&item::alike(line, digits));
    let found = table.find(query, limit, "query the customers of").await?;
    found.iter().map(item::to_customer).collect()
}

/// Those who wait come first: the list is read from its end.
pub async fn of_person(
    table: &Table,
    line: &PhoneNumber,
    person: &PhoneNumber,
    limit: usize,
) -> Result<Vec<PhoneNumber>> {
    let query = table
        .query(&item::list(line, person))
        .scan_index_forward(false);
    let found = table
        .find(query, limit, "query the conversations of")
        .await?;
    found.iter().map(item::to_customer).collect()
}

pub async fn blocked(table: &Table, line: &PhoneNumber) -> Result<BTreeMap<PhoneNumber, Block>> {
    let query = table.query_where(&Key::line(line).pk, "begins_with(sk, :sk)", item::BLOCKED);
    let found = table.find(query, usize::MAX, "list the blocked of").await?;
    let blocked = found.iter();
    blocked
        .map(|item| Ok((item::to_customer(item)?, item::from_json(item)?)))
        .collect()
}

/// What saves a conversation. The first of them has the condition that nobody else saved it.
pub fn writes(
    table: &Table,
    line: &PhoneNumber,
    changed: &Changed,
    saved_by: &str,
) -> Result<Vec<TransactWriteItem>> {
    let after = &changed.after;
    let put = item::of_conversation(line, after, saved_by)?;
    let mut writes = vec![table.put_version(put, changed.previous())];
    if changed.before.is_none() {
        writes.push(table.put_any(item::of_alike(
            line,
            digits_alike(&after.customer),
            &after.customer,
        )));
    }
    if changed.changes_block() {
        let key = Key::blocked(line, &after.customer);
        writes.push(match &after.blocked {
            Some(block) => table.put_any(item::with_json(key, block)?),
            None => table.delete(&key),
        });
    }
    let (gone, new) = changed.listings();
    for listing in &gone {
        writes.push(table.delete(&Key::listing(line, listing)));
    }
    for listing in &new {
        writes.push(table.put_any(item::of_listing(line, listing, after)?));
    }
    Ok(writes)
}

pub fn put_person_state(
    table: &Table,
    line: &PhoneNumber,
    person: &PhoneNumber,
    state: &PersonState,
    saved_by: &str,
) -> Result<TransactWriteItem> {
    let put = item::of_person_state(line, person, state, saved_by)?;
    Ok(table.put_version(put, state.version.saturating_sub(1)))
}
