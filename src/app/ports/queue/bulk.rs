use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Group, WakeUp};
use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, NoticeId};

/// What a worker is brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Message {
    Delivery(WakeUp),
    Page(PageTurn),
}

/// "Fan out this page of this notice then". Like a wake-up it carries no state: a lost one is
/// found by a sweep, and of two that come at once one gets nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageTurn {
    pub notice: NoticeId,
    /// How many pages come before it.
    pub page: u64,
    pub due: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
}

impl Message {
    /// What it is about, for logs.
    pub fn name(&self) -> String {
        match self {
            Message::Delivery(wake_up) => wake_up.delivery.to_string(),
            Message::Page(turn) => turn.notice.to_string(),
        }
    }

    pub fn delivery(&self) -> Option<&DeliveryId> {
        match self {
            Message::Delivery(wake_up) => Some(&wake_up.delivery),
            Message::Page(_) => None,
        }
    }

    pub fn due(&self) -> Timestamp {
        match self {
            Message::Delivery(wake_up) => wake_up.due,
            Message::Page(turn) => turn.due,
        }
    }

    pub fn group(&self) -> Option<&Group> {
        match self {
            Message::Delivery(wake_up) => wake_up.group.as_ref(),
            Message::Page(turn) => turn.group.as_ref(),
        }
    }

    /// Whether it goes through the queue of texts to many.
    pub fn is_bulk(&self) -> bool {
        match self {
            Message::Delivery(wake_up) => wake_up.is_bulk(),
            Message::Page(_) => true,
        }
    }
}

impl WakeUp {
    /// A wake-up that is asked for at `now`.
    pub fn new(delivery: &DeliveryId, due: Timestamp, now: Timestamp) -> Self {
        Self {
            delivery: delivery.clone(),
            asked: now,
            due,
            group: None,
        }
    }

    /// The same, in the name of the delivery's line.
    pub fn of(delivery: &Delivery, due: Timestamp, now: Timestamp) -> Self {
        Self::new(&delivery.id, due, now).in_group(Group::of_line(&delivery.from))
    }

    pub fn in_group(self, group: Group) -> Self {
        let group = Some(group);
        Self { group, ..self }
    }

    /// Whether it goes through the queue of texts to many.
    pub fn is_bulk(&self) -> bool {
        self.delivery.notice().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_what_it_was_written_as() {
        let at = Timestamp::UNIX_EPOCH;
        let line = crate::domain::phone::PhoneNumber::parse("+16195550100").unwrap();
        let notice = NoticeId::of(&line, "april");
        let delivery = |id: &str| {
            Message::Delivery(WakeUp {
                delivery: DeliveryId::parse(id).unwrap(),
                asked: at,
                due: at,
                group: Some(Group::of_line(&line)),
            })
        };
        let page = Message::Page(PageTurn {
            notice,
            page: 37,
            due: at,
            group: None,
        });
        for (message, is_bulk) in [
            (delivery("in-1"), false),
            (delivery(&format!("{notice}-0123456789abcdef0123")), true),
            (page, true),
        ] {
            let json = serde_json::to_string(&message).unwrap();
            let read: Message = serde_json::from_str(&json).unwrap();
            assert_eq!(read, message, "{json}");
            assert_eq!(message.is_bulk(), is_bulk, "{json}");
        }
    }
}
