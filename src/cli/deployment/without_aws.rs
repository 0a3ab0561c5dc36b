//! A build without AWS has the same commands, and says of a deployed relay what is to be done.

use std::sync::Arc;

use anyhow::bail;

use super::Part;
use super::named::Named;
use crate::app::ports::audit::Audit;
use crate::app::ports::credentials::CredentialsSource;
use crate::app::ports::queue::{DeadLetterQueue, Queue};
use crate::app::ports::store::Store;
use crate::credentials::exchange::VersionedSecret;

/// There is none.
pub enum Stack {}

impl Stack {
    pub async fn open(_: Named, _: &[Part]) -> anyhow::Result<Self> {
        bail!(
            "this `relay` was built without AWS: it works on the relay and the repos.env of this \
             machine, and on nothing that is deployed; build it with its default features, as \
             `cargo run -- …` does"
        )
    }

    pub fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        match *self {}
    }

    pub fn queue(&self) -> anyhow::Result<Arc<dyn Queue>> {
        match *self {}
    }

    pub fn wake_ups(&self) -> Option<Arc<dyn DeadLetterQueue>> {
        match *self {}
    }

    pub fn audit(&self, _: &str) -> anyhow::Result<Arc<dyn Audit>> {
        match *self {}
    }

    pub fn credentials(&self) -> anyhow::Result<Arc<dyn CredentialsSource>> {
        match *self {}
    }

    pub fn secret(&self) -> anyhow::Result<Arc<dyn VersionedSecret>> {
        match *self {}
    }

    pub fn place(&self) -> String {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_said_what_to_build() {
        let error = Stack::open(Named::default(), &[]).await.err().unwrap();
        let error = error.to_string();
        assert!(error.contains("built without AWS"), "{error}");
        assert!(error.contains("default features"), "{error}");
    }
}
