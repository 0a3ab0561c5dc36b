//! How each text ended: with a person, or as a dead letter for a good reason.

use std::ops::AddAssign;

use relay::app::ports::audit::Kind;
use relay::domain::delivery::Chased;
use relay::domain::delivery::Class;
use relay::domain::delivery::Status;
use relay::domain::delivery::{Attempt, Delivery, GaveUp, Outcome, Purpose, State, Withheld};
use relay::domain::ids::message_sid::MessageSid;

use super::Checked;

/// How the texts of a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endings {
    pub delivered: usize,
    pub given_up: usize,
    /// Twilio has it and has said nothing more.
    pub with_twilio: usize,
    /// Texts that went to another person than the first.
    pub handed_over: usize,
    /// Texts that had to wait for their turn.
    pub slowed: usize,
    /// Texts that tell somebody of another.
    pub tellings: usize,
    /// It was not acknowledged, and Twilio knows that.
    pub only_twilio_knows: usize,
    /// The audit lacks something because a handler died before it could say it.
    pub audit_gaps: usize,
    /// Answers of people that were taken in, and of them those that were asked about and those that
    /// reached another customer.
    pub answers: usize,
    pub asked: usize,
    pub astray: usize,
}

impl AddAssign for Endings {
    fn add_assign(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.given_up += other.given_up;
        self.with_twilio += other.with_twilio;
        self.handed_over += other.handed_over;
        self.slowed += other.slowed;
        self.tellings += other.tellings;
        self.only_twilio_knows += other.only_twilio_knows;
        self.audit_gaps += other.audit_gaps;
        self.answers += other.answers;
        self.asked += other.asked;
        self.astray += other.astray;
    }
}

fn is_for_the_owner_in_a_week(delivery: &Delivery) -> bool {
    let part = delivery.in_conversation.as_ref();
    let chase = part.and_then(|part| part.chase.as_ref());
    chase.is_some_and(|chase| chase.what == Chased::Forget && !chase.is_directed)
}

