//! What a customer's text changes about their conversation.

use std::time::Duration;

use jiff::Timestamp;

use super::{Conversation, Link, Waits, Words};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;

/// A customer's text, and the person it goes to.
#[derive(Debug, Clone, Copy)]
pub struct CustomerText<'a> {
    pub sid: &'a MessageSid,
    pub words: &'a Words,
    pub person: &'a PhoneNumber,
    /// The delivery that brings it.
    pub delivery: &'a DeliveryId,
    /// Whether somebody wrote it who may want an answer.
    pub wants_answer: bool,
}

/// What follows for the delivery of a customer's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Relayed {
    pub link: Link,
    /// The people who have had a text of the conversation, and so have seen the customer's number.
    pub known_to: Vec<PhoneNumber>,
    /// The text of the conversation that leaves before it.
    pub after: Option<DeliveryId>,
    /// Whether the customer was not waiting for an answer before.
    pub begins_to_wait: bool,
    /// Whether the customer has not had the automatic reply in this conversation.
    pub is_first: bool,
}

impl Conversation {
    /// A customer's text goes to a person.
    pub fn customer_wrote(
        &mut self,
        text: CustomerText,
        conversation_for: Duration,
        now: Timestamp,
    ) -> Relayed {
        if !self.is_open(conversation_for, now) {
            self.begin_anew(now);
        }
        let known_to = self.participants.iter().map(|p| p.person.clone()).collect();
        let begins_to_wait = text.wants_answer && self.waits.is_none_or(|waits| waits.is_taken);
        if begins_to_wait {
            self.waits = Some(Waits::since(now));
        }
        self.has = Some(text.person.clone());
        self.words = text.words.clone();
        let link = self.goes_on(text.sid, text.sid, now);
        self.joins(text.person, text.delivery);
        Relayed {
            link,
            known_to,
            after: self.last_in.replace(text.delivery.clone()),
            begins_to_wait,
            is_first: !self.auto_replied,
        }
    }

    /// The customer and a person talked by telephone, and nobody is texted about it. `is_answer` says
    /// whether that answers what the customer waited for.
    pub fn talked(
        &mut self,
        (person, is_answer): (&PhoneNumber, bool),
        call: &MessageSid,
        words: &Words,
        conversation_for: Duration,
        now: Timestamp,
    ) -> Link {
        if !self.is_open(conversation_for, now) {
            self.begin_anew(now);
        }
        self.take_part(person);
        self.has = Some(person.clone());
        if is_answer {
            self.waits = None;
        }
        self.words = words.clone();
        self.goes_on(call, call, now)
    }

    /// After so long without a text the cascade decides again, and who gets the next text reads the
    /// whole number.
    fn begin_anew(&mut self, now: Timestamp) {
        self.opened = now;
        self.has = None;
        self.texts.clear();
        self.last = None;
        self.auto_replied = false;
        self.missed_texted = false;
        self.participants.clear();
    }
}
