//! What comes of a webhook's answer.

use super::faults::AnswerFault;
use super::state::{Happening, State};
use super::webhook::{Answers, Given, NO_GOOD_ANSWER, NoReply, Outgoing, Verdict, WebhookId};

impl State {
    /// A webhook was answered, or was not. A fault may have that come late, or be something else.
    pub(super) fn webhook_ends(&mut self, id: WebhookId, answer: Result<Given, NoReply>) {
        let Some(mut webhook) = self.outbox.take(id) else {
            return;
        };
        let timeout = webhook.timeout();
        match webhook.fault.take() {
            None => self.judge(webhook, answer),
            Some(AnswerFault::Status(status)) => {
                let given = answer.map(|given| Given { status, ..given });
                self.judge(webhook, given);
            }
            Some(AnswerFault::Late(wait)) => {
                let (wait, answer) = if wait < timeout {
                    (wait, answer)
                } else {
                    (timeout, Err(NoReply::TimedOut))
                };
                let late = Happening::Answer(Box::new(webhook), answer);
                self.steps.put(self.now + wait, late);
            }
        }
    }

    pub(super) fn judge(&mut self, webhook: Outgoing, answer: Result<Given, NoReply>) {
        let verdict = match &answer {
            Ok(given) => self.outbox.answered(&webhook, given.status, self.now),
            Err(why) => self.outbox.unanswered(&webhook, *why, self.now),
        };
        match (verdict, answer, &webhook.answers) {
            (Verdict::Good, Ok(given), Answers::Text(inbound)) => {
                self.reply(inbound, &webhook.url, &given.body);
            }
            (Verdict::Good, Ok(given), Answers::Call(_)) => self.call_answered(webhook, &given),
            (Verdict::Good, ..) => {}
            (Verdict::Again(again), ..) => self.outbox.put(self.now, *again),
            (Verdict::Failed, _, Answers::Text(inbound)) => {
                if let Some(inbound) = self.messages.get_mut(inbound) {
                    inbound.error_code = Some(NO_GOOD_ANSWER);
                }
            }
            (Verdict::Failed, ..) => self.call_unanswered(&webhook),
        }
    }
}
