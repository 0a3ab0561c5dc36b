//! Everything that the sandbox remembers. What happens in it stands with its subject: messages on
//! their way in `carrier`, texts that come in in `inbound`, replies to them in `reply`, and
//! requests to the API in `rest`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::access::Access;
use super::agenda::Agenda;
use super::faults::Faults;
use super::message::Messages;
use super::opt_out::OptOuts;
use super::phones::Phones;
use super::webhook::Outbox;
use super::{Number, Pace};
use crate::domain::credentials::Credentials;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

pub(super) struct State {
    /// Up to when everything has happened.
    pub now: Timestamp,
    pub account_sid: String,
    pub access: Access,
    pub pace: Pace,
    pub numbers: BTreeMap<PhoneNumber, Number>,
    pub messages: Messages,
    pub phones: Phones,
    pub opt_outs: OptOuts,
    pub faults: Faults,
    /// What happens next to which message.
    pub steps: Agenda<(Step, MessageSid)>,
    pub outbox: Outbox,
}

/// The next thing that happens to a message.
pub(super) enum Step {
    Queue,
    LeaveQueue,
    Expire,
    HandOver,
    Arrive,
    /// Although it was reported as undelivered.
    ArriveAfterAll,
}

impl State {
    pub fn new(account: &Credentials, now: Timestamp) -> Self {
        Self {
            now,
            account_sid: account.account_sid.clone(),
            access: Access::new(account, now),
            pace: Pace::default(),
            numbers: BTreeMap::new(),
            messages: Messages::new(now),
            phones: Phones::default(),
            opt_outs: OptOuts::default(),
            faults: Faults::default(),
            steps: Agenda::default(),
            outbox: Outbox::default(),
        }
    }

    /// The number, if it is one of the account's.
    pub fn our_number(&self, number: &str) -> Option<PhoneNumber> {
        let number = PhoneNumber::parse(number).ok()?;
        self.numbers.contains_key(&number).then_some(number)
    }
}
