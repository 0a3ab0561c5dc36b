//! Whether a run kept the promise, from the point of view of the phones and of those who texted.

use std::collections::{BTreeMap, BTreeSet};

use relay::audit::{Kind, Record};
use relay::delivery::{Attempt, Delivery, DeliveryId, GaveUp, Outcome, Purpose, State};
use relay::inbound::{InboundRecord, MessageSid};
use relay::phone::Sender;
use relay::text;
use relay::twilio::errors::Class;
use relay::twilio::sandbox::{Direction, Message};
use relay::twilio::status::Status;

use super::world::World;

/// How the texts of a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endings {
    pub delivered: usize,
    pub given_up: usize,
    /// Twilio has it and has said nothing more.
    pub with_twilio: usize,
}

/// A run's results, looked up in every way that the checks need.
struct Checked<'w> {
    world: &'w World,
    deliveries: BTreeMap<DeliveryId, Delivery>,
    inbounds: Vec<InboundRecord>,
    messages: BTreeMap<MessageSid, Message>,
    shown: BTreeSet<MessageSid>,
    audit: Vec<Record>,
    violations: Vec<String>,
}

/// What a run did wrong, and how its texts ended.
pub fn check(world: &World) -> (Vec<String>, Endings) {
    let messages = world.sandbox.messages().into_iter();
    let messages = messages.filter(|message| message.direction == Direction::OutboundApi);
    let people = world.line.people.iter();
    let shown = people.flat_map(|p| world.sandbox.screen(&Sender::Phone(p.number.clone())));
    let deliveries = world.store.deliveries().into_iter();
    let mut checked = Checked {
        world,
        deliveries: deliveries.map(|d| (d.id.clone(), d)).collect(),
        inbounds: world.store.inbounds(),
        messages: messages.map(|m| (m.sid.clone(), m)).collect(),
        shown: shown.filter(|e| !e.sent).map(|e| e.sid).collect(),
        audit: world.audit(),
        violations: world.violations.clone(),
    };
    checked.what_was_acknowledged_is_kept();
    checked.nothing_reached_anybody_else();
    checked.nothing_was_doubled();
    checked.each_message_belongs_to_one_attempt();
    checked.news_was_not_forgotten();
    let mut endings = Endings::default();
    for delivery in checked.deliveries.clone().values() {
        checked.ended_well(delivery, &mut endings);
        checked.audit_is_right(delivery);
    }
    checked.decisions_are_in_the_audit();
    (checked.violations, endings)
}

