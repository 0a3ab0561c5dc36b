//! Twilio has all of it, and what became of it is still to be heard.

use super::*;

/// How long to wait for a callback before Twilio is asked the first time what became of a message.
const CALLBACK_WITHIN: Duration = Duration::from_secs(2 * 60);

/// How long before a person's time is over Twilio is asked once more: a text whose callback got
/// lost does not go to the next, too.
const LAST_LOOK: Duration = Duration::from_secs(10);

impl Step {
    /// Accepted, to be asked about with growing pauses until the person's time is over.
    pub(super) fn await_report(&mut self, asked: u32) {
        self.delivery.state = State::Accepted { ask: None, asked };
        let end = self.delivery.stage_end();
        let last_look = end.checked_sub(LAST_LOOK).unwrap_or(end);
        let ask = if self.now < last_look {
            self.later(CALLBACK_WITHIN * 2_u32.saturating_pow(asked.min(5)))
                .min(last_look)
        } else {
            end.max(self.now)
        };
        self.delivery.state = State::Accepted {
            ask: Some(ask),
            asked,
        };
        self.effects.push(Effect::Wake { due: ask });
    }

    /// No callback told the end of it yet.
    pub(super) fn miss_callback(&mut self, asked: u32) {
        let open = self.delivery.mine().filter(|a| !a.outcome.is_final());
        let ask = open.map(|a| Effect::AskAfter { attempt: a.number });
        self.effects.extend(ask.collect::<Vec<_>>());
        self.await_report(asked + 1);
    }

    /// The person's time is over without a report.
    pub(super) fn miss_report(&mut self) {
        if self.has_next() {
            self.move_on(MovedOn::NoReport);
        } else if matches!(self.delivery.purpose, Purpose::Relay | Purpose::Invitation) {
            self.give_up(GaveUp::NoReport);
        } else if let State::Accepted { ask, .. } = &mut self.delivery.state {
            // The relay's own words are not worth more.
            *ask = None;
        }
    }
}
