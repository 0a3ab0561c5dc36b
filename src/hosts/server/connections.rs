//! Connections of the one-machine mode's server: nobody holds one open for as long as he likes.

use std::io::ErrorKind;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::parts::asked;

/// How long a client may take to send a request's head, and to begin another one on the same
/// connection.
pub const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// How long requests that have come in may take after the stop.
pub const DRAIN_WITHIN: Duration = Duration::from_secs(10);

/// The pause after no connection could be accepted, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves `router` until `stop` says so, then finishes the requests that have come in. Whoever has
/// not sent his within [`DRAIN_WITHIN`] is cut off.
pub async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            () = asked(&mut stop) => break,
            Some(_) = connections.join_next() => continue,
            stream = accept(&listener) => stream,
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .serve_connection(
                TokioIo::new(stream),
                TowerToHyperService::new(router.clone()),
            );
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            // A client that breaks off is no news.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_WITHIN, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("clients took too long to send their requests and were cut off");
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
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
