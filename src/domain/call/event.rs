//! What Twilio tells of a call, in the relay's words.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{CallSid, RecordingSid};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The call itself came, for the first time or once more.
    Began,
    /// Somebody or something picked up the leg.
    PickedUp {
        leg: usize,
        sid: CallSid,
    },
    /// What was pressed on the leg; `None` if nothing was.
    Pressed {
        leg: usize,
        sid: CallSid,
        keys: Option<String>,
    },
    /// The leg is over, and the caller is to be told what comes next.
    Dialed {
        leg: usize,
        how: Dialed,
    },
    /// News of the leg. It may come late and in any order.
    Progress {
        leg: usize,
        sid: CallSid,
        status: LegStatus,
        sip: Option<u16>,
        /// The provider's error.
        code: Option<u32>,
        seconds: Option<u32>,
    },
    /// The recording ended, by the caller's key, silence or hanging up.
    Recorded {
        hung_up: bool,
    },
    /// The fallback sent the caller to the voicemail, because the main path did not answer.
    TakenByFallback,
    /// Twilio has the recording, or says that there is none.
    Recording {
        sid: RecordingSid,
        /// `None` if there is none.
        seconds: Option<u32>,
    },
    Transcribed {
        text: Option<String>,
    },
    /// The relay has the recording for itself.
    Kept,
    /// It could not be had this time.
    NotKept,
    /// Twilio has the recording no more.
    Deleted {
        sid: RecordingSid,
    },
    /// The call that a person asked for was made, under this name.
    Made {
        sid: CallSid,
    },
    /// It was refused for good, with this error.
    NotMade {
        code: Option<u32>,
    },
    /// Nobody knows whether it was made.
    Unanswered,
    /// It was certainly not made so far.
    NoneFound,
    /// News of the leg of the customer whom a person calls.
    Customer {
        sid: CallSid,
        status: LegStatus,
        seconds: Option<u32>,
    },
    /// That leg is over, and the person is to be told what comes next.
    Reached {
        how: Dialed,
    },
    /// The caller is gone.
    Ended {
        seconds: Option<u32>,
    },
    /// Nothing came for too long, or it is time to tell.
    Due,
    /// What Twilio says of the call when asked: over for good, or still going on.
    Asked {
        is_over: bool,
        seconds: Option<u32>,
    },
}

/// How the ringing of a leg ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialed {
    pub status: LegStatus,
    /// Whether the two were connected. Older accounts may not say.
    pub bridged: Option<bool>,
    pub seconds: Option<u32>,
    /// Whether the caller is gone.
    pub caller_hung_up: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegStatus {
    Ringing,
    Answered,
    Completed,
    Busy,
    NoAnswer,
    Failed,
    Canceled,
    Unknown,
}

/// What was answered when a person's keys came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    Connect,
    HangUp,
}
