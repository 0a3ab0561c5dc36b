//! Where a text or a call to the line is brought, and what is kept of one that could not be.

use relay::sandbox::{Application, NewCall, NoReply, Service};
use serde_json::json;

use super::setup::sid;
use super::*;

const APP_URL: &str = "https://app.example.com/sms";
const SERVICE_URL: &str = "https://service.example.com/sms";

impl World {
    /// Changes how the line is set up.
    fn line(&self, change: impl FnOnce(&mut Number)) {
        self.sandbox.change_setup(|account| {
            change(account.numbers.get_mut(&number(LINE)).unwrap());
        });
    }

    /// Changes the Messaging Service that the line is in.
    fn service(&self, change: impl FnOnce(&mut Service)) {
        self.sandbox
            .change_setup(|account| change(account.services.values_mut().next().unwrap()));
    }

    fn has_application(&self) {
        let application = Application {
            sms_url: Some(APP_URL.to_owned()),
            voice_url: Some("https://app.example.com/voice".to_owned()),
            status_callback: Some("https://app.example.com/end".to_owned()),
            ..Application::default()
        };
        self.sandbox.change_setup(|account| {
            account.applications.insert(sid("AP", '1'), application);
        });
    }

    /// Where the customer's next text is brought.
    fn brought_to(&self) -> Vec<String> {
        self.texts(CUSTOMER, Text::new("hi"));
        let due = self.webhooks();
        for webhook in &due {
            self.sandbox.answered(webhook.id, 200, "");
        }
        due.into_iter().map(|webhook| webhook.url).collect()
    }
}

#[test]
fn a_text_goes_where_the_service_the_application_or_the_number_says() {
    let world = world();
    assert_eq!(world.brought_to(), [SMS_URL]);
    world.has_application();
    world.line(|line| line.sms_application_sid = Some(sid("AP", '1')));
    assert_eq!(world.brought_to(), [APP_URL]);
    world.service(|service| {
        service.use_inbound_webhook_on_number = false;
        service.inbound_request_url = Some(SERVICE_URL.to_owned());
    });
    assert_eq!(world.brought_to(), [SERVICE_URL]);
    world.service(|service| service.phone_numbers.clear());
    assert_eq!(world.brought_to(), [APP_URL]);
    world.line(|line| line.sms_application_sid = None);
    assert_eq!(world.brought_to(), [SMS_URL]);
}

#[test]
fn a_text_to_a_service_without_a_url_is_dropped_and_nothing_says_so() {
    let world = world();
    world.service(|service| service.use_inbound_webhook_on_number = false);
    let text = world.texts(CUSTOMER, Text::new("hi"));
    assert!(world.webhooks().is_empty());
    assert!(world.sandbox.alerts().is_empty());
    let (status, message) = world.json(Method::GET, &format!("/Messages/{text}.json"), &[]);
    assert_eq!((status, &message["status"]), (200, &json!("received")));
    assert_eq!(message["error_code"], Value::Null);
}

#[test]
fn a_service_has_a_fallback_of_its_own_and_a_method_for_it() {
    let world = world();
    world.service(|service| {
        service.use_inbound_webhook_on_number = false;
        service.inbound_request_url = Some(SERVICE_URL.to_owned());
        service.fallback_url = Some("https://service.example.com/fallback?line=1".to_owned());
        service.fallback_method = "GET".to_owned();
    });
    world.texts(CUSTOMER, Text::new("hi & bye"));
    let [main] = world.webhooks().try_into().ok().unwrap();
    assert_eq!(main.url, SERVICE_URL);
    assert_eq!(main.request().unwrap().method(), Method::POST);
    world.sandbox.answered(main.id, 503, "");
    let [fallback] = world.webhooks().try_into().ok().unwrap();
    let request = fallback.request().unwrap();
    assert_eq!(request.method(), Method::GET);
    assert!(request.body().is_empty());
    // The fields are in the URL, behind its own query, and the signature covers them there.
    let (_, query) = fallback.url.split_once('?').unwrap();
    let fields = Form::parse(query.as_bytes()).unwrap();
    assert_eq!(
        [fields.get("line"), fields.get("Body")],
        [Some("1"), Some("hi & bye")]
    );
    assert_eq!(fields.get("ErrorCode"), Some("11200"));
    assert!(world.is_signed(&fallback));
}

#[test]
fn a_text_that_could_not_be_brought_is_marked_and_an_alert_names_it() {
    let world = world();
    let text = world.texts(CUSTOMER, Text::new("hi"));
    let [main] = world.webhooks().try_into().ok().unwrap();
    world.sandbox.answered(main.id, 500, "");
    let of = |world: &World| {
        let (_, message) = world.json(Method::GET, &format!("/Messages/{text}.json"), &[]);
        message["error_code"].clone()
    };
    assert_eq!(of(&world), Value::Null, "the fallback may still take it");
    let [fallback] = world.webhooks().try_into().ok().unwrap();
    world.sandbox.unanswered(fallback.id, NoReply::TimedOut);
    assert_eq!(of(&world), json!(11200));

    let list = world.gets("https://monitor.twilio.com/v1/Alerts?LogLevel=error");
    let alerts = list["alerts"].as_array().unwrap().clone();
    let shown = |name: &str| -> Vec<Value> { alerts.iter().map(|a| a[name].clone()).collect() };
    // Newest first.
    assert_eq!(shown("error_code"), ["11205", "11200"]);
    assert_eq!(shown("request_url"), [FALLBACK_URL, SMS_URL]);
    assert_eq!(shown("resource_sid"), [text.as_str(), text.as_str()]);
    assert_ne!(alerts[0]["sid"], alerts[1]["sid"]);
    let one = alerts[0]["sid"].as_str().unwrap();
    let one = world.gets(&format!("https://monitor.twilio.com/v1/Alerts/{one}"));
    assert_eq!(one["error_code"], "11205");
}

#[test]
fn a_call_goes_where_the_trunk_the_application_or_the_number_says() {
    let world = world();
    world.line(|line| line.voice_url = Some("https://relay.example.com/voice".to_owned()));
    world.has_application();
    let calls = || {
        let call = world
            .sandbox
            .call(CUSTOMER, &number(LINE), NewCall::default());
        let call = call.unwrap();
        let due = world.webhooks();
        for webhook in &due {
            world
                .sandbox
                .answered(webhook.id, 200, "<Response><Hangup/></Response>");
        }
        let later = world.webhooks();
        for webhook in &later {
            world.sandbox.answered(webhook.id, 200, "");
        }
        let urls: Vec<_> = due
            .into_iter()
            .chain(later)
            .map(|webhook| webhook.url)
            .collect();
        (call, urls)
    };
    assert_eq!(calls().1, ["https://relay.example.com/voice"]);
    // A Messaging Service has no say in calls.
    world.service(|service| service.use_inbound_webhook_on_number = false);
    assert_eq!(calls().1, ["https://relay.example.com/voice"]);
    world.line(|line| line.voice_application_sid = Some(sid("AP", '1')));
    assert_eq!(
        calls().1,
        [
            "https://app.example.com/voice",
            "https://app.example.com/end"
        ]
    );
    world.line(|line| line.trunk_sid = Some(sid("TK", '1')));
    let (call, urls) = calls();
    assert!(urls.is_empty(), "{urls:?}");
    assert!(world.sandbox.alerts().is_empty());
    let ended = json!(world.sandbox.call_view(&call).unwrap());
    assert_eq!(ended["status"], "no-answer");
}
