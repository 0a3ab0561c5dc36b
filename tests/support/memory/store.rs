use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use anyhow::bail;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use relay::app::ports::store::{
    Changed, ForInbound, ForSending, Kept, MOST_ALIKE, MOST_CUSTOMERS, Planned, Result, Saved,
    Store, Subscribers,
};
use relay::app::ports::store::{SignatureDigest, TokenDigest, Voicemail};
use relay::domain::call::{Call, LineCalls};
use relay::domain::conversation::{Block, Conversation, PersonState, digits_alike};
use relay::domain::delivery::{Delivery, Event, Restoration, step};
use relay::domain::duty::{Override, Overrides};
use relay::domain::ids::CallSid;
use relay::domain::ids::DeliveryId;
use relay::domain::ids::NoticeId;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::inbound_record::InboundRecord;
use relay::domain::line::Line;
use relay::domain::notice::Notice;
use relay::domain::opt_out;
use relay::domain::opt_out::OptOuts;
use relay::domain::pace::{self, Budget, Slot, Spent};
use relay::domain::phone::PhoneNumber;
use relay::domain::subscriber::{Change, Subscriber, Unchanged};
use serde::Serialize;

/// A store that is gone with its process.
#[derive(Default)]
pub struct MemoryStore(Mutex<Tables>);

/// All that a store has.
#[derive(Clone, Default)]
pub struct Tables {
    lines: BTreeMap<PhoneNumber, Line>,
    /// Which line each is of.
    reply_numbers: BTreeMap<PhoneNumber, PhoneNumber>,
    overrides: BTreeMap<PhoneNumber, Overrides>,
    inbounds: BTreeMap<MessageSid, InboundRecord>,
    pub(crate) deliveries: BTreeMap<DeliveryId, Row>,
    sent: BTreeMap<MessageSid, DeliveryId>,
    reconciled: BTreeMap<PhoneNumber, Date>,
    /// By line and customer.
    pub(crate) conversations: BTreeMap<(PhoneNumber, PhoneNumber), Conversation>,
    /// By line and person.
    persons: BTreeMap<(PhoneNumber, PhoneNumber), PersonState>,
    pub(crate) opt_outs: BTreeMap<PhoneNumber, OptOuts>,
    tats: BTreeMap<pace::Key, Timestamp>,
    spent: BTreeMap<pace::Key, u32>,
    claims: BTreeMap<pace::Key, (DeliveryId, Timestamp)>,
    pub(crate) notices: BTreeMap<NoticeId, Notice>,
    signatures: BTreeMap<SignatureDigest, Timestamp>,
    /// By line and topic.
    subscribers: BTreeMap<(PhoneNumber, String), BTreeMap<PhoneNumber, Subscriber>>,
    pub(crate) calls: BTreeMap<CallSid, Call>,
    /// By line.
    pub(crate) live_calls: BTreeMap<PhoneNumber, LineCalls>,
    pub(crate) voicemail_calls: BTreeMap<TokenDigest, CallSid>,
    pub(crate) voicemails: BTreeMap<TokenDigest, Voicemail>,
    restoration: Option<Restoration>,
}

impl Tables {
    pub fn delivery(&self, id: &DeliveryId) -> Option<&Delivery> {
        self.deliveries.get(id).map(|row| &*row.delivery)
    }

    /// When the first delivery, notice or call is due, if any is.
    pub fn next_due(&self) -> Option<Timestamp> {
        let deliveries = self.deliveries.values().filter_map(|row| row.due);
        let notices = self.notices.values().filter_map(Notice::due);
        let calls = self.calls.values().filter_map(|call| call.due);
        deliveries.chain(notices).chain(calls).min()
    }

    /// What is due before an instant, longest due first.
    pub fn due_before(&self, instant: Timestamp) -> Vec<DeliveryId> {
        let overdue = self.overdue(instant).into_iter();
        overdue.map(|(_, id)| id).collect()
    }

    /// The same with the time.
    pub fn overdue(&self, instant: Timestamp) -> Vec<(Timestamp, DeliveryId)> {
        let due = self.deliveries.iter();
        let due = due.filter_map(|(id, row)| Some((row.due?, id.clone())));
        let mut due: Vec<_> = due.filter(|(due, _)| *due < instant).collect();
        due.sort_unstable();
        due
    }

