//! The way of a message from Twilio's queue to the phone.
//!
//! Source: Twilio, "Outbound Message Status in Status Callbacks"; the first status causes no
//! callback.

use jiff::Timestamp;

use super::message::API_VERSION;
use super::state::{Happening, State, Step};
use super::webhook::{Answers, Outgoing};
use super::{Message, Power, Text};
use crate::domain::delivery::Status;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::names::name_of;
use crate::twilio::form::Form;

/// The phone cannot be reached.
const UNREACHABLE: u32 = 30003;
/// The validity period is over.
const EXPIRED: u32 = 30036;

impl State {
    /// Runs everything that happens up to `now`.
    pub(super) fn settle(&mut self, now: Timestamp) {
        while let Some((at, next)) = self.steps.take(now) {
            self.now = at;
            self.revision += 1;
            match next {
                Happening::Message(step, sid) => self.take_step(step, &sid),
                Happening::Call(sid, epoch, step) => self.take_call_step(&sid, epoch, step),
                Happening::Recording(stored, url, status) => {
                    self.call_back_recording(&stored, &url, status);
                }
                Happening::Transcription(stored, url) => {
                    self.call_back_transcription(&stored, &url);
                }
                Happening::Answer(webhook, answer) => self.judge(*webhook, answer),
            }
        }
        self.now = now;
    }

    /// Takes a message for sending.
    pub(super) fn accept(&mut self, mut message: Message) -> MessageSid {
        let sid = message.sid.clone();
        let send_at = message.send_at;
        message.status = match (&message.messaging_service, send_at) {
            (_, Some(_)) => Status::Scheduled,
            (Some(_), None) => Status::Accepted,
            (None, None) => Status::Queued,
        };
        let (status, goes) = (message.status, message.outcome.is_some());
        self.messages.add(message);
        match status {
            _ if !goes => {}
            Status::Queued => self.wait_in_queue(&sid),
            _ => self.put_step(send_at.unwrap_or(self.now), Step::Queue, &sid),
        }
        sid
    }

    fn put_step(&mut self, at: Timestamp, step: Step, sid: &MessageSid) {
        self.steps.put(at, Happening::Message(step, sid.clone()));
    }

    fn wait_in_queue(&mut self, sid: &MessageSid) {
        let Some(message) = self.messages.get(sid) else {
            return;
        };
        let held = message.outcome.unwrap_or_default().held;
        let (wait, validity) = (self.pace.queued + held, message.validity);
        if wait > validity {
            self.put_step(self.now + validity, Step::Expire, sid);
        } else {
            self.put_step(self.now + wait, Step::LeaveQueue, sid);
        }
    }

    /// A step that does not fit a message's status any more comes to nothing.
    fn take_step(&mut self, step: Step, sid: &MessageSid) {
        let Some(message) = self.messages.get_mut(sid) else {
            return;
        };
        let outcome = message.outcome.unwrap_or_default();
        let undeliverable = outcome.undeliverable;
        match (step, message.status) {
            (Step::Queue, Status::Accepted | Status::Scheduled) => {
                // The service picks a sender: here always the account's first number.
                if let Some(first) = self.account.numbers.keys().next()
                    && message.from.is_empty()
                {
                    message.from = first.expose().to_owned();
                }
                self.set_status(sid, Status::Queued, None);
                self.wait_in_queue(sid);
            }
            (Step::LeaveQueue, Status::Queued) => {
                self.set_status(sid, Status::Sending, None);
                self.put_step(self.now + self.pace.sending, Step::HandOver, sid);
            }
            (Step::Expire, Status::Queued) => self.set_status(sid, Status::Failed, Some(EXPIRED)),
            (Step::HandOver, _)
                if undeliverable.is_some_and(is_twilios_own) && outcome.after_all.is_none() =>
            {
                self.set_status(sid, Status::Failed, undeliverable);
            }
            (Step::HandOver, _) => {
                message.sent = Some(self.now);
                self.set_status(sid, Status::Sent, None);
                self.put_step(self.now + self.pace.carrier, Step::Arrive, sid);
            }
            (Step::Arrive, _) if undeliverable.is_some() => {
                self.set_status(sid, Status::Undelivered, undeliverable);
                if let Some(wait) = outcome.after_all {
                    self.put_step(self.now + wait, Step::ArriveAfterAll, sid);
                }
            }
            (Step::Arrive | Step::ArriveAfterAll, _) => {
                let message = message.clone();
                self.arrive(&message);
            }
            _ => {}
        }
    }

    fn arrive(&mut self, message: &Message) {
        match self.phones.named(&message.to).power {
            Power::Silent => {}
            Power::Off => {
                self.set_status(&message.sid, Status::Undelivered, Some(UNREACHABLE));
            }
            Power::On => {
                self.phones.show(message, false, self.now);
                if !message.outcome.unwrap_or_default().unreported {
                    self.set_status(&message.sid, Status::Delivered, None);
                }
                // A message to another number of the account comes in there.
                if let Some(number) = self.our_number(&message.to) {
                    let text = Text::new(&message.body).media(message.media.clone());
                    self.come_in(&message.from, &number, text);
                }
            }
        }
    }

    pub(super) fn set_status(&mut self, sid: &MessageSid, status: Status, error_code: Option<u32>) {
        if let Some(message) = self.messages.get_mut(sid) {
            message.status = status;
            message.error_code = error_code;
            message.updated = self.now;
            let message = message.clone();
            self.call_back(&message);
        }
    }

    /// Tells the status callback URL how a message stands.
    fn call_back(&mut self, message: &Message) {
        let Some(url) = &message.status_callback else {
            return;
        };
        let status = name_of(&message.status);
        let mut fields = vec![
            ("SmsSid", message.sid.to_string()),
            ("SmsStatus", status.clone()),
            ("MessageStatus", status),
            ("To", message.to.clone()),
            ("MessageSid", message.sid.to_string()),
            ("AccountSid", self.account_sid.clone()),
            ("From", message.from.clone()),
            ("ApiVersion", API_VERSION.to_owned()),
        ];
        if let Some(service) = &message.messaging_service {
            fields.push(("MessagingServiceSid", service.clone()));
        }
        if let Some(code) = message.error_code {
            fields.push(("ErrorCode", code.to_string()));
        }
        if matches!(message.status, Status::Delivered | Status::Undelivered) {
            // Minutes without a zone, as the carrier writes it.
            let done = self.now.strftime("%y%m%d%H%M").to_string();
            fields.push(("RawDlrDoneDate", done));
        }
        let callback = Outgoing::new(Answers::Nothing, url, None, Form::from_fields(fields));
        let longest = self.pace.sending.max(self.pace.carrier);
        for wait in self.faults.of_callback(&message.to, longest) {
            self.outbox.put(self.now + wait, callback.clone());
        }
    }
}

/// Whether Twilio itself fails a message with this error (`failed`); with others the carrier does
/// (`undelivered`).
fn is_twilios_own(code: u32) -> bool {
    !matches!(code, 30003..=30009 | 30011)
}
