use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::message::DeliveryOutcome;
use super::wrong_answer::WrongAnswer;
use crate::domain::delivery::Class;
use crate::domain::phone::PhoneNumber;
use crate::twilio::errors;

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The API refuses with Twilio's error `code`; nothing is sent. A code that is about attachments
    /// strikes messages with attachments alone, here and below.
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
    /// The answer is no good.
    WrongAnswer(WrongAnswer),

    /// The message ends as `failed` or `undelivered` with this error.
    Undeliverable { code: u32 },
    /// The message ends as `undelivered` with this error, and arrives so much later all the same: the
    /// carrier takes back what it said.
    ArrivesAfterAll { code: u32, ms: u64 },
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

    /// Something goes wrong with a call.
    Call(CallFault),
}

/// Something that goes wrong with a webhook of a call, or with a leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallFault {
    pub what: CallTrouble,
    /// Only webhooks whose URL has that in it, such as `/ended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CallTrouble {
    /// The program gets the request, and its answer never comes.
    LostAnswer,
    /// The answer takes so long.
    SlowAnswer { ms: u64 },
    /// The program gets the request; what comes back is this `status`.
    ErrorAnswer { status: u16 },
    /// The request is made twice; the answer to the second is ignored.
    RepeatedRequest,
    /// A status callback is not made.
    LostCallback,
    /// A status callback is made three seconds later, so that the next one may overtake it.
    ReorderedCallback,
    /// A leg ends as `failed` with this error, such as 13227 (geo permission) or 13224.
    Failed { code: u32 },
    /// Nobody can write down what was said.
    NotTranscribed,
}

/// What becomes of a webhook of a call.
pub(super) enum CallWebhook {
    Answer(AnswerFault),
    Twice,
    Lost,
    Later(Duration),
}

/// How long a status callback that is overtaken waits.
const OVERTAKEN: Duration = Duration::from_secs(3);

/// What goes wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AnswerFault {
    Late(Duration),
    Status(u16),
}

impl CallTrouble {
    /// If it strikes a webhook that asks what to do (`is_asked`), or a status callback.
    fn of_webhook(&self, is_asked: bool) -> Option<CallWebhook> {
        Some(match self {
            Self::LostAnswer if is_asked => CallWebhook::Answer(AnswerFault::Late(Duration::MAX)),
            Self::SlowAnswer { ms } if is_asked => {
                CallWebhook::Answer(AnswerFault::Late(Duration::from_millis(*ms)))
            }
            Self::ErrorAnswer { status } => CallWebhook::Answer(AnswerFault::Status(*status)),
            Self::RepeatedRequest => CallWebhook::Twice,
            Self::LostCallback if !is_asked => CallWebhook::Lost,
            Self::ReorderedCallback if !is_asked => CallWebhook::Later(OVERTAKEN),
            _ => return None,
        })
    }
}

fn bad_request() -> u16 {
    400
}

/// What a request to the API is answered by a fault.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FaultyAnswer {
    /// The right one, after a while.
    Late(Duration),
    Dropped,
    Error {
        status: u16,
        code: u32,
        retry_after: Option<String>,
    },
    Wrong(WrongAnswer),
}

impl Fault {
    /// If it strikes a request to the API: whether what was asked for is done all the same, and what
    /// is answered.
    fn of_api(&self) -> Option<(bool, FaultyAnswer)> {
        let error = |status, code, retry_after: &Option<String>| FaultyAnswer::Error {
            status,
            code,
            retry_after: retry_after.clone(),
        };
        Some(match self {
            Fault::Refuse { code, status } => (false, error(*status, *code, &None)),
            Fault::TooManyRequests { retry_after } => (false, error(429, 20429, retry_after)),
            Fault::ServerError { status } => (false, error(*status, 20500, &None)),
            Fault::ErrorAfterAccept { status } => (true, error(*status, 20500, &None)),
            Fault::SlowAnswer { ms } => (true, FaultyAnswer::Late(Duration::from_millis(*ms))),
            Fault::LostAnswer => (true, FaultyAnswer::Dropped),
            Fault::LostRequest => (false, FaultyAnswer::Dropped),
            Fault::WrongAnswer(wrong) => {
                (wrong.is_carried_out(), FaultyAnswer::Wrong(wrong.clone()))
            }
            _ => return None,
        })
    }

    /// If it strikes a message on its way: how that ends.
    fn of_delivery(&self) -> Option<DeliveryOutcome> {
        let mut outcome = DeliveryOutcome::default();
        match self {
            Fault::Undeliverable { code } => outcome.undeliverable = Some(*code),
            Fault::ArrivesAfterAll { code, ms } => {
                outcome.undeliverable = Some(*code);
                outcome.after_all = Some(Duration::from_millis(*ms));
            }
            Fault::Held { ms } => outcome.held = Duration::from_millis(*ms),
            Fault::Unreported => outcome.unreported = true,
            _ => return None,
        }
        Some(outcome)
    }

    /// For how many milliseconds, if it says.
    pub(super) fn lasts(&self) -> Option<u64> {
        match self {
            Fault::SlowAnswer { ms }
            | Fault::ArrivesAfterAll { ms, .. }
            | Fault::Held { ms }
            | Fault::DelayedCallback { ms }
            | Fault::Call(CallFault {
                what: CallTrouble::SlowAnswer { ms },
                ..
            }) => Some(*ms),
            _ => None,
        }
    }

    /// Whether it is about attachments, so that messages without any are spared.
    fn is_of_attachments(&self) -> bool {
        let (Fault::Refuse { code, .. }
        | Fault::Undeliverable { code }
        | Fault::ArrivesAfterAll { code, .. }) = self
        else {
            return false;
        };
        errors::failure(Some(*code), None).class == Class::Attachment
    }