    /// The same for two stores that have kept the same texts and deliveries, in whatever order.
    pub fn digest(&self) -> u64 {
        let rows = self.deliveries.values();
        let deliveries: Vec<_> = rows.map(|row| (row.digest(), row.due)).collect();
        let inbounds = Vec::from_iter(self.inbounds.keys());
        let conversations = Vec::from_iter(self.conversations.values());
        let persons = Vec::from_iter(&self.persons);
        let calls = Vec::from_iter(self.calls.values());
        digest(&(
            inbounds,
            deliveries,
            conversations,
            persons,
            &self.overrides,
            calls,
        ))
    }

    /// The same of what is read for a text of this customer to the only line.
    pub fn digest_of_customer(&self, customer: &str, sid: &MessageSid) -> u64 {
        let theirs = |c: &&Conversation| c.customer.expose() == customer;
        let conversation = self.conversations.values().find(theirs);
        digest(&(conversation, &self.overrides, self.inbounds.get(sid)))
    }

    /// And for a text of a person.
    pub fn digest_of_persons(&self, sid: &MessageSid) -> u64 {
        let conversations = Vec::from_iter(self.conversations.values());
        let read: Vec<_> = (self.conversations.values())
            .flat_map(|c| &c.participants)
            .flat_map(|participant| &participant.texts)
            .filter_map(|id| Some(self.deliveries.get(id)?.digest()))
            .collect();
        let persons = Vec::from_iter(&self.persons);
        let earlier = self.inbounds.get(sid);
        digest(&(conversations, read, persons, &self.overrides, earlier))
    }

    /// What `relay restore` makes of a copy.
    pub fn restored(mut self, restoration: Restoration) -> Self {
        let Restoration { since, at } = restoration;
        for row in self.deliveries.values_mut() {
            let (mut after, _) = step((*row.delivery).clone(), Event::Restored { since }, at, 0.0);
            if after != *row.delivery {
                after.version += 1;
                *row = Row::from(&after);
            }
        }
        self.restoration = Some(restoration);
        self
    }

    fn line(&self, number: &PhoneNumber) -> Option<&Line> {
        let by_reply_number = || self.lines.get(self.reply_numbers.get(number)?);
        self.lines.get(number).or_else(by_reply_number)
    }

