//! Where Twilio brings what comes in at a number. A Messaging Service, a TwiML application and a SIP
//! trunk may each overrule the URLs of the number itself.
//!
//! Sources: Twilio, "IncomingPhoneNumber resource" (a TwiML application makes Twilio ignore the number's
//! URLs; a trunk takes its calls) and "Messaging Services: Service resource"
//! (`use_inbound_webhook_on_number`, and no `inbound_request_url` drops what comes in).

/// How a number is set up, as far as it matters here. Empty fields of Twilio's answers are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberSetup {
    pub sms: Urls,
    pub sms_application_sid: Option<String>,
    pub voice: Urls,
    pub voice_application_sid: Option<String>,
    pub trunk_sid: Option<String>,
}

/// The Messaging Service that a number is in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceSetup {
    pub sid: String,
    pub inbound: Urls,
    pub use_inbound_webhook_on_number: bool,
}

/// The TwiML application that a number names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplicationSetup {
    pub sid: String,
    pub sms: Urls,
    pub voice: Urls,
}

/// A URL with its method, and what is called when that one fails.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Urls {
    pub main: Option<Hook>,
    pub fallback: Option<Hook>,
}

impl Urls {
    /// From the fields of one of Twilio's resources, where an empty URL means none.
    pub fn of(
        url: Option<&str>,
        method: Option<&str>,
        fallback_url: Option<&str>,
        fallback_method: Option<&str>,
    ) -> Self {
        Self {
            main: Hook::of(url, method),
            fallback: Hook::of(fallback_url, fallback_method),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    pub url: String,
    pub method: Method,
}

impl Hook {
    /// None if there is no URL.
    pub fn of(url: Option<&str>, method: Option<&str>) -> Option<Self> {
        let url = url.filter(|url| !url.is_empty())?.to_owned();
        let method = Method::of(method);
        Some(Self { url, method })
    }
}

/// How a webhook is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Method {
    Get,
    /// Twilio's own choice where none is set.
    #[default]
    Post,
}

impl Method {
    pub fn of(name: Option<&str>) -> Self {
        match name {
            Some(name) if name.eq_ignore_ascii_case("GET") => Self::Get,
            _ => Self::Post,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// Which resource says where something is brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Number,
    /// The TwiML application with this SID.
    Application(String),
    /// The Messaging Service with this SID.
    Service(String),
    /// The SIP trunk with this SID; of calls alone.
    Trunk(String),
}

/// Where Twilio brings something. Without `main` it is dropped; the fallback alone is not called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hooks {
    pub main: Option<Hook>,
    pub fallback: Option<Hook>,
    pub from: Source,
}

impl Hooks {
    fn new(urls: &Urls, from: Source) -> Self {
        Self {
            main: urls.main.clone(),
            fallback: urls.fallback.clone(),
            from,
        }
    }
}

/// Where a text to the number is brought. `service` is the one that the number is in, and `application`
/// the one that its `sms_application_sid` names; both are `None` if there is no such thing.
///
/// That an application counts below a service that defers to the number is inferred from Twilio's words, not
/// tried.
pub fn effective(
    number: &NumberSetup,
    service: Option<&ServiceSetup>,
    application: Option<&ApplicationSetup>,
) -> Hooks {
    match service.filter(|service| !service.use_inbound_webhook_on_number) {
        Some(service) => Hooks::new(&service.inbound, Source::Service(service.sid.clone())),
        None => {
            let application = application.map(|application| &application.sms);
            own(&number.sms, &number.sms_application_sid, application)
        }
    }
}

/// Where a call to the number is brought: a Messaging Service has no say in it. `application` is the one that
/// its `voice_application_sid` names. A trunk takes the call elsewhere, so that no URL is called.
pub fn effective_voice(number: &NumberSetup, application: Option<&ApplicationSetup>) -> Hooks {
    match &number.trunk_sid {
        Some(trunk) => Hooks::new(&Urls::default(), Source::Trunk(trunk.clone())),
        None => {
            let application = application.map(|application| &application.voice);
            own(&number.voice, &number.voice_application_sid, application)
        }
    }
}

/// The application's URLs, if the number names one, even one that is gone; otherwise the number's.
fn own(number: &Urls, application_sid: &Option<String>, application: Option<&Urls>) -> Hooks {
    match application_sid {
        Some(sid) => {
            let none = Urls::default();
            let urls = application.unwrap_or(&none);
            Hooks::new(urls, Source::Application(sid.clone()))
        }
        None => Hooks::new(number, Source::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(name: &str) -> Urls {
        Urls::of(
            Some(&format!("https://{name}.example.com/main")),
            None,
            Some(&format!("https://{name}.example.com/fallback")),
            Some("GET"),
        )
    }

    fn number() -> NumberSetup {
        NumberSetup {
            sms: urls("number-sms"),
            voice: urls("number-voice"),
            ..NumberSetup::default()
        }
    }

    fn application() -> ApplicationSetup {
        ApplicationSetup {
            sid: "AP1".to_owned(),
            sms: urls("app-sms"),
            voice: urls("app-voice"),
        }
    }

    fn service(defers: bool) -> ServiceSetup {
        ServiceSetup {
            sid: "MG1".to_owned(),
            inbound: urls("service"),
            use_inbound_webhook_on_number: defers,
        }
    }

    #[test]
    fn a_text_goes_to_the_service_then_to_the_application_then_to_the_number() {
        let (own, deferring, app) = (service(false), service(true), application());
        let with_app = NumberSetup {
            sms_application_sid: Some("AP1".to_owned()),
            ..number()
        };
        let app_source = Source::Application("AP1".to_owned());
        let service_source = Source::Service("MG1".to_owned());
        for (number, service, app, name, source) in [
            (number(), None, None, "number-sms", Source::Number),
            (
                number(),
                Some(&deferring),
                None,
                "number-sms",
                Source::Number,
            ),
            (
                number(),
                Some(&own),
                None,
                "service",
                service_source.clone(),
            ),
            (
                with_app.clone(),
                None,
                Some(&app),
                "app-sms",
                app_source.clone(),
            ),
            (
                with_app.clone(),
                Some(&deferring),
                Some(&app),
                "app-sms",
                app_source,
            ),
            (with_app, Some(&own), Some(&app), "service", service_source),
            // An application that the number does not name has no say.
            (number(), None, Some(&app), "number-sms", Source::Number),
        ] {
            let Urls { main, fallback } = urls(name);
            let expected = Hooks {
                main,
                fallback,
                from: source,
            };
            assert_eq!(effective(&number, service, app), expected);
        }
    }

    #[test]
    fn a_service_without_a_url_drops_texts_whatever_the_number_has() {
        let mut service = service(false);
        service.inbound.main = None;
        let hooks = effective(&number(), Some(&service), None);
        assert_eq!(hooks.main, None);
        assert_eq!(hooks.from, Source::Service("MG1".to_owned()));
    }

    #[test]
    fn an_application_that_is_gone_leaves_nothing_to_call() {
        let number = NumberSetup {
            sms_application_sid: Some("AP1".to_owned()),
            voice_application_sid: Some("AP1".to_owned()),
            ..number()
        };
        for hooks in [
            effective(&number, None, None),
            effective_voice(&number, None),
        ] {
            assert_eq!((hooks.main, hooks.fallback), (None, None));
            assert_eq!(hooks.from, Source::Application("AP1".to_owned()));
        }
    }

    #[test]
    fn a_call_goes_to_the_trunk_then_to_the_application_then_to_the_number() {
        let app = application();
        let with_app = NumberSetup {
            voice_application_sid: Some("AP1".to_owned()),
            ..number()
        };
        let with_trunk = NumberSetup {
            trunk_sid: Some("TK1".to_owned()),
            ..with_app.clone()
        };
        let hooks = effective_voice(&number(), None);
        assert_eq!(
            (hooks.main, hooks.from),
            (urls("number-voice").main, Source::Number)
        );
        let hooks = effective_voice(&with_app, Some(&app));
        assert_eq!(hooks.main, urls("app-voice").main);
        assert_eq!(hooks.from, Source::Application("AP1".to_owned()));
        let hooks = effective_voice(&with_trunk, Some(&app));
        assert_eq!((hooks.main, hooks.fallback), (None, None));
        assert_eq!(hooks.from, Source::Trunk("TK1".to_owned()));
    }

    #[test]
    fn an_empty_url_is_none_and_a_method_that_is_not_set_is_post() {
        assert_eq!(Hook::of(Some(""), Some("GET")), None);
        assert_eq!(Hook::of(None, None), None);
        let method = |name| Hook::of(Some("https://a.example"), name).map(|hook| hook.method);
        assert_eq!(method(None), Some(Method::Post));
        assert_eq!(method(Some("GET")), Some(Method::Get));
        assert_eq!(method(Some("POST")), Some(Method::Post));
        assert_eq!([Method::Get.name(), Method::Post.name()], ["GET", "POST"]);
    }
}
