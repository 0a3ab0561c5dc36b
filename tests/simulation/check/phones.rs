//! What the phones of the relay's people show: nothing twice, nothing at anybody else's.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use relay::delivery::{Delivery, DeliveryId};
use relay::inbound::{InboundRecord, MessageSid};
use relay::phone::PhoneNumber;
use relay::routing::Rule;
use relay::text;
use relay::twilio::sandbox::Message;
use relay::twilio::status::Status;

use super::{Checked, people};

impl Checked<'_> {
    /// A text goes to the people of its decision alone, at a number that they had then or later.
    pub(super) fn nothing_reached_anybody_else(&mut self) {
        let mut wrong = Vec::new();
        for message in self.messages.values() {
            let cause = cause_of(message).and_then(|(id, _)| self.cause(&id));
            if !cause.is_some_and(|inbound| self.may_get(inbound, &message.to)) {
                wrong.push(format!(
                    "wrong phone: {} went to no one of its decision",
                    message.sid
                ));
            }
        }
        let people: BTreeSet<&PhoneNumber> = people(self.world).map(|(_, number)| number).collect();
        for phone in self.world.sandbox.phones() {
            let is_person = phone.phone().is_some_and(|phone| people.contains(phone));
            let received = || self.world.sandbox.screen(&phone).iter().any(|e| !e.sent);
            if !is_person && received() {
                wrong.push(format!("wrong phone: {phone:?} received something"));
            }
        }
        self.violations.extend(wrong);
    }

    fn may_get(&self, inbound: &InboundRecord, phone: &str) -> bool {
        let decision = &inbound.decision;
        let arrived = self.texts.get(&inbound.sms.sid).map(|text| text.created);
        let mut versions = self.versions_since(&inbound.sms.to, arrived.unwrap_or(Timestamp::MIN));
        match decision.rule {
            // A replay goes to whoever is on duty then.
            Rule::FirstAvailable => versions.any(|line| {
                let named = |name: &str| {
                    decision.to_person.as_deref() == Some(name)
                        || decision.then.iter().any(|then| then == name)
                        || self.is_replayed(inbound)
                };
                let mut people = line.people.iter();
                people.any(|p| p.number.expose() == phone && named(&p.name))
            }),
            // The answer to a person's own text goes to that person.
            Rule::FromPerson => versions.any(|line| {
                let mut people = line.people.iter();
                people.any(|p| p.number.expose() == phone)
            }),
            Rule::FromLine => false,
        }
    }

    fn is_replayed(&self, inbound: &InboundRecord) -> bool {
        let mut deliveries = inbound.deliveries.iter();
        deliveries.any(|id| {
            let delivery = self.deliveries.get(id);
            delivery.is_some_and(|delivery| !delivery.replays.is_empty())
        })
    }

    /// The line's configurations that were in force at `since` or later.
    fn versions_since(
        &self,
        line: &PhoneNumber,
        since: Timestamp,
    ) -> impl Iterator<Item = &relay::line::Line> {
        let versions = self.world.lines.iter();
        let versions: Vec<_> = versions.filter(|(_, l)| l.number == *line).collect();
        let first = versions.iter().rposition(|(pushed, _)| *pushed <= since);
        let first = first.unwrap_or_default();
        versions.into_iter().skip(first).map(|(_, line)| line)
    }

    /// No more messages with the same words to the same phone than there are texts with these
    /// words, but for those that are known to have failed.
    pub(super) fn nothing_was_doubled(&mut self) {
        let mut sent: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
        for message in self.messages.values() {
            let failed = [Status::Undelivered, Status::Failed, Status::Canceled];
            if !failed.contains(&message.status) {
                let words = (
                    message.from.as_str(),
                    message.to.as_str(),
                    message.body.as_str(),
                );
                *sent.entry(words).or_default() += 1;
            }
        }
        let doubled = sent.into_iter().filter(|(_, count)| *count > 1);
        let mut wrong = Vec::new();
        for ((from, _, body), count) in doubled {
            let from_there = |d: &&Delivery| d.from.expose() == from && self.may_say(d, body);
            let causes = self.deliveries.values().filter(from_there);
            // A round that began with somebody else tells all of it once more.
            let rounds = causes.map(|d| 1 + d.replays.iter().filter(|r| !r.resumed).count());
            let rounds: usize = rounds.sum();
            if count > rounds {
                wrong.push(format!(
                    "doubled: {body:.40}... went to one phone {count} times for {rounds} texts"
                ));
            }
        }
        self.violations.extend(wrong);
    }

    /// Whether these words are a part of the delivery, as the first person or as a later one gets
    /// it.
    fn may_say(&self, delivery: &Delivery, words: &str) -> bool {
        let names: BTreeSet<&str> = people(self.world).map(|(name, _)| name).collect();
        let handed_over = names
            .iter()
            .map(|name| text::handed_over(name, &delivery.body));
        let mut bodies = std::iter::once(delivery.body.clone()).chain(handed_over);
        bodies.any(|body| {
            let mut parts = text::parts(&body, &delivery.media).into_iter();
            parts.any(|part| part.body == words)
        })
    }

    /// Nobody but the one who is responsible at last shows the whole of a text.
    pub(super) fn reached_one_person(&mut self, delivery: &Delivery) {
        let round = delivery.replays.last().map_or(0, |replay| replay.attempts);
        let mut parts: BTreeMap<&PhoneNumber, BTreeSet<usize>> = BTreeMap::new();
        for attempt in &delivery.attempts {
            let shown = |sid: &MessageSid| self.shown.contains(sid);
            if attempt.number > round && attempt.sid.as_ref().is_some_and(shown) {
                let parts = parts.entry(&attempt.to.number).or_default();
                parts.insert(attempt.part);
            }
        }
        let everything = delivery.parts.len();
        let others = parts
            .iter()
            .filter(|(phone, parts)| **phone != &delivery.to.number && parts.len() >= everything);
        let others = others.count();
        if others > 0 {
            self.wrong(format!(
                "reached two: {} shows at {others} others",
                delivery.id
            ));
        }
    }

    pub(super) fn each_message_belongs_to_one_attempt(&mut self) {
        let mut owners: BTreeMap<&MessageSid, String> = BTreeMap::new();
        for delivery in self.deliveries.values() {
            for attempt in &delivery.attempts {
                let Some(sid) = &attempt.sid else { continue };
                let name = format!("{}/{}", delivery.id, attempt.number);
                if let Some(other) = owners.insert(sid, name.clone()) {
                    let what = format!("mistaken: {sid} is taken for {other} and for {name}");
                    self.violations.push(what);
                }
            }
        }
    }
}

/// The delivery and the attempt that a message was sent for, as its callback URL tells.
fn cause_of(message: &Message) -> Option<(DeliveryId, u32)> {
    let (_, names) = message
        .status_callback
        .as_deref()?
        .split_once("/twilio/status/")?;
    // After the # stands what is meant for Twilio alone.
    let (id, attempt) = names.split('#').next()?.split_once('/')?;
    Some((DeliveryId::parse(id).ok()?, attempt.parse().ok()?))
}
