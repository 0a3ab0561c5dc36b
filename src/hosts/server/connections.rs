//! Connections of the one-machine mode's server: nobody holds one open for as long as he likes, and
//! nobody takes them all.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::parts::asked;
use crate::app::ports::kept_texts::Peer;

/// How long a client may take to send a request's head, and to begin another one on the same
/// connection.
pub const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// The most bytes of a request's head. Twilio's are below 4 KiB.
const LONGEST_HEAD: usize = 16 * 1024;

/// How long requests that have come in may take after the stop.
pub const DRAIN_WITHIN: Duration = Duration::from_secs(10);

/// The pause after no connection could be accepted, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// The most connections. Twilio and programs have a few; thousands of webhooks a second, some dozens.
const MOST: u64 = 1024;

/// So many file descriptors are left for the database, the log and requests to Twilio, but at most
/// [`RESERVED_PART`] of all.
const RESERVED: u64 = 256;
const RESERVED_PART: (u64, u64) = (2, 3);

/// How many connections there may be at once. Raises the process's limit of file descriptors as far as it
/// may.
pub fn most() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let before = limit.current;
        limit.current = limit.maximum;
        if setrlimit(Resource::Nofile, limit).is_err() {
            limit.current = before;
        }
    }
    let (part, whole) = RESERVED_PART;
    let descriptors = limit.current.unwrap_or(u64::MAX);
    let reserved = RESERVED.min(descriptors / whole * part);
    usize::try_from(MOST.min(descriptors - reserved)).unwrap_or(1)
}

/// Serves `router` until `stop` says so, then finishes the requests that have come in. Whoever has
/// not sent his within [`DRAIN_WITHIN`] is cut off. If there would be more than `most` connections, the
/// one that has waited longest for a request is closed.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    most: usize,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let open = Open::default();
    loop {
        let (stream, peer) = tokio::select! {
            () = asked(&mut stop) => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener) => accepted,
        };
        open.make_room(most);
        let id = open.next();
        let (of_requests, router) = (open.clone(), TowerToHyperService::new(router.clone()));
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            of_requests.is_busy(id, true);
            let (answered, answer) = (of_requests.clone(), router.call(request));
            async move {
                let answer = answer.await;
                answered.is_busy(id, false);
                answer
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .max_buf_size(LONGEST_HEAD)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        let task = connections.spawn(async move {
            // A client that breaks off is no news.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
        open.add(id, task);
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_WITHIN, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("clients took too long to send their requests and were cut off");
    }
}

/// The connections that are open.
#[derive(Clone, Default)]
struct Open(Arc<Mutex<All>>);

#[derive(Default)]
struct All {
    last: u64,
    by_id: HashMap<u64, One>,
}

struct One {
    task: AbortHandle,
    /// A request is being answered.
    is_busy: bool,
    /// Since when that is so.
    since: Instant,
}

impl Open {
    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> u64 {
        let mut all = self.lock();
        all.last += 1;
        all.last
    }

    fn add(&self, id: u64, task: AbortHandle) {
        let one = One {
            task,
            is_busy: false,
            since: Instant::now(),
        };
        self.lock().by_id.insert(id, one);
    }

    fn is_busy(&self, id: u64, is_busy: bool) {
        if let Some(one) = self.lock().by_id.get_mut(&id) {
            one.is_busy = is_busy;
            one.since = Instant::now();
        }
    }

    /// If there are `most`, closes the one that has waited longest for a request; if all have one, the
    /// one that has taken longest for it.
    fn make_room(&self, most: usize) {
        let mut all = self.lock();
        all.by_id.retain(|_, one| !one.task.is_finished());
        if all.by_id.len() < most {
            return;
        }
        let connections = all.by_id.iter();
        let longest = connections.min_by_key(|(_, one)| (one.is_busy, one.since));
        if let Some(id) = longest.map(|(id, _)| *id)
            && let Some(one) = all.by_id.remove(&id)
        {
            one.task.abort();
        }
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, Peer) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return (stream, Peer(address.ip())),
            // The client gave up while it waited.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionAborted
                        | ErrorKind::ConnectionRefused
                        | ErrorKind::ConnectionReset
                ) => {}
            Err(error) => {
                tracing::error!(%error, "no connection could be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// More than anything takes here, and less than a head may.
    const PATIENCE: Duration = Duration::from_secs(5);

    async fn server(most: usize) -> (std::net::SocketAddr, watch::Sender<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let router = Router::new().route("/", axum::routing::get("here"));
        tokio::spawn(serve(listener, router, most, stopped));
        (address, stop)
    }

    /// What comes back for these bytes.
    async fn answer(address: std::net::SocketAddr, sent: &str) -> String {
        let asking = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(sent.as_bytes()).await.unwrap();
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer).await;
            answer
        };
        let answer = tokio::time::timeout(PATIENCE, asking).await;
        answer.expect("an answer in time")
    }

    const WHOLE: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn unfinished_requests_keep_nobody_out() {
        let (address, _stop) = server(4).await;
        let mut stuck = Vec::new();
        for _ in 0..40 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            // The oldest may be closed by now.
            let _ = stream.write_all(b"GET / HT").await;
            stuck.push(stream);
            assert!(answer(address, WHOLE).await.starts_with("HTTP/1.1 200"));
        }
    }

    #[tokio::test]
    async fn a_head_has_a_longest_size() {
        let (address, _stop) = server(4).await;
        let filled =
            |bytes: usize| WHOLE.replace("host: x", &format!("host: {}", "x".repeat(bytes)));
        assert!(
            answer(address, &filled(8_000))
                .await
                .starts_with("HTTP/1.1 200")
        );
        let refused = answer(address, &filled(20_000)).await;
        // What was not read may have the connection reset before the answer is seen.
        assert!(
            refused.is_empty() || refused.starts_with("HTTP/1.1 431"),
            "{refused}"
        );
    }

    #[test]
    fn some_descriptors_are_left_for_others() {
        let most = most() as u64;
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum, "the limit is raised");
        assert!((1..=MOST).contains(&most));
        assert!(limit.current.is_none_or(|limit| most < limit));
    }
}
