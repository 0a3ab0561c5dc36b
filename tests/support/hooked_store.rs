//! A store with a hook around its calls, by which a test has it fail or do wrong.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use relay::app::ports::store::{
    Accepted, Calls, Changed, ForCall, ForInbound, ForSending, Kept, Notices, Planned, Result,
    Saved, SignatureDigest, Store, Subscribers, TokenDigest, Voicemail,
};
use relay::domain::call::{Call, LineCalls};
use relay::domain::conversation::{Block, Conversation, PersonState};
use relay::domain::delivery::{Delivery, Restoration};
use relay::domain::duty::{Override, Overrides};
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::ids::{CallSid, DeliveryId, NoticeId};
use relay::domain::inbound_record::InboundRecord;
use relay::domain::line::Line;
use relay::domain::notice::{Counts, Notice};
use relay::domain::opt_out;
use relay::domain::opt_out::OptOuts;
use relay::domain::pace;
use relay::domain::phone::PhoneNumber;
use relay::domain::subscriber::{Change, Subscriber, Unchanged};

/// What becomes of the calls of a store.
#[async_trait]
pub trait Hook: Send + Sync {
    type Behind: Store + ?Sized + 'static;

    fn behind(&self) -> &Arc<Self::Behind>;

    /// Every read passes here, with the name of the store's method.
    async fn read<T: Send>(
        &self,
        method: &str,
        answer: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let _ = method;
        answer.await
    }

    /// Every write passes here. It owns what it needs, and so may take effect later.
    async fn write<T: Send>(
        &self,
        method: &str,
        effect: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let _ = method;
        effect.await
    }

    // The calls which a test has do something else.

    async fn for_inbound(
        &self,
        line: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound> {
        let answer = self.behind().for_inbound(line, sid, from);
        self.read("for_inbound", answer).await
    }

    async fn conversations(
        &self,
        line: &PhoneNumber,
        customers: &[PhoneNumber],
    ) -> Result<Vec<Conversation>> {
        let answer = self.behind().conversations(line, customers);
        self.read("conversations", answer).await
    }

    async fn for_sending(&self, line: &PhoneNumber, to: &PhoneNumber) -> Result<ForSending> {
        let answer = self.behind().for_sending(line, to);
        self.read("for_sending", answer).await
    }

    async fn take_in(&self, line: &PhoneNumber, planned: &Planned) -> Result<Kept> {
        let store = Arc::clone(self.behind());
        let (line, planned) = (line.clone(), planned.clone());
        let effect = async move { store.take_in(&line, &planned).await };
        self.write("take_in", effect).await
    }

    async fn save(&self, delivery: &Delivery, spawned: &[Delivery]) -> Result<Saved> {
        let store = Arc::clone(self.behind());
        let (delivery, spawned) = (delivery.clone(), spawned.to_vec());
        let effect = async move { store.save(&delivery, &spawned).await };
        self.write("save", effect).await
    }

    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        self.read("delivery", self.behind().delivery(id)).await
    }

    async fn claim_message(
        &self,
        delivery: &DeliveryId,
        sid: &MessageSid,
        now: Timestamp,
    ) -> Result<bool> {
        let store = Arc::clone(self.behind());
        let (delivery, sid) = (delivery.clone(), sid.clone());
        let effect = async move { store.claim_message(&delivery, &sid, now).await };
        self.write("claim_message", effect).await
    }

    async fn notices_of_subject(
        &self,
        line: &PhoneNumber,
        topic: &str,
        subject: &str,
    ) -> Result<Vec<NoticeId>> {
        let answer = self.behind().notices_of_subject(line, topic, subject);
        self.read("notices_of_subject", answer).await
    }

    async fn spawn(&self, deliveries: &[Delivery]) -> Result<()> {
        let (store, deliveries) = (Arc::clone(self.behind()), deliveries.to_vec());
        let effect = async move { store.spawn(&deliveries).await };
        self.write("spawn", effect).await
    }

