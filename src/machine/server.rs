//! The HTTP server of the one-machine mode: what API Gateway does on AWS, with the same handlers
//! behind it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::{Request, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{AUDIT, DATABASE, Database, create_data, worker};
use crate::audit::file::FileAudit;
use crate::clock::{SystemChance, SystemClock};
use crate::credentials::Credentials;
use crate::functions::{delivery_status, inbound_sms};
use crate::line::Line;
use crate::queue::sqlite::SqliteQueue;
use crate::relay::Relay;
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use crate::twilio::client::Client;
use crate::twilio::form::MOST_BYTES;

/// A relay with its state in a folder, ready to serve.
pub struct Machine {
    relay: Arc<Relay>,
    queue: SqliteQueue,
}

impl Machine {
    /// Opens the data folder and puts the lines of the configuration in force. Picks up what an
    /// earlier run left undone.
    pub async fn open(
        data: &Path,
        lines: &[Line],
        credentials: Arc<Credentials>,
        twilio: Client,
    ) -> anyhow::Result<Self> {
        create_data(data)
            .with_context(|| format!("cannot make the data folder {}", data.display()))?;
        let database = Database::open(&data.join(DATABASE))?;
        let queue = SqliteQueue::on(database.clone());
        let relay = Relay {
            store: Arc::new(SqliteStore::on(database)),
            queue: Arc::new(queue.clone()),
            audit: Arc::new(FileAudit::open(&data.join(AUDIT))?),
            credentials: Arc::new(credentials),
            twilio,
            clock: Arc::new(SystemClock),
            chance: Arc::new(SystemChance),
        };
        put_in_force(relay.store.as_ref(), lines).await?;
        queue.recover(relay.now()).await?;
        Ok(Self {
            relay: Arc::new(relay),
            queue,
        })
    }

    /// Serves the webhooks on `listener`, and whatever `beside` has, until `stop` says so; then
    /// answers the requests that have come in and finishes the attempts that have begun.
    pub async fn serve(
        self,
        listener: TcpListener,
        beside: Router,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let webhooks = Router::new()
            .route("/twilio/sms", post(sms))
            .route("/twilio/status/{delivery}/{attempt}", post(status))
            .route("/healthz", get(healthz))
            .with_state(Arc::clone(&self.relay));
        let working = tokio::spawn(worker::run(self.relay, self.queue, stop.clone()));
        let mut stopped = stop;
        axum::serve(listener, webhooks.merge(beside))
            .with_graceful_shutdown(async move {
                // An error means that whoever could stop it is gone, which is a stop as well.
                let _ = stopped.wait_for(|stop| *stop).await;
            })
            .await?;
        working.await?;
        Ok(())
    }
}

/// The store holds exactly the configuration's lines.
async fn put_in_force(store: &dyn Store, lines: &[Line]) -> anyhow::Result<()> {
    let stored = store.lines().await?;
    for gone in stored
        .iter()
        .filter(|stored| lines.iter().all(|line| line.number != stored.number))
    {
        store.remove_line(&gone.number).await?;
    }
    for line in lines.iter().filter(|line| !stored.contains(line)) {
        store.put_line(line).await?;
    }
    Ok(())
}

async fn sms(State(relay): State<Arc<Relay>>, request: Request<Body>) -> Response {
    match whole(request).await {
        Ok(request) => inbound_sms::handle(&relay, request).await.into_response(),
        Err(refused) => refused,
    }
}

async fn status(State(relay): State<Arc<Relay>>, request: Request<Body>) -> Response {
    match whole(request).await {
        Ok(request) => delivery_status::handle(&relay, request)
            .await
            .into_response(),
        Err(refused) => refused,
    }
}

/// The request with its body read, which is never more than a little too long.
async fn whole(request: Request<Body>) -> Result<Request<Bytes>, Response> {
    let (head, body) = request.into_parts();
    match axum::body::to_bytes(body, MOST_BYTES).await {
        Ok(body) => Ok(Request::from_parts(head, body)),
        Err(_) => Err((
            StatusCode::PAYLOAD_TOO_LARGE,
            "The body is larger than 64 KiB, or broke off.\n",
        )
            .into_response()),
    }
}

async fn healthz(State(relay): State<Arc<Relay>>) -> Response {
    match relay.store.lines().await {
        Ok(_) => "ok\n".into_response(),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "not healthy");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "The database cannot be read.\n",
            )
                .into_response()
        }
    }
}
