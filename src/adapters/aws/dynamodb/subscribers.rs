//! Who subscribed to a line's topics. All that is on record of a number is one item, since one key
//! is all that a decision can ask for; whoever gets a topic's notices has an item of their own
//! beside it, in the topic's partition, which is read in pages.

use std::collections::HashSet;

use anyhow::{anyhow, bail};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::DynamoStore;
use super::item::{self, Item, Key};
use super::table::Table;
use crate::app::ports::store::{Result, Subscribers};
use crate::domain::phone::PhoneNumber;
use crate::domain::subscriber::{Change, Subscriber, Unchanged};

/// How many changes are one transaction. Each is two of its writes, of which DynamoDB takes 100; with
/// fewer, a collision means less to do again.
const MOST_IN_ONE: usize = 25;

/// How many transactions are under way at once.
const AT_ONCE: usize = 4;

/// How often changes are made anew because somebody else changed the same numbers meanwhile.
const MOST_COLLISIONS: usize = 10;

type Made = std::result::Result<Subscriber, Unchanged>;

#[async_trait]
impl Subscribers for DynamoStore {
    async fn subscribers(
        &self,
        line: &PhoneNumber,
        topic: &str,
        after: Option<&PhoneNumber>,
        limit: usize,
    ) -> Result<Vec<Subscriber>> {
        // A plus sign is before every number.
        let after = after.map_or("+", PhoneNumber::expose);
        let query = self
            .table
            .query_where(&item::topic(line, topic), "sk > :sk", after);
        let found = self.table.find(query, limit, "list the subscribers of");
        found.await?.iter().map(item::from_json).collect()
    }

    async fn subscriptions_of(
        &self,
        line: &PhoneNumber,
        number: &PhoneNumber,
    ) -> Result<Vec<Subscriber>> {
        let key = Key::subscriptions(line, number);
        let items = self.table.read([&key]).await?;
        on_record(&items, &key)
    }

    async fn change_subscribers(
        &self,
        line: &PhoneNumber,
        changes: &[Change],
    ) -> Result<Vec<Made>> {
        let mut made = Vec::with_capacity(changes.len());
        while made.len() < changes.len() {
            let mut transactions = Vec::new();
            for some in first_apart(&changes[made.len()..]).chunks(MOST_IN_ONE) {
                transactions.push(change(&self.table, line, some));
            }
            let done = stream::iter(transactions).buffered(AT_ONCE);
            let done: Vec<Vec<Made>> = done.try_collect().await?;
            made.extend(done.into_iter().flatten());
        }
        Ok(made)
    }
}

/// As many changes from the first as are of different numbers: no item is theirs in common, so they
/// can be made in any order.
fn first_apart(changes: &[Change]) -> &[Change] {
    let mut numbers = HashSet::new();
    let apart = changes.iter();
    let count = apart.take_while(|change| numbers.insert(&change.number));
    &changes[..count.count()]
}

/// Makes changes of different numbers by what is on record of them, as long as that is what it was
/// when it was read.
async fn change(table: &Table, line: &PhoneNumber, changes: &[Change]) -> Result<Vec<Made>> {
    let key = |change: &Change| Key::subscriptions(line, &change.number);
    let keys: Vec<Key> = changes.iter().map(key).collect();
    for _ in 0..MOST_COLLISIONS {
        let known = table.read(&keys).await?;
        let (mut made, mut writes) = (Vec::new(), Vec::new());
        for (change, key) in changes.iter().zip(&keys) {
            let attribute = item::topic_attribute(&change.topic);
            let seen = key.find(&known);
            let seen = seen.and_then(|item| item::text(item, &attribute));
            let before = seen.map(read).transpose()?;
            let after = change.of(before.as_ref());
            if let Ok(subscriber) = &after {
                writes.push(table.set_if(key, attribute, item::json(subscriber)?, seen));
                writes.push(listed(table, line, subscriber)?);
            }
            made.push(after);
        }
        if writes.is_empty() || table.transact(writes).await?.is_empty() {
            return Ok(made);
        }
    }
    bail!(
        "{}: other writers kept changing the same subscribers",
        table.failed("write to")
    )
}

/// What puts a number's subscriptions on record, whatever is there.
pub fn writes(
    table: &Table,
    line: &PhoneNumber,
    subscriptions: &[Subscriber],
) -> Result<Vec<TransactWriteItem>> {
    let Some(first) = subscriptions.first() else {
        return Ok(Vec::new());
    };
    let attributes = subscriptions.iter().map(|subscriber| {
        let name = item::topic_attribute(&subscriber.topic);
        Ok((name, item::json(subscriber)?))
    });
    let attributes = attributes.collect::<Result<Vec<_>>>()?;
    let mut writes = vec![table.set(&Key::subscriptions(line, &first.number), attributes)];
    for subscriber in subscriptions {
        writes.push(listed(table, line, subscriber)?);
    }
    Ok(writes)
}

/// What lists a subscriber among those who get the topic's notices, or takes them off.
fn listed(table: &Table, line: &PhoneNumber, subscriber: &Subscriber) -> Result<TransactWriteItem> {
    let key = Key::subscriber(line, &subscriber.topic, &subscriber.number);
    if subscriber.is_active() {
        Ok(table.put_any(item::with_json(key, subscriber)?))
    } else {
        Ok(table.delete(&key))
    }
}

/// What the item of a number's subscriptions says, in the order of the topics.
pub fn on_record(items: &[Item], key: &Key) -> Result<Vec<Subscriber>> {
    let topics = item::after_prefix(key.find(items), item::TOPIC);
    let mut subscriptions = topics
        .map(|(_, json)| read(json))
        .collect::<Result<Vec<_>>>()?;
    subscriptions.sort_by(|a, b| a.topic.cmp(&b.topic));
    Ok(subscriptions)
}

fn read(json: &str) -> Result<Subscriber> {
    // The message of a JSON error may quote the value.
    serde_json::from_str(json).map_err(|_| anyhow!("a stored subscription cannot be read"))
}
