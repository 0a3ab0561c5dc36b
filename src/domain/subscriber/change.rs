//! What joining and leaving change about a subscriber: pure rules, which every store keeps to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Consent, How, Leaving, Subscriber};
use crate::domain::phone::PhoneNumber;

/// A number joins a topic, or leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub topic: String,
    pub number: PhoneNumber,
    pub to: To,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum To {
    In(Consent),
    Out(Leaving),
}

/// Why everything stays as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchanged {
    /// It gets the topic's notices already. When and how it agreed stays as it was first.
    IsIn,
    /// It left then, and a consent from before that does not count any more.
    LeftSince(Timestamp),
    /// It does not get the topic's notices.
    IsOut,
}

impl Change {
    /// What becomes of the subscriber as it was `before`.
    pub fn of(&self, before: Option<&Subscriber>) -> Result<Subscriber, Unchanged> {
        let active = before.filter(|subscriber| subscriber.is_active());
        match (&self.to, active) {
            (To::In(_), Some(_)) => Err(Unchanged::IsIn),
            (To::In(consent), None) => {
                let left = before.and_then(|subscriber| subscriber.left.as_ref());
                if let Some(left) = left.filter(|left| !consent.is_after(left)) {
                    return Err(Unchanged::LeftSince(left.at));
                }
                Ok(Subscriber {
                    topic: self.topic.clone(),
                    number: self.number.clone(),
                    consent: consent.clone(),
                    left: None,
                    asked: None,
                })
            }
            // Whoever was asked and says no is not asked any more.
            (To::Out(leaving), None) => match before.filter(|before| before.asked.is_some()) {
                Some(before) => Ok(Subscriber {
                    left: Some(leaving.clone()),
                    asked: None,
                    ..before.clone()
                }),
                None => Err(Unchanged::IsOut),
            },
            // Whoever wants no more texts gets none, even if they wrote that before they joined and
            // it was only found later.
            (To::Out(leaving), Some(active)) => Ok(Subscriber {
                left: Some(leaving.clone()),
                ..active.clone()
            }),
        }
    }
}

impl Subscriber {
    /// Who wrote the keyword of a topic that they are asked about: nothing else of what is on record
    /// changes before they say yes.
    pub fn asked(self, before: Option<&Subscriber>) -> Self {
        Self {
            asked: Some(self.consent.at),
            ..before.cloned().unwrap_or(self)
        }
    }
}

impl Consent {
    /// Whether it was given after they left. A list that does not say when says nothing about that:
    /// nobody comes back because an old list is imported once more.
    fn is_after(&self, left: &Leaving) -> bool {
        let is_dated = !matches!(self.how, How::List { dated: false, .. });
        is_dated && left.at < self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::message_sid::MessageSid;
    use crate::domain::subscriber::HowLeft;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sid() -> MessageSid {
        MessageSid::parse(&("SM".to_owned() + &"0".repeat(32))).unwrap()
    }

    fn change(to: To) -> Change {
        Change {
            topic: "events".to_owned(),
            number: PhoneNumber::parse("+16195550107").unwrap(),
            to,
        }
    }

    fn joins(second: i64, how: How) -> Change {
        let at = at(second);
        change(To::In(Consent { at, how }))
    }

    fn leaves(second: i64) -> Change {
        let how = HowLeft::Word(sid());
        let at = at(second);
        change(To::Out(Leaving { at, how }))
    }

    fn list(dated: bool) -> How {
        How::List { how: None, dated }
    }

    /// What becomes of somebody who is in since the second 1 and left at the second 10.
    fn after_leaving(change: Change) -> Result<Subscriber, Unchanged> {
        let joined = joins(1, How::Keyword(sid())).of(None).unwrap();
        change.of(Some(&leaves(10).of(Some(&joined)).unwrap()))
    }

    #[test]
    fn who_joins_is_in_and_the_first_consent_stays() {
        let joined = joins(1, How::Keyword(sid())).of(None).unwrap();
        assert!(joined.is_active());
        assert_eq!(joined.consent.at, at(1));
        let again = joins(2, How::Hand(None)).of(Some(&joined));
        assert_eq!(again, Err(Unchanged::IsIn));
    }

    #[test]
    fn who_leaves_is_out_and_the_consent_stays_on_record() {
        assert_eq!(leaves(1).of(None), Err(Unchanged::IsOut));
        let joined = joins(5, How::Hand(None)).of(None).unwrap();
        for second in [4, 5, 6] {
            let left = leaves(second).of(Some(&joined)).unwrap();
            assert!(!left.is_active());
            assert_eq!(left.consent, joined.consent);
            assert_eq!(leaves(9).of(Some(&left)), Err(Unchanged::IsOut));
        }
    }

    #[test]
    fn who_left_comes_back_by_a_later_consent_alone() {
        let back = after_leaving(joins(11, How::Keyword(sid()))).unwrap();
        assert_eq!((back.is_active(), back.consent.at), (true, at(11)));
        assert!(after_leaving(joins(11, list(true))).is_ok());
        for change in [
            joins(10, How::Keyword(sid())),
            joins(9, list(true)),
            joins(99, list(false)),
        ] {
            assert_eq!(after_leaving(change), Err(Unchanged::LeftSince(at(10))));
        }
    }
}
