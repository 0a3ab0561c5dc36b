//! Everything that may go wrong.

use std::fmt;

macro_rules! faults {
    ($($fault:ident $rarity:literal $name:literal,)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault {
            $($fault,)+
        }

        impl Fault {
            pub const ALL: &[Fault] = &[$(Fault::$fault),+];

            /// How many times rarer than others it is for the same rate: some have more occasions.
            pub fn rarity(self) -> u32 {
                match self {
                    $(Fault::$fault => $rarity,)+
                }
            }
        }

        impl fmt::Display for Fault {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Fault::$fault => $name,)+
                })
            }
        }
    };
}

faults! {
    SlowAnswer 1 "any of them: a slow answer",
    CredentialsError 2 "credentials: error",
    CredentialsDown 20 "credentials: unavailable for a while",
    StoreError 1 "store: error before the effect",
    StoreTimeout 1 "store: error after the effect",
    StoreLate 1 "store: error, and the effect seconds later",
    StoreDown 20 "store: unavailable for a while",
    QueueError 1 "queue: error before the effect",
    QueueTimeout 1 "queue: error after the effect",
    QueueDown 10 "queue: unavailable for a while",
    WakeUpLost 1 "queue: wake-up lost",
    WakeUpTwice 1 "queue: wake-up doubled",
    WakeUpLate 1 "queue: wake-up late, and so out of order",
    WakeUpAgain 1 "queue: wake-up brought again although acknowledged",
    WakeUpShared 1 "queue: wake-up brought to two workers",
    AuditError 1 "audit: error before the effect",
    AuditTimeout 1 "audit: error after the effect",
    AuditLate 1 "audit: error, and the effect seconds later",
    AuditDown 10 "audit: unavailable for a while",
    WorkerCrash 8 "worker: crash",
    WebhookCrash 8 "webhook handler: crash",
    SweepCrash 2 "sweep: crash",
    SweepTwice 1 "sweep: two at once",
    ReplayCrash 2 "replay of dead letters: crash",
    TimeLimit 1 "function: killed at its time limit",
    Suspended 1 "machine: suspended and resumed",
    ClockForward 1 "machine: clock jumps forward",
    ClockBack 1 "machine: clock jumps back",
    ClocksDiffer 1 "machine: its clock differs from the others'",
    NoConnection 1 "Twilio: no connection",
    RequestLost 1 "Twilio: request lost",
    RequestLate 1 "Twilio: request arrives when nobody waits any more",
    AnswerLost 1 "Twilio: answer lost",
    AnswerUnreadable 1 "Twilio: unreadable answer",
    Refused 1 "Twilio: refusal",
    TooMany 1 "Twilio: 429 with Retry-After",
    ServerError 1 "Twilio: 5xx without accepting",
    ErrorAfterAccept 1 "Twilio: 5xx after accepting",
    AskRefused 1 "Twilio: look-up refused",
    TwilioDown 10 "Twilio: unavailable for a while",
    Undeliverable 1 "carrier: undeliverable",
    ArrivesAfterAll 1 "carrier: undelivered, and then delivered",
    Held 1 "carrier: held in the queue",
    Unreported 1 "carrier: delivered but not reported",
    PhoneOff 1 "phone: switched off",
    PhoneSilent 1 "phone: silent",
    CallbackLost 1 "callback: lost",
    CallbackTwice 1 "callback: doubled",
    CallbackLate 1 "callback: late, and so out of order",
    WebhookUnreachable 1 "webhook: no connection",
    WebhookTwice 1 "webhook: doubled",
    WebhookAnswerLost 1 "webhook: answer lost",
    Forged 1 "webhook: forged copy",
    ConfigurationPushed 1 "owner: pushes another configuration",
    Replayed 1 "owner: replays dead letters",
}

pub const KINDS: usize = Fault::ALL.len();
