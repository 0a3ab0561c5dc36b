//! AWS on this machine: a moto server that all tests of the process share, each with its own table,
//! queue, log group and secret on it.

use std::io::{Read, Seek};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_config::{Region, SdkConfig};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use relay::adapters::aws::clients;
use serde_json::{Map, Value, json};

pub const REGION: &str = "us-east-1";

/// Ends with this process, however it ends: its standard input closes then. What stacks need is
/// imported here: that takes seconds, for which no client of the first stack would wait.
const SERVER: &str = "
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
sys.path.insert(0, 'tests/support')
import moto.cloudformation.parsing
from moto.server import main
from strict_dynamodb import behave_as_dynamodb
behave_as_dynamodb()
main(['-H', '127.0.0.1', '-p', sys.argv[1]])
";

const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// The server's URL; the first call starts it.
pub fn url() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(start)
}

fn start() -> String {
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    let mut log = tempfile::tempfile().expect("a temporary file");
    let mut server = Command::new(crate::support::tools::python())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["-c", SERVER, &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log.try_clone().expect("a second handle"))
        .spawn()
        .expect("Python starts");
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = server.try_wait().expect("the server's state");
        if ended.is_some() || began.elapsed() > STARTS_WITHIN {
            let mut said = String::new();
            log.rewind()
                .and_then(|()| log.read_to_string(&mut said))
                .ok();
            panic!("the moto server does not start: {said}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // Kept for as long as the process lives, and so its standard input stays open.
    std::mem::forget(server);
    format!("http://127.0.0.1:{port}")
}

/// What clients of the server at `url` are made from.
pub async fn config(url: &str) -> SdkConfig {
    clients::loader()
        .endpoint_url(url)
        .region(Region::new(REGION))
        .test_credentials()
        .load()
        .await
}

/// A name that nothing else on the server has.
pub fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// An empty table as `template.yaml` has it. Returns its name.
pub async fn table(config: &SdkConfig) -> String {
    table_named(config, unique("table")).await
}

/// The same, of which each partition takes so many transactions a second.
pub async fn throttled_table(config: &SdkConfig, transactions: u32) -> String {
    table_named(config, unique(&format!("throttled-{transactions}"))).await
}

async fn table_named(config: &SdkConfig, name: String) -> String {
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(kind)
            .build()
            .unwrap()
    };
    let index = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("due_shard", KeyType::Hash))
        .key_schema(key("due_at", KeyType::Range))
        .projection(
            Projection::builder()
                .projection_type(ProjectionType::KeysOnly)
                .build(),
        )
        .build()
        .unwrap();
    aws_sdk_dynamodb::Client::new(config)
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .attribute_definitions(attribute("sk", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_shard", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_at", ScalarAttributeType::N))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index)
        .send()
        .await
        .expect("the table is created");
    name
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder()
        .attribute_name(name)
        .key_type(kind)
        .build()
        .unwrap()
}

/// An empty queue. Returns its URL.
pub async fn queue(config: &SdkConfig) -> String {
    let queue = aws_sdk_sqs::Client::new(config)
        .create_queue()
        .queue_name(unique("queue"))
        .send()
        .await
        .expect("the queue is created");
    queue.queue_url.expect("a queue has a URL")
}

/// An empty log group. Returns its name.
pub async fn log_group(config: &SdkConfig) -> String {
    let name = unique("audit");
    aws_sdk_cloudwatchlogs::Client::new(config)
        .create_log_group()
        .log_group_name(&name)
        .send()
        .await
        .expect("the log group is created");
    name
}

/// A stack that has nothing but these outputs. Returns its name.
pub async fn stack(config: &SdkConfig, outputs: &[(&str, &str)]) -> String {
    let topic = json!({ "Topic": { "Type": "AWS::SNS::Topic" } });
    stack_of(config, &unique("stack"), topic, outputs).await
}

/// A stack of these resources.
pub async fn stack_of(
    config: &SdkConfig,
    name: &str,
    resources: Value,
    outputs: &[(&str, &str)],
) -> String {
    let outputs = outputs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!({ "Value": value })));
    let template = json!({
        "Resources": resources,
        "Outputs": outputs.collect::<Map<_, _>>(),
    });
    aws_sdk_cloudformation::Client::new(config)
        .create_stack()
        .stack_name(name)
        .template_body(template.to_string())
        .send()
        .await
        .expect("the stack is created");
    name.to_owned()
}

/// A secret with this value. Returns its name.
pub async fn secret(config: &SdkConfig, value: &str) -> String {
    let name = unique("credentials");
    aws_sdk_secretsmanager::Client::new(config)
        .create_secret()
        .name(&name)
        .secret_string(value)
        .send()
        .await
        .expect("the secret is created");
    name
}
