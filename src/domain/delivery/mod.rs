//! A text on its way to one person: of a cascade, as a rule, or of those who are told something. Nothing here does I/O: [`step()`] turns an event
//! into the delivery's next state and a list of effects for somebody else to carry out.

mod attachments;
mod attempt;
pub mod backoff;
mod event;
pub mod failed_invitation;
mod failure;
mod failure_wording;
mod follow_up;
mod hold;
mod in_conversation;
pub mod invitation;
mod message_status;
mod new;
mod notifications;
mod progress;
mod restored;
pub mod source;
mod step;
mod turn;
pub mod wording;

pub use failed_invitation::Because;
pub use failed_invitation::Failed;
pub use failure::{Class, Failure};
pub use invitation::Invitation;
pub use invitation::Report;
pub use message_status::Status;
pub use source::Source;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::message_sid::MessageSid;
use crate::domain::ids::{DeliveryId, NoticeId};
use crate::domain::language::Language;
use crate::domain::line::{Person, Policy};
use crate::domain::phone::{PhoneNumber, Sender};
use crate::domain::sms::part::Part;
use crate::domain::time_zone::TimeZone;

pub use attempt::{Attempt, Disproved, Outcome};
pub use event::{Answer, Effect, Event};
pub use follow_up::{Awaited, WAITS_AT_MOST};
pub use hold::{Busy, Hold, Limit, Slowed, Withheld};
pub use in_conversation::{Chase, Chased, Directed, InConversation, OnlyIf};
pub use notifications::spawned;
pub use progress::OnPhone;
pub use restored::{Restoration, Restored};
pub use step::step;
pub use turn::{HandOver, MovedOn};

/// One text to be delivered. The unit of work on the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub id: DeliveryId,
    /// Counts the saves; a save with an outdated version is refused.
    pub version: u64,
    /// The line's name, for the record.
    pub line: String,
    /// The line's number, which the text comes from unless an attempt says otherwise.
    pub from: PhoneNumber,
    /// What status callbacks are sent to: the line's public URL.
    pub public_url: String,
    /// The inbound that caused it.
    pub message_sid: Option<MessageSid>,
    /// Who wrote the text that it relays, if it relays one.
    #[serde(default)]
    pub sender: Option<Sender>,
    /// Whom it is for now.
    pub to: Recipient,
    /// Whom it is handed over to if that fails, in this order.
    pub remaining: Vec<Recipient>,
    /// The whole text; [`Delivery::parts`] is how it is cut into messages.
    pub body: String,
    pub media: Vec<String>,
    /// What `media` is as people call it, such as `1 photo`; empty where that is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub attached: String,
    pub parts: Vec<Part>,
    pub attempts: Vec<Attempt>,
    pub state: State,
    pub created: Timestamp,
    /// When it is too late to try again.
    pub deadline: Timestamp,
    /// When it gave up, while it is a dead letter.
    #[serde(default)]
    pub gave_up: Option<Timestamp>,
    /// Oldest first.
    #[serde(default)]
    pub replays: Vec<Replay>,
    /// How often it had to wait for its turn, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slowed: Vec<Slowed>,
    /// Oldest first.
    #[serde(default)]
    pub handed_over: Vec<HandOver>,
    #[serde(default)]
    pub purpose: Purpose,
    /// What is to be known once the relay was restored from a backup, if it was since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
    /// What is to be known of the invitation that it brings, if it brings one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Box<Invitation>>,
    /// What is to be known of the conversation that it belongs to, if it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_conversation: Option<Box<InConversation>>,
    /// The line's, as it was when the delivery came to be.
    #[serde(default)]
    pub policy: Policy,
    /// The line's, for the times that people are told.
    #[serde(default)]
    pub time_zone: TimeZone,
    /// The line's, which says by which clock people are told times.
    #[serde(default)]
    pub country: String,
    /// The line's, in which people are told of it.
    #[serde(default, skip_serializing_if = "Language::is_english")]
    pub language: Language,
}

/// What a text is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// It is a customer's, for whoever is on duty.
    #[default]
    Relay,
    /// It answers whoever wrote: a person of the cascade, or somebody who joins or leaves a topic.
    Answer,
    /// A person's words to a customer of the line.
    Reply,
    /// The line's automatic reply to a customer.
    AutoReply,
    /// It tells a person that words of theirs did not get to the customer.
    Unsent,
    /// It tells or asks a person something else about a conversation.
    Conversation,
    /// It tells a person that a customer's text went on to the next.
    Told,
    /// It tells the owner that a customer's text reached nobody.
    Alert,
    /// It tells the owner that account, number or campaign need repair.
    Repair,
    /// It tells the owner that new texts wait long for every phone.
    Busy,
    /// It tells the owner that the line has sent most of what it may on a day without anybody's hand.
    Spending,
    /// It tells one of many what a notice says.
    Notice { notice: NoticeId },
    /// It invites one person, with a link.
    Invitation,
}

impl Purpose {
    /// Whether it is somebody's own text or the answer to it: if it reaches nobody, it is kept as a
    /// dead letter, and people are told.
    pub fn is_somebodys(self) -> bool {
        matches!(self, Purpose::Relay | Purpose::Answer | Purpose::Unsent)
    }

    /// Whether people are told what becomes of it.
    pub fn is_told_of(self) -> bool {
        self.is_somebodys() || self == Purpose::Reply
    }

    /// Whether it is for somebody outside who is told something, and not a text's doing.
    pub fn is_outbound(self) -> bool {
        matches!(self, Purpose::Notice { .. } | Purpose::Invitation)
    }

    /// Whether it tells the owner of something.
    pub fn is_for_owner(self) -> bool {
        matches!(
            self,
            Purpose::Alert | Purpose::Repair | Purpose::Busy | Purpose::Spending
        )
    }

