//! A call told from what is stored of it, for people: when what happened, with the number masked.

use jiff::Timestamp;

use super::{
    Attestation, Call, Caller, Given, Leg, LegStatus, Message, MissedAt, NotReached, Out, Outcome,
    Refused, Skip, Skipped, Stage, Unrung,
};
use crate::domain::names::name_of;
use crate::domain::phone::Sender;
use crate::domain::time_zone::TimeZone;

/// Moments of the call in their order, each with what happened then.
pub fn story(call: &Call, zone: &TimeZone) -> Vec<(Timestamp, String)> {
    let mut told = vec![(call.opened, came(call, zone))];
    for skipped in &call.skipped {
        told.push((call.opened, passed_over(skipped)));
    }
    if let Some(unrung) = call.unrung {
        told.push((call.opened, straight_to_voicemail(unrung).to_owned()));
    }
    for leg in &call.legs {
        tell_leg(call, leg, &mut told);
    }
    if let Some(out) = &call.out {
        tell_customer(out, &mut told);
    }
    if let Some(message) = &call.message {
        tell_message(message, &mut told);
    }
    if let Some(ended) = call.ended {
        let seconds = ended.duration_since(call.opened).as_secs();
        let says = match call.out {
            Some(_) => format!("the call was over, {seconds} s after it was asked for"),
            None => format!("the caller was gone, {seconds} s after they called"),
        };
        told.push((ended, says));
    }
    if let Stage::Over { outcome } = &call.stage {
        let over = call.told.or(call.ended).unwrap_or(call.opened);
        told.push((over, format!("outcome: {}", outcome.in_words())));
        if let Some(other) = &call.told_with {
            told.push((over, format!("people are told of it with call {other}")));
        }
        if let Some(at) = call.tells_at {
            let says = "people are told then, of this and of further calls of the caller";
            told.push((at, says.to_owned()));
        }
    }
    // What is of the same moment stays as it was told.
    told.sort_by_key(|(at, _)| *at);
    told
}

fn came(call: &Call, zone: &TimeZone) -> String {
    if call.out.is_some() {
        return asked(call);
    }
    let from = match &call.caller {
        Caller::Phone(number) => number.masked().to_string(),
        Caller::Withheld => "a withheld number".to_owned(),
        Caller::Odd(address) => Sender::Alphanumeric(address.clone()).masked().to_string(),
    };
    let attested = match call.attestation {
        Attestation::Absent => String::new(),
        Attestation::Failed => " (the number is probably not the caller's)".to_owned(),
        Attestation::A => " (attested A)".to_owned(),
        Attestation::B => " (attested B)".to_owned(),
        Attestation::C => " (attested C)".to_owned(),
    };
    let by = if call.by_fallback {
        ", taken by the fallback"
    } else {
        ""
    };
    let because = match (&call.decision.because, call.has_conversation) {
        (Some(because), _) => format!("; {because}"),
        (None, true) => String::new(),
        (None, false) => "; no conversation".to_owned(),
    };
    let candidates = call.decision.candidates.iter().filter(|c| c.available);
    let on_duty: Vec<String> = candidates
        .map(|c| format!("{} ({})", c.person, c.because.in_zone(zone)))
        .collect();
    let on_duty = match on_duty.as_slice() {
        [] => "nobody is on duty".to_owned(),
        people => format!("on duty: {}", people.join(", ")),
    };
    format!("call from {from}{attested}{by}{because}; {on_duty}")
}

/// A person wants to be connected with a customer.
fn asked(call: &Call) -> String {
    let person = call.legs.first().map_or("somebody", |leg| &leg.person);
    let customer = call
        .caller
        .phone()
        .map(|number| number.masked().to_string());
    let customer = customer.unwrap_or_default();
    let text = call.out.as_ref().and_then(|out| out.text.as_ref());
    match text {
        Some(text) => format!("{person} asked by text to call {customer} ({text})"),
        None => format!("{person} called the line, to be connected with {customer}"),
    }
}

