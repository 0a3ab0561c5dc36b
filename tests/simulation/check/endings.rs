//! How each text ended: with a person, or as a dead letter for a good reason.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use relay::delivery::{Attempt, Delivery, GaveUp, Outcome, State};
use relay::inbound::MessageSid;
use relay::twilio::errors::Class;
use relay::twilio::status::Status;

use super::Checked;

/// How the texts of a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endings {
    pub delivered: usize,
    pub given_up: usize,
    /// Twilio has it and has said nothing more.
    pub with_twilio: usize,
    /// It was not acknowledged, and Twilio knows that.
    pub only_twilio_knows: usize,
    /// The audit lacks something because a handler died before it could say it.
    pub audit_gaps: usize,
}

impl AddAssign for Endings {
    fn add_assign(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.given_up += other.given_up;
        self.with_twilio += other.with_twilio;
        self.only_twilio_knows += other.only_twilio_knows;
        self.audit_gaps += other.audit_gaps;
    }
}

impl Checked<'_> {
    pub(super) fn ended_well(&mut self, delivery: &Delivery) {
        match &delivery.state {
            State::Delivered | State::Accepted { .. } => {
                let mut shown = true;
                for part in 0..delivery.parts.len() {
                    shown &= self.part_is_on_its_way(delivery, part);
                }
                match (&delivery.state, shown) {
                    (State::Delivered, false) => {
                        self.wrong(format!(
                            "lost: {} counts as delivered and was not",
                            delivery.id
                        ));
                    }
                    (State::Delivered, true) => self.endings.delivered += 1,
                    _ => self.endings.with_twilio += 1,
                }
                if self.world.is_calm_in_time() && self.has_failed(delivery) {
                    self.wrong(format!("forgotten: Twilio failed over {}", delivery.id));
                }
            }
            State::GaveUp { because } => {
                self.endings.given_up += 1;
                if !may_give_up(delivery, *because) {
                    let what = format!("gave up: {} without need, {because:?}", delivery.id);
                    self.wrong(what);
                }
            }
            state => self.wrong(format!("stuck: {} is {state:?}", delivery.id)),
        }
    }

    /// The part is with Twilio, as its own message, for the present recipient. Whether the phone
    /// shows it.
    fn part_is_on_its_way(&mut self, delivery: &Delivery, part: usize) -> bool {
        let mine = |attempt: &&Attempt| attempt.to == delivery.to && attempt.part == part;
        let sid = delivery
            .attempts
            .iter()
            .rfind(mine)
            .and_then(|attempt| attempt.sid.clone());
        let message = sid.as_ref().and_then(|sid| self.messages.get(sid));
        let fits = message.is_some_and(|message| {
            message.to == delivery.to.number.expose()
                && message.body.trim() == delivery.parts[part].body.trim()
        });
        if !fits {
            let what = format!("lost: part {part} of {} was never sent", delivery.id);
            self.wrong(what);
        }
        sid.is_some_and(|sid| self.shown.contains(&sid))
    }

    /// A message that the delivery relies on is known not to arrive.
    fn has_failed(&self, delivery: &Delivery) -> bool {
        let last_of_parts: BTreeMap<usize, &MessageSid> = delivery
            .attempts
            .iter()
            .filter(|a| a.to == delivery.to)
            .filter_map(|a| Some((a.part, a.sid.as_ref()?)))
            .collect();
        let mut messages = last_of_parts
            .values()
            .filter_map(|sid| self.messages.get(*sid));
        messages.any(|m| [Status::Undelivered, Status::Failed].contains(&m.status))
    }
}

fn may_give_up(delivery: &Delivery, because: GaveUp) -> bool {
    let mine = delivery.attempts.iter().filter(|a| a.to == delivery.to);
    let classes: Vec<Class> = mine
        .filter_map(|attempt| match attempt.outcome {
            Outcome::Refused { class, .. } | Outcome::Undelivered { class, .. } => Some(class),
            _ => None,
        })
        .collect();
    let Some(gave_up) = delivery.gave_up else {
        return false;
    };
    match because {
        GaveUp::Refused => classes.contains(&Class::OurBug),
        GaveUp::NobodyLeft => {
            let hopeless = [Class::HandOver, Class::Stop, Class::Ambiguous];
            delivery.remaining.is_empty() && classes.iter().any(|c| hopeless.contains(c))
        }
        // The longest pause between two attempts is 15 minutes.
        GaveUp::Late => gave_up + jiff::SignedDuration::from_mins(15) >= delivery.deadline,
        GaveUp::Unresolved => {
            let unknown = delivery.attempts.last().map(|a| &a.outcome) == Some(&Outcome::Unknown);
            unknown && gave_up >= delivery.deadline
        }
    }
}
