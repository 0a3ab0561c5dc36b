//! The way of a message from Twilio's queue to the phone.
//!
//! Source: Twilio, "Outbound Message Status in Status Callbacks"; the first status causes no
//! callback.

use std::time::Duration;

use jiff::Timestamp;

use super::faults::{Stage, milliseconds};
use super::message::MessageNumber;
use super::{Direction, Fault, Message, Power, State, Text};
use crate::domain::delivery::Status;
use crate::domain::phone::PhoneNumber;

/// How long a message takes from one status to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// In Twilio's queue.
    pub queued: Duration,
    /// From `sending` to `sent`: being handed to the carrier.
    pub sending: Duration,
    /// From `sent` to `delivered`, or to the carrier's report that it could not be.
    pub carrier: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            queued: Duration::from_millis(100),
            sending: Duration::from_millis(200),
            carrier: Duration::from_millis(700),
        }
    }
}

/// What awaits a message on its way.
#[derive(Debug, Clone, Default)]
pub(super) struct Fate {
    held: Duration,
    undeliverable: Option<u32>,
    unreported: bool,
}

/// The next thing that happens to a message.
pub(super) enum Step {
    Queue(MessageNumber),
    LeaveQueue(MessageNumber),
    Expire(MessageNumber),
    HandOver(MessageNumber),
    Arrive(MessageNumber),
}

/// A message that was accepted for sending.
pub(super) struct NewOutgoing {
    pub direction: Direction,
    pub from: String,
    pub to: String,
    pub body: String,
    pub media: Vec<String>,
    pub messaging_service: Option<String>,
    pub status_callback: Option<String>,
    pub validity: Duration,
    /// Not to be sent before.
    pub send_at: Option<Timestamp>,
}

/// How long a message may wait in the queue if the request does not say: ten hours.
pub(super) const LONGEST_VALIDITY: Duration = Duration::from_secs(36_000);

/// The phone cannot be reached.
const UNREACHABLE: u32 = 30003;
/// The validity period is over.
const EXPIRED: u32 = 30036;

impl State {
    /// Runs everything that happens up to `now`.
    pub(super) fn settle(&mut self, now: Timestamp) {
        while let Some((at, step)) = self.steps.take(now) {
            match step {
                Step::Queue(number) => self.queue(number, at),
                Step::LeaveQueue(number) => self.leave_queue(number, at),
                Step::Expire(number) => self.expire(number, at),
                Step::HandOver(number) => self.hand_over(number, at),
                Step::Arrive(number) => self.arrive(number, at),
            }
        }
    }

    /// Takes a message for sending. Without a fate it stays in the queue for ever, as with Twilio's
    /// test credentials.
    pub(super) fn accept(
        &mut self,
        new: NewOutgoing,
        fate: Option<Fate>,
        now: Timestamp,
    ) -> MessageNumber {
        let status = match (&new.messaging_service, new.send_at) {
            (_, Some(_)) => Status::Scheduled,
            (Some(_), None) => Status::Accepted,
            (None, None) => Status::Queued,
        };
        let goes = fate.is_some();
        let message = Message {
            sid: self.messages.next_sid(!new.media.is_empty()),
            direction: new.direction,
            from: new.from,
            to: new.to,
            body: new.body,
            media: new.media,
            messaging_service: new.messaging_service,
            status,
            error_code: None,
            status_callback: new.status_callback,
            created: now,
            updated: now,
            sent: None,
            validity: new.validity,
            fate: fate.unwrap_or_default(),
        };
        let number = self.messages.add(message);
        match status {
            _ if !goes => {}
            Status::Queued => self.wait_in_queue(number, now),
            _ => self
                .steps
                .put(new.send_at.unwrap_or(now), Step::Queue(number)),
        }
        number
    }

    /// A text that Twilio sends of its own accord.
    pub(super) fn send_by_itself(
        &mut self,
        from: &PhoneNumber,
        to: &str,
        body: &str,
        now: Timestamp,
    ) {
        let new = NewOutgoing {
            direction: Direction::OutboundReply,
            from: from.expose().to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            media: Vec::new(),
            messaging_service: None,
            status_callback: None,
            validity: LONGEST_VALIDITY,
            send_at: None,
        };
        // Faults are meant for the texts of the program under test.
        self.accept(new, Some(Fate::default()), now);
    }

