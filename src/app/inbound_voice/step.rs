//! A call's next step: taken by what is stored, kept, and what follows from it carried out.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::entry::Told;
use super::{effects, entry, voicemail};
use crate::app::call_work::Work;
use crate::app::ports::store::{ForCall, Saved};
use crate::domain::call::{
    self, Answer, Attestation, Call, Caller, Event, NewCall, Outcome, Stage, Step,
};
use crate::domain::phone::PhoneNumber;
use crate::twilio::answer::WebhookError;
use crate::twilio::webhook::{CallFrom, Refusal};

/// How often a step is taken anew because somebody else saved the call meanwhile.
const MOST_STEPS: usize = 12;

const LATE_VOICEMAIL: call::Effect = call::Effect::Alert(call::Alert::LateVoicemail);

impl Work<'_> {
    /// Takes the call's next step, keeps it, and carries out what follows, with the steps that come of that.
    pub async fn take(&self, stored: ForCall, event: Event) -> Result<Answer, WebhookError> {
        let by_call = stored.call.as_ref().map(|call| &call.caller);
        let caller = by_call.or(self.from.map(|from| &from.caller));
        let caller = caller.and_then(Caller::phone).cloned();
        let (answer, news) = self.take_one(stored, event).await?;
        let mut news = VecDeque::from(news);
        for _ in 0..MOST_STEPS {
            let Some(event) = news.pop_front() else {
                break;
            };
            match self.take_further(event, caller.as_ref()).await {
                Ok(more) => news.extend(more),
                Err(error) => tracing::warn!(
                    call.sid = %self.sid, error = format!("{error:#}"),
                    "what came of a call's step was not kept; the call is due again"
                ),
            }
        }
        Ok(answer)
    }

    async fn take_further(
        &self,
        event: Event,
        caller: Option<&PhoneNumber>,
    ) -> anyhow::Result<Vec<Event>> {
        let (store, number) = (&self.relay.store, &self.line.number);
        let stored = store.for_call(number, self.sid, caller).await?;
        let (_, more) = self.take_one(stored, event).await?;
        Ok(more)
    }

    /// Of steps that are taken at once, each is taken by what the others left. Returns also what came of the effects.
    async fn take_one(
        &self,
        mut stored: ForCall,
        event: Event,
    ) -> Result<(Answer, Vec<Event>), WebhookError> {
        for _ in 0..MOST_STEPS {
            let now = self.at.unwrap_or_else(|| self.relay.now());
            let begins = stored.call.is_none();
            let mut stepped = self.step(&stored, event.clone(), now)?;
            self.name_the_message(&mut stepped.call);
            let before = stored.call.as_ref();
            if before == Some(&stepped.call) && stepped.effects.is_empty() {
                return Ok((stepped.answer, Vec::new()));
            }
            // In this order: whoever is killed in between has told people, and the step that is taken again
            // tells nobody twice.
            if self.is_told(before, &stepped) {
                let told = Box::pin(entry::take_in(self, &stored, &stepped.call, now)).await?;
                if told == Told::NotOfTheMessage {
                    stepped.effects.push(LATE_VOICEMAIL);
                }
            }
            // It is the only word of that message.
            if stepped.effects.contains(&LATE_VOICEMAIL) {
                stepped.effects.retain(|effect| *effect != LATE_VOICEMAIL);
                effects::raise(self, &call::Alert::LateVoicemail).await;
            }
            if self.save(&stored, &mut stepped, now).await? == Saved::Yes {
                let carrying_out = effects::carry_out(self, &stepped.call, &stepped.effects);
                let news = Box::pin(carrying_out).await;
                // What the fallback kept of a call that nobody had heard of says more than that it began.
                if !begins || matches!(event, Event::Began | Event::TakenByFallback) {
                    return Ok((stepped.answer, news));
                }
            }
            let from = stepped.call.caller.phone().cloned();
            let number = &self.line.number;
            stored = self
                .relay
                .store
                .for_call(number, self.sid, from.as_ref())
                .await?;
        }
        Err(anyhow::anyhow!("other requests kept changing call {}", self.sid).into())
    }

    /// Keeps a call that was found when it was over, and tells people of it. `None` if somebody else has kept it
    /// meanwhile.
    pub async fn take_found(
        &self,
        stored: ForCall,
        was: call::Found,
        now: Timestamp,
    ) -> anyhow::Result<Option<Call>> {
        let known = stored.inbound.known(now);
        let mut stepped = call::found(self.line, &known, &stored.live, self.new_call(), was, now);
        self.name_the_message(&mut stepped.call);
        if self.is_told(None, &stepped) {
            Box::pin(entry::take_in(self, &stored, &stepped.call, was.came)).await?;
        }
        let saved = self.save(&stored, &mut stepped, now).await?;
        Ok((saved == Saved::Yes).then_some(stepped.call))
    }

    pub(super) fn new_call(&self) -> NewCall {
        let from = self.from.cloned().unwrap_or(CallFrom {
            caller: Caller::Withheld,
            attestation: Attestation::Absent,
            place: None,
        });
        NewCall {
            sid: self.sid.clone(),
            caller: from.caller,
            attestation: from.attestation,
            place: from.place,
        }
    }

    fn step(&self, stored: &ForCall, event: Event, now: Timestamp) -> Result<Step, Refusal> {
        let known = stored.inbound.known(now);
        if let Some(call) = &stored.call {
            let step = call::step(call, &stored.live, event, self.line, &known, now);
            return step.map_err(|_| Refusal::OtherCall);
        }
        let new = self.new_call();
        match event {
            _ if self.at.is_some() => Ok(call::taken_by_fallback(
                self.line,
                &known,
                &stored.live,
                new,
                now,
            )),
            Event::Began => Ok(call::begin(self.line, &known, &stored.live, new, now)),
            // Nobody heard the call begin: its first request was lost, or it is forgotten.
            _ => Err(Refusal::UnknownCall),
        }
    }

    /// The link to a message is made when it begins, so that every request after that finds the same.
    fn name_the_message(&self, call: &mut Call) {
        if let Some(message) = call.message.as_mut().filter(|m| m.token.is_none()) {
            message.token = Some(voicemail::token(&call.sid, &*self.relay.chance));
        }
    }

    /// A talk counts for the customer's conversation, whether or not the person is texted about it, and so does that
    /// a person called them and did not reach them.
    fn is_told(&self, before: Option<&Call>, stepped: &Step) -> bool {
        let counts = |call: &Call| match &call.stage {
            Stage::Over { outcome } => match outcome {
                Outcome::Spoke { .. } => true,
                Outcome::NotReached { because } => because.customer_was_called(),
                _ => false,
            },
            _ => false,
        };
        let counts_now = counts(&stepped.call) && !before.is_some_and(counts);
        counts_now || stepped.effects.contains(&call::Effect::Tell)
    }
}
