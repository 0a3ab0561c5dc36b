//! Twilio's end of the webhook for inbound texts.

use std::time::Duration;

use relay::twilio::network;

use super::processes::Place;
use super::town::SignedText;

/// How long Twilio waits for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

pub struct Customers {
    client: reqwest::Client,
    url: String,
}

impl Customers {
    pub fn of(place: &Place) -> Self {
        Self {
            client: network::build(network::client().no_proxy().timeout(ANSWER_WITHIN)),
            url: format!("{}/twilio/sms", place.url()),
        }
    }

    /// Posts a text; `true` if it was acknowledged.
    pub async fn post(&self, text: &SignedText) -> bool {
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        let request = self.client.post(&self.url);
        let request = request
            .header("content-type", form)
            .header("x-twilio-signature", &text.signature)
            .body(text.form.clone());
        request
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 200)
    }
}
