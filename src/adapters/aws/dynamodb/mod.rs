//! The store on DynamoDB: one table, string keys `pk` and `sk`.
//!
//! | `pk` | `sk` | further attributes |
//! | --- | --- | --- |
//! | `line#NUMBER` | `line` | `json`: the line; for a reply number instead `of_line`: its line's number |
//! | `line#NUMBER` | `overrides` | `@PERSON`: that person's override as JSON |
//! | `line#NUMBER` | `person#NUMBER` | `json`, `version`, `saved_by`: what one of its people is asked, wrong PINs, whose the reply numbers on their phone are |
//! | `conversation#NUMBER#CUSTOMER` | `conversation` | `json`, `version`, `saved_by`; `expires` unless the customer waits or is blocked |
//! | `line#NUMBER` | `blocked#CUSTOMER` | `json`: since when and by whom that customer is blocked, as in the conversation: the list of them |
//! | `conversations#NUMBER#PERSON` | `WAITS#TIME#CUSTOMER` | `expires` unless the customer waits: the list of a person's customers, read from its end |
//! | `alike#NUMBER#DIGITS` | `CUSTOMER` | none: the customers whose numbers end in the same four digits |
//! | `line#NUMBER` | `reconciled` | `day`: the last one that is not to be compared with Twilio's list any more |
//! | `line#NUMBER` | `opt_out#NUMBER` | `json`: since when and why that number gets no texts |
//! | `line#NUMBER` | `opted_out_people` | `NUMBER`: the same `json`, of the line's people |
//! | `line#NUMBER` | `subscriptions#NUMBER` | `topic@TOPIC`: what is on record of that number and the topic, as JSON |
//! | `topic#NUMBER#TOPIC` | `NUMBER` | `json`: the same, of whoever gets the notices of the line's topic |
//! | `lines` | `NUMBER` | none: the register that lists lines and reply numbers |
//! | `inbound#SID` | `inbound` | `json`, `expires` |
//! | `delivery#ID` | `delivery` | `json`, `version`, `saved_by`, `expires`; while it is due or a dead letter `due_shard`, `due_at` |
//! | `sent#SID` | `sent` | `delivery`: whose message of Twilio's it is, `expires` |
//! | `notice#ID` | `notice` | `json`, `version`, `saved_by`, `expires`; while pages are left `due_shard`, `due_at` |
//! | `subject#NUMBER#TOPIC#SUBJECT` | `ID` | `expires`: a notice about the subject |
//! | `recipients#ID#0` to `7` | delivery's id | `standing`: how a recipient of the notice stands, `expires` |
//! | `call#SID` | `call` | `json`, `version`, `saved_by`, `expires`; while somebody has to look at it `due_shard`, `due_at` |
//! | `line#NUMBER` | `calls` | `json`, `version`, `saved_by`, `expires`: the line's calls that go on, and the last that came |
//! | `calls#NUMBER` | `TIME#SID` | `expires`: the list of a line's calls, read from its end |
//! | `voicemail#DIGEST` | `voicemail` | `call`: the call that a voicemail's token is of, `expires` |
//! | `voicemail#DIGEST#N` | `sound` | `sound`: a part of what the caller said, a binary of at most 350,000 bytes; `parts`: how many there are, `digest`: of all, `until`, `expires` |
//! | `pace#KEY` | `pace` | `tat`: when the next is due (milliseconds since 1970), `expires` |
//! | `doctor` | `verdicts` | `json`: how each check of what is set up at Twilio stood last |
//! | `signature#DIGEST` | `signature` | `saved_by`: who claimed it, `expires`: a request over HTTP that came once |
//!
//! `json` is a string, or compressed where it is long (raw DEFLATE, a binary). `expires` is the table's TTL
//! attribute, in seconds since 1970. A delivery that gave up has none: its text has reached nobody, and it
//! stays until somebody has it replayed. The index `due` has the partition key `due_shard` (a string, `0`
//! to `7`, or as far as `63` where more shards are wanted, `dead` for what gave up, `notices` or `calls`), the sort key `due_at` (a number, milliseconds since
//! 1970; when it gave up), and projects keys only.
//!
//! All reads but those of the index, the register, the opt-outs, the blocked, a topic, a person's list,
//! the customers who end alike and a line's calls are `BatchGetItem`, all consistent but those of the index; so
//! a function needs leave for `BatchGetItem`, `PutItem` and `UpdateItem` (the transaction's too), inbound-sms and
//! reconciliation also for `DeleteItem` and `Query` on the table, the worker also for `Query` on table
//! and index, whoever removes a voicemail for `DeleteItem`, `relay config`, `relay optouts`, `relay block` and
//! `relay subscribers` for `Query` and `DeleteItem` on the table, `relay conversations` and `relay calls` for
//! `Query` on the table, and `relay dead` for `Query` on the index.
//!
//! A decision must know which of the line's people opted out, and reads them by one key with the
//! line, however many customers are on the list: hence `opted_out_people`, which each change of a
//! person's entry keeps up in its own transaction, and each write of the line makes anew.

