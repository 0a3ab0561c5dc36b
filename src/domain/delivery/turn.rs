//! How long a delivery stays with one person of the cascade.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Class, Delivery, Limit, Purpose, Recipient, Slowed, State, wording};
use crate::domain::language::Language;
use crate::domain::pace::Urgency;
use crate::domain::sms;

/// Whoever gets a text late, because the relay was down, still has as long for it to be delivered.
const LEAST: Duration = Duration::from_secs(60);

/// A delivery went on to the next of the cascade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    pub at: Timestamp,
    pub from: Recipient,
    pub because: MovedOn,
    /// How many attempts had been made before.
    pub attempts: u32,
    /// How many replays there had been before.
    pub replays: u32,
}

/// Why a delivery went on to the next person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovedOn {
    /// The last attempt failed.
    Failed { class: Class, code: Option<u32> },
    /// Twilio had it, but no report came in time that it was delivered.
    NoReport,
    /// Twilio did not say in time whether it had it.
    NoAnswer,
    /// They had opted out of the line's texts.
    OptedOut,
    /// Their number is not among those that the line may text.
    NotAllowed,
    /// So many texts wait for their phone that it would have got this one only then.
    Busy { until: Timestamp },
}

impl MovedOn {
    /// Twilio's error code, if it was a failure that has one.
    pub fn code(self) -> Option<u32> {
        match self {
            MovedOn::Failed { code, .. } => code,
            _ => None,
        }
    }

    /// Whether whoever had it before can be told so by a text.
    pub fn may_be_told(self) -> bool {
        let cannot = matches!(
            self,
            MovedOn::OptedOut
                | MovedOn::NotAllowed
                | MovedOn::Busy { .. }
                | MovedOn::Failed {
                    class: Class::Stop,
                    ..
                }
        );
        !cannot
    }

    /// As the audit and people read it.
    pub fn in_words(self) -> &'static str {
        match self {
            MovedOn::Failed { class, .. } => match class {
                Class::Retry => "passing trouble for as long as it was theirs",
                Class::RetryOnce | Class::Uncertain | Class::Ambiguous | Class::OurBug => {
                    "it could not be delivered"
                }
                Class::Attachment
                | Class::Blocked
                | Class::HandOver
                | Class::Stop
                | Class::Unknown
                | Class::UnknownRefusal
                | Class::Configuration => class.in_words(),
            },
            MovedOn::NoReport => "no delivery report in time",
            MovedOn::NoAnswer => "Twilio did not say in time whether it had the message",
            MovedOn::OptedOut => "they opted out of texts",
            MovedOn::NotAllowed => "allowed_prefixes does not have their number",
            MovedOn::Busy { .. } => "too many texts wait for their phone",
        }
    }
}

impl HandOver {
    /// The text as the next person gets it.
    pub(super) fn in_front_of(&self, language: Language, body: &str) -> String {
        let person = &self.from.person;
        match self.because {
            MovedOn::Busy { .. } => wording::phone_is_busy(language, person, body),
            _ => wording::handed_over(language, person, body),
        }
    }
}

impl Delivery {
    /// When the present recipient's time began: with the first attempt for them, or with its
    /// becoming theirs as long as there is none.
    pub fn stage_began(&self) -> Timestamp {
        let before = self.before_stage();
        let first = self.attempts.iter().find(|a| before < a.number);
        first.map_or_else(|| self.became_theirs(), |attempt| attempt.began)
    }

    /// When the present recipient's time is over: then it goes to the next, or with the last one it
    /// is given up.
    pub fn stage_end(&self) -> Timestamp {
        let began = self.stage_began();
        let after = |time: Duration| began.checked_add(time).unwrap_or(Timestamp::MAX);
        let end = if self.next_people().is_empty() {
            self.deadline
        } else {
            self.deadline.min(after(self.policy.hand_over_after))
        };
        end.max(after(LEAST.min(self.policy.hand_over_after)))
    }

    /// How long it may wait for a slot of the present recipient's phone, if others can have it sooner:
    /// until their time would be over if an attempt had been made at once.
    pub fn patience(&self, now: Timestamp) -> Duration {
        let time = self.policy.hand_over_after;
        let end = self.became_theirs().checked_add(time);
        let left = end.unwrap_or(Timestamp::MAX).duration_since(now);
        Duration::try_from(left)
            .unwrap_or_default()
            .max(LEAST.min(time))
    }

