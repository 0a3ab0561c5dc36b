//! What the relay remembers: lines, overrides, opt-outs, inbounds, deliveries, notices. One trait, on
//! DynamoDB and on SQLite, with one contract that both are tested against.

mod notices;
mod planned;
mod signature_digest;
mod subscribers;

pub use notices::{Accepted, Notices};
pub use planned::{Kept, Planned, Planning};
pub use signature_digest::SignatureDigest;
pub use subscribers::Subscribers;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::delivery::Delivery;
use crate::domain::duty::{Override, Overrides};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::opt_out::{self, OptOut, OptOuts};
use crate::domain::pace;
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Known;
use crate::domain::subscriber::Subscriber;
use crate::domain::thread::Threads;

/// An error means that the store did not answer or refused; for a write, it may or may not have
/// happened.
pub type Result<T> = anyhow::Result<T>;

#[async_trait]
pub trait Store: Notices + Subscribers {
    /// Everything that a decision about an inbound needs, in one round trip.
    /// `from` is who wrote, if it is a phone.
    async fn for_inbound(
        &self,
        line: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound>;

    /// Keeps an inbound with the deliveries that it set in motion and what it changes about the
    /// line's threads, opt-outs and subscribers: all of it or nothing. The first record of a SID
    /// stays.
    ///
    /// `plan` says what that is for the threads as they are then. `seen` is as they were read: if
    /// they have changed since, it is asked anew.
    async fn take_in(
        &self,
        line: &PhoneNumber,
        sid: &MessageSid,
        seen: &Threads,
        plan: Planning,
    ) -> Result<Kept>;

    /// The threads of a line.
    async fn threads(&self, line: &PhoneNumber) -> Result<Threads>;

    /// Replaces the threads of a line whose stored version is one less than this one's.
    async fn save_threads(&self, line: &PhoneNumber, threads: &Threads) -> Result<Saved>;

    async fn inbound(&self, sid: &MessageSid) -> Result<Option<InboundRecord>>;

    /// The delivery as last saved, by anyone.
    async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>> {
        Ok(self.deliveries(std::slice::from_ref(id)).await?.pop())
    }

    /// Replaces a delivery whose stored version is one less than this one's, and keeps with it the
    /// deliveries that its step spawned: all of it or nothing. A spawned one whose id there is
    /// already stays as it is.
    async fn save(&self, delivery: &Delivery, spawned: &[Delivery]) -> Result<Saved>;

    /// Claims the message that Twilio calls `sid` for a delivery. `false` if another one has it: the
    /// first to claim it owns it for good, so that two deliveries with the same words never take one
    /// message for both.
    async fn claim_message(
        &self,
        delivery: &DeliveryId,
        sid: &MessageSid,
        now: Timestamp,
    ) -> Result<bool>;

    /// The delivery whose message Twilio calls `sid`, if one has asked for it.
    async fn owner_of(&self, sid: &MessageSid) -> Result<Option<DeliveryId>>;

    /// Deliveries that somebody should have looked at before `instant`, longest due first, at most
    /// `limit`.
    async fn due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>>;

    /// Of a delivery that is due before `before`, has it due only at `until`, whatever its own word:
    /// its next save sets that right. `false` if it is not due before `before`, or not any more.
    ///
    /// Of those who take an overdue delivery on at the same time, one hears `true`.
    async fn put_off(&self, id: &DeliveryId, before: Timestamp, until: Timestamp) -> Result<bool>;

    /// Deliveries that gave up before `instant` and were not replayed since, longest ago first, at
    /// most `limit`. They are kept however old they are: their texts have reached nobody.
    async fn gave_up_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>>;

    /// What has to be known before `line` sends something to `to`, in one round trip.
    async fn for_sending(&self, line: &PhoneNumber, to: &PhoneNumber) -> Result<ForSending>;

    /// Everyone who opted out of a line's texts.
    async fn opt_outs(&self, line: &PhoneNumber) -> Result<OptOuts>;

    /// Puts a number on a line's list, or takes it off. `false` if it was there, or was not, before:
    /// since when and why stay as they were first.
    async fn change_opt_out(&self, line: &PhoneNumber, change: &opt_out::Change) -> Result<bool>;

    /// Takes the next slot of a pace, for good. `None`, and nothing is taken, if that is further
    /// away than `patience`. Of those who ask at once, each gets a slot of their own.
    async fn claim_slot(
        &self,
        key: &pace::Key,
        rate: pace::Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Option<Timestamp>>;

    /// Remembers a signature until `until`. `false` if it is remembered already: of those who show
    /// the same one, one hears `true`.
    async fn claim_signature(
        &self,
        signature: &SignatureDigest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool>;

    async fn lines(&self) -> Result<Vec<Line>>;

    async fn line(&self, number: &PhoneNumber) -> Result<Option<Line>>;

    /// Adds a line, or replaces the one of the same number. Overrides of people who are not in it
    /// any more go: should they come back, they are not away by an old word.
    async fn put_line(&self, line: &Line) -> Result<()>;

    /// Removes a line, its overrides and its threads: should it come back, nobody is away by an old
    /// word. Who
    /// opted out of its texts stays so, and who subscribed to its topics does.
    async fn remove_line(&self, number: &PhoneNumber) -> Result<()>;

    /// The last of the line's days that is not to be compared with Twilio's list any more; `None` for
    /// a new line.
    async fn reconciled(&self, line: &PhoneNumber) -> Result<Option<Date>>;

    async fn set_reconciled(&self, line: &PhoneNumber, day: Date) -> Result<()>;

    async fn overrides(&self, line: &PhoneNumber) -> Result<Overrides>;

    /// Sets a person's override, or with `None` clears it.
    async fn set_override(
        &self,
        line: &PhoneNumber,
        person: &str,
        to: Option<&Override>,
    ) -> Result<()>;
}

#[derive(Debug, Clone, PartialEq)]
pub struct ForInbound {
    pub line: Option<Line>,
    pub overrides: Overrides,
    /// Of the line's people and the sender, those who opted out of its texts.
    pub opt_outs: OptOuts,
    /// What is on record of the sender and the line's topics.
    pub subscriptions: Vec<Subscriber>,
    /// The line's threads.
    pub threads: Threads,
    /// Whether the sender is itself a line of this relay.
    pub from_own_line: bool,
    /// The record of an earlier webhook for the same message.
    pub earlier: Option<InboundRecord>,
}

impl ForInbound {
    /// The line, an earlier record, the threads, and what routing has to know besides.
    pub fn into_known(self) -> (Option<Line>, Option<InboundRecord>, Threads, Known) {
        let known = Known {
            overrides: self.overrides,
            opt_outs: self.opt_outs,
            subscriptions: self.subscriptions,
            from_own_line: self.from_own_line,
            has_thread: None,
        };
        (self.line, self.earlier, self.threads, known)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct ForSending {
    /// The line as it is configured now, if it still is.
    pub line: Option<Line>,
    pub opt_out: Option<OptOut>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    New,
    /// There was a record of this SID; nothing was changed.
    Already,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    Yes,
    /// Somebody else saved first; nothing was changed.
    Outdated,
}
