//! Changes to numbers, TwiML applications and Messaging Services: only the fields that are given change, and none
//! of them if one is refused. A parameter that Twilio knows and the sandbox does not is refused too, so that nobody
//! takes it for done; so is a misspelt one, which Twilio would ignore.

use super::super::error::ApiError;
use crate::domain::phone::PhoneNumber;
use crate::sandbox::state::State;
use crate::twilio::form::Form;

/// What is refused, in an older API and in a newer one. Twilio's documents name 21402 and 21403 for numbers; that
/// the newer API says 20001 is assumed.
struct Refusals {
    url: u32,
    method: u32,
}

const OLDER: Refusals = Refusals {
    url: 21402,
    method: 21403,
};
const NEWER: Refusals = Refusals {
    url: 20001,
    method: 20001,
};

/// The fields of a change, and which of them were taken.
struct Change<'f> {
    form: &'f Form,
    refusals: Refusals,
    known: Vec<&'static str>,
}

impl<'f> Change<'f> {
    fn new(form: &'f Form, refusals: Refusals) -> Self {
        Self {
            form,
            refusals,
            known: Vec::new(),
        }
    }

    fn given(&mut self, name: &'static str) -> Option<&'f str> {
        self.known.push(name);
        self.form.get(name)
    }

    fn text(&mut self, name: &'static str, field: &mut Option<String>) {
        if let Some(text) = self.given(name) {
            *field = Some(text.to_owned());
        }
    }

    /// An empty URL takes away the one that there is.
    fn url(&mut self, name: &'static str, field: &mut Option<String>) -> Result<(), ApiError> {
        let Some(url) = self.given(name) else {
            return Ok(());
        };
        if !url.is_empty() && !is_url(url) {
            let message = format!("{name} is not valid: {url}");
            return Err(ApiError::bad(self.refusals.url).saying(message));
        }
        *field = (!url.is_empty()).then(|| url.to_owned());
        Ok(())
    }

    fn method(&mut self, name: &'static str) -> Result<Option<String>, ApiError> {
        match self.given(name) {
            None => Ok(None),
            Some(method @ ("GET" | "POST")) => Ok(Some(method.to_owned())),
            Some(method) => {
                let message = format!("{name} is not valid: {method}");
                Err(ApiError::bad(self.refusals.method).saying(message))
            }
        }
    }

    fn set_method(
        &mut self,
        name: &'static str,
        field: &mut Option<String>,
    ) -> Result<(), ApiError> {
        if let Some(method) = self.method(name)? {
            *field = Some(method);
        }
        Ok(())
    }

    fn flag(&mut self, name: &'static str, field: &mut bool) -> Result<(), ApiError> {
        match self.given(name) {
            None => Ok(()),
            Some(flag) => {
                let wrong = || ApiError::bad(20001).saying(format!("{name} is not a boolean"));
                *field = flag.to_lowercase().parse().map_err(|_| wrong())?;
                Ok(())
            }
        }
    }

    /// Refuses what nothing was done about.
    fn end(self) -> Result<(), ApiError> {
        let mut names = self.form.fields().map(|(name, _)| name);
        match names.find(|name| !self.known.contains(name)) {
            None => Ok(()),
            Some(name) => Err(ApiError::bad(20001).saying(format!(
                "the sandbox does not know the parameter {name} of this resource"
            ))),
        }
    }
}

fn is_url(url: &str) -> bool {
    let has_scheme = url.starts_with("https://") || url.starts_with("http://");
    let parsed = reqwest::Url::parse(url);
    has_scheme && !url.contains(char::is_whitespace) && parsed.is_ok_and(|url| url.has_host())
}

impl State {
    pub(super) fn update_number(
        &mut self,
        number: &PhoneNumber,
        form: &Form,
    ) -> Result<(), ApiError> {
        let Some(mut to) = self.account.numbers.get(number).cloned() else {
            return Ok(());
        };
        let mut change = Change::new(form, OLDER);
        change.text("FriendlyName", &mut to.friendly_name);
        change.url("SmsUrl", &mut to.sms_url)?;
        change.set_method("SmsMethod", &mut to.sms_method)?;
        change.url("SmsFallbackUrl", &mut to.sms_fallback_url)?;
        change.set_method("SmsFallbackMethod", &mut to.sms_fallback_method)?;
        change.url("VoiceUrl", &mut to.voice_url)?;
        change.set_method("VoiceMethod", &mut to.voice_method)?;
        change.url("VoiceFallbackUrl", &mut to.voice_fallback_url)?;
        change.set_method("VoiceFallbackMethod", &mut to.voice_fallback_method)?;
        change.url("StatusCallback", &mut to.status_callback)?;
        change.set_method("StatusCallbackMethod", &mut to.status_callback_method)?;
        for (name, field) in [
            ("SmsApplicationSid", &mut to.sms_application_sid),
            ("VoiceApplicationSid", &mut to.voice_application_sid),
        ] {
            if let Some(sid) = change.given(name) {
                if !sid.is_empty() && !self.account.applications.contains_key(sid) {
                    let message = format!("{name} {sid} is no application of the account");
                    return Err(ApiError::bad(20001).saying(message));
                }
                *field = (!sid.is_empty()).then(|| sid.to_owned());
            }
        }
        change.end()?;
        self.account.numbers.insert(number.clone(), to);
        Ok(())
    }

