use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::phone::PhoneNumber;

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The API refuses with Twilio's error `code`; nothing is sent.
    Refuse {
        code: u32,
        #[serde(default = "bad_request")]
        status: u16,
    },
    /// The API answers 429 with error 20429. `retry_after` is the header as it is: seconds or a
    /// date.
    TooManyRequests {
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// The API answers with a 5xx `status` and does nothing.
    ServerError { status: u16 },
    /// The API answers with a 5xx `status`, and yet sends the message.
    ErrorAfterAccept { status: u16 },
    /// The answer takes a while; the message is on its way at once.
    SlowAnswer { ms: u64 },
    /// The message is sent, but the answer never comes.
    LostAnswer,
    /// The request never arrives, and no answer comes.
    LostRequest,

    /// The message ends as `failed` or `undelivered` with this error.
    Undeliverable { code: u32 },
    /// The message stays in Twilio's queue for longer.
    Held { ms: u64 },
    /// The message arrives, but the carrier never says so.
    Unreported,

    /// A status callback is not made.
    LostCallback,
    /// A status callback is made twice.
    RepeatedCallback,
    /// A status callback is made late.
    DelayedCallback { ms: u64 },
    /// A status callback is overtaken by the next one.
    ReorderedCallback,
}

fn bad_request() -> u16 {
    400
}

/// Where on a message's way a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Api,
    Carrier,
    Callback,
}

impl Fault {
    fn stage(&self) -> Stage {
        match self {
            Fault::Refuse { .. }
            | Fault::TooManyRequests { .. }
            | Fault::ServerError { .. }
            | Fault::ErrorAfterAccept { .. }
            | Fault::SlowAnswer { .. }
            | Fault::LostAnswer
            | Fault::LostRequest => Stage::Api,
            Fault::Undeliverable { .. } | Fault::Held { .. } | Fault::Unreported => Stage::Carrier,
            Fault::LostCallback
            | Fault::RepeatedCallback
            | Fault::DelayedCallback { .. }
            | Fault::ReorderedCallback => Stage::Callback,
        }
    }
}

/// A fault with what it strikes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Injection {
    pub fault: Fault,
    /// Only messages to this number; without it, to any.
    #[serde(default)]
    pub to: Option<PhoneNumber>,
    /// How often it happens.
    #[serde(default = "once")]
    pub times: u32,
    /// Which requests to the API a fault of the API strikes.
    #[serde(default)]
    pub requests: Requests,
}

fn once() -> u32 {
    1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requests {
    /// Those that create a message.
    #[default]
    Create,
    /// All others: fetching, listing, changing.
    Other,
    Any,
    CreateKey,
    ListKeys,
    DeleteKey,
    CreateSecondary,
    DeleteSecondary,
    Promote,
}

/// What a request to the API does, as far as faults tell requests apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    CreateMessage,
    CreateKey,
    ListKeys,
    DeleteKey,
    CreateSecondary,
    DeleteSecondary,
    Promote,
    Other,
}

impl Requests {
    fn hold(self, operation: Operation) -> bool {
        match self {
            Requests::Any => true,
            Requests::Create => operation == Operation::CreateMessage,
            Requests::Other => operation != Operation::CreateMessage,
            Requests::CreateKey => operation == Operation::CreateKey,
            Requests::ListKeys => operation == Operation::ListKeys,
            Requests::DeleteKey => operation == Operation::DeleteKey,
            Requests::CreateSecondary => operation == Operation::CreateSecondary,
            Requests::DeleteSecondary => operation == Operation::DeleteSecondary,
            Requests::Promote => operation == Operation::Promote,
        }
    }
}

impl Injection {
    /// The fault happens once, to whichever message comes first.
    pub fn of(fault: Fault) -> Self {
        Self {
            fault,
            to: None,
            times: 1,
            requests: Requests::Create,
        }
    }

    pub fn to(self, number: &PhoneNumber) -> Self {
        Self {
            to: Some(number.clone()),
            ..self
        }
    }

    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    pub fn on(self, requests: Requests) -> Self {
        Self { requests, ..self }
    }
}

impl From<Fault> for Injection {
    fn from(fault: Fault) -> Self {
        Self::of(fault)
    }
}

/// The faults to come, first in, first out.
#[derive(Default)]
pub(super) struct Faults(Vec<Injection>);

impl Faults {
    pub fn add(&mut self, injection: Injection) {
        self.0.push(injection);
    }

    pub fn pending(&self) -> Vec<Injection> {
        self.0.clone()
    }

    /// The next fault for a request to the API.
    pub fn of_request(&mut self, operation: Operation, to: Option<&str>) -> Option<Fault> {
        self.take(|injection| {
            injection.fault.stage() == Stage::Api
                && injection.requests.hold(operation)
                && injection.is_for(to)
        })
    }

    /// The next fault on the way of a message to `to`.
    pub fn of_message(&mut self, stage: Stage, to: &str) -> Option<Fault> {
        self.take(|injection| injection.fault.stage() == stage && injection.is_for(Some(to)))
    }

    fn take(&mut self, strikes: impl Fn(&Injection) -> bool) -> Option<Fault> {
        let at = self.0.iter().position(strikes)?;
        let fault = self.0[at].fault.clone();
        match self.0[at].times {
            0 | 1 => drop(self.0.remove(at)),
            _ => self.0[at].times -= 1,
        }
        Some(fault)
    }
}

impl Injection {
    fn is_for(&self, to: Option<&str>) -> bool {
        match &self.to {
            Some(wanted) => to == Some(wanted.expose()),
            None => true,
        }
    }
}

pub(super) fn milliseconds(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERGIO: &str = "+16195550110";
    const BACKUP: &str = "+16195550111";

    #[test]
    fn faults_strike_in_order_and_only_whom_they_are_for() {
        let sergio = PhoneNumber::parse(SERGIO).unwrap();
        let mut faults = Faults::default();
        faults.add(Injection::of(Fault::LostAnswer).to(&sergio));
        faults.add(Injection::of(Fault::ServerError { status: 503 }).times(2));
        assert_eq!(
            faults.of_request(Operation::CreateMessage, Some(BACKUP)),
            Some(Fault::ServerError { status: 503 })
        );
        assert_eq!(
            faults.of_request(Operation::CreateMessage, Some(SERGIO)),
            Some(Fault::LostAnswer)
        );
        assert_eq!(faults.of_request(Operation::Other, Some(SERGIO)), None);
        assert_eq!(
            faults.of_request(Operation::CreateMessage, None),
            Some(Fault::ServerError { status: 503 })
        );
        assert_eq!(faults.of_request(Operation::CreateMessage, None), None);
        assert!(faults.pending().is_empty());
    }

    #[test]
    fn a_fault_is_written_as_json_and_a_slip_of_the_pen_is_refused() {
        let read = |json| serde_json::from_str::<Injection>(json);
        assert_eq!(
            read(r#"{"fault": "lost_answer"}"#).unwrap(),
            Fault::LostAnswer.into()
        );
        assert_eq!(
            read(r#"{"fault": {"refuse": {"code": 30003}}, "times": 2}"#).unwrap(),
            Injection::of(Fault::Refuse {
                code: 30003,
                status: 400
            })
            .times(2)
        );
        assert!(read(r#"{"fault": "lost_anser"}"#).is_err());
        assert!(read(r#"{"fault": "lost_answer", "tims": 2}"#).is_err());
    }
}
