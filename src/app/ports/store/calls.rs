use anyhow::ensure;
use async_trait::async_trait;
use jiff::Timestamp;

use super::{ForInbound, Result, Saved};
use crate::domain::call::{Call, LineCalls};
use crate::domain::ids::CallSid;
use crate::domain::phone::PhoneNumber;
use crate::twilio::signature::sha256_hex;

/// What the store remembers of calls, a part of its contract.
#[async_trait]
pub trait Calls: Send + Sync {
    /// Everything that a request about a call needs, in one round trip; in two at most if `to` is not the
    /// line's own number but one of its reply numbers. `from` is who calls, if it is a phone.
    async fn for_call(
        &self,
        to: &PhoneNumber,
        sid: &CallSid,
        from: Option<&PhoneNumber>,
    ) -> Result<ForCall>;

    /// The call as last saved, by anyone.
    async fn call(&self, sid: &CallSid) -> Result<Option<Call>>;

    /// Saves a call, and with it the calls that go on at its line: both or nothing. Each replaces the stored
    /// one whose version is one less; of version 1 it must be new. The token of its voicemail leads to it
    /// from then on.
    async fn save_call(&self, call: &Call, live: Option<&LineCalls>) -> Result<Saved>;

    /// Calls that somebody should have looked at before `instant`, longest due first, at most `limit`.
    async fn calls_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<CallSid>>;

    /// The calls of a line that came at `since` or later, the latest first, at most `limit`.
    async fn calls_of(
        &self,
        line: &PhoneNumber,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Call>>;

    /// Keeps what a caller said until then, at most [`MOST_SOUND`] bytes. What was kept under the token before
    /// is replaced.
    async fn keep_voicemail(
        &self,
        token: &TokenDigest,
        sound: &[u8],
        until: Timestamp,
    ) -> Result<()>;

    /// What a caller said, unless its time is over.
    async fn voicemail(&self, token: &TokenDigest, now: Timestamp) -> Result<Option<Voicemail>>;

    /// The call that the token is of.
    async fn voicemail_call(&self, token: &TokenDigest) -> Result<Option<CallSid>>;

    /// Removes what a caller said; the token leads nowhere any more.
    async fn remove_voicemail(&self, token: &TokenDigest) -> Result<()>;
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct ForCall {
    /// As for a text of the caller. `earlier` is what people were told of this call.
    pub inbound: ForInbound,
    /// The call as last saved, if it is known.
    pub call: Option<Call>,
    /// The calls of the line that go on.
    pub live: LineCalls,
}

/// A voicemail, as Twilio had it.
#[derive(Clone, PartialEq, Eq)]
pub struct Voicemail {
    pub sound: Vec<u8>,
    /// When it goes.
    pub until: Timestamp,
}

impl std::fmt::Debug for Voicemail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes until {}", self.sound.len(), self.until)
    }
}

/// The most of one voicemail that is kept.
pub const MOST_SOUND: usize = 4 * 1024 * 1024;

pub fn check_sound(sound: &[u8]) -> Result<()> {
    let bytes = sound.len();
    ensure!(
        bytes <= MOST_SOUND,
        "the voicemail has {bytes} bytes, and at most {MOST_SOUND} are kept"
    );
    Ok(())
}

/// What the token of a voicemail's link is remembered by: whoever reads only this cannot listen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenDigest(String);

impl TokenDigest {
    pub fn of(token: &str) -> Self {
        Self(sha256_hex(token.as_bytes()))
    }

    /// That of the call's voicemail, if it has one.
    pub fn of_call(call: &Call) -> Option<Self> {
        let token = call.message.as_ref()?.token.as_deref()?;
        Some(Self::of(token))
    }

    /// A greeting is kept beside the voicemails, under the SHA-256 of its bytes.
    pub fn of_greeting(hash: &str) -> Self {
        Self::of(&format!("greeting {hash}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
