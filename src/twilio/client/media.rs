//! Attachments. Twilio keeps them behind the account's credentials; on request it tells an address that
//! needs none for four hours, which is what Twilio and anybody else can fetch them from.
//!
//! Source: Twilio, "Media subresource", and its help article "Protect Media Access with HTTP Basic
//! Authentication".

use bytes::Bytes;
use http::header::{HeaderMap, LOCATION};
use http::{Method, Response};

use super::{Client, NoAnswer, retry_after};
use crate::domain::credentials::Credentials;
use crate::domain::delivery::{Answer, Class, Failure};
use crate::domain::ids::message_sid::MessageSid;
use crate::twilio::access::UNKNOWN_CREDENTIALS;
use crate::twilio::api::{Refused, success};
use crate::twilio::webhook::is_fetchable;
use crate::twilio::{API_URL, errors};

/// An attachment's URL cannot be fetched.
const NOT_FETCHED: u32 = 11200;

impl Client {
    /// An address of an attachment that can be fetched without credentials. The account's credentials go
    /// to Twilio's own API alone; any other address is handed back as it is. `Err` is what the message
    /// comes to that it was for: nothing was sent.
    pub async fn media_address(
        &self,
        credentials: &Credentials,
        url: &str,
    ) -> Result<String, Answer> {
        let Some(path) = self.path_of_media(credentials, url) else {
            return Ok(url.to_owned());
        };
        let sent = self.send(credentials, Method::GET, path, String::new());
        let answer = sent.await.map_err(|no_answer| {
            let (NoAnswer::NotSent(why) | NoAnswer::Unknown(why)) = no_answer;
            tracing::warn!(why, "Twilio did not say where an attachment is");
            Answer::NotSent
        })?;
        address(answer, url)
    }

    /// The path of an attachment that this account has at Twilio.
    fn path_of_media<'u>(&self, credentials: &Credentials, url: &'u str) -> Option<&'u str> {
        let path = [self.0.base.as_str(), API_URL]
            .into_iter()
            .find_map(|base| url.strip_prefix(base))?;
        let parts: Vec<_> = path.split('/').collect();
        let [
            "",
            "2010-04-01",
            "Accounts",
            account,
            "Messages",
            message,
            "Media",
            sid,
        ] = parts[..]
        else {
            return None;
        };
        let is_media = account == credentials.account_sid
            && MessageSid::parse(message).is_ok()
            && sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_media.then_some(path)
    }
}

fn address(answer: Response<Bytes>, url: &str) -> Result<String, Answer> {
    let (status, http_status) = (answer.status(), answer.status().as_u16());
    if status.is_redirection() {
        let address = location(answer.headers()).filter(|address| is_fetchable(address));
        return address
            .map(str::to_owned)
            .ok_or(not_fetched(Class::Attachment, http_status));
    }
    let retry_after = retry_after(answer.headers());
    match success(answer) {
        // An account that does not ask for credentials may answer with the file itself.
        Ok(_) => Ok(url.to_owned()),
        Err(Refused { code, .. }) => Err(match http_status {
            401 if code == Some(UNKNOWN_CREDENTIALS) => errors::refused(code, http_status, None),
            429 => errors::refused(code, http_status, retry_after),
            // It is not there yet for some seconds after the webhook.
            404 | 500.. => not_fetched(Class::Retry, http_status),
            _ => not_fetched(Class::Attachment, http_status),
        }),
    }
}

fn location(headers: &HeaderMap) -> Option<&str> {
    headers.get(LOCATION)?.to_str().ok()
}

