//! What the relay remembers: lines, overrides, opt-outs, inbounds, deliveries, notices, calls. One trait, on
//! DynamoDB and on SQLite, with one contract that both are tested against.

mod calls;
mod notices;
mod planned;
mod signature_digest;
mod subscribers;

pub use calls::{Calls, ForCall, MOST_SOUND, TokenDigest, Voicemail, check_sound};
pub use notices::{Accepted, Notices};
pub use planned::{Changed, Kept, Listing, OnAnotherLine, Planned};
pub use signature_digest::SignatureDigest;
pub use subscribers::Subscribers;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::conversation::{Block, Conversation, PersonState};
use crate::domain::delivery::{Delivery, Restoration};
use crate::domain::duty::{Override, Overrides};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::line::Line;
use crate::domain::opt_out::{self, OptOut, OptOuts};
use crate::domain::pace::{self, Budget, Slot, Spent};
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Known;
use crate::domain::subscriber::Subscriber;

/// An error means that the store did not answer or refused; for a write, it may or may not have
/// happened.
pub type Result<T> = anyhow::Result<T>;

#[async_trait]
pub trait Store: Calls + Notices + Subscribers {
    /// Everything that a decision about an inbound needs, in one round trip; in two at most if `to` is not
    /// the line's own number but one of its reply numbers. `from` is who wrote, if it is a phone.
    async fn for_inbound(
        &self,
        to: &PhoneNumber,
        sid: &MessageSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForInbound>;

    /// Keeps an inbound with the deliveries that it set in motion and what it changes about
    /// conversations, the writer, opt-outs and subscribers: all of it or nothing. The first record of
    /// a SID stays. `Outdated` if a conversation, or what is known of the writer, was saved by
    /// somebody else since it was read; then nothing was changed.
    async fn take_in(&self, line: &PhoneNumber, planned: &Planned) -> Result<Kept>;

    /// The conversations of these customers that there are.
    async fn conversations(
        &self,
        line: &PhoneNumber,
        customers: &[PhoneNumber],
    ) -> Result<Vec<Conversation>>;

    /// The customers of a line whose numbers end in these four digits, at most `limit`.
    async fn customers_alike(
        &self,
        line: &PhoneNumber,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<PhoneNumber>>;

    /// The customers in whose conversations a person takes part: those who wait first, the latest
    /// first, at most `limit`.
    async fn customers_of(
        &self,
        line: &PhoneNumber,
        person: &PhoneNumber,
        limit: usize,
    ) -> Result<Vec<PhoneNumber>>;

    /// What is known of a person of the line apart from their conversations.
    async fn person_state(&self, line: &PhoneNumber, person: &PhoneNumber) -> Result<PersonState>;

    /// The line's blocked customers.
    async fn blocked(&self, line: &PhoneNumber) -> Result<BTreeMap<PhoneNumber, Block>>;

    /// Saves what is known of a person, unless somebody else saved it since it was read: `state` is of the
    /// next version.
    async fn save_person_state(
        &self,
        line: &PhoneNumber,
        person: &PhoneNumber,
        state: &PersonState,
    ) -> Result<Saved>;

    /// Saves a conversation, unless somebody else saved it since it was read.
    async fn save_conversation(&self, line: &PhoneNumber, changed: &Changed) -> Result<Saved>;

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
    /// `limit`, with the time. Of very many, it may be others that are left out than those due last.
    async fn overdue(
        &self,
        instant: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, DeliveryId)>>;

    /// The same without the time.
    async fn due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<DeliveryId>> {
        let overdue = self.overdue(instant, limit).await?;
        Ok(overdue.into_iter().map(|(_, id)| id).collect())
    }

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

    /// Takes the next slot of a pace, for good, unless that is further away than `patience`. Of those
    /// who ask at once, each gets a slot of their own.
    async fn claim_slot(
        &self,
        key: &pace::Key,
        rate: pace::Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Slot>;

    /// Takes segments of a day's budget, unless that would be more than there are. Of those who ask at
    /// once, none gets what another one got.
    async fn spend(&self, budget: &Budget, segments: u32) -> Result<Spent>;

    /// Claims a key for a delivery until `until`, which is `within` of `now` at most. `false` if another
    /// one has it; the same one may claim it again. What was claimed for longer than `within` is of a
    /// clock that was ahead, and nobody's.
    async fn claim_once(
        &self,
        key: &pace::Key,
        by: &DeliveryId,
        within: Duration,
        now: Timestamp,
    ) -> Result<bool>;

    /// Remembers a signature until `until`. `false` if it is remembered already: of those who show
    /// the same one, one hears `true`.
    async fn claim_signature(
        &self,
        signature: &SignatureDigest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool>;

    /// The last time that the store was replaced by a copy of an earlier time, if it ever was.
    async fn restoration(&self) -> Result<Option<Restoration>> {
        Ok(None)
    }

    async fn lines(&self) -> Result<Vec<Line>>;

    /// The line of that number, which may be one of its reply numbers.
    async fn line(&self, number: &PhoneNumber) -> Result<Option<Line>>;

    /// Adds a line, or replaces the one of the same number. It is found by its reply numbers too, and not
    /// any more by those that it had. Overrides of people who are not in it any more go: should they come
    /// back, they are not away by an old word.
    async fn put_line(&self, line: &Line) -> Result<()>;

    /// Removes a line and its overrides: should it come back, nobody is away by an old word. Who opted
    /// out of its texts stays so, who subscribed to its topics does, and conversations are kept.
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

#[derive(Debug, Clone, Default, PartialEq)]
pub struct ForInbound {
    pub line: Option<Line>,
    pub overrides: Overrides,
    /// Of the line's people and the sender, those who opted out of its texts.
    pub opt_outs: OptOuts,
    /// What is on record of the sender and the line's topics.
    pub subscriptions: Vec<Subscriber>,
    /// The sender's conversation with the line, as a customer.
    pub conversation: Option<Conversation>,
    /// Customers of the line whose numbers end as the sender's does, if there is no conversation yet.
    pub alike: Vec<PhoneNumber>,
    /// The customers in whose conversations the sender takes part as a person of the line: those who
    /// wait first, the latest first.
    pub customers: Vec<PhoneNumber>,
    /// What is known of the sender as a person of the line.
    pub person: PersonState,
    /// Whether the sender is itself a number of this relay.
    pub from_own_line: bool,
    /// The record of an earlier webhook for the same message.
    pub earlier: Option<InboundRecord>,
}

/// How many customers of a person, or with the same last digits, are looked at.
pub const MOST_CUSTOMERS: usize = 50;
pub const MOST_ALIKE: usize = 5;

impl ForInbound {
    /// What routing has to know besides the line.
    pub fn known(&self, now: Timestamp) -> Known {
        Known {
            overrides: self.overrides.clone(),
            opt_outs: self.opt_outs.clone(),
            subscriptions: self.subscriptions.clone(),
            from_own_line: self.from_own_line,
            has_conversation: self.has_conversation(now),
            blocked: self.blocked(),
        }
    }

    /// Why the sender's texts reach nobody.
    fn blocked(&self) -> Option<String> {
        let block = self.conversation.as_ref()?.blocked.as_ref()?;
        Some(block.in_words(&self.line.as_ref()?.time_zone))
    }

    /// The name of the person who has the sender's conversation, if it is open.
    fn has_conversation(&self, now: Timestamp) -> Option<String> {
        let (line, conversation) = (self.line.as_ref()?, self.conversation.as_ref()?);
        let number = conversation.has.as_ref()?;
        let is_open = conversation.is_open(line.policy.conversation_for, now);
        let name = line.person_with(number).map_or(GONE, |person| &person.name);
        is_open.then(|| name.to_owned())
    }
}

/// What somebody is called who had a conversation and is not behind the line any more.
const GONE: &str = "somebody else";

#[derive(Debug, Clone, PartialEq)]
pub struct ForSending {
    /// The line as it is configured now, if it still is.
    pub line: Option<Line>,
    pub opt_out: Option<OptOut>,
    /// What is known of whoever it goes to as a person of the line.
    pub person: PersonState,
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
