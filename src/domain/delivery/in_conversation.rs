//! What a delivery has to do with a customer's conversation.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Delivery, Limit, Purpose, Recipient, State};
use crate::domain::ids::DeliveryId;
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::line::policy::in_seconds;
use crate::domain::phone::PhoneNumber;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InConversation {
    pub customer: PhoneNumber,
    /// The text of the conversation that is to leave before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<DeliveryId>,
    /// Whose words it brings to the customer: who is told if it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Recipient>,
    /// What the people who have seen the customer's number read in its place.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// Those people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_to: Vec<PhoneNumber>,
    /// The people who can answer it: it is on record that a text of the conversation is theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<PhoneNumber>,
    /// The text of the conversation that waits for this one to leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<DeliveryId>,
    /// When it is due, it is sent only if this still holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_if: Option<OnlyIf>,
    /// Whom it goes to and what it says is found out when it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chase: Option<Chase>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnlyIf {
    /// The person is still asked about their text, by the question of that time.
    Asked { sid: MessageSid, asked: Timestamp },
    /// The customer waits for an answer since then.
    Unanswered { since: Timestamp },
}

/// What happens when nobody answers a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chase {
    pub what: Chased,
    /// How long each person has.
    #[serde(with = "in_seconds")]
    pub within: Duration,
    /// The people who had their turn, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<String>,
    /// Since when the customer waits.
    pub since: Timestamp,
    /// It is known now to whom it goes and what it says.
    #[serde(default)]
    pub is_directed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chased {
    /// The person who has the conversation is reminded.
    Remind,
    /// It goes to the next person.
    HandOn,
    /// The owner hears that nobody is asked for an answer any more.
    Forget,
}

impl Chased {
    /// As it stands in the delivery's id.
    pub fn name(self) -> &'static str {
        match self {
            Chased::Remind => "remind",
            Chased::HandOn => "handon",
            Chased::Forget => "forget",
        }
    }
}

/// Whom a delivery goes to and what it says, found out when it was due.
#[derive(Debug, Clone, PartialEq)]
pub struct Directed {
    pub purpose: Purpose,
    pub to: Recipient,
    pub remaining: Vec<Recipient>,
    pub body: String,
    pub media: Vec<String>,
    pub joined: Vec<PhoneNumber>,
    /// The text of the conversation that is to leave before it.
    pub after: Option<DeliveryId>,
}

impl InConversation {
    pub fn of(customer: PhoneNumber) -> Self {
        Self {
            customer,
            after: None,
            by: None,
            tag: String::new(),
            known_to: Vec::new(),
            joined: Vec::new(),
            before: None,
            only_if: None,
            chase: None,
        }
    }
}

impl Delivery {
    /// Whether it has to be put on record that the present recipient can answer.
    pub fn is_to_join(&self) -> bool {
        let conversation = self.in_conversation.as_ref();
        self.purpose == Purpose::Relay
            && conversation.is_some_and(|c| !c.joined.contains(&self.to.number))
    }

    /// The customer whom all of it is about, if it brings a person a customer's texts or reminds them of the
    /// customer: it may come from the customer's reply number.
    pub fn only_customer(&self) -> Option<&PhoneNumber> {
        let conversation = self.in_conversation.as_ref()?;
        let is_reminder = self.purpose == Purpose::Conversation && conversation.chase.is_some();
        (self.purpose == Purpose::Relay || is_reminder).then_some(&conversation.customer)
    }

    /// Whether it shows the present recipient the customer's whole number, and so can be the first text
    /// under a reply number. The texts of a conversation stay where the first one of them came.
    pub fn shows_whole_number(&self) -> bool {
        let conversation = self.in_conversation.as_ref();
        self.purpose == Purpose::Relay
            && conversation.is_some_and(|c| !c.known_to.contains(&self.to.number))
    }

    /// Whether nothing of it is to be sent at present: those behind it may leave.
    pub fn has_left(&self) -> bool {
        !matches!(
            self.state,
            State::Waiting { .. } | State::Sending { .. } | State::Unknown { .. }
        )
    }

    /// Whether it waits for another text of its conversation to leave.
    pub fn waits_for_order(&self) -> bool {
        let last = self.slowed.last();
        matches!(self.state, State::Waiting { .. })
            && last.is_some_and(|slowed| slowed.by == Limit::Order)
            && !self.has_begun()
    }

    /// The text with the tag in place of the customer's number, if the present recipient knows that.
    pub fn with_tag(&self, body: String) -> String {
        let Some(conversation) = &self.in_conversation else {
            return body;
        };
        let number = conversation.customer.expose();
        let is_known = conversation.known_to.contains(&self.to.number);
        let label = body
            .find(number)
            .filter(|_| is_known && !conversation.tag.is_empty());
        let Some(start) = label else { return body };
        match body[start..].find(": ") {
            Some(length) => format!(
                "{}{}{}",
                &body[..start],
                conversation.tag,
                &body[start + length..]
            ),
            None => body,
        }
    }
}
