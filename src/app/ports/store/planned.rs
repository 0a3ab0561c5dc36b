use crate::domain::command;
use crate::domain::conversation::{Conversation, PersonState, Rank};
use crate::domain::delivery::Delivery;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::phone::PhoneNumber;

/// What is to be kept of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub record: InboundRecord,
    pub deliveries: Vec<Delivery>,
    /// The conversations that it changes.
    pub conversations: Vec<Changed>,
    /// What is known of its writer after it, if that changes, and the writer's number.
    pub person: Option<(PhoneNumber, PersonState)>,
    /// What it changes about its writer's duty on other lines of theirs.
    pub on_other_lines: Vec<OnAnotherLine>,
}

impl Planned {
    /// What it changes about its writer's duty, on the line that it came to and on others of theirs.
    pub fn duty<'p>(
        &'p self,
        line: &'p PhoneNumber,
    ) -> impl Iterator<Item = (&'p PhoneNumber, &'p command::Change)> {
        let here = self.record.duty.iter().map(move |change| (line, change));
        let elsewhere = self.on_other_lines.iter();
        here.chain(elsewhere.map(|other| (&other.line, &other.change)))
    }
}

/// What changes about a person's duty on another line than the one that they wrote to.
#[derive(Debug, Clone, PartialEq)]
pub struct OnAnotherLine {
    pub line: PhoneNumber,
    /// The line's name, for the record.
    pub name: String,
    pub change: command::Change,
}

/// A conversation that changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// As it was read; `None` if there was none.
    pub before: Option<Conversation>,
    /// As it is to be, of the next version.
    pub after: Conversation,
}

/// A conversation's place in the list of one of its participants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub person: PhoneNumber,
    pub customer: PhoneNumber,
    pub rank: Rank,
}

impl Changed {
    pub fn new(before: Option<Conversation>, after: Conversation) -> Self {
        let version = before.as_ref().map_or(0, |before| before.version) + 1;
        Self {
            before,
            after: Conversation { version, ..after },
        }
    }

    /// The version that is to be replaced; 0 if there is none.
    pub fn previous(&self) -> u64 {
        self.after.version - 1
    }

    /// Whether the customer is blocked by it, or not any more.
    pub fn changes_block(&self) -> bool {
        let before = self
            .before
            .as_ref()
            .and_then(|before| before.blocked.as_ref());
        before != self.after.blocked.as_ref()
    }

    /// The places in lists that it gives up, and those that it takes.
    pub fn listings(&self) -> (Vec<Listing>, Vec<Listing>) {
        let before = self.before.as_ref().map(listings).unwrap_or_default();
        let after = listings(&self.after);
        let gone = before.iter().filter(|listing| !after.contains(listing));
        let new = after.iter().filter(|listing| !before.contains(listing));
        (gone.cloned().collect(), new.cloned().collect())
    }
}

fn listings(conversation: &Conversation) -> Vec<Listing> {
    let participants = conversation.participants.iter();
    let listings = participants.map(|participant| Listing {
        person: participant.person.clone(),
        customer: conversation.customer.clone(),
        rank: conversation.rank(),
    });
    listings.collect()
}

/// What became of a text that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    New,
    /// There was a record of its SID; nothing was changed.
    Already,
    /// Somebody else saved first what it changes; nothing was changed.
    Outdated,
}
