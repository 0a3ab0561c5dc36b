//! Whether the audit tells what happened, all of it, in order, and nothing else.

use std::collections::BTreeSet;

use jiff::Timestamp;
use relay::app::ports::audit::{Kind, Record};
use relay::domain::delivery::{Delivery, Outcome, Purpose, State};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;

use super::{Checked, is_of_its_decision};

impl Checked<'_> {
    /// The audit has every attempt, outcome, hand-over and end of the delivery, and nothing that
    /// did not happen. Only where a handler died before it could say it may records be missing.
    pub(crate) fn audit_is_right(&mut self, delivery: &Delivery) {
        let records = self.audit.iter();
        let mine = records.filter(|record| record.delivery.as_ref() == Some(&delivery.id));
        // A text that tells of another comes to be when that is saved.
        let causes = delivery.message_sid.iter().map(DeliveryId::of_inbound);
        let concerned: Vec<_> = causes.chain([delivery.id.clone()]).collect();
        // Of the same text, several deliveries may bring about the same.
        let sid = delivery.message_sid.as_ref().map(MessageSid::as_str);
        let told_of = |id: &DeliveryId| {
            sid.is_some_and(|sid| id.as_str().ends_with(sid))
                || delivery.id.as_str().ends_with(id.as_str())
        };
        let mut disturbed = self.world.disturbed.iter();
        let may_miss_records = disturbed.any(|id| concerned.contains(id) || told_of(id));
        let of_delivery = AuditOf {
            delivery,
            records: mine.cloned().collect(),
            has_true_times: self.world.is_in_order,
            may_miss_records,
        };
        let mut lies = of_delivery.lies();
        let gaps = of_delivery.gaps(self.moves_of(delivery));
        if may_miss_records {
            self.endings.audit_gaps += usize::from(!gaps.is_empty())
        } else {
            lies.extend(gaps)
        }
        for what in lies {
            self.wrong(format!("audit: {what} ({})", delivery.id));
        }
    }

    /// To whom the delivery went on, one after the other, as far as its decision tells; a replay
    /// begins with people of its own.
    fn moves_of(&self, delivery: &Delivery) -> Option<Vec<String>> {
        if !delivery.replays.is_empty() || !is_of_its_decision(delivery) {
            return None;
        }
        let decision = &self.cause(delivery)?.decision;
        Some(
            decision
                .then
                .iter()
                .take(delivery.handed_over.len())
                .cloned()
                .collect(),
        )
    }

    /// The audit says of every acknowledged text what was decided, and nothing else as well.
    pub(crate) fn decisions_are_in_the_audit(&mut self) {
        let mut wrong = Vec::new();
        for (sid, inbound) in &self.inbounds {
            let decision = &inbound.decision;
            let records: Vec<_> = self
                .audit
                .iter()
                .filter(|record| record.message_sid.as_ref() == Some(sid))
                .collect();
            let is_void = |record: &Record| {
                let voids = |other: &&Record| {
                    let voids = [Kind::Duplicate, Kind::NotKept, Kind::DecidedAnew];
                    other.at == record.at && voids.contains(&other.kind)
                };
                record.kind == Kind::Decision && records.iter().copied().any(|r| voids(&r))
            };
            let in_force = records.iter().filter(|r| r.rule.is_some() && !is_void(r));
            let said: BTreeSet<_> = in_force.map(|record| &record.to_person).collect();
            let disturbed = self.world.disturbed.contains(&DeliveryId::of_inbound(sid));
            let acknowledged = self.world.acknowledged.contains(sid);
            if acknowledged && !said.contains(&decision.to_person) {
                wrong.push(format!("audit: no decision on {sid}"));
            }
            if said.len() > 1 && !disturbed {
                wrong.push(format!("audit: {} decisions on {sid}", said.len()));
            }
            let mut considered = records
                .iter()
                .filter(|r| r.kind == Kind::Decision && !is_void(r));
            let everybody = decision.candidates.len();
            if !disturbed && considered.any(|r| r.candidates.len() != everybody) {
                wrong.push(format!("audit: not everybody considered for {sid}"));
            }
        }
        self.violations.extend(wrong);
    }
}

struct AuditOf<'d> {
    delivery: &'d Delivery,
    /// By time.
    records: Vec<Record>,
    /// Whether times are in the order of events.
    has_true_times: bool,
    may_miss_records: bool,
}