    /// How soon it has to be on this person's phone if many texts wait for that.
    pub fn urgency(&self, person: &Recipient) -> Urgency {
        let conversation = self.in_conversation.as_deref();
        match self.purpose {
            Purpose::Answer
            | Purpose::AutoReply
            | Purpose::Unsent
            | Purpose::Alert
            | Purpose::Repair
            | Purpose::Busy
            | Purpose::Spending => Urgency::Answer,
            // Reminders may be as many as the customers who wait.
            Purpose::Conversation if conversation.is_none_or(|c| c.chase.is_none()) => {
                Urgency::Answer
            }
            Purpose::Relay
                if conversation.is_some_and(|c| !c.known_to.contains(&person.number)) =>
            {
                Urgency::First
            }
            _ => Urgency::Rest,
        }
    }

    /// Whether it has waited for this, or has its slot.
    pub fn had_turn(&self, by: Limit) -> bool {
        let is_theirs =
            |slowed: &Slowed| by != Limit::Pair || slowed.hand_overs == self.handed_over.len();
        let mut slowed = self.slowed.iter();
        slowed.any(|slowed| slowed.by == by && is_theirs(slowed))
    }

    /// Whether there was an attempt since it became the present recipient's.
    pub fn was_attempted(&self) -> bool {
        self.before_stage() < self.attempts.len() as u32
    }

    fn became_theirs(&self) -> Timestamp {
        let handed_over = self.handed_over.last().map(|hand_over| hand_over.at);
        handed_over.map_or(self.began(), |at| at.max(self.began()))
    }

    /// Attempts up to this one were made before it became the present recipient's, in this round.
    fn before_stage(&self) -> u32 {
        let handed_over = self.handed_over.last().map(|hand_over| hand_over.attempts);
        handed_over.unwrap_or_default().max(self.replayed_after())
    }

    /// Who gets it when the present recipient's time is over. Nobody gets it who may have it
    /// already from before a replay.
    pub(super) fn next_people(&self) -> Vec<Recipient> {
        let mut people = self.remaining.clone();
        if self.asks_about_before() {
            people.retain(|person| !self.may_be_with(person));
        }
        people
    }

    /// Whether this person may have all of it, or may yet get it.
    pub(super) fn may_be_with(&self, person: &Recipient) -> bool {
        let mut theirs = self.attempts.iter().filter(|a| a.to == *person);
        if *person != self.to {
            return theirs.any(|attempt| !attempt.outcome.is_final());
        }
        theirs.any(|a| a.outcome.is_unresolved()) || self.has_all_parts_with_twilio()
    }

    /// Whether it is still to be heard what became of attempts from before the replay.
    pub(super) fn asks_about_before(&self) -> bool {
        let awaits = matches!(self.state, State::Unknown { .. } | State::Accepted { .. });
        let made = self.attempts.len() as u32;
        awaits && self.replayed_after() == made && made > 0
    }

    /// Failures of attempts up to this one do not count any more.
    pub(super) fn replayed_after(&self) -> u32 {
        self.replays.last().map_or(0, |replay| replay.attempts)
    }

    /// Attempts up to this one carried another cut of the text, or were for another round's turn of
    /// the same person.
    pub(super) fn begun_anew_after(&self) -> u32 {
        let mut anew = self.replays.iter().rev().filter(|replay| !replay.resumed);
        anew.next().map_or(0, |replay| replay.attempts)
    }

    /// Cuts the text into messages as the present recipient gets it: with the tag in
    /// place of a number that they know, and a word about who had the text before, if that was
    /// in this round.
    pub fn cut(&mut self) {
        let anew = self.replays.iter().rposition(|replay| !replay.resumed);
        let rounds_before = anew.map_or(0, |position| position as u32 + 1);
        let before = self.handed_over.last();
        let body = match before.filter(|before| rounds_before <= before.replays) {
            Some(before) => before.in_front_of(self.language, &self.body),
            None => self.body.clone(),
        };
        self.parts = sms::parts(&self.with_tag(body), &self.media);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::InConversation;
    use crate::domain::delivery::step::tests::{delivery, recipient};

    #[test]
    fn answers_and_first_texts_are_urgent() {
        let (sergio, backup) = (recipient("Sergio", 10), recipient("Backup", 11));
        let mut text = delivery(1);
        assert_eq!(text.urgency(&sergio), Urgency::Rest, "no conversation");
        text.in_conversation = Some(Box::new(InConversation {
            known_to: vec![sergio.number.clone()],
            ..InConversation::of(recipient("Customer", 7).number)
        }));
        assert_eq!(text.urgency(&sergio), Urgency::Rest);
        assert_eq!(text.urgency(&backup), Urgency::First);
        for (purpose, urgency) in [
            (Purpose::Answer, Urgency::Answer),
            (Purpose::Conversation, Urgency::Answer),
            (Purpose::Busy, Urgency::Answer),
            (Purpose::Told, Urgency::Rest),
        ] {
            text.purpose = purpose;
            assert_eq!(text.urgency(&sergio), urgency, "{purpose:?}");
        }
    }
}
