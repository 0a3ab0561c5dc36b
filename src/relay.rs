//! Everything that the relay's functions work with, built once and passed first.

use std::sync::Arc;

use crate::audit::Audit;
use crate::clock::{Chance, Clock};
use crate::credentials;
use crate::queue::Queue;
use crate::store::Store;
use crate::twilio::client::Client;

pub struct Relay {
    pub store: Arc<dyn Store>,
    pub queue: Arc<dyn Queue>,
    pub audit: Arc<dyn Audit>,
    pub credentials: Arc<dyn credentials::Source>,
    pub twilio: Client,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
}
