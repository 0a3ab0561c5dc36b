//! Whether a run kept the promise, from the point of view of the phones and of those who texted.

mod answers;
mod audit;
mod customers;
mod endings;
mod notices;
mod phones;
mod restores;
mod tellings;

use std::collections::{BTreeMap, BTreeSet};

use relay::app::ports::audit::Record;
use relay::domain::delivery::Delivery;
use relay::domain::ids::DeliveryId;
use relay::domain::ids::message_sid::MessageSid;
use relay::domain::inbound_record::InboundRecord;
use relay::domain::phone::PhoneNumber;
use relay::sandbox::{Direction, Message};

use super::world::World;
pub use endings::Endings;
pub use notices::check_notices;
pub use restores::check_restored;

/// A run's results, looked up in every way that the checks need.
struct Checked<'w> {
    world: &'w World,
    deliveries: BTreeMap<DeliveryId, Delivery>,
    inbounds: BTreeMap<MessageSid, InboundRecord>,
    /// What the relay had sent.
    messages: BTreeMap<MessageSid, Message>,
    /// What came to the lines.
    texts: BTreeMap<MessageSid, Message>,
    /// What phones show that they received.
    shown: BTreeSet<MessageSid>,
    audit: Vec<Record>,
    violations: Vec<String>,
    endings: Endings,
}

/// What a run did wrong, and how its texts ended.
pub fn check(world: &World) -> (Vec<String>, Endings) {
    let mut checked = Checked::of(world);
    checked.what_customers_were_told_is_true();
    checked.nothing_reached_anybody_else();
    checked.nothing_was_doubled();
    checked.each_message_belongs_to_one_attempt();
    checked.news_was_not_forgotten();
    for delivery in checked.deliveries.clone().values() {
        checked.ended_well(delivery);
        checked.reached_one_person(delivery);
        checked.nobody_was_passed_over(delivery);
        checked.those_concerned_were_told(delivery);
        checked.audit_is_right(delivery);
    }
    checked.nobody_was_told_without_reason();
    checked.decisions_are_in_the_audit();
    checked.answers_went_where_they_were_meant_to();
    checked.no_answer_was_lost();
    checked.texts_left_in_order();
    (checked.violations, checked.endings)
}

impl<'w> Checked<'w> {
    fn of(world: &'w World) -> Self {
        let of_direction = |wanted| {
            let messages = world.sandbox.messages().into_iter();
            let messages = messages.filter(|message| message.direction == wanted);
            messages.map(|m| (m.sid.clone(), m)).collect()
        };
        let phones = world.sandbox.phones().into_iter();
        let shown = phones.flat_map(|phone| world.sandbox.screen(&phone));
        Self {
            deliveries: {
                let deliveries = world.store.deliveries().into_iter();
                deliveries.map(|d| (d.id.clone(), d)).collect()
            },
            inbounds: {
                let inbounds = world.store.inbounds().into_iter();
                inbounds.map(|i| (i.sms.sid.clone(), i)).collect()
            },
            messages: of_direction(Direction::OutboundApi),
            texts: of_direction(Direction::Inbound),
            shown: shown.filter(|e| !e.sent).map(|e| e.sid).collect(),
            audit: world.audit(),
            violations: world.violations.clone(),
            endings: Endings::default(),
            world,
        }
    }

    fn wrong(&mut self, what: String) {
        self.violations.push(what);
    }

    /// The inbound that set this delivery in motion, or the one that this tells of.
    fn cause(&self, delivery: &Delivery) -> Option<&InboundRecord> {
        self.inbounds.get(delivery.message_sid.as_ref()?)
    }
}

/// Whether it goes to the people whom its text's decision names, and not to those who got the
/// conversation later.
fn is_of_its_decision(delivery: &Delivery) -> bool {
    let sid = delivery.message_sid.as_ref();
    sid.is_some_and(|sid| delivery.id == DeliveryId::of_inbound(sid))
}

/// Everybody who was behind a line at some time, by name and number.
fn people(world: &World) -> impl Iterator<Item = (&str, &PhoneNumber)> {
    let people = world.lines.iter().flat_map(|(_, line)| &line.people);
    people.map(|person| (person.name.as_str(), &person.number))
}
