//! Programs of other systems: those of `infra/integrations` as they stand, and one that signs its
//! requests.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jiff::Timestamp;
use relay::app::outbound_notifier::auth::{
    CALLER_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign,
};
use relay::domain::credentials::Secret;
use relay::sandbox::{DEMO_CALLER, DEMO_KEY};
use serde_json::{Value, json};

use super::emulator::{Emulator, Stack};
use super::http_api::Functions;
use super::serving::Serving;
use super::world::{World, eventually};
use super::{aws, invoke_api};
use crate::support::tools;

/// A shell in `infra/integrations/event-pipeline`, with the emulated AWS for its own and this
/// project's Python and AWS CLI.
pub struct Shell {
    home: tempfile::TempDir,
    lambda: Serving,
    bus: String,
}

impl Shell {
    pub async fn of(world: &World) -> Self {
        Self::on(&world.stack, world.functions()).await
    }

    pub async fn on(stack: &Stack, functions: Functions) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            lambda: Serving::start(invoke_api::router(functions)).await,
            bus: stack.output("EventBusName").to_owned(),
        }
    }

    /// A file with this JSON in it, for the commands to read.
    pub fn file(&self, name: &str, value: &Value) -> String {
        let file = self.home.path().join(name);
        std::fs::write(&file, value.to_string()).unwrap();
        file.to_str().unwrap().to_owned()
    }

    pub fn run(&self, line: &str) -> Output {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/clients/bin");
        let python = tools::python().parent().unwrap().to_owned();
        let usual = std::env::var_os("PATH").unwrap();
        let usual = std::env::split_paths(&usual);
        let path = std::env::join_paths([tests, python].into_iter().chain(usual)).unwrap();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", line])
            .current_dir(folder())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.home.path())
            .env("AWS_ENDPOINT_URL", &Emulator::shared().url)
            .env("AWS_ENDPOINT_URL_LAMBDA", &self.lambda.url)
            .env("AWS_DEFAULT_REGION", aws::REGION)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("EVENT_BUS_NAME", &self.bus);
        tokio::task::block_in_place(|| shell.output().unwrap())
    }

    /// Runs a line that goes well, and returns what it prints.
    #[track_caller]
    pub fn done(&self, line: &str) -> String {
        let output = self.run(line);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {errors}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("infra/integrations/event-pipeline")
}

/// The line of the pipeline's README that begins so, with those that continue it.
pub fn of_the_readme(beginning: &str) -> String {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let mut lines = readme
        .lines()
        .skip_while(|line| !line.starts_with(beginning));
    let mut command = String::new();
    loop {
        let line = lines.next().expect("the README has the command");
        match line.strip_suffix('\\') {
            Some(line) => command += line,
            None => return command + line,
        }
    }
}

/// The block of commands of a document that has this in it, for the stack.
pub fn block_of(document: &str, part: &str, stack: &Stack) -> String {
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = std::fs::read_to_string(text).unwrap();
    let mut blocks = text.split("```").skip(1).step_by(2);
    let block = blocks.find(|block| block.contains(part));
    let block = block.unwrap_or_else(|| panic!("{document} has no commands with {part}"));
    let commands = block.trim_start_matches("sh\n");
    commands.replace("STACK=relay\n", &format!("STACK={}\n", stack.name))
}

impl World {
    /// A program with a key of its own calls the API. Returns status and answer.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let signed = Signed::now(method, path, body);
        signed.send(&self.api.url).await
    }

    /// What outbound-notifier answers when it is invoked with this.
    pub async fn invoke(&self, event: Value) -> Value {
        let answer = self.function("outbound-notifier").invoke(&event).await;
        answer.unwrap_or_else(|failed| panic!("{event}: {failed:?}"))
    }

    /// How a notice or an invitation stands as soon as that is as `wanted`. At every moment the
    /// counts of a notice have to add up.
    pub async fn stands(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let standing = async || {
            let now = self.invoke(json!({"show": id})).await;
            if let Some(counts) = now["counts"].as_object() {
                let sum: u64 = counts.values().map(|count| count.as_u64().unwrap()).sum();
                assert_eq!(now["recipients"], sum, "{now}");
            }
            wanted(&now).then_some(now)
        };
        // As long as something happens, it is only slow.
        let mut before = Value::Null;
        loop {
            if let Some(standing) = eventually(&standing).await {
                return standing;
            }
            let now = self.invoke(json!({"show": id})).await;
            assert_ne!(now, before, "nothing happens any more");
            before = now;
        }
    }
}

/// A request with its signature.
pub struct Signed {
    method: String,
    path: String,
    body: String,
    headers: [(&'static str, String); 3],
}

impl Signed {
    pub fn now(method: &str, path: &str, body: &Value) -> Self {
        Self::at(Timestamp::now(), DEMO_KEY, method, path, body)
    }

    pub fn at(at: Timestamp, key: &str, method: &str, path: &str, body: &Value) -> Self {
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let timestamp = format!("{}.{:09}", at.as_second(), at.subsec_nanosecond());
        let key = Secret::new(key);
        let signature = sign(&key, &timestamp, method, path, body.as_bytes());
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            body,
            headers: [
                (CALLER_HEADER, DEMO_CALLER.to_owned()),
                (TIMESTAMP_HEADER, timestamp),
                (SIGNATURE_HEADER, signature),
            ],
        }
    }

    pub async fn send(&self, url: &str) -> (u16, Value) {
        let method = self.method.parse().unwrap();
        let mut request = aws::http().request(method, format!("{url}{}", self.path));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !self.body.is_empty() {
            let json = "application/json; charset=utf-8";
            request = request.header("content-type", json).body(self.body.clone());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (
            status,
            serde_json::from_str(&answer.text().await.unwrap()).unwrap(),
        )
    }
}
