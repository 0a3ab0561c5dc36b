//! What becomes of a person's text, and what it changes.

use super::question::Written;
use super::{Conversation, Link, PersonState, Question, Words};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::phone::PhoneNumber;
use crate::domain::routing::Rule;

/// What is to be done about a person's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub rule: Rule,
    /// Why, in a sentence without numbers and words of anybody's.
    pub because: String,
    /// What the writer is answered.
    pub answer: Option<String>,
    pub sent: Vec<Sent>,
    pub passed: Option<Passed>,
    /// What the line's other people are told, or the owner.
    pub told: Vec<Told>,
    pub ask: Option<Ask>,
    pub link: Option<Link>,
    /// The conversations that it changes, as they are after it.
    pub changed: Vec<Conversation>,
    /// What is known of the writer after it.
    pub state: PersonState,
}

/// One of the line's other people hears of it, or the owner.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub id: DeliveryId,
    pub person: PhoneNumber,
    pub words: String,
}

/// Words that go to a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub id: DeliveryId,
    pub written: Written,
    pub customer: PhoneNumber,
    /// The text to the customer that leaves before it.
    pub after: Option<DeliveryId>,
}

/// A conversation that a person gives to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed {
    /// The text that said so.
    pub sid: MessageSid,
    pub customer: PhoneNumber,
    /// The number of whom it goes to.
    pub to: PhoneNumber,
    /// The beginning of what the customer wrote last.
    pub words: Words,
    pub texts: Vec<MessageSid>,
    pub after: Option<DeliveryId>,
    /// Whether the customer waits for an answer.
    pub is_awaited: bool,
}

/// A question to the writer.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// It is asked, and again if nobody answers.
    New(Question),
    /// It is asked once more, now.
    Again(Question),
}
