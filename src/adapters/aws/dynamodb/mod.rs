//! The store on DynamoDB: one table, string keys `pk` and `sk`.
//!
//! | `pk` | `sk` | further attributes |
//! | --- | --- | --- |
//! | `line#NUMBER` | `line` | `json`: the line |
//! | `line#NUMBER` | `overrides` | `@PERSON`: that person's override as JSON |
//! | `line#NUMBER` | `threads` | `json`, `version`, `saved_by`: the line's threads, and what waits for a word of its people |
//! | `line#NUMBER` | `reconciled` | `day`: the last one that is not to be compared with Twilio's list any more |
//! | `line#NUMBER` | `opt_out#NUMBER` | `json`: since when and why that number gets no texts |
//! | `line#NUMBER` | `opted_out_people` | `NUMBER`: the same `json`, of the line's people |
//! | `line#NUMBER` | `subscriptions#NUMBER` | `topic@TOPIC`: what is on record of that number and the topic, as JSON |
//! | `topic#NUMBER#TOPIC` | `NUMBER` | `json`: the same, of whoever gets the notices of the line's topic |
//! | `lines` | `NUMBER` | none: the register that lists lines |
//! | `inbound#SID` | `inbound` | `json`, `expires` |
//! | `delivery#ID` | `delivery` | `json`, `version`, `saved_by`, `expires`; while it is due or a dead letter `due_shard`, `due_at` |
//! | `sent#SID` | `sent` | `delivery`: whose message of Twilio's it is, `expires` |
//! | `notice#ID` | `notice` | `json`, `version`, `saved_by`, `expires`; while pages are left `due_shard`, `due_at` |
//! | `subject#NUMBER#TOPIC#SUBJECT` | `ID` | `expires`: a notice about the subject |
//! | `recipients#ID#0` to `7` | delivery's id | `standing`: how a recipient of the notice stands, `expires` |
//! | `pace#KEY` | `pace` | `tat`: when the next is due (milliseconds since 1970), `expires` |
//! | `signature#DIGEST` | `signature` | `saved_by`: who claimed it, `expires`: a request over HTTP that came once |
//!
//! `expires` is the table's TTL attribute, in seconds since 1970. A delivery that gave up has none:
//! its text has reached nobody, and it stays until somebody has it replayed. The index `due` has the
//! partition key `due_shard` (a string, `0` to `7`, `dead` for what gave up, or `notices`), the sort key
//! `due_at` (a number, milliseconds since 1970; when it gave up), and projects keys only.
//!
//! All reads but those of the index, the register, the opt-outs and a topic are `BatchGetItem`,
//! consistent; so a function needs leave for `BatchGetItem`, `PutItem` and `UpdateItem` (the
//! transaction's too), inbound-sms and reconciliation also for `DeleteItem`, the worker also for
//! `Query` on table and index, `relay config`, `relay optouts` and `relay subscribers` also for
//! `Query` and `DeleteItem` on the table, and `relay dead` also for `Query` on the index.
//!
//! A decision must know which of the line's people opted out, and reads them by one key with the
//! line, however many customers are on the list: hence `opted_out_people`, which each change of a
//! person's entry keeps up in its own transaction, and each write of the line makes anew.

mod item;
mod notices;
mod opt_outs;
mod paces;
mod planned;
mod signatures;
mod subscribers;
mod table;

use std::time::Duration;

use anyhow::{Context, anyhow};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use futures::future::try_join_all;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use self::item::{Item, Key};
use self::table::Table;
use crate::app::ports::store::SignatureDigest;
use crate::app::ports::store::{ForInbound, ForSending, Kept, Planning, Result, Saved, Store};
use crate::aws_error::plain;
use crate::domain::delivery::Delivery;
use crate::domain::duty::{Override, Overrides};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::opt_out::{self, OptOuts};
use crate::domain::pace;
use crate::domain::phone::PhoneNumber;
use crate::domain::thread::Threads;

const INDEX: &str = "due";

pub struct DynamoStore {
    table: Table,
}

