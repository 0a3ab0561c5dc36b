//! A Twilio that takes every text and remembers no more of it than that it came.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use relay::domain::phone::PhoneNumber;
use relay::twilio::api::{NoAnswer, Transport};
use serde_json::{Value, json};

/// How often each phone got the one text that there is.
pub struct Phones {
    times: Vec<AtomicU8>,
    texts: AtomicU64,
    body: OnceLock<String>,
}

const AREA: &str = "+1619";

pub fn phone(n: usize) -> PhoneNumber {
    PhoneNumber::parse(&format!("{AREA}{n:07}")).expect("a number")
}

/// Which phone has the number.
fn index(number: &str) -> usize {
    let n = number.strip_prefix(AREA).and_then(|n| n.parse().ok());
    n.expect("one of the phones")
}

impl Phones {
    pub fn none_yet(count: usize) -> Arc<Self> {
        Arc::new(Self {
            times: (0..count).map(|_| AtomicU8::new(0)).collect(),
            texts: AtomicU64::new(0),
            body: OnceLock::new(),
        })
    }

    pub fn times(&self) -> Vec<u8> {
        let times = self.times.iter();
        times.map(|times| times.load(Ordering::SeqCst)).collect()
    }

    /// How many texts came in all.
    pub fn texts(&self) -> u64 {
        self.texts.load(Ordering::SeqCst)
    }

    fn take(&self, form: &[u8]) -> Value {
        let n = index(&parameter(form, "To"));
        let body = parameter(form, "Body");
        assert_eq!(self.body.get_or_init(|| body.clone()), &body);
        self.times[n].fetch_add(1, Ordering::SeqCst);
        self.texts.fetch_add(1, Ordering::SeqCst);
        message(n, &body, "queued")
    }

    /// What a phone has, as Twilio lists it.
    fn list(&self, query: &str) -> Value {
        let n = index(&parameter(query.as_bytes(), "To"));
        let times = self.times[n].load(Ordering::SeqCst);
        let body = self.body.get().map_or("", String::as_str);
        let messages: Vec<_> = (0..times).map(|_| message(n, body, "sent")).collect();
        json!({"messages": messages, "next_page_uri": null})
    }
}

fn parameter(pairs: &[u8], name: &str) -> String {
    let found = form_urlencoded::parse(pairs).find(|(known, _)| known == name);
    found.expect("every text has one").1.into_owned()
}

pub struct Twilio(pub Arc<Phones>);

#[async_trait]
impl Transport for Twilio {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let uri = request.uri();
        let of_one = uri.path().rsplit_once("/SM");
        let of_one = of_one.and_then(|(_, sid)| sid.trim_end_matches(".json").parse().ok());
        let answer = match (request.method(), of_one) {
            (&Method::POST, _) => self.0.take(request.body()),
            (_, Some(n)) => message(n, "", "delivered"),
            (_, None) => self.0.list(uri.query().unwrap_or_default()),
        };
        let answer = Response::builder()
            .header("Date", "Mon, 23 Nov 2026 18:00:00 GMT")
            .body(answer.to_string().into());
        Ok(answer.expect("a well-formed answer"))
    }
}

/// The message of a phone, whose number its SID ends with.
fn message(n: usize, body: &str, status: &str) -> Value {
    let sid = format!("SM{n:032}");
    json!({"sid": sid, "status": status, "body": body, "date_created": null, "error_code": null})
}
