//! A Lambda of our own: runs a function's real binary and is the Runtime API that it polls.
//!
//! Source: AWS, "Using the Lambda runtime API for custom runtimes".

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use super::aws::{ACCOUNT, REGION};
use super::emulator::Emulator;
use super::serving::Serving;

/// A function. It has one instance, which takes one event at a time, until it is given more.
pub struct Lambda {
    pub name: String,
    timeout: Duration,
    api: Arc<RuntimeApi>,
    invocations: mpsc::UnboundedSender<Invocation>,
    progress: watch::Receiver<Progress>,
    log: Arc<Mutex<Vec<String>>>,
    command: Mutex<Command>,
    processes: Mutex<Vec<Child>>,
    _serving: Serving,
}

/// What went wrong with a function, as opposed to an answer that says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed(pub String);

struct Invocation {
    event: String,
    begun: oneshot::Sender<()>,
    answer: oneshot::Sender<Result<Value, Failed>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Progress {
    Starting,
    Polling,
    Ended,
}

struct RuntimeApi {
    arn: String,
    timeout: Duration,
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    open: Mutex<HashMap<String, oneshot::Sender<Result<Value, Failed>>>>,
    count: AtomicU64,
    progress: watch::Sender<Progress>,
    /// How many instances wait for an event.
    idle: watch::Sender<usize>,
}

impl Lambda {
    /// Starts `binary` as Lambda would start the function `name`, but with AWS at `endpoint`.
    /// `variables` are those that the template gives it.
    pub async fn start(
        name: &str,
        binary: &str,
        variables: &[(String, String)],
        timeout: Duration,
        endpoint: &str,
    ) -> Self {
        let (invocations, waiting) = mpsc::unbounded_channel();
        let (report, progress) = watch::channel(Progress::Starting);
        let api = Arc::new(RuntimeApi {
            arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"),
            timeout,
            waiting: waiting.into(),
            open: Mutex::default(),
            count: AtomicU64::new(1),
            progress: report,
            idle: watch::Sender::default(),
        });
        let serving = Serving::start(routes(Arc::clone(&api))).await;
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .envs(lambdas_own(name))
            .env("AWS_LAMBDA_RUNTIME_API", serving.address())
            .env("AWS_ENDPOINT_URL", endpoint)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let function = Self {
            name: name.to_owned(),
            timeout,
            api,
            invocations,
            progress,
            log: Arc::default(),
            command: command.into(),
            processes: Mutex::default(),
            _serving: serving,
        };
        function.add_instance();
        function
    }

    fn add_instance(&self) {
        let mut process = self.command.lock().unwrap().spawn().unwrap();
        let (log, api) = (&self.log, Arc::clone(&self.api));
        keep(process.stderr.take().unwrap(), Arc::clone(log), || {});
        keep(process.stdout.take().unwrap(), Arc::clone(log), move || {
            api.progress.send_replace(Progress::Ended);
        });
        self.processes.lock().unwrap().push(process);
    }

    /// Starts instances until there are so many, and waits until all ask for an event.
    pub async fn scale_to(&self, instances: usize) {
        while self.processes.lock().unwrap().len() < instances {
            self.add_instance();
        }
        let mut idle = self.api.idle.subscribe();
        let all = idle.wait_for(|idle| *idle == instances);
        let all = tokio::time::timeout(Duration::from_secs(60), all).await;
        assert!(all.is_ok(), "not all instances of {} start", self.name);
    }

    /// Whether the function gets as far as asking for its first event.
    pub async fn starts(&self) -> bool {
        let mut progress = self.progress.clone();
        let reached = progress.wait_for(|progress| *progress != Progress::Starting);
        // Ten seconds is what Lambda grants.
        let reached = tokio::time::timeout(Duration::from_secs(10), reached).await;
        matches!(reached, Ok(Ok(progress)) if *progress == Progress::Polling)
    }

    pub async fn invoke(&self, event: &Value) -> Result<Value, Failed> {
        let (answer, answered) = oneshot::channel();
        let (begun, begins) = oneshot::channel();
        let _ = self.invocations.send(Invocation {
            event: event.to_string(),
            begun,
            answer,
        });
        let mut progress = self.progress.clone();
        let time_limit = async {
            // Whoever waits for an instance has not begun.
            let _ = begins.await;
            tokio::time::sleep(self.timeout).await;
        };
        tokio::select! {
            answer = answered => answer.expect("open invocations are kept"),
            _ = progress.wait_for(|progress| *progress == Progress::Ended) => {
                Err(Failed("the process ended".to_owned()))
            }
            () = time_limit => Err(Failed("it ran out of time".to_owned())),
        }
    }

