use relay::twilio::network;
use serde_json::{Value, json};

use super::emulator::Emulator;

pub const REGION: &str = "us-west-2";
pub const ACCOUNT: &str = "123456789012";

/// The emulated AWS as its owner sees it: with all rights, past every border.
#[derive(Clone)]
pub struct Aws {
    http: reqwest::Client,
    url: &'static str,
}

impl Aws {
    pub fn of(emulator: &'static Emulator) -> Self {
        Self {
            http: http(),
            url: &emulator.url,
        }
    }

    /// An operation of a service that speaks JSON, such as `AmazonSQS.SendMessage`.
    pub async fn call(&self, target: &str, input: Value) -> Value {
        let service = match target.split_once('.').unwrap().0 {
            "AmazonSQS" => "sqs",
            "DynamoDB_20120810" => "dynamodb",
            "Logs_20140328" => "logs",
            "secretsmanager" => "secretsmanager",
            other => panic!("no such service: {other}"),
        };
        let scope = format!("Credential=testing/20260101/{REGION}/{service}/aws4_request");
        let request = self
            .http
            .post(self.url)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.0")
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=none"),
            )
            .body(input.to_string());
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{target}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Every audit record so far.
    pub async fn audit(&self, group: &str) -> Vec<Value> {
        let found = self
            .call(
                "Logs_20140328.FilterLogEvents",
                json!({"logGroupName": group}),
            )
            .await;
        let events = found["events"].as_array().cloned().unwrap_or_default();
        let messages = events
            .iter()
            .map(|event| event["message"].as_str().unwrap());
        messages
            .map(|message| serde_json::from_str(message).unwrap())
            .collect()
    }

    /// Items in the table.
    pub async fn items(&self, table: &str) -> Vec<Value> {
        let scanned = self
            .call("DynamoDB_20120810.Scan", json!({"TableName": table}))
            .await;
        scanned["Items"].as_array().unwrap().clone()
    }

    /// Messages on a queue that could be received now, that wait, and that somebody works on.
    pub async fn queue(&self, url: &str) -> [u32; 3] {
        let names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateNumberOfMessagesNotVisible",
        ];
        let asked = json!({"QueueUrl": url, "AttributeNames": names});
        let found = self.call("AmazonSQS.GetQueueAttributes", asked).await;
        names.map(|name| found["Attributes"][name].as_str().unwrap().parse().unwrap())
    }
}

/// A client for this machine alone.
pub fn http() -> reqwest::Client {
    network::build(network::client().no_proxy())
}
