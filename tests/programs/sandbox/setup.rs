//! What the account has, read and changed over the API.

use relay::domain::credentials::Secret;
use relay::sandbox::{Application, PastAlert, Service, Usage, WebhookRule};
use relay::twilio::api::Login;
use serde_json::json;

use super::*;

const MESSAGING: &str = "https://messaging.twilio.com";

pub(super) fn sid(prefix: &str, digit: char) -> String {
    format!("{prefix}{}", digit.to_string().repeat(32))
}

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields).finish()
}

/// More than a thousand, none of which is the line's.
pub(super) fn many_numbers() -> impl Iterator<Item = PhoneNumber> {
    let areas = [212, 213, 310, 323, 408, 415, 510, 530, 760, 805, 858];
    let places = areas
        .into_iter()
        .flat_map(|area| (0..100).map(move |n| (area, n)));
    places.map(|(area, n)| number(&format!("+1{area}55501{n:02}")))
}

impl World {
    /// A request by the auth token to a whole address.
    pub(super) fn asks(&self, method: Method, url: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let login = Login {
            user: &self.account.account_sid,
            password: &self.account.auth_token,
        };
        self.asks_as(login, method, url, fields)
    }

    pub(super) fn asks_as(
        &self,
        login: Login,
        method: Method,
        url: &str,
        fields: &[(&str, &str)],
    ) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header("authorization", login.basic())
            .body(Bytes::from(form(fields)))
            .unwrap();
        let response = answer(self.sandbox.handle(request));
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        (response.status().as_u16(), body)
    }

    pub(super) fn gets(&self, url: &str) -> Value {
        let (status, body) = self.asks(Method::GET, url, &[]);
        assert_eq!(status, 200, "{url}: {body}");
        body
    }

    /// An address below the account.
    pub(super) fn below(&self, path: &str) -> String {
        let account = &self.account.account_sid;
        format!("https://api.twilio.com/2010-04-01/Accounts/{account}{path}")
    }

    fn line_sid(&self) -> String {
        Number::sid(&number(LINE))
    }

    fn service_sid(&self) -> String {
        let setup = self.sandbox.setup();
        setup.services.keys().next().unwrap().clone()
    }
}

#[test]
fn a_new_line_is_ready_to_send() {
    let world = world();
    let account = world.gets(&world.below(".json"));
    assert_eq!([&account["status"], &account["type"]], ["active", "Full"]);
    let balance = world.gets(&world.below("/Balance.json"));
    assert_eq!(balance["currency"], "USD");

    let query = form(&[("PhoneNumber", LINE)]);
    let list = world.gets(&world.below(&format!("/IncomingPhoneNumbers.json?{query}")));
    let shown = &list["incoming_phone_numbers"][0];
    assert_eq!(shown["sid"], json!(world.line_sid()));
    assert_eq!(shown["sms_url"], SMS_URL);
    assert_eq!(shown["sms_fallback_url"], FALLBACK_URL);
    assert_eq!(shown["capabilities"]["sms"], true);
    let other = form(&[("PhoneNumber", SERGIO)]);
    let none = world.gets(&world.below(&format!("/IncomingPhoneNumbers.json?{other}")));
    assert_eq!(none["incoming_phone_numbers"], json!([]));

    let (service, line) = (world.service_sid(), world.line_sid());
    let url = format!("{MESSAGING}/v1/Services/{service}");
    assert_eq!(world.gets(&url)["use_inbound_webhook_on_number"], true);
    let member = world.gets(&format!("{url}/PhoneNumbers/{line}"));
    assert_eq!(member["phone_number"], LINE);
    assert_eq!(member["capabilities"], json!(["Voice", "SMS", "MMS"]));
    let campaigns = world.gets(&format!("{url}/Compliance/Usa2p"));
    assert_eq!(campaigns["meta"]["key"], "compliance");
    let campaign = &campaigns["compliance"][0];
    assert_eq!(campaign["campaign_status"], "VERIFIED");
    let brand = campaign["brand_registration_sid"].as_str().unwrap();
    let brand = world.gets(&format!("{MESSAGING}/v1/a2p/BrandRegistrations/{brand}"));
    assert_eq!(brand["status"], "APPROVED");
    let countries = "https://accounts.twilio.com/v1/Messaging/GeoPermissions?CountryCode=US,MX";
    let countries = world.gets(countries);
    assert_eq!(countries["permissions"].as_array().unwrap().len(), 2);
    let alerts = world.gets("https://monitor.twilio.com/v1/Alerts?LogLevel=error");
    assert_eq!(alerts["alerts"], json!([]));
    let rules = world.gets("https://webhooks.twilio.com/v1/Webhooks/Rules");
    assert_eq!(rules["rules"], json!([]));
}

