//! The network, as a [`Transport`].

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use jiff::Timestamp;
use rustls::{ClientConfig, RootCertStore};

use super::api::{ANSWER_TIMEOUT, NoAnswer, Transport};
use crate::clock::{Clock, SystemClock};

/// How long opening a connection may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a connection may wait for its next request. Between two events Lambda freezes a
/// function, and a laptop sleeps: whatever is older than this may be long gone at the other end.
const IDLE: Duration = Duration::from_secs(20);

/// How long a connection may be quiet before the other end is asked whether it is still there, how
/// long until it is asked again, and how often.
const QUIET: Duration = Duration::from_secs(5);
const ASK_AGAIN: Duration = Duration::from_secs(1);
const ASKED: u32 = 3;

/// How long the other end may leave unconfirmed what was sent to it. Well below
/// [`ANSWER_TIMEOUT`], so that a connection that is gone is not waited for as if it were a slow
/// answer.
#[cfg(target_os = "linux")]
const CONFIRMED_WITHIN: Duration = Duration::from_secs(5);

/// No answer of Twilio's comes near this size: a page of 1,000 messages of 1,600 characters, each
/// written as an escape of 6 bytes, has some 11 MiB at most.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Requests over the network, through one pool of connections.
///
/// The pool measures idleness by the monotonic clock, which stands still while the machine is frozen.
/// So the clock on the wall decides whether its connections are still used. Source: issue 830 of
/// aws-lambda-web-adapter; clock_gettime(2), CLOCK_MONOTONIC "does not count time that the system is
/// suspended".
pub struct Network {
    clock: Arc<dyn Clock>,
    pool: Mutex<Pool>,
}

struct Pool {
    client: reqwest::Client,
    used: Timestamp,
}

impl Network {
    pub fn new() -> Self {
        Self::by(Arc::new(SystemClock))
    }

    pub fn by(clock: Arc<dyn Clock>) -> Self {
        let pool = Mutex::new(Pool::used(clock.now()));
        Self { clock, pool }
    }

    /// A client none of whose connections has waited for too long.
    fn client(&self) -> reqwest::Client {
        let now = self.clock.now();
        let mut pool = self.pool.lock().expect("no holder of it panics");
        let waited = now.duration_since(pool.used);
        if !Duration::try_from(waited).is_ok_and(|waited| waited <= IDLE) {
            *pool = Pool::used(now);
        }
        pool.used = now;
        pool.client.clone()
    }
}

impl Pool {
    fn used(now: Timestamp) -> Self {
        Self {
            client: build(client().timeout(ANSWER_TIMEOUT)),
            used: now,
        }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

/// Shared by all clients, for the sessions that new connections resume.
static TLS: LazyLock<ClientConfig> = LazyLock::new(|| {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default protocol versions")
        .with_root_certificates(RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        })
        .with_no_client_auth()
});

/// An HTTP client that trusts the built-in root certificates: nothing is read from the system and
/// nothing parsed at start. It follows no redirects, for whom it talks to is configured.
pub fn client() -> reqwest::ClientBuilder {
    let client = reqwest::Client::builder();
    #[cfg(target_os = "linux")]
    let client = client.tcp_user_timeout(CONFIRMED_WITHIN);
    client
        .tls_backend_preconfigured(TLS.clone())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE)
        .tcp_keepalive(QUIET)
        .tcp_keepalive_interval(ASK_AGAIN)
        .tcp_keepalive_retries(ASKED)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("sms-relay/", env!("CARGO_PKG_VERSION")))
}

/// Builds a client that [`client()`] started.
pub fn build(client: reqwest::ClientBuilder) -> reqwest::Client {
    client
        .build()
        .expect("a client without files, proxies or system certificates always builds")
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        send(&self.client(), request, LONGEST_ANSWER).await
    }
}

/// Sends a request, and reads an answer of at most `longest` bytes.
pub async fn send(
    client: &reqwest::Client,
    request: Request<Bytes>,
    longest: usize,
) -> Result<Response<Bytes>, NoAnswer> {
    // A builder's error is ours: the request was never written.
    let is_https = request.uri().scheme_str() == Some("https");
    let no_answer = |error: reqwest::Error| {
        if error.is_connect() || error.is_builder() {
            let by = by_proxy(is_https, |name| std::env::var(name).ok());
            NoAnswer::NotSent(format!("{}{by}", told(error)))
        } else {
            NoAnswer::Unknown(told(error))
        }
    };
    let request = reqwest::Request::try_from(request).map_err(no_answer)?;
    let answer = client.execute(request).await.map_err(no_answer)?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    match read(answer, longest).await {
        Ok(body) => *response.body_mut() = body,
        // A refusal stands, whatever it wanted to say besides.
        Err(_) if !response.status().is_success() => {}
        Err(error) => return Err(error),
    }
    Ok(response)
}

