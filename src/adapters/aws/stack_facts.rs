//! Reads what the doctor judges of a deployed relay. A dozen calls to services of which the relay uses nothing else
//! are signed here, since a client crate for each would cost minutes of every build.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::SdkError;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use futures::future::join_all;
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::app::doctor::stack::{Alarm, Audit, Function, Queue, Read, StackFacts, Table};
use crate::aws_error::plain;
use crate::twilio::form::Form;
use crate::twilio::network::{build, client, send};

/// No answer here comes near this size.
const LONGEST_ANSWER: usize = 4 << 20;

/// The stack's resources: their names by type.
type Resources = BTreeMap<String, Vec<String>>;

/// Reads all that can be read; what cannot is said in its place.
pub async fn read(aws: &SdkConfig, stack: &str, now: Timestamp) -> StackFacts {
    let cloudformation = aws_sdk_cloudformation::Client::new(aws);
    let described = cloudformation
        .describe_stacks()
        .stack_name(stack)
        .send()
        .await;
    let described = described.map_err(why);
    let first = described.map(|all| all.stacks.and_then(|stacks| stacks.into_iter().next()));
    let mut parameters = BTreeMap::new();
    let (status, version) = match first {
        Ok(Some(stack)) => {
            for parameter in stack.parameters.unwrap_or_default() {
                if let (Some(name), Some(value)) =
                    (parameter.parameter_key, parameter.parameter_value)
                {
                    parameters.insert(name, value);
                }
            }
            let outputs = stack.outputs.unwrap_or_default().into_iter();
            let version = outputs
                .filter(|output| output.output_key.as_deref() == Some("TemplateVersion"))
                .find_map(|output| output.output_value);
            let status = stack.stack_status.map(|status| status.as_str().to_owned());
            (Ok(status.unwrap_or_default()), version)
        }
        Ok(None) => (Err(format!("there is no stack {stack}")), None),
        Err(why) => (Err(why), None),
    };
    let resources = resources(&cloudformation, stack).await;
    let reader = Reader {
        aws,
        http: build(client()),
    };
    let of = |kind: &str| -> Read<Vec<String>> {
        let resources = resources.as_ref().map_err(Clone::clone)?;
        Ok(resources.get(kind).cloned().unwrap_or_default())
    };
    let (functions, mappings, schedules, queues) = futures::join!(
        reader.functions(of("AWS::Lambda::Function")),
        reader.mappings(of("AWS::Lambda::EventSourceMapping")),
        reader.schedules(of("AWS::Scheduler::Schedule")),
        reader.queues(of("AWS::SQS::Queue")),
    );
    let (alarms, subscriptions, table, audit) = futures::join!(
        reader.alarms(stack),
        reader.subscriptions(of("AWS::SNS::Topic")),
        reader.table(of("AWS::DynamoDB::Table")),
        reader.audit(of("AWS::Logs::LogGroup")),
    );
    let (secret_days, concurrency, throttles) = futures::join!(
        reader.secret(of("AWS::SecretsManager::Secret"), now),
        reader.concurrency(),
        reader.throttles(now),
    );
    StackFacts {
        name: stack.to_owned(),
        status: match &resources {
            Err(why) if status.is_ok() => Err(why.clone()),
            _ => status,
        },
        version,
        parameters,
        functions,
        mappings,
        schedules,
        queues,
        alarms,
        subscriptions,
        table,
        audit,
        secret_days,
        concurrency,
        throttles,
    }
}

async fn resources(client: &aws_sdk_cloudformation::Client, stack: &str) -> Read<Resources> {
    let mut pages = client
        .list_stack_resources()
        .stack_name(stack)
        .into_paginator()
        .send();
    let mut found = Resources::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(why)?;
        for resource in page.stack_resource_summaries.unwrap_or_default() {
            if let (Some(kind), Some(name)) =
                (resource.resource_type, resource.physical_resource_id)
            {
                found.entry(kind).or_default().push(name);
            }
        }
    }
    Ok(found)
}

struct Reader<'a> {
    aws: &'a SdkConfig,
    http: reqwest::Client,
}

