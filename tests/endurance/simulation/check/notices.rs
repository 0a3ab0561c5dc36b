//! What subscribers were told: nothing twice, nobody left out, and nobody left with what is no longer
//! true.

use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt;
use relay::app::ports::store::{Notices, Store};
use relay::domain::delivery::Status;
use relay::domain::delivery::{Delivery, State, Withheld};
use relay::domain::ids::DeliveryId;
use relay::domain::notice::{Notice, NoticeState};
use relay::domain::phone::PhoneNumber;
use relay::sandbox::Message;

use super::Checked;
use super::phones::cause_of;
use crate::endurance::simulation::world::World;

/// What a run with notices did wrong.
pub fn check_notices(world: &World) -> Vec<String> {
    let mut checked = Checked::of(world);
    checked.each_message_belongs_to_one_attempt();
    let told: Vec<Notice> = world
        .telling
        .told
        .iter()
        .map(|id| now(world.store.notice(*id)).expect("it was accepted"))
        .collect();
    let line = &world.lines[0].1.number;
    let opted_out = now(world.store.opt_outs(line)).0.into_keys().collect();
    let subscribers = Subscribers {
        opted_out,
        all: &world.telling.subscribers,
    };
    for notice in &told {
        checked.adds_up(notice, &subscribers);
    }
    checked.nobody_got_anything_twice(&subscribers);
    match told.split_last() {
        Some((last, earlier)) => checked.the_last_word_came(last, earlier, &subscribers),
        None => checked.wrong("stuck: no notice was ever accepted".to_owned()),
    }
    checked.violations
}

struct Subscribers<'w> {
    all: &'w [PhoneNumber],
    opted_out: BTreeSet<PhoneNumber>,
}

/// What memory answers.
fn now<T>(answer: impl Future<Output = anyhow::Result<T>>) -> T {
    let answer = answer.now_or_never().expect("memory does not wait");
    answer.expect("it does not fail")
}

impl Checked<'_> {
    /// The fan-out is over, and every recipient is counted where they stand.
    fn adds_up(&mut self, notice: &Notice, subscribers: &Subscribers) {
        let counts = now(self.world.store.counts(notice.id));
        if notice.state.is_open() || counts.waiting + counts.sending > 0 {
            self.wrong(format!("stuck: {notice:?} with {counts:?}"));
        }
        // Who opts out while a page is done twice at once may be counted for both.
        let least = subscribers.all.len() as u64;
        let most = least + subscribers.opted_out.len() as u64;
        let total = counts.total() + notice.skipped.total();
        if notice.state == NoticeState::Sent && !(least..=most).contains(&total) {
            self.wrong(format!("does not add up: {notice:?} with {counts:?}"));
        }
    }

    fn nobody_got_anything_twice(&mut self, subscribers: &Subscribers) {
        let mut wrong = Vec::new();
        for phone in subscribers.all {
            let mut texts: BTreeMap<&str, usize> = BTreeMap::new();
            for message in self.messages.values().filter(|m| m.to == phone.expose()) {
                *texts.entry(&message.body).or_default() += usize::from(may_be_read(message));
            }
            for (body, times) in texts.into_iter().filter(|(_, times)| *times > 1) {
                wrong.push(format!("doubled: {body:?} came {times} times"));
            }
        }
        self.violations.extend(wrong);
    }

    /// Everybody has a text of the last notice whom it concerns.
    fn the_last_word_came(&mut self, last: &Notice, earlier: &[Notice], all: &Subscribers) {
        if last.state != NoticeState::Sent {
            return;
        }
        let phones = all
            .all
            .iter()
            .filter(|phone| !all.opted_out.contains(phone));
        for phone in phones {
            let of = |notice: &Notice| {
                self.deliveries
                    .get(&DeliveryId::of_notice(&notice.id, &notice.salt, phone))
            };
            let delivery = of(last);
            if let Some(Delivery {
                state: State::Withheld { because },
                id,
                ..
            }) = delivery
            {
                let what = format!("withheld: {id} because {because:?}");
                self.violations.push(what);
            }
            if delivery.is_some() {
                continue;
            }
            let before: Vec<_> = earlier.iter().filter_map(of).collect();
            // Whom an earlier one could not reach, or was not to, does not hear of the change.
            let was_over = earlier
                .iter()
                .any(|e| matches!(e.state, NoticeState::Cancelled { .. }))
                || before
                    .iter()
                    .any(|delivery| has_failed(delivery) || self.arrives_after_all(delivery));
            if before.iter().any(|delivery| self.may_be_read(delivery)) {
                let what = format!(
                    "out of date: {:?} knows no better by {last:?}",
                    phone.masked()
                );
                self.violations.push(what);
            } else if last.template != "event_cancelled" && !was_over {
                let what = format!("missed: {:?} has nothing by {last:?}", phone.masked());
                self.violations.push(what);
            }
        }
    }

    fn arrives_after_all(&self, delivery: &Delivery) -> bool {
        let mut messages = self.messages.values();
        messages.any(|m| m.arrives_after_all() && cause_of(m).as_ref() == Some(&delivery.id))
    }

    /// Whether the recipient may have a text of the delivery.
    fn may_be_read(&self, delivery: &Delivery) -> bool {
        let mut messages = self.messages.values();
        messages.any(|m| may_be_read(m) && cause_of(m).as_ref() == Some(&delivery.id))
    }
}

fn may_be_read(message: &Message) -> bool {
    let failed = [Status::Undelivered, Status::Failed, Status::Canceled];
    // What arrives after all may be out of date by then.
    !failed.contains(&message.status) && !message.arrives_after_all()
}

fn has_failed(delivery: &Delivery) -> bool {
    match delivery.state {
        State::GaveUp { .. } => true,
        State::Withheld { because } => because != Withheld::Superseded,
        _ => false,
    }
}
