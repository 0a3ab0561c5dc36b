//! Answers about the account that a program should survive.

use relay::sandbox::{Fault, Injection, WrongAnswer};
use relay::twilio::api::Login;
use serde_json::json;

use super::setup::many_numbers;
use super::*;

const NUMBERS: &str = "/IncomingPhoneNumbers";

impl World {
    fn asks_raw(&self, url: &str) -> Handled {
        let login = Login {
            user: &self.account.account_sid,
            password: &self.account.auth_token,
        };
        let request = Request::get(url).header("authorization", login.basic());
        self.sandbox.handle(request.body(Bytes::new()).unwrap())
    }

    fn numbers(&self) -> String {
        self.below(&format!("{NUMBERS}.json"))
    }

    /// The answer to a request for the numbers, while that is wrong.
    fn wrong(&self, fault: Fault) -> Response<Bytes> {
        self.sandbox.inject(Injection::of(fault).at(NUMBERS));
        answer(self.asks_raw(&self.numbers()))
    }

    fn wrong_json(&self, wrong: WrongAnswer) -> Value {
        let response = self.wrong(Fault::WrongAnswer(wrong));
        serde_json::from_slice(response.body()).unwrap()
    }
}

#[test]
fn a_fault_strikes_the_path_that_it_names_and_no_other() {
    let world = world();
    for (status, code) in [(401, 20003), (403, 70051), (404, 20404)] {
        let fault = Fault::Refuse { code, status };
        world.sandbox.inject(Injection::of(fault).at("/v1/Alerts"));
        assert_eq!(world.asks(Method::GET, &world.numbers(), &[]).0, 200);
        let (told, body) = world.asks(Method::GET, "https://monitor.twilio.com/v1/Alerts", &[]);
        assert_eq!((told, &body["code"]), (status, &json!(code)));
        assert!(world.sandbox.pending_faults().is_empty());
    }
    let busy = Fault::TooManyRequests {
        retry_after: Some("7".to_owned()),
    };
    let busy = world.wrong(busy);
    assert_eq!(
        (busy.status().as_u16(), &busy.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    assert_eq!(
        world.wrong(Fault::ServerError { status: 500 }).status(),
        500
    );
    world
        .sandbox
        .inject(Injection::of(Fault::SlowAnswer { ms: 9000 }).at(NUMBERS));
    let late = world.asks_raw(&world.numbers());
    assert!(matches!(late, Handled::Late(after, _) if after == Duration::from_secs(9)));
}

#[test]
fn an_answer_may_be_a_page_too_long_or_elsewhere() {
    let world = world();
    let page = world.wrong(Fault::WrongAnswer(WrongAnswer::Html { status: 502 }));
    assert_eq!(page.status(), 502);
    assert!(page.body().starts_with(b"<!doctype html>"));
    let bytes = 16 * 1024 * 1024;
    let huge = world.wrong(Fault::WrongAnswer(WrongAnswer::Huge { bytes }));
    assert_eq!((huge.status().as_u16(), huge.body().len()), (200, bytes));
    assert!(serde_json::from_slice::<Value>(huge.body()).is_ok());
    let to = "https://elsewhere.example/".to_owned();
    let elsewhere = world.wrong(Fault::WrongAnswer(WrongAnswer::Redirect { to }));
    assert_eq!(elsewhere.status(), 307);
    assert_eq!(
        elsewhere.headers()["location"],
        "https://elsewhere.example/"
    );
}

#[test]
fn a_list_may_go_on_somewhere_else() {
    let world = world();
    let url = "https://elsewhere.example/v1/Services?Page=1".to_owned();
    let next = WrongAnswer::NextPage { url: url.clone() };
    assert_eq!(world.wrong_json(next.clone())["next_page_uri"], json!(url));
    world
        .sandbox
        .inject(Injection::of(Fault::WrongAnswer(next)).at("/v1/Services"));
    let services = world.gets("https://messaging.twilio.com/v1/Services");
    assert_eq!(services["meta"]["next_page_url"], json!(url));
    assert_eq!(services["services"].as_array().unwrap().len(), 1);
}

#[test]
fn fields_may_be_null_or_have_a_value_that_nobody_knows() {
    let world = world();
    let number = world.wrong_json(WrongAnswer::Nulls)["incoming_phone_numbers"][0].clone();
    assert_eq!(number["sid"], Value::Null);
    assert_eq!(number["sms_url"], Value::Null);
    assert_eq!(number["status"], Value::Null);
    assert_eq!(number["address_requirements"], "none");
    let brands = "https://messaging.twilio.com/v1/a2p/BrandRegistrations";
    let nulls = Injection::of(Fault::WrongAnswer(WrongAnswer::Nulls)).at("/BrandRegistrations");
    world.sandbox.inject(nulls);
    let brand = &world.gets(brands)["data"][0];
    assert_eq!(
        (&brand["status"], &brand["tcr_id"]),
        (&json!("APPROVED"), &Value::Null)
    );
    let unknown = json!({"status": "ON_THE_MOON"})
        .as_object()
        .unwrap()
        .clone();
    let unknown = Fault::WrongAnswer(WrongAnswer::Fields(unknown));
    let account = format!("/Accounts/{}.json", world.account.account_sid);
    world.sandbox.inject(Injection::of(unknown).at(&account));
    let shown = world.gets(&world.below(".json"));
    assert_eq!(
        (&shown["status"], &shown["type"]),
        (&json!("ON_THE_MOON"), &json!("Full"))
    );
    // What a fault cannot find stays as it is.
    let nobody = Injection::of(Fault::WrongAnswer(WrongAnswer::Nulls)).at("/v1/Services/MG");
    world.sandbox.inject(nobody);
    let (status, body) = world.asks(
        Method::GET,
        "https://messaging.twilio.com/v1/Services/MG1",
        &[],
    );
    assert_eq!((status, &body["code"]), (404, &json!(20404)));
}

#[test]
fn a_wrong_answer_is_written_as_json() {
    let read = |json: Value| serde_json::from_value::<Injection>(json);
    let wrong = |wrong| Injection::of(Fault::WrongAnswer(wrong)).at("/v1/Alerts");
    let huge = WrongAnswer::Huge {
        bytes: 16 * 1024 * 1024,
    };
    for (answer, expected) in [
        (json!({"html": {}}), WrongAnswer::Html { status: 200 }),
        (json!({"huge": {}}), huge),
        (json!("nulls"), WrongAnswer::Nulls),
    ] {
        let json = json!({"fault": {"wrong_answer": answer}, "path": "/v1/Alerts"});
        assert_eq!(read(json).unwrap(), wrong(expected));
    }
    assert!(read(json!({"fault": {"wrong_answer": "null"}})).is_err());
}

#[test]
fn an_account_may_have_eleven_hundred_numbers() {
    let world = world();
    world.sandbox.change_setup(|account| {
        for number in many_numbers().take(1099) {
            account.numbers.insert(number, Number::default());
        }
    });
    let first = world.gets(&world.below("/IncomingPhoneNumbers.json?PageSize=1000"));
    assert_eq!(
        first["incoming_phone_numbers"].as_array().unwrap().len(),
        1000
    );
    let next = first["next_page_uri"].as_str().unwrap();
    let second = world.gets(&format!("https://api.twilio.com{next}"));
    assert_eq!(
        second["incoming_phone_numbers"].as_array().unwrap().len(),
        100
    );
    assert_eq!(second["next_page_uri"], Value::Null);
}
