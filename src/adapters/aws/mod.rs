//! DynamoDB, SQS, CloudWatch Logs and EventBridge behind the ports.

pub mod clients;
pub mod cloudwatch;
pub mod dynamodb;
pub mod event_bus;
pub mod kept_texts;
pub mod sqs;
#[cfg(feature = "machine")]
pub mod stack_facts;
