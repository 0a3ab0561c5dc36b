//! The deliveries that a delivery's step brings about: small texts that tell people of it.

use std::time::Duration;

use jiff::Timestamp;

use super::new::LineCopy;
use super::{
    Delivery, Effect, GaveUp, HandOver, Limit, Outcome, Purpose, Recipient, Restored, Slowed,
    Withheld, failure_wording,
};
use crate::domain::delivery::{Class, wording};
use crate::domain::ids::DeliveryId;
use crate::domain::sms;
use crate::domain::time_zone::Clock;

/// The texts that the effects of a step make necessary, `delivery` being its new state. They are to
/// be saved with it. Only somebody's own text brings such about, not a text that tells of it, nor a
/// notice's.
pub fn spawned(delivery: &Delivery, effects: &[Effect], now: Timestamp) -> Vec<Delivery> {
    let follows = effects.contains(&Effect::FollowUp);
    let mut spawned: Vec<Delivery> = follows
        .then(|| delivery.chased_further(now))
        .flatten()
        .into_iter()
        .collect();
    let is_left_out = Effect::ReportWithheld {
        because: Withheld::TooMany,
    };
    if effects.contains(&is_left_out) {
        spawned.extend(too_many(delivery, now));
    }
    if !delivery.purpose.is_told_of() {
        return spawned;
    }
    for effect in effects {
        let new = match effect {
            Effect::Tell { hand_over } => told(delivery, *hand_over, now),
            Effect::ReportGivenUp { because } if delivery.purpose == Purpose::Relay => {
                alert(delivery, *because, now)
            }
            Effect::ReportGivenUp { .. } | Effect::ReportWithheld { .. }
                if delivery.purpose == Purpose::Reply =>
            {
                unsent(delivery, now)
            }
            Effect::ReportSlowed(slowed) => all_are_busy(delivery, slowed, now),
            Effect::Report { attempt } => repair(delivery, *attempt, now),
            _ => None,
        };
        spawned.extend(new.filter(|new| spawned.iter().all(|other| other.id != new.id)));
    }
    spawned
}

/// Later than this, it is no news to a person that a text moved on from them.
const TOLD_WITHIN: Duration = Duration::from_secs(60 * 60);

/// To the person whom it moved on from.
fn told(delivery: &Delivery, position: usize, now: Timestamp) -> Option<Delivery> {
    let HandOver { from, at, .. } = delivery.handed_over.get(position)?;
    let at = delivery.clock().day_and_time(*at, now);
    let body = wording::moved_on(delivery.language, &delivery.to.person, &at, &delivery.body);
    let told = delivery.telling(Purpose::Told, from.clone(), body, now);
    let latest = now.checked_add(TOLD_WITHIN).unwrap_or(Timestamp::MAX);
    Some(Delivery {
        id: DeliveryId::told(&delivery.id, position + 1),
        deadline: told.deadline.min(latest),
        ..told
    })
}

/// To the owner, that it reached nobody.
fn alert(delivery: &Delivery, because: GaveUp, now: Timestamp) -> Option<Delivery> {
    let may_have_it =
        matches!(because, GaveUp::NoReport | GaveUp::Unresolved) || delivery.reached().is_some();
    let came = delivery.clock().day_and_time(delivery.created, now);
    let body = wording::reached_nobody(delivery.language, &came, may_have_it, &delivery.body);
    Some(Delivery {
        id: DeliveryId::alert(&delivery.id, delivery.replays.len()),
        ..delivery.telling(Purpose::Alert, delivery.owner()?, body, now)
    })
}

/// When a customer's text waits longer than this for the first phone that is free, the owner is told.
const WAITS_LONG: Duration = Duration::from_secs(10 * 60);

/// To the owner, that new texts wait long for every phone.
fn all_are_busy(delivery: &Delivery, slowed: &Slowed, now: Timestamp) -> Option<Delivery> {
    let wait = slowed.until.duration_since(slowed.at).unsigned_abs();
    if delivery.purpose != Purpose::Relay || slowed.by != Limit::Pair || wait <= WAITS_LONG {
        return None;
    }
    let until = delivery.clock().behind_until(slowed.until, now);
    let body = wording::all_are_busy(delivery.language, &delivery.line, &until);
    Some(Delivery {
        id: DeliveryId::busy(&delivery.from, now),
        ..delivery.telling(Purpose::Busy, delivery.owner()?, body, now)
    })
}

