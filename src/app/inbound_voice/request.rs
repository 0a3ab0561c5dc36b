//! What Twilio asks and tells about a call: verified, taken as the call's next step, kept, answered.

use std::time::Duration;

use anyhow::{Context, bail};
use futures::future::{join, try_join};
use jiff::Timestamp;

use super::{effects, entry};
use crate::app::audit::records;
use crate::app::ports::audit::HashKey;
use crate::app::ports::credentials::verify;
use crate::app::ports::kept_texts::SpooledText;
use crate::app::ports::store::{ForCall, Saved};
use crate::app::relay::Relay;
use crate::domain::call::{
    self, Answer, Attestation, Call, Caller, Event, LineCalls, NewCall, Outcome, Stage,
};
use crate::domain::credentials::Credentials;
use crate::domain::ids::CallSid;
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::twilio::answer::WebhookError;
use crate::twilio::voice::{VoicePath, what_to_do};
use crate::twilio::webhook::{self, CallFrom, Refusal, Unverified};

/// What Twilio is answered.
pub struct Answered {
    pub answer: Answer,
    pub call: CallSid,
    pub public_url: String,
    /// Nobody waits for a document.
    pub is_callback: bool,
}

/// How often a step is taken anew because somebody else saved the call meanwhile.
const MOST_STEPS: usize = 12;

/// How long a person who pressed 1 waits for the store. Then they are connected all the same: what comes next
/// says that they were.
const CONNECTS_WITHIN: Duration = Duration::from_secs(1);

/// Two round trips in sequence: everything that the answer needs, then everything that follows from it.
pub async fn receive(relay: &Relay, webhook: Unverified) -> Result<Answered, WebhookError> {
    let asked = webhook.voice()?;
    if !matches!(asked.path, VoicePath::Chosen(..)) {
        return take(relay, webhook, None).await;
    }
    let connects = connects_anyway(relay, &webhook, &asked.call).await;
    let taken = tokio::time::timeout(CONNECTS_WITHIN, take(relay, webhook, None));
    match (taken.await, connects) {
        (Ok(Err(WebhookError::Failed(error))), Some(answered)) => {
            tracing::error!(
                count = "connected_unsaved", call.sid = %asked.call, error = format!("{error:#}"),
                "a person pressed 1 and is connected, though it could not be kept"
            );
            Ok(answered)
        }
        (Err(_), Some(answered)) => {
            tracing::error!(
                count = "connected_unsaved", call.sid = %asked.call,
                "a person pressed 1 and is connected, though the store did not answer in time"
            );
            Ok(answered)
        }
        (Ok(taken), _) => taken,
        (Err(_), None) => Err(anyhow::anyhow!("the store did not answer in time").into()),
    }
}

/// What is answered to the key 1 if the store cannot say anything: the signature alone has to be right, over the
/// address that the request says it was sent to.
async fn connects_anyway(relay: &Relay, webhook: &Unverified, call: &CallSid) -> Option<Answered> {
    let credentials = relay.credentials.current().await.ok()?;
    let presses_one = webhook.presses("1") && webhook.seems_genuine(&credentials).is_ok();
    presses_one.then(|| Answered {
        answer: Answer::Connect,
        call: call.clone(),
        public_url: String::new(),
        is_callback: false,
    })
}

/// A request that the fallback kept, on the same way. One that the main path has taken meanwhile changes
/// nothing.
pub async fn take_kept(relay: &Relay, kept: &SpooledText) -> Result<(), WebhookError> {
    match take(relay, kept.request.clone(), Some(kept.received)).await {
        // What began the call may be kept as well, and still wait.
        Err(WebhookError::Refused(refusal @ (Refusal::UnknownCall | Refusal::UnknownLine)))
            if kept.checked =>
        {
            Err(anyhow::Error::from(refusal).into())
        }
        Err(WebhookError::Refused(refusal)) => {
            let credentials = relay.credentials.current().await?;
            if kept.checked || kept.request.seems_genuine(&credentials).is_ok() {
                return Err(refusal.into());
            }
            tracing::warn!(
                count = refusal.counts_as(),
                "dropped what came to the fallback unchecked"
            );
            Ok(())
        }
        taken => taken.map(|_| ()),
    }
}

async fn take(
    relay: &Relay,
    webhook: Unverified,
    by_fallback: Option<Timestamp>,
) -> Result<Answered, WebhookError> {
    let asked = webhook.voice()?;
    let source = &*relay.credentials;
    let (credentials, found) = try_join(source.current(), async {
        find(
            relay,
            &asked.call,
            asked.line.as_ref(),
            asked.caller.as_ref(),
        )
        .await
    })
    .await?;
    let (line, stored) = found.ok_or(Refusal::UnknownLine)?;
    let verified = verify(webhook, source, &credentials, &line.public_url).await?;
    let news = webhook::voice(asked.path, verified)?.into_inner();
    if let Some(code) = news.error_code {
        tracing::warn!(
            count = "call_error", call.sid = %news.call, error_code = code, advice = what_to_do(code),
            "Twilio tells of an error of a call"
        );
    }
    let is_callback = news.path.is_callback();
    let key = HashKey::of(&credentials);
    let work = Work {
        relay,
        credentials: &credentials,
        key: &key,
        line: &line,
        sid: &news.call,
        from: news.from.as_ref(),
        at: by_fallback,
    };
    let event = match by_fallback {
        Some(_) if news.path == VoicePath::Fallback => Some(Event::TakenByFallback),
        _ => news.event,
    };
    let answer = match event {
        Some(event) => work.take(stored, event).await?,
        None => Answer::Nothing,
    };
    Ok(Answered {
        answer,
        call: news.call.clone(),
        public_url: line.public_url.clone(),
        is_callback,
    })
}

