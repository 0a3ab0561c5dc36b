//! The table's operations, with what DynamoDB leaves to its callers: reads that it answers in parts
//! and transactions that collide.

use std::time::Duration;

use anyhow::{Context, bail};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, KeysAndAttributes, Put, TransactWriteItem, Update,
};

use super::item::{self, Item, Key};
use crate::app::ports::store::Result;
use crate::aws_error::plain;

/// DynamoDB's limit for one `BatchGetItem`.
const MOST_KEYS: usize = 100;
/// How often a read is continued that DynamoDB answers in parts because it is throttling.
const MOST_CONTINUATIONS: usize = 3;
/// How often a transaction is tried that collides with another one.
const MOST_COLLISIONS: u32 = 5;

pub struct Table {
    pub client: Client,
    pub name: String,
}

impl Table {
    /// The items of `keys` that exist, in no particular order.
    pub async fn read(&self, keys: &[Key]) -> Result<Vec<Item>> {
        let mut found = Vec::with_capacity(keys.len());
        for some in keys.chunks(MOST_KEYS) {
            let mut wanted: Vec<Item> = some.iter().map(Key::item).collect();
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

    /// Does all of `writes` or nothing: nothing if it returns the positions of some whose conditions
    /// do not hold.
    ///
    /// An answer that gets lost is no harm: the SDK asks again with the same `ClientRequestToken`,
    /// by which DynamoDB recognises what it did.
    pub async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<Vec<usize>> {
        for collision in 0..MOST_COLLISIONS {
            pause(collision as usize).await;
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
            let codes: Vec<&str> = cancelled
                .cancellation_reasons()
                .iter()
                .map(|reason| reason.code().unwrap_or("None"))
                .collect();
            let failed = codes.iter().enumerate();
            let failed: Vec<usize> = failed
                .filter(|(_, code)| **code == "ConditionalCheckFailed")
                .map(|(position, _)| position)
                .collect();
            match codes.as_slice() {
                _ if !failed.is_empty() => return Ok(failed),
                codes if codes.contains(&"TransactionConflict") => continue,
                codes => bail!(
                    "{}: cancelled because of {codes:?}",
                    self.failed("write to")
                ),
            }
        }
        bail!(
            "{}: other writers kept interfering",
            self.failed("write to")
        )
    }

    fn put(&self, item: Item) -> Result<Put> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .build()?;
        Ok(put)
    }

    pub fn put_new(&self, item: Item) -> Result<TransactWriteItem> {
        let mut put = self.put(item)?;
        put.condition_expression = Some(format!("attribute_not_exists({})", item::PK));
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Replaces an item of the version `previous`.
    pub fn put_next(&self, item: Item, previous: u64) -> Result<TransactWriteItem> {
        let mut put = self.put(item)?;
        put.condition_expression = Some("#version = :previous".to_owned());
        put.expression_attribute_names =
            Some([("#version".to_owned(), item::VERSION.to_owned())].into());
        put.expression_attribute_values =
            Some([(":previous".to_owned(), item::number(previous))].into());
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Replaces the version before this one, of which the first is the first there is.
    pub fn put_threads(&self, item: Item, version: u64) -> Result<TransactWriteItem> {
        match version.checked_sub(1) {
            None | Some(0) => self.put_new(item),
            Some(previous) => self.put_next(item, previous),
        }
    }

    pub fn put_any(&self, item: Item) -> Result<TransactWriteItem> {
        Ok(TransactWriteItem::builder().put(self.put(item)?).build())
    }

    pub fn delete(&self, key: Key) -> Result<TransactWriteItem> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key.item()))
            .build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Deletes an item that must be there.
    pub fn delete_existing(&self, key: Key) -> Result<TransactWriteItem> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key.item()))
            .condition_expression(format!("attribute_exists({})", item::PK))
            .build()?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Sets one attribute of an item, and makes the item if there is none.
    pub fn set(&self, key: Key, name: &str, value: AttributeValue) -> Result<TransactWriteItem> {
        self.set_all(key, vec![(name.to_owned(), value)])
    }

    /// The same with several attributes, at least one.
    pub fn set_all(
        &self,
        key: Key,
        attributes: Vec<(String, AttributeValue)>,
    ) -> Result<TransactWriteItem> {
        let set: Vec<String> = (0..attributes.len())
            .map(|n| format!("#a{n} = :v{n}"))
            .collect();
        let mut update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key.item()))
            .update_expression(format!("SET {}", set.join(", ")));
        for (n, (name, value)) in attributes.into_iter().enumerate() {
            update = update
                .expression_attribute_names(format!("#a{n}"), name)
                .expression_attribute_values(format!(":v{n}"), value);
        }
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    /// Sets one attribute of an item that has `seen` as this attribute; with `None`, that has none.
    pub fn set_if(
        &self,
        key: Key,
        name: &str,
        text: &str,
        seen: Option<&str>,
    ) -> Result<TransactWriteItem> {
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key.item()))
            .update_expression("SET #name = :value")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":value", item::string(text));
        let update = match seen {
            Some(seen) => update
                .condition_expression("#name = :seen")
                .expression_attribute_values(":seen", item::string(seen)),
            None => update.condition_expression("attribute_not_exists(#name)"),
        };
        Ok(TransactWriteItem::builder().update(update.build()?).build())
    }

    /// Removes attributes of an item.
    pub fn remove(&self, key: Key, attributes: &[String]) -> Result<TransactWriteItem> {
        let names: Vec<String> = (0..attributes.len()).map(|n| format!("#a{n}")).collect();
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key.item()))
            .update_expression(format!("REMOVE {}", names.join(", ")))
            .set_expression_attribute_names(Some(
                names.into_iter().zip(attributes.iter().cloned()).collect(),
            ))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
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