    /// Ends the instances in the middle of whatever they do, as a crash would.
    pub fn kill(&self) {
        for process in self.processes.lock().unwrap().iter_mut() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// What the function wrote to its standard output and error.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// The most memory that the first instance had so far, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let process = self.processes.lock().unwrap()[0].id();
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        1024 * kilobytes
    }

    /// How many invocations it was given.
    pub fn invocations(&self) -> u64 {
        self.api.count.load(Ordering::Relaxed) - 1
    }

    /// How many instances wait for an event.
    pub fn idle(&self) -> usize {
        *self.api.idle.borrow()
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- log of {}\n{}", self.name, self.log().join("\n"));
        }
    }
}

/// The variables that Lambda itself sets.
///
/// Source: AWS, "Defined runtime environment variables".
pub fn lambdas_own(name: &str) -> [(&'static str, String); 18] {
    [
        ("_HANDLER", "bootstrap".to_owned()),
        ("AWS_ACCESS_KEY_ID", "testing".to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO".to_owned()),
        (
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "2026/01/01/[$LATEST]0".to_owned(),
        ),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "testing".to_owned()),
        ("AWS_SESSION_TOKEN", "testing".to_owned()),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
        ("TZ", ":UTC".to_owned()),
    ]
}

/// Collects lines until there are no more.
fn keep(
    from: impl Read + Send + 'static,
    log: Arc<Mutex<Vec<String>>>,
    then: impl FnOnce() + Send + 'static,
) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            log.lock().unwrap().push(line);
        }
        then();
    });
}

fn routes(api: Arc<RuntimeApi>) -> Router {
    let routes = Router::new()
        .route("/runtime/invocation/next", get(next))
        .route("/runtime/invocation/{id}/response", post(response))
        .route("/runtime/invocation/{id}/error", post(error))
        .route("/runtime/init/error", post(async || StatusCode::ACCEPTED));
    Router::new().nest("/2018-06-01", routes).with_state(api)
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> Response {
    api.progress.send_replace(Progress::Polling);
    api.idle.send_modify(|idle| *idle += 1);
    let invocation = api.waiting.lock().await.recv().await;
    api.idle.send_modify(|idle| *idle -= 1);
    let Some(invocation) = invocation else {
        return StatusCode::GONE.into_response();
    };
    let _ = invocation.begun.send(());
    let id = format!("invocation-{}", api.count.fetch_add(1, Ordering::Relaxed));
    api.open
        .lock()
        .unwrap()
        .insert(id.clone(), invocation.answer);
    let deadline = SystemTime::now() + api.timeout;
    let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", id),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        ("lambda-runtime-invoked-function-arn", api.arn.clone()),
        (
            "lambda-runtime-trace-id",
            "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned(),
        ),
    ];
    (headers, invocation.event).into_response()
}

async fn response(
    State(api): State<Arc<RuntimeApi>>,
    Path(id): Path<String>,
    body: String,
) -> StatusCode {
    api.close(&id, serde_json::from_str(&body).map_err(|_| Failed(body)))
}

async fn error(
    State(api): State<Arc<RuntimeApi>>,
    Path(id): Path<String>,
    body: String,
) -> StatusCode {
    api.close(&id, Err(Failed(body)))
}

impl RuntimeApi {
    fn close(&self, id: &str, answer: Result<Value, Failed>) -> StatusCode {
        if let Some(invocation) = self.open.lock().unwrap().remove(id) {
            // Nobody listens any more to an answer that came too late.
            let _ = invocation.send(answer);
        }
        StatusCode::ACCEPTED
    }
}

/// What the stack's Lambda knows of a function: the variables, and the time limit.
pub fn configuration(emulator: &Emulator, name: &str) -> (Vec<(String, String)>, Duration) {
    let known = emulator.function(name);
    let variables = known["environment"].as_object().unwrap().iter();
    let variables =
        variables.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    (
        variables.collect(),
        Duration::from_secs(known["timeout"].as_u64().unwrap()),
    )
}
