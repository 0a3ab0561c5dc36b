//! The requests about a call.
//!
//! Sources: Twilio, "TwiML Voice" (the request to a voice URL; Dial, Number, Gather, Record), "Recording
//! status callback" and "Trusted calling with SHAKEN/STIR". Fields get added without notice, and most of
//! them may be absent.

use super::inbound::place;
use super::{Refusal, Unverified, Verified};
use crate::domain::call::{Attestation, Caller, Dialed, Event, LegStatus};
use crate::domain::ids::{CallSid, RecordingSid};
use crate::domain::phone::PhoneNumber;
use crate::twilio::call_status::{is_over, leg_status, seconds};
use crate::twilio::form::Form;
use crate::twilio::voice::{VOICE_PATH, VoicePath, attestation, caller};

/// What a request about a call says of itself, to be looked up before it can be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceRequest {
    pub path: VoicePath,
    /// The caller's call, whichever leg the request is of.
    pub call: CallSid,
    /// `None` if the request does not say, as with news of a recording: the call has it.
    pub line: Option<PhoneNumber>,
    /// Who calls, if the request says so and it is a telephone.
    pub caller: Option<PhoneNumber>,
}

/// What Twilio said of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceNews {
    pub path: VoicePath,
    pub call: CallSid,
    pub line: Option<PhoneNumber>,
    /// Who calls; `None` if the request does not say, as with everything about a leg.
    pub from: Option<CallFrom>,
    /// `None` for what means nothing to the relay: to be acknowledged, and nothing else.
    pub event: Option<Event>,
    /// Twilio's code for what went wrong, if anything did.
    pub error_code: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFrom {
    pub caller: Caller,
    pub attestation: Attestation,
    pub place: Option<String>,
}

impl Unverified {
    /// Whether it is about a call, and no text.
    pub fn is_of_call(&self) -> bool {
        self.path_and_query.starts_with(VOICE_PATH)
    }

    /// Whether a person and the caller were connected and have finished: nothing is to come next.
    pub fn tells_of_a_talk(&self) -> bool {
        let status = self.form.get("DialCallStatus");
        self.form.get("DialBridged") == Some("true") && status == Some("completed")
    }

    /// Whether this is what somebody pressed who was asked for a key.
    pub fn presses(&self, keys: &str) -> bool {
        self.form.get("Digits") == Some(keys)
    }

    /// What a request about a call is about. Refused if its path names another call than its form.
    pub fn voice(&self) -> Result<VoiceRequest, Refusal> {
        let path = self.path_and_query.split('?').next().unwrap_or_default();
        request(
            VoicePath::parse(path).ok_or(Refusal::NoSuchPath)?,
            &self.form,
        )
    }
}

/// Understands a verified request about a call. `path` is the request's, which the signature covers.
pub fn voice(path: VoicePath, form: Verified<Form>) -> Result<Verified<VoiceNews>, Refusal> {
    let VoiceRequest {
        path, call, line, ..
    } = request(path, &form)?;
    let event = event(&path, &form)?;
    let from = (!path.is_of_leg()).then(|| form.get("From").map(|from| call_from(from, &form)));
    Ok(Verified(VoiceNews {
        from: from.flatten(),
        path,
        call,
        line,
        event,
        error_code: form.get("ErrorCode").and_then(|code| code.parse().ok()),
    }))
}

fn request(path: VoicePath, form: &Form) -> Result<VoiceRequest, Refusal> {
    let sid = sid(form, "CallSid")?;
    let call = match path.call() {
        None => sid,
        Some(call) => {
            let named = if path.is_out() {
                // The relay named it before Twilio did.
                None
            } else if path.is_of_leg() {
                form.filled("ParentCallSid")
            } else {
                Some(sid.as_str())
            };
            if named.is_some_and(|named| named != call.as_str()) {
                return Err(Refusal::OtherCall);
            }
            call.clone()
        }
    };
    let name = if path.is_of_leg() { "From" } else { "To" };
    let line = form
        .get(name)
        .and_then(|line| PhoneNumber::parse(line).ok());
    let may_lack_it = matches!(
        path,
        VoicePath::Recording(_) | VoicePath::FallbackRecording | VoicePath::Transcribed(_)
    );
    if line.is_none() && !may_lack_it {
        return Err(Refusal::Incomplete(name));
    }
    let from = form.get("From").filter(|_| !path.is_of_leg());
    let caller = from.and_then(|from| caller(from).phone().cloned());
    Ok(VoiceRequest {
        path,
        call,
        line,
        caller,
    })
}

fn sid(form: &Form, name: &'static str) -> Result<CallSid, Refusal> {
    let sid = form.filled(name).ok_or(Refusal::Incomplete(name))?;
    CallSid::parse(sid).map_err(|_| Refusal::Incomplete(name))
}

