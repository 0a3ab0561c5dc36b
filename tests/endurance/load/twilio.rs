//! The sandbox's control API, as somebody with a browser would use it.

use std::collections::BTreeMap;
use std::time::Duration;

use relay::domain::delivery::Delivery;
use relay::sandbox::control::Screen;
use relay::twilio::network;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::town::{Town, text_in};

/// How many faults there are for each hundred texts.
const FAULTS_A_HUNDRED: u32 = 4;

pub struct Twilio {
    url: String,
    client: reqwest::Client,
}

/// Which phones show a text, one entry each time.
pub type Arrivals = BTreeMap<u32, Vec<String>>;

/// What each phone received.
pub type Screens = BTreeMap<String, Vec<String>>;

impl Twilio {
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            client: network::build(network::client().no_proxy()),
        }
    }

    /// Puts the town's lines on the account.
    pub async fn connect(&self, town: &Town) {
        for line in town.lines() {
            self.post("/sandbox/numbers", json!({ "number": line }))
                .await;
        }
    }

    /// Lets things go wrong for ever, one after the other, where `rate` texts come in a second.
    pub async fn trouble(&self, rate: u32) {
        let kinds = [
            json!({"server_error": {"status": 503}}),
            json!({"error_after_accept": {"status": 500}}),
            json!({"too_many_requests": {"retry_after": "2"}}),
            json!("lost_answer"),
            json!("lost_request"),
            // Longer than the relay waits.
            json!({"slow_answer": {"ms": 11_000}}),
            json!({"refuse": {"code": 21612}}),
            json!({"undeliverable": {"code": 30003}}),
            json!({"undeliverable": {"code": 30005}}),
            json!({"held": {"ms": 5_000}}),
            json!("lost_callback"),
            json!("repeated_callback"),
            json!({"delayed_callback": {"ms": 3_000}}),
            json!("reordered_callback"),
        ];
        let pause = Duration::from_secs(100) / (rate * FAULTS_A_HUNDRED);
        let mut pause = tokio::time::interval(pause);
        for fault in kinds.iter().cycle() {
            pause.tick().await;
            self.post("/sandbox/faults", json!({ "fault": fault }))
                .await;
        }
    }

    pub async fn all_goes_well(&self) {
        let url = format!("{}/sandbox/faults", self.url);
        let answer = self.client.delete(url).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// What is on the town's phones.
    pub async fn arrivals(&self, town: &Town) -> Arrivals {
        let mut arrivals = Arrivals::new();
        for phone in town.phones() {
            for text in self.screen(&phone).await.iter().filter_map(|e| text_in(e)) {
                arrivals.entry(text).or_default().push(phone.clone());
            }
        }
        arrivals
    }

    /// What everybody's phone received.
    pub async fn screens(&self) -> Screens {
        let phones: Vec<String> = self.get("/sandbox/phones").await;
        let mut screens = Screens::new();
        for phone in phones {
            let screen = self.screen(&phone).await;
            screens.insert(phone, screen);
        }
        screens
    }

    /// Whether the phone of whom it is for shows it.
    pub async fn shows(&self, delivery: &Delivery) -> bool {
        let screen = self.screen(delivery.to.number.expose()).await;
        screen.iter().any(|text| text.contains(&delivery.body))
    }

    async fn screen(&self, phone: &str) -> Vec<String> {
        let screen: Screen = self.get(&format!("/sandbox/phones/{phone}")).await;
        let received = screen.entries.into_iter().filter(|entry| !entry.sent);
        received.map(|entry| entry.body).collect()
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await;
        serde_json::from_slice(&answer.unwrap().bytes().await.unwrap()).unwrap()
    }

    async fn post(&self, path: &str, body: Value) {
        let request = self.client.post(format!("{}{path}", self.url));
        let answer = request.body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }
}
