//! Where what comes in at a number of the account is brought.

use super::{Account, Application, Number, Service};
use crate::domain::phone::PhoneNumber;
use crate::twilio::effective::{
    ApplicationSetup, Hooks, NumberSetup, ServiceSetup, Urls, effective, effective_voice,
};

impl Account {
    pub(in crate::sandbox) fn sms_hooks(&self, number: &PhoneNumber) -> Hooks {
        let setup = self.number_setup(number);
        let service = self.service_of(number);
        let service = service.map(|(sid, service)| service_setup(sid, service));
        let application = self.application(setup.sms_application_sid.as_deref());
        effective(&setup, service.as_ref(), application.as_ref())
    }

    pub(in crate::sandbox) fn voice_hooks(&self, number: &PhoneNumber) -> Hooks {
        let setup = self.number_setup(number);
        let application = self.application(setup.voice_application_sid.as_deref());
        effective_voice(&setup, application.as_ref())
    }

    /// Called when a call to the number is over.
    pub(in crate::sandbox) fn call_status_callback(&self, number: &PhoneNumber) -> Option<String> {
        let setup = self.numbers.get(number)?;
        let application = setup
            .voice_application_sid
            .as_ref()
            .filter(|sid| !sid.is_empty());
        match (&setup.trunk_sid, application) {
            (Some(_), _) => None,
            (None, Some(sid)) => self.applications.get(sid)?.status_callback.clone(),
            (None, None) => setup.status_callback.clone(),
        }
    }

    fn number_setup(&self, number: &PhoneNumber) -> NumberSetup {
        self.numbers
            .get(number)
            .map(number_setup)
            .unwrap_or_default()
    }

    fn application(&self, sid: Option<&str>) -> Option<ApplicationSetup> {
        let sid = sid?;
        let application = self.applications.get(sid)?;
        Some(application_setup(sid, application))
    }
}

fn number_setup(number: &Number) -> NumberSetup {
    let given = |sid: &Option<String>| sid.clone().filter(|sid| !sid.is_empty());
    NumberSetup {
        sms: Urls::of(
            number.sms_url.as_deref(),
            number.sms_method.as_deref(),
            number.sms_fallback_url.as_deref(),
            number.sms_fallback_method.as_deref(),
        ),
        sms_application_sid: given(&number.sms_application_sid),
        voice: Urls::of(
            number.voice_url.as_deref(),
            number.voice_method.as_deref(),
            number.voice_fallback_url.as_deref(),
            number.voice_fallback_method.as_deref(),
        ),
        voice_application_sid: given(&number.voice_application_sid),
        trunk_sid: given(&number.trunk_sid),
    }
}

fn application_setup(sid: &str, application: &Application) -> ApplicationSetup {
    ApplicationSetup {
        sid: sid.to_owned(),
        sms: Urls::of(
            application.sms_url.as_deref(),
            application.sms_method.as_deref(),
            application.sms_fallback_url.as_deref(),
            application.sms_fallback_method.as_deref(),
        ),
        voice: Urls::of(
            application.voice_url.as_deref(),
            application.voice_method.as_deref(),
            application.voice_fallback_url.as_deref(),
            application.voice_fallback_method.as_deref(),
        ),
    }
}

fn service_setup(sid: &str, service: &Service) -> ServiceSetup {
    ServiceSetup {
        sid: sid.to_owned(),
        inbound: Urls::of(
            service.inbound_request_url.as_deref(),
            Some(&service.inbound_method),
            service.fallback_url.as_deref(),
            Some(&service.fallback_method),
        ),
        use_inbound_webhook_on_number: service.use_inbound_webhook_on_number,
    }
}
