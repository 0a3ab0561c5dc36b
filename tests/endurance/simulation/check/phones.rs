//! What the phones of the relay's people show: nothing twice, nothing at anybody else's.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use relay::app::ports::audit::Kind;
use relay::domain::delivery::{Delivery, MovedOn, Purpose, Recipient};
use relay::domain::delivery::{Status, wording};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::phone::PhoneNumber;
use relay::domain::routing::Rule;
use relay::domain::sms as text;
use relay::sandbox::Message;

use super::{Checked, is_of_its_decision, people};

impl Checked<'_> {
    /// A text goes to the people of its decision alone, at a number that they had then or later.
    pub(crate) fn nothing_reached_anybody_else(&mut self) {
        let mut wrong = Vec::new();
        for message in self.messages.values() {
            let delivery = cause_of(message).and_then(|id| self.deliveries.get(&id));
            if !delivery.is_some_and(|delivery| self.may_get(delivery, &message.to)) {
                wrong.push(format!(
                    "wrong phone: {} went to nobody whom it concerns",
                    message.sid
                ));
            }
        }
        let alerts = self
            .world
            .lines
            .iter()
            .flat_map(|(_, line)| &line.policy.alert);
        let ours: BTreeSet<&PhoneNumber> = people(self.world)
            .map(|(_, number)| number)
            .chain(alerts)
            .collect();
        for phone in self.world.sandbox.phones() {
            let is_person = phone.phone().is_some_and(|phone| ours.contains(phone));
            let screen = self.world.sandbox.screen(&phone);
            let mut received = screen.iter().filter(|entry| !entry.sent);
            if !is_person && received.any(|entry| !self.is_for_a_customer(&entry.sid)) {
                wrong.push(format!("wrong phone: {phone:?} received something"));
            }
        }
        self.violations.extend(wrong);
    }

    /// Whether it is what a person or the line itself answered a customer.
    fn is_for_a_customer(&self, sid: &MessageSid) -> bool {
        let message = self.messages.get(sid);
        let delivery = message.and_then(cause_of);
        let delivery = delivery.and_then(|id| self.deliveries.get(&id));
        delivery.is_some_and(|d| matches!(d.purpose, Purpose::Reply | Purpose::AutoReply))
    }

    fn may_get(&self, delivery: &Delivery, phone: &str) -> bool {
        let Some(inbound) = self.cause(delivery) else {
            return false;
        };
        if matches!(delivery.purpose, Purpose::Reply | Purpose::AutoReply) {
            let part = delivery.in_conversation.as_ref();
            let customer = part.map_or(&delivery.to.number, |part| &part.customer);
            return customer.expose() == phone;
        }
        let decision = &inbound.decision;
        let arrived = self.texts.get(&inbound.sms.sid).map(|text| text.created);
        let mut versions = self.versions_since(&inbound.sms.to, arrived.unwrap_or(Timestamp::MIN));
        let is_named = |name: &str| {
            decision.to_person.as_deref() == Some(name)
                || decision.then.iter().any(|then| then == name)
        };
        let is_replayed = !delivery.replays.is_empty() || !is_of_its_decision(delivery);
        versions.any(|line| {
            let mut people = line.people.iter().filter(|p| p.number.expose() == phone);
            match delivery.purpose {
                // A replay goes to whoever is on duty then.
                Purpose::Relay => people.any(|p| is_named(&p.name) || is_replayed),
                // The owner hears of a person who opts out.
                Purpose::Conversation if decision.rule == Rule::OptOutWord => {
                    let alert = line.policy.alert.as_ref();
                    people.next().is_some() || alert.is_some_and(|number| number.expose() == phone)
                }
                Purpose::Told | Purpose::Unsent | Purpose::Conversation => people.next().is_some(),
                // It goes to whoever wrote.
                Purpose::Answer => decision.rule != Rule::FirstAvailable && people.next().is_some(),
                Purpose::Notice { .. }
                | Purpose::Invitation
                | Purpose::Reply
                | Purpose::AutoReply => false,
                Purpose::Alert | Purpose::Repair | Purpose::Busy | Purpose::Spending => {
                    let alert = line.policy.alert.as_ref();
                    alert.is_some_and(|number| number.expose() == phone)
                }
            }
        })
    }

    /// The line's configurations that were in force at `since` or later.
    fn versions_since(
        &self,
        line: &PhoneNumber,
        since: Timestamp,
    ) -> impl Iterator<Item = &relay::domain::line::Line> {
        let mut all = self.world.lines.iter().map(|(_, line)| line);
        let line = all.find(|l| l.numbers().any(|number| number == line));
        let number = line.map(|line| &line.number);
        let versions = self.world.lines.iter();
        let versions: Vec<_> = versions
            .filter(|(_, l)| Some(&l.number) == number)
            .collect();
        let first = versions.iter().rposition(|(pushed, _)| *pushed <= since);
        let first = first.unwrap_or_default();
        versions.into_iter().skip(first).map(|(_, line)| line)
    }

    /// No more messages with the same words to the same phone than there are texts with these
    /// words, but for those that are known to have failed.
    pub(crate) fn nothing_was_doubled(&mut self) {
        let mut sent: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
        for message in self.messages.values() {
            let failed = [Status::Undelivered, Status::Failed, Status::Canceled];
            if !failed.contains(&message.status) && !message.arrives_after_all() {
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
            let is_from = |d: &Delivery| {
                let mut attempts = d.attempts.iter();
                attempts.any(|attempt| d.sent_from(attempt).expose() == from)
            };
            let from_there = |d: &&Delivery| is_from(d) && self.may_say(d, body);
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
    pub(crate) fn may_say(&self, delivery: &Delivery, words: &str) -> bool {
        if delivery.purpose != Purpose::Relay {
            return delivery.parts.iter().any(|part| part.body == words);
        }
        let names: BTreeSet<&str> = people(self.world).map(|(name, _)| name).collect();
        let moved_on = [wording::handed_over, wording::phone_is_busy];
        let handed_over = names
            .iter()
            .flat_map(|name| moved_on.map(|says| says(delivery.language, name, &delivery.body)));
        let bodies = std::iter::once(delivery.body.clone()).chain(handed_over);
        let known = |person| Delivery {
            to: Recipient {
                person: String::new(),
                number: person,
            },
            ..delivery.clone()
        };
        let part = delivery.in_conversation.iter();
        let known_to = part.flat_map(|part| part.known_to.first().cloned()).next();
        let mut bodies = bodies.flat_map(|body| {
            let tagged = known_to
                .clone()
                .map(|person| known(person).with_tag(body.clone()));
            [body].into_iter().chain(tagged)
        });
        bodies.any(|body| {
            let mut parts = text::parts(&body, &delivery.media).into_iter();
            parts.any(|part| part.body == words)
        })
    }

    /// Nobody but the one who is responsible at last shows the whole of a text, unless it went on
    /// because nobody said in time that it had arrived, or because it was reported as undelivered.
    pub(crate) fn reached_one_person(&mut self, delivery: &Delivery) {
        let round = delivery.replays.last().map_or(0, |replay| replay.attempts);
        let mut shown: BTreeMap<&PhoneNumber, BTreeSet<usize>> = BTreeMap::new();
        for attempt in &delivery.attempts {
            let is_late = |sid: &MessageSid| {
                self.messages
                    .get(sid)
                    .is_some_and(|m| m.arrives_after_all())
            };
            let is_shown = |sid: &MessageSid| self.shown.contains(sid) && !is_late(sid);
            if attempt.number > round && attempt.sid.as_ref().is_some_and(is_shown) {
                let parts = shown.entry(&attempt.to.number).or_default();
                parts.insert(attempt.part);
            }
        }
        // It gave up with somebody, perhaps because no report came, and had reached another.
        let replayed = self.audit.iter().filter(|record| {
            record.kind == Kind::Replayed && record.delivery.as_ref() == Some(&delivery.id)
        });
        if replayed.count() > delivery.replays.len() {
            return;
        }
        let silent = |phone: &PhoneNumber| {
            let mut hand_overs = delivery.handed_over.iter();
            hand_overs.any(|h| {
                h.from.number == *phone
                    && matches!(h.because, MovedOn::NoReport | MovedOn::NoAnswer)
            })
        };
        let whole = shown.into_iter().filter(|(phone, parts)| {
            **phone != delivery.to.number && parts.len() >= delivery.parts.len()
        });
        if whole.filter(|(phone, _)| !silent(phone)).count() > 0 {
            self.wrong(format!("reached two: {}", delivery.id));
        }
    }

    pub(crate) fn each_message_belongs_to_one_attempt(&mut self) {
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

/// The delivery that a message was sent for, as its callback URL tells.
pub(crate) fn cause_of(message: &Message) -> Option<DeliveryId> {
    let (_, names) = message
        .status_callback
        .as_deref()?
        .split_once("/twilio/status/")?;
    let (id, _) = names.split_once('/')?;
    DeliveryId::parse(id).ok()
}
