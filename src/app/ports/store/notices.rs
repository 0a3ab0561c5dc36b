use async_trait::async_trait;
use jiff::Timestamp;

use super::{Result, Saved};
use crate::domain::delivery::Delivery;
use crate::domain::ids::{DeliveryId, NoticeId};
use crate::domain::notice::{Counts, Notice};
use crate::domain::opt_out::OptOuts;
use crate::domain::phone::PhoneNumber;

/// What the store remembers of notices, a part of its contract.
#[async_trait]
pub trait Notices: Send + Sync {
    /// Keeps a new notice. The first one of an id stays, and whoever comes later hears of it.
    async fn accept_notice(&self, notice: &Notice) -> Result<Accepted>;

    /// The notice as last saved, by anyone.
    async fn notice(&self, id: NoticeId) -> Result<Option<Notice>>;

    /// Replaces a notice whose stored version is one less than this one's.
    async fn save_notice(&self, notice: &Notice) -> Result<Saved>;

    /// The notices of a line and topic about the same subject, in no particular order.
    async fn notices_of_subject(
        &self,
        line: &PhoneNumber,
        topic: &str,
        subject: &str,
    ) -> Result<Vec<NoticeId>>;

    /// Notices whose next page somebody should have fanned out before `instant`, longest due first,
    /// at most `limit`.
    async fn notices_due_before(&self, instant: Timestamp, limit: usize) -> Result<Vec<NoticeId>>;

    /// Keeps deliveries of notices. One whose id there is already stays as it is; with an error,
    /// some may be kept.
    async fn spawn(&self, deliveries: &[Delivery]) -> Result<()>;

    /// Those of the deliveries that there are, in no particular order.
    async fn deliveries(&self, ids: &[DeliveryId]) -> Result<Vec<Delivery>>;

    /// How the deliveries of a notice stand. Whom the fan-out skipped has none.
    async fn counts(&self, id: NoticeId) -> Result<Counts>;

    /// Which of these numbers opted out of a line's texts.
    async fn opted_out_of(&self, line: &PhoneNumber, numbers: &[PhoneNumber]) -> Result<OptOuts>;
}

#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    New,
    /// There was a notice of this id, which is this one; nothing was changed.
    Already(Box<Notice>),
}