/// The body of an answer, as long as it is not longer than `longest` bytes.
pub async fn read(mut answer: reqwest::Response, longest: usize) -> Result<Bytes, NoAnswer> {
    let mut body = BytesMut::new();
    let failed = |error| NoAnswer::Unknown(told(error));
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > longest {
            let why = format!("the answer is larger than {longest} bytes");
            return Err(NoAnswer::Unknown(why));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// That a proxy stood between, by the environment, for the message of a connection that failed; empty without.
pub fn by_proxy(is_https: bool, variable: impl Fn(&str) -> Option<String>) -> String {
    let names = if is_https {
        ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    } else {
        ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    };
    let is_set = |name: &&str| variable(name).is_some_and(|proxy| !proxy.trim().is_empty());
    match names.into_iter().find(is_set) {
        Some(name) => format!(
            " (through the proxy of the environment variable {name}; correct it, or name the host in NO_PROXY)"
        ),
        None => String::new(),
    }
}

/// The error and its causes, without the URL: it may carry a number.
fn told(error: reqwest::Error) -> String {
    format!("{:#}", anyhow::Error::from(error.without_url()))
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::clock::ManualClock;

    /// Whether the kernel watches over the connection from this local port.
    ///
    /// Source: proc_net_tcp in the kernel's documentation: the local address, and 02 in front of
    /// the timer's time for a keep-alive.
    fn is_watched(port: u16) -> bool {
        let connections = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
        let local = format!(":{port:04X}");
        connections.lines().any(|connection| {
            let fields: Vec<&str> = connection.split_whitespace().collect();
            fields[1].ends_with(&local) && fields[5].starts_with("02:")
        })
    }

    #[test]
    fn a_proxy_of_the_environment_is_named() {
        let by = |is_https, set: &'static str, value: &'static str| {
            by_proxy(is_https, |name| (name == set).then(|| value.to_owned()))
        };
        for (is_https, set) in [
            (true, "https_proxy"),
            (true, "HTTPS_PROXY"),
            (true, "all_proxy"),
            (false, "http_proxy"),
            (false, "HTTP_PROXY"),
            (false, "ALL_PROXY"),
        ] {
            let said = by(is_https, set, "http://127.0.0.1:1");
            assert!(
                said.contains(&format!("environment variable {set};")),
                "{said}"
            );
            assert!(
                !said.contains("127.0.0.1"),
                "it may have a password: {said}"
            );
        }
        assert_eq!(by(true, "http_proxy", "http://127.0.0.1:1"), "");
        assert_eq!(by(true, "https_proxy", " "), "");
    }

    #[tokio::test]
    async fn a_connection_that_waits_for_its_next_request_is_watched_over() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.local_addr().unwrap());
        let answers = std::thread::spawn(move || {
            let (mut connection, client) = server.accept().unwrap();
            let _ = connection.read(&mut [0; 1024]).unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            connection.write_all(answer.as_bytes()).unwrap();
            (connection, client.port())
        });
        let client = build(client().no_proxy());
        let answer = client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let (_connection, port) = answers.join().unwrap();
        assert!(is_watched(port));
    }

    /// How many connections a server sees of three requests: at once, after so long, and after the
    /// clock was set back.
    async fn connections_after(pause: Duration) -> [usize; 3] {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", server.local_addr().unwrap());
        let opened = Arc::new(Mutex::new(0));
        let counted = opened.clone();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = server.accept().await {
                *counted.lock().unwrap() += 1;
                tokio::spawn(async move {
                    while connection.read(&mut [0; 1024]).await.is_ok_and(|n| n > 0) {
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        connection.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        let start = "2026-11-30T12:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let network = Network::by(clock.clone());
        let mut seen = [0; 3];
        for (n, at) in [start, start + pause, start - pause]
            .into_iter()
            .enumerate()
        {
            clock.set(at);
            let request = Request::get(&url).body(Bytes::new()).unwrap();
            network.send(request).await.unwrap();
            seen[n] = *opened.lock().unwrap();
        }
        seen
    }

    /// The monotonic clock does not move here either.
    #[tokio::test]
    async fn a_connection_from_before_a_freeze_is_not_used() {
        assert_eq!(connections_after(Duration::from_secs(20)).await, [1, 1, 2]);
        assert_eq!(connections_after(Duration::from_secs(21)).await, [1, 2, 3]);
    }
}
