use std::fmt::Display;

use crate::domain::request::{Because, Refused};

/// Why a request was not granted. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum NoticeRejected {
    /// Something is wrong with it.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// It could not be kept; the same request may be granted in a moment.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// That the key of a notice or an invitation stands for another one, whose id this is.
pub fn key_reused(what: &str, id: impl Display) -> Refused {
    let detail = format!(
        "the idempotency_key was used before for another {what} ({id}); nothing was sent: use a key \
         of its own for each {what}"
    );
    Refused::new(Because::KeyReused, detail)
}
