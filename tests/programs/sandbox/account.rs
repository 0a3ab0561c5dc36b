//! What the account has, over HTTP.

use std::collections::BTreeMap;
use std::process::Command;

use relay::clock::SystemClock;
use relay::sandbox::http::router;
use relay::sandbox::{Application, PastAlert, RequestCount, Service, WebhookRule};
use serde_json::json;
use tokio::net::TcpListener;

use super::setup::sid;
use super::*;
use crate::support::tools;

const DOCUMENTS: &str = "@twilio/cli-core/src/services/twilio-api";

struct Served {
    sandbox: Arc<Sandbox>,
    url: String,
}

async fn served() -> Served {
    let sandbox = Arc::new(Sandbox::new(
        Arc::new(demo_account()),
        Arc::new(SystemClock),
    ));
    let setup = Number {
        sms_url: Some(SMS_URL.into()),
        ..Number::default()
    };
    sandbox.set_number(number(LINE), setup);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = router(sandbox.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Served { sandbox, url }
}

impl Served {
    async fn control(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let client = relay::twilio::network::client().no_proxy();
        let answer = relay::twilio::network::build(client)
            .request(method, format!("{}{path}", self.url))
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

#[tokio::test]
async fn twilios_own_client_and_documents_agree_with_what_the_account_shows() {
    let served = served().await;
    let toll_free = number("+18885550100");
    served.sandbox.set_number(toll_free, Number::default());
    served.sandbox.change_setup(|account| {
        let application = Application {
            sms_url: Some(SMS_URL.to_owned()),
            ..Application::default()
        };
        account.applications.insert(sid("AP", '1'), application);
        account.services.insert(sid("MG", '1'), Service::default());
        let alert = PastAlert {
            at: jiff::Timestamp::now(),
            error_code: 11200,
            log_level: "error".to_owned(),
            alert_text: "the webhook failed: 503".to_owned(),
            request_method: Some("POST".to_owned()),
            request_url: Some(SMS_URL.to_owned()),
            resource_sid: Some(sid("SM", '1')),
            service_sid: None,
        };
        account.alerts.insert(sid("NO", '1'), alert);
        let rule = WebhookRule {
            friendly_name: Some("all".to_owned()),
            description: None,
            match_type: "DEFAULT".to_owned(),
            value: None,
            prefix: None,
            settings: vec![json!({"settingId": "webhooks_setting_1", "percentage": 100})],
        };
        account
            .webhook_rules
            .insert("webhooks_rule_1".to_owned(), rule);
    });
    let account = served.sandbox.account().clone();
    let (url, token) = (served.url.clone(), served.sandbox.auth_token());
    let output = tokio::task::spawn_blocking(move || {
        Command::new(tools::python())
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/programs/clients/account_client.py"
            ))
            .arg(url)
            .arg(tools::node_module(DOCUMENTS))
            .env("TWILIO_ACCOUNT_SID", &account.account_sid)
            .env("TWILIO_AUTH_TOKEN", token.expose())
            .env("TWILIO_API_KEY", &account.api_key.as_ref().unwrap().sid)
            .output()
    });
    let output = output.await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let compared: BTreeMap<String, u32> = serde_json::from_slice(&output.stdout).unwrap();
    let products: Vec<_> = compared.keys().map(String::as_str).collect();
    assert_eq!(products, ["accounts", "api", "iam", "messaging", "monitor"]);
    assert!(compared.values().all(|count| 0 < *count), "{compared:?}");
}

#[tokio::test]
async fn the_account_is_changed_by_a_merge_patch_and_shown_without_secrets() {
    let served = served().await;
    let path = "/sandbox/account/setup";
    let (status, shown) = served.control(Method::GET, path, Value::Null).await;
    assert_eq!((status, &shown["type"]), (200, &json!("Full")));
    assert_eq!(shown["numbers"][LINE]["sms_url"], SMS_URL);
    let service = shown["services"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap();
    let text = shown.to_string();
    let token = served.sandbox.auth_token();
    let key = served.sandbox.account().api_key.as_ref().unwrap();
    assert!(!text.contains(token.expose()) && !text.contains(key.secret.expose()));

    let patch = json!({
        "type": "Trial",
        "balance": null,
        "numbers": { LINE: { "sms_url": null, "sms_method": "GET" } },
        "services": { service: null, sid("MG", '1'): { "phone_numbers": [LINE] } },
    });
    let (status, merged) = served.control(Method::POST, path, patch).await;
    assert_eq!((status, &merged["type"]), (200, &json!("Trial")));
    let account = served.sandbox.setup();
    assert_eq!(account.balance, None);
    let line = &account.numbers[&number(LINE)];
    assert_eq!(
        (line.sms_url.as_deref(), line.sms_method.as_deref()),
        (None, Some("GET"))
    );
    let services: Vec<_> = account.services.keys().cloned().collect();
    assert_eq!(services, [sid("MG", '1')]);

    for wrong in [
        json!({ "services": { sid("MG", '1'): { "inbound_url": "x" } } }),
        json!({ "numbers": { "619": {} } }),
        json!({ "tpye": "Full" }),
        json!([1]),
    ] {
        let (status, told) = served.control(Method::POST, path, wrong).await;
        assert_eq!(status, 400);
        assert!(told["error"].is_string());
    }
    assert_eq!(
        served.sandbox.setup(),
        account,
        "what is wrong changes nothing"
    );
}

#[tokio::test]
async fn a_web_page_cannot_change_the_account() {
    let served = served().await;
    let client = relay::twilio::network::build(relay::twilio::network::client().no_proxy());
    let before = served.sandbox.setup();
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("content-type", "text/plain"),
        ("host", "evil.example"),
    ] {
        let request = client.post(format!("{}/sandbox/account/setup", served.url));
        let request = request.header(name, value).body(r#"{"type": "Trial"}"#);
        let status = request.send().await.unwrap().status();
        assert!(status.is_client_error(), "{name}");
    }
    assert_eq!(served.sandbox.setup(), before);
}

#[tokio::test]
async fn requests_that_read_and_that_write_are_counted_apart() {
    let world = world();
    assert_eq!(world.sandbox.request_count(), RequestCount::default());
    let url = world.below(&format!(
        "/IncomingPhoneNumbers/{}.json",
        Number::sid(&number(LINE))
    ));
    world.gets(&url);
    world.gets("https://monitor.twilio.com/v1/Alerts");
    let reads = RequestCount {
        reads: 2,
        writes: 0,
    };
    assert_eq!(world.sandbox.request_count(), reads);
    world.asks(Method::POST, &url, &[("SmsMethod", "GET")]);
    // One that is refused would have written.
    world.asks(Method::POST, &url, &[("SmsMethod", "PUT")]);
    world.asks(
        Method::DELETE,
        &world.below(&format!("/Messages/{}.json", sid("SM", '0'))),
        &[],
    );
    let count = RequestCount {
        reads: 2,
        writes: 3,
    };
    assert_eq!(world.sandbox.request_count(), count);

    let served = served().await;
    served
        .control(Method::GET, "/sandbox/numbers", Value::Null)
        .await;
    let (_, count) = served
        .control(Method::GET, "/sandbox/requests", Value::Null)
        .await;
    assert_eq!(
        count,
        json!({"reads": 0, "writes": 0}),
        "the control API does not count"
    );
}
