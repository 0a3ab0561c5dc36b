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
        let form = Form::from_fields(self.fields(CUSTOMER, sid, "hi"));
        self.post("/twilio/sms", form, sign_with).await
    }

    /// The same of a text of somebody else's, signed as Twilio does, over this connection.
    pub async fn post_text_of(&self, from: &str, sid: &MessageSid, over: &reqwest::Client) -> u16 {
        let form = Form::from_fields(self.fields(from, sid, "hi"));
        let token = self.sandbox.auth_token();
        self.post_over(over, "/twilio/sms", form, token.expose())
            .await
    }

    /// The same text as it comes to the fallback.
    pub async fn post_to_fallback(&self, sid: &MessageSid, body: &str, sign_with: &str) -> u16 {
        let failed = format!("{}/twilio/sms", self.api.url);
        let told = [("ErrorCode", "11200"), ("ErrorUrl", &failed)];
        let fields = self.fields(CUSTOMER, sid, body);
        let form = Form::from_fields(fields.into_iter().chain(told));
        self.post("/twilio/fallback", form, sign_with).await
    }

    pub fn fields<'a>(
        &'a self,
        from: &'a str,
        sid: &'a MessageSid,
        body: &'a str,
    ) -> Vec<(&'a str, &'a str)> {
        vec![
            ("MessageSid", sid.as_str()),
            ("AccountSid", &self.sandbox.account().account_sid),
            ("From", from),
            ("To", LINE),
            ("Body", body),
            ("NumMedia", "0"),
        ]
    }

    /// Posts a form as Twilio does, and returns the answer's status.
    pub async fn post(&self, path: &str, form: Form, sign_with: &str) -> u16 {
        self.post_over(&aws::http(), path, form, sign_with).await
    }

    async fn post_over(
        &self,
        client: &reqwest::Client,
        path: &str,
        form: Form,
        sign_with: &str,
    ) -> u16 {
        let url = format!("{}{path}", self.api.url);
        let signature = sign(&Secret::new(sign_with), &url, Signed::Form(&form));
        let request = client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-twilio-signature", signature)
            .body(form.encode());
        request.send().await.unwrap().status().as_u16()
    }
}
