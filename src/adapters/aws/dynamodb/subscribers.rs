//! Who subscribed to a line's topics. All that is on record of a number is one item, since one key
//! is all that a decision can ask for; whoever gets a topic's notices has an item of their own
//! beside it, in the topic's partition, which is read in pages.

use std::collections::HashSet;

use anyhow::{Context, anyhow, bail};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::DynamoStore;
use super::item::{self, Item, Key};
use super::table::Table;
use crate::app::ports::store::{Result, Subscribers};
use crate::aws_error::plain;
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
        let table = &self.table;
        let mut found = Vec::new();
        // A plus sign is before every number.
        let after = after.map_or("+", PhoneNumber::expose);
        let mut last = None;
        while found.len() < limit {
            let page = table
                .client
                .query()
                .table_name(&table.name)
                .key_condition_expression("#pk = :topic AND #sk > :after")
                .expression_attribute_names("#pk", item::PK)
                .expression_attribute_names("#sk", item::SK)
                .expression_attribute_values(":after", item::string(after))
                .expression_attribute_values(":topic", item::string(&item::topic(line, topic)))
                .consistent_read(true)
                .limit(i32::try_from(limit - found.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(last)
                .send()
                .await
                .map_err(plain)
                .with_context(|| table.failed("list the subscribers of"))?;
            for item in page.items.unwrap_or_default() {
                found.push(item::from_json(&item)?);
            }
            last = page.last_evaluated_key;
            if last.is_none() {
                break;
            }
        }
        Ok(found)
    }

    async fn subscriptions_of(
        &self,
        line: &PhoneNumber,
        number: &PhoneNumber,
    ) -> Result<Vec<Subscriber>> {
        let key = Key::subscriptions(line, number);
        let items = self.table.read(std::slice::from_ref(&key)).await?;
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
            let item = known.iter().find(|item| key.is_of(item));
            let seen =
                item.and_then(|item| item::text(item, &item::topic_attribute(&change.topic)));
            let before = seen.map(read).transpose()?;
            let after = change.of(before.as_ref());
            if let Ok(subscriber) = &after {
                let attribute = item::topic_attribute(&change.topic);
                let json = to_json(subscriber)?;
                writes.push(table.set_if(key.clone(), &attribute, &json, seen)?);
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
        let json = item::string(&to_json(subscriber)?);
        Ok((item::topic_attribute(&subscriber.topic), json))
    });
    let attributes = attributes.collect::<Result<Vec<_>>>()?;
    let key = Key::subscriptions(line, &first.number);
    let mut writes = vec![table.set_all(key, attributes)?];
    for subscriber in subscriptions {
        writes.push(listed(table, line, subscriber)?);
    }
    Ok(writes)
}

/// What lists a subscriber among those who get the topic's notices, or takes them off.
fn listed(table: &Table, line: &PhoneNumber, subscriber: &Subscriber) -> Result<TransactWriteItem> {
    let key = Key::subscriber(line, &subscriber.topic, &subscriber.number);
    match subscriber.is_active() {
        true => table.put_any(item::with_json(key, subscriber)?),
        false => table.delete(key),
    }
}

/// What the item of a number's subscriptions says, in the order of the topics.
pub fn on_record(items: &[Item], key: &Key) -> Result<Vec<Subscriber>> {
    let item = items.iter().find(|item| key.is_of(item));
    let topics = item.into_iter().flatten();
    let json = topics.filter(|(name, _)| item::is_topic_attribute(name));
    let json = json.filter_map(|(_, value)| value.as_s().ok());
    let mut subscriptions = json.map(|json| read(json)).collect::<Result<Vec<_>>>()?;
    subscriptions.sort_by(|a, b| a.topic.cmp(&b.topic));
    Ok(subscriptions)
}

fn to_json(subscriber: &Subscriber) -> Result<String> {
    Ok(serde_json::to_string(subscriber)?)
}

fn read(json: &str) -> Result<Subscriber> {
    // The message of a JSON error may quote the value.
    serde_json::from_str(json).map_err(|_| anyhow!("a stored subscription cannot be read"))
}