    /// What awaits a message to that number.
    pub(super) fn fate(&mut self, to: &str) -> Fate {
        let mut fate = Fate::default();
        match self.faults.of_message(Stage::Carrier, to) {
            Some(Fault::Undeliverable { code }) => fate.undeliverable = Some(code),
            Some(Fault::Held { ms }) => fate.held = milliseconds(ms),
            Some(Fault::Unreported) => fate.unreported = true,
            _ => {}
        }
        fate
    }

    fn wait_in_queue(&mut self, number: MessageNumber, now: Timestamp) {
        let Some(message) = self.messages.get(number) else {
            return;
        };
        let wait = self.pace.queued + message.fate.held;
        if wait > message.validity {
            self.steps.put(now + message.validity, Step::Expire(number));
        } else {
            self.steps.put(now + wait, Step::LeaveQueue(number));
        }
    }

    fn queue(&mut self, number: MessageNumber, at: Timestamp) {
        if self.is(number, &[Status::Accepted, Status::Scheduled]) {
            // The service picks a sender: here always the account's first number.
            let first = self.numbers.keys().next().map(|n| n.expose().to_owned());
            if let (Some(message), Some(first)) = (self.messages.get_mut(number), first)
                && message.from.is_empty()
            {
                message.from = first;
            }
            self.set_status(number, Status::Queued, None, at);
            self.wait_in_queue(number, at);
        }
    }

    fn leave_queue(&mut self, number: MessageNumber, at: Timestamp) {
        if self.is(number, &[Status::Queued]) {
            self.set_status(number, Status::Sending, None, at);
            self.steps
                .put(at + self.pace.sending, Step::HandOver(number));
        }
    }

    fn expire(&mut self, number: MessageNumber, at: Timestamp) {
        if self.is(number, &[Status::Queued]) {
            self.set_status(number, Status::Failed, Some(EXPIRED), at);
        }
    }

    fn hand_over(&mut self, number: MessageNumber, at: Timestamp) {
        let Some(message) = self.messages.get_mut(number) else {
            return;
        };
        match message
            .fate
            .undeliverable
            .filter(|code| is_twilios_own(*code))
        {
            Some(code) => self.set_status(number, Status::Failed, Some(code), at),
            None => {
                message.sent = Some(at);
                self.set_status(number, Status::Sent, None, at);
                self.steps.put(at + self.pace.carrier, Step::Arrive(number));
            }
        }
    }

    fn arrive(&mut self, number: MessageNumber, at: Timestamp) {
        let Some(message) = self.messages.get(number).cloned() else {
            return;
        };
        let power = self.phone(&message.to).power;
        match (message.fate.undeliverable, power) {
            (Some(code), _) => self.set_status(number, Status::Undelivered, Some(code), at),
            (None, Power::Silent) => {}
            (None, Power::Off) => {
                self.set_status(number, Status::Undelivered, Some(UNREACHABLE), at)
            }
            (None, Power::On) => {
                self.show_received(number, at);
                if !message.fate.unreported {
                    self.set_status(number, Status::Delivered, None, at);
                }
                self.pass_on(&message, at);
            }
        }
    }

    /// A message to another number of the account comes in there.
    fn pass_on(&mut self, message: &Message, at: Timestamp) {
        let ours = PhoneNumber::parse(&message.to)
            .ok()
            .filter(|to| self.numbers.contains_key(to));
        if let Some(to) = ours {
            let text = Text::new(&message.body).media(message.media.clone());
            self.come_in(&message.from, &to, text, at);
        }
    }

    fn is(&self, number: MessageNumber, any_of: &[Status]) -> bool {
        self.messages
            .get(number)
            .is_some_and(|message| any_of.contains(&message.status))
    }

    pub(super) fn set_status(
        &mut self,
        number: MessageNumber,
        status: Status,
        error_code: Option<u32>,
        at: Timestamp,
    ) {
        if let Some(message) = self.messages.get_mut(number) {
            message.status = status;
            message.error_code = error_code;
            message.updated = at;
            self.call_back(number, at);
        }
    }
}

/// Whether Twilio itself fails a message with this error (`failed`); with others the carrier does
/// (`undelivered`).
fn is_twilios_own(code: u32) -> bool {
    !matches!(code, 30003..=30009 | 30011)
}
