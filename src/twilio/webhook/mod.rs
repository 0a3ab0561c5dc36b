//! Twilio's webhooks. A request is read, verified, and only then understood: what a handler gets is
//! a [`Verified`] inbound text, status report or news of a call, and the one way to it is a signature that was
//! checked, or having asked Twilio's API.
//!
//! ```text
//! Unverified::read ─▶ line() ─▶ verify ─▶ Verified<Form> ─▶ inbound / status / voice
//! ```

mod fallback;
mod inbound;
mod refusal;
mod status;
mod voice;

pub use inbound::{inbound, is_fetchable, is_of_this_machine};
pub use refusal::Refusal;
pub use status::{StatusReport, status};
pub use voice::{CallFrom, VoiceNews, VoiceRequest, voice};

use std::ops::Deref;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, Request};
use serde::{Deserialize, Serialize};

use super::form::{BadForm, Form, MOST_BYTES};
use super::signature::{self, Algorithm, Signed};
use crate::domain::credentials::{Credentials, Secret};
use crate::domain::ids::message_sid::MessageSid;
use crate::domain::inbound::sms::InboundSms;
use crate::domain::phone::PhoneNumber;

/// Fields of a call that one account of Twilio's signatures says are added to a request after it was
/// signed, and others say are signed as all are. So both are let in, and what is not signed is not read.
const ADDED_LATER: [&str; 2] = ["CallToken", "StirVerstat"];

/// The field by which a request says that it is the doctor's, to find out whether Twilio's would come through.
pub const PROBE: &str = "RelayProbe";
const LONGEST_NONCE: usize = 64;

/// A well-formed request of which nobody knows whether it comes from Twilio. All it tells is what
/// has to be looked up to find out: the line, for its public URL, and with it the message.
///
/// It can be kept, to be verified later: these are all that a signature covers, and the signature.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unverified {
    /// Byte by byte as it was called.
    path_and_query: String,
    /// What the request says of its host; nothing is let in over it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    host: Option<String>,
    form: Form,
    signature: String,
    /// If a shared key signed it: how, as Twilio says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    settings: Option<String>,
}