    async fn for_call(
        &self,
        to: &PhoneNumber,
        sid: &CallSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForCall> {
        let answer = self.behind().for_call(to, sid, from);
        self.read("for_call", answer).await
    }

    async fn save_call(&self, call: &Call, live: Option<&LineCalls>) -> Result<Saved> {
        let store = Arc::clone(self.behind());
        let (call, live) = (call.clone(), live.cloned());
        let effect = async move { store.save_call(&call, live.as_ref()).await };
        self.write("save_call", effect).await
    }
}

pub struct HookedStore<H>(pub H);

#[async_trait]
impl<H: Hook> Store for HookedStore<H> {
    async fn for_inbound(
        &self,
        line: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound> {
        self.0.for_inbound(line, sid, from).await
    }

    async fn take_in(&self, line: &PhoneNumber, planned: &Planned) -> Result<Kept> {
        self.0.take_in(line, planned).await
    }

    async fn conversations(
        &self,
        line: &PhoneNumber,
        customers: &[PhoneNumber],
    ) -> Result<Vec<Conversation>> {
        self.0.conversations(line, customers).await
    }

    async fn customers_alike(
        &self,
        line: &PhoneNumber,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<PhoneNumber>> {
        let answer = self.0.behind().customers_alike(line, digits, limit);
        self.0.read("customers_alike", answer).await
    }

    async fn customers_of(
        &self,
        line: &PhoneNumber,
        person: &PhoneNumber,
        limit: usize,
    ) -> Result<Vec<PhoneNumber>> {
        let answer = self.0.behind().customers_of(line, person, limit);
        self.0.read("customers_of", answer).await
    }

    async fn person_state(&self, line: &PhoneNumber, person: &PhoneNumber) -> Result<PersonState> {
        let answer = self.0.behind().person_state(line, person);
        self.0.read("person_state", answer).await
    }

    async fn blocked(&self, line: &PhoneNumber) -> Result<BTreeMap<PhoneNumber, Block>> {
        self.0.read("blocked", self.0.behind().blocked(line)).await
    }

    async fn save_person_state(
        &self,
        line: &PhoneNumber,
        person: &PhoneNumber,
        state: &PersonState,
    ) -> Result<Saved> {
        let store = Arc::clone(self.0.behind());
        let (line, person, state) = (line.clone(), person.clone(), state.clone());
        let effect = async move { store.save_person_state(&line, &person, &state).await };
        self.0.write("save_person_state", effect).await
    }

    async fn save_conversation(&self, line: &PhoneNumber, changed: &Changed) -> Result<Saved> {
        let store = Arc::clone(self.0.behind());
        let (line, changed) = (line.clone(), changed.clone());
        let effect = async move { store.save_conversation(&line, &changed).await };
        self.0.write("save_conversation", effect).await
    }

    async fn inbound(&self, sid: &MessageSid) -> Result<Option<InboundRecord>> {
        self.0.read("inbound", self.0.behind().inbound(sid)).await
    }

    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        self.0.delivery(id).await
    }

    async fn save(&self, delivery: &Delivery, spawned: &[Delivery]) -> Result<Saved> {
        self.0.save(delivery, spawned).await
    }

    async fn claim_message(
        &self,
        delivery: &DeliveryId,
        sid: &MessageSid,
        now: Timestamp,
    ) -> Result<bool> {
        self.0.claim_message(delivery, sid, now).await
    }

    async fn owner_of(&self, sid: &MessageSid) -> Result<Option<DeliveryId>> {
        self.0.read("owner_of", self.0.behind().owner_of(sid)).await
    }

    async fn overdue(
        &self,
        instant: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, DeliveryId)>> {
        let answer = self.0.behind().overdue(instant, limit);
        self.0.read("due_before", answer).await
    }

    async fn put_off(&self, id: &DeliveryId, before: Timestamp, until: Timestamp) -> Result<bool> {
        let (store, id) = (Arc::clone(self.0.behind()), id.clone());
        let effect = async move { store.put_off(&id, before, until).await };
        self.0.write("put_off", effect).await
    }

    async fn gave_up_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        let answer = self.0.behind().gave_up_before(instant, limit);
        self.0.read("gave_up_before", answer).await
    }

    async fn for_sending(&self, line: &PhoneNumber, to: &PhoneNumber) -> Result<ForSending> {
        self.0.for_sending(line, to).await
    }

