use std::sync::Arc;

use crate::domain::delivery::Delivery;
use crate::domain::inbound_record::InboundRecord;
use crate::domain::thread::Threads;

/// What is to be kept of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub record: InboundRecord,
    pub deliveries: Vec<Delivery>,
    /// The line's threads after it, of the next version; `None` if it has nothing to do with them.
    pub threads: Option<Threads>,
}

/// Says what is to be kept of a text, as the line's threads are. Always says the same of the same
/// threads.
pub type Planning = Arc<dyn Fn(&Threads) -> Planned + Send + Sync>;

/// What became of a text that was to be kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Kept {
    New(Box<Planned>),
    /// There was a record of its SID; nothing was changed.
    Already,
}
