//! The table's operations, with what DynamoDB leaves to its callers: reads that it answers in parts
//! and transactions that collide.

use std::time::Duration;

use anyhow::{Context, bail};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, KeysAndAttributes, Put, ReturnValue,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use jiff::Timestamp;
use tokio::time::Instant;

use super::item::{self, Item, Key};
use crate::app::ports::store::Result;
use crate::aws_error::plain;

const INDEX: &str = "due";
/// DynamoDB's limit for one `BatchGetItem`.
const MOST_KEYS: usize = 100;
/// How often a read is continued that DynamoDB answers in parts because it is throttling.
const MOST_CONTINUATIONS: usize = 3;
/// For how long a write is tried again that DynamoDB refuses because of others, as long as one operation
/// may take. A webhook's function has twice as long.
const PATIENCE: Duration = Duration::from_secs(4);
/// Why DynamoDB cancels a transaction that can be asked for again, which the SDK does not do.
///
/// Source: Amazon DynamoDB API Reference, "TransactWriteItems", cancellation reasons.
const PASSES: [&str; 3] = [
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
];

pub struct Table {
    pub client: Client,
    pub name: String,
    /// How many shards of the index due deliveries are written to.
    pub shards: u8,
}

/// What a write under a condition came to.
pub enum Written {
    /// Done; these are the attributes that an update set.
    Yes(Item),
    /// The condition does not hold for this item.
    Not(Item),
}

impl Written {
    /// Whether it was written. The answer to a first attempt may have got lost, and the SDK's second
    /// one then finds what the first one wrote.
    pub fn is_by(&self, saved_by: &str) -> bool {
        match self {
            Written::Yes(_) => true,
            Written::Not(item) => item::text(item, item::SAVED_BY) == Some(saved_by),
        }
    }
}

/// The tries of one write.
struct Tries {
    count: usize,
    until: Instant,
}

impl Tries {
    fn begin() -> Self {
        Self {
            count: 0,
            until: Instant::now() + PATIENCE,
        }
    }

    /// Waits until the next try, the first one at once.
    async fn wait(&mut self, table: &Table) -> Result<()> {
        if Instant::now() > self.until {
            bail!(
                "{}: other writers kept interfering, or DynamoDB kept throttling",
                table.failed("write to")
            );
        }
        pause(self.count).await;
        self.count += 1;
        Ok(())
    }
}