/// The line that a request is for, and what is stored for it. A request that does not name its line is of a
/// call that is known.
async fn find(
    relay: &Relay,
    sid: &CallSid,
    line: Option<&PhoneNumber>,
    from: Option<&PhoneNumber>,
) -> anyhow::Result<Option<(Line, ForCall)>> {
    let known;
    let number = match line {
        Some(number) => number,
        None => match relay.store.call(sid).await? {
            Some(call) => {
                known = call.line;
                &known
            }
            None => return Ok(None),
        },
    };
    let stored = relay.store.for_call(number, sid, from).await?;
    let line = stored.inbound.line.clone();
    Ok(line.map(|line| (line, stored)))
}

/// What a call is worked on with.
pub(super) struct Work<'a> {
    pub relay: &'a Relay,
    pub credentials: &'a Credentials,
    pub key: &'a HashKey,
    pub line: &'a Line,
    pub sid: &'a CallSid,
    /// Who calls, if the request says so.
    pub from: Option<&'a CallFrom>,
    /// When the request came, if the fallback took it.
    pub at: Option<Timestamp>,
}

/// A call after an event, however it was before.
struct Stepped {
    call: Call,
    live: LineCalls,
    answer: Answer,
    effects: Vec<call::Effect>,
}

impl Work<'_> {
    /// Takes the call's next step, keeps it and carries out what follows. Of steps that are taken at once, each is
    /// taken by what the others left.
    pub async fn take(&self, mut stored: ForCall, event: Event) -> Result<Answer, WebhookError> {
        for _ in 0..MOST_STEPS {
            let now = self.at.unwrap_or_else(|| self.relay.now());
            let begins = stored.call.is_none();
            let mut stepped = self.step(&stored, event.clone(), now)?;
            self.name_the_message(&mut stepped.call);
            let before = stored.call.as_ref();
            if before == Some(&stepped.call) && stepped.effects.is_empty() {
                return Ok(stepped.answer);
            }
            // In this order: whoever is killed in between has told people, and the step that is taken again
            // tells nobody twice.
            if self.is_told(before, &stepped) {
                entry::take_in(self, &stored, &stepped.call, now).await?;
            }
            if self.save(&stored, &mut stepped, now).await? == Saved::Yes {
                effects::carry_out(self, &stepped.call, &stepped.effects).await?;
                // What the fallback kept of a call that nobody had heard of says more than that it began.
                if !begins || matches!(event, Event::Began | Event::TakenByFallback) {
                    return Ok(stepped.answer);
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

    fn step(&self, stored: &ForCall, event: Event, now: Timestamp) -> Result<Stepped, Refusal> {
        let known = stored.inbound.known(now);
        if let Some(call) = &stored.call {
            let step = call::step(call, &stored.live, event, self.line, &known, now);
            let step = step.map_err(|_| Refusal::OtherCall)?;
            return Ok(Stepped {
                call: step.call,
                live: step.live,
                answer: step.answer,
                effects: step.effects,
            });
        }
        let from = self.from.cloned().unwrap_or(CallFrom {
            caller: Caller::Withheld,
            attestation: Attestation::Absent,
            place: None,
        });
        let new = NewCall {
            sid: self.sid.clone(),
            caller: from.caller,
            attestation: from.attestation,
            place: from.place,
        };
        let began = match event {
            _ if self.at.is_some() => {
                call::taken_by_fallback(self.line, &known, &stored.live, new, now)
            }
            Event::Began => call::begin(self.line, &known, &stored.live, new, now),
            // Nobody heard the call begin: its first request was lost, or it is forgotten.
            _ => return Err(Refusal::UnknownCall),
        };
        Ok(Stepped {
            call: began.call,
            live: began.live,
            answer: began.answer,
            effects: began.effects,
        })
    }

    /// The link to a message is made when it begins, so that every request after that finds the same.
    fn name_the_message(&self, call: &mut Call) {
        if let Some(message) = call.message.as_mut().filter(|m| m.token.is_none()) {
            message.token = Some(super::voicemail::token(&call.sid, &*self.relay.chance));
        }
    }

    /// A talk counts for the customer's conversation, whether or not the person is texted about it.
    fn is_told(&self, before: Option<&Call>, stepped: &Stepped) -> bool {
        let spoke = |call: &Call| {
            let outcome = match &call.stage {
                Stage::Over { outcome } => Some(outcome),
                _ => None,
            };
            matches!(outcome, Some(Outcome::Spoke { .. }))
        };
        let has_spoken = spoke(&stepped.call) && !before.is_some_and(spoke);
        has_spoken || stepped.effects.contains(&call::Effect::Tell)
    }

    async fn save(
        &self,
        stored: &ForCall,
        stepped: &mut Stepped,
        now: Timestamp,
    ) -> anyhow::Result<Saved> {
        let before = stored.call.as_ref();
        stepped.call.version = before.map_or(0, |before| before.version) + 1;
        let changes_line = stepped.live != stored.live;
        if changes_line {
            stepped.live.version = stored.live.version + 1;
        }
        let live = changes_line.then_some(&stepped.live);
        let saving = self.relay.store.save_call(&stepped.call, live);
        let records = records::of_call(before, &stepped.call, &self.line.name, now, self.key);
        let (saved, ()) = join(saving, self.relay.report(records)).await;
        saved.context("the call could not be kept")
    }
}

/// The line of a call that is due, and what is stored for it.
pub(super) async fn found(relay: &Relay, call: &Call) -> anyhow::Result<(Line, ForCall)> {
    let from = call.caller.phone();
    let stored = relay.store.for_call(&call.line, &call.sid, from).await?;
    let Some(line) = stored.inbound.line.clone() else {
        bail!("the line of call {} is gone", call.sid);
    };
    Ok((line, stored))
}