mod calls;
mod conversations;
mod item;
mod lines;
mod notices;
mod opt_outs;
mod paces;
mod planned;
mod subscribers;
mod table;
mod verdicts;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{anyhow, bail};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::TransactWriteItem;
use futures::future::{try_join_all, try_join3};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use self::item::{Item, Key};
use self::table::{Table, Written};
use crate::app::ports::store::{
    Changed, ForCall, ForInbound, ForSending, Kept, MOST_ALIKE, MOST_CUSTOMERS, Planned, Result,
    Saved, SignatureDigest, Store,
};
use crate::domain::conversation::{Block, Conversation, PersonState, digits_alike};
use crate::domain::delivery::Delivery;
use crate::domain::duty::{Override, Overrides};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::ids::{CallSid, DeliveryId};
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::opt_out::{self, OptOuts};
use crate::domain::pace;
use crate::domain::phone::PhoneNumber;

/// So many entries of the index are read of one shard at once without asking how many others have.
const FEW: usize = 1000;

pub struct DynamoStore {
    table: Table,
}

/// Over how many shards of the index due deliveries are spread. Each takes a thousand writes a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards(u8);

impl Default for Shards {
    fn default() -> Self {
        Self(item::SHARDS)
    }
}

impl FromStr for Shards {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.parse() {
            Ok(shards @ (item::SHARDS | 16 | 32 | item::MOST_SHARDS)) => Ok(Self(shards)),
            _ => bail!(
                "the number of shards of the index is {text:?}, and 8, 16, 32 or 64 are possible"
            ),
        }
    }
}

