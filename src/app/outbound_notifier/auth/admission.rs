use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::{Denied, TOLERANCE};
use crate::app::ports::store::{SignatureDigest, Store};
use crate::domain::credentials::{Action, Actions};
use crate::domain::pace;

/// A request that is a caller's own, made now; but perhaps not for the first time.
pub struct Signed {
    pub(super) caller: String,
    pub(super) actions: Actions,
    pub(super) at: Timestamp,
    pub(super) signature: Vec<u8>,
    pub(super) body: Bytes,
}

/// What a caller asks for and may do: made from a request whose signature was right, for the first
/// time.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified {
    pub caller: String,
    /// Whether it may see what others asked for.
    pub sees_everything: bool,
    pub body: Bytes,
}

impl Signed {
    /// Lets the request in for this action, unless it was here before, may not do that, or the caller
    /// asks too often. Its signature is remembered as long as its timestamp is near enough.
    pub async fn admit(
        self,
        action: Action,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<Verified, Denied> {
        if !self.actions.allow(action) {
            return Err(Denied::NotAllowed(action));
        }
        let digest = SignatureDigest::of(&self.signature);
        let until = self.at.checked_add(TOLERANCE).unwrap_or(Timestamp::MAX);
        if !store.claim_signature(&digest, until, now).await? {
            return Err(Denied::Replayed);
        }
        let key = pace::Key::caller(&self.caller);
        let slot = store.claim_slot(&key, pace::CALLER, Duration::ZERO, now);
        if slot.await?.taken().is_none() {
            // The next slot is never further away than from one to the next.
            let after = pace::CALLER.interval().as_secs().max(1);
            return Err(Denied::TooOften { after });
        }
        Ok(Verified {
            caller: self.caller,
            sees_everything: self.actions.see_everything(),
            body: self.body,
        })
    }
}

/// Bodies have numbers in them.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}