#[test]
fn what_is_not_there_is_not_found() {
    let world = world();
    let service = world.service_sid();
    for url in [
        world.below(&format!("/IncomingPhoneNumbers/{}.json", sid("PN", '0'))),
        world.below(&format!("/Applications/{}.json", sid("AP", '0'))),
        format!("{MESSAGING}/v1/Services/{}", sid("MG", '0')),
        format!("{MESSAGING}/v1/Services/{}/PhoneNumbers", sid("MG", '0')),
        format!(
            "{MESSAGING}/v1/Services/{service}/PhoneNumbers/{}",
            sid("PN", '0')
        ),
        format!(
            "{MESSAGING}/v1/Services/{service}/Compliance/Usa2p/{}",
            sid("QE", '0')
        ),
        format!("{MESSAGING}/v1/a2p/BrandRegistrations/{}", sid("BN", '0')),
        format!("{MESSAGING}/v1/Tollfree/Verifications/{}", sid("HH", '0')),
        format!("https://monitor.twilio.com/v1/Alerts/{}", sid("NO", '0')),
        "https://webhooks.twilio.com/v1/Webhooks/Rules/webhooks_rule_0".to_owned(),
        format!("{MESSAGING}/v1/Nothing"),
    ] {
        let (status, body) = world.asks(Method::GET, &url, &[]);
        assert_eq!((status, &body["code"]), (404, &json!(20404)), "{url}");
    }
    // A subaccount has no balance of its own.
    world.sandbox.change_setup(|account| account.balance = None);
    let (status, _) = world.asks(Method::GET, &world.below("/Balance.json"), &[]);
    assert_eq!(status, 404);
    let (status, body) = world.asks(Method::DELETE, &world.below("/Balance.json"), &[]);
    assert_eq!((status, &body["code"]), (405, &json!(20004)));
}

