//! Lambda's event source mapping for SQS: brings messages to a function, and deletes those that it
//! did not report as failed.
//!
//! Source: AWS, "Handling errors for an SQS event source in Lambda".

use serde_json::{Value, json};

use super::aws::{ACCOUNT, Aws, REGION};
use super::emulator::Stack;
use super::http_api::Functions;

pub struct EventSource {
    aws: Aws,
    queue: String,
    function: String,
    batch_size: u64,
    is_enabled: bool,
    functions: Functions,
}

impl EventSource {
    /// The mapping that the stack has for the queue of this output.
    pub fn of(stack: &Stack, aws: &Aws, functions: &Functions, queue: &str) -> Self {
        let queue = stack.output(queue);
        let name = queue.rsplit('/').next().unwrap();
        let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}");
        let (_, mapping) = stack
            .all("AWS::Lambda::EventSourceMapping")
            .find(|(_, mapping)| mapping["EventSourceArn"] == arn)
            .expect("the stack polls the queue");
        assert_eq!(
            mapping["FunctionResponseTypes"],
            json!(["ReportBatchItemFailures"])
        );
        Self {
            aws: aws.clone(),
            queue: queue.to_owned(),
            function: mapping["FunctionName"].as_str().unwrap().to_owned(),
            is_enabled: mapping["Enabled"] != false,
            batch_size: mapping["BatchSize"].as_u64().unwrap(),
            functions: Functions::clone(functions),
        }
    }

    /// Polls for ever.
    pub async fn run(self) {
        if self.is_enabled {
            loop {
                self.poll(1).await;
            }
        }
    }

    /// Brings one batch to the function, after waiting for it up to some seconds. Returns how many
    /// messages it had.
    pub async fn poll(&self, seconds: u32) -> usize {
        assert!(self.is_enabled, "nobody polls {}", self.queue);
        let asked = json!({
            "QueueUrl": self.queue,
            "MaxNumberOfMessages": self.batch_size,
            "WaitTimeSeconds": seconds,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        let received = self.aws.call("AmazonSQS.ReceiveMessage", asked).await;
        let Some(messages) = received["Messages"]
            .as_array()
            .filter(|batch| !batch.is_empty())
        else {
            return 0;
        };
        let event = json!({"Records": messages.iter().map(record).collect::<Vec<_>>()});
        let answer = self.functions.get(&self.function).invoke(&event).await;
        let done = |message: &&Value| match &answer {
            Ok(answer) => worked_on(answer, messages, message),
            Err(_) => false,
        };
        for message in messages.iter().filter(done) {
            let handle = &message["ReceiptHandle"];
            let asked = json!({"QueueUrl": self.queue, "ReceiptHandle": handle});
            self.aws.call("AmazonSQS.DeleteMessage", asked).await;
        }
        messages.len()
    }
}

/// Whether a message of a batch may be deleted. An answer that names a message which is none of
/// the batch, or none at all, makes the whole batch fail.
fn worked_on(answer: &Value, batch: &[Value], message: &Value) -> bool {
    let Some(failures) = answer["batchItemFailures"].as_array() else {
        return answer["batchItemFailures"].is_null();
    };
    let failed = |id: &Value| {
        failures
            .iter()
            .any(|failure| failure["itemIdentifier"] == *id)
    };
    let ours = |failure: &Value| {
        batch
            .iter()
            .any(|m| m["MessageId"] == failure["itemIdentifier"])
    };
    failures.iter().all(ours) && !failed(&message["MessageId"])
}

fn record(message: &Value) -> Value {
    json!({
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:deliveries"),
        "awsRegion": REGION,
    })
}
