//! Whether the promise was kept although the relay went back to a backup.

use std::collections::{BTreeMap, BTreeSet};

use relay::domain::delivery::{Delivery, Purpose, State};
use relay::domain::ids::DeliveryId;
use relay::domain::sms;

use super::phones::cause_of;
use super::{Checked, Endings, World};

/// What a run with a restore did wrong, and how its texts ended.
pub fn check_restored(world: &World) -> (Vec<String>, Endings) {
    let mut checked = Checked::of(world);
    if !world.backup.is_restored {
        checked.wrong("stuck: nothing was restored".to_owned());
    }
    checked.what_customers_were_told_is_true();
    checked.each_message_belongs_to_one_attempt();
    checked.nobody_was_texted_twice();
    for delivery in checked.deliveries.clone().values() {
        checked.reached_somebody_or_is_reported(delivery);
    }
    (checked.violations, checked.endings)
}

impl Checked<'_> {
    /// The relay before and the one after call a text by one name, which stands in the callback's address. So
    /// a text is told from another with the same words.
    fn nobody_was_texted_twice(&mut self) {
        let mut sent: BTreeMap<(DeliveryId, &str), usize> = BTreeMap::new();
        for message in self.messages.values() {
            let arrives = !message.status.is_failure() && !message.arrives_after_all();
            if let Some(id) = cause_of(message).filter(|_| arrives) {
                *sent.entry((id, message.to.as_str())).or_default() += 1;
            }
        }
        let mut wrong = Vec::new();
        for ((id, to), count) in sent {
            let Some(delivery) = self.deliveries.get(&id) else {
                continue;
            };
            let of = delivery.attempts.iter().map(|attempt| attempt.of);
            // The whole of it may be longer by a word about who had it before.
            let longest = format!("{:80}{}", "", delivery.body);
            let longest = sms::parts(&longest, &delivery.media).len();
            let parts = of.chain([delivery.parts.len()]).max().unwrap_or(1);
            let parts = if parts > 1 { parts.max(longest) } else { parts };
            if count > parts * (1 + delivery.replays.len()) {
                wrong.push(format!(
                    "twice: {id} went to {to} in {count} messages for {parts} parts"
                ));
            }
        }
        self.violations.extend(wrong);
    }

    fn reached_somebody_or_is_reported(&mut self, delivery: &Delivery) {
        if delivery.purpose != Purpose::Relay {
            return;
        }
        match &delivery.state {
            State::Delivered => {
                self.endings.delivered += 1;
                let shown: BTreeSet<&str> = self
                    .messages
                    .values()
                    .filter(|m| self.shown.contains(&m.sid))
                    .filter(|m| cause_of(m).as_ref() == Some(&delivery.id))
                    .map(|m| m.body.as_str())
                    .collect();
                if shown.len() < delivery.parts.len() {
                    let what = format!("lost: {} counts as delivered and was not", delivery.id);
                    self.wrong(what);
                }
            }
            // A dead letter: the owner sees it, and is told if they have a number for that.
            State::GaveUp { .. } => {
                self.endings.given_up += 1;
                let alert = DeliveryId::alert(&delivery.id, delivery.replays.len());
                let is_told = self.deliveries.contains_key(&alert);
                if delivery.gave_up.is_none() || (delivery.policy.alert.is_some() && !is_told) {
                    self.wrong(format!("lost: nobody is told that {} gave up", delivery.id));
                }
            }
            State::Withheld { because } => {
                self.wrong(format!("dropped: {} by {because:?}", delivery.id));
            }
            state => self.wrong(format!("stuck: {} is {state:?}", delivery.id)),
        }
    }
}