    pub(crate) fn for_inbound(
        &self,
        to: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> ForInbound {
        let line = self.line(to).cloned();
        let number = line.as_ref().map_or(to, |line| &line.number);
        let is_wanted = |number: &PhoneNumber| {
            from == Some(number) || line.iter().any(|line| line.person_with(number).is_some())
        };
        let mut opt_outs = self.opt_outs.get(number).cloned().unwrap_or_default();
        opt_outs.0.retain(|number, _| is_wanted(number));
        ForInbound {
            opt_outs,
            subscriptions: from.map_or(Vec::new(), |from| self.subscriptions_of(number, from)),
            from_own_line: from.is_some_and(|from| self.line(from).is_some()),
            overrides: self.overrides.get(number).cloned().unwrap_or_default(),
            conversation: from.and_then(|from| {
                self.conversations
                    .get(&(number.clone(), from.clone()))
                    .cloned()
            }),
            alike: from.map_or(Vec::new(), |from| {
                self.alike(number, digits_alike(from), MOST_ALIKE)
            }),
            customers: from.map_or(Vec::new(), |from| {
                self.customers_of(number, from, MOST_CUSTOMERS)
            }),
            person: from.map_or_else(PersonState::default, |from| self.person_state(number, from)),
            earlier: self.inbounds.get(sid).cloned(),
            line: line.clone(),
        }
    }

    fn conversations_of(&self, line: &PhoneNumber) -> impl Iterator<Item = &Conversation> {
        let all = self.conversations.iter();
        all.filter(move |((of, _), _)| of == line)
            .map(|(_, conversation)| conversation)
    }

    fn alike(&self, line: &PhoneNumber, digits: &str, limit: usize) -> Vec<PhoneNumber> {
        let all = self.conversations_of(line).map(|c| &c.customer);
        all.filter(|customer| digits_alike(customer) == digits)
            .take(limit)
            .cloned()
            .collect()
    }

    fn customers_of(
        &self,
        line: &PhoneNumber,
        person: &PhoneNumber,
        limit: usize,
    ) -> Vec<PhoneNumber> {
        let theirs = self
            .conversations_of(line)
            .filter(|c| c.participant(person).is_some());
        let mut theirs: Vec<&Conversation> = theirs.collect();
        theirs.sort_by_key(|c| std::cmp::Reverse((c.rank(), c.customer.clone())));
        theirs
            .into_iter()
            .take(limit)
            .map(|c| c.customer.clone())
            .collect()
    }

    fn person_state(&self, line: &PhoneNumber, person: &PhoneNumber) -> PersonState {
        let state = self.persons.get(&(line.clone(), person.clone()));
        state.cloned().unwrap_or_default()
    }

    fn is_next(&self, line: &PhoneNumber, changed: &Changed) -> bool {
        let key = (line.clone(), changed.after.customer.clone());
        let version = self
            .conversations
            .get(&key)
            .map_or(0, |known| known.version);
        version == changed.previous()
    }

    fn put_conversation(&mut self, line: &PhoneNumber, changed: &Changed) {
        let key = (line.clone(), changed.after.customer.clone());
        self.conversations.insert(key, changed.after.clone());
    }

    fn set_override(&mut self, line: &PhoneNumber, person: &str, to: Option<&Override>) {
        let overrides = &mut self.overrides.entry(line.clone()).or_default().0;
        match to {
            Some(to) => drop(overrides.insert(person.to_owned(), to.clone())),
            None => drop(overrides.remove(person)),
        }
    }

    fn change_opt_out(&mut self, line: &PhoneNumber, change: &opt_out::Change) -> bool {
        let listed = &mut self.opt_outs.entry(line.clone()).or_default().0;
        match &change.to {
            None => listed.remove(&change.number).is_some(),
            Some(_) if listed.contains_key(&change.number) => false,
            Some(to) => listed.insert(change.number.clone(), to.clone()).is_none(),
        }
    }
}

impl Tables {
    fn subscriptions_of(&self, line: &PhoneNumber, number: &PhoneNumber) -> Vec<Subscriber> {
        let topics = self.subscribers.iter().filter(|((l, _), _)| l == line);
        topics.filter_map(|(_, s)| s.get(number).cloned()).collect()
    }

    fn put_subscriber(&mut self, line: &PhoneNumber, subscriber: &Subscriber) {
        let topic = (line.clone(), subscriber.topic.clone());
        let topic = self.subscribers.entry(topic).or_default();
        topic.insert(subscriber.number.clone(), subscriber.clone());
    }
}

fn digest(what: &impl Serialize) -> u64 {
    let json = serde_json::to_vec(what).expect("rows are JSON");
    let mut hasher = DefaultHasher::new();
    hasher.write(&json);
    hasher.finish()
}

/// Cheap to copy.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) delivery: Arc<Delivery>,
    due: Option<Timestamp>,
    digest: Arc<OnceLock<u64>>,
}

impl Row {
    fn digest(&self) -> u64 {
        *self.digest.get_or_init(|| digest(&*self.delivery))
    }
}

impl From<&Delivery> for Row {
    fn from(delivery: &Delivery) -> Self {
        Self {
            delivery: Arc::new(delivery.clone()),
            due: delivery.due(),
            digest: Arc::default(),
        }
    }
}

impl MemoryStore {
    /// A store that has this from the beginning.
    pub fn with(tables: Tables) -> Self {
        Self(Mutex::new(tables))
    }

    pub fn copy(&self) -> Tables {
        self.tables().clone()
    }