impl Checked<'_> {
    fn wrong(&mut self, what: String) {
        self.violations.push(what);
    }

    fn what_was_acknowledged_is_kept(&mut self) {
        let kept: BTreeSet<_> = self.inbounds.iter().map(|i| i.sms.sid.clone()).collect();
        for sid in self.world.acknowledged.difference(&kept) {
            self.violations
                .push(format!("lost: {sid} was acknowledged and is not kept"));
        }
        let all: Vec<_> = self.inbounds.iter().flat_map(|i| &i.deliveries).collect();
        let missing = all.iter().filter(|id| !self.deliveries.contains_key(id));
        for id in missing {
            self.violations
                .push(format!("lost: there is no delivery {id}"));
        }
    }

    /// A text goes to the people of its decision alone.
    fn nothing_reached_anybody_else(&mut self) {
        for message in self.messages.values() {
            let decision = cause_of(message).and_then(|(id, _)| {
                let inbound = self.inbounds.iter().find(|i| i.deliveries.contains(&id))?;
                Some(&inbound.decision)
            });
            let named = decision.is_some_and(|decision| {
                let mut cascade = decision.cascade(&self.world.line);
                cascade.any(|person| person.number.expose() == message.to)
            });
            // The answer to a person's own text goes to that person.
            let answers = decision.is_some_and(|decision| {
                let person = self
                    .world
                    .line
                    .people
                    .iter()
                    .find(|p| p.number.expose() == message.to);
                decision.to_person.is_none() && person.is_some()
            });
            // What tells a person that a text moved on goes to a person whom it moved on from.
            let tells = cause_of(message).is_some_and(|(id, _)| {
                let told = self
                    .deliveries
                    .get(&id)
                    .filter(|d| d.purpose == Purpose::Told);
                let from = self.deliveries.values().flat_map(|d| {
                    let told = d.handed_over.iter().enumerate();
                    told.map(|(n, h)| (DeliveryId::told(&d.id, n + 1), &h.from))
                });
                let mut from = from.filter(|(told, _)| *told == id);
                told.is_some() && from.any(|(_, from)| from.number.expose() == message.to)
            });
            if !named && !answers && !tells {
                let what = format!(
                    "wrong phone: {} went to no one of its decision",
                    message.sid
                );
                self.violations.push(what);
            }
        }
        for customer in self.world.sandbox.phones() {
            let person = self
                .world
                .line
                .people
                .iter()
                .any(|p| Some(&p.number) == customer.phone());
            let received = self.world.sandbox.screen(&customer).iter().any(|e| !e.sent);
            if received && !person {
                self.violations
                    .push(format!("wrong phone: {customer:?} received something"));
            }
        }
    }

    /// No more messages with the same words to the same phone than there are texts with these
    /// words, but for those that are known to have failed.
    fn nothing_was_doubled(&mut self) {
        let mut sent: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for message in self.messages.values() {
            let failed = [Status::Undelivered, Status::Failed, Status::Canceled];
            if !failed.contains(&message.status) {
                *sent.entry((&message.to, &message.body)).or_default() += 1;
            }
        }
        let doubled = sent.into_iter().filter(|(_, count)| *count > 1);
        for ((_, body), count) in doubled {
            let causes = self.deliveries.values().filter(|d| self.may_say(d, body));
            let causes = causes.count();
            if count > causes {
                let what = format!(
                    "doubled: {body:.40}... went to one phone {count} times for {causes} texts"
                );
                self.violations.push(what);
            }
        }
    }

    /// Whether these words are a part of the delivery, as the first person or as a later one gets
    /// it.
    fn may_say(&self, delivery: &Delivery, words: &str) -> bool {
        let people = self.world.line.people.iter();
        let handed_over = people.map(|p| text::handed_over(&p.name, &delivery.body));
        let mut bodies = std::iter::once(delivery.body.clone()).chain(handed_over);
        bodies.any(|body| {
            let mut parts = text::parts(&body, &delivery.media).into_iter();
            parts.any(|part| part.body == words)
        })
    }

    fn each_message_belongs_to_one_attempt(&mut self) {
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

    /// News that was answered with 200 is in the delivery.
    fn news_was_not_forgotten(&mut self) {
        for news in &self.world.told {
            let delivery = self.deliveries.get(&news.delivery);
            let Some(attempt) = delivery.and_then(|d| d.attempt(news.attempt)) else {
                self.violations
                    .push(format!("forgotten: {news:?} of no attempt"));
                continue;
            };
            let known = match (news.status, &attempt.outcome) {
                _ if attempt.sid.as_ref() != Some(&news.sid) => true,
                (Status::Delivered, outcome) => *outcome == Outcome::Delivered,
                (Status::Undelivered | Status::Failed, outcome) => {
                    matches!(outcome, Outcome::Undelivered { .. })
                }
                _ => true,
            };
            if !known {
                let what = format!(
                    "forgotten: {news:?}, but the outcome is {:?}",
                    attempt.outcome
                );
                self.violations.push(what);
            }
        }
    }

    fn ended_well(&mut self, delivery: &Delivery, endings: &mut Endings) {
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
                    (State::Delivered, true) => endings.delivered += 1,
                    _ => endings.with_twilio += 1,
                }
                if self.world.is_calm_in_time() && self.has_failed(delivery) {
                    self.wrong(format!("forgotten: Twilio failed over {}", delivery.id));
                }
            }
            State::GaveUp { because } => {
                endings.given_up += 1;
                // What tells of another text is no dead letter.
                let tells = !matches!(delivery.purpose, Purpose::Relay | Purpose::Answer);
                if !tells && !self.may_give_up(delivery, *because) {
                    let what = format!("gave up: {} without need, {because:?}", delivery.id);
                    self.wrong(what);
                }
            }
            // Words of the relay's own that may not be sent, such as to somebody who opted out.
            State::Withheld { .. } if delivery.purpose != Purpose::Relay => {}
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

    fn may_give_up(&self, delivery: &Delivery, because: GaveUp) -> bool {
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
            GaveUp::NoReport => {
                let with_twilio = [Outcome::Accepted, Outcome::Sent, Outcome::Delivered];
                let last = delivery.attempts.last().map(|a| &a.outcome);
                last.is_some_and(|o| with_twilio.contains(o)) && gave_up >= delivery.deadline
            }
            GaveUp::Unresolved => {
                let unknown =
                    delivery.attempts.last().map(|a| &a.outcome) == Some(&Outcome::Unknown);
                unknown && gave_up >= delivery.deadline
            }
        }
    }

    fn audit_of(&self, id: &DeliveryId) -> impl Iterator<Item = &Record> {
        let id = id.clone();
        self.audit
            .iter()
            .filter(move |record| record.delivery.as_ref() == Some(&id))
    }

    /// The audit has every attempt, outcome, hand-over and end of the delivery, and nothing that
    /// did not happen. Where a handler died, records may be missing.
    fn audit_is_right(&mut self, delivery: &Delivery) {
        let disturbed = self.world.disturbed.contains(&delivery.id);
        let records: Vec<_> = self.audit_of(&delivery.id).cloned().collect();
        let of_kind = |kind| records.iter().filter(move |record| record.kind == kind);
        let mut wrong = Vec::new();
        for record in of_kind(Kind::Attempt) {
            let attempt = record.attempt.and_then(|number| delivery.attempt(number));
            if attempt.is_none_or(|attempt| attempt.began != record.at) {
                wrong.push(format!(
                    "attempt {:?} in the audit never began",
                    record.attempt
                ));
            }
        }
        for attempt in &delivery.attempts {
            let mine = |record: &&Record| record.attempt == Some(attempt.number);
            let began = of_kind(Kind::Attempt).filter(mine).count();
            if began > 1 || (began == 0 && !disturbed) {
                wrong.push(format!("attempt {} began {began} times", attempt.number));
            }
            let last = of_kind(Kind::Outcome).rfind(mine);
            let agrees = last.is_some_and(|record| {
                record.at == attempt.since
                    && record.outcome.as_deref() == Some(word(&attempt.outcome))
            });
            if !agrees && !disturbed {
                wrong.push(format!("attempt {} has another outcome", attempt.number));
            }
            if of_kind(Kind::Outcome)
                .filter(mine)
                .any(|record| record.at < attempt.began)
            {
                wrong.push(format!(
                    "attempt {} has an outcome before it began",
                    attempt.number
                ));
            }
        }
        let moves = delivery.handed_over.len() + of_kind(Kind::HandBack).count();
        let told = of_kind(Kind::HandOver).count();
        if told > moves || (told < moves && !disturbed) {
            wrong.push(format!("{told} of {moves} hand-overs"));
        }
        let ends = usize::from(matches!(delivery.state, State::GaveUp { .. }));
        let told = of_kind(Kind::GaveUp).count();
        if told > ends || (told < ends && !disturbed) {
            wrong.push(format!("{told} of {ends} times given up"));
        }
        for what in wrong {
            self.wrong(format!("audit: {what} ({})", delivery.id));
        }
    }

    /// The audit says of every acknowledged text what was decided, and nothing else as well.
    fn decisions_are_in_the_audit(&mut self) {
        for inbound in &self.inbounds {
            let (sid, decision) = (&inbound.sms.sid, &inbound.decision);
            let records: Vec<_> = self
                .audit
                .iter()
                .filter(|record| record.message_sid.as_ref() == Some(sid))
                .collect();
            let is_void = |record: &Record| {
                let voids = |other: &&Record| {
                    other.at == record.at && [Kind::Duplicate, Kind::NotKept].contains(&other.kind)
                };
                record.kind == Kind::Decision && records.iter().copied().any(|r| voids(&r))
            };
            let in_force = records.iter().filter(|r| r.rule.is_some() && !is_void(r));
            let said: BTreeSet<_> = in_force.map(|record| &record.to_person).collect();
            let disturbed = self.world.disturbed.contains(&DeliveryId::of_inbound(sid));
            let acknowledged = self.world.acknowledged.contains(sid);
            if acknowledged && !said.contains(&decision.to_person) {
                self.violations.push(format!("audit: no decision on {sid}"));
            }
            if said.len() > 1 && !disturbed {
                self.violations
                    .push(format!("audit: {} decisions on {sid}", said.len()));
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

/// As the audit says it.
fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Pending => "pending",
        Outcome::Unknown => "unknown",
        Outcome::Absent => "absent",
        Outcome::Accepted => "accepted",
        Outcome::Refused { .. } => "refused",
        Outcome::Sent => "sent",
        Outcome::Delivered => "delivered",
        Outcome::Undelivered { .. } => "undelivered",
    }
}
