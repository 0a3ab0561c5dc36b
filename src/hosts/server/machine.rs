//! The HTTP server of the one-machine mode: what API Gateway does on AWS, with the same handlers
//! behind it.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequest, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::LengthLimitError;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::alerts::OwnerAlerts;
use super::parts::{PartEnded, Parts};
use super::pressure::LoadGauge;
use super::readiness::{Pulse, Readiness, Sources};
use super::supervisor::Supervisor;
use super::twilio_account::TwilioAccount;
use super::{
    AUDIT, DATABASE, FILES, KEPT_TEXTS, calls, catching_up, connections, kept, nightly, output,
    readiness, retention, worker,
};
use crate::adapters::files::audit::FileAudit;
use crate::adapters::files::data_folder::DataFolder;
use crate::adapters::files::kept_texts::SpoolFile;
use crate::adapters::files::private_folder::leave_to_owner;
use crate::adapters::sqlite::caught_up::CaughtUp;
use crate::adapters::sqlite::database::Database;
use crate::adapters::sqlite::integrity::Integrity;
use crate::adapters::sqlite::queue::SqliteQueue;
use crate::adapters::sqlite::store::SqliteStore;
use crate::app::outbound_notifier::problem::Document;
use crate::app::ports::credentials::CredentialsSource;
use crate::app::ports::event_bus::NoBus;
use crate::app::ports::kept_texts::FallbackContext;
use crate::app::ports::store::Store;
use crate::app::relay::{PublicUrls, Relay};
use crate::app::{
    delivery_status, inbound_fallback, inbound_sms, inbound_voice, outbound_notifier,
};
use crate::clock::{SystemChance, SystemClock};
use crate::domain::line::Line;
use crate::domain::line::config::File;
use crate::twilio::answer::answer_to;
use crate::twilio::client::Client;
use crate::twilio::form::MOST_BYTES;
use crate::twilio::signature;
use crate::twilio::webhook::Refusal;

/// How long a client may take to send a request's body. Twilio itself waits 15 seconds for the
/// answer.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// A relay with its state in a folder, ready to serve.
pub struct Machine {
    relay: Arc<Relay>,
    database: Database,
    queue: SqliteQueue,
    spool: SpoolFile,
    caught_up: CaughtUp,
    folder: DataFolder,
    integrity: Integrity,
    alerts: OwnerAlerts,
    keep_audit: Duration,
}

impl Machine {
    /// Opens the data folder and puts the lines of the configuration in force. Picks up what an
    /// earlier run left undone.
    pub async fn open(
        data: &Path,
        config: File,
        credentials: impl CredentialsSource + 'static,
        twilio: Client,
    ) -> anyhow::Result<Self> {
        let folder = DataFolder::open(data, &FILES)?;
        folder.belongs_to(&credentials.current().await?.account_sid)?;
        leave_to_owner(&data.join(AUDIT))?;
        leave_to_owner(&data.join(KEPT_TEXTS))?;
        let spool = SpoolFile::open(&data.join(KEPT_TEXTS))?;
        let integrity = Integrity::of(&data.join(DATABASE))?;
        let database = Database::open(&data.join(DATABASE))?;
        let queue = SqliteQueue::on(database.clone());
        let caught_up = CaughtUp::on(database.clone());
        let alerts = OwnerAlerts::by(config.alerts);
        let relay = Relay {
            store: Arc::new(SqliteStore::on(database.clone())),
            queue: Arc::new(queue.clone()),
            audit: Arc::new(FileAudit::open(&data.join(AUDIT))?),
            credentials: Arc::new(credentials),
            public_urls: PublicUrls::default(),
            twilio,
            bus: Arc::new(NoBus),
            alerts: Arc::new(alerts.clone()),
            clock: Arc::new(SystemClock),
            chance: Arc::new(SystemChance),
        };
        for sound in &config.sounds {
            let (store, now) = (relay.store.as_ref(), relay.now());
            inbound_voice::put_greeting(store, &sound.hash, &sound.bytes, now).await?;
        }
        put_in_force(relay.store.as_ref(), &config.lines).await?;
        Ok(Self {
            relay: Arc::new(relay),
            database,
            queue,
            spool,
            caught_up,
            folder,
            integrity,
            alerts,
            keep_audit: config.keep_audit,
        })
    }

    pub fn relay(&self) -> Arc<Relay> {
        Arc::clone(&self.relay)
    }