/// Something that Twilio said: made from a request whose signature was right, or by the REST client
/// from what Twilio's API answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl Unverified {
    /// Reads a request that claims to be a webhook.
    pub fn read(request: &Request<Bytes>) -> Result<Self, Refusal> {
        if request.body().len() > MOST_BYTES {
            return Err(BadForm::TooLarge.into());
        }
        let headers = request.headers();
        if !is_form(headers) {
            return Err(Refusal::NotAForm);
        }
        let form = Form::parse(request.body())?;
        let uri = request.uri();
        let query = uri.query().map(|query| format!("?{query}"));
        Ok(Self {
            form,
            signature: the_signature(headers)?,
            settings: the_settings(headers)?,
            path_and_query: uri.path().to_owned() + &query.unwrap_or_default(),
            host: headers
                .get(HOST)
                .and_then(|host| Some(host.to_str().ok()?.to_owned())),
        })
    }

    /// The line that an inbound text claims to be for.
    pub fn line(&self) -> Result<PhoneNumber, Refusal> {
        let to = self.form.filled("To").ok_or(Refusal::Incomplete("To"))?;
        PhoneNumber::of_address(to).ok_or(Refusal::Incomplete("To"))
    }

    /// The message that an inbound text claims to be.
    pub fn message_sid(&self) -> Result<MessageSid, Refusal> {
        inbound::message_sid(&self.form)
    }

    /// Who an inbound text claims to be from, if it is a phone.
    pub fn phone(&self) -> Option<PhoneNumber> {
        PhoneNumber::of_address(self.form.get("From")?)
    }

    /// What a probe of the doctor's wants to have back; `None` of all that Twilio sends.
    pub fn probe(&self) -> Option<&str> {
        self.form.filled(PROBE).filter(|nonce| {
            nonce.len() <= LONGEST_NONCE && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    }

    /// Checks the signature over the URL that Twilio was given: `public_url` is the line's, never
    /// what the request says of its host.
    pub fn verify(
        self,
        credentials: &Credentials,
        public_url: &str,
    ) -> Result<Verified<Form>, Refusal> {
        let is_whole = self.check(credentials, public_url)?;
        let form = if is_whole {
            self.form
        } else {
            self.form.without(&ADDED_LATER)
        };
        Ok(Verified(form))
    }

    /// Whether it is signed with one of the tokens or keys of `credentials` over the line's
    /// `public_url`.
    pub fn check_signature(
        &self,
        credentials: &Credentials,
        public_url: &str,
    ) -> Result<(), Refusal> {
        self.signs_all(credentials, public_url).map(drop)
    }

    /// Whether this very token signed it over the line's `public_url`.
    pub fn is_signed_by(&self, token: &Secret, public_url: &str) -> bool {
        let url = self.url_below(public_url);
        signature::verify([token], &self.signature, &url, Signed::Form(&self.form))
    }

    /// The address that is signed.
    fn url_below(&self, public_url: &str) -> String {
        public_url.trim_end_matches('/').to_owned() + &self.path_and_query
    }

    /// Whether the signature covers all of the form, or all but what may have been added later. Whoever
    /// gets the form gets no more of it than is signed.
    fn signs_all(&self, credentials: &Credentials, public_url: &str) -> Result<bool, Refusal> {
        let checked = self.check_form(&self.form, credentials, public_url);
        let Err(Refusal::Forged | Refusal::OtherWebhookKey) = checked else {
            return checked.map(|()| true);
        };
        if !ADDED_LATER.iter().any(|name| self.form.get(name).is_some()) {
            return checked.map(|()| true);
        }
        let form = self.form.clone().without(&ADDED_LATER);
        self.check_form(&form, credentials, public_url)?;
        Ok(false)
    }

    fn check_form(
        &self,
        form: &Form,
        credentials: &Credentials,
        public_url: &str,
    ) -> Result<(), Refusal> {
        let url = self.url_below(public_url);
        let (signature, form) = (&self.signature, Signed::Form(form));
        let Some(settings) = &self.settings else {
            let tokens = credentials.signing_tokens();
            let fits = signature::verify(tokens, signature, &url, form);
            return fits.then_some(()).ok_or(Refusal::Forged);
        };
        let algorithm = Algorithm::of_settings(settings).ok_or(Refusal::UnknownAlgorithm)?;
        if credentials.webhook_keys.is_empty() {
            return Err(Refusal::NoWebhookKey);
        }
        let fits =
            signature::verify_by(algorithm, &credentials.webhook_keys, signature, &url, form);
        fits.then_some(()).ok_or(Refusal::OtherWebhookKey)
    }

    /// As [`Unverified::signs_all`].
    fn check(&self, credentials: &Credentials, public_url: &str) -> Result<bool, Refusal> {
        let is_whole = self.signs_all(credentials, public_url)?;
        // A token signs for its own account only; but a subaccount's webhooks are not ours either.
        if self.form.get("AccountSid") != Some(&credentials.account_sid) {
            return Err(Refusal::OtherAccount);
        }
        Ok(is_whole)
    }
}

impl Verified<InboundSms> {
    /// A text of which the API told. It is Twilio's word without a signature: it was asked over TLS
    /// with the account's credentials, at the host that is configured, for this very text.
    pub(in crate::twilio) fn by_api(sms: InboundSms) -> Self {
        Self(sms)
    }
}

impl<T> Verified<T> {
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| {
        essence
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

fn the_signature(headers: &HeaderMap) -> Result<String, Refusal> {
    let mut signatures = headers.get_all(signature::HEADER).iter();
    match (signatures.next(), signatures.next()) {
        (Some(only), None) => only.to_str().map(str::to_owned).ok(),
        _ => None,
    }
    .ok_or(Refusal::Unsigned)
}

/// How a shared key signed it, if one did. An empty header is none, as in Twilio's libraries.
fn the_settings(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut all = headers.get_all(signature::SETTINGS_HEADER).iter();
    let (first, more) = (all.next(), all.next());
    let text = match (first.map(|first| first.to_str()), more) {
        (None, _) => return Ok(None),
        (Some(Ok(text)), None) => text.trim(),
        _ => return Err(Refusal::UnknownAlgorithm),
    };
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests;
