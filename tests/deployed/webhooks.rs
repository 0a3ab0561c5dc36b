//! Twilio's webhooks, posted by hand.

use relay::domain::credentials::Secret;
use relay::domain::ids::message_sid::MessageSid;
use relay::twilio::form::Form;
use relay::twilio::signature::{Signed, sign};

use super::aws;
use super::world::{CUSTOMER, LINE, World};

impl World {
    /// The webhook of a customer's text, posted by hand; `sign_with` is the token. Returns the
    /// answer's status.
    pub async fn post_text(&self, sid: &MessageSid, sign_with: &str) -> u16 {
        let form = Form::from_fields(self.fields(sid, "hi"));
        self.post("/twilio/sms", form, sign_with).await
    }

    /// The same text as it comes to the fallback.
    pub async fn post_to_fallback(&self, sid: &MessageSid, body: &str, sign_with: &str) -> u16 {
        let failed = format!("{}/twilio/sms", self.api.url);
        let told = [("ErrorCode", "11200"), ("ErrorUrl", &failed)];
        let form = Form::from_fields(self.fields(sid, body).into_iter().chain(told));
        self.post("/twilio/fallback", form, sign_with).await
    }

    fn fields<'a>(&'a self, sid: &'a MessageSid, body: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("MessageSid", sid.as_str()),
            ("AccountSid", &self.sandbox.account().account_sid),
            ("From", CUSTOMER),
            ("To", LINE),
            ("Body", body),
            ("NumMedia", "0"),
        ]
    }

    /// Posts a form as Twilio does, and returns the answer's status.
    pub async fn post(&self, path: &str, form: Form, sign_with: &str) -> u16 {
        let url = format!("{}{path}", self.api.url);
        let signature = sign(&Secret::new(sign_with), &url, Signed::Form(&form));
        let request = aws::http()
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-twilio-signature", signature)
            .body(form.encode());
        request.send().await.unwrap().status().as_u16()
    }
}
