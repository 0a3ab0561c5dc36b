//! A build without AWS has the same commands, and says of a deployed relay what is to be done.

use std::sync::Arc;

use anyhow::bail;

use super::named::Named;
use super::{Deployment, Part};
use crate::credentials::exchange::VersionedSecret;

pub async fn open(_: Named, _: &[Part]) -> anyhow::Result<Deployment> {
    bail!(NO_AWS)
}

pub async fn secret(_: Named) -> anyhow::Result<Arc<dyn VersionedSecret>> {
    bail!(NO_AWS)
}

const NO_AWS: &str = "this `relay` was built without AWS: it works on the relay and the repos.env \
    of this machine, and on nothing that is deployed; build it with its default features, as \
    `cargo run -- …` does";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_said_what_to_build() {
        let error = open(Named::default(), &[]).await.err().unwrap();
        let error = error.to_string();
        assert!(error.contains("built without AWS"), "{error}");
        assert!(error.contains("default features"), "{error}");
    }
}