    /// Puts a copy in the place of all that it has.
    pub fn replace(&self, copy: Tables) {
        *self.tables() = copy;
    }

    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap()
    }

    pub fn inbounds(&self) -> Vec<InboundRecord> {
        self.tables().inbounds.values().cloned().collect()
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        let tables = self.tables();
        let rows = tables.deliveries.values();
        rows.map(|row| (*row.delivery).clone()).collect()
    }

    /// When the first delivery, notice or call is due, if any is.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.tables().next_due()
    }

    /// Forgets that it has kept a text: what a store must not do.
    pub fn forget(&self, planned: &Planned) {
        let mut tables = self.tables();
        tables.inbounds.remove(&planned.record.sms.sid);
        for delivery in &planned.deliveries {
            tables.deliveries.remove(&delivery.id);
        }
    }

    /// Replaces a delivery whatever its version: what a store must not do.
    pub fn overwrite(&self, delivery: &Delivery) {
        let row = delivery.into();
        self.tables().deliveries.insert(delivery.id.clone(), row);
    }
}

#[async_trait]
impl Subscribers for MemoryStore {
    async fn subscribers(
        &self,
        line: &PhoneNumber,
        topic: &str,
        after: Option<&PhoneNumber>,
        limit: usize,
    ) -> Result<Vec<Subscriber>> {
        let tables = self.tables();
        let of_topic = tables.subscribers.get(&(line.clone(), topic.to_owned()));
        let active = of_topic
            .into_iter()
            .flatten()
            .filter(|(number, subscriber)| {
                after.is_none_or(|after| after < *number) && subscriber.is_active()
            });
        Ok(active.take(limit).map(|(_, s)| s.clone()).collect())
    }

    async fn subscriptions_of(
        &self,
        line: &PhoneNumber,
        number: &PhoneNumber,
    ) -> Result<Vec<Subscriber>> {
        Ok(self.tables().subscriptions_of(line, number))
    }