    /// If it strikes a status callback: after which times that is made. The next one comes within
    /// `overtaken`.
    fn of_callback(&self, overtaken: Duration) -> Option<Vec<Duration>> {
        match self {
            Fault::LostCallback => Some(vec![]),
            Fault::RepeatedCallback => Some(vec![Duration::ZERO; 2]),
            Fault::DelayedCallback { ms } => Some(vec![Duration::from_millis(*ms)]),
            Fault::ReorderedCallback => Some(vec![overtaken + Duration::from_millis(1)]),
            _ => None,
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
    #[serde(default)]
    pub requests: Requests,
    /// Only requests to the API whose path has that in it, such as `/Compliance/Usa2p`; then `requests` does not
    /// count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

pub(super) fn once() -> u32 {
    1
}

/// Requests to the API, as far as faults tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requests {
    /// Those that create a message.
    #[default]
    Create,
    /// All others: fetching, listing, changing.
    Other,
    Any,
    /// Those that make a call.
    CreateCall,
    CreateKey,
    ListKeys,
    DeleteKey,
    CreateSecondary,
    DeleteSecondary,
    Promote,
    /// Those for an attachment itself.
    FetchFile,
}

impl Requests {
    /// Whether a request of that kind, `Other` if it has none of its own, is one of these.
    fn hold(self, kind: Requests) -> bool {
        match self {
            Requests::Any => true,
            Requests::Other => kind != Requests::Create,
            _ => self == kind,
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
            path: None,
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

    /// On requests whose path has that in it.
    pub fn at(self, path: &str) -> Self {
        Self {
            path: Some(path.to_owned()),
            ..self
        }
    }

    fn is_on(&self, kind: Requests, path: &str) -> bool {
        match &self.path {
            Some(part) => path.contains(part.as_str()),
            None => self.requests.hold(kind),
        }
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
    pub fn of_request(
        &mut self,
        kind: Requests,
        path: &str,
        to: Option<&str>,
        has_media: bool,
    ) -> Option<(bool, FaultyAnswer)> {
        self.take(to, |injection| {
            let fault = &injection.fault;
            let is_spared = !has_media && fault.is_of_attachments();
            let strikes = injection.is_on(kind, path) && !is_spared;
            fault.of_api().filter(|_| strikes)
        })
    }

    /// How the delivery of a message to that number ends.
    pub fn of_delivery(&mut self, to: &str, has_media: bool) -> DeliveryOutcome {
        let outcome = self.take(Some(to), |Injection { fault, .. }| {
            let strikes = has_media || !fault.is_of_attachments();
            fault.of_delivery().filter(|_| strikes)
        });
        outcome.unwrap_or_default()
    }

    /// After which times a status callback is made.
    pub fn of_callback(&mut self, to: &str, overtaken: Duration) -> Vec<Duration> {
        let times = self.take(Some(to), |injection| injection.fault.of_callback(overtaken));
        times.unwrap_or_else(|| vec![Duration::ZERO])
    }

    /// What becomes of a webhook of a call to that number, or of a leg to that phone.
    pub fn of_call(&mut self, to: &str, url: &str, is_asked: bool) -> Option<CallWebhook> {
        self.take(Some(to), |Injection { fault, .. }| match fault {
            Fault::Call(fault) if fault.url.as_deref().is_none_or(|part| url.contains(part)) => {
                fault.what.of_webhook(is_asked)
            }
            _ => None,
        })
    }

    /// The error with which a leg to that phone fails.
    pub fn of_leg(&mut self, to: &str) -> Option<u32> {
        self.take(Some(to), |Injection { fault, .. }| match fault {
            Fault::Call(CallFault {
                what: CallTrouble::Failed { code },
                ..
            }) => Some(*code),
            _ => None,
        })
    }

    /// Whether what was said in a call to that number cannot be written down.
    pub fn of_transcription(&mut self, to: &str) -> bool {
        let strikes = self.take(Some(to), |Injection { fault, .. }| match fault {
            Fault::Call(CallFault {
                what: CallTrouble::NotTranscribed,
                ..
            }) => Some(()),
            _ => None,
        });
        strikes.is_some()
    }

    /// Takes the first fault for that number of which `strikes` knows what it does.
    fn take<T>(
        &mut self,
        to: Option<&str>,
        strikes: impl Fn(&Injection) -> Option<T>,
    ) -> Option<T> {
        let mut injections = self.0.iter().enumerate();
        let (at, effect) = injections.find_map(|(at, injection)| {
            let wanted = injection.to.as_ref().map(PhoneNumber::expose);
            let is_for_it = wanted.is_none() || wanted == to;
            Some((at, strikes(injection).filter(|_| is_for_it)?))
        })?;
        if self.0[at].times > 1 {
            self.0[at].times -= 1;
        } else {
            self.0.remove(at);
        }
        Some(effect)
    }
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
        let server_error = Fault::ServerError { status: 503 }.of_api();
        assert!(server_error.is_some());
        let mut next = |kind, to| faults.of_request(kind, "/Messages", to, false);
        assert_eq!(next(Requests::Create, Some(BACKUP)), server_error);
        assert_eq!(
            next(Requests::Create, Some(SERGIO)),
            Fault::LostAnswer.of_api()
        );
        assert_eq!(next(Requests::Other, Some(SERGIO)), None);
        assert_eq!(next(Requests::Create, None), server_error);
        assert_eq!(next(Requests::Create, None), None);
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