#[test]
fn long_lists_come_in_pages_that_lead_to_each_other() {
    let world = world();
    world.sandbox.change_setup(|account| {
        for digit in "123456789".chars() {
            account
                .services
                .insert(sid("MG", digit), Service::default());
        }
        for number in many_numbers().take(120) {
            account.numbers.insert(number, Number::default());
        }
    });
    let services = world.gets(&format!("{MESSAGING}/v1/Services?PageSize=4"));
    let mut seen = Vec::new();
    let mut page = services;
    loop {
        let on_it = page["services"].as_array().unwrap();
        seen.extend(
            on_it
                .iter()
                .map(|one| one["sid"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["meta"]["next_page_url"].as_str() else {
            break;
        };
        assert!(
            next.starts_with(&format!("{MESSAGING}/v1/Services?")),
            "{next}"
        );
        page = world.gets(next);
    }
    assert_eq!(seen.len(), 10);
    assert_eq!(page["meta"]["page"], 2);
    seen.dedup();
    assert_eq!(seen.len(), 10, "none comes twice");

    let mut page = world.gets(&world.below("/IncomingPhoneNumbers.json"));
    assert_eq!(page["page_size"], 50);
    let mut count = 0;
    loop {
        count += page["incoming_phone_numbers"].as_array().unwrap().len();
        let Some(next) = page["next_page_uri"].as_str() else {
            break;
        };
        page = world.gets(&format!("https://api.twilio.com{next}"));
    }
    assert_eq!(count, 121);

    // Over HTTP the next page is where the request went.
    let request = Request::get("/v1/Services?PageSize=4")
        .header("host", "127.0.0.1:4000")
        .header("authorization", {
            let login = Login {
                user: &world.account.account_sid,
                password: &world.account.auth_token,
            };
            login.basic()
        })
        .body(Bytes::new())
        .unwrap();
    let body = answer(world.sandbox.handle(request));
    let body: Value = serde_json::from_slice(body.body()).unwrap();
    let next = body["meta"]["next_page_url"].as_str().unwrap();
    assert!(
        next.starts_with("http://127.0.0.1:4000/v1/Services?"),
        "{next}"
    );
}

#[test]
fn lists_are_filtered_as_twilio_does_it() {
    let world = world();
    let toll_free = number("+18885550100");
    world
        .sandbox
        .set_number(toll_free.clone(), Number::default());
    let alert = |at: &str, level: &str| PastAlert {
        at: at.parse().unwrap(),
        error_code: 11200,
        log_level: level.to_owned(),
        alert_text: String::new(),
        request_method: Some("POST".to_owned()),
        request_url: Some(SMS_URL.to_owned()),
        resource_sid: Some(sid("SM", '1')),
        service_sid: None,
    };
    world.sandbox.change_setup(|account| {
        let alerts = [
            ('1', alert("2026-01-03T12:00:00Z", "error")),
            ('2', alert("2026-01-04T12:00:00Z", "error")),
            ('3', alert("2026-01-04T13:00:00Z", "warning")),
            ('4', alert("2025-11-01T12:00:00Z", "error")),
        ];
        account.alerts = alerts
            .map(|(digit, alert)| (sid("NO", digit), alert))
            .into();
        let rule = WebhookRule {
            friendly_name: None,
            description: None,
            match_type: "PREFIX_MATCH".to_owned(),
            value: None,
            prefix: Some("https://relay.example.com/".to_owned()),
            settings: vec![json!({"settingId": "webhooks_setting_1", "percentage": 100})],
        };
        let id = |n| format!("webhooks_rule_{n:026}");
        account.webhook_rules = [(id(1), rule.clone()), (id(2), rule)].into();
    });
    let of = |number: &PhoneNumber| {
        let query = form(&[("TollfreePhoneNumberSid", &Number::sid(number))]);
        let list = world.gets(&format!("{MESSAGING}/v1/Tollfree/Verifications?{query}"));
        list["verifications"].as_array().unwrap().len()
    };
    assert_eq!([of(&toll_free), of(&number(LINE))], [1, 0]);

    let alerts = |query: &str| {
        let list = world.gets(&format!("https://monitor.twilio.com/v1/Alerts?{query}"));
        let all = list["alerts"].as_array().unwrap().iter();
        let sids: String = all.map(|one| &one["sid"].as_str().unwrap()[2..3]).collect();
        sids
    };
    // Newest first, and of the last thirty days alone.
    assert_eq!(alerts(""), "321");
    assert_eq!(alerts("LogLevel=error"), "21");
    assert_eq!(alerts("StartDate=2026-01-04"), "32");
    assert_eq!(alerts("StartDate=2026-01-04T12:30:00Z"), "3");
    assert_eq!(alerts("LogLevel=error&EndDate=2026-01-04"), "1");
    let url = format!("https://monitor.twilio.com/v1/Alerts/{}", sid("NO", '1'));
    assert_eq!(world.gets(&url)["error_code"], "11200");

    let rules = "https://webhooks.twilio.com/v1/Webhooks/Rules";
    let first = world.gets(&format!("{rules}?PageSize=1"));
    assert_eq!(first["rules"][0]["matchType"], "PREFIX_MATCH");
    let token = first["meta"]["nextToken"].as_str().unwrap();
    let second = world.gets(&format!("{rules}?PageSize=1&PageToken={token}"));
    assert_ne!(second["rules"][0]["id"], first["rules"][0]["id"]);
    assert_eq!(second["meta"]["nextToken"], Value::Null);
}

#[test]
fn use_is_told_by_day_and_as_a_sum() {
    let world = world();
    world.sandbox.change_setup(|account| {
        account.usage.clear();
        for (day, price) in [
            ("2026-01-02", "0.1"),
            ("2026-01-03", "0.25"),
            ("2026-01-04", "2"),
        ] {
            let usage = Usage {
                price: price.to_owned(),
                count: "3".to_owned(),
                ..Usage::default()
            };
            let of_day = [("totalprice".to_owned(), usage)].into();
            account.usage.insert(day.parse().unwrap(), of_day);
        }
    });
    let records = |path: &str| {
        let list = world.gets(&world.below(path));
        list["usage_records"].as_array().unwrap().clone()
    };
    let days = records("/Usage/Records/Daily.json?Category=totalprice&StartDate=2026-01-03");
    let prices: Vec<_> = days
        .iter()
        .map(|day| day["price"].as_str().unwrap())
        .collect();
    assert_eq!(prices, ["2", "0.25"]);
    let sum = records("/Usage/Records.json?StartDate=2026-01-01&EndDate=2026-01-03");
    assert_eq!(sum.len(), 1);
    assert_eq!([&sum[0]["price"], &sum[0]["count"]], ["0.35", "6"]);
    assert_eq!(
        [&sum[0]["start_date"], &sum[0]["end_date"]],
        ["2026-01-02", "2026-01-03"]
    );
    assert!(records("/Usage/Records.json?Category=calls").is_empty());
}

#[test]
fn a_change_sets_what_it_names_and_nothing_else() {
    let world = world();
    let application = sid("AP", '1');
    world.sandbox.change_setup(|account| {
        let new = Application::default();
        account.applications.insert(application.clone(), new);
    });
    let url = world.below(&format!("/IncomingPhoneNumbers/{}.json", world.line_sid()));
    let before = world.gets(&url);
    let changes = [
        (
            "SmsUrl",
            "https://relay.example.com/twilio/sms#rc=3&rp=ct,rt,5xx",
        ),
        ("SmsMethod", "GET"),
        ("VoiceApplicationSid", &application),
        ("SmsFallbackUrl", ""),
    ];
    let (status, after) = world.asks(Method::POST, &url, &changes);
    assert_eq!(status, 200, "{after}");
    let mut expected = before.clone();
    expected["sms_url"] = json!(changes[0].1);
    expected["sms_method"] = json!("GET");
    expected["voice_application_sid"] = json!(application);
    expected["sms_fallback_url"] = json!("");
    assert_eq!(after, expected);
    assert_eq!(world.gets(&url), expected);

    let app = world.below(&format!("/Applications/{application}.json"));
    let change = [("SmsUrl", SMS_URL), ("VoiceFallbackMethod", "GET")];
    let (status, after) = world.asks(Method::POST, &app, &change);
    assert_eq!((status, &after["sms_url"]), (200, &json!(SMS_URL)));
    assert_eq!(after["voice_fallback_method"], "GET");
    assert_eq!(after["voice_url"], Value::Null);

    let service = format!("{MESSAGING}/v1/Services/{}", world.service_sid());
    let before = world.gets(&service);
    let change = [
        ("InboundRequestUrl", SMS_URL),
        ("UseInboundWebhookOnNumber", "false"),
        ("FallbackMethod", "GET"),
    ];
    let (status, after) = world.asks(Method::POST, &service, &change);
    let mut expected = before;
    expected["inbound_request_url"] = json!(SMS_URL);
    expected["use_inbound_webhook_on_number"] = json!(false);
    expected["fallback_method"] = json!("GET");
    assert_eq!((status, after), (200, expected));
}

#[test]
fn a_change_that_is_wrong_in_one_thing_does_nothing() {
    let world = world();
    let (line, service) = (world.line_sid(), world.service_sid());
    let number = world.below(&format!("/IncomingPhoneNumbers/{line}.json"));
    let service = format!("{MESSAGING}/v1/Services/{service}");
    for (url, wrong, code) in [
        (&number, ("SmsUrl", "relay.example.com/sms"), 21402),
        (&number, ("VoiceUrl", "ftp://relay.example.com/"), 21402),
        (&number, ("SmsFallbackUrl", "https://"), 21402),
        (&number, ("SmsMethod", "PUT"), 21403),
        (&number, ("SmsApplicationSid", "AP1"), 20001),
        (&number, ("SmsUri", SMS_URL), 20001),
        (&service, ("InboundRequestUrl", "x"), 20001),
        (&service, ("InboundMethod", "HEAD"), 20001),
        (&service, ("UseInboundWebhookOnNumber", "maybe"), 20001),
    ] {
        let before = world.gets(url);
        let form = [("FriendlyName", "changed"), wrong];
        let (status, body) = world.asks(Method::POST, url, &form);
        assert_eq!((status, &body["code"]), (400, &json!(code)), "{wrong:?}");
        assert_eq!(world.gets(url), before, "{wrong:?}");
    }
    let (status, _) = world.asks(
        Method::POST,
        &world.below(&format!("/IncomingPhoneNumbers/{}.json", sid("PN", '0'))),
        &[("FriendlyName", "nobody's")],
    );
    assert_eq!(status, 404);
}

#[test]
fn a_key_reads_and_changes_what_its_kind_allows() {
    let world = world();
    let (line, service) = (world.line_sid(), world.service_sid());
    let numbers = world.below("/IncomingPhoneNumbers.json");
    let number = world.below(&format!("/IncomingPhoneNumbers/{line}.json"));
    let services = format!("{MESSAGING}/v1/Services");
    let service = format!("{MESSAGING}/v1/Services/{service}");
    let member = format!("{service}/PhoneNumbers/{line}");
    let alerts = "https://monitor.twilio.com/v1/Alerts".to_owned();
    let account = world.below(".json");
    let geo = "https://accounts.twilio.com/v1/Messaging/GeoPermissions".to_owned();

    let standard = world.account.api_key.as_ref().unwrap();
    let standard = (standard.sid.clone(), standard.secret.duplicate());
    let restricted = |policy: Value| {
        let keys = "https://iam.twilio.com/v1/Keys";
        let policy = json!({ "allow": policy }).to_string();
        let account = &world.account.account_sid;
        let form = [
            ("AccountSid", account.as_str()),
            ("KeyType", "restricted"),
            ("Policy", &policy),
        ];
        let (status, made) = world.asks(Method::POST, keys, &form);
        assert_eq!(status, 201, "{made}");
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("sid"), Secret::new(text("secret")))
    };
    let reader = restricted(json!([
        "/twilio/phone-numbers/active-numbers/list",
        "/twilio/messaging/services.phonenumbers/read",
        "/twilio/monitor/alerts/list"
    ]));
    let writer = restricted(json!([
        "/twilio/phone-numbers/active-numbers/update",
        "/twilio/messaging/services/*"
    ]));
    let status = |(user, password): &(String, Secret), method: Method, url: &str| {
        let (status, body) = world.asks_as(Login { user, password }, method, url, &[]);
        (status, body["code"].as_u64())
    };
    const REFUSED: (u16, Option<u64>) = (401, Some(70051));
    const ALLOWED: (u16, Option<u64>) = (200, None);
    for url in [
        &numbers, &number, &services, &service, &member, &alerts, &geo,
    ] {
        assert_eq!(status(&standard, Method::GET, url), ALLOWED, "{url}");
    }
    assert_eq!(status(&standard, Method::GET, &account), (401, Some(20003)));
    for (url, read, written) in [
        (&numbers, ALLOWED, REFUSED),
        (&number, REFUSED, REFUSED),
        (&services, REFUSED, ALLOWED),
        (&service, REFUSED, ALLOWED),
        (&member, ALLOWED, REFUSED),
        (&alerts, ALLOWED, REFUSED),
        (&account, REFUSED, REFUSED),
        (&geo, REFUSED, REFUSED),
    ] {
        assert_eq!(status(&reader, Method::GET, url), read, "{url}");
        assert_eq!(status(&writer, Method::GET, url), written, "{url}");
    }
    for url in [&number, &service] {
        assert_eq!(status(&reader, Method::POST, url), REFUSED);
        assert_eq!(status(&writer, Method::POST, url), ALLOWED);
    }
    // A Standard key says of itself that it has no policy.
    let key = |sid: &str| world.gets(&format!("https://iam.twilio.com/v1/Keys/{sid}"));
    assert_eq!(key(&standard.0)["policy"], Value::Null);
    assert_eq!(
        key(&reader.0)["policy"]["allow"].as_array().unwrap().len(),
        3
    );
}