    async fn change_subscribers(
        &self,
        line: &PhoneNumber,
        changes: &[Change],
    ) -> Result<Vec<std::result::Result<Subscriber, Unchanged>>> {
        let mut tables = self.tables();
        let made = changes.iter().map(|change| {
            let before = tables.subscriptions_of(line, &change.number);
            let before = before.iter().find(|s| s.topic == change.topic);
            let made = change.of(before)?;
            tables.put_subscriber(line, &made);
            Ok(made)
        });
        Ok(made.collect())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn for_inbound(
        &self,
        to: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound> {
        Ok(self.tables().for_inbound(to, sid, from))
    }

    async fn for_sending(&self, line: &PhoneNumber, to: &PhoneNumber) -> Result<ForSending> {
        let tables = self.tables();
        let listed = tables.opt_outs.get(line);
        Ok(ForSending {
            line: tables.lines.get(line).cloned(),
            opt_out: listed.and_then(|listed| listed.of(to)).cloned(),
            person: tables.person_state(line, to),
        })
    }

    async fn opt_outs(&self, line: &PhoneNumber) -> Result<OptOuts> {
        let tables = self.tables();
        Ok(tables.opt_outs.get(line).cloned().unwrap_or_default())
    }

    async fn change_opt_out(&self, line: &PhoneNumber, change: &opt_out::Change) -> Result<bool> {
        Ok(self.tables().change_opt_out(line, change))
    }

    async fn claim_slot(
        &self,
        key: &pace::Key,
        rate: pace::Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Slot> {
        let tats = &mut self.tables().tats;
        let claim = pace::claim(tats.get(key).copied(), now, rate, patience);
        Ok(match claim {
            Ok(claim) => {
                tats.insert(key.clone(), claim.tat);
                Slot::Taken(claim.slot)
            }
            Err(slot) => Slot::TooLate(slot),
        })
    }

    async fn spend(&self, budget: &Budget, segments: u32) -> Result<Spent> {
        let spent = &mut self.tables().spent;
        let used = spent.entry(budget.key.clone()).or_default();
        let asked = budget.with(*used, segments);
        if let Spent::Yes { used: now } = asked {
            *used = now;
        }
        Ok(asked)
    }

    async fn claim_once(
        &self,
        key: &pace::Key,
        by: &DeliveryId,
        within: Duration,
        now: Timestamp,
    ) -> Result<bool> {
        let claims = &mut self.tables().claims;
        claims.retain(|_, (_, until)| now < *until && *until <= now + within);
        let (owner, _) = claims
            .entry(key.clone())
            .or_insert_with(|| (by.clone(), now + within));
        Ok(owner == by)
    }

    async fn claim_signature(
        &self,
        signature: &SignatureDigest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let signatures = &mut self.tables().signatures;
        signatures.retain(|_, until| now < *until);
        Ok(signatures.insert(signature.clone(), until).is_none())
    }

    async fn take_in(&self, line: &PhoneNumber, planned: &Planned) -> Result<Kept> {
        let mut tables = self.tables();
        let Planned {
            record,
            deliveries,
            conversations,
            person,
            // With `duty`.
            on_other_lines: _,
        } = planned;
        let sid = &record.sms.sid;
        if tables.inbounds.contains_key(sid) {
            return Ok(Kept::Already);
        }
        let is_next = person.as_ref().is_none_or(|(person, state)| {
            tables.person_state(line, person).version + 1 == state.version
        });
        if !is_next
            || !conversations
                .iter()
                .all(|changed| tables.is_next(line, changed))
        {
            return Ok(Kept::Outdated);
        }
        if let Some(taken) = deliveries
            .iter()
            .find(|delivery| tables.deliveries.contains_key(&delivery.id))
        {
            bail!("there is a delivery {} already", taken.id);
        }
        tables.inbounds.insert(sid.clone(), record.clone());
        for delivery in deliveries {
            let row = delivery.into();
            tables.deliveries.insert(delivery.id.clone(), row);
        }
        if let Some(change) = &record.opt_out {
            tables.change_opt_out(line, change);
        }
        for subscriber in &record.subscriptions {
            tables.put_subscriber(line, subscriber);
        }
        for (line, change) in planned.duty(line) {
            tables.set_override(line, &change.person, change.to.as_ref());
        }
        for changed in conversations {
            tables.put_conversation(line, changed);
        }
        if let Some((person, state)) = person {
            tables
                .persons
                .insert((line.clone(), person.clone()), state.clone());
        }
        Ok(Kept::New)
    }

    async fn conversations(
        &self,
        line: &PhoneNumber,
        customers: &[PhoneNumber],
    ) -> Result<Vec<Conversation>> {
        let tables = self.tables();
        let known = |customer: &PhoneNumber| {
            let key = (line.clone(), customer.clone());
            tables.conversations.get(&key).cloned()
        };
        Ok(customers.iter().filter_map(known).collect())
    }

    async fn customers_alike(
        &self,
        line: &PhoneNumber,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<PhoneNumber>> {
        Ok(self.tables().alike(line, digits, limit))
    }

    async fn customers_of(
        &self,
        line: &PhoneNumber,
        person: &PhoneNumber,
        limit: usize,
    ) -> Result<Vec<PhoneNumber>> {
        Ok(self.tables().customers_of(line, person, limit))
    }

    async fn person_state(&self, line: &PhoneNumber, person: &PhoneNumber) -> Result<PersonState> {
        Ok(self.tables().person_state(line, person))
    }

    async fn save_person_state(
        &self,
        line: &PhoneNumber,
        person: &PhoneNumber,
        state: &PersonState,
    ) -> Result<Saved> {
        let mut tables = self.tables();
        if tables.person_state(line, person).version + 1 != state.version {
            return Ok(Saved::Outdated);
        }
        let key = (line.clone(), person.clone());
        tables.persons.insert(key, state.clone());
        Ok(Saved::Yes)
    }

    async fn blocked(&self, line: &PhoneNumber) -> Result<BTreeMap<PhoneNumber, Block>> {
        let tables = self.tables();
        let blocked = tables.conversations_of(line);
        Ok(blocked
            .filter_map(|c| Some((c.customer.clone(), c.blocked.clone()?)))
            .collect())
    }

    async fn save_conversation(&self, line: &PhoneNumber, changed: &Changed) -> Result<Saved> {
        let mut tables = self.tables();
        if !tables.is_next(line, changed) {
            return Ok(Saved::Outdated);
        }
        tables.put_conversation(line, changed);
        Ok(Saved::Yes)
    }

    async fn inbound(&self, sid: &MessageSid) -> Result<Option<InboundRecord>> {
        Ok(self.tables().inbounds.get(sid).cloned())
    }

    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        let tables = self.tables();
        Ok(tables.delivery(id).cloned())
    }

    async fn claim_message(
        &self,
        delivery: &DeliveryId,
        sid: &MessageSid,
        _: Timestamp,
    ) -> Result<bool> {
        let mut tables = self.tables();
        let owner = tables.sent.entry(sid.clone());
        Ok(owner.or_insert_with(|| delivery.clone()) == delivery)
    }

    async fn owner_of(&self, sid: &MessageSid) -> Result<Option<DeliveryId>> {
        Ok(self.tables().sent.get(sid).cloned())
    }

    async fn save(&self, delivery: &Delivery, spawned: &[Delivery]) -> Result<Saved> {
        let deliveries = &mut self.tables().deliveries;
        match deliveries.get_mut(&delivery.id) {
            Some(row) if row.delivery.version + 1 == delivery.version => {
                *row = delivery.into();
                for new in spawned {
                    let row = deliveries.entry(new.id.clone());
                    row.or_insert_with(|| new.into());
                }
                Ok(Saved::Yes)
            }
            _ => Ok(Saved::Outdated),
        }
    }

    async fn overdue(
        &self,
        instant: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, DeliveryId)>> {
        let due = self.tables().overdue(instant).into_iter();
        Ok(due.take(limit).collect())
    }

    async fn put_off(&self, id: &DeliveryId, before: Timestamp, until: Timestamp) -> Result<bool> {
        let mut tables = self.tables();
        let row = tables.deliveries.get_mut(id);
        let Some(row) = row.filter(|row| row.due.is_some_and(|due| due < before)) else {
            return Ok(false);
        };
        row.due = Some(until);
        Ok(true)
    }

    async fn gave_up_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        let tables = self.tables();
        let rows = tables.deliveries.iter();
        let mut dead: Vec<_> = rows
            .filter_map(|(id, row)| Some((row.delivery.gave_up?, id.clone())))
            .filter(|(at, _)| *at < instant)
            .collect();
        dead.sort_unstable();
        Ok(dead.into_iter().take(limit).map(|(_, id)| id).collect())
    }

    async fn restoration(&self) -> Result<Option<Restoration>> {
        Ok(self.tables().restoration)
    }

    async fn lines(&self) -> Result<Vec<Line>> {
        Ok(self.tables().lines.values().cloned().collect())
    }

    async fn line(&self, number: &PhoneNumber) -> Result<Option<Line>> {
        Ok(self.tables().line(number).cloned())
    }

    async fn put_line(&self, line: &Line) -> Result<()> {
        let mut tables = self.tables();
        tables.lines.insert(line.number.clone(), line.clone());
        tables.reply_numbers.retain(|_, of| *of != line.number);
        let numbers = line.reply_numbers.iter().cloned();
        let numbers = numbers.map(|number| (number, line.number.clone()));
        tables.reply_numbers.extend(numbers);
        if let Some(overrides) = tables.overrides.get_mut(&line.number) {
            let is_in_line = |name: &str| line.people.iter().any(|person| person.name == name);
            overrides.0.retain(|name, _| is_in_line(name));
        }
        Ok(())
    }

    async fn remove_line(&self, number: &PhoneNumber) -> Result<()> {
        let mut tables = self.tables();
        tables.lines.remove(number);
        tables.reply_numbers.retain(|_, of| of != number);
        tables.overrides.remove(number);
        tables.reconciled.remove(number);
        Ok(())
    }

    async fn reconciled(&self, line: &PhoneNumber) -> Result<Option<Date>> {
        Ok(self.tables().reconciled.get(line).copied())
    }

    async fn set_reconciled(&self, line: &PhoneNumber, day: Date) -> Result<()> {
        self.tables().reconciled.insert(line.clone(), day);
        Ok(())
    }

    async fn overrides(&self, line: &PhoneNumber) -> Result<Overrides> {
        let tables = self.tables();
        Ok(tables.overrides.get(line).cloned().unwrap_or_default())
    }

    async fn set_override(
        &self,
        line: &PhoneNumber,
        person: &str,
        to: Option<&Override>,
    ) -> Result<()> {
        self.tables().set_override(line, person, to);
        Ok(())
    }
}
