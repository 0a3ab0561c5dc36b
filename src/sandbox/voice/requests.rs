//! The webhooks of a call, and what comes of their answers.
//!
//! Sources: Twilio, "Twilio's request to your application" (voice), the pages of `<Dial>`, `<Number>`, `<Record>`
//! and the Call resource.

use crate::domain::names::name_of;
use crate::sandbox::call::doing::Doing;
use crate::sandbox::call::twiml::{self, For, Prompt, Verb};
use crate::sandbox::call::{Asked, Call, Stored};
use crate::sandbox::faults::CallWebhook;
use crate::sandbox::message::{API_VERSION, digest, rfc2822};
use crate::sandbox::places::place_of;
use crate::sandbox::state::State;
use crate::sandbox::webhook::{Answers, Given, Outgoing};
use crate::twilio::effective::{Hook, Method as HookMethod};
use crate::twilio::form::Form;

pub(super) type Fields = Vec<(&'static str, String)>;

const APPLICATION_ERROR: &str = "We're sorry. An application error has occurred. Goodbye.";

impl State {
    /// Asks a URL what the call does next. Of a call that is over only the request is made.
    pub(super) fn ask(&mut self, sid: &str, url: &str, more: Fields) {
        let url = url.to_owned();
        let method = HookMethod::Post;
        self.ask_hook(sid, Hook { url, method }, more);
    }

    /// The same with the method that belongs to the URL.
    pub(super) fn ask_hook(&mut self, sid: &str, hook: Hook, more: Fields) {
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let hook = Hook {
            url: absolute(&call.document.url, &hook.url),
            ..hook
        };
        if call.status.is_live() {
            call.begin(Doing::Asks, self.now);
        }
        let to = if call.is_leg() {
            For::Callee
        } else {
            For::Caller
        };
        let asked = Asked {
            call: call.sid.clone(),
            epoch: call.epoch,
            to,
        };
        let (is_live, is_leg) = (call.status.is_live(), call.is_leg());
        let may_fall_back = is_live && (!is_leg || self.unchecked.callee_falls_back);
        let fallback = self.fallback_of(sid).filter(|_| may_fall_back);
        let mut fields = self.fields(sid, more);
        if is_leg && self.unchecked.callee_without_parent {
            let others = fields.fields().filter(|(name, _)| *name != "ParentCallSid");
            fields = Form::from_fields(others);
        }
        let webhook = Outgoing::to(Answers::Call(asked), &hook, fallback, fields);
        self.post(sid, webhook);
    }

    fn post(&mut self, sid: &str, mut webhook: Outgoing) {
        if self.unchecked.attested_after_signing {
            webhook.leave_unsigned(&["CallToken", "StirVerstat"]);
        }
        let Some(to) = self.calls.get(sid).map(|call| call.to.clone()) else {
            return;
        };
        let is_asked = matches!(webhook.answers, Answers::Call(_));
        let url = webhook.url.clone();
        let fault = self.faults.of_call(&to, &url, is_asked);
        match fault {
            None => {}
            Some(CallWebhook::Lost) => return,
            Some(CallWebhook::Later(wait)) => return self.outbox.put(self.now + wait, webhook),
            Some(CallWebhook::Twice) => {
                let mut again = webhook.clone();
                again.answers = Answers::Nothing;
                self.outbox.put(self.now, webhook);
                return self.outbox.put(self.now, again);
            }
            Some(CallWebhook::Answer(answer)) => webhook.fault = Some(answer),
        }
        self.outbox.put(self.now, webhook);
    }

    /// What is asked when a URL fails: of the number of the account that a call is about.
    fn fallback_of(&self, sid: &str) -> Option<Hook> {
        let call = self.calls.get(sid);
        let parent = call.and_then(|call| call.parent.as_deref());
        let call = parent.and_then(|sid| self.calls.get(sid)).or(call);
        let number = call.and_then(|call| self.our_number(&call.to))?;
        self.account.voice_hooks(&number).fallback
    }

    /// The fields of every voice request, and `more`.
    fn fields(&self, sid: &str, more: Fields) -> Form {
        let Some(call) = self.calls.get(sid) else {
            return Form::from_fields(more);
        };
        let mut fields = self.own_fields(call);
        fields.extend(more);
        let mut fields: Vec<(String, String)> =
            fields.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
        for (name, value) in &call.extra_fields {
            match fields.iter_mut().find(|(n, _)| n == name) {
                Some((_, old)) => old.clone_from(value),
                None => fields.push((name.clone(), value.clone())),
            }
        }
        Form::from_fields(fields)
    }

    fn own_fields(&self, call: &Call) -> Fields {
        let [from_city, from_state, from_zip, from_country] = place_of(&call.from);
        let [to_city, to_state, to_zip, to_country] = place_of(&call.to);
        let mut fields: Fields = vec![
            ("AccountSid", self.account_sid.clone()),
            ("ApiVersion", API_VERSION.to_owned()),
            ("CallSid", call.sid.clone()),
            ("CallStatus", name_of(&call.status)),
            ("Called", call.to.clone()),
            ("CalledCity", to_city.to_owned()),
            ("CalledCountry", to_country.to_owned()),
            ("CalledState", to_state.to_owned()),
            ("CalledZip", to_zip.to_owned()),
            ("Caller", call.from.clone()),
            ("CallerCity", from_city.to_owned()),
            ("CallerCountry", from_country.to_owned()),
            ("CallerState", from_state.to_owned()),
            ("CallerZip", from_zip.to_owned()),
            ("Direction", call.direction().to_owned()),
            ("From", call.from.clone()),
            ("FromCity", from_city.to_owned()),
            ("FromCountry", from_country.to_owned()),
            ("FromState", from_state.to_owned()),
            ("FromZip", from_zip.to_owned()),
            ("To", call.to.clone()),
            ("ToCity", to_city.to_owned()),
            ("ToCountry", to_country.to_owned()),
            ("ToState", to_state.to_owned()),
            ("ToZip", to_zip.to_owned()),
        ];
        if let Some(parent) = &call.parent {
            fields.push(("ParentCallSid", parent.clone()));
        } else if !call.is_by_api {
            fields.push(("CallToken", format!("token-{}", digest(&call.sid))));
        }
        let optional = [
            ("StirVerstat", &call.stir_verstat),
            ("ForwardedFrom", &call.forwarded_from),
            ("CallerName", &call.caller_name),
        ];
        let given = optional.into_iter();
        fields.extend(given.filter_map(|(name, value)| Some((name, value.clone()?))));
        if let Some(code) = call.error_code {
            fields.push(("ErrorCode", code.to_string()));
        }
        fields
    }

    /// Tells the status callback of a leg, or of the number at the end of a call, what happened.
    pub(super) fn call_back_of_call(&mut self, sid: &str, event: &str) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(sid) else {
            return;
        };
        let is_told = call.events.iter().any(|told| told == event);
        let Some(url) = call.status_callback.clone().filter(|_| is_told) else {
            return;
        };
        let mut more: Fields = vec![
            ("CallbackSource", "call-progress-events".to_owned()),
            ("SequenceNumber", call.sequence.to_string()),
            ("Timestamp", rfc2822(now)),
        ];
        call.sequence += 1;
        if !call.status.is_live() {
            let seconds = call.seconds(now).unwrap_or(0);
            more.push(("CallDuration", seconds.to_string()));
            more.push(("Duration", seconds.div_ceil(60).to_string()));
        }
        let fields = self.fields(sid, more);
        self.post(sid, Outgoing::new(Answers::Nothing, &url, None, fields));
    }

    /// Tells the status callback of a recording how it stands.
    pub(in crate::sandbox) fn call_back_recording(
        &mut self,
        stored: &Stored,
        url: &str,
        status: &str,
    ) {
        let fields: Fields = vec![
            ("AccountSid", self.account_sid.clone()),
            ("CallSid", stored.call.clone()),
            ("RecordingChannels", "1".to_owned()),
            ("RecordingDuration", stored.seconds.to_string()),
            ("RecordingSid", stored.sid.clone()),
            ("RecordingSource", "RecordVerb".to_owned()),
            ("RecordingStartTime", rfc2822(stored.begun)),
            ("RecordingStatus", status.to_owned()),
            ("RecordingUrl", stored.url(&self.account_sid)),
        ];
        let base = self
            .calls
            .get(&stored.call)
            .map(|call| call.document.url.clone());
        let url = absolute(&base.unwrap_or_default(), url);
        let fields = Form::from_fields(fields);
        let sid = stored.call.clone();
        self.post(&sid, Outgoing::new(Answers::Nothing, &url, None, fields));
    }

    /// Tells what was said in a recording, or that nobody could write it down.
    pub(in crate::sandbox) fn call_back_transcription(&mut self, stored: &Stored, url: &str) {
        let sid = stored.call.clone();
        let to = self.calls.get(&sid).map(|call| call.to.clone());
        let fails = self.faults.of_transcription(&to.unwrap_or_default());
        let transcription = format!("TR{}", digest(&stored.sid));
        let status = if fails { "failed" } else { "completed" };
        let mut more: Fields = vec![
            ("RecordingSid", stored.sid.clone()),
            ("RecordingUrl", stored.url(&self.account_sid)),
            ("TranscriptionSid", transcription.clone()),
            ("TranscriptionStatus", status.to_owned()),
            ("TranscriptionType", "fast".to_owned()),
            (
                "TranscriptionUrl",
                format!(
                    "{}/Transcriptions/{transcription}",
                    stored.url(&self.account_sid)
                ),
            ),
        ];
        if !fails {
            more.push(("TranscriptionText", stored.said()));
        }
        let base = self.calls.get(&sid).map(|call| call.document.url.clone());
        let url = absolute(&base.unwrap_or_default(), url);
        let fields = self.fields(&sid, more);
        self.post(&sid, Outgoing::new(Answers::Nothing, &url, None, fields));
    }

    /// A webhook that asked what a call does next was answered well.
    pub(in crate::sandbox) fn call_answered(&mut self, webhook: Outgoing, given: &Given) {
        let Answers::Call(asked) = &webhook.answers else {
            return;
        };
        let read = twiml::read(given.content_type.as_deref(), &given.body, asked.to);
        let is_awaited = self.is_awaited(asked);
        match read {
            Ok(verbs) if is_awaited => {
                let (sid, now) = (asked.call.clone(), self.now);
                if let Some(call) = self.calls.get_mut(&sid) {
                    call.begin(Doing::Hears, now);
                    call.document.url.clone_from(&webhook.url);
                    call.document.left = verbs.into();
                }
                self.carry_on(&sid);
            }
            Ok(_) => {}
            Err(refused) => {
                let about = webhook.about();
                self.outbox
                    .alert(refused.code, &webhook.url, about, refused.why, self.now);
                match webhook.to_fallback(refused.code) {
                    Some(fallback) if is_awaited => self.outbox.put(self.now, fallback),
                    _ => self.call_unanswered(&webhook),
                }
            }
        }
    }

    fn is_awaited(&self, asked: &Asked) -> bool {
        let call = self.calls.get(&asked.call);
        call.is_some_and(|call| call.epoch == asked.epoch && matches!(call.doing, Doing::Asks))
    }

    /// Nobody says what a call does next: neither the URL nor the fallback.
    pub(in crate::sandbox) fn call_unanswered(&mut self, webhook: &Outgoing) {
        let Answers::Call(asked) = &webhook.answers else {
            return;
        };
        if !self.is_awaited(asked) {
            return;
        }
        let sid = asked.call.clone();
        match asked.to {
            For::Callee => self.hang_up(&sid),
            For::Caller => self.application_error(&sid),
        }
    }

    /// What a caller hears when a program fails.
    pub(super) fn application_error(&mut self, sid: &str) {
        let now = self.now;
        if let Some(call) = self.calls.get_mut(sid) {
            call.begin(Doing::Hears, now);
            let text = APPLICATION_ERROR.to_owned();
            let say = Verb::Prompt(Prompt::Say { text, times: 1 });
            call.document.left = [say, Verb::Hangup].into();
        }
        self.carry_on(sid);
    }
}

/// A URL in a document, which may be relative to where the document is from.
fn absolute(base: &str, url: &str) -> String {
    if url.starts_with("https://") || url.starts_with("http://") {
        return url.to_owned();
    }
    let joined = reqwest::Url::parse(base).and_then(|base| base.join(url));
    joined.map_or_else(|_| url.to_owned(), |joined| joined.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_url_is_relative_to_its_document() {
        let base = "https://relay.example.com/twilio/voice/1";
        for (url, expected) in [
            (
                "https://other.example/x#rc=1",
                "https://other.example/x#rc=1",
            ),
            ("/twilio/end", "https://relay.example.com/twilio/end"),
            ("2#rc=1", "https://relay.example.com/twilio/voice/2#rc=1"),
        ] {
            assert_eq!(absolute(base, url), expected);
        }
    }
}
