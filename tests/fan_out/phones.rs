//! A Twilio that takes every text and remembers no more of it than that it came.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use relay::phone::PhoneNumber;
use relay::twilio::client::{NoAnswer, Transport};
use serde_json::{Value, json};

/// How often each phone got a text.
pub struct Phones(Vec<AtomicU8>);

pub fn phone(n: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("+1619{n:07}")).expect("a number")
}

impl Phones {
    pub fn none_yet(count: u32) -> Arc<Self> {
        Arc::new(Self((0..count).map(|_| AtomicU8::new(0)).collect()))
    }

    pub fn times(&self) -> Vec<u8> {
        let times = self.0.iter().map(|times| times.load(Ordering::SeqCst));
        times.collect()
    }

    fn take(&self, form: &[u8]) {
        let to = form_urlencoded::parse(form).find(|(name, _)| name == "To");
        let (_, to) = to.expect("a text has a recipient");
        let n: usize = to["+1619".len()..].parse().expect("one of the phones");
        self.0[n].fetch_add(1, Ordering::SeqCst);
    }
}

pub struct Twilio {
    pub phones: Arc<Phones>,
    pub taken: AtomicU32,
}

#[async_trait]
impl Transport for Twilio {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let path = request.uri().path().to_owned();
        let answer = match (request.method(), path.rsplit_once("/SM")) {
            (&Method::POST, _) => {
                self.phones.take(request.body());
                let taken = self.taken.fetch_add(1, Ordering::SeqCst);
                message(&format!("SM{taken:032x}"), "queued")
            }
            (_, Some((_, sid))) => {
                let sid = sid.trim_end_matches(".json");
                message(&format!("SM{sid}"), "delivered")
            }
            (_, None) => json!({"messages": [], "next_page_uri": null}),
        };
        let answer = Response::builder()
            .header("Date", "Mon, 23 Nov 2026 18:00:00 GMT")
            .body(answer.to_string().into());
        Ok(answer.expect("a well-formed answer"))
    }
}

fn message(sid: &str, status: &str) -> Value {
    json!({"sid": sid, "status": status, "body": "", "date_created": null, "error_code": null})
}