impl DynamoStore {
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        let (name, shards) = (table.into(), item::SHARDS);
        Self {
            table: Table {
                client,
                name,
                shards,
            },
        }
    }

    /// From now on due deliveries are written to so many shards of the index; what stands in others is
    /// found all the same.
    pub fn spread_over(mut self, shards: Shards) -> Self {
        self.table.shards = shards.0;
        self
    }

    /// Opens the connection by reading something that is not there.
    pub async fn warm(&self) -> Result<()> {
        let nothing = DeliveryId::parse("warm").expect("well formed");
        self.table.read(&[Key::delivery(&nothing)]).await.map(drop)
    }

    async fn read_one<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>> {
        pick(&self.table.read([&key]).await?, &key)
    }

    async fn alike_of(
        &self,
        line: &PhoneNumber,
        from: Option<&PhoneNumber>,
    ) -> Result<Vec<PhoneNumber>> {
        match from {
            Some(from) => {
                conversations::alike(&self.table, line, digits_alike(from), MOST_ALIKE).await
            }
            None => Ok(Vec::new()),
        }
    }

    async fn customers_of_sender(
        &self,
        line: &PhoneNumber,
        from: Option<&PhoneNumber>,
    ) -> Result<Vec<PhoneNumber>> {
        match from {
            Some(from) => conversations::of_person(&self.table, line, from, MOST_CUSTOMERS).await,
            None => Ok(Vec::new()),
        }
    }

    /// All that a text needs, or a call.
    async fn of_number(
        &self,
        number: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
        call: Option<&CallSid>,
    ) -> Result<ForCall> {
        match self.of_line(number, sid, from, call).await? {
            Found::Line(found) => Ok(*found),
            Found::ReplyNumberOf(line) => match self.of_line(&line, sid, from, call).await? {
                Found::Line(found) => Ok(*found),
                Found::ReplyNumberOf(_) => bail!("a reply number stands for another one"),
            },
        }
    }

    /// The same by the line's own number; or whose line it is, if it is a reply number.
    async fn of_line(
        &self,
        number: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
        call: Option<&CallSid>,
    ) -> Result<Found> {
        let (line, overrides) = (Key::line(number), Key::overrides(number));
        let (people, earlier) = (Key::opted_out_people(number), Key::inbound(sid));
        let sender = from.map(|from| {
            (
                from,
                Key::opt_out(number, from),
                Key::subscriptions(number, from),
                Key::registered(from),
                Key::conversation(number, from),
                Key::person_state(number, from),
            )
        });
        let mut keys = vec![&line, &overrides, &people, &earlier];
        if let Some((_, opt_out, subscriptions, registered, conversation, person)) = &sender {
            keys.extend([opt_out, subscriptions, registered, conversation, person]);
        }
        let of_call = call.map(|sid| (calls::key(sid), calls::live_key(number)));
        if let Some((call, live)) = &of_call {
            keys.extend([call, live]);
        }
        let (items, alike, customers) = try_join3(
            self.table.read(keys),
            self.alike_of(number, from),
            self.customers_of_sender(number, from),
        )
        .await?;
        if let Some(of_line) = lines::of_reply_number(&items, &line)? {
            return Ok(Found::ReplyNumberOf(of_line));
        }
        let mut opt_outs = opt_outs::of_people(&items, &people)?;
        let (mut subscriptions, mut from_own_line) = (Vec::new(), false);
        let (mut conversation, mut person) = (None, PersonState::default());
        if let Some((from, opt_out, on_record, registered, own, state)) = &sender {
            let opt_out = pick(&items, opt_out)?;
            opt_outs.0.extend(opt_out.map(|out| ((*from).clone(), out)));
            subscriptions = subscribers::on_record(&items, on_record)?;
            from_own_line = registered.find(&items).is_some();
            conversation = pick(&items, own)?;
            person = pick(&items, state)?.unwrap_or_default();
        }
        let inbound = ForInbound {
            line: pick(&items, &line)?,
            overrides: item::to_overrides(overrides.find(&items))?,
            opt_outs,
            subscriptions,
            conversation,
            alike,
            customers,
            person,
            from_own_line,
            earlier: pick(&items, &earlier)?,
        };
        let mut found = ForCall {
            inbound,
            ..ForCall::default()
        };
        if let Some((call, live)) = &of_call {
            found.call = pick(&items, call)?;
            found.live = pick(&items, live)?.unwrap_or_default();
        }
        Ok(Found::Line(Box::new(found)))
    }

    /// A spawned delivery that is there already fails its condition, and with it all of the
    /// transaction, which is then done without that one.
    async fn save_all(
        &self,
        delivery: &Delivery,
        spawned: &[Delivery],
        saved_by: &str,
    ) -> Result<Saved> {
        let mut writes = vec![self.table.put_next(
            item::of_delivery(delivery, self.table.shards, saved_by)?,
            delivery.version - 1,
        )];
        writes.extend(notices::standing(&self.table, delivery)?);
        for new in spawned {
            let new = item::of_delivery(new, self.table.shards, saved_by)?;
            writes.push(self.table.put_new(new));
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
        let put = self
            .table
            .client
            .put_item()
            .set_item(Some(item))
            .condition_expression("version = :previous")
            .expression_attribute_values(":previous", item::number(previous));
        Ok(saved(self.table.put_if(put).await?.is_by(saved_by)))
    }

    async fn in_shard(
        &self,
        shard: &str,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<(i64, DeliveryId)>> {
        let query = self.table.query_index(shard, before);
        let found = self
            .table
            .find(query, limit, "query the index of due deliveries of");
        found.await?.iter().map(item::to_due).collect()
    }
}

#[async_trait]
impl Store for DynamoStore {
    async fn for_inbound(
        &self,
        to: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound> {
        Ok(self.of_number(to, sid, from, None).await?.inbound)
    }

    async fn take_in(&self, line: &PhoneNumber, planned: &Planned) -> Result<Kept> {
        planned::take_in(&self.table, line, planned).await
    }

    async fn conversations(
        &self,
        line: &PhoneNumber,
        customers: &[PhoneNumber],
    ) -> Result<Vec<Conversation>> {
        conversations::of(&self.table, line, customers).await
    }

    async fn customers_alike(
        &self,
        line: &PhoneNumber,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<PhoneNumber>> {
        conversations::alike(&self.table, line, digits, limit).await
    }

    async fn customers_of(
        &self,
        line: &PhoneNumber,
        person: &PhoneNumber,
        limit: usize,
    ) -> Result<Vec<PhoneNumber>> {
        conversations::of_person(&self.table, line, person, limit).await
    }

    async fn person_state(&self, line: &PhoneNumber, person: &PhoneNumber) -> Result<PersonState> {
        let state = self.read_one(Key::person_state(line, person)).await?;
        Ok(state.unwrap_or_default())
    }

    async fn blocked(&self, line: &PhoneNumber) -> Result<BTreeMap<PhoneNumber, Block>> {
        conversations::blocked(&self.table, line).await
    }

    async fn save_person_state(
        &self,
        line: &PhoneNumber,
        person: &PhoneNumber,
        state: &PersonState,
    ) -> Result<Saved> {
        let put = conversations::put_person_state(&self.table, line, person, state, &unique()?)?;
        Ok(saved(self.table.transact(vec![put]).await?.is_empty()))
    }

    async fn save_conversation(&self, line: &PhoneNumber, changed: &Changed) -> Result<Saved> {
        let writes = conversations::writes(&self.table, line, changed, &unique()?)?;
        // A transaction, whose answer can get lost without harm.
        Ok(saved(self.table.transact(writes).await?.is_empty()))
    }

    async fn inbound(&self, sid: &MessageSid) -> Result<Option<InboundRecord>> {
        self.read_one(Key::inbound(sid)).await
    }

    async fn save(&self, delivery: &Delivery, spawned: &[Delivery]) -> Result<Saved> {
        let Some(previous) = delivery.version.checked_sub(1) else {
            return Ok(Saved::Outdated);
        };
        let saved_by = unique()?;
        if !spawned.is_empty() || delivery.purpose.notice().is_some() {
            return self.save_all(delivery, spawned, &saved_by).await;
        }
        let item = item::of_delivery(delivery, self.table.shards, &saved_by)?;
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
            .set_item(Some(item::of_sent(sid, delivery, now)?))
            .condition_expression("attribute_not_exists(pk) OR delivery = :delivery")
            .expression_attribute_values(":delivery", item::string(delivery.as_str()));
        Ok(matches!(self.table.put_if(put).await?, Written::Yes(_)))
    }

    async fn owner_of(&self, sid: &MessageSid) -> Result<Option<DeliveryId>> {
        let items = self.table.read(&[Key::sent(sid)]).await?;
        let owner = items.first().map(item::to_owner);
        owner.transpose()
    }

    async fn overdue(
        &self,
        instant: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, DeliveryId)>> {
        // Of very many, each shard has about as many.
        let of_each = limit.min(FEW.max(2 * limit / usize::from(self.table.shards)));
        let shards = item::shards_to_read(self.table.shards, instant)
            .map(async |shard| self.in_shard(&shard.to_string(), instant, of_each).await);
        let mut due: Vec<_> = try_join_all(shards).await?.into_iter().flatten().collect();
        due.sort_unstable();
        let due = due.into_iter().take(limit);
        due.map(|(at, id)| Ok((Timestamp::from_millisecond(at)?, id)))
            .collect()
    }

    async fn put_off(&self, id: &DeliveryId, before: Timestamp, until: Timestamp) -> Result<bool> {
        let update = self
            .table
            .client
            .update_item()
            .set_key(Some(Key::delivery(id).item()))
            .condition_expression("due_at < :before")
            .update_expression("SET due_at = :until")
            .expression_attribute_values(":before", item::number(before.as_millisecond()))
            .expression_attribute_values(":until", item::number(until.as_millisecond()));
        Ok(matches!(
            self.table.update_if(update).await?,
            Written::Yes(_)
        ))
    }

    async fn gave_up_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        let dead = self.in_shard(item::DEAD, instant, limit);
        Ok(dead.await?.into_iter().map(|(_, id)| id).collect())
    }

    async fn for_sending(&self, line: &PhoneNumber, to: &PhoneNumber) -> Result<ForSending> {
        let (opt_out, person) = (Key::opt_out(line, to), Key::person_state(line, to));
        let line = Key::line(line);
        let items = self.table.read([&line, &opt_out, &person]).await?;
        Ok(ForSending {
            line: pick(&items, &line)?,
            opt_out: pick(&items, &opt_out)?,
            person: pick(&items, &person)?.unwrap_or_default(),
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
    ) -> Result<pace::Slot> {
        paces::claim_slot(&self.table, key, rate, patience, now).await
    }

    /// DynamoDB deletes what has expired within days, not at once; until then it is as good as gone.
    async fn spend(&self, budget: &pace::Budget, segments: u32) -> Result<pace::Spent> {
        paces::spend(&self.table, budget, segments).await
    }

    async fn claim_once(
        &self,
        key: &pace::Key,
        by: &DeliveryId,
        within: Duration,
        now: Timestamp,
    ) -> Result<bool> {
        paces::claim_once(&self.table, key, by, within, now).await
    }

    async fn claim_signature(
        &self,
        signature: &SignatureDigest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let claimed_by = unique()?;
        let item = Key::signature(signature).with([
            (item::SAVED_BY, item::string(&claimed_by)),
            // A whole second later: the instant may have a fraction.
            (item::EXPIRES, item::number(until.as_second() + 1)),
        ]);
        let put = self
            .table
            .client
            .put_item()
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR expires <= :now")
            .expression_attribute_values(":now", item::number(now.as_second()));
        Ok(self.table.put_if(put).await?.is_by(&claimed_by))
    }

    async fn lines(&self) -> Result<Vec<Line>> {
        lines::all(&self.table).await
    }

    async fn line(&self, number: &PhoneNumber) -> Result<Option<Line>> {
        lines::of(&self.table, number).await
    }

    async fn put_line(&self, line: &Line) -> Result<()> {
        lines::put(&self.table, line).await
    }

    async fn remove_line(&self, number: &PhoneNumber) -> Result<()> {
        lines::remove(&self.table, number).await
    }

    async fn reconciled(&self, line: &PhoneNumber) -> Result<Option<Date>> {
        let items = self.table.read(&[Key::reconciled(line)]).await?;
        let day = items.first().and_then(|item| item::text(item, item::DAY));
        Ok(day.map(str::parse).transpose()?)
    }

    async fn set_reconciled(&self, line: &PhoneNumber, day: Date) -> Result<()> {
        let item = Key::reconciled(line).with([(item::DAY, item::string(&day.to_string()))]);
        let put = self.table.put_any(item);
        self.table.transact(vec![put]).await.map(drop)
    }

    async fn overrides(&self, line: &PhoneNumber) -> Result<Overrides> {
        let key = Key::overrides(line);
        item::to_overrides(self.table.read(&[key]).await?.first())
    }

    async fn set_override(
        &self,
        line: &PhoneNumber,
        person: &str,
        to: Option<&Override>,
    ) -> Result<()> {
        let set = set_override(&self.table, line, person, to)?;
        self.table.transact(vec![set]).await.map(drop)
    }
}

/// What stands under a number that was texted or called.
enum Found {
    Line(Box<ForCall>),
    ReplyNumberOf(PhoneNumber),
}

/// Sets a person's override, or with `None` clears it.
fn set_override(
    table: &Table,
    line: &PhoneNumber,
    person: &str,
    to: Option<&Override>,
) -> Result<TransactWriteItem> {
    let (key, name) = (Key::overrides(line), item::override_attribute(person));
    Ok(match to {
        Some(to) => table.set(&key, [(name, item::json(to)?)]),
        None => table.remove(&key, vec![name]),
    })
}

fn pick<T: DeserializeOwned>(items: &[Item], key: &Key) -> Result<Option<T>> {
    key.find(items).map(item::from_json).transpose()
}

fn saved(is_saved: bool) -> Saved {
    if is_saved {
        Saved::Yes
    } else {
        Saved::Outdated
    }
}

/// Tells this save from every other one.
fn unique() -> Result<String> {
    let random = getrandom::u64().map_err(|error| anyhow!("no randomness: {error}"))?;
    Ok(format!("{random:016x}"))
}