impl DynamoStore {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        let name = table.into();
        Self {
            table: Table { client, name },
        }
    }

    /// Opens the connection by reading something that is not there.
    pub async fn warm(&self) -> Result<()> {
        let nothing = DeliveryId::parse("warm").expect("well formed");
        self.table.read(&[Key::delivery(&nothing)]).await.map(drop)
    }

    async fn read_one<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>> {
        pick(&self.table.read(std::slice::from_ref(&key)).await?, &key)
    }

    /// A spawned delivery that is there already fails its condition, and with it all of the
    /// transaction, which is then done without that one.
    async fn save_all(
        &self,
        delivery: &Delivery,
        spawned: &[Delivery],
        saved_by: &str,
    ) -> Result<Saved> {
        let mut writes = vec![
            self.table
                .put_next(item::of_delivery(delivery, saved_by)?, delivery.version - 1)?,
        ];
        writes.extend(notices::standing(&self.table, delivery)?);
        for new in spawned {
            writes.push(self.table.put_new(item::of_delivery(new, saved_by)?)?);
        }
        loop {
            match self.table.transact(writes.clone()).await?.as_slice() {
                [] => return Ok(Saved::Yes),
                [0, ..] => return Ok(Saved::Outdated),
                there => {
                    for position in there.iter().rev() {
                        writes.remove(*position);
                    }
                }
            }
        }
    }

    /// Replaces an item of the version `previous`.
    async fn replace(&self, item: Item, previous: u64, saved_by: &str) -> Result<Saved> {
        let error = match self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(item))
            .condition_expression("#version = :previous")
            .expression_attribute_names("#version", item::VERSION)
            .expression_attribute_values(":previous", item::number(previous))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await
        {
            Ok(_) => return Ok(Saved::Yes),
            Err(error) => error,
        };
        match error.as_service_error() {
            // The answer to a first attempt may have got lost, and the SDK's second one then finds
            // what the first one wrote.
            Some(PutItemError::ConditionalCheckFailedException(check)) => {
                let ours = check
                    .item()
                    .is_some_and(|item| item::text(item, item::SAVED_BY) == Some(saved_by));
                Ok(if ours { Saved::Yes } else { Saved::Outdated })
            }
            _ => Err(plain(error)).with_context(|| self.table.failed("write to")),
        }
    }

    async fn in_shard(
        &self,
        shard: &str,
        before: i64,
        limit: usize,
    ) -> Result<Vec<(i64, DeliveryId)>> {
        let mut pages = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(INDEX)
            .key_condition_expression("#shard = :shard AND #at < :before")
            .expression_attribute_names("#shard", item::DUE_SHARD)
            .expression_attribute_names("#at", item::DUE_AT)
            .expression_attribute_values(":shard", item::string(shard))
            .expression_attribute_values(":before", item::number(before))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .into_paginator()
            .items()
            .send();
        let mut found = Vec::new();
        while found.len() < limit {
            let Some(item) = pages.next().await else {
                break;
            };
            let item = item
                .map_err(plain)
                .with_context(|| self.table.failed("query the index of due deliveries of"))?;
            found.push(item::to_due(&item)?);
        }
        Ok(found)
    }
}

#[async_trait]
impl Store for DynamoStore {
    async fn for_inbound(
        &self,
        number: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound> {
        let (line, overrides) = (Key::line(number), Key::overrides(number));
        let (people, earlier) = (Key::opted_out_people(number), Key::inbound(sid));
        let threads = Key::threads(number);
        let sender = from.map(|from| SenderKeys {
            opt_out: Key::opt_out(number, from),
            subscriptions: Key::subscriptions(number, from),
            registered: Key::registered(from),
        });
        let mut keys = vec![
            line.clone(),
            overrides.clone(),
            people.clone(),
            threads.clone(),
            earlier.clone(),
        ];
        keys.extend(sender.iter().flat_map(SenderKeys::all));
        let items = self.table.read(&keys).await?;
        let mut opt_outs = opt_outs::of_people(&items, &people)?;
        let (mut subscriptions, mut from_own_line) = (Vec::new(), false);
        if let (Some(from), Some(sender)) = (from, sender) {
            let opt_out = pick(&items, &sender.opt_out)?;
            opt_outs.0.extend(opt_out.map(|out| (from.clone(), out)));
            subscriptions = subscribers::on_record(&items, &sender.subscriptions)?;
            from_own_line = items.iter().any(|item| sender.registered.is_of(item));
        }
        Ok(ForInbound {
            line: pick(&items, &line)?,
            overrides: pick_overrides(&items, &overrides)?,
            opt_outs,
            subscriptions,
            threads: pick(&items, &threads)?.unwrap_or_default(),
            from_own_line,
            earlier: pick(&items, &earlier)?,
        })
    }

    async fn take_in(
        &self,
        line: &PhoneNumber,
        sid: &MessageSid,
        seen: &Threads,
        plan: Planning,
    ) -> Result<Kept> {
        planned::take_in(&self.table, (line, sid), seen, plan).await
    }

    async fn threads(&self, line: &PhoneNumber) -> Result<Threads> {
        let threads = self.read_one(Key::threads(line)).await?;
        Ok(threads.unwrap_or_default())
    }

    async fn save_threads(&self, line: &PhoneNumber, threads: &Threads) -> Result<Saved> {
        let saved_by = unique()?;
        let put = self
            .table
            .put_threads(item::of_threads(line, threads, &saved_by)?, threads.version)?;
        // A transaction, whose answer can get lost without harm.
        Ok(match self.table.transact(vec![put]).await?.as_slice() {
            [] => Saved::Yes,
            _ => Saved::Outdated,
        })
    }

    async fn inbound(&self, sid: &MessageSid) -> Result<Option<InboundRecord>> {
        self.read_one(Key::inbound(sid)).await
    }

    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        self.read_one(Key::delivery(id)).await
    }

