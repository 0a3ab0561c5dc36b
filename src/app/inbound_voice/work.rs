//! What a call is worked on with.

use anyhow::bail;
use jiff::Timestamp;

use crate::app::ports::audit::HashKey;
use crate::app::ports::store::ForCall;
use crate::app::relay::Relay;
use crate::domain::call::Call;
use crate::domain::credentials::Credentials;
use crate::domain::ids::CallSid;
use crate::domain::line::Line;
use crate::twilio::webhook::CallFrom;

/// What a call is worked on with.
pub struct Work<'a> {
    pub relay: &'a Relay,
    pub credentials: &'a Credentials,
    pub line: &'a Line,
    pub sid: &'a CallSid,
    /// Who calls, if the request says so.
    pub from: Option<&'a CallFrom>,
    /// When the request came, if the fallback took it.
    pub at: Option<Timestamp>,
}

impl Work<'_> {
    /// For the audit.
    pub fn key(&self) -> HashKey {
        HashKey::of(self.credentials)
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
