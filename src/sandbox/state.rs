//! Everything that the sandbox remembers. What happens in it stands with its subject: messages on
//! their way in `carrier`, texts that come in in `inbound`, replies to them in `reply`, and
//! requests to the API in `rest`. Calls are in `voice`.

use jiff::Timestamp;

use super::access::Access;
use super::agenda::Agenda;
use super::call::doing::CallStep;
use super::call::{CallSid, Calls, Stored, Unchecked};
use super::faults::Faults;
use super::message::Messages;
use super::opt_out::OptOuts;
use super::phones::Phones;
use super::webhook::{Given, NoReply, Outbox, Outgoing};
use super::{Account, Pace, RequestCount};
use crate::domain::credentials::Credentials;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

pub(super) struct State {
    /// Up to when everything has happened.
    pub now: Timestamp,
    /// Counts what happened, so that whoever watches knows whether to look.
    pub revision: u64,
    pub account_sid: String,
    pub access: Access,
    pub pace: Pace,
    pub account: Account,
    pub messages: Messages,
    pub phones: Phones,
    pub opt_outs: OptOuts,
    pub faults: Faults,
    pub requests: RequestCount,
    /// What happens next to which message or call.
    pub steps: Agenda<Happening>,
    pub outbox: Outbox,
    /// When the sandbox began; the names of calls derive from it.
    pub opened: Timestamp,
    pub calls: Calls,
    pub calls_begun: u64,
    pub recordings: Vec<Stored>,
    pub unchecked: Unchecked,
}

pub(super) enum Happening {
    Message(Step, MessageSid),
    /// Unless the call did something else since: see its `epoch`.
    Call(CallSid, Option<u64>, CallStep),
    /// The callback of a recording is told how that stands.
    Recording(Stored, String, &'static str),
    /// The callback is told what was said in a recording.
    Transcription(Stored, String),
    /// A webhook's answer came late, or its time is over.
    Answer(Box<Outgoing>, Result<Given, NoReply>),
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
            revision: 0,
            account_sid: account.account_sid.clone(),
            access: Access::new(account, now),
            pace: Pace::default(),
            account: Account::registered(now),
            messages: Messages::new(now),
            phones: Phones::default(),
            opt_outs: OptOuts::default(),
            faults: Faults::default(),
            requests: RequestCount::default(),
            steps: Agenda::default(),
            outbox: Outbox::default(),
            opened: now,
            calls: Calls::default(),
            calls_begun: 0,
            recordings: Vec::new(),
            unchecked: Unchecked::default(),
        }
    }

    /// The number, if it is one of the account's.
    pub fn our_number(&self, number: &str) -> Option<PhoneNumber> {
        let number = PhoneNumber::parse(number).ok()?;
        self.account.numbers.contains_key(&number).then_some(number)
    }
}
