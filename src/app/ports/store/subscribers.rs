use async_trait::async_trait;

use super::Result;
use crate::domain::phone::PhoneNumber;
use crate::domain::subscriber::{Change, Subscriber, Unchanged};

/// Who subscribed to a line's topics, and who did before they left.
#[async_trait]
pub trait Subscribers: Send + Sync {
    /// Those who get a topic's notices, in the order of their numbers: at most `limit`, from the
    /// first one `after`. Fewer only if there are no more.
    async fn subscribers(
        &self,
        line: &PhoneNumber,
        topic: &str,
        after: Option<&PhoneNumber>,
        limit: usize,
    ) -> Result<Vec<Subscriber>>;

    /// What is on record of a number and the line's topics, in the order of their names, those that
    /// it left included.
    async fn subscriptions_of(
        &self,
        line: &PhoneNumber,
        number: &PhoneNumber,
    ) -> Result<Vec<Subscriber>>;

    /// What is on record of a number and a topic, even if it left.
    async fn subscriber(
        &self,
        line: &PhoneNumber,
        topic: &str,
        number: &PhoneNumber,
    ) -> Result<Option<Subscriber>> {
        let subscriptions = self.subscriptions_of(line, number).await?;
        let mut subscriptions = subscriptions.into_iter();
        Ok(subscriptions.find(|subscriber| subscriber.topic == topic))
    }

    /// Makes the changes, each by the rule of [`Change::of`], as if one after the other. Returns
    /// what each came to, in their order.
    ///
    /// After an error, some may have been made and others not; to make all of them again does no
    /// harm.
    async fn change_subscribers(
        &self,
        line: &PhoneNumber,
        changes: &[Change],
    ) -> Result<Vec<std::result::Result<Subscriber, Unchanged>>>;
}
