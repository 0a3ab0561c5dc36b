//! A deployed relay's stack, read from AWS as moto plays it.

use relay::adapters::aws::stack_facts;
use relay::app::doctor::stack::judge;
use relay::clock::SystemClock;
use relay::twilio::network;
use serde_json::json;

use super::*;
use crate::support::moto;

/// A small relay: of each kind of resource that is looked at, one.
fn resources(stack: &str) -> serde_json::Value {
    let attribute = |name, kind| json!({ "AttributeName": name, "AttributeType": kind });
    let function = |name: &str| {
        json!({
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": format!("{stack}-{name}"),
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": { "Fn::GetAtt": ["Role", "Arn"] },
                "Code": { "ZipFile": "def handler(event, context): pass" },
                "Environment": { "Variables": { "TABLE_NAME": "t" } },
            },
        })
    };
    json!({
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Effect": "Allow",
                        "Principal": { "Service": "lambda.amazonaws.com" },
                        "Action": "sts:AssumeRole",
                    }],
                },
            },
        },
        "InboundSms": function("inbound-sms"),
        "RetryWorker": function("retry-worker"),
        "DeadLetterQueue": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": format!("{stack}-DeadLetterQueue") } },
        "DeliveriesQueue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": format!("{stack}-DeliveriesQueue"),
                "RedrivePolicy": {
                    "deadLetterTargetArn": { "Fn::GetAtt": ["DeadLetterQueue", "Arn"] },
                    "maxReceiveCount": 5,
                },
            },
        },
        "Source": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": { "Fn::GetAtt": ["DeliveriesQueue", "Arn"] },
                "FunctionName": { "Ref": "RetryWorker" },
            },
        },
        "AlarmTopic": { "Type": "AWS::SNS::Topic", "Properties": { "TopicName": format!("{stack}-AlarmTopic") } },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": format!("{stack}-table"),
                "BillingMode": "PAY_PER_REQUEST",
                "DeletionProtectionEnabled": true,
                "AttributeDefinitions": [attribute("pk", "S")],
                "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            },
        },
        "AuditLog": { "Type": "AWS::Logs::LogGroup", "Properties": { "LogGroupName": format!("{stack}-AuditLog"), "RetentionInDays": 400 } },
    })
}

#[tokio::test]
async fn what_a_stack_has_is_read_and_what_is_wrong_with_it_is_found() {
    let aws = moto::config(moto::url()).await;
    let stack = moto::unique("doctor");
    let version = [("TemplateVersion", "0.0.1")];
    moto::stack_of(&aws, &stack, resources(&stack), &version).await;
    let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
    let ttl = aws_sdk_dynamodb::types::TimeToLiveSpecification::builder()
        .attribute_name("expires")
        .enabled(true);
    dynamodb
        .update_time_to_live()
        .table_name(format!("{stack}-table"))
        .time_to_live_specification(ttl.build().unwrap())
        .send()
        .await
        .unwrap();
    let sqs = aws_sdk_sqs::Client::new(&aws);
    let url = sqs
        .get_queue_url()
        .queue_name(format!("{stack}-DeadLetterQueue"));
    let url = url.send().await.unwrap().queue_url.unwrap();
    let looks = async || stack_facts::read(&aws, &stack, SystemClock.now()).await;
    let found = async || {
        let findings = judge(&looks().await, "0.1.0").into_iter();
        let wrong = findings.filter(|f| f.verdict != Verdict::Right);
        wrong.map(|f| (f.check.id, f.verdict)).collect::<Vec<_>>()
    };

    let facts = looks().await;
    assert_eq!(facts.status.clone().unwrap(), "CREATE_COMPLETE");
    assert_eq!(facts.functions.as_ref().unwrap().len(), 2, "{facts:?}");
    let function = &facts.functions.as_ref().unwrap()[0];
    assert_eq!(function.variables, ["TABLE_NAME"]);
    assert_eq!(facts.mappings.as_ref().unwrap().len(), 1);
    assert_eq!(facts.queues.as_ref().unwrap().len(), 2);
    // moto's CloudFormation makes no alarms.
    assert!(facts.alarms.as_ref().unwrap().is_empty());
    // Of another version, without schedules, and nobody hears of alarms.
    let usual = found().await;
    for wrong in [
        ("A02", Verdict::Note),
        ("A05", Verdict::Broken),
        ("A09", Verdict::Risk),
    ] {
        assert!(usual.contains(&wrong), "{usual:?}");
    }
    assert!(
        !usual
            .iter()
            .any(|(id, _)| ["A01", "A03", "A04", "A06", "A07"].contains(id)),
        "{usual:?}"
    );

    assert_eq!(facts.throttles, Ok(0));
    let hour_ago = SystemClock.now() - jiff::SignedDuration::from_hours(1);
    let metric = format!(
        "Action=PutMetricData&Version=2010-08-01&Namespace=AWS/Lambda&MetricData.member.1.MetricName=Throttles&MetricData.member.1.Value=3&MetricData.member.1.Timestamp={}",
        hour_ago.strftime("%FT%TZ")
    );
    let put = network::build(network::client().no_proxy())
        .post(moto::url())
        .header("authorization", format!("AWS4-HMAC-SHA256 Credential=test/20261201/{}/monitoring/aws4_request, SignedHeaders=host, Signature=0", moto::REGION))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(metric);
    assert!(put.send().await.unwrap().status().is_success());
    assert_eq!(looks().await.throttles, Ok(3));

    sqs.send_message()
        .queue_url(&url)
        .message_body("{}")
        .send()
        .await
        .unwrap();
    let with_letters = found().await;
    assert!(
        with_letters.contains(&("A07", Verdict::Risk)),
        "{with_letters:?}"
    );
}

#[tokio::test]
async fn a_stack_that_there_is_not_is_unknown_and_no_more() {
    let aws = moto::config(moto::url()).await;
    let facts = stack_facts::read(&aws, "no-such-stack", SystemClock.now()).await;
    let findings = judge(&facts, "0.1.0");
    let a01 = findings.iter().find(|f| f.check.id == "A01").unwrap();
    assert_eq!(a01.verdict, Verdict::Unknown);
    assert!(
        a01.needs
            .as_ref()
            .unwrap()
            .contains("cloudformation:DescribeStacks")
    );
    assert!(
        findings.iter().all(|f| f.verdict != Verdict::Broken),
        "{findings:?}"
    );
}