impl Reader<'_> {
    async fn functions(&self, names: Read<Vec<String>>) -> Read<Vec<Function>> {
        let read = join_all(names?.into_iter().map(|name| async move {
            let path = format!("/2015-03-31/functions/{}/configuration", escaped(&name));
            let answer = self.json("lambda", &path).await?;
            let text = |field: &str| answer[field].as_str().map(str::to_owned);
            let variables = answer["Environment"]["Variables"].as_object();
            Ok(Function {
                name,
                state: text("State"),
                last_update: text("LastUpdateStatus"),
                architecture: answer["Architectures"][0].as_str().map(str::to_owned),
                variables: variables
                    .into_iter()
                    .flat_map(|all| all.keys().cloned())
                    .collect(),
            })
        }));
        read.await.into_iter().collect()
    }

    async fn mappings(&self, ids: Read<Vec<String>>) -> Read<Vec<(String, String)>> {
        let read = join_all(ids?.into_iter().map(|id| async move {
            let path = format!("/2015-03-31/event-source-mappings/{}", escaped(&id));
            let answer = self.json("lambda", &path).await?;
            let of = answer["FunctionArn"]
                .as_str()
                .and_then(|arn| arn.rsplit(':').next());
            let state = answer["State"].as_str().unwrap_or_default();
            Ok((of.unwrap_or(&id).to_owned(), state.to_owned()))
        }));
        read.await.into_iter().collect()
    }

    async fn schedules(&self, names: Read<Vec<String>>) -> Read<Vec<(String, String)>> {
        let read = join_all(names?.into_iter().map(|name| async move {
            let answer = self
                .json("scheduler", &format!("/schedules/{}", escaped(&name)))
                .await?;
            Ok((
                name,
                answer["State"].as_str().unwrap_or_default().to_owned(),
            ))
        }));
        read.await.into_iter().collect()
    }

    async fn concurrency(&self) -> Read<i64> {
        let answer = self.json("lambda", "/2016-08-19/account-settings/").await?;
        let limit = answer["AccountLimit"]["ConcurrentExecutions"].as_i64();
        limit.ok_or_else(|| "Lambda does not say how much runs at once".to_owned())
    }

    async fn queues(&self, urls: Read<Vec<String>>) -> Read<Vec<Queue>> {
        use aws_sdk_sqs::types::QueueAttributeName as Name;
        let client = aws_sdk_sqs::Client::new(self.aws);
        let read = join_all(urls?.into_iter().map(|url| {
            let asked = client
                .get_queue_attributes()
                .queue_url(&url)
                .attribute_names(Name::ApproximateNumberOfMessages)
                .attribute_names(Name::RedrivePolicy)
                .send();
            async move {
                let answer = asked.await.map_err(why)?;
                let attributes = answer.attributes.unwrap_or_default();
                let waiting = attributes.get(&Name::ApproximateNumberOfMessages);
                Ok(Queue {
                    name: url.rsplit('/').next().unwrap_or_default().to_owned(),
                    waiting: waiting.and_then(|n| n.parse().ok()).unwrap_or_default(),
                    has_dead_letters_elsewhere: attributes.contains_key(&Name::RedrivePolicy),
                })
            }
        }));
        read.await.into_iter().collect()
    }

    /// Those whose names begin with the stack's, the nested stack's among them.
    async fn alarms(&self, stack: &str) -> Read<Vec<Alarm>> {
        let prefix = format!("{stack}-");
        let fields = [
            ("Action", "DescribeAlarms"),
            ("Version", "2010-08-01"),
            ("AlarmNamePrefix", &prefix),
            ("MaxRecords", "100"),
        ];
        let answer = self.query("monitoring", &fields).await?;
        members(&answer, "MetricAlarms", |alarm| Alarm {
            name: alarm("AlarmName"),
            acts: alarm("ActionsEnabled") == "true",
            state: alarm("StateValue"),
        })
    }

    /// Of the day before, of all functions of the account, which share one limit.
    async fn throttles(&self, now: Timestamp) -> Read<u64> {
        let day_ago = now - SignedDuration::from_hours(24);
        let whole = |at: Timestamp| at.strftime("%FT%TZ").to_string();
        let (from, until) = (whole(day_ago), whole(now));
        let fields = [
            ("Action", "GetMetricStatistics"),
            ("Version", "2010-08-01"),
            ("Namespace", "AWS/Lambda"),
            ("MetricName", "Throttles"),
            ("StartTime", &from),
            ("EndTime", &until),
            ("Period", "3600"),
            ("Statistics.member.1", "Sum"),
        ];
        let answer = self.query("monitoring", &fields).await?;
        let hours = members(&answer, "Datapoints", |point| point("Sum"))?;
        let read = |sum: String| sum.parse::<f64>().ok();
        let sums: Option<Vec<f64>> = hours.into_iter().map(read).collect();
        let sums = sums.ok_or("CloudWatch answers with a sum that is no number")?;
        // A count, which CloudWatch writes as 3.0.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Ok(sums.iter().sum::<f64>().max(0.0) as u64)
    }

    async fn subscriptions(&self, topics: Read<Vec<String>>) -> Read<Vec<bool>> {
        let mut found = Vec::new();
        // The topic of notices has programs as subscribers; alarms go to the other one.
        for topic in topics?.iter().filter(|topic| topic.contains("Alarm")) {
            let fields = [
                ("Action", "ListSubscriptionsByTopic"),
                ("Version", "2010-03-31"),
                ("TopicArn", topic),
            ];
            let answer = self.query("sns", &fields).await?;
            found.extend(members(&answer, "Subscriptions", |subscription| {
                subscription("SubscriptionArn").starts_with("arn:")
            })?);
        }
        Ok(found)
    }

    async fn table(&self, names: Read<Vec<String>>) -> Read<Table> {
        let names = names?;
        let name = names.first().ok_or("the stack has no table")?;
        let client = aws_sdk_dynamodb::Client::new(self.aws);
        let (table, backups, ttl) = futures::join!(
            client.describe_table().table_name(name).send(),
            client.describe_continuous_backups().table_name(name).send(),
            client.describe_time_to_live().table_name(name).send(),
        );
        let table = table.map_err(why)?;
        let backups = backups.map_err(why)?;
        let ttl = ttl.map_err(why)?;
        let recovery = backups
            .continuous_backups_description
            .and_then(|backups| backups.point_in_time_recovery_description)
            .and_then(|recovery| recovery.point_in_time_recovery_status);
        let expiry = ttl
            .time_to_live_description
            .and_then(|ttl| ttl.time_to_live_status);
        Ok(Table {
            is_protected: table.table.and_then(|t| t.deletion_protection_enabled) == Some(true),
            has_backups: recovery.is_some_and(|status| status.as_str() == "ENABLED"),
            expires: expiry.is_some_and(|status| matches!(status.as_str(), "ENABLED" | "ENABLING")),
        })
    }

    async fn audit(&self, names: Read<Vec<String>>) -> Read<Audit> {
        let names = names?;
        let name = names
            .iter()
            .find(|name| name.contains("AuditLog") || name.ends_with("/audit"));
        let name = name.ok_or("the stack has no log group of the audit")?;
        let client = aws_sdk_cloudwatchlogs::Client::new(self.aws);
        let groups = client
            .describe_log_groups()
            .log_group_name_prefix(name)
            .send()
            .await;
        let groups = groups.map_err(why)?;
        let mut groups = groups.log_groups.into_iter().flatten();
        let group = groups.find(|group| group.log_group_name.as_deref() == Some(name));
        let group = group.ok_or("the log group of the audit is gone")?;
        Ok(Audit {
            days: group.retention_in_days.map(i64::from),
            is_protected: group.deletion_protection_enabled == Some(true),
        })
    }

    async fn secret(&self, names: Read<Vec<String>>, now: Timestamp) -> Read<i64> {
        let names = names?;
        let name = names.first().ok_or("the stack has no secret")?;
        let client = aws_sdk_secretsmanager::Client::new(self.aws);
        let secret = client.describe_secret().secret_id(name).send().await;
        let secret = secret.map_err(why)?;
        let changed = secret.last_changed_date.or(secret.created_date);
        let changed = changed.ok_or("Secrets Manager does not say when the secret changed")?;
        Ok((now.as_second() - changed.secs()) / (24 * 60 * 60))
    }

    async fn json(&self, service: &str, path: &str) -> Read<Value> {
        let body = self.ask(service, Method::GET, path, String::new()).await?;
        serde_json::from_slice(&body).map_err(|_| format!("{service} answers with no JSON"))
    }

    async fn query(&self, service: &str, fields: &[(&str, &str)]) -> Read<String> {
        let form = Form::from_fields(fields.iter().copied()).encode();
        let body = self.ask(service, Method::POST, "/", form).await?;
        String::from_utf8(body.to_vec()).map_err(|_| format!("{service} answers with no text"))
    }

    async fn ask(&self, service: &str, method: Method, path: &str, form: String) -> Read<Bytes> {
        let region = self.aws.region().ok_or("no AWS region is set")?.as_ref();
        let base = match self.aws.endpoint_url() {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://{service}.{region}.amazonaws.com"),
        };
        let url = format!("{base}{path}");
        let credentials = self
            .aws
            .credentials_provider()
            .ok_or("there are no AWS credentials")?;
        let credentials = credentials.provide_credentials().await;
        let identity = credentials
            .map_err(|_| "there are no AWS credentials".to_owned())?
            .into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let mut request = Request::builder().method(method.clone()).uri(&url);
        if method == Method::POST {
            request = request.header(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            );
        } else {
            request = request.header("accept", "application/json");
        }
        let mut request = request
            .body(Bytes::from(form))
            .map_err(|error| error.to_string())?;
        let headers = request.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new(
            method.as_str(),
            &url,
            headers,
            SignableBody::Bytes(request.body()),
        );
        let signed = signable.and_then(|signable| sign(signable, &params));
        let (instructions, _) = signed.map_err(|error| error.to_string())?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        let answer = send(&self.http, request, LONGEST_ANSWER).await;
        let answer = answer.map_err(|error| format!("{service}: {error}"))?;
        match answer.status().as_u16() {
            200..300 => Ok(answer.into_body()),
            403 => Err(format!(
                "{service}: this identity may not read it (HTTP 403)"
            )),
            status => Err(format!("{service} refuses (HTTP {status})")),
        }
    }
}