fn tell_customer(out: &Out, told: &mut Vec<(Timestamp, String)>) {
    if let Some(at) = out.answered {
        told.push((at, "the customer picked up".to_owned()));
    }
    if let Some(end) = &out.ended {
        let says = match end.status {
            LegStatus::Completed | LegStatus::Answered => "the customer's leg was over".to_owned(),
            LegStatus::NoAnswer => "the customer did not answer".to_owned(),
            LegStatus::Busy => "the customer was busy or declined".to_owned(),
            LegStatus::Failed => "the customer's number could not be called".to_owned(),
            LegStatus::Canceled => "the customer's phone stopped ringing".to_owned(),
            LegStatus::Ringing | LegStatus::Unknown => {
                format!("the customer's leg was over ({})", name_of(&end.status))
            }
        };
        let seconds = end.seconds.map(|seconds| format!(" after {seconds} s"));
        told.push((end.at, says + &seconds.unwrap_or_default()));
    }
}

fn passed_over(skipped: &Skipped) -> String {
    let because = match skipped.because {
        Skip::IsTheCaller => "they are the caller",
        Skip::NoCallsNow => "they take no calls at this hour",
        Skip::NotAvailable => "they are not on duty any more",
        Skip::OutsideAllowedPrefixes => "their number is outside allowed_prefixes",
        Skip::InACall => "they are in another call",
        Skip::MostRings => "enough people are rung before them",
    };
    format!("{} is not rung: {because}", skipped.person)
}

fn straight_to_voicemail(unrung: Unrung) -> &'static str {
    match unrung {
        Unrung::Nobody => "nobody is rung: nobody takes calls now",
        Unrung::Withheld => "nobody is rung: unknown_callers is voicemail",
        Unrung::FailedAttestation => "nobody is rung: the number is probably not the caller's",
        Unrung::TooMany => "nobody is rung: too many calls of this caller or to this line",
        Unrung::Fallback => "nobody is rung: the main path did not answer",
    }
}

fn tell_leg(call: &Call, leg: &Leg, told: &mut Vec<(Timestamp, String)>) {
    let (person, is_out) = (&leg.person, call.out.is_some());
    let is_over = matches!(call.stage, Stage::Over { .. });
    let is_unheard = leg.sid.is_none() && leg.ended.is_none() && leg.given.is_none();
    let unscreened = if leg.unscreened {
        ", and any pick-up is an answer"
    } else {
        ""
    };
    let rings = leg.ring.as_secs();
    let out = call.out.as_ref();
    if out.is_some_and(|out| out.by_phone.is_some()) {
        if leg.given == Some(Given::Connect) {
            let at = leg.pressed.unwrap_or(leg.rung);
            told.push((at, "the customer was called".to_owned()));
        }
        return;
    }
    let says = if is_over && is_unheard && !is_out {
        format!("was to ring {person}, and nothing was heard of their phone")
    } else {
        format!("rang {person} for up to {rings} s{unscreened}")
    };
    told.push((leg.rung, says));
    if let Some(sid) = leg.sid.as_ref().filter(|_| is_out) {
        told.push((
            leg.rung,
            format!("the provider's name for the call is {sid}"),
        ));
    }
    if let Some(at) = leg.picked_up {
        told.push((at, format!("{person}'s phone was picked up")));
    }
    if let Some(given) = leg.given {
        let says = match given {
            Given::Connect if is_out => format!("{person} pressed 1, and the customer was called"),
            Given::Connect => format!("{person} pressed 1 and was connected"),
            Given::HangUp => format!(
                "{person}'s phone pressed nothing that connects: a mailbox, a pocket, or somebody who passed it \
                 on; no answer"
            ),
        };
        told.push((leg.pressed.unwrap_or(leg.rung), says));
    }
    if let Some(end) = &leg.ended {
        let sip = leg.sip.map(|sip| format!(", SIP {sip}"));
        let sip = sip.unwrap_or_default();
        let seconds = end.seconds.map(|seconds| format!(" after {seconds} s"));
        let says = match end.status {
            _ if leg.talked() => format!("the talk was over{}", seconds.unwrap_or_default()),
            LegStatus::Completed | LegStatus::Answered => format!("{person}'s phone hung up"),
            LegStatus::NoAnswer => format!("{person} did not answer"),
            LegStatus::Busy => format!("{person} was busy or declined"),
            LegStatus::Failed => format!("{person}'s number could not be rung"),
            LegStatus::Canceled => format!("{person}'s phone stopped ringing"),
            LegStatus::Ringing | LegStatus::Unknown => {
                format!("{person}'s phone was over ({})", name_of(&end.status))
            }
        };
        let code = leg.code.map(|code| format!(", error {code}"));
        told.push((end.at, format!("{says}{sip}{}", code.unwrap_or_default())));
    }
}

