//! Whether answers went where they were meant to go, all of them, and in order.

use std::collections::BTreeMap;

use relay::domain::delivery::{Purpose, State, Withheld};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::inbound_record::InboundRecord;
use relay::domain::routing::Rule;
use relay::sandbox::Message;

use super::Checked;
use super::phones::cause_of;
use crate::endurance::simulation::world::answer;

impl Checked<'_> {
    /// What a customer reads was meant for them, and is nobody's number.
    pub(crate) fn answers_went_where_they_were_meant_to(&mut self) {
        let mut wrong = Vec::new();
        for message in self.messages.values() {
            let delivery = cause_of(message).and_then(|id| self.deliveries.get(&id));
            if delivery.is_none_or(|delivery| delivery.purpose != Purpose::Reply) {
                continue;
            }
            let meant = answer(&message.body).and_then(|n| self.world.people.answers.get(n));
            match meant {
                Some(customer) if customer.expose() != message.to => {
                    self.endings.astray += 1;
                    wrong.push(format!(
                        "misdelivered: {} was for another customer",
                        message.body
                    ));
                }
                None if self.world.people.takes_long => {
                    wrong.push(format!("misdelivered: {:?} was no answer", message.body));
                }
                _ => {}
            }
            if message.body.starts_with('#') || message.body.contains('+') {
                wrong.push(format!("shown: {:?} to a customer", message.body));
            }
        }
        self.violations.extend(wrong);
    }

    /// Each answer that was acknowledged was sent, or whoever wrote it knows that it was not.
    pub(crate) fn no_answer_was_lost(&mut self) {
        let mut wrong = Vec::new();
        for (sid, number) in &self.world.people.texts {
            let Some(inbound) = self.inbounds.get(sid) else {
                continue;
            };
            let is_there = |id: &DeliveryId| self.deliveries.contains_key(id);
            self.endings.answers += 1;
            self.endings.asked += usize::from(is_there(&DeliveryId::question(sid, "ask", 0)));
            let is_said = match inbound.decision.rule {
                Rule::Answer | Rule::TaggedAnswer => is_there(&DeliveryId::reply(sid, 0)),
                Rule::Asked | Rule::Choice => {
                    let was_asked = is_there(&DeliveryId::question(sid, "ask", 0));
                    is_there(&DeliveryId::reply(sid, 0))
                        || self.is_reported(sid)
                        || (!was_asked && is_there(&DeliveryId::of_inbound(sid)))
                }
                Rule::FromPerson | Rule::UnknownTag => is_there(&DeliveryId::of_inbound(sid)),
                // They are no person of the line any more.
                Rule::FirstAvailable | Rule::Conversation => true,
                _ => false,
            };
            if !is_said {
                let rule = inbound.decision.rule;
                wrong.push(format!("unplaced: answer {number}, {sid}, {rule:?}"));
            }
        }
        self.violations.extend(wrong);
    }

    /// Whoever wrote a text that waited was told that it was not sent, or what says so is there and was
    /// not called off.
    fn is_reported(&self, sid: &MessageSid) -> bool {
        let own = DeliveryId::question(sid, "unsent", 0);
        let settled = State::Withheld {
            because: Withheld::Settled,
        };
        let writer = self
            .inbounds
            .get(sid)
            .and_then(|inbound| inbound.sms.from.phone());
        // Or they said themselves that nobody was to get it.
        let mut theirs = self
            .deliveries
            .values()
            .filter(|d| Some(&d.to.number) == writer);
        let unsent = self.deliveries.get(&own);
        unsent.is_some_and(|unsent| unsent.state != settled)
            || theirs.any(|delivery| delivery.body.starts_with("Dropped"))
    }

    /// Of two texts of a conversation, the later one has no message before the earlier one has, unless that
    /// one's time was over.
    pub(crate) fn texts_left_in_order(&mut self) {
        let mut first: BTreeMap<DeliveryId, &Message> = BTreeMap::new();
        for message in self.messages.values() {
            let Some(id) = cause_of(message) else {
                continue;
            };
            let known = first.entry(id).or_insert(message);
            if message.created < known.created {
                *known = message;
            }
        }
        let mut wrong = Vec::new();
        for inbound in self.inbounds.values() {
            let (Some(mine), Some(before)) = (text_of(inbound), self.before(inbound)) else {
                continue;
            };
            let messages = (first.get(&mine), first.get(&before));
            let (Some(later), Some(earlier)) = messages else {
                continue;
            };
            if later.created < earlier.created && !self.may_overtake(&before, later) {
                wrong.push(format!("out of order: {mine} before {before}"));
            }
        }
        self.violations.extend(wrong);
    }

    /// The text of the same conversation that was written before this one and went the same way.
    fn before(&self, inbound: &InboundRecord) -> Option<DeliveryId> {
        let is_relayed = |record: &InboundRecord| record.decision.to_person.is_some();
        let (way, opened) = (is_relayed(inbound), inbound.conversation.as_ref()?.opened);
        let mut record = inbound;
        loop {
            let previous = record.conversation.as_ref()?.previous.as_ref()?;
            record = self.inbounds.get(previous)?;
            if record.conversation.as_ref()?.opened != opened {
                return None;
            }
            if let Some(id) = text_of(record).filter(|_| is_relayed(record) == way) {
                return Some(id);
            }
        }
    }

    /// Nobody waits for longer than until the deadline, which the relay's clock tells. A text that gave
    /// up or was put aside is waited for no longer.
    fn may_overtake(&self, before: &DeliveryId, later: &Message) -> bool {
        let Some(before) = self.deliveries.get(before) else {
            return true;
        };
        let clocks_agree = self.world.is_in_order;
        let is_over = before.deadline <= later.created + jiff::SignedDuration::from_mins(12);
        !clocks_agree || is_over || !before.replays.is_empty()
    }
}

/// What a text set on its way from the customer to a person, or the other way.
fn text_of(inbound: &InboundRecord) -> Option<DeliveryId> {
    let sid = &inbound.sms.sid;
    let sends = inbound.conversation.as_ref()?.sends.as_ref();
    match inbound.decision.rule {
        Rule::FirstAvailable | Rule::Conversation => Some(DeliveryId::of_inbound(sid)),
        Rule::Answer | Rule::TaggedAnswer => Some(DeliveryId::reply(sid, 0)),
        Rule::Choice => sends.map(|sid| DeliveryId::reply(sid, 0)),
        _ => None,
    }
}
