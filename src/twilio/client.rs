//! The REST client: the one place that talks to Twilio's Messages API.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response};
use serde::Deserialize;

use super::form::Form;
use crate::credentials::Credentials;
use crate::delivery::Answer;
use crate::inbound::MessageSid;
use crate::phone::PhoneNumber;

/// What carries a request to Twilio: the network, or in tests the sandbox itself.
#[async_trait]
pub trait Transport: Send + Sync {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer>;
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The request certainly did not arrive: there was no connection.
    #[error("no connection: {0}")]
    NotSent(String),
    /// It may have arrived.
    #[error("no answer: {0}")]
    Unknown(String),
}

/// A message to create.
#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    pub from: &'a PhoneNumber,
    pub to: &'a PhoneNumber,
    pub body: &'a str,
    pub media: &'a [String],
    pub status_callback: &'a str,
    /// How long Twilio may keep it in its queue; longer than that and it fails with 30036.
    pub validity: Duration,
}

/// A message as Twilio lists it.
#[derive(Deserialize)]
pub struct Listed {
    pub sid: MessageSid,
    pub body: Option<String>,
    pub status: String,
    /// RFC 2822.
    pub date_created: Option<String>,
    pub error_code: Option<u32>,
}

pub struct Client {
    transport: Box<dyn Transport>,
    base: String,
}

impl Client {
    /// `base` is [`super::API_URL`] or a sandbox's address.
    pub fn new(transport: Box<dyn Transport>, base: &str) -> Self {
        Self {
            transport,
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// Hands a message to Twilio, once.
    pub async fn create_message(
        &self,
        credentials: &Credentials,
        message: &NewMessage<'_>,
    ) -> Answer {
        let _ = (credentials, message, &self.transport, &self.base);
        let _ = (
            Method::POST,
            AUTHORIZATION,
            CONTENT_TYPE,
            RETRY_AFTER,
            HeaderValue::from_static(""),
            STANDARD.encode(""),
            Form::from_fields([("", "")]),
        );
        todo!()
    }
}