fn tell_message(message: &Message, told: &mut Vec<(Timestamp, String)>) {
    told.push((message.began, "the voicemail began".to_owned()));
    if let Some(at) = message.finished {
        told.push((at, "the caller had finished their message".to_owned()));
    }
    if let Some(at) = message.heard {
        let says = match message.seconds {
            Some(seconds) => format!("{seconds} s are recorded"),
            None => "nothing is recorded".to_owned(),
        };
        told.push((at, says));
    }
    if let Some(at) = message.kept {
        told.push((at, "the relay keeps the recording".to_owned()));
    }
    if let Some(at) = message.deleted_at_twilio {
        told.push((at, "the recording was deleted at Twilio".to_owned()));
    }
    if message.is_lost {
        let at = message.heard.unwrap_or(message.began);
        let says = format!(
            "the recording could not be fetched, {} times",
            message.failed
        );
        told.push((at, says));
    }
}

impl Outcome {
    pub fn in_words(&self) -> String {
        match self {
            Outcome::Spoke { person, seconds } => {
                let seconds = seconds.map(|s| format!(" for {s} s")).unwrap_or_default();
                format!("spoke with {person}{seconds}")
            }
            Outcome::Voicemail { seconds } => format!("voicemail of {seconds} s"),
            Outcome::Missed { at } => format!(
                "missed, {}",
                match at {
                    MissedAt::Ringing => "hung up while it rang",
                    MissedAt::Voicemail => "left no message",
                    MissedAt::CutOff => "cut off after a few seconds, and left no message",
                    MissedAt::Nobody => "nobody could be rung, and they left no message",
                    MissedAt::TextsOnly => "heard that the line takes texts only",
                    MissedAt::Unknown => "may have heard an error",
                }
            ),
            Outcome::NotReached { because } => format!(
                "not connected, {}",
                match because {
                    NotReached::TooMany => "too many calls of that person".to_owned(),
                    NotReached::InACall => "the person was in another call".to_owned(),
                    NotReached::NotMade { code: None } =>
                        "the person's phone could not be rung".to_owned(),
                    NotReached::NotMade { code: Some(code) } =>
                        format!("the person's phone could not be rung (error {code})"),
                    NotReached::NotTaken => "the person did not press 1".to_owned(),
                    NotReached::HungUp => "the person hung up before the answer".to_owned(),
                    NotReached::NoAnswer => "the customer did not answer".to_owned(),
                    NotReached::Busy => "the customer was busy or declined".to_owned(),
                    NotReached::Failed => "the customer's number could not be called".to_owned(),
                    NotReached::Unknown => "it is not known how it ended".to_owned(),
                }
            ),
            Outcome::Refused { because } => format!(
                "refused, {}",
                match because {
                    Refused::Loop => "a phone forwards calls back to the line",
                    Refused::Blocked => "the caller is blocked",
                    Refused::Withheld => "the number is withheld",
                    Refused::FailedAttestation => "the number is probably not the caller's",
                    Refused::TooMany => "far too many calls",
                }
            ),
        }
    }
}
