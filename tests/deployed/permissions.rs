//! IAM as far as the template uses it: which permissions a request needs, and which a role grants.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::aws::{ACCOUNT, REGION};

/// The right to do something with something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    pub action: String,
    pub resource: String,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)
    }
}

/// Everything that a role's statements allow.
pub fn granted(role: &Value) -> BTreeSet<Permission> {
    let policies = role["Policies"].as_array().expect("a role has policies");
    let statements = policies
        .iter()
        .flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]))
        // What moto leaves of a statement whose condition does not hold.
        .filter(|statement| statement.as_object().is_some_and(|s| !s.is_empty()));
    let mut granted = BTreeSet::new();
    for statement in statements {
        assert_eq!(statement["Effect"], "Allow", "no policy here denies");
        for action in list(&statement["Action"]) {
            for resource in list(&statement["Resource"]) {
                // CloudFormation's ARN of a log group ends in `:*`, for its streams; moto's does not.
                let resource = resource.as_str().unwrap().trim_end_matches(":*");
                granted.insert(permission(action.as_str().unwrap(), resource.to_owned()));
            }
        }
    }
    granted
}

/// What a request to AWS needs. `target` is its `X-Amz-Target`.
///
/// Source: AWS, Service Authorization Reference. A transaction needs what its parts need.
pub fn needed(target: &str, input: &Value) -> Vec<Permission> {
    let (service, operation) = target.split_once('.').unwrap_or((target, ""));
    let text = |name: &str| input[name].as_str().unwrap_or_default();
    match service {
        "DynamoDB_20120810" => dynamodb(operation, input),
        "AmazonSQS" => {
            let queue = text("QueueUrl").rsplit('/').next().unwrap_or_default();
            let action = operation.trim_end_matches("Batch");
            vec![permission(&format!("sqs:{action}"), arn("sqs", queue))]
        }
        "Logs_20140328" => {
            let group = arn("logs", &format!("log-group:{}", text("logGroupName")));
            vec![permission(&format!("logs:{operation}"), group)]
        }
        "secretsmanager" => {
            let secret = text("SecretId").to_owned();
            vec![permission(&format!("secretsmanager:{operation}"), secret)]
        }
        "AWSEvents" if operation == "PutEvents" => {
            let buses = list(&input["Entries"]).into_iter();
            let buses = buses.map(|entry| entry["EventBusName"].as_str().unwrap_or("default"));
            buses
                .map(|bus| {
                    permission(
                        "events:PutEvents",
                        arn("events", &format!("event-bus/{bus}")),
                    )
                })
                .collect()
        }
        _ => vec![permission(target, "*".to_owned())],
    }
}

fn dynamodb(operation: &str, input: &Value) -> Vec<Permission> {
    let table = |input: &Value| {
        let name = input["TableName"].as_str().unwrap_or_default();
        match input["IndexName"].as_str() {
            Some(index) => arn("dynamodb", &format!("table/{name}/index/{index}")),
            None => arn("dynamodb", &format!("table/{name}")),
        }
    };
    match operation {
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = input["RequestItems"].as_object().into_iter().flatten();
            tables
                .map(|(name, _)| {
                    permission(
                        &format!("dynamodb:{operation}"),
                        arn("dynamodb", &format!("table/{name}")),
                    )
                })
                .collect()
        }
        "TransactWriteItems" | "TransactGetItems" => {
            let parts = list(&input["TransactItems"]).into_iter();
            parts
                .flat_map(|part| part.as_object().unwrap().iter())
                .map(|(kind, part)| {
                    let action = match kind.as_str() {
                        "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
                        kind => format!("dynamodb:{kind}Item"),
                    };
                    permission(&action, table(part))
                })
                .collect()
        }
        _ => vec![permission(&format!("dynamodb:{operation}"), table(input))],
    }
}

fn permission(action: &str, resource: String) -> Permission {
    Permission {
        action: action.to_owned(),
        resource,
    }
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}

/// One value or several, as policies are written.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        value => vec![value],
    }
}