impl Checked<'_> {
    pub(crate) fn ended_well(&mut self, delivery: &Delivery) {
        self.endings.handed_over += usize::from(!delivery.handed_over.is_empty());
        let tells = !matches!(
            delivery.purpose,
            Purpose::Relay | Purpose::Answer | Purpose::Reply
        );
        self.endings.tellings += usize::from(tells);
        self.endings.slowed += usize::from(!delivery.slowed.is_empty());
        let mut endings = Endings::default();
        match &delivery.state {
            State::Delivered => {
                endings.delivered += 1;
                if !self.all_parts_are(delivery, true) || self.has_failed(delivery) {
                    let what = format!("lost: {} counts as delivered and was not", delivery.id);
                    self.wrong(what);
                }
            }
            // Nobody waits for more than the relay's own words being with Twilio.
            State::Accepted { ask: None, .. } if delivery.purpose != Purpose::Relay => {
                endings.with_twilio += 1;
                if !self.all_parts_are(delivery, false) {
                    self.wrong(format!("lost: {} was never sent", delivery.id));
                }
            }
            // The relay's own words are not pressed on anybody.
            State::Withheld { .. } if delivery.purpose != Purpose::Relay => {}
            // Somebody answered before there was need of it.
            State::Withheld {
                because: Withheld::Settled | Withheld::NobodyElse,
            } => {}
            State::Withheld { because } => {
                self.wrong(format!("dropped: {} by {because:?}", delivery.id));
            }
            State::GaveUp { because } => {
                endings.given_up += 1;
                if !self.may_give_up(delivery, *because) {
                    let what = format!("gave up: {} without need, {because:?}", delivery.id);
                    self.wrong(what);
                }
            }
            // No run takes a week.
            State::Waiting { .. } if is_for_the_owner_in_a_week(delivery) => {}
            state => self.wrong(format!("stuck: {} is {state:?}", delivery.id)),
        }
        if !tells {
            self.endings += endings;
        }
    }

    /// Every part is with Twilio, as its own message, for the present recipient, and if wanted the
    /// phone shows it.
    fn all_parts_are(&self, delivery: &Delivery, on_the_phone: bool) -> bool {
        (0..delivery.parts.len()).all(|part| {
            let sid = self.last_of_part(delivery, part);
            let message = sid.and_then(|sid| self.messages.get(sid));
            message.is_some_and(|message| {
                message.to == delivery.to.number.expose()
                    && (message.body == delivery.parts[part].body
                        || self.may_say(delivery, &message.body))
                    && (!on_the_phone || self.shown.contains(&message.sid))
            })
        })
    }

    /// A message that the delivery relies on is known not to arrive.
    fn has_failed(&self, delivery: &Delivery) -> bool {
        let parts = 0..delivery.parts.len();
        let messages = parts.filter_map(|part| self.last_of_part(delivery, part));
        let mut messages = messages.filter_map(|sid| self.messages.get(sid));
        messages.any(|m| [Status::Undelivered, Status::Failed].contains(&m.status))
    }

    /// The message by which the present recipient has a part: one that the phone shows after all, or
    /// the last one.
    fn last_of_part<'d>(&self, delivery: &'d Delivery, part: usize) -> Option<&'d MessageSid> {
        let mine = |attempt: &&Attempt| attempt.to == delivery.to && attempt.part == part;
        let sids = delivery.attempts.iter().filter(mine).rev();
        let mut sids = sids.map(|attempt| attempt.sid.as_ref());
        let last = sids.clone().next().flatten();
        let is_shown_late = |sid: &&MessageSid| {
            let message = self.messages.get(*sid);
            self.shown.contains(*sid) && message.is_some_and(|m| m.arrives_after_all())
        };
        let late = sids.find_map(|sid| sid.filter(is_shown_late));
        last.filter(|sid| self.shown.contains(*sid))
            .or(late)
            .or(last)
    }

    fn may_give_up(&self, delivery: &Delivery, because: GaveUp) -> bool {
        let mine = delivery.attempts.iter().filter(|a| a.to == delivery.to);
        // A failure counts that was believed then, even if news proved it wrong later.
        let known = mine.flat_map(|a| {
            let believed = a.disproved.iter().map(|disproved| &disproved.outcome);
            believed.chain([&a.outcome])
        });
        let classes: Vec<Class> = known.filter_map(Outcome::class).collect();
        // Texts that tell of others are no dead letters.
        let gave_up = match delivery.purpose {
            purpose if purpose.is_somebodys() => delivery.gave_up,
            _ => self.end_in_the_audit(delivery),
        };
        let Some(gave_up) = gave_up else {
            return self.world.disturbed.contains(&delivery.id);
        };
        let is_over = gave_up >= delivery.deadline;
        match because {
            GaveUp::Refused => classes.contains(&Class::OurBug),
            GaveUp::NobodyLeft => {
                let hopeless = [Class::HandOver, Class::Stop, Class::UnknownRefusal];
                delivery.remaining.is_empty() && classes.iter().any(|c| hopeless.contains(c))
            }
            // The longest pause between two attempts is 15 minutes.
            GaveUp::Late => gave_up + jiff::SignedDuration::from_mins(15) >= delivery.deadline,
            GaveUp::NoReport => is_over && self.all_parts_are(delivery, false),
            GaveUp::Unresolved => {
                let last = delivery.attempts.last();
                let was_open = |last: &Attempt| {
                    last.outcome == Outcome::Unknown || self.is_heard_of(delivery, last, gave_up)
                };
                is_over && last.is_some_and(was_open)
            }
        }
    }

    /// Whether word of an attempt came after `instant`.
    fn is_heard_of(&self, of: &Delivery, attempt: &Attempt, instant: jiff::Timestamp) -> bool {
        self.audit.iter().any(|record| {
            record.kind == Kind::Outcome
                && record.delivery.as_ref() == Some(&of.id)
                && record.attempt == Some(attempt.number)
                && record.at > instant
        })
    }

    fn end_in_the_audit(&self, delivery: &Delivery) -> Option<jiff::Timestamp> {
        let mut records = self.audit.iter().rev();
        let end = records.find(|record| {
            record.kind == Kind::GaveUp && record.delivery.as_ref() == Some(&delivery.id)
        });
        end.map(|record| record.at)
    }
}
