//! What a call is worked on with.

use anyhow::{Context, bail};
use futures::future::join;
use jiff::Timestamp;

use crate::app::audit::records;
use crate::app::ports::audit::HashKey;
use crate::app::ports::store::{ForCall, Saved};
use crate::app::relay::Relay;
use crate::domain::call::{Call, Step};
use crate::domain::credentials::Credentials;
use crate::domain::delivery::{Delivery, Purpose, Recipient};
use crate::domain::ids::{CallSid, DeliveryId};
use crate::domain::line::Line;
use crate::domain::phone::PhoneNumber;
use crate::twilio::webhook::CallFrom;

/// What a call is worked on with.
pub struct Work<'a> {
    pub relay: &'a Relay,
    pub credentials: &'a Credentials,
    pub line: &'a Line,
    pub sid: &'a CallSid,
    /// Who calls, if the request says so.
    pub from: Option<&'a CallFrom>,
    /// Which of the line's numbers is called, if the request says so.
    pub to: Option<&'a PhoneNumber>,
    /// When the request came, if the fallback took it.
    pub at: Option<Timestamp>,
}

impl Work<'_> {
    /// For the audit.
    pub fn key(&self) -> HashKey {
        HashKey::of(self.credentials)
    }

    /// Texts somebody of the line about the call.
    pub async fn text(
        &self,
        id: DeliveryId,
        to: Recipient,
        words: String,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let words = (words, Vec::new());
        let text = Delivery::new(self.line, id, Purpose::Conversation, to, words, now);
        let texts = [text];
        self.relay.store.spawn(&texts).await?;
        self.relay.wake_spawned(&texts, now).await;
        Ok(())
    }

    /// Keeps what a step makes of the call, and puts it on record.
    pub async fn save(
        &self,
        stored: &ForCall,
        stepped: &mut Step,
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
        let records = records::of_call(before, &stepped.call, &self.line.name, now, &self.key());
        let (saved, ()) = join(saving, self.relay.report(records)).await;
        saved.context("the call could not be kept")
    }
}

/// The line of a call that is due, and what is stored for it.
pub async fn found(relay: &Relay, call: &Call) -> anyhow::Result<(Line, ForCall)> {
    let from = call.caller.phone();
    let stored = relay.store.for_call(&call.line, &call.sid, from).await?;
    let Some(line) = stored.inbound.line.clone() else {
        bail!("the line of call {} is gone", call.sid);
    };
    Ok((line, stored))
}
