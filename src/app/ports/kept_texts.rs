//! The fallback's spool: texts that came to the fallback URL because the main path did not take them.
//! They are stored as they came, unrouted, in a place of their own, and go through the main path once
//! it works again.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::ports::credentials::CredentialsSource;
use crate::app::shares::Shares;
use crate::clock::Clock;
use crate::domain::ids::message_sid::MessageSid;
use crate::twilio::webhook::Unverified;

/// A text as Twilio brought it to the fallback URL. It is not a verified one, whatever it says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpooledText {
    pub sid: MessageSid,
    pub received: Timestamp,
    /// Whether its signature was right when it came. Without credentials nobody could tell, and
    /// what then turns out to be forged is dropped; of this one, that would be a loss.
    pub checked: bool,
    pub request: Unverified,
}

/// Where such texts wait until the main path takes them.
#[async_trait]
pub trait FallbackSpool: Send + Sync {
    /// Returns when the text is safe. It may be there more than once; its SID is the key.
    async fn add(&self, text: &SpooledText) -> anyhow::Result<()>;
}

/// Where a request came from, as an extension of it, if its host knows.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Everything that the fallback works with. No store, no queue of wake-ups and no audit: it has to
/// do its job when those are down.
pub struct FallbackContext {
    pub spool: Arc<dyn FallbackSpool>,
    pub credentials: Arc<dyn CredentialsSource>,
    /// For texts of which nobody can tell whether they are Twilio's.
    pub room: Arc<Mutex<Shares>>,
    pub clock: Arc<dyn Clock>,
}
