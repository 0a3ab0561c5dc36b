//! People who answer and command while the relay is being killed, and what has to have come of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use relay::domain::delivery::{Delivery, State};
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;

use crate::endurance::load::phones::{column, given_up};
use crate::endurance::load::report::Table;
use crate::endurance::load::town::{SignedText, Town};
use crate::endurance::load::twilio::Screens;

/// What the person on duty texts when a customer has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// With the customer's number in front.
    Addressed,
    /// Once a second customer waits it is asked about.
    Bare,
    Pass,
    Away,
    Back,
}

/// One of their texts.
#[derive(Debug, Clone)]
pub struct Written {
    pub kind: Kind,
    /// The customer's text that it follows.
    pub after: u32,
    pub sid: MessageSid,
    pub acknowledged: bool,
}

/// What is texted after the customer's text of that number, one after the other. Each line's person does
/// one thing, after four of eight texts.
pub fn reactions(town: &Town, text: u32) -> Vec<(Kind, SignedText)> {
    let (line, nth) = (text % town.count(), text / town.count() % 8);
    let kinds: &[Kind] = match line % 5 {
        _ if nth > 3 => &[],
        0 => &[Kind::Addressed],
        1 => &[Kind::Bare],
        2 => &[Kind::Pass],
        3 => &[Kind::Away, Kind::Back],
        _ => &[Kind::Away],
    };
    let signed = |kind: &Kind| {
        let customer = town.customer(text);
        let body = match kind {
            Kind::Addressed => format!("{customer}: {}", answer(text)),
            Kind::Bare => answer(text),
            Kind::Pass => format!("PASS {customer}"),
            Kind::Away => "AWAY".to_owned(),
            // Customers may wait, to whom people say the word as well.
            Kind::Back => ".BACK".to_owned(),
        };
        let name = format!("{text}/{kind:?}");
        (*kind, town.persons_text(&name, text, &body))
    };
    kinds.iter().map(signed).collect()
}

/// The words of the answer to a customer's text.
fn answer(text: u32) -> String {
    format!("Answer {text:07}")
}

/// What came of their texts.
#[derive(Debug, Default)]
pub struct Outcomes {
    acknowledged: BTreeMap<Kind, usize>,
    /// Answers that the customer has, and acknowledged ones of which the writer knows that nobody has them.
    sent: usize,
    told: usize,
    passed: usize,
    /// They ended as dead letters.
    dead: usize,
    lost: Vec<Written>,
    doubled: Vec<Written>,
    misdirected: Vec<Written>,
    /// Lines whose person is not where the last command says.
    astray: BTreeSet<String>,
}

/// How things stand when all is over.
struct Settled<'a> {
    town: &'a Town,
    screens: &'a Screens,
    deliveries: BTreeMap<String, Delivery>,
    dead: BTreeSet<String>,
    overrides: BTreeSet<String>,
}

impl Outcomes {
    pub fn of(town: &Town, database: &Path, screens: &Screens, texts: &[Written]) -> Self {
        let deliveries = column(database, "SELECT delivery FROM deliveries").into_iter();
        let deliveries = deliveries.map(|json| serde_json::from_str::<Delivery>(&json).unwrap());
        let settled = Settled {
            town,
            screens,
            deliveries: deliveries.map(|d| (d.id.to_string(), d)).collect(),
            dead: given_up(database).into_iter().collect(),
            overrides: (column(database, "SELECT line FROM overrides").into_iter()).collect(),
        };
        let mut outcomes = Self::default();
        for written in texts {
            if written.acknowledged {
                *outcomes.acknowledged.entry(written.kind).or_default() += 1;
            }
            match written.kind {
                Kind::Addressed | Kind::Bare => outcomes.add_answer(&settled, written),
                Kind::Pass => outcomes.add_pass(&settled, written),
                Kind::Away | Kind::Back => outcomes.add_duty(&settled, written),
            }
        }
        outcomes.look_at_duty(&settled, texts);
        for written in &outcomes.lost {
            settled.explain(written);
        }
        outcomes
    }

    /// It is on its customer's phone once, or its writer knows that it is not, and nowhere else.
    fn add_answer(&mut self, settled: &Settled, written: &Written) {
        let (sid, words) = (&written.sid, answer(written.after));
        let customer = settled.town.customer(written.after);
        let is_it = |text: &&String| **text == words;
        let count = |phone: &str| settled.texts(phone).filter(is_it).count();
        let arrived = count(&customer);
        let others = settled.screens.keys().filter(|phone| **phone != customer);
        let astray = others.map(|phone| count(phone)).sum::<usize>();
        self.misdirected
            .extend((astray > 0).then(|| written.clone()));
        self.doubled.extend((arrived > 1).then(|| written.clone()));
        if arrived > 0 {
            self.sent += 1;
            return;
        }
        let reply = DeliveryId::reply(sid, 0);
        let (asked, refused) = (
            DeliveryId::question(sid, "ask", 0),
            DeliveryId::of_inbound(sid),
        );
        // With the number in front there is nothing to ask.
        let is_sent = settled.deliveries.contains_key(reply.as_str());
        let may_be_told = written.kind == Kind::Bare && !is_sent;
        let is_told = settled.is_over(&asked) || settled.is_over(&refused);
        // Where Twilio refused the question, it comes again ten minutes later, and after an hour the writer
        // reads that nothing was sent.
        let unsent = DeliveryId::question(sid, "unsent", 0);
        let will_be_told = settled.gave_up(&asked) && settled.waits(&unsent);
        if may_be_told && (is_told || will_be_told) {
            self.told += 1;
        } else if settled.dead.contains(reply.as_str()) {
            self.dead += 1;
        } else if written.acknowledged {
            self.lost.push(written.clone());
        }
    }

