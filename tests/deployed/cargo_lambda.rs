//! cargo-lambda, as the guide uses it: it deploys one changed function, and runs one on this machine.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

use relay::twilio::form::Form;
use relay::twilio::signature::{Signed, sign};
use serde_json::{Value, json};

use super::aws::{self, REGION};
use super::emulator::Emulator;
use super::http_api::{event, routes};
use super::lambda::{configuration, lambdas_own};
use super::world::{CUSTOMER, World, eventually, sid};
use crate::support::tools;

const INBOUND_SMS: &str = env!("CARGO_BIN_EXE_inbound-sms");

fn cargo_lambda(arguments: &[&str]) -> Command {
    let python = tools::python();
    let programs = std::path::Path::new(&python).parent().unwrap().display();
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new("cargo");
    command
        .arg("lambda")
        .args(arguments)
        .env("PATH", format!("{programs}:{path}"))
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing");
    command
}

fn run(arguments: &[&str]) -> Output {
    let done = cargo_lambda(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {said}");
    done
}

/// What Lambda knows of a function.
async fn known(name: &str) -> Value {
    let scope = format!("Credential=testing/20260101/{REGION}/lambda/aws4_request");
    let url = format!("{}/2015-03-31/functions/{name}", Emulator::shared().url);
    let request = aws::http().get(url).header(
        "authorization",
        format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=none"),
    );
    let answer = request.send().await.unwrap().text().await.unwrap();
    let mut known: Value = serde_json::from_str(&answer).unwrap();
    known["Configuration"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_function_is_deployed_and_nothing_else_of_it_changes() {
    let processor = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    };
    let stack = Emulator::shared().deploy(json!({"Architecture": processor}));
    let name = format!("{}-inbound-sms", stack.name);
    let before = known(&name).await;
    assert!(before["Environment"]["Variables"]["TABLE_NAME"].is_string());
    let url = &Emulator::shared().url;
    run(&[
        "deploy",
        "--endpoint-url",
        url,
        "--binary-path",
        INBOUND_SMS,
        &name,
    ]);

    let after = known(&name).await;
    let (before, after) = (before.as_object().unwrap(), after.as_object().unwrap());
    assert!(before.keys().eq(after.keys()));
    let changed = before.iter().filter(|(key, value)| after[*key] != **value);
    let changed: Vec<&String> = changed.map(|(key, _)| key).collect();
    assert_eq!(changed, ["CodeSha256", "CodeSize"]);
}

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_webhook_is_taken_under_cargo_lambda_watch() {
    let world = World::with_silent_queue().await;
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let there = ["--invoke-address", "127.0.0.1", "--invoke-port", &port];
    let mut watch = cargo_lambda(&[&["watch", "--only-lambda-apis"], &there[..]].concat());
    let quiet = || (Stdio::null(), Stdio::null());
    let (out, err) = quiet();
    let _watch = Running(watch.stdout(out).stderr(err).spawn().unwrap());
    let listens = async || TcpStream::connect(format!("127.0.0.1:{port}")).ok();
    eventually(listens).await.expect("cargo-lambda listens");

    let name = world.name_of("inbound-sms");
    let (variables, _) = configuration(Emulator::shared(), &name);
    let (out, err) = quiet();
    let mut function = Command::new(INBOUND_SMS);
    function
        .env_clear()
        .envs(variables)
        .envs(lambdas_own(&name))
        .env(
            "AWS_LAMBDA_RUNTIME_API",
            format!("http://127.0.0.1:{port}/.rt/inbound-sms"),
        )
        .env("AWS_ENDPOINT_URL", &world.border("inbound-sms").serving.url);
    let _function = Running(function.stdout(out).stderr(err).spawn().unwrap());

    let event_file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(event_file.path(), webhook(&world).to_string()).unwrap();
    let file = event_file.path().to_str().unwrap();
    let invoke = ["invoke", "--output-format", "json", "--data-file", file];
    let answer = run(&[&invoke, &there[..], &["inbound-sms"]].concat());
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let decision = world.recorded(|record| record["kind"] == "decision").await;
    assert_eq!(decision["to_person"], "Sergio");
}

/// A customer's text as API Gateway brings it.
fn webhook(world: &World) -> Value {
    let path = "/twilio/sms";
    let url = format!("{}{path}", world.api.url);
    let form = Form::from_fields(world.fields(CUSTOMER, &sid('7'), "Are you open?"));
    let signature = sign(&world.sandbox.auth_token(), &url, Signed::Form(&form));
    let mut headers = axum::http::HeaderMap::new();
    headers.insert(
        "content-type",
        "application/x-www-form-urlencoded".parse().unwrap(),
    );
    headers.insert("x-twilio-signature", signature.parse().unwrap());
    let routes = routes(&world.stack);
    let route = routes.iter().find(|route| route.path == path).unwrap();
    event(
        route,
        serde_json::Map::new(),
        &path.parse().unwrap(),
        &headers,
        &form.encode().into(),
    )
}