    async fn opt_outs(&self, line: &PhoneNumber) -> Result<OptOuts> {
        let answer = self.0.behind().opt_outs(line);
        self.0.read("opt_outs", answer).await
    }

    async fn change_opt_out(&self, line: &PhoneNumber, change: &opt_out::Change) -> Result<bool> {
        let store = Arc::clone(self.0.behind());
        let (line, change) = (line.clone(), change.clone());
        let effect = async move { store.change_opt_out(&line, &change).await };
        self.0.write("change_opt_out", effect).await
    }

    async fn claim_slot(
        &self,
        key: &pace::Key,
        rate: pace::Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<pace::Slot> {
        let (store, key) = (Arc::clone(self.0.behind()), key.clone());
        let effect = async move { store.claim_slot(&key, rate, patience, now).await };
        self.0.write("claim_slot", effect).await
    }

    async fn spend(&self, budget: &pace::Budget, segments: u32) -> Result<pace::Spent> {
        let (store, budget) = (Arc::clone(self.0.behind()), budget.clone());
        let effect = async move { store.spend(&budget, segments).await };
        self.0.write("spend", effect).await
    }

    async fn claim_once(
        &self,
        key: &pace::Key,
        by: &DeliveryId,
        within: Duration,
        now: Timestamp,
    ) -> Result<bool> {
        let (store, key, by) = (Arc::clone(self.0.behind()), key.clone(), by.clone());
        let effect = async move { store.claim_once(&key, &by, within, now).await };
        self.0.write("claim_once", effect).await
    }

    async fn claim_signature(
        &self,
        signature: &SignatureDigest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let (store, signature) = (Arc::clone(self.0.behind()), signature.clone());
        let effect = async move { store.claim_signature(&signature, until, now).await };
        self.0.write("claim_signature", effect).await
    }

    async fn restoration(&self) -> Result<Option<Restoration>> {
        let restoration = self.0.behind().restoration();
        self.0.read("restoration", restoration).await
    }

    async fn lines(&self) -> Result<Vec<Line>> {
        self.0.read("lines", self.0.behind().lines()).await
    }

    async fn line(&self, number: &PhoneNumber) -> Result<Option<Line>> {
        self.0.read("line", self.0.behind().line(number)).await
    }

    async fn reconciled(&self, line: &PhoneNumber) -> Result<Option<Date>> {
        let answer = self.0.behind().reconciled(line);
        self.0.read("reconciled", answer).await
    }

    async fn overrides(&self, line: &PhoneNumber) -> Result<Overrides> {
        let answer = self.0.behind().overrides(line);
        self.0.read("overrides", answer).await
    }

    // What an operator does never fails here.

    async fn put_line(&self, line: &Line) -> Result<()> {
        self.0.behind().put_line(line).await
    }

    async fn remove_line(&self, number: &PhoneNumber) -> Result<()> {
        self.0.behind().remove_line(number).await
    }

    async fn set_reconciled(&self, line: &PhoneNumber, day: Date) -> Result<()> {
        self.0.behind().set_reconciled(line, day).await
    }

    async fn set_override(
        &self,
        line: &PhoneNumber,
        person: &str,
        to: Option<&Override>,
    ) -> Result<()> {
        self.0.behind().set_override(line, person, to).await
    }
}

#[async_trait]
impl<H: Hook> Subscribers for HookedStore<H> {
    async fn subscribers(
        &self,
        line: &PhoneNumber,
        topic: &str,
        after: Option<&PhoneNumber>,
        limit: usize,
    ) -> Result<Vec<Subscriber>> {
        let answer = self.0.behind().subscribers(line, topic, after, limit);
        self.0.read("subscribers", answer).await
    }

    async fn subscriptions_of(
        &self,
        line: &PhoneNumber,
        number: &PhoneNumber,
    ) -> Result<Vec<Subscriber>> {
        let answer = self.0.behind().subscriptions_of(line, number);
        self.0.read("subscriptions_of", answer).await
    }

