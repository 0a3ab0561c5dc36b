use jiff::Timestamp;

use crate::domain::credentials::Action;

/// Why a request over HTTP is not even looked at. Carries nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    #[error(
        "the header {0} is missing, or there twice, or not what it has to be; sign the request as `relay schema --openapi` describes"
    )]
    Unsigned(&'static str),
    /// Which of the two it is, is nobody's business.
    #[error(
        "there is no such caller, or the signature is wrong: it is the HMAC-SHA256, in hexadecimal digits, over timestamp, method, path and body, each but the last followed by a line feed"
    )]
    Forged,
    #[error(
        "the timestamp is more than five minutes from the relay's clock, which says {now}; set the clock right"
    )]
    OtherTime { now: Timestamp },
    #[error(
        "this very request was here before; sign every try anew, with the time at which it is made"
    )]
    Replayed,
    #[error(
        "this caller may not do that, for which it needs {}; `relay secrets caller NAME --allow …` allows it", .0.name()
    )]
    NotAllowed(Action),
    #[error("this caller asks too often; wait {after} s and sign the request anew")]
    TooOften { after: u64 },
    /// What went wrong is for the log.
    #[error("the relay cannot answer at the moment; ask again")]
    Failed(#[from] anyhow::Error),
}

impl Denied {
    /// The log's `count`, which becomes a metric; on the forged ones there is an alarm. A clock that is
    /// wrong looks the same as an old request that somebody sends again.
    pub fn counts_as(&self) -> &'static str {
        match self {
            Self::Forged | Self::OtherTime { .. } | Self::Replayed => "forged",
            Self::Unsigned(_) => "unsigned",
            Self::NotAllowed(_) => "not_allowed",
            Self::TooOften { .. } => "too_often",
            Self::Failed(_) => "request_failed",
        }
    }

    /// In how many seconds to ask again, if that helps.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooOften { after } => Some(*after),
            _ => None,
        }
    }
}