fn not_fetched(class: Class, http_status: u16) -> Answer {
    let failure = Failure {
        class,
        code: Some(NOT_FETCHED),
        retry_after: None,
    };
    Answer::Refused {
        http_status,
        failure,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;
    use futures::executor::block_on;
    use http::{Request, StatusCode};

    use super::*;
    use crate::sandbox::demo_account;
    use crate::twilio::api::Transport;

    /// Answers everything alike, and remembers what it was asked for.
    struct Answering {
        status: u16,
        headers: Vec<(&'static str, &'static str)>,
        asked: Arc<Mutex<Vec<String>>>,
    }

    #[async_trait]
    impl Transport for Answering {
        async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
            let asked = request.uri().to_string();
            self.asked.lock().expect("one thread").push(asked);
            let mut response = Response::builder().status(self.status);
            for (name, value) in &self.headers {
                response = response.header(*name, *value);
            }
            Ok(response
                .body(Bytes::from_static(b"{}"))
                .expect("a response"))
        }
    }

    fn address_of(
        url: &str,
        status: u16,
        headers: &[(&'static str, &'static str)],
    ) -> (Result<String, Answer>, Vec<String>) {
        let asked = Arc::default();
        let transport = Answering {
            status,
            headers: headers.to_vec(),
            asked: Arc::clone(&asked),
        };
        let client = Client::new(Box::new(transport), "http://127.0.0.1:4010");
        let address = block_on(client.media_address(&demo_account(), url));
        let asked = asked.lock().expect("one thread").clone();
        (address, asked)
    }

    fn media(base: &str) -> String {
        let (account, hex) = (demo_account().account_sid, "0123456789abcdef".repeat(2));
        format!("{base}/2010-04-01/Accounts/{account}/Messages/MM{hex}/Media/ME{hex}")
    }

    const SIGNED: &str = "https://mms.twiliocdn.com/a/b?Expires=1&Signature=c";

    #[test]
    fn twilio_is_asked_at_the_place_where_its_api_is() {
        for base in [API_URL, "http://127.0.0.1:4010"] {
            let (address, asked) = address_of(&media(base), 307, &[("location", SIGNED)]);
            assert_eq!(address, Ok(SIGNED.to_owned()));
            assert_eq!(asked, [media("http://127.0.0.1:4010")]);
        }
    }

    #[test]
    fn the_credentials_go_nowhere_else() {
        let (account, hex) = (demo_account().account_sid, "0123456789abcdef".repeat(2));
        let others = [
            media("https://api.twilio.com.example.com"),
            media("https://api.twilio.com@example.com"),
            media("https://example.com"),
            media(API_URL).replace(&account, &format!("AC{hex}")),
            media(API_URL).replace("/Media/", "/Media/../"),
            media(API_URL) + "/../../../Keys",
            media(API_URL) + "?a=b",
            format!("{API_URL}/2010-04-01/Accounts/{account}/Messages.json"),
        ];
        for url in others {
            let (address, asked) = address_of(&url, 307, &[("location", SIGNED)]);
            assert_eq!(address.as_ref(), Ok(&url));
            assert!(asked.is_empty(), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_attachment_does_not_stop_its_words() {
        let class = |status: StatusCode, headers: &[(&'static str, &'static str)]| {
            let (address, _) = address_of(&media(API_URL), status.as_u16(), headers);
            match address {
                Err(Answer::Refused { failure, .. }) => failure.class,
                other => panic!("{status}: {other:?}"),
            }
        };
        assert_eq!(class(StatusCode::NOT_FOUND, &[]), Class::Retry);
        assert_eq!(class(StatusCode::BAD_GATEWAY, &[]), Class::Retry);
        assert_eq!(class(StatusCode::TOO_MANY_REQUESTS, &[]), Class::Retry);
        assert_eq!(class(StatusCode::GONE, &[]), Class::Attachment);
        assert_eq!(class(StatusCode::UNAUTHORIZED, &[]), Class::Attachment);
        let inwards = [("location", "http://169.254.169.254/latest")];
        assert_eq!(
            class(StatusCode::TEMPORARY_REDIRECT, &inwards),
            Class::Attachment
        );
        assert_eq!(class(StatusCode::FOUND, &[]), Class::Attachment);
    }

    #[test]
    fn an_account_that_asks_for_no_credentials_hands_on_the_address_that_it_has() {
        let url = media(API_URL);
        assert_eq!(address_of(&url, 200, &[]).0, Ok(url));
    }
}