    pub(super) fn update_application(
        &mut self,
        sid: &str,
        path: &str,
        form: &Form,
    ) -> Result<(), ApiError> {
        let application = self.account.applications.get_mut(sid);
        let application = application.ok_or_else(|| ApiError::not_found(path))?;
        let mut to = application.clone();
        let mut change = Change::new(form, OLDER);
        change.text("FriendlyName", &mut to.friendly_name);
        change.url("SmsUrl", &mut to.sms_url)?;
        change.set_method("SmsMethod", &mut to.sms_method)?;
        change.url("SmsFallbackUrl", &mut to.sms_fallback_url)?;
        change.set_method("SmsFallbackMethod", &mut to.sms_fallback_method)?;
        change.url("SmsStatusCallback", &mut to.sms_status_callback)?;
        change.url("MessageStatusCallback", &mut to.message_status_callback)?;
        change.url("VoiceUrl", &mut to.voice_url)?;
        change.set_method("VoiceMethod", &mut to.voice_method)?;
        change.url("VoiceFallbackUrl", &mut to.voice_fallback_url)?;
        change.set_method("VoiceFallbackMethod", &mut to.voice_fallback_method)?;
        change.url("StatusCallback", &mut to.status_callback)?;
        change.set_method("StatusCallbackMethod", &mut to.status_callback_method)?;
        change.end()?;
        *application = to;
        Ok(())
    }

    pub(super) fn update_service(
        &mut self,
        sid: &str,
        path: &str,
        form: &Form,
    ) -> Result<(), ApiError> {
        let service = self.account.services.get_mut(sid);
        let service = service.ok_or_else(|| ApiError::not_found(path))?;
        let mut to = service.clone();
        let mut change = Change::new(form, NEWER);
        if let Some(name) = change.given("FriendlyName") {
            name.clone_into(&mut to.friendly_name);
        }
        change.url("InboundRequestUrl", &mut to.inbound_request_url)?;
        if let Some(method) = change.method("InboundMethod")? {
            to.inbound_method = method;
        }
        change.url("FallbackUrl", &mut to.fallback_url)?;
        if let Some(method) = change.method("FallbackMethod")? {
            to.fallback_method = method;
        }
        change.url("StatusCallback", &mut to.status_callback)?;
        let defers = &mut to.use_inbound_webhook_on_number;
        change.flag("UseInboundWebhookOnNumber", defers)?;
        change.flag("SmartEncoding", &mut to.smart_encoding)?;
        change.end()?;
        *service = to;
        Ok(())
    }
}
