//! What those who texted were told, through Twilio.

use relay::domain::delivery::Outcome;
use relay::domain::delivery::Status;

use super::Checked;

impl Checked<'_> {
    /// What was acknowledged is kept, what is kept has its deliveries, and of what was not
    /// acknowledged Twilio knows.
    pub(crate) fn what_customers_were_told_is_true(&mut self) {
        let mut wrong = Vec::new();
        for sid in &self.world.acknowledged {
            if !self.inbounds.contains_key(sid) {
                wrong.push(format!("lost: {sid} was acknowledged and is not kept"));
            }
        }
        for (sid, inbound) in &self.inbounds {
            if !self.texts.contains_key(sid) {
                wrong.push(format!("forged: nobody wrote {sid}"));
            }
            let deliveries = inbound.deliveries.iter();
            for id in deliveries.filter(|id| !self.deliveries.contains_key(id)) {
                wrong.push(format!("lost: there is no delivery {id}"));
            }
        }
        for sid in self.texts.keys() {
            let acknowledged = self.world.acknowledged.contains(sid);
            let complained = self.world.complained.contains(sid);
            match (acknowledged, complained) {
                (true, _) => {}
                (false, true) => self.endings.only_twilio_knows += 1,
                (false, false) => wrong.push(format!("vanished: nobody knows of {sid}")),
            }
        }
        // Twilio's debugger has at least one entry for each that failed.
        let alerts = self.world.sandbox.alerts().len();
        if alerts < self.world.complained.len() {
            wrong.push(format!("vanished: Twilio shows {alerts} failed webhooks"));
        }
        self.violations.extend(wrong);
    }

    /// News that was answered with 200 is in the delivery.
    pub(crate) fn news_was_not_forgotten(&mut self) {
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
                    // It may have arrived after all.
                    matches!(outcome, Outcome::Undelivered { .. })
                        || attempt.disproved.is_some()
                        || self
                            .messages
                            .get(&news.sid)
                            .is_some_and(|m| m.arrives_after_all())
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
}
