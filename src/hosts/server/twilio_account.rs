//! What Twilio's answers say about the account, by listening to them.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Deserialize;

use crate::twilio::access::UNKNOWN_CREDENTIALS;
use crate::twilio::api::{NoAnswer, Transport};

/// Whether Twilio takes the credentials.
#[derive(Clone, Default)]
pub struct TwilioAccount(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The last answer that says something about them was that they are unknown.
    refuses: bool,
    version: Option<String>,
}

impl TwilioAccount {
    /// Listens to what comes from there.
    pub fn behind(&self, transport: impl Transport + 'static) -> Box<dyn Transport> {
        let account = self.clone();
        Box::new(Listening { transport, account })
    }

    pub(super) fn refuses(&self) -> bool {
        self.state().refuses
    }

    /// Says which credentials are in use: what was refused before says nothing about others.
    pub(super) fn uses(&self, version: Option<&str>) {
        let mut state = self.state();
        if state.version.as_deref() != version {
            state.version = version.map(str::to_owned);
            state.refuses = false;
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, answer: &Response<Bytes>) {
        #[derive(Deserialize)]
        struct Told {
            code: Option<u32>,
        }
        let status = answer.status();
        let code = || {
            let told: Option<Told> = serde_json::from_slice(answer.body()).ok();
            told.and_then(|told| told.code)
        };
        if status.is_success() {
            self.state().refuses = false;
        // Another code, such as 70051, refuses what a key's policy does not allow.
        } else if status == StatusCode::UNAUTHORIZED
            && code().is_none_or(|code| code == UNKNOWN_CREDENTIALS)
        {
            self.state().refuses = true;
        }
    }
}

struct Listening<T> {
    transport: T,
    account: TwilioAccount,
}

#[async_trait]
impl<T: Transport> Transport for Listening<T> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let answer = self.transport.send(request).await?;
        self.account.hear(&answer);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hears(account: &TwilioAccount, status: u16, body: &'static str) {
        let answer = Response::builder().status(status);
        account.hear(&answer.body(Bytes::from_static(body.as_bytes())).unwrap());
    }

    #[test]
    fn refused_credentials_count_until_twilio_takes_them_or_there_are_others() {
        let account = TwilioAccount::default();
        account.uses(Some("one"));
        for again in [true, false] {
            hears(
                &account,
                401,
                r#"{"code": 20003, "message": "Authenticate"}"#,
            );
            account.uses(Some("one"));
            hears(&account, 400, r#"{"code": 21211}"#);
            hears(&account, 429, "");
            assert!(account.refuses());
            if again {
                hears(&account, 201, "{}");
            } else {
                account.uses(Some("two"));
            }
            assert!(!account.refuses());
        }
    }

    #[test]
    fn a_key_that_may_not_do_something_is_not_refused() {
        let account = TwilioAccount::default();
        hears(&account, 401, r#"{"code": 70051}"#);
        hears(&account, 403, r#"{"code": 20403}"#);
        assert!(!account.refuses());
        hears(&account, 401, "no JSON");
        assert!(account.refuses());
    }
}