fn why<E: Error + 'static>(error: SdkError<E, HttpResponse>) -> String {
    format!("{:#}", plain(error))
}

fn escaped(name: &str) -> String {
    const NAME: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    utf8_percent_encode(name, NAME).to_string()
}

/// The `member`s of a list in the answer of one of AWS's older services.
fn members<T>(
    answer: &str,
    list: &str,
    read: impl Fn(&dyn Fn(&str) -> String) -> T,
) -> Read<Vec<T>> {
    let document = roxmltree::Document::parse(answer);
    let document = document.map_err(|_| "the answer is no XML".to_owned())?;
    let list = document
        .descendants()
        .find(|node| node.has_tag_name_local(list));
    let members = list.into_iter().flat_map(|list| list.children());
    Ok(members
        .filter(|node| node.has_tag_name_local("member"))
        .map(|member| {
            read(&|name| {
                let field = member.children().find(|node| node.has_tag_name_local(name));
                field
                    .and_then(|field| field.text())
                    .unwrap_or_default()
                    .to_owned()
            })
        })
        .collect())
}

/// A name whatever its namespace is.
trait Local {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl Local for roxmltree::Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_an_older_service_is_read() {
        // Of the form that Amazon CloudWatch's API reference has for DescribeAlarms.
        let answer = "<DescribeAlarmsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">\
            <DescribeAlarmsResult><CompositeAlarms/><MetricAlarms><member><AlarmName>relay-Lost</AlarmName>\
            <ActionsEnabled>true</ActionsEnabled><StateValue>OK</StateValue></member><member>\
            <AlarmName>relay-Sweep</AlarmName><ActionsEnabled>false</ActionsEnabled></member></MetricAlarms>\
            </DescribeAlarmsResult></DescribeAlarmsResponse>";
        let read = |answer: &str| {
            members(answer, "MetricAlarms", |alarm| {
                [
                    alarm("AlarmName"),
                    alarm("ActionsEnabled"),
                    alarm("StateValue"),
                ]
                .join(" ")
            })
        };
        assert_eq!(
            read(answer).unwrap(),
            ["relay-Lost true OK", "relay-Sweep false "]
        );
        assert_eq!(read("<DescribeAlarmsResponse/>").unwrap(), [""; 0]);
        assert!(read("no XML").is_err());
    }
}
