//! What a delivery has to do with a customer's thread.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Delivery, Purpose, Recipient};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::ids::{DeliveryId, Tag};
use crate::domain::line::policy::in_seconds;
use crate::domain::phone::PhoneNumber;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InThread {
    pub customer: PhoneNumber,
    /// The text of the thread that is to leave before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<DeliveryId>,
    /// Whose words it brings to the customer: who is told if it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Recipient>,
    /// The people who have a part in the thread by it, and what it shows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<Shown>,
    /// When it is due, it is sent only if this still holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_if: Option<OnlyIf>,
    /// Whom it goes to and what it says is found out when it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chase: Option<Chase>,
}

/// What a person sees of their part in the thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub person: String,
    /// `None`: it is the only live thread that they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnlyIf {
    /// The person's text still waits, by the question that was asked then.
    Held { sid: MessageSid, asked: Timestamp },
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
    /// The person who has the thread is reminded.
    Remind,
    /// It goes to the next person.
    HandOn,
}

impl Chased {
    /// As it stands in the delivery's id.
    pub fn name(self) -> &'static str {
        match self {
            Chased::Remind => "remind",
            Chased::HandOn => "handon",
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
    pub shown: Vec<Shown>,
    /// The text of the thread that is to leave before it.
    pub after: Option<DeliveryId>,
}

impl InThread {
    pub fn of(customer: PhoneNumber) -> Self {
        Self {
            customer,
            after: None,
            by: None,
            shown: Vec::new(),
            only_if: None,
            chase: None,
        }
    }

    pub fn shown_to(&self, person: &str) -> Option<&Shown> {
        self.shown.iter().find(|shown| shown.person == person)
    }
}

impl Delivery {
    /// Whether the present recipient has yet to get a part in the thread that the text is of.
    pub fn needs_seat(&self) -> bool {
        let thread = self.in_thread.as_ref();
        self.purpose == Purpose::Relay
            && thread.is_some_and(|thread| thread.shown_to(&self.to.person).is_none())
    }

    /// The tag that the present recipient is shown.
    pub(super) fn tag(&self) -> Option<Tag> {
        let thread = self.in_thread.as_ref()?;
        thread.shown_to(&self.to.person)?.tag
    }
}