/// To a person who texts faster than they are answered: once, since a machine would answer that as well.
fn too_many(delivery: &Delivery, now: Timestamp) -> Option<Delivery> {
    let is_persons = delivery.purpose == Purpose::Answer && !delivery.to.is_sender();
    let body = wording::too_many(delivery.language);
    is_persons.then(|| Delivery {
        id: DeliveryId::too_many(&delivery.from, &delivery.to.person, now),
        ..delivery.telling(Purpose::Conversation, delivery.to.clone(), body, now)
    })
}

/// To the person whose words they were, that they did not reach the customer, and why.
fn unsent(delivery: &Delivery, now: Timestamp) -> Option<Delivery> {
    let part = delivery.in_conversation.as_ref()?;
    let words =
        sms::attachments::or_attachments(delivery.language, &delivery.body, delivery.media.len());
    let why = failure_wording::in_plain_words(delivery);
    Some(Delivery {
        id: DeliveryId::failed(&delivery.id),
        ..delivery.telling(
            Purpose::Unsent,
            part.by.clone()?,
            wording::did_not_reach(delivery.language, &words, &why),
            now,
        )
    })
}

/// To the owner, that account, number or campaign need repair, if it is that.
fn repair(delivery: &Delivery, attempt: u32, now: Timestamp) -> Option<Delivery> {
    let error = delivery.attempt(attempt)?.outcome.needs_repair()?;
    let body = wording::needs_repair(delivery.language, &delivery.line, error);
    Some(Delivery {
        id: DeliveryId::repair(&delivery.from, error, now),
        ..delivery.telling(Purpose::Repair, delivery.owner()?, body, now)
    })
}

impl Outcome {
    /// If account, number or campaign need repair: the provider's code or, if there is none, the status
    /// of its answer.
    pub fn needs_repair(&self) -> Option<u32> {
        if self.class() != Some(Class::Configuration) {
            return None;
        }
        match self {
            Outcome::Refused {
                code: None,
                http_status,
                ..
            } => Some(u32::from(*http_status)),
            outcome => outcome.code(),
        }
    }
}

impl Delivery {
    fn owner(&self) -> Option<Recipient> {
        Some(Recipient::owner(self.policy.alert.clone()?))
    }

    /// A small text because of this one, which goes to one person and no other.
    pub(super) fn telling(
        &self,
        purpose: Purpose,
        to: Recipient,
        body: String,
        now: Timestamp,
    ) -> Self {
        let line = LineCopy {
            name: self.line.clone(),
            number: self.from.clone(),
            public_url: self.public_url.clone(),
            policy: self.policy.clone(),
            time_zone: self.time_zone.clone(),
            country: self.country.clone(),
            language: self.language,
        };
        Self {
            message_sid: self.message_sid.clone(),
            restored: self.restored.as_ref().map(|before| Restored {
                words: before
                    .words
                    .clone()
                    .filter(|_| purpose.tells_that().is_some()),
                ..Restored::since(before.since)
            }),
            ..Self::of_line(line, self.id.clone(), purpose, to, (body, Vec::new()), now)
        }
    }

    /// How times are said to the line's people.
    pub fn clock(&self) -> Clock<'_> {
        Clock::new(&self.time_zone, &self.country).speaking(self.language)
    }

    /// The ids of what this delivery may have brought about to tell people of it, first things
    /// first; not all of them need to exist.
    pub fn telling_ids(&self) -> Vec<DeliveryId> {
        let told = (1..=self.handed_over.len()).map(|n| DeliveryId::told(&self.id, n));
        let alerts = (0..=self.replays.len()).map(|n| DeliveryId::alert(&self.id, n));
        let unsent = [DeliveryId::failed(&self.id)].into_iter();
        let unsent = unsent.filter(|_| self.purpose == Purpose::Reply);
        told.chain(alerts).chain(unsent).collect()
    }
}

#[cfg(test)]
mod tests;