    async fn change_subscribers(
        &self,
        line: &PhoneNumber,
        changes: &[Change],
    ) -> Result<Vec<std::result::Result<Subscriber, Unchanged>>> {
        let store = Arc::clone(self.0.behind());
        let (line, changes) = (line.clone(), changes.to_vec());
        let effect = async move { store.change_subscribers(&line, &changes).await };
        self.0.write("change_subscribers", effect).await
    }
}

#[async_trait]
impl<H: Hook> Notices for HookedStore<H> {
    async fn accept_notice(&self, notice: &Notice) -> Result<Accepted> {
        let (store, notice) = (Arc::clone(self.0.behind()), notice.clone());
        let effect = async move { store.accept_notice(&notice).await };
        self.0.write("accept_notice", effect).await
    }

    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>> {
        self.0.read("notice", self.0.behind().notice(id)).await
    }

    async fn save_notice(&self, notice: &Notice) -> Result<Saved> {
        let (store, notice) = (Arc::clone(self.0.behind()), notice.clone());
        let effect = async move { store.save_notice(&notice).await };
        self.0.write("save_notice", effect).await
    }

    async fn notices_of_subject(
        &self,
        line: &PhoneNumber,
        topic: &str,
        subject: &str,
    ) -> Result<Vec<NoticeId>> {
        self.0.notices_of_subject(line, topic, subject).await
    }

    async fn notices_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<NoticeId>> {
        let answer = self.0.behind().notices_due_before(instant, limit);
        self.0.read("notices_due_before", answer).await
    }

    async fn spawn(&self, deliveries: &[Delivery]) -> Result<()> {
        self.0.spawn(deliveries).await
    }

    async fn deliveries(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>> {
        let answer = self.0.behind().deliveries(ids);
        self.0.read("deliveries", answer).await
    }

    async fn counts(&self, id: NoticeId) -> Result<Counts> {
        self.0.read("counts", self.0.behind().counts(id)).await
    }

    async fn opted_out_of(&self, line: &PhoneNumber, numbers: &[PhoneNumber]) -> Result<OptOuts> {
        let answer = self.0.behind().opted_out_of(line, numbers);
        self.0.read("opted_out_of", answer).await
    }
}

#[async_trait]
impl<H: Hook> Calls for HookedStore<H> {
    async fn for_call(
        &self,
        to: &PhoneNumber,
        sid: &CallSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForCall> {
        self.0.for_call(to, sid, from).await
    }

    async fn call(&self, sid: &CallSid) -> Result<Option<Call>> {
        self.0.read("call", self.0.behind().call(sid)).await
    }

    async fn save_call(&self, call: &Call, live: Option<&LineCalls>) -> Result<Saved> {
        self.0.save_call(call, live).await
    }

    async fn calls_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<CallSid>> {
        let answer = self.0.behind().calls_due_before(instant, limit);
        self.0.read("calls_due_before", answer).await
    }

    async fn calls_of(
        &self,
        line: &PhoneNumber,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Call>> {
        let answer = self.0.behind().calls_of(line, since, limit);
        self.0.read("calls_of", answer).await
    }

    async fn keep_voicemail(
        &self,
        token: &TokenDigest,
        sound: &[u8],
        until: Timestamp,
    ) -> Result<()> {
        let store = Arc::clone(self.0.behind());
        let (token, sound) = (token.clone(), sound.to_vec());
        let effect = async move { store.keep_voicemail(&token, &sound, until).await };
        self.0.write("keep_voicemail", effect).await
    }

    async fn voicemail(&self, token: &TokenDigest, now: Timestamp) -> Result<Option<Voicemail>> {
        let answer = self.0.behind().voicemail(token, now);
        self.0.read("voicemail", answer).await
    }

    async fn voicemail_call(&self, token: &TokenDigest) -> Result<Option<CallSid>> {
        let answer = self.0.behind().voicemail_call(token);
        self.0.read("voicemail_call", answer).await
    }

    async fn remove_voicemail(&self, token: &TokenDigest) -> Result<()> {
        let (store, token) = (Arc::clone(self.0.behind()), token.clone());
        let effect = async move { store.remove_voicemail(&token).await };
        self.0.write("remove_voicemail", effect).await
    }
}
