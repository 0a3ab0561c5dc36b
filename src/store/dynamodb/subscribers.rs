//! Who subscribed to a line's topics. All that is on record of a number is one item, since one key
//! is all that a decision can ask for; whoever gets a topic's notices has an item of their own
//! beside it, in the topic's partition, which is read in pages.

use anyhow::{Context, anyhow, bail};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;

use super::DynamoStore;
use super::item::{self, Item, Key};
use super::table::Table;
use crate::aws::plain;
use crate::phone::PhoneNumber;
use crate::store::{Result, Subscribers};
use crate::subscriber::{Change, Subscriber, Unchanged};

/// DynamoDB takes 100 writes in one transaction, and each change is two.
const MOST_AT_ONCE: usize = 50;

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
            let next = first_apart(&changes[made.len()..]);
            made.extend(change(&self.table, line, next).await?);
        }
        Ok(made)
    }
}

/// As many changes from the first as one transaction takes, which writes no item twice.
fn first_apart(changes: &[Change]) -> &[Change] {
    let mut numbers = std::collections::HashSet::new();
    let apart = changes.iter().take(MOST_AT_ONCE);
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
                writes.extend(writes_of(table, line, subscriber, Some(seen))?);
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

/// What puts a subscriber on record. If `seen` is given, the first of them fails where that is not
/// what is on record now.
pub fn writes_of(
    table: &Table,
    line: &PhoneNumber,
    subscriber: &Subscriber,
    seen: Option<Option<&str>>,
) -> Result<[TransactWriteItem; 2]> {
    let Subscriber { topic, number, .. } = subscriber;
    let json = serde_json::to_string(subscriber)?;
    let (key, attribute) = (
        Key::subscriptions(line, number),
        item::topic_attribute(topic),
    );
    let on_record = match seen {
        Some(seen) => table.set_if(key, &attribute, &json, seen)?,
        None => table.set(key, &attribute, item::string(&json))?,
    };
    let key = Key::subscriber(line, topic, number);
    let listed = match subscriber.is_active() {
        true => table.put_any(item::with_json(key, subscriber)?)?,
        false => table.delete(key)?,
    };
    Ok([on_record, listed])
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

fn read(json: &str) -> Result<Subscriber> {
    // The message of a JSON error may quote the value.
    serde_json::from_str(json).map_err(|_| anyhow!("a stored subscription cannot be read"))
}