impl Table {
    /// The items of `keys` that exist, in no particular order.
    pub async fn read(&self, keys: impl IntoIterator<Item = &Key>) -> Result<Vec<Item>> {
        let keys: Vec<Item> = keys.into_iter().map(Key::item).collect();
        let mut found = Vec::with_capacity(keys.len());
        for some in keys.chunks(MOST_KEYS) {
            let mut wanted = some.to_vec();
            for continuation in 0.. {
                if continuation > MOST_CONTINUATIONS {
                    bail!("DynamoDB keeps throttling reads of the table {}", self.name);
                }
                pause(continuation).await;
                let request = KeysAndAttributes::builder()
                    .set_keys(Some(wanted))
                    .consistent_read(true)
                    .build()?;
                let answer = self
                    .client
                    .batch_get_item()
                    .request_items(&self.name, request)
                    .send()
                    .await
                    .map_err(plain)
                    .with_context(|| self.failed("read"))?;
                found.extend(answer.responses.into_iter().flatten().flat_map(|(_, i)| i));
                let rest = answer.unprocessed_keys.into_iter().flatten();
                wanted = rest.flat_map(|(_, keys)| keys.keys).collect();
                if wanted.is_empty() {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// A query of the items of a partition, in the order of their sort keys.
    pub fn query(&self, partition: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", item::string(partition))
            .consistent_read(true)
    }

    /// The same of those whose sort key fulfils `condition`, where it is `sk` and has to do with `:sk`.
    pub fn query_where(&self, partition: &str, condition: &str, sk: &str) -> QueryFluentBuilder {
        self.query(partition)
            .key_condition_expression(format!("pk = :pk AND {condition}"))
            .expression_attribute_values(":sk", item::string(sk))
    }

    /// A query of what stands in a shard of the index before an instant, the earliest first.
    pub fn query_index(&self, shard: &str, before: Timestamp) -> QueryFluentBuilder {
        self.client
            .query()
            .index_name(INDEX)
            .key_condition_expression("due_shard = :shard AND due_at < :before")
            .expression_attribute_values(":shard", item::string(shard))
            .expression_attribute_values(":before", item::number(before.as_millisecond()))
    }

    /// The first items that a query finds, at most `limit`. `doing` says what the query does to the
    /// table.
    pub async fn find(
        &self,
        query: QueryFluentBuilder,
        limit: usize,
        doing: &str,
    ) -> Result<Vec<Item>> {
        let mut found = Vec::new();
        if limit == 0 {
            return Ok(found);
        }
        let mut pages = query
            .table_name(&self.name)
            .set_limit(i32::try_from(limit).ok())
            .into_paginator()
            .items()
            .send();
        while found.len() < limit
            && let Some(item) = pages.next().await
        {
            let item = item.map_err(plain);
            found.push(item.with_context(|| self.failed(doing))?);
        }
        Ok(found)
    }

    /// Writes an item, whatever stands there.
    pub async fn put_item(&self, item: Item) -> Result<()> {
        let put = self.client.put_item().table_name(&self.name);
        let put = put.set_item(Some(item)).send().await;
        put.map(drop)
            .map_err(plain)
            .with_context(|| self.failed("write to"))
    }

    /// Writes an item under a condition, which `put` has.
    pub async fn put_if(&self, put: PutItemFluentBuilder) -> Result<Written> {
        let put = put
            .table_name(&self.name)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let mut tries = Tries::begin();
        loop {
            tries.wait(self).await?;
            let error = match put.clone().send().await {
                Ok(_) => return Ok(Written::Yes(Item::new())),
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(PutItemError::TransactionConflictException(_)) => {}
                Some(PutItemError::ConditionalCheckFailedException(check)) => {
                    return Ok(Written::Not(check.item.clone().unwrap_or_default()));
                }
                _ => return Err(plain(error)).with_context(|| self.failed("write to")),
            }
        }
    }

    /// Changes an item under a condition, which `update` has.
    pub async fn update_if(&self, update: UpdateItemFluentBuilder) -> Result<Written> {
        let update = update
            .table_name(&self.name)
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let mut tries = Tries::begin();
        loop {
            tries.wait(self).await?;
            let error = match update.clone().send().await {
                Ok(updated) => return Ok(Written::Yes(updated.attributes.unwrap_or_default())),
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::TransactionConflictException(_)) => {}
                Some(UpdateItemError::ConditionalCheckFailedException(check)) => {
                    return Ok(Written::Not(check.item.clone().unwrap_or_default()));
                }
                _ => return Err(plain(error)).with_context(|| self.failed("write to")),
            }
        }
    }

    /// Does all of `writes` or nothing: nothing if it returns the positions of some whose conditions
    /// do not hold.
    ///
    /// An answer that gets lost is no harm: the SDK asks again with the same `ClientRequestToken`,
    /// by which DynamoDB recognises what it did.
    pub async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<Vec<usize>> {
        let mut tries = Tries::begin();
        loop {
            tries.wait(self).await?;
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(writes.clone()))
                .send()
                .await;
            let error = match sent {
                Ok(_) => return Ok(Vec::new()),
                Err(error) => error,
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
                error.as_service_error()
            else {
                return Err(plain(error)).with_context(|| self.failed("write to"));
            };
            let reasons = cancelled.cancellation_reasons().iter();
            let codes: Vec<&str> = reasons
                .map(|reason| reason.code().unwrap_or("None"))
                .collect();
            let failed: Vec<usize> = (0..codes.len())
                .filter(|position| codes[*position] == "ConditionalCheckFailed")
                .collect();
            if !failed.is_empty() {
                return Ok(failed);
            }
            if !codes.iter().any(|code| PASSES.contains(code)) {
                bail!(
                    "{}: cancelled because of {codes:?}",
                    self.failed("write to")
                );
            }
        }
    }

    fn put(&self, item: Item) -> Put {
        let put = Put::builder().table_name(&self.name).set_item(Some(item));
        put.build().expect("table and item are given")
    }

    pub fn put_any(&self, item: Item) -> TransactWriteItem {
        TransactWriteItem::builder().put(self.put(item)).build()
    }

    pub fn put_new(&self, item: Item) -> TransactWriteItem {
        let mut put = self.put(item);
        put.condition_expression = Some("attribute_not_exists(pk)".to_owned());
        TransactWriteItem::builder().put(put).build()
    }

    /// Replaces an item of the version `previous`.
    pub fn put_next(&self, item: Item, previous: u64) -> TransactWriteItem {
        let mut put = self.put(item);
        put.condition_expression = Some("version = :previous".to_owned());
        put.expression_attribute_values =
            Some([(":previous".to_owned(), item::number(previous))].into());
        TransactWriteItem::builder().put(put).build()
    }

    /// Replaces an item of the version `previous`; with 0, there must be none.
    pub fn put_version(&self, item: Item, previous: u64) -> TransactWriteItem {
        match previous {
            0 => self.put_new(item),
            previous => self.put_next(item, previous),
        }
    }

    pub fn delete(&self, key: &Key) -> TransactWriteItem {
        self.delete_if(key, None)
    }

    /// Deletes an item that must be there.
    pub fn delete_existing(&self, key: &Key) -> TransactWriteItem {
        self.delete_if(key, Some("attribute_exists(pk)".to_owned()))
    }

    fn delete_if(&self, key: &Key, condition: Option<String>) -> TransactWriteItem {
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key.item()))
            .set_condition_expression(condition)
            .build()
            .expect("table and key are given");
        TransactWriteItem::builder().delete(delete).build()
    }

    /// Sets attributes of an item, at least one, and makes the item if there is none.
    pub fn set(
        &self,
        key: &Key,
        attributes: impl IntoIterator<Item = (String, AttributeValue)>,
    ) -> TransactWriteItem {
        let (names, values): (Vec<_>, Vec<_>) = attributes.into_iter().unzip();
        let set: Vec<String> = (0..names.len()).map(|n| format!("#a{n} = :v{n}")).collect();
        let mut update = self.update(key, format!("SET {}", set.join(", ")), names);
        let values = values.into_iter().enumerate();
        let values = values.map(|(n, value)| (format!(":v{n}"), value));
        update.expression_attribute_values = Some(values.collect());
        TransactWriteItem::builder().update(update).build()
    }

    /// Sets one attribute of an item that has `seen` as this attribute; with `None`, that has none.
    pub fn set_if(
        &self,
        key: &Key,
        name: String,
        value: AttributeValue,
        seen: Option<&str>,
    ) -> TransactWriteItem {
        let mut update = self.update(key, "SET #a0 = :value".to_owned(), vec![name]);
        let mut values = Item::from([(":value".to_owned(), value)]);
        let condition = match seen {
            Some(seen) => {
                values.insert(":seen".to_owned(), item::string(seen));
                "#a0 = :seen"
            }
            None => "attribute_not_exists(#a0)",
        };
        update.condition_expression = Some(condition.to_owned());
        update.expression_attribute_values = Some(values);
        TransactWriteItem::builder().update(update).build()
    }

    /// Removes attributes of an item.
    pub fn remove(&self, key: &Key, attributes: Vec<String>) -> TransactWriteItem {
        let names: Vec<String> = (0..attributes.len()).map(|n| format!("#a{n}")).collect();
        let update = self.update(key, format!("REMOVE {}", names.join(", ")), attributes);
        TransactWriteItem::builder().update(update).build()
    }

    /// An update in whose expression `#a0`, `#a1` … stand for the `names`.
    fn update(&self, key: &Key, expression: String, names: Vec<String>) -> Update {
        let names = names.into_iter().enumerate();
        let names = names.map(|(n, name)| (format!("#a{n}"), name));
        Update::builder()
            .table_name(&self.name)
            .set_key(Some(key.item()))
            .update_expression(expression)
            .set_expression_attribute_names(Some(names.collect()))
            .build()
            .expect("table, key and expression are given")
    }

    pub fn failed(&self, what: &str) -> String {
        format!(
            "cannot {what} the DynamoDB table {} (does it exist in this region, and may this role do it?)",
            self.name
        )
    }
}

/// Longer from time to time, and never the same twice, so that those who collided do not meet
/// again.
pub(super) async fn pause(times: usize) {
    if times > 0 {
        let most = 20 << times.min(5);
        let draw = getrandom::u64().unwrap_or_default() % most;
        tokio::time::sleep(Duration::from_millis(draw)).await;
    }
}