    async fn save(&self, delivery: &Delivery, spawned: &[Delivery]) -> Result<Saved> {
        let Some(previous) = delivery.version.checked_sub(1) else {
            return Ok(Saved::Outdated);
        };
        let saved_by = unique()?;
        if !spawned.is_empty() || delivery.purpose.notice().is_some() {
            return self.save_all(delivery, spawned, &saved_by).await;
        }
        let item = item::of_delivery(delivery, &saved_by)?;
        self.replace(item, previous, &saved_by).await
    }

    async fn claim_message(
        &self,
        delivery: &DeliveryId,
        sid: &MessageSid,
        now: Timestamp,
    ) -> Result<bool> {
        let put = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(item::of_sent(sid, delivery, now)?))
            .condition_expression("attribute_not_exists(pk) OR delivery = :delivery")
            .expression_attribute_values(":delivery", item::string(delivery.as_str()));
        let error = match put.send().await {
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
            _ => Err(plain(error)).with_context(|| self.table.failed("write to")),
        }
    }

    async fn owner_of(&self, sid: &MessageSid) -> Result<Option<DeliveryId>> {
        let items = self.table.read(&[Key::sent(sid)]).await?;
        let owner = items.first().map(item::to_owner);
        owner.transpose()
    }

    async fn due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let before = instant.as_millisecond();
        let shards = (0..item::SHARDS)
            .map(async |shard| self.in_shard(&shard.to_string(), before, limit).await);
        let mut due: Vec<_> = try_join_all(shards).await?.into_iter().flatten().collect();
        due.sort_unstable();
        Ok(due.into_iter().take(limit).map(|(_, id)| id).collect())
    }

    async fn put_off(&self, id: &DeliveryId, before: Timestamp, until: Timestamp) -> Result<bool> {
        let updated = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(Key::delivery(id).item()))
            .condition_expression("#at < :before")
            .update_expression("SET #at = :until")
            .expression_attribute_names("#at", item::DUE_AT)
            .expression_attribute_values(":before", item::number(before.as_millisecond()))
            .expression_attribute_values(":until", item::number(until.as_millisecond()))
            .send()
            .await;
        let Err(error) = updated else {
            return Ok(true);
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
            _ => Err(plain(error)).with_context(|| self.table.failed("write to")),
        }
    }

    async fn gave_up_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let dead = self.in_shard(item::DEAD, instant.as_millisecond(), limit);
        Ok(dead.await?.into_iter().map(|(_, id)| id).collect())
    }

    async fn for_sending(&self, line: &PhoneNumber, to: &PhoneNumber) -> Result<ForSending> {
        let (opt_out, line) = (Key::opt_out(line, to), Key::line(line));
        let items = self.table.read(&[line.clone(), opt_out.clone()]).await?;
        Ok(ForSending {
            line: pick(&items, &line)?,
            opt_out: pick(&items, &opt_out)?,
        })
    }

    async fn opt_outs(&self, line: &PhoneNumber) -> Result<OptOuts> {
        opt_outs::all(&self.table, line).await
    }

    async fn change_opt_out(&self, line: &PhoneNumber, change: &opt_out::Change) -> Result<bool> {
        let writes = opt_outs::writes(&self.table, line, change, true)?;
        Ok(self.table.transact(writes).await?.is_empty())
    }

    async fn claim_slot(
        &self,
        key: &pace::Key,
        rate: pace::Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        paces::claim_slot(&self.table, key, rate, patience, now).await
    }

    async fn claim_signature(
        &self,
        signature: &SignatureDigest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        signatures::claim(&self.table, signature, until, now).await
    }

    async fn lines(&self) -> Result<Vec<Line>> {
        let mut pages = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .key_condition_expression("#pk = :register")
            .expression_attribute_names("#pk", item::PK)
            .expression_attribute_values(":register", item::string(item::REGISTER))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut keys = Vec::new();
        while let Some(registered) = pages.next().await {
            let registered = registered
                .map_err(plain)
                .with_context(|| self.table.failed("list the lines of"))?;
            let number = item::text(&registered, item::SK)
                .and_then(|number| PhoneNumber::parse(number).ok())
                .ok_or_else(|| anyhow!("the register of lines has an entry without a number"))?;
            keys.push(Key::line(&number));
        }
        let items = self.table.read(&keys).await?;
        // In the order of the register.
        keys.iter()
            .filter_map(|key| pick(&items, key).transpose())
            .collect()
    }

    async fn line(&self, number: &PhoneNumber) -> Result<Option<Line>> {
        self.read_one(Key::line(number)).await
    }

    async fn put_line(&self, line: &Line) -> Result<()> {
        let mut keys = vec![Key::overrides(&line.number)];
        let people = line.people.iter();
        keys.extend(people.map(|person| Key::opt_out(&line.number, &person.number)));
        let known = self.table.read(&keys).await?;
        let mut writes = vec![
            self.table.put_any(item::of_line(line)?)?,
            self.table.put_any(Key::registered(&line.number).item())?,
            self.table.put_any(opt_outs::people_among(&known, line))?,
        ];
        let overrides = pick_overrides(&known, &keys[0])?.0.into_keys();
        let gone: Vec<String> = overrides
            .filter(|name| line.people.iter().all(|person| person.name != *name))
            .map(|name| item::override_attribute(&name))
            .collect();
        if !gone.is_empty() {
            writes.push(self.table.remove(Key::overrides(&line.number), &gone)?);
        }
        self.table.transact(writes).await.map(drop)
    }

    async fn remove_line(&self, number: &PhoneNumber) -> Result<()> {
        let writes = vec![
            self.table.delete(Key::line(number))?,
            self.table.delete(Key::overrides(number))?,
            self.table.delete(Key::threads(number))?,
            self.table.delete(Key::reconciled(number))?,
            self.table.delete(Key::opted_out_people(number))?,
            self.table.delete(Key::registered(number))?,
        ];
        self.table.transact(writes).await.map(drop)
    }

    async fn reconciled(&self, line: &PhoneNumber) -> Result<Option<Date>> {
        let items = self.table.read(&[Key::reconciled(line)]).await?;
        let day = items.first().and_then(|item| item::text(item, item::DAY));
        Ok(day.map(str::parse).transpose()?)
    }

    async fn set_reconciled(&self, line: &PhoneNumber, day: Date) -> Result<()> {
        self.table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(item::of_reconciled(line, day)))
            .send()
            .await
            .map_err(plain)
            .with_context(|| self.table.failed("write to"))?;
        Ok(())
    }

    async fn overrides(&self, line: &PhoneNumber) -> Result<Overrides> {
        let key = Key::overrides(line);
        pick_overrides(&self.table.read(std::slice::from_ref(&key)).await?, &key)
    }

    async fn set_override(
        &self,
        line: &PhoneNumber,
        person: &str,
        to: Option<&Override>,
    ) -> Result<()> {
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(Key::overrides(line).item()))
            .expression_attribute_names("#person", item::override_attribute(person));
        let update = match to {
            Some(to) => update
                .update_expression("SET #person = :override")
                .expression_attribute_values(
                    ":override",
                    item::string(&serde_json::to_string(to)?),
                ),
            None => update.update_expression("REMOVE #person"),
        };
        update
            .send()
            .await
            .map_err(plain)
            .with_context(|| self.table.failed("write to"))?;
        Ok(())
    }
}

/// The keys of what a decision asks about whoever wrote.
struct SenderKeys {
    opt_out: Key,
    subscriptions: Key,
    registered: Key,
}

impl SenderKeys {
    fn all(&self) -> [Key; 3] {
        [&self.opt_out, &self.subscriptions, &self.registered].map(Key::clone)
    }
}

fn pick<T: DeserializeOwned>(items: &[Item], key: &Key) -> Result<Option<T>> {
    let item = items.iter().find(|item| key.is_of(item));
    item.map(item::from_json).transpose()
}

fn pick_overrides(items: &[Item], key: &Key) -> Result<Overrides> {
    let item = items.iter().find(|item| key.is_of(item));
    Ok(item
        .map(item::to_overrides)
        .transpose()?
        .unwrap_or_default())
}

/// Tells this save from every other one.
fn unique() -> Result<String> {
    let random = getrandom::u64().map_err(|error| anyhow!("no randomness: {error}"))?;
    Ok(format!("{random:016x}"))
}
