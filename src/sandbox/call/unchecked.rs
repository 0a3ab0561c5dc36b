use serde::{Deserialize, Serialize};

/// Facts about Twilio that no document settles and nobody could try. A program has to hold whichever is
/// true, so each can be switched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Unchecked {
    /// How much longer than its `timeout` a `<Dial>` rings. Twilio's page says about five seconds.
    pub extra_ring_ms: u64,
    /// A second `<Dial>` answers the caller, so that billing begins, in spite of `answerOnBridge`.
    pub second_dial_answers: bool,
    /// The action of a `<Dial>` has no `DialBridged`.
    pub dial_bridged_absent: bool,
    /// A caller who hangs up causes no request to the action of `<Dial>` or `<Record>`.
    pub no_action_after_hang_up: bool,
    /// A fault in a `<Number>`'s document asks the number's `voice_fallback_url`; otherwise the leg ends.
    pub callee_falls_back: bool,
    /// Requests for a `<Number>`'s document have no `ParentCallSid`.
    pub callee_without_parent: bool,
    /// `CallToken` and `StirVerstat` are added after signing.
    pub attested_after_signing: bool,
    /// `<Record>` goes on with the next verb when nobody spoke; otherwise the silence is stored.
    pub silent_record_falls_through: bool,
}

impl Default for Unchecked {
    fn default() -> Self {
        Self {
            extra_ring_ms: 5000,
            second_dial_answers: false,
            dial_bridged_absent: false,
            no_action_after_hang_up: false,
            callee_falls_back: false,
            callee_without_parent: false,
            attested_after_signing: false,
            silent_record_falls_through: false,
        }
    }
}