    /// What it tells of another text, if it tells of one, as the audit and people read it.
    pub fn tells_that(self) -> Option<&'static str> {
        match self {
            Purpose::Told => Some("the text moved on"),
            Purpose::Alert => Some("the text reached nobody"),
            Purpose::Repair => Some("account, number or campaign need repair"),
            Purpose::Busy => Some("texts wait long for every phone"),
            Purpose::Spending => Some("most_segments_a_day is used up to four fifths"),
            Purpose::Unsent => Some("the words did not reach the customer"),
            _ => None,
        }
    }

    pub fn notice(self) -> Option<NoticeId> {
        match self {
            Purpose::Notice { notice } => Some(notice),
            _ => None,
        }
    }
}

/// Somebody wanted a delivery tried again that had given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    pub at: Timestamp,
    /// How many attempts had been made before. Their failures do not count any more.
    pub attempts: u32,
    /// It went on to the same person: what they have of it already is not sent again.
    pub resumed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    pub person: String,
    pub number: PhoneNumber,
}

/// What the owner's number is called where a person's name would stand.
const OWNER: &str = "the owner";

/// The same of somebody who is answered and is none of the line's people.
const SENDER: &str = "the sender";

impl Recipient {
    pub fn of(person: &Person) -> Self {
        Self {
            person: person.name.clone(),
            number: person.number.clone(),
        }
    }

    /// Whoever wrote and is answered, where it is none of the line's people.
    pub fn sender(number: PhoneNumber) -> Self {
        Self {
            person: SENDER.to_owned(),
            number,
        }
    }

    pub fn is_sender(&self) -> bool {
        self.person == SENDER
    }

    /// Whoever has the line's `alert` number.
    pub fn owner(number: PhoneNumber) -> Self {
        Self {
            person: OWNER.to_owned(),
            number,
        }
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The next attempt is due then.
    Waiting { due: Timestamp },
    /// An attempt has been claimed; once the lease is over, nobody can still be sending it.
    Sending { lease: Timestamp },
    /// Twilio may or may not have the last attempt; it is to be asked then.
    Unknown {
        ask: Timestamp,
        /// How often it was asked in vain.
        #[serde(default)]
        asked: u32,
    },
    /// Twilio has every part; what became of them comes by callback. A callback may get lost, so
    /// Twilio is asked then, until the recipient's time is over.
    Accepted {
        #[serde(default)]
        ask: Option<Timestamp>,
        #[serde(default)]
        asked: u32,
    },
    /// Every part reached the phone.
    Delivered,
    /// No further attempt is made.
    GaveUp { because: GaveUp },
    /// Words that were better not sent. Nobody waits for them.
    Withheld { because: Withheld },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GaveUp {
    /// The deadline passed.
    Late,
    /// Twilio refused in a way that no repetition and no other person can change.
    Refused,
    /// Nobody is left in the cascade.
    NobodyLeft,
    /// Twilio did not say in time whether it had the message. Sending it again could double it.
    Unresolved,
    /// Twilio had it, but no report came before the deadline that it was delivered.
    NoReport,
}

impl GaveUp {
    /// As the audit and people read it.
    pub fn in_words(self) -> &'static str {
        match self {
            GaveUp::Late => "the deadline passed",
            GaveUp::Refused => "Twilio refused it for good: nobody else would change that",
            GaveUp::NobodyLeft => "nobody is left in the cascade",
            GaveUp::Unresolved => "Twilio did not say whether it had the message",
            GaveUp::NoReport => "no delivery report came, so it may have arrived or not",
        }
    }
}

impl Delivery {
    /// When somebody must look at it again, if ever; what the index of due deliveries holds.
    pub fn due(&self) -> Option<Timestamp> {
        match self.state {
            State::Waiting { due } => Some(due),
            State::Sending { lease } => Some(lease),
            State::Unknown { ask, .. } => Some(ask),
            State::Accepted { ask, .. } => ask,
            State::Delivered => None,
            State::GaveUp { .. } | State::Withheld { .. } => self.report_due(),
        }
    }

    /// When it is to be said that an invitation failed.
    fn report_due(&self) -> Option<Timestamp> {
        self.invitation.as_ref()?.report_due()
    }

    /// Whether its next attempt would be made now.
    pub fn is_to_be_attempted(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Waiting { due } if due <= now)
    }

    pub fn attempt(&self, number: u32) -> Option<&Attempt> {
        self.attempts
            .iter()
            .find(|attempt| attempt.number == number)
    }

    /// The number that an attempt's message comes from.
    pub fn sent_from<'d>(&'d self, attempt: &'d Attempt) -> &'d PhoneNumber {
        attempt.via.as_ref().unwrap_or(&self.from)
    }

    /// When its time up to the deadline began.
    pub fn began(&self) -> Timestamp {
        self.replays.last().map_or(self.created, |replay| replay.at)
    }

    /// When something last happened to it, apart from questions that were not answered.
    pub fn changed(&self) -> Timestamp {
        let attempts = self.attempts.iter().map(|attempt| attempt.since);
        let handed_over = self.handed_over.iter().map(|hand_over| hand_over.at);
        let known = attempts.chain(handed_over).max();
        known.map_or(self.began(), |at| at.max(self.began()))
    }

    /// Whether it holds anything that somebody wrote or attached.
    pub fn has_words(&self) -> bool {
        let mut parts = self.parts.iter();
        !self.body.is_empty()
            || !self.media.is_empty()
            || parts.any(|part| !part.body.is_empty() || !part.media.is_empty())
    }

    /// The last error that Twilio or a carrier gave a code for.
    pub fn last_error(&self) -> Option<u32> {
        self.attempts
            .iter()
            .rev()
            .find_map(|attempt| attempt.outcome.code())
    }
}