fn event(path: &VoicePath, form: &Form) -> Result<Option<Event>, Refusal> {
    let status = || call_status(form);
    Ok(Some(match path {
        VoicePath::Call | VoicePath::Fallback => Event::Began,
        VoicePath::Screen(_, leg) => Event::PickedUp {
            leg: *leg,
            sid: sid(form, "CallSid")?,
        },
        VoicePath::Chosen(_, leg) => pressed(*leg, form)?,
        VoicePath::Progress(_, leg) => progress(*leg, form)?,
        VoicePath::Ended(_, leg) => Event::Dialed {
            leg: *leg,
            how: dialed(form),
        },
        VoicePath::OutAsk(_) => Event::PickedUp {
            leg: 1,
            sid: sid(form, "CallSid")?,
        },
        VoicePath::OutChosen(_) => pressed(1, form)?,
        VoicePath::OutProgress(_) => progress(1, form)?,
        VoicePath::OutCustomer(_) => Event::Customer {
            sid: sid(form, "CallSid")?,
            status: status(),
            seconds: form.get("CallDuration").and_then(seconds),
        },
        VoicePath::OutEnded(_) | VoicePath::Called(_) => Event::Reached { how: dialed(form) },
        VoicePath::Menu(_) => pressed(1, form)?,
        VoicePath::Recorded(_) | VoicePath::FallbackRecorded => Event::Recorded {
            hung_up: form.get("Digits") == Some("hangup") || is_over(status()),
        },
        VoicePath::Recording(_) | VoicePath::FallbackRecording => return recording(form),
        VoicePath::Transcribed(_) => Event::Transcribed {
            text: form
                .filled("TranscriptionText")
                .filter(|_| form.get("TranscriptionStatus") == Some("completed"))
                .map(str::to_owned),
        },
        VoicePath::End if is_over(status()) => Event::Ended {
            seconds: form.get("CallDuration").and_then(seconds),
        },
        VoicePath::End => return Ok(None),
    }))
}

fn pressed(leg: usize, form: &Form) -> Result<Event, Refusal> {
    let keys = form.filled("Digits");
    Ok(Event::Pressed {
        leg,
        sid: sid(form, "CallSid")?,
        keys: keys.map(|keys| keys.chars().take(MOST_KEYS).collect()),
    })
}

fn progress(leg: usize, form: &Form) -> Result<Event, Refusal> {
    Ok(Event::Progress {
        leg,
        sid: sid(form, "CallSid")?,
        status: call_status(form),
        sip: form.get("SipResponseCode").and_then(sip_code),
        code: form.get("ErrorCode").and_then(|code| code.parse().ok()),
        seconds: form.get("CallDuration").and_then(seconds),
    })
}

fn dialed(form: &Form) -> Dialed {
    Dialed {
        status: leg_status(form.get("DialCallStatus").unwrap_or_default()),
        bridged: match form.get("DialBridged") {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        },
        seconds: form.get("DialCallDuration").and_then(seconds),
        caller_hung_up: is_over(call_status(form)),
    }
}

fn call_status(form: &Form) -> LegStatus {
    leg_status(form.get("CallStatus").unwrap_or_default())
}

/// More keys than anybody is asked for.
const MOST_KEYS: usize = 32;

/// The recording is known by its SID alone: whatever `RecordingUrl` says is not fetched.
fn recording(form: &Form) -> Result<Option<Event>, Refusal> {
    let name = "RecordingSid";
    let sid = form.filled(name).ok_or(Refusal::Incomplete(name))?;
    let sid = RecordingSid::parse(sid).map_err(|_| Refusal::Incomplete(name))?;
    let duration = "RecordingDuration";
    let seconds = match form.get("RecordingStatus") {
        // A recording of no known length is not told as one; Twilio is asked for it later.
        Some("completed") => Some(
            form.get(duration)
                .and_then(seconds)
                .ok_or(Refusal::Incomplete(duration))?,
        ),
        Some("absent" | "failed") => None,
        _ => return Ok(None),
    };
    Ok(Some(Event::Recording { sid, seconds }))
}

fn call_from(from: &str, form: &Form) -> CallFrom {
    let either = |names: [&str; 2]| names.into_iter().find_map(|name| form.filled(name));
    CallFrom {
        caller: caller(from),
        attestation: attestation(form.get("StirVerstat").unwrap_or_default()),
        place: place(
            either(["FromCity", "CallerCity"]),
            either(["FromState", "CallerState"]),
        ),
    }
}

fn sip_code(text: &str) -> Option<u16> {
    let code: u16 = text.parse().ok()?;
    (100..700).contains(&code).then_some(code)
}
