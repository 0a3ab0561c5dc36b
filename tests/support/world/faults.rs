use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::bail;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use relay::app::ports::store::SignatureDigest;
use relay::app::ports::store::{
    ForInbound, ForSending, Kept, Planning, Result, Saved, Store, Subscribers,
};
use relay::domain::delivery::Delivery;
use relay::domain::duty::{Override, Overrides};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::inbound_record::InboundRecord;
use relay::domain::line::Line;
use relay::domain::opt_out;
use relay::domain::opt_out::OptOuts;
use relay::domain::pace;
use relay::domain::phone::PhoneNumber;
use relay::domain::subscriber::{Change, Subscriber, Unchanged};
use relay::domain::thread::Threads;

/// What goes wrong with the store, how often.
#[derive(Default)]
pub struct Faults {
    pub reads: AtomicU32,
    pub records: AtomicU32,
    /// Saves that go well before the failing ones.
    pub saves_spared: AtomicU32,
    pub saves: AtomicU32,
    /// Writes of a notice and its deliveries that go well before the failing ones.
    pub notice_writes_spared: AtomicU32,
    pub notice_writes: AtomicU32,
    /// Webhooks that are answered when Twilio has stopped to wait.
    pub late_answers: AtomicU32,
}

impl Faults {
    /// The store answers neither reads nor writes of inbound texts.
    pub fn break_store(&self) {
        self.reads.store(u32::MAX, Ordering::SeqCst);
    }

    pub fn repair_store(&self) {
        self.reads.store(0, Ordering::SeqCst);
    }

    /// Whoever fans out dies at the write after so many more.
    pub fn die_while_fanning_out(&self, writes_before: u32) {
        self.notice_writes_spared
            .store(writes_before, Ordering::SeqCst);
        self.notice_writes.store(1, Ordering::SeqCst);
    }

    pub(crate) fn answers_late(&self) -> bool {
        strikes(&self.late_answers)
    }

    /// The worker dies between sending and saving what came of it: the claim is saved, the next
    /// save is not.
    pub fn die_after_sending(&self) {
        self.saves_spared.store(1, Ordering::SeqCst);
        self.saves.store(1, Ordering::SeqCst);
    }
}

/// A store that fails when it is told to.
pub struct Failing {
    pub behind: Arc<dyn Store>,
    pub faults: Arc<Faults>,
}

pub(crate) fn strikes(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
        .is_ok()
}

#[async_trait]
impl Subscribers for Failing {
    async fn subscribers(
        &self,
        line: &PhoneNumber,
        topic: &str,
        after: Option<&PhoneNumber>,
        limit: usize,
    ) -> Result<Vec<Subscriber>> {
        self.behind.subscribers(line, topic, after, limit).await
    }

    async fn subscriptions_of(
        &self,
        line: &PhoneNumber,
        number: &PhoneNumber,
    ) -> Result<Vec<Subscriber>> {
        self.behind.subscriptions_of(line, number).await
    }

    async fn change_subscribers(
        &self,
        line: &PhoneNumber,
        changes: &[Change],
    ) -> Result<Vec<std::result::Result<Subscriber, Unchanged>>> {
        self.behind.change_subscribers(line, changes).await
    }
}

#[async_trait]
impl Store for Failing {
    async fn for_inbound(
        &self,
        line: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound> {
        if strikes(&self.faults.reads) {
            bail!("the store does not answer");
        }
        self.behind.for_inbound(line, sid, from).await
    }

    async fn for_sending(&self, line: &PhoneNumber, to: &PhoneNumber) -> Result<ForSending> {
        self.behind.for_sending(line, to).await
    }

    async fn opt_outs(&self, line: &PhoneNumber) -> Result<OptOuts> {
        self.behind.opt_outs(line).await
    }

    async fn change_opt_out(&self, line: &PhoneNumber, change: &opt_out::Change) -> Result<bool> {
        self.behind.change_opt_out(line, change).await
    }

    async fn claim_signature(
        &self,
        signature: &SignatureDigest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        self.behind.claim_signature(signature, until, now).await
    }

    async fn claim_slot(
        &self,
        key: &pace::Key,
        rate: pace::Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Option<Timestamp>> {
        self.behind.claim_slot(key, rate, patience, now).await
    }

    async fn take_in(
        &self,
        line: &PhoneNumber,
        sid: &MessageSid,
        seen: &Threads,
        plan: Planning,
    ) -> Result<Kept> {
        if strikes(&self.faults.records) {
            bail!("the store does not answer");
        }
        self.behind.take_in(line, sid, seen, plan).await
    }

    async fn threads(&self, line: &PhoneNumber) -> Result<Threads> {
        self.behind.threads(line).await
    }

    async fn save_threads(&self, line: &PhoneNumber, threads: &Threads) -> Result<Saved> {
        self.behind.save_threads(line, threads).await
    }

    async fn save(&self, delivery: &Delivery, spawned: &[Delivery]) -> Result<Saved> {
        if !strikes(&self.faults.saves_spared) && strikes(&self.faults.saves) {
            bail!("the store does not answer");
        }
        self.behind.save(delivery, spawned).await
    }

    async fn inbound(&self, sid: &MessageSid) -> Result<Option<InboundRecord>> {
        self.behind.inbound(sid).await
    }

    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        self.behind.delivery(id).await
    }

    async fn claim_message(
        &self,
        delivery: &DeliveryId,
        sid: &MessageSid,
        now: Timestamp,
    ) -> Result<bool> {
        self.behind.claim_message(delivery, sid, now).await
    }

    async fn owner_of(&self, sid: &MessageSid) -> Result<Option<DeliveryId>> {
        self.behind.owner_of(sid).await
    }

    async fn due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        self.behind.due_before(instant, limit).await
    }

    async fn put_off(&self, id: &DeliveryId, before: Timestamp, until: Timestamp) -> Result<bool> {
        self.behind.put_off(id, before, until).await
    }

    async fn gave_up_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        self.behind.gave_up_before(instant, limit).await
    }

    async fn lines(&self) -> Result<Vec<Line>> {
        self.behind.lines().await
    }

    async fn line(&self, number: &PhoneNumber) -> Result<Option<Line>> {
        self.behind.line(number).await
    }

    async fn put_line(&self, line: &Line) -> Result<()> {
        self.behind.put_line(line).await
    }

    async fn remove_line(&self, number: &PhoneNumber) -> Result<()> {
        self.behind.remove_line(number).await
    }

    async fn reconciled(&self, line: &PhoneNumber) -> Result<Option<Date>> {
        self.behind.reconciled(line).await
    }

    async fn set_reconciled(&self, line: &PhoneNumber, day: Date) -> Result<()> {
        self.behind.set_reconciled(line, day).await
    }

    async fn overrides(&self, line: &PhoneNumber) -> Result<Overrides> {
        self.behind.overrides(line).await
    }

    async fn set_override(
        &self,
        line: &PhoneNumber,
        person: &str,
        to: Option<&Override>,
    ) -> Result<()> {
        self.behind.set_override(line, person, to).await
    }
}
