//! What the fallback asks of a webhook before it keeps it, without knowing the line.

use http::Uri;

use super::{Refusal, Unverified};
use crate::domain::credentials::Credentials;
use crate::twilio::voice::{VOICE_PATH, VoicePath};

/// The path of the webhook that failed when the fallback is called.
const MAIN_PATH: &str = "/twilio/sms";

impl Unverified {
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
        self.genuine_address(credentials).map(drop)
    }

    /// The address for which [`Unverified::seems_genuine`]: what stands before the request's path.
    pub fn genuine_address(&self, credentials: &Credentials) -> Result<String, Refusal> {
        let mut verdict = Err(Refusal::Forged);
        for address in self.addresses() {
            verdict = self.check(credentials, &address).map(|_| address);
            if verdict.is_ok() {
                break;
            }
        }
        verdict
    }

    /// The address that the request says it was sent to, if nobody can tell whether it is genuine.
    pub fn claimed_address(&self) -> Option<String> {
        self.addresses().next()
    }

    fn addresses(&self) -> impl Iterator<Item = String> {
        let failed = self.form.filled("ErrorUrl").and_then(origin_of_main);
        let hosts = self.host.iter();
        let hosts = hosts.flat_map(|host| [format!("https://{host}"), format!("http://{host}")]);
        failed.map(str::to_owned).into_iter().chain(hosts)
    }

    /// What failed of a call, if the fallback was called for one. Only its path is read: whatever host
    /// `ErrorUrl` names is never called.
    pub fn failed_voice(&self) -> Option<VoicePath> {
        Some(main_voice(self.form.filled("ErrorUrl")?)?.1)
    }
}

/// `https://relay.example.com/line` of `https://relay.example.com/line/twilio/sms?a=1#rc=3`.
fn origin_of_main(url: &str) -> Option<&str> {
    let bare = url.split(['?', '#']).next()?;
    let origin = bare.strip_suffix('/').unwrap_or(bare);
    let origin = match origin.strip_suffix(MAIN_PATH) {
        Some(origin) => origin,
        None => main_voice(url)?.0,
    };
    origin.parse::<Uri>().ok()?.host()?;
    Some(origin)
}

/// What stands before the path of a request about a call, and the path.
fn main_voice(url: &str) -> Option<(&str, VoicePath)> {
    let bare = url.split(['?', '#']).next()?;
    let (origin, path) = bare.split_at(bare.rfind(VOICE_PATH)?);
    Some((origin, VoicePath::parse(path)?))
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
            ("https://a.example/twilio/sms/", Some("https://a.example")),
            ("https://a.example/twilio/smss", None),
            ("https://a.example/#/twilio/sms", None),
            ("/twilio/sms", None),
            ("", None),
        ] {
            assert_eq!(origin_of_main(url), origin, "{url}");
        }
    }
}
