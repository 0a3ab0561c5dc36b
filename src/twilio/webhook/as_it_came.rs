//! Webhooks that are kept as they came, to be verified and understood later.

use http::Uri;
use serde::{Deserialize, Serialize};

use super::{Refusal, Unverified};
use crate::domain::credentials::Credentials;
use crate::twilio::form::Form;

/// The path of the webhook that failed when the fallback is called.
const MAIN_PATH: &str = "/twilio/sms";

/// All that a signature covers, and the signature. Nothing is known of it: the one way from here to
/// a text leads through [`AsItCame::read`] and [`Unverified::verify`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsItCame {
    /// Byte by byte as it was called.
    path_and_query: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    host: Option<String>,
    /// The fields, encoded anew: plain ASCII, and a signature covers the decoded ones.
    form: String,
    signature: String,
}

impl AsItCame {
    /// The request again. A refusal means that it was not made by [`Unverified::as_it_came`].
    pub fn read(&self) -> Result<Unverified, Refusal> {
        Ok(Unverified {
            form: Form::decode(self.form.as_bytes())?,
            signature: self.signature.clone(),
            path_and_query: self.path_and_query.clone(),
            host: self.host.clone(),
        })
    }
}

impl Unverified {
    pub fn as_it_came(&self) -> AsItCame {
        AsItCame {
            path_and_query: self.path_and_query.clone(),
            host: self.host.clone(),
            form: self.form.encode(),
            signature: self.signature.clone(),
        }
    }

    /// Twilio's error code, which says to the fallback why the main webhook failed.
    pub fn error_code(&self) -> Option<u32> {
        self.form.filled("ErrorCode")?.parse().ok()
    }

    /// Whether the account's token signed the request for the address that it says it was sent to:
    /// that of the webhook that failed (`ErrorUrl`), or `Host`.
    ///
    /// Enough for a request to be kept, and for nothing else. Somebody without the token cannot
    /// sign for any address; but what Twilio signed for another program of the same account
    /// would pass too. [`Unverified::verify`] asks for the line's own address.
    ///
    /// Source: Twilio, "Availability and reliability".
    pub fn seems_genuine(&self, credentials: &Credentials) -> Result<(), Refusal> {
        let failed = self.form.filled("ErrorUrl").and_then(origin_of_main);
        let host = self.host.as_deref();
        let addresses = failed
            .map(str::to_owned)
            .into_iter()
            .chain(host.iter().map(|host| format!("https://{host}")))
            .chain(host.iter().map(|host| format!("http://{host}")));
        let mut last = Err(Refusal::forged());
        for address in addresses {
            last = self.check(credentials, &address);
            if last.is_ok() {
                break;
            }
        }
        last
    }
}

/// `https://relay.example.com/line` of `https://relay.example.com/line/twilio/sms?a=1#rc=3`.
fn origin_of_main(url: &str) -> Option<&str> {
    let bare = url.split(['?', '#']).next()?;
    let origin = bare.strip_suffix(MAIN_PATH)?;
    origin.parse::<Uri>().ok()?.host()?;
    Some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_main_webhook_is_what_stands_before_its_path() {
        for (url, origin) in [
            ("https://a.example/twilio/sms", Some("https://a.example")),
            (
                "https://a.example/one/twilio/sms?x=1#rc=3",
                Some("https://a.example/one"),
            ),
            ("https://a.example/twilio/smss", None),
            ("https://a.example/#/twilio/sms", None),
            ("/twilio/sms", None),
            ("", None),
        ] {
            assert_eq!(origin_of_main(url), origin, "{url}");
        }
    }
}