    /// The next person has got the customer once.
    fn add_pass(&mut self, settled: &Settled, written: &Written) {
        let says = format!(" passes {} to you.", settled.town.customer(written.after));
        let people = settled.town.recipients(written.after);
        let counts = people.map(|phone| {
            let texts = settled.texts(&phone);
            texts.filter(|text| text.contains(&says)).count()
        });
        if counts.iter().any(|count| *count > 1) {
            self.doubled.push(written.clone());
        }
        let pass = DeliveryId::passed(&written.sid);
        match counts.iter().sum::<usize>() {
            0 if settled.dead.contains(pass.as_str()) => self.dead += 1,
            0 if written.acknowledged => self.lost.push(written.clone()),
            0 => {}
            _ => self.passed += 1,
        }
    }

    /// Who has been answered, once, knows what is true now.
    fn add_duty(&mut self, settled: &Settled, written: &Written) {
        let answered = settled.is_over(&DeliveryId::of_inbound(&written.sid));
        self.lost
            .extend((written.acknowledged && !answered).then(|| written.clone()));
    }

    /// Where all commands were acknowledged, the last one holds, and none was answered twice.
    fn look_at_duty(&mut self, settled: &Settled, texts: &[Written]) {
        let is_duty = |written: &&Written| matches!(written.kind, Kind::Away | Kind::Back);
        let mut lines: BTreeMap<u32, Vec<&Written>> = BTreeMap::new();
        for written in texts.iter().filter(is_duty) {
            let line = written.after % settled.town.count();
            lines.entry(line).or_default().push(written);
        }
        for (line, mut written) in lines {
            written.sort_by_key(|written| (written.after, written.kind));
            let [sergio, _] = settled.town.recipients(line);
            for (kind, begins) in [
                (Kind::Away, "You are away until"),
                (Kind::Back, "You are on duty"),
            ] {
                let asked = written.iter().filter(|w| w.kind == kind).count();
                let told = settled.texts(&sergio);
                if asked < told.filter(|text| text.starts_with(begins)).count() {
                    self.doubled.extend(written.iter().copied().cloned());
                }
            }
            let is_away = settled.overrides.contains(&settled.town.line(line));
            let last = written.last().filter(|last| last.acknowledged);
            if last.is_some_and(|last| (last.kind == Kind::Away) != is_away) {
                self.astray.insert(settled.town.line(line));
            }
        }
    }

    pub fn are_good(&self) -> bool {
        let wrong = [&self.lost, &self.doubled, &self.misdirected];
        self.astray.is_empty() && wrong.iter().all(|wrong| wrong.is_empty())
    }

    /// Whether there was something of each kind to lose.
    pub fn are_many(&self) -> bool {
        let kinds = [
            Kind::Addressed,
            Kind::Bare,
            Kind::Pass,
            Kind::Away,
            Kind::Back,
        ];
        let all = kinds
            .iter()
            .all(|kind| self.acknowledged.contains_key(kind));
        all && self.sent > 0 && self.told > 0 && self.passed > 0
    }

    pub fn rows(&self, table: &mut Table) {
        table.row(
            "people's texts acknowledged",
            format!("{:?}", self.acknowledged),
        );
        let ended = format!("{} / {} / {}", self.sent, self.told, self.dead);
        table.row("answers sent / writer told / dead", ended);
        table.row("customers passed on", self.passed);
    }
}

impl Settled<'_> {
    fn texts(&self, phone: &str) -> impl Iterator<Item = &String> {
        self.screens.get(phone).into_iter().flatten()
    }

    /// Prints what came of a text that seems lost.
    fn explain(&self, written: &Written) {
        let sid = written.sid.as_str();
        let caused = self.deliveries.iter().filter(|(id, _)| id.contains(sid));
        for (id, Delivery { purpose, state, .. }) in caused {
            eprintln!("lost {:?}: {id} {purpose:?} {state:?}", written.kind);
        }
    }

    fn gave_up(&self, id: &DeliveryId) -> bool {
        let delivery = self.deliveries.get(id.as_str());
        delivery.is_some_and(|delivery| matches!(delivery.state, State::GaveUp { .. }))
    }

    fn waits(&self, id: &DeliveryId) -> bool {
        let delivery = self.deliveries.get(id.as_str());
        delivery.is_some_and(|delivery| matches!(delivery.state, State::Waiting { .. }))
    }

    /// Whether there is such a delivery, which arrived or is a dead letter.
    fn is_over(&self, id: &DeliveryId) -> bool {
        let delivery = self.deliveries.get(id.as_str());
        delivery.is_some_and(|delivery| match delivery.state {
            State::Delivered | State::Accepted { .. } => true,
            _ => self.dead.contains(id.as_str()),
        })
    }
}