    /// Serves webhooks and programs on `listener`, and whatever `beside` has, until `stop` says so;
    /// then answers the requests that have come in and finishes the attempts that have begun. A
    /// client that does not get on with its request does not hold that up for long.
    ///
    /// An error says which of the `parts`, with its own, ended before that.
    pub async fn serve(
        self,
        listener: TcpListener,
        beside: Router,
        mut parts: Parts,
        account: TwilioAccount,
        stop: watch::Receiver<bool>,
    ) -> Result<(), PartEnded> {
        let _until_the_end = &self.folder;
        let context = FallbackContext {
            spool: Arc::new(self.spool.clone()),
            room: Arc::new(Mutex::default()),
            credentials: Arc::clone(&self.relay.credentials),
            clock: Arc::clone(&self.relay.clock),
        };
        // Twilio's console takes a URL as it is typed, with a slash at the end or without.
        let fallback = post(fallback)
            .fallback(not_posted)
            .with_state(Arc::new(context));
        let beside = beside
            .route("/twilio/fallback", fallback.clone())
            .route("/twilio/fallback/", fallback.clone())
            .route("/twilio/voice/fallback", fallback.clone())
            .route("/twilio/voice/fallback/{*news}", fallback)
            .route("/twilio/{*path}", any(nowhere));
        let taking = kept::run(Arc::clone(&self.relay), self.spool, stop.clone());
        parts.add("the part that takes in kept texts", taking);
        let load = LoadGauge::none(Instant::now());
        let webhooks = Router::new()
            .route("/twilio/sms", post(sms).fallback(not_posted))
            .route("/twilio/sms/", post(sms).fallback(not_posted))
            .layer(from_fn_with_state(load.clone(), count_load))
            .route("/twilio/voice", post(voice).fallback(not_posted))
            .route("/twilio/voice/", post(voice).fallback(not_posted))
            .route(
                "/twilio/voice/{*news}",
                post(voice).get(voice).fallback(not_posted),
            )
            .route("/v/{token}", get(voice))
            .route("/twilio/status/{delivery}/{attempt}", post(status))
            .route("/twilio/status/{delivery}/{attempt}/", post(status))
            // The sandbox, which may stand beside, has other paths below /v1.
            .route("/v1/notices", any(program))
            .route("/v1/notices/{id}", any(program))
            .route("/v1/invitations", any(program))
            .route("/v1/invitations/{id}", any(program))
            .route("/healthz", get("ok\n"))
            .with_state(Arc::clone(&self.relay));
        let readiness = Readiness::unknown(Instant::now());
        let ready = get(readyz).with_state(readiness.clone());
        let webhooks = webhooks.route("/readyz", ready);
        let nightly = nightly::run(Arc::clone(&self.relay), stop.clone());
        parts.add("the nightly comparison", nightly);
        let kept = retention::Kept {
            store: SqliteStore::on(self.database.clone()),
            clock: Arc::clone(&self.relay.clock),
            look_every: retention::LOOK_EVERY,
            audit: self.folder.path().join(AUDIT),
            keep_audit: self.keep_audit,
        };
        let removing = retention::run(kept, stop.clone());
        parts.add("the part that removes what is too old", removing);
        let catching_up = catching_up::run(Arc::clone(&self.relay), self.caught_up, stop.clone());
        parts.add("the part that asks for missed texts", catching_up);
        let looking_after = calls::run(Arc::clone(&self.relay), stop.clone());
        parts.add("the part that looks after calls", looking_after);
        let pulse = Pulse::starts(Instant::now());
        parts.watch(
            "the thread that checks the database",
            self.integrity.ended(),
        );
        let looked_at = Sources {
            folder: self.folder.path().to_owned(),
            database: self.database.clone(),
            integrity: self.integrity,
            queue: self.queue.clone(),
            credentials: Arc::clone(&self.relay.credentials),
            account,
            alerts: self.alerts.clone(),
            worker: pulse.clone(),
            clock: Arc::clone(&self.relay.clock),
        };
        let variable = |name: &str| std::env::var(name).ok();
        let supervisor = Supervisor::of(variable, std::process::id());
        let telling = supervisor.run(readiness.clone(), stop.clone());
        parts.add("the part that tells the supervisor", telling);
        parts.add("the part that sends alerts", self.alerts.run(stop.clone()));
        let looking = readiness.clone().keep_looking(looked_at, stop.clone());
        parts.add("the part that looks whether the relay is ready", looking);
        let working = worker::run(self.relay, self.queue, load, pulse, stop.clone());
        parts.add("the worker", working);
        let routes = webhooks.merge(beside).fallback(elsewhere);
        let serving = connections::serve(listener, routes, connections::most(), stop.clone());
        parts.add("the HTTP server", serving);
        let database = self.database;
        parts.watch(
            "the database's thread",
            async move { database.ended().await },
        );
        parts.watch("the log's thread", output::stderr().ended());
        parts.watch("standard output's thread", output::stdout().ended());
        parts.run(stop).await
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

async fn count_load(State(load): State<LoadGauge>, request: Request<Body>, next: Next) -> Response {
    let _here = load.one_more(Instant::now());
    next.run(request).await
}

async fn sms(State(relay): State<Arc<Relay>>, Whole(request): Whole) -> Response {
    inbound_sms::handle(&relay, request).await.into_response()
}

async fn voice(State(relay): State<Arc<Relay>>, Whole(request): Whole) -> Response {
    let answer = inbound_voice::handle(&relay, request).await;
    answer.map(Body::from)
}

async fn fallback(State(context): State<Arc<FallbackContext>>, Whole(request): Whole) -> Response {
    let answer = inbound_fallback::handle_any(&context, request).await;
    answer.into_response()
}

async fn status(State(relay): State<Arc<Relay>>, Whole(request): Whole) -> Response {
    let answer = delivery_status::handle(&relay, request).await;
    answer.into_response()
}

/// A webhook that somebody set up with another method than POST.
async fn not_posted(uri: Uri) -> Response {
    let refused = answer_to(uri.path(), Err(Refusal::NotPosted.into()));
    ([(ALLOW, "POST")], refused).into_response()
}

/// A webhook with a mistyped path. Without a line in the log nobody would find it.
async fn nowhere(uri: Uri) -> Response {
    answer_to(uri.path(), Err(Refusal::NoSuchPath.into())).into_response()
}

/// A path of nobody's. If it was Twilio that called it, it is a webhook that is set up wrong.
async fn elsewhere(request: Request<Body>) -> Response {
    if request.headers().contains_key(signature::HEADER) {
        return nowhere(request.uri().clone()).await;
    }
    StatusCode::NOT_FOUND.into_response()
}

/// A program that wants people told something.
async fn program(State(relay): State<Arc<Relay>>, request: Result<Whole, Refused>) -> Response {
    match request {
        Ok(Whole(request)) => {
            let answer = outbound_notifier::http::handle(&relay, request).await;
            answer.into_response()
        }
        Err(Refused(status, why)) => {
            let problem = Document::unread(status, why.trim_end_matches(".\n"));
            ([(CONNECTION, "close")], problem.response()).into_response()
        }
    }
}

/// A request with its body read.
struct Whole(Request<Bytes>);

impl<S: Sync> FromRequest<S> for Whole {
    type Rejection = Refused;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Refused> {
        let (head, body) = request.into_parts();
        let length = declared_length(&head.headers)?;
        if length.is_some_and(|length| length > MOST_BYTES as u64) {
            return Err(too_large());
        }
        let read = axum::body::to_bytes(body, MOST_BYTES);
        match tokio::time::timeout(BODY_WITHIN, read).await {
            Ok(Ok(body)) => Ok(Self(Request::from_parts(head, body))),
            // Only a body that does not say how long it is can turn out to be too long.
            Ok(Err(error)) if is_too_long(&error) => Err(too_large()),
            Ok(Err(_)) => Err(Refused(
                StatusCode::BAD_REQUEST,
                "The body broke off, or is not what its headers say.\n",
            )),
            Err(_) => Err(Refused(
                StatusCode::REQUEST_TIMEOUT,
                "The body did not come in time.\n",
            )),
        }
    }
}

/// The length that the headers say the body has.
///
/// Source: RFC 9112, section 6.1: both ways of telling a body's end at once may be an attempt to
/// smuggle a request past somebody, and the connection has to be closed.
fn declared_length(headers: &HeaderMap) -> Result<Option<u64>, Refused> {
    let Some(length) = headers.get(CONTENT_LENGTH) else {
        return Ok(None);
    };
    if headers.contains_key(TRANSFER_ENCODING) {
        return Err(Refused(
            StatusCode::BAD_REQUEST,
            "Content-Length and Transfer-Encoding exclude each other.\n",
        ));
    }
    Ok(length.to_str().ok().and_then(|length| length.parse().ok()))
}

fn is_too_long(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.is::<LengthLimitError>())
}

/// Why a request's body was not read.
struct Refused(StatusCode, &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        // What is left of the body is not waited for.
        (self.0, [(CONNECTION, "close")], self.1).into_response()
    }
}

fn too_large() -> Refused {
    Refused(
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is larger than 64 KiB.\n",
    )
}

async fn readyz(State(readiness): State<Readiness>) -> Response {
    readiness::answer(&readiness.reasons(Instant::now()))
}