impl AuditOf<'_> {
    fn of_kind(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Record> {
        self.records
            .iter()
            .filter(move |record| record.kind == kind)
    }

    fn of_attempt(&self, kind: Kind, number: u32) -> impl DoubleEndedIterator<Item = &Record> {
        self.of_kind(kind)
            .filter(move |record| record.attempt == Some(number))
    }

    /// What the audit says and did not happen, or not in this order.
    fn lies(&self) -> Vec<String> {
        let mut lies = Vec::new();
        for record in self.of_kind(Kind::Attempt) {
            let attempt = record.attempt.and_then(|n| self.delivery.attempt(n));
            let to = |a: &relay::domain::delivery::Attempt| {
                Some(&a.to.person) == record.to_person.as_ref()
            };
            if attempt.is_none_or(|a| a.began != record.at || !to(a)) {
                lies.push(format!("attempt {:?} never began", record.attempt));
            }
        }
        for attempt in &self.delivery.attempts {
            let number = attempt.number;
            if self.of_attempt(Kind::Attempt, number).count() > 1 {
                lies.push(format!("attempt {number} began more than once"));
            }
            let mut outcomes = self.of_attempt(Kind::Outcome, number);
            if self.has_true_times && outcomes.any(|record| record.at < attempt.began) {
                lies.push(format!("attempt {number} had an outcome before it began"));
            }
        }
        if self.has_true_times && !self.is_in_order() {
            lies.push("an attempt, hand-over or end is not in its place".to_owned());
        }
        let (ends, told) = self.ends();
        if told > ends {
            lies.push(format!("it gave up {told} times, not {ends}"));
        }
        lies
    }

    /// Attempts are counted upwards, and after the end there is none, unless somebody wanted
    /// another round.
    fn is_in_order(&self) -> bool {
        let (mut last, mut end) = (0, None);
        self.records.iter().all(|record| {
            end = end.filter(|then| !self.is_replayed_between(*then, record.at));
            match record.kind {
                Kind::Attempt => {
                    let number = record.attempt.unwrap_or_default();
                    let before = std::mem::replace(&mut last, number);
                    before < number && end.is_none()
                }
                Kind::HandOver | Kind::HandBack => end.is_none(),
                Kind::GaveUp => end.replace(record.at).is_none(),
                _ => true,
            }
        })
    }

    /// Who gets an attempt is whom it was handed over to last, if it was.
    fn hand_overs_are_followed(&self) -> bool {
        let mut to = None;
        self.records.iter().all(|record| {
            to = to.filter(|(then, _)| !self.is_replayed_between(*then, record.at));
            match record.kind {
                Kind::Attempt => return to.is_none_or(|(_, to)| to == &record.to_person),
                Kind::HandOver => to = Some((record.at, &record.to_person)),
                Kind::HandBack => to = None,
                _ => {}
            }
            true
        })
    }

    /// Whether another round began in that time, or it had arrived after all.
    fn is_replayed_between(&self, from: Timestamp, to: Timestamp) -> bool {
        let told = self.of_kind(Kind::Replayed).map(|record| record.at);
        let mut replays = self.delivery.replays.iter().map(|r| r.at).chain(told);
        replays.any(|at| from <= at && at <= to)
    }

    /// What happened and is not in the audit.
    fn gaps(&self, moves: Option<Vec<String>>) -> Vec<String> {
        let mut gaps = Vec::new();
        for attempt in &self.delivery.attempts {
            let number = attempt.number;
            if self.of_attempt(Kind::Attempt, number).next().is_none() {
                gaps.push(format!("attempt {number} is missing"));
            }
            let last = self.of_attempt(Kind::Outcome, number).next_back();
            let agrees = |record: &Record| {
                record.at == attempt.since
                    && record.outcome.as_deref() == Some(word(&attempt.outcome))
            };
            let said = if self.has_true_times {
                last.is_some_and(agrees)
            } else {
                self.of_attempt(Kind::Outcome, number).any(agrees)
            };
            if !said {
                gaps.push(format!("attempt {number} has another outcome"));
            }
        }
        if self.has_true_times && !self.hand_overs_are_followed() {
            gaps.push("an attempt went to somebody else".to_owned());
        }
        let told = self.told_moves();
        if let Some(moves) = moves.filter(|moves| self.has_true_times && *moves != told) {
            gaps.push(format!("handed over to {told:?}, not {moves:?}"));
        }
        // One too many is one that was taken back.
        let made = self.delivery.handed_over.len();
        if told.len() < made || (told.len() > made && self.has_true_times) {
            gaps.push(format!("{} hand-overs, not {made}", told.len()));
        }
        let tells = match self.delivery.purpose {
            // It goes to the owner since nobody answered.
            Purpose::Alert if self.delivery.in_conversation.is_some() => None,
            Purpose::Unsent if self.delivery.id.as_str().starts_with("failed-") => Some(Kind::Told),
            Purpose::Relay
            | Purpose::Reply
            | Purpose::AutoReply
            | Purpose::Unsent
            | Purpose::Conversation
            | Purpose::Answer
            | Purpose::Notice { .. }
            | Purpose::Invitation => None,
            Purpose::Told => Some(Kind::Told),
            Purpose::Alert | Purpose::Repair | Purpose::Busy | Purpose::Spending => {
                Some(Kind::Alert)
            }
        };
        if tells.is_some_and(|kind| self.of_kind(kind).next().is_none()) {
            gaps.push("it does not say that somebody is told".to_owned());
        }
        let (ends, told) = self.ends();
        if told < ends {
            gaps.push(format!("it gave up {ends} times, not {told}"));
        }
        gaps
    }

    /// To whom it went on, without what was taken back.
    fn told_moves(&self) -> Vec<String> {
        let mut moves = Vec::new();
        for record in &self.records {
            match record.kind {
                Kind::HandOver => moves.extend(record.to_person.clone()),
                Kind::HandBack => drop(moves.pop()),
                _ => {}
            }
        }
        moves
    }

    /// How often the delivery gave up, and how often the audit says so. Each replay began with an
    /// end, that of one that had arrived after all included.
    fn ends(&self) -> (usize, usize) {
        let replayed = self.of_kind(Kind::Replayed).count();
        let replayed = replayed.max(self.delivery.replays.len());
        let is_over = matches!(self.delivery.state, State::GaveUp { .. });
        // A replay that finds the text delivered leaves no trace but its record.
        let is_replayed_unsaid = self.may_miss_records && self.delivery.state == State::Delivered;
        // What arrived when it had been given up leaves no trace of that but the records.
        let is_disproved =
            self.delivery.state == State::Delivered && self.of_kind(Kind::Arrived).next().is_some();
        let told = self.of_kind(Kind::GaveUp).count();
        let is_over = is_over || (is_disproved && replayed < told);
        let ends = replayed + usize::from(is_over || is_replayed_unsaid);
        (ends, self.of_kind(Kind::GaveUp).count())
    }
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
