use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use relay::app::outbound_notifier::auth::{
    CALLER_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign,
};
use relay::clock::Clock;
use relay::domain::credentials::{Callers, Credentials, Secret};
use relay::sandbox::{DEMO_CALLER, DEMO_KEY, demo_account};
use serde_json::Value;

use super::World;

/// What a program was answered over HTTP.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

/// A program that may have ten segments a day sent. It has the same key as the other one.
pub const LIMITED_CALLER: &str = "limited";

/// The sandbox's account, with one more caller.
pub fn account() -> Credentials {
    let all = format!("notices,invitations,read:{DEMO_KEY}");
    let limited = format!("notices,invitations,most_segments_a_day=10:{DEMO_KEY}");
    let [all, limited] = [all, limited].map(Secret::new);
    Credentials {
        callers: Callers::among([
            ("RELAY_CALLER_DEMO", &all),
            ("RELAY_CALLER_LIMITED", &limited),
        ]),
        ..demo_account()
    }
}

impl World {
    /// A request as the program signs it that the sandbox's account knows: anew each time.
    pub fn signed(&self, method: &str, path: &str, body: impl Into<Bytes>) -> Request<Bytes> {
        self.signed_by(DEMO_CALLER, method, path, body)
    }

    pub fn signed_by(
        &self,
        caller: &str,
        method: &str,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Request<Bytes> {
        static REQUESTS: AtomicU32 = AtomicU32::new(0);
        let request = REQUESTS.fetch_add(1, Ordering::Relaxed);
        let at = format!("{}.{request:09}", self.clock.now().as_second());
        let body = body.into();
        let signature = sign(&Secret::new(DEMO_KEY), &at, method, path, &body);
        Request::builder()
            .method(method)
            .uri(path)
            .header(CALLER_HEADER, caller)
            .header(TIMESTAMP_HEADER, at)
            .header(SIGNATURE_HEADER, signature)
            .body(body)
            .expect("a request")
    }

    pub async fn said_to(&self, request: Request<Bytes>) -> Said {
        Said::of(self.answer(request).await)
    }

    /// Signs a request and hears the answer.
    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> Said {
        self.said_to(self.signed(method, path, body.to_string()))
            .await
    }
}

impl Said {
    fn of(response: Response<String>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body: serde_json::from_str(&body).expect("every answer is JSON"),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
