use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::ids::message_sid::MessageSid;
use crate::domain::ids::{NoticeId, hex};
use crate::domain::phone::PhoneNumber;
use crate::domain::text_form::text_form;

/// Names a delivery in the store, on the queue and in callback URLs. Derived from what caused it,
/// so that the same cause never makes a second delivery.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeliveryId(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a delivery's id (1 to 64 letters, digits, hyphens and underscores)")]
pub struct NotADeliveryId;

impl DeliveryId {
    pub fn parse(text: &str) -> Result<Self, NotADeliveryId> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let well_formed = (1..=64).contains(&text.len()) && text.bytes().all(plain);
        well_formed
            .then(|| Self(text.to_owned()))
            .ok_or(NotADeliveryId)
    }

    /// The delivery that relays the inbound of this SID, or answers it.
    pub fn of_inbound(sid: &MessageSid) -> Self {
        Self(format!("in-{sid}"))
    }

    /// One that brings a customer what a person wrote in the text of this SID: if it goes to several,
    /// one after the other, counting from 0.
    pub fn reply(sid: &MessageSid, number: usize) -> Self {
        match number {
            0 => Self(format!("reply-{sid}")),
            number => Self(format!("reply-{number}-{sid}")),
        }
    }

    /// The one that gives the next person a conversation, as the text of this SID wanted it.
    pub fn passed(sid: &MessageSid) -> Self {
        Self(format!("pass-{sid}"))
    }

    /// The line's automatic reply to the text of this SID.
    pub fn auto_reply(sid: &MessageSid) -> Self {
        Self(format!("auto-{sid}"))
    }

    /// One of those that tell others of the line what the text of this SID did.
    pub fn news(sid: &MessageSid, number: usize) -> Self {
        Self(format!("news-{number}-{sid}"))
    }

    /// One that asks for whom the text of this SID is, or says that it was not sent: `step` is which
    /// of them, `asked` how often there were others before.
    pub fn question(sid: &MessageSid, step: &str, asked: u32) -> Self {
        Self(format!("{step}-{asked}-{sid}"))
    }

    /// One that looks after the customer's text of this SID if nobody answers it: `step` is what it
    /// does, `person` whose turn it is.
    pub fn follow_up(sid: &MessageSid, step: &str, person: usize) -> Self {
        Self(format!("{step}-{person}-{sid}"))
    }

    /// The one that tells a person that the delivery of their words failed.
    pub fn failed(of: &DeliveryId) -> Self {
        Self(format!("failed-{of}"))
    }

    /// The one that tells a person that the delivery went on to the next, by the number of its
    /// hand-over, counting from 1.
    pub fn told(of: &DeliveryId, hand_over: usize) -> Self {
        Self(format!("moved-{hand_over}-{of}"))
    }

    /// The one that tells the owner that the delivery reached nobody, after so many replays.
    pub fn alert(of: &DeliveryId, replays: usize) -> Self {
        Self(format!("alert-{replays}-{of}"))
    }

    /// The one that tells the owner that a line needs repair: one for each error and hour, whatever
    /// number of texts meet it.
    pub fn repair(line: &PhoneNumber, error: u32, at: Timestamp) -> Self {
        Self::hourly(&format!("repair-{}-{error}", digest(line.expose())), at)
    }

    /// The one that tells somebody what is wrong with a line's calls: one for each cause, person whom it is
    /// about, and hour.
    pub fn of_calls(line: &PhoneNumber, cause: &str, about: Option<&str>, at: Timestamp) -> Self {
        let about = about.map_or_else(String::new, |person| format!("-{}", digest(person)));
        Self::hourly(&format!("{cause}-{}{about}", digest(line.expose())), at)
    }

    /// The one that tells the owner that all phones of a line are busy: one for each hour, whatever
    /// number of texts wait.
    pub fn busy(line: &PhoneNumber, at: Timestamp) -> Self {
        Self::hourly(&format!("busy-{}", digest(line.expose())), at)
    }

    /// The one that tells the owner that most of a day's budget is used: one for each
    /// key, which names line and day.
    pub fn most_is_used(key: &str) -> Self {
        Self(format!("spent-{}", digest(key)))
    }

    /// The one that tells the owner what `relay doctor` finds changed: one for each line and what changed.
    pub fn setup_changed(key: &str) -> Self {
        Self(format!("setup-{}", digest(key)))
    }

    /// The one that tells a person that they text faster than they are answered: one for each hour.
    pub fn too_many(line: &PhoneNumber, person: &str, at: Timestamp) -> Self {
        Self::hourly(
            &format!("pace-{}-{}", digest(line.expose()), digest(person)),
            at,
        )
    }

    fn hourly(what: &str, at: Timestamp) -> Self {
        Self(format!("{what}-{}", at.as_second() / 3600))
    }

    /// The one that brings a notice to this number. The notice's salt keeps others from telling by
    /// the id whether a number they know is among the recipients.
    pub fn of_notice(notice: &NoticeId, salt: &str, to: &PhoneNumber) -> Self {
        let digest = Sha256::digest(format!("{salt}\n{}", to.expose()));
        Self(format!("{notice}-{}", hex(&digest[..10])))
    }

    /// The notice that it brings to somebody, if it brings one.
    pub fn notice(&self) -> Option<NoticeId> {
        let (notice, _) = self.0.rsplit_once('-')?;
        NoticeId::parse(notice).ok()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Ids stand in logs, numbers do not.
fn digest(text: &str) -> String {
    hex(&Sha256::digest(text)[..6])
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(DeliveryId, NotADeliveryId, Self::parse, |id| id.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_that_is_made_can_be_read() {
        let sid = MessageSid::parse(&("SM".to_owned() + &"0".repeat(32))).unwrap();
        let of = DeliveryId::of_inbound(&sid);
        let line = PhoneNumber::parse("+16195550100").unwrap();
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        for id in [
            DeliveryId::told(&of, 99),
            DeliveryId::alert(&of, 999),
            DeliveryId::repair(&line, 4_294_967_295, at),
            DeliveryId::busy(&line, at),
            DeliveryId::of_calls(&line, "recording_not_deleted", Some("Sergio"), at),
            DeliveryId::told(&DeliveryId::follow_up(&sid, "handon", 999), 99),
            DeliveryId::question(&sid, "unsent", 4_294_967_295),
            DeliveryId::failed(&DeliveryId::reply(&sid, 0)),
            DeliveryId::news(&sid, 999),
        ] {
            assert_eq!(DeliveryId::parse(id.as_str()).as_ref(), Ok(&id));
            assert!(!id.as_str().contains("6195550100"));
        }
    }

    #[test]
    fn a_repair_is_asked_for_once_an_hour_by_line_and_error() {
        let line = |n| PhoneNumber::parse(&format!("+1619555010{n}")).unwrap();
        let at = |minute: i64| Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap();
        let id = DeliveryId::repair(&line(0), 30034, at(0));
        assert_eq!(DeliveryId::repair(&line(0), 30034, at(59)), id);
        assert_ne!(DeliveryId::repair(&line(0), 30034, at(60)), id);
        assert_ne!(DeliveryId::repair(&line(0), 30032, at(0)), id);
        assert_ne!(DeliveryId::repair(&line(1), 30034, at(0)), id);
        let of = |person| DeliveryId::of_calls(&line(0), "cannot_be_rung", Some(person), at(0));
        assert_eq!(of("Sergio"), of("Sergio"));
        assert_ne!(of("Sergio"), of("Backup"));
    }
}
